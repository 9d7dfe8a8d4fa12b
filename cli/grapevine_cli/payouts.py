"""`grapevine payouts …`: what is to be paid and why it waits, files out, and results back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import click

from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.payout_waits import PayoutWait
from grapevine.domain.payouts import OPEN, PayoutState
from grapevine.domain.programs import Program
from grapevine.runtime.replies_payouts import from_seen
from grapevine.runtime.settling import answer_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.import_answer import import_answer
from grapevine.usecases.import_results import ImportResults
from grapevine.usecases.list_payouts import ListPayouts, PayoutListPorts, SeenPayout, list_payouts
from grapevine_cli.batches import payouts_export, payouts_retry
from grapevine_cli.commands import FILE, pass_parts
from grapevine_cli.tables import show

LISTED = ("payout", "promoter", "amount>", "fee>", "tax>", "", "state", "rail", "why")
STATES = click.Choice([state.value for state in PayoutState])


@click.group()
def payouts() -> None:
    """Payouts."""


payouts.add_command(payouts_export)
payouts.add_command(payouts_retry)


@payouts.command("list")
@click.argument("program_id")
@click.option(
    "--state", "states", type=STATES, multiple=True, help="Of this state; may be there several times."
)
@click.option("--promoter", "promoter_id", help="Of this promoter.")
@click.option("--json", "in_json", is_flag=True, help="Every leg, as the API has it.")
@pass_parts
def payouts_list(
    parts: AwsParts, program_id: str, states: tuple[str, ...], promoter_id: str | None, *, in_json: bool
) -> None:
    """List payouts and why those wait that were not sent; without --state those that are not concluded."""
    wanted = tuple(PayoutState(state) for state in states) or OPEN
    program = parts.catalog.terms(program_id).program
    every = chain.from_iterable(_seen(program, state, parts) for state in wanted)
    found = (one for one in every if promoter_id in (None, one.payout.key.promoter_id))
    if in_json:
        click.echo(json.dumps([from_seen(one) for one in found], indent=2, ensure_ascii=False))
    else:
        show(LISTED, (_row(one) for one in found))


@payouts.command("import")
@click.argument("program_id")
@click.argument("file", type=FILE)
@pass_parts
def payouts_import(parts: AwsParts, program_id: str, file: Path) -> None:
    """Import a result FILE; exits 1 if something in it was rejected.

    CSV with transfer_id or payout_id, status (completed, failed, returned or sent), detail and reference; or
    a bank's status report on a SEPA file (pain.002, XML). Importing a file again changes nothing.
    """
    command = ImportResults(program_id, file.read_bytes())
    report = import_answer(command, answer_ports(parts), parts.now())
    click.echo(", ".join(f"{len(rows)} {name}" for name, rows in asdict(report).items()))
    for row in report.rejected:
        click.echo(f"  {row}")
    if report.rejected:
        raise click.exceptions.Exit(1)


def _seen(program: Program, state: PayoutState, parts: AwsParts) -> Iterator[SeenPayout]:
    """Yield a program's payouts of a state, however many."""
    ports = PayoutListPorts(parts.treasury, parts.payees, parts.rails)
    after: str | None = ""
    while after is not None:
        found, after = list_payouts(ListPayouts(state=state, after=after), program, ports, parts.now())
        yield from found


def _row(seen: SeenPayout) -> tuple[str, ...]:
    payout = seen.payout
    amounts = (payout.amount_minor, payout.fee_minor, payout.tax_minor)
    return (
        payout.id,
        payout.key.promoter_id,
        *(format_minor(minor, payout.key.currency) for minor in amounts),
        payout.key.currency,
        payout.state,
        payout.rail,
        _why(seen),
    )


def _why(seen: SeenPayout) -> str:
    """Say what a payout waits for, or what was last said of it."""
    payout = seen.payout
    if seen.wait:
        return _words(seen.wait)
    if payout.state is PayoutState.REQUESTED:
        return "is sent next"
    return payout.detail or _said(leg.detail or leg.reference for leg in payout.legs)


def _words(waits: PayoutWait) -> str:
    until = f"until {to_text(waits.until)}" if waits.until else ""
    return ": ".join(text for text in (f"{waits.waits_for} {until}".strip(), waits.detail) if text)


def _said(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
