"""Worlds with something to settle, and what a settlement leaves behind."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from grapevine.domain.entries import AccountKey
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.payouts import Payout
from grapevine.domain.settlements import AccountOutcome, PageName, Settlement, SettlementPage, scheduled_id
from grapevine.usecases.import_results import ImportResults, ResultReport, import_results
from grapevine.usecases.list_promoters import list_promoters
from grapevine.usecases.settle_page import SettlePage, settle_page
from grapevine.usecases.start_settlements import start_settlements
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world

DAY_ONE = datetime(2027, 1, 10, 4, tzinfo=UTC)
DAY_TWO = datetime(2027, 2, 10, 4, tzinfo=UTC)
RUN_ONE, RUN_TWO = (scheduled_id(PROGRAM_ID, day) for day in ("2027-01-10", "2027-02-10"))


def released(world: World, number: int, base_minor: int = 13_333) -> OrderKey:
    """Let an order go all the way to payable."""
    order = OrderKey(make.STOREFRONT_ID, str(number))
    cart = make.snapshot(lines=(make.line("a", base_minor),))
    world.append(make.fact(FactKind.PAID, minutes(1), order=order, snapshot=cart))
    verdict = make.verdict(Outcome.ALLOW).verdict
    world.append(make.fact(FactKind.VERDICT, order=order, verdict=verdict))
    world.post(T0 + minutes(2), order)
    world.post(T0 + days(31), order)
    world.fold()
    return order


def refund(world: World, order: OrderKey, minor: int, now: datetime) -> None:
    world.append(
        make.fact(FactKind.REFUNDED, days(40), order=order, refunds=(make.refund("r", ("a", minor)),))
    )
    world.post(now, order)
    world.fold()


def paid_out(world: World, run: str = RUN_ONE) -> dict[str, int]:
    return {payout.key.promoter_id: payout.amount_minor for payout in world.treasury.payouts_of(run)}


def in_files(world: World) -> list[dict[str, str]]:
    """Return the rows of all payout files."""
    bodies = [body for name, (body, _) in sorted(world.files.stored.items()) if name.startswith("payouts/")]
    return [row for body in bodies for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]


def payout_of(world: World, promoter_id: str, run: str = RUN_ONE) -> Payout:
    return next(p for p in world.treasury.payouts_of(run) if p.key.promoter_id == promoter_id)


def results(*rows: tuple[str, str, str], column: str = "payout_id") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(((column, "status", "detail"), *rows))
    return text.getvalue().encode()


def take(
    world: World,
    *rows: tuple[str, str, str],
    program: str = PROGRAM_ID,
    now: datetime = DAY_ONE,
    column: str = "payout_id",
) -> ResultReport:
    command = ImportResults(program, results(*rows, column=column))
    return import_results(command, world.results, now + days(1))


def settled_world() -> World:
    """Return a world whose first run pays Cy and Bo and carries Ana, who is below the minimum."""
    world = chain_world()
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    return world


def start(world: World, now: datetime) -> Sequence[Settlement]:
    return start_settlements(world.starting, now)


def listed(world: World, now: datetime) -> list[PageName]:
    """Start what is due and list everybody; return the pages that are queued, and take them out."""
    start(world, now)
    queue = world.settlement_queue
    while queue.lists:
        list_promoters(queue.lists.pop(0), world.listing, now)
    names, queue.pages = queue.pages, []
    return names


def settle_named(world: World, name: PageName, now: datetime, tries: int = 1) -> SettlementPage | None:
    """Settle one page."""
    return settle_page(SettlePage(name, tries), world.settling, now)


def chained(world: World, *pages: Sequence[str]) -> list[PageName]:
    """Store the first run as listed, with these promoters on its pages; return the pages' names."""
    settlement = Settlement(id=RUN_ONE, program_id=PROGRAM_ID, started_at=DAY_ONE)
    assert world.settlements.start(settlement)
    page, names = settlement.page_of(pages[0]), []
    for promoter_ids in (*pages[1:], ()):
        names.append(page.name)
        world.settlements.add_page(page)
        page = page.followed_by(promoter_ids)
    world.settlements.add_page(page)
    world.settlements.mark_listed(RUN_ONE, page.number - 1, page.before)
    return names


def run_of(world: World, name: str = RUN_ONE) -> Settlement:
    run = world.settlements.settlement(name)
    assert run
    return run


def outcome_of(world: World, promoter_id: str, run: str = RUN_ONE) -> AccountOutcome | None:
    """Return what a run's page tells of a promoter."""
    page = world.settlements.page_with(run, promoter_id)
    assert page
    return page.outcome_of(promoter_id)


def state(world: World) -> dict[str, Any]:
    """Return everything that a settlement changes; equal hashes mean equal entries, one by one."""
    keys = [AccountKey(PROGRAM_ID, name, "USD") for name in (ANA, BO, CY)]
    return {
        "entries": [(entry.id, entry.hash) for key in keys for entry in world.ledger.entries_of(key)],
        "heads": dict(world.treasury.heads),
        "payouts": dict(world.treasury.stored),
        "files": dict(world.files.stored),
        "runs": [world.settlements.settlement(run) for run in (RUN_ONE, RUN_TWO)],
        "pages": [
            page for run in (RUN_ONE, RUN_TWO) for page in world.settlements.pages_from(PageName(run, ""))
        ],
        "faults": world.proof().faults,
    }
