"""`grapevine settle`: a settlement run on demand, how far it has come, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.settlements import Settled, Settlement
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.read_settlements import SettlementReport, list_settlements, read_settlement
from grapevine.usecases.start_settlements import DemandSettlement, StartSettlementsPorts, demand_settlement
from grapevine_cli.commands import pass_parts, pause
from grapevine_cli.following import Here, follow
from grapevine_cli.progress import run_shown
from grapevine_cli.tables import show

RUNS = ("run", "state", "started", "promoters>", "settled>", "failed>", "paid>")


@click.command()
@click.argument("program_id")
@click.option("--name", help="What the run is called; without it the instant. The same name is the same run.")
@click.option(
    "--ignore-minimum", is_flag=True, help="Pay whatever is payable: how a program that closes pays."
)
@click.option(
    "--wait/--no-wait", "waits", default=True, help="Stay until everybody is settled (the default)."
)
@click.option("--here", is_flag=True, help="Settle in this process, where the stage's functions are down.")
@click.option("--list", "lists", is_flag=True, help="Start nothing: list the program's runs.")
@pass_parts
def settle(
    parts: AwsParts,
    program_id: str,
    name: str | None,
    *,
    ignore_minimum: bool,
    waits: bool,
    here: bool,
    lists: bool,
) -> None:
    """Settle everybody of a program now; exits 1 if somebody could not be.

    It does what the program's own schedule does on its day: it reserves what can be paid and carries the
    rest. Stopped at any moment it goes on in the stage; asked for again by its --name it is shown again.
    """
    program = parts.catalog.terms(program_id).program
    if lists:
        found = list_settlements(program.id, parts.settlements)
        show(RUNS, (run_row(run, program.currency) for run in found))
        return
    if here and not waits:
        raise click.UsageError("--here works in this process: there is nothing that could go on without it")
    command = DemandSettlement(program.id, name or f"{parts.now():%Y%m%dT%H%M%S}", ignore_minimum)
    run = _carried(command, parts, waits=waits, here=here)
    report = read_settlement(program.id, run.id, parts.settlements)
    for line in report_lines(report, program.currency):
        click.echo(line)
    if report.failed:
        raise click.exceptions.Exit(1)


def _carried(command: DemandSettlement, parts: AwsParts, *, waits: bool, here: bool) -> Settlement:
    """Start a run and, where that is asked, see it through; return it as it is then."""
    mine = Here(parts) if here else None
    ports = StartSettlementsPorts(parts.catalog, parts.settlements, mine or parts.settlement_queue)
    run = demand_settlement(command, ports, parts.now())
    click.echo(f"run {run.id}")
    if not waits:
        return run
    with run_shown() as told:
        return mine.work_off(run.id, told) if mine else follow(run.id, parts, told, pause())


def report_lines(report: SettlementReport, currency: str) -> Iterator[str]:
    """Yield what came of a run: how many of each outcome, what was paid, and who failed and why."""
    run = report.run
    yield run.progress
    for settled in Settled:
        if number := run.counts.get(settled):
            yield f"{settled:<12}{number:>10}"
    yield f"{'to pay out':<12}{format_minor(run.paid_minor, currency):>10} {currency}"
    for told in report.failed:
        yield f"FAILED {told.promoter_id}: {told.reason}"
    if len(report.failed) < run.counts.get(Settled.FAILED, 0):
        yield "FAILED more than these"


def run_row(run: Settlement, currency: str) -> tuple[str, ...]:
    """Return a run as a row; nobody knows of how many promoters while they are listed."""
    return (
        run.id,
        run.state,
        to_text(run.started_at),
        f"{run.promoters:,}" if run.listed else "…",
        f"{run.settled:,}",
        f"{run.counts.get(Settled.FAILED, 0):,}",
        f"{format_minor(run.paid_minor, currency)} {currency}",
    )
