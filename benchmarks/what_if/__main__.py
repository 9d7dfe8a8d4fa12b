"""`make bench-what-if`: a month of orders, posted again under drafts in as many processes as cores."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from os import cpu_count, getloadavg
from platform import python_version
from time import perf_counter
from typing import TypeVar

from benchmarks.engine.measuring import cpu_seconds
from benchmarks.engine.ours import promoters, terms_of, told
from benchmarks.engine.sales import Sale, program_ids, sales
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import NOTHING_NEW, Draft
from grapevine.domain.facts import Fact, FactKind, OrderKey, Refund, RefundLine
from grapevine.domain.plans import Plan
from grapevine.domain.tiers import Tier, TierBasis
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.what_if import AskWhatIf, WhatIfPorts, read_records, report_of
from grapevine_cli.forked import processes_for, replayed_in

T = TypeVar("T")
GOAL_SECONDS = 60
STARTS = datetime(2026, 10, 1, tzinfo=UTC)
RELEASES = STARTS + timedelta(days=70)
MONTH = timedelta(days=29)
REFUNDED = 10
"""One order in so many has a refund."""
PROGRAM = program_ids()[0]
BASE = Plan(version=1, effective_at=STARTS, rate_bps=(1000, 300, 100), tiers=())
TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="gold", threshold=500_000, add_bps=300))
MONTHLY = Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=50_000)
DRAFTS = {
    "nothing changed": NOTHING_NEW,
    "other rates": Draft(plan=replace(BASE, rate_bps=(1200, 200))),
    "a cap per promoter and month": Draft(plan=replace(BASE, caps=(MONTHLY,))),
    "tiers by the running month": Draft(plan=replace(BASE, tiers=TIERS, tier_basis=TierBasis.RUNNING_MONTH)),
}


def main() -> int:
    """Run every draft; 1 where one takes longer than the goal.

    Where orders tie each other there is one process, and that is what the last two cost.
    """
    parser = argparse.ArgumentParser(prog="make bench-what-if", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    number = int(parser.parse_args().orders)
    print(f"{cpu_count()} cores, Python {python_version()}, load {getloadavg()[0]:.1f}", flush=True)
    ports, made = timed(partial(shop, number))
    print(f"{number:,} orders and what came of them were posted in {made.cpu:.0f} CPU seconds", flush=True)
    slow = [name for name, draft in DRAFTS.items() if not _tried(name, draft, ports)]
    return 1 if slow and number >= 100_000 else 0


def _tried(name: str, draft: Draft, ports: WhatIfPorts) -> bool:
    command = AskWhatIf(
        program_id=PROGRAM, first_day=date(2026, 10, 1), end_day=date(2026, 11, 1), draft=draft
    )
    gc.freeze()
    (records, terms), reading = timed(partial(read_records, command, ports, RELEASES))
    processes = processes_for(records, terms, cpu_count() or 1)
    connect, quiet = partial(getattr, ports, "readers"), partial(_quiet)
    tally, replaying = timed(partial(replayed_in, processes, records, terms, connect, quiet))
    report, wall = report_of(records, tally), reading.wall + replaying.wall
    print(
        f"{name}: {report.changed:,} of {report.orders:,} changed; {processes} processes,"
        f" read {reading.wall:.1f} s, replayed {replaying.wall:.1f} s"
        f" ({reading.cpu:.1f} and {replaying.cpu:.1f} CPU): {report.orders / wall * 60:,.0f} orders a minute",
        flush=True,
    )
    return wall <= GOAL_SECONDS


def _quiet(_stage: str, _done: int, _total: int | None) -> None:
    """Show nothing: drawing a bar is not what is measured."""


def shop(number: int) -> WhatIfPorts:
    """Return what a month of a shop leaves: orders of three levels, some refunds, all released."""
    catalog, facts, clicks = MemoryCatalog(), MemoryFacts(), MemoryClicks()
    ledger = MemoryLedger(catalog)
    catalog.add_program(terms_of(PROGRAM).program, replace(BASE, effective_at=STARTS - timedelta(days=400)))
    for promoter in promoters():
        if promoter.program_id == PROGRAM:
            catalog.add_promoter(promoter)
    posting = PostOrderPorts(ledger, facts, clicks, catalog, MemoryPages())
    keys = list[OrderKey]()
    for sale, at in _spread(number):
        order = told(replace(sale, program_id=PROGRAM))
        clicks.record(
            replace(order.click, occurred_at=at - timedelta(hours=1), recorded_at=at - timedelta(hours=1))
        )
        for fact, came in _facts(order.facts[0], at, refunded=sale.number % REFUNDED == 0):
            facts.append(fact)
            post_order(PostOrder(order.key), posting, came)
        keys.append(order.key)
    for key in keys:
        post_order(PostOrder(key), posting, RELEASES)
    return WhatIfPorts(ledger, facts, clicks, catalog)


def _spread(number: int) -> Iterator[tuple[Sale, datetime]]:
    source = sales()
    for position in range(number):
        yield next(source), STARTS + MONTH * position / number


def _facts(paid: Fact, at: datetime, *, refunded: bool) -> Iterator[tuple[Fact, datetime]]:
    assert paid.snapshot
    assert paid.snapshot.lines
    body = replace(paid.snapshot, placed_at=at)
    yield replace(paid, version=at, recorded_at=at, snapshot=body), at
    if refunded:
        back = at + timedelta(days=3)
        line = RefundLine(
            line_id="l0", quantity_milli=500, subtotal_minor=paid.snapshot.lines[0].gross_minor // 2
        )
        refund = Refund(id="r", created_at=back, lines=(line,))
        digest = f"r{paid.digest}"
        fact = replace(
            paid,
            kind=FactKind.REFUNDED,
            version=back,
            recorded_at=back,
            digest=digest,
            snapshot=None,
            refunds=(refund,),
        )
        yield fact, back


@dataclass(frozen=True, slots=True)
class Seconds:
    """What some work took: by the clock, and of this process's and its children's CPUs."""

    wall: float
    cpu: float


def timed(work: Callable[[], T]) -> tuple[T, Seconds]:
    """Return what some work returns, and what it took."""
    wall, cpu = perf_counter(), cpu_seconds()
    done = work()
    return done, Seconds(perf_counter() - wall, cpu_seconds() - cpu)


if __name__ == "__main__":
    sys.exit(main())
