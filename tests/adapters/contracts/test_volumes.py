"""What was sold through promoters in closed months, and the whole way to it on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Barrier

import pytest

from grapevine.domain.entries import Entry
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.tiers import Tier, Volume
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.verify_program import verify_program
from tests import builders as make
from tests.adapters.contracts.shops import Shop
from tests.adapters.contracts.stores import Names, Stores, fresh_click_id
from tests.builders import T0, days, minutes

THREADS = 8
TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=10_000, add_bps=200))


def test_promoters_come_with_the_volumes_of_closed_months(stores: Stores, names: Names) -> None:
    ana, bo = (make.promoter(name, program_id=names.program) for name in ("pr_ana", "pr_bo"))
    for promoter in (ana, bo):
        stores.catalog.add_promoter(promoter)
    assert stores.catalog.close_month(names.program, "pr_ana", "2026-10", Volume(-5, 3)) == Volume(-5, 3)
    stores.catalog.close_month(names.program, "pr_ana", "2026-09", Volume(10**15, 10**6))
    stores.catalog.close_month(names.program, "pr_gone", "2026-10", Volume())
    asked = ("pr_bo", "pr_ana", "pr_gone", "pr_nobody", "no#one")
    assert stores.catalog.promoters_with_volumes(names.program, asked, ("2026-10", "2026-08")) == (
        {"pr_ana": ana, "pr_bo": bo},
        {("pr_ana", "2026-10"): Volume(-5, 3), ("pr_gone", "2026-10"): Volume()},
    )
    assert stores.catalog.promoters(names.program, asked) == {"pr_ana": ana, "pr_bo": bo}
    assert stores.catalog.promoters_with_volumes(names.program, (), ("2026-10",)) == ({}, {})


def test_edge_56_a_month_is_closed_once_and_everybody_gets_the_first_volume(
    stores: Stores, names: Names
) -> None:
    first = stores.catalog.close_month(names.program, "pr_ana", "2026-10", Volume(1, 1))
    assert stores.catalog.close_month(names.program, "pr_ana", "2026-10", Volume(2, 2)) == first
    assert stores.catalog.close_month(f"{names.program}-2", "pr_ana", "2026-10", Volume(2, 2)) == Volume(2, 2)


@pytest.mark.concurrent
def test_edge_56_eight_who_close_a_month_at_once_get_one_answer(stores: Stores, names: Names) -> None:
    ready = Barrier(THREADS)

    def close(number: int) -> Volume:
        ready.wait()
        return stores.catalog.close_month(names.program, "pr_ana", "2026-10", Volume(number, number))

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(close, range(THREADS)))
    assert len(set(answers)) == 1


def test_edge_53_octobers_sales_raise_novembers_rate_and_are_proven(stores: Stores, names: Names) -> None:
    shop = _opened(stores, names)
    october, november = (
        _sold(stores, shop, names.order(name), at) for name, at in (("1", T0 - days(20)), ("2", T0))
    )
    assert [posting.amount.minor for posting in october.postings] == [1_000]
    assert [posting.amount.minor for posting in november.postings] == [1_200]
    assert november in stores.ledger.entries_of(names.order("2"))
    _, volumes = stores.catalog.promoters_with_volumes(names.program, (make.CY,), ("2026-10",))
    assert volumes == {(make.CY, "2026-10"): Volume(10_000, 1)}
    assert verify_program(names.program, stores.ledger, stores.treasury).faults == ()


def _sold(stores: Stores, shop: Shop, order: OrderKey, at: datetime) -> Entry:
    """Let an order of 100.00 be paid, posted and folded."""
    fact = shop.fact(FactKind.PAID, minutes(1), order, placed_at=at, lines=(make.line("a", 10_000),))
    stores.facts.append(replace(fact, version=at, recorded_at=at))
    entry = post_order(PostOrder(order), stores.orders, at + minutes(2))
    assert entry
    fold_entries(FoldEntries((entry,)), stores.pages)
    return entry


def _opened(stores: Stores, names: Names) -> Shop:
    program = make.program(id=names.program, merchant_id=names.merchant)
    stores.catalog.add_program(program, make.plan(1000, tiers=TIERS, click_window_days=30))
    stores.catalog.add_promoter(make.promoter(make.CY, program_id=names.program))
    at = T0 - days(21)
    click = make.click(
        id=fresh_click_id(), program_id=names.program, occurred_at=at, recorded_at=at, upline=()
    )
    stores.clicks.record(click)
    return Shop(names, click)
