"""`grapevine reconcile`, `import-orders` and `import-balances`: what another place knows and we do not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from grapevine.domain.instants import parse_instant_in, to_text
from grapevine.runtime.serving_shops import reconcile_ports, take_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.import_balances import BalancePorts, ImportBalances
from grapevine.usecases.import_balances import import_balances as take_over
from grapevine.usecases.import_orders import import_orders as take_in
from grapevine.usecases.known_storefront import known_storefront
from grapevine.usecases.reconcile_storefront import ReconcileStorefront, reconcile_storefront
from grapevine_cli.commands import FILE, pass_parts
from grapevine_cli.exports import lines_of, read_export
from grapevine_cli.progress import shown


@click.command()
@click.argument("storefront_id")
@click.option(
    "--since", help="From when on, such as 2026-11-11 or 2026-11-11T00:00; in the program's time zone."
)
@click.option("--until", help="Until when; without it until now.")
@pass_parts
def reconcile(parts: AwsParts, storefront_id: str, since: str | None, until: str | None) -> None:
    """Ask a shop for every order that changed, and take what is news.

    Without a span it goes on from where the hourly run came to, and moves the mark as that does.
    """
    command = ReconcileStorefront(
        storefront_id=storefront_id,
        since=_instant(parts, storefront_id, since, "since"),
        until=_instant(parts, storefront_id, until, "until"),
    )

    with shown() as told:

        def progress(start: datetime, done: datetime, end: datetime) -> None:
            total = max(int((end - start).total_seconds()), 1)
            told("seconds of orders", min(int((done - start).total_seconds()), total), total)

        done = reconcile_storefront(command, reconcile_ports(parts), parts.now(), progress)
    taken = done.taken
    click.echo(
        f"{to_text(done.since)} to {to_text(done.until)} in {done.windows} windows, {done.cut} too full"
    )
    click.echo(f"{done.orders} orders seen, {len(taken.facts)} news, {taken.known} known")
    _problems(taken.problems, taken.unread)


@click.command("import-orders")
@click.argument("storefront_id")
@click.argument("file", type=FILE)
@pass_parts
def import_orders(parts: AwsParts, storefront_id: str, file: Path) -> None:
    """Take orders from an export FILE; exits 1 if a line could not be used.

    JSON: the platform's own bodies, as a list or one to a line. CSV: Shopify's orders_export.csv; an order
    that is known already stays as it is. Importing a file again changes nothing.
    """
    storefront = known_storefront(storefront_id, parts.catalog)
    body = file.read_bytes()
    total = lines_of(body)
    with shown() as told:
        told("lines", 0, total)
        found = read_export(body, storefront.platform)
        done = take_in(
            storefront_id, found, take_ports(parts), parts.now(), lambda line: told("lines", line, total)
        )
        told("lines", total, total)
    click.echo(f"{done.news} news, {done.known} known, {len(done.rejected)} rejected")
    _problems(done.problems, done.rejected)


@click.command("import-balances")
@click.argument("program_id")
@click.argument("file", type=FILE)
@click.option(
    "--name", help="What the import is called; without it the file's name. The same name is the same import."
)
@pass_parts
def import_balances(parts: AwsParts, program_id: str, file: Path, name: str | None) -> None:
    """Take over promoters' balances from another system; exits 1 if a row could not be used.

    CSV with promoter_id, amount (below zero is owed) and evidence, which the promoter reads. The orders
    behind the balances are not imported, so nothing is earned twice. Importing again changes nothing.
    """
    command = ImportBalances(program_id=program_id, import_id=name or file.stem, body=file.read_bytes())
    ports = BalancePorts(parts.catalog, parts.treasury, parts.ledger)
    with shown() as told:
        done = take_over(command, ports, parts.now(), lambda row, rows: told("rows", row, rows))
    click.echo(f"{len(done.opened)} opened, {len(done.known)} known, {len(done.rejected)} rejected")
    _problems((), done.rejected)


def _instant(parts: AwsParts, storefront_id: str, text: str | None, where: str) -> datetime | None:
    """Read a day or an instant in the time zone of the storefront's program."""
    if text is None:
        return None
    storefront = known_storefront(storefront_id, parts.catalog)
    program = parts.catalog.terms(storefront.program_id).program
    return parse_instant_in(ZoneInfo(program.time_zone), text if "T" in text else f"{text}T00:00", where)


def _problems(waiting: tuple[str, ...], rejected: tuple[str, ...]) -> None:
    """Say what waits for a person and what could not be used; the latter is a failure."""
    for what in waiting:
        click.echo(f"  waits: {what}")
    for what in rejected:
        click.echo(f"  rejected: {what}")
    if rejected:
        raise click.exceptions.Exit(1)
