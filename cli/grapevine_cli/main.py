"""`grapevine …`: what an operator does by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import wraps
from os import cpu_count
from pathlib import Path
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

import click

from grapevine.domain.entries import BonusKey, named_key
from grapevine.domain.errors import GrapevineError
from grapevine.domain.money import format_minor
from grapevine.domain.wording import Language
from grapevine.runtime.accruing import order_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.apply_results import ResultPorts
from grapevine.usecases.create_merchant import CreateMerchant, create_merchant
from grapevine.usecases.explain_bounty import ExplainBounty, ExplainBountyPorts, explain_bounty
from grapevine.usecases.explain_entry import ExplainEntry, ExplainPorts, explain_entry
from grapevine.usecases.import_answer import AnswerPorts, import_answer
from grapevine.usecases.import_results import ImportResults
from grapevine.usecases.redrive_orders import RedrivePorts, redrive_order, redrive_orders
from grapevine.usecases.replay_orders import Readers
from grapevine.usecases.verify_program import SETTLED, OrderProof, Proof, verify_program
from grapevine.usecases.void_parts import VoidParts, VoidPorts, void_parts
from grapevine.usecases.what_if import AskWhatIf, WhatIfPorts, read_records, report_of
from grapevine_cli.forked import processes_for, replayed_in
from grapevine_cli.progress import shown
from grapevine_cli.stage import parts_at, site_of
from grapevine_cli.what_if import as_json, as_table, draft_of

P = ParamSpec("P")


def pass_parts(command: Callable[Concatenate[AwsParts, P], None]) -> Callable[P, None]:
    """Hand a command the stage's parts; found when it runs, so that `--help` needs no stage."""

    @wraps(command)
    def connected(*args: P.args, **kwargs: P.kwargs) -> None:
        stage, endpoint = click.get_current_context().find_root().obj
        command(parts_at(site_of(stage, endpoint)), *args, **kwargs)

    return connected


class Group(click.Group):
    """A group whose commands say what is wrong in one line, without a trace, and exit 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; our own errors are the operator's to read."""
        try:
            return super().invoke(ctx)
        except GrapevineError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group)
@click.option("--stage", envvar="GRAPEVINE_STAGE", help="The stage, for example dev or prod.")
@click.option("--endpoint", envvar="GRAPEVINE_ENDPOINT", help="The local stack's URL, instead of AWS.")
@click.pass_context
def main(ctx: click.Context, stage: str | None, endpoint: str | None) -> None:
    """Operate a Grapevine stage."""
    ctx.obj = stage, endpoint


@main.group()
def merchant() -> None:
    """Merchants."""


@merchant.command("create")
@click.argument("name")
@pass_parts
def merchant_create(parts: AwsParts, name: str) -> None:
    """Create a merchant and print its API key, this once: only a hash of it is kept."""
    made = create_merchant(CreateMerchant(name), parts.catalog, parts.random_bytes, parts.now())
    click.echo(f"merchant {made.merchant_id}")
    click.echo(f"API key  {made.api_key}")


@main.command()
@click.argument("program_id")
@click.option("--at-rest", is_flag=True, help="Nothing is arriving: what is still on its way is a fault.")
@pass_parts
def verify(parts: AwsParts, program_id: str, *, at_rest: bool) -> None:
    """Prove a program's books, and that every order was posted; exits 1 when anything does not add up."""
    program = parts.catalog.terms(program_id).program
    settled = timedelta(0) if at_rest else SETTLED
    orders = OrderProof(facts=parts.facts, orders=order_ports(parts), now=parts.now(), settled=settled)
    with shown() as progress:
        proof = verify_program(program.id, parts.ledger, parts.treasury, orders, progress)
    for line in proof_lines(proof):
        click.echo(line)
    if proof.faults:
        raise click.exceptions.Exit(1)


def proof_lines(proof: Proof) -> list[str]:
    """Return a proof as lines a person reads."""
    keys = [_counted(proof.orders, "order")]
    if proof.bonuses:
        keys.append(_counted(proof.bonuses, "bonus", "bonuses"))
    chains = f"{_counted(proof.entries, 'entry', 'entries')} of {', '.join(keys)}"
    derived = [_counted(proof.pages, "page"), _counted(proof.payouts, "payout")]
    if proof.facts:
        derived.append(_counted(proof.facts, "fact"))
    lines = [f"{chains} and {_counted(proof.accounts, 'account')}, {', '.join(derived)}"]
    for currency in sorted({currency for _, currency in proof.totals}):
        sums = {leaf: minor for (leaf, of), minor in proof.totals.items() if of == currency}
        amounts = ", ".join(f"{leaf} {format_minor(minor, currency)}" for leaf, minor in sorted(sums.items()))
        lines.append(f"{currency}: {amounts}; together {format_minor(sum(sums.values()), currency)}")
    verdict = f"{len(proof.faults)} FAULTS" if proof.faults else "proven: no faults"
    return [*lines, *(f"FAULT {fault}" for fault in proof.faults), verdict]


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@main.command("what-if")
@click.option("--program", "program_id", required=True, help="The program.")
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day of payment."
)
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day after the last.")
@click.option("--plan", type=FILE, help="A draft of the plan, as it would be published (JSON).")
@click.option("--campaign", "campaigns", type=FILE, multiple=True, help="A draft of a campaign (JSON).")
@click.option("--until", type=click.DateTime(), help="Compare what stood then (UTC), not now.")
@click.option("--json", "in_json", is_flag=True, help="Every figure, in minor units.")
@pass_parts
def what_if(
    parts: AwsParts,
    program_id: str,
    first: datetime,
    end: datetime,
    plan: Path | None,
    campaigns: tuple[Path, ...],
    until: datetime | None,
    *,
    in_json: bool,
) -> None:
    """Say what a draft would have changed for the orders paid in some days; nothing is written."""
    command = AskWhatIf(
        program_id=program_id,
        first_day=first.date(),
        end_day=end.date(),
        draft=draft_of(plan, campaigns, parts.catalog.terms(program_id).program),
        until=until.replace(tzinfo=UTC) if until else None,
    )
    ports = WhatIfPorts(parts.ledger, parts.facts, parts.clicks, parts.catalog)
    with shown() as progress:
        records, terms = read_records(command, ports, parts.now(), progress)
        number = processes_for(records, cpu_count() or 1)
        connect = (lambda: ports.readers) if number == 1 else _connected_anew()
        outcome = replayed_in(number, records, terms, connect, progress)
    report = report_of(records, outcome.tally)
    zone = ZoneInfo(terms.program.time_zone)
    click.echo(as_json(report) if in_json else "\n".join(as_table(report, zone)))


def _connected_anew() -> Callable[[], Readers]:
    """Return what connects to the stage once more: no two processes may share a connection."""
    stage, endpoint = click.get_current_context().find_root().obj

    def connect() -> Readers:
        parts = parts_at(site_of(stage, endpoint))
        return Readers(parts.clicks, parts.catalog)

    return connect


@main.command()
@click.argument("program_id")
@click.argument("entry")
@click.option(
    "--language", type=click.Choice([name.value for name in Language]), default="en", help="Of the sentences."
)
@click.option("--promoter", "promoter_id", help="Say only what concerns this promoter.")
@pass_parts
def explain(parts: AwsParts, program_id: str, entry: str, language: str, promoter_id: str | None) -> None:
    """Explain an order's entry, named storefront/order/number: in sentences, then with every number.

    A bounty's entry is named program/promoter/bounty/period/number.
    """
    name, _, number = entry.rpartition("/")
    if not number.isdecimal():
        raise click.UsageError("ENTRY is storefront/order/number")
    key = named_key(name)
    if isinstance(key, BonusKey):
        asked = ExplainBounty(program_id, key.promoter_id, key.name, int(number), Language(language))
        found = explain_bounty(
            asked, ExplainBountyPorts(parts.ledger, parts.pages, parts.catalog, parts.catalog)
        )
    else:
        ports = ExplainPorts(parts.ledger, parts.facts, parts.catalog)
        command = ExplainEntry(program_id, key, int(number), Language(language), promoter_id)
        found = explain_entry(command, ports)
    for name, said in found.pop("sentences").items():
        click.echo(f"{name}: {' '.join(said)}")
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


@main.command()
@click.argument("order", required=False)
@pass_parts
def redrive(parts: AwsParts, order: str | None) -> None:
    """Post again what waits in the failure queue, or one ORDER named storefront/order.

    A bounty is named program/promoter/bounty/period.
    """
    ports = RedrivePorts(parts.failures, order_ports(parts), parts.pages)
    if order:
        redrive_order(named_key(order), ports, parts.now())
        click.echo(f"{order} posted and folded")
        return
    done = redrive_orders(ports, parts.now())
    click.echo(f"{done.done} redriven, {len(done.still_waiting)} still waiting")
    for waiting in done.still_waiting:
        click.echo(f"  {waiting}")


@main.command()
@click.argument("program_id")
@click.argument("promoter_id")
@pass_parts
def void(parts: AwsParts, program_id: str, promoter_id: str) -> None:
    """Void at once what is held for a promoter who was banned; else each part goes when its hold ends."""
    ports = VoidPorts(parts.pages, order_ports(parts), parts.failures)
    posted = void_parts(VoidParts(program_id, promoter_id), ports, parts.now())
    for entry in posted:
        click.echo(f"{entry.reason} {entry.id}")
    click.echo(f"{len(posted)} entries")


@main.group()
def payouts() -> None:
    """Payouts."""


@payouts.command("import")
@click.argument("program_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_parts
def payouts_import(parts: AwsParts, program_id: str, file: Path) -> None:
    """Import a result FILE (CSV: transfer_id or payout_id, status, detail; or a bank's pain.002).

    Exits 1 if anything in it was rejected.
    """
    ports = AnswerPorts(ResultPorts(parts.catalog, parts.treasury), parts.batches, parts.status_reader)
    report = import_answer(ImportResults(program_id, file.read_bytes()), ports, parts.now())
    click.echo(", ".join(f"{len(rows)} {name}" for name, rows in asdict(report).items()))
    for row in report.rejected:
        click.echo(f"  {row}")
    if report.rejected:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
