"""`grapevine verify`, `explain`, `redrive` and `void`: whether books are right, why, and what mends them."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from grapevine.domain.entries import BonusKey, named_key
from grapevine.domain.money import format_minor
from grapevine.domain.wording import Language
from grapevine.runtime.accruing import order_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.explain_bounty import ExplainBounty, ExplainBountyPorts, explain_bounty
from grapevine.usecases.explain_entry import ExplainEntry, ExplainPorts, explain_entry
from grapevine.usecases.redrive_orders import RedrivePorts, redrive_order, redrive_orders
from grapevine.usecases.verify_program import SETTLED, OrderProof, Proof, verify_program
from grapevine.usecases.void_parts import VoidParts, VoidPorts, void_parts
from grapevine_cli.commands import LANGUAGE, pass_parts
from grapevine_cli.progress import shown


@click.command()
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


@click.command()
@click.argument("program_id")
@click.argument("entry")
@click.option("--language", type=LANGUAGE, default=Language.EN.value, help="Of the sentences.")
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


@click.command()
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


@click.command()
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
