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
from benchmarks.engine.ours import LONG_AGO, terms_of, told
from benchmarks.engine.sales import Sale, program_ids, sales
from benchmarks.what_if.network import by_sellers, sponsors
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.campaigns import Campaign
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import NOTHING_NEW, Draft
from grapevine.domain.facts import Fact, FactKind, OrderKey, Refund, RefundLine
from grapevine.domain.people import Promoter
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
BUDGET_PER_ORDER = 150
"""Minor units of a campaign's budget for each order in its time, of about 255 that it would pay."""


def drafts(number: int) -> dict[str, Draft]:
    """Return what is tried on so many orders."""
    tiered = replace(BASE, tiers=TIERS, tier_basis=TierBasis.RUNNING_MONTH)
    return {
        "nothing changed": NOTHING_NEW,
        "other rates": Draft(plan=replace(BASE, rate_bps=(1200, 200))),
        "a cap per promoter and month": Draft(plan=replace(BASE, caps=(MONTHLY,))),
        "tiers by the running month": Draft(plan=tiered),
        "a campaign of a week, its budget runs out": Draft(campaigns=(_campaign(7, number),)),
        "a campaign of the month, its budget runs out": Draft(campaigns=(_campaign(31, number),)),
    }


def _campaign(length: int, number: int) -> Campaign:
    """Return a campaign that adds 1 % to every order of so many days, as long as there is a budget."""
    starts_at = STARTS + timedelta(days=10 if length < 20 else -1)
    budget = number * min(length, MONTH.days) // MONTH.days * BUDGET_PER_ORDER
    return Campaign(
        id="cm_bench",
        name="Bench",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=length),
        add_bps=100,
        budget=budget,
        first_budget=budget,
    )


def main() -> int:
    """Run every draft; 1 where one takes longer than the goal on free cores.

    Where orders share anything, only groups that share nothing can be replayed apart.
    """
    parser = argparse.ArgumentParser(prog="make bench-what-if", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=cpu_count() or 1)
    parser.add_argument("--only", default="", help="a word of the drafts to try")
    parser.add_argument("--one-tree", action="store_true", help="all promoters are in one tree of sponsors")
    asked = parser.parse_args()
    number = int(asked.orders)
    print(f"{cpu_count()} cores, Python {python_version()}, load {getloadavg()[0]:.1f}", flush=True)
    ports, made = timed(partial(shop, number, one_tree=asked.one_tree))
    print(f"{number:,} orders and what came of them were posted in {made.cpu:.0f} CPU seconds", flush=True)
    tried = {name: draft for name, draft in drafts(number).items() if asked.only in name}
    slow = [name for name, draft in tried.items() if not _tried(name, draft, ports, asked.processes)]
    return 1 if slow and number >= 100_000 else 0


def _tried(name: str, draft: Draft, ports: WhatIfPorts, most: int) -> bool:
    command = AskWhatIf(
        program_id=PROGRAM, first_day=date(2026, 10, 1), end_day=date(2026, 11, 1), draft=draft
    )
    gc.freeze()
    (records, terms), reading = timed(partial(read_records, command, ports, RELEASES))
    processes = processes_for(records, most)
    connect, quiet = partial(getattr, ports, "readers"), partial(_quiet)
    outcome, replaying = timed(partial(replayed_in, processes, records, terms, connect, quiet))
    report, wall = report_of(records, outcome.tally), reading.wall + replaying.wall
    # What the asking process does before and after the others; alone it is the one that replays.
    own = max(replaying.cpu - sum(outcome.seconds), 0)
    free = reading.cpu + own + max(outcome.seconds)
    each = " + ".join(f"{seconds:.1f}" for seconds in outcome.seconds)
    print(
        f"{name}: {report.changed:,} of {report.orders:,} changed; CPU seconds: read {reading.cpu:.1f},"
        f" grouped {own:.1f}, replayed {each}; {replaying.cpu / report.orders * 1000:.2f} ms per order;"
        f" on free cores {free:.1f} s, by the clock {wall:.1f} s",
        flush=True,
    )
    return free <= GOAL_SECONDS


def _quiet(_stage: str, _done: int, _total: int | None) -> None:
    """Show nothing: drawing a bar is not what is measured."""


def shop(number: int, *, one_tree: bool = False) -> WhatIfPorts:
    """Return what a month of a shop leaves: orders of three levels, some refunds, all released."""
    catalog, facts, clicks = MemoryCatalog(), MemoryFacts(), MemoryClicks()
    ledger = MemoryLedger(catalog)
    catalog.add_program(terms_of(PROGRAM).program, replace(BASE, effective_at=STARTS - timedelta(days=400)))
    for name, sponsor_id in sponsors(one_tree=one_tree).items():
        catalog.add_promoter(
            Promoter(id=name, program_id=PROGRAM, name=name, sponsor_id=sponsor_id, joined_at=LONG_AGO)
        )
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
    source = by_sellers(sales())
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
