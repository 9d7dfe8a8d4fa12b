"""The demo's night of Double 11: its sums by hand are sums of its orders, and it finds what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from grapevine_sim.double_11 import (
    BOUNTY,
    BUDGET,
    COST_IN_THE_END,
    EVERYTHING,
    FIRST_HOUR,
    HELD_AFTER_REFUNDS,
    HELD_IN_THE_END,
    HELD_THAT_NIGHT,
    NIGHT,
    POINTS_IN_THE_END,
    PRE_SALE,
    PROMOTERS,
    Earned,
    Sold,
    midnight_after,
)
from grapevine_sim.double_11_table import Told, night_table

TOLD = Told(
    orders=tuple((sold, sold.in_the_end) for sold in EVERYTHING),
    held=HELD_IN_THE_END,
    points=POINTS_IN_THE_END,
    cost=COST_IN_THE_END,
    sentences=("You earned it.", "你获得它。"),
)
SPONSORS = {promoter.name: promoter.sponsor for promoter in PROMOTERS}


def held(stands: Sequence[tuple[Sold, Earned]]) -> dict[str, int]:
    """Return what orders come to for everybody, with what is theirs as the one above."""
    found = dict.fromkeys(SPONSORS, 0)
    for sold, earned in stands:
        found[sold.promoter] += earned.cash
        sponsor = SPONSORS[sold.promoter]
        if sponsor:
            found[sponsor] += earned.above
    return found


def test_what_is_held_is_the_sum_of_the_orders() -> None:
    that_night = held([(sold, sold.night) for sold in NIGHT])
    assert {**that_night, "mei": that_night["mei"] + BOUNTY} == HELD_THAT_NIGHT
    assert held([(sold, sold.in_the_end) for sold in NIGHT]) == HELD_AFTER_REFUNDS
    assert held([(sold, sold.in_the_end) for sold in EVERYTHING]) == HELD_IN_THE_END


def test_what_campaigns_paid_is_the_sum_of_the_orders_and_the_budget_is_gone_twice() -> None:
    def paid(name: str, orders: Sequence[Earned]) -> int:
        return sum(earned.campaigns.get(name, 0) for earned in orders)

    end = [sold.in_the_end for sold in EVERYTHING]
    assert (paid(PRE_SALE, end), paid(FIRST_HOUR, end)) == (COST_IN_THE_END[PRE_SALE], BUDGET)
    assert paid(FIRST_HOUR, [sold.night for sold in NIGHT]) == BUDGET


def test_points_are_the_sum_of_the_orders() -> None:
    found: dict[str, int] = {}
    for sold in EVERYTHING:
        found[sold.promoter] = found.get(sold.promoter, 0) + sold.in_the_end.points
    assert found == POINTS_IN_THE_END


@pytest.mark.parametrize("month", [1, 10, 11, 12])
def test_the_midnight_is_that_of_the_next_eleventh_of_november_in_shanghai(month: int) -> None:
    now = datetime(2026, month, 20, tzinfo=UTC)
    midnight = midnight_after(now)
    local = midnight.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (local.month, local.day, local.hour) == (11, 11, 0)
    assert 0 < (midnight - now).days <= 366


@pytest.mark.parametrize(
    "changes",
    [
        {"orders": ((EVERYTHING[0], replace(EVERYTHING[0].in_the_end, points=443)), *TOLD.orders[1:])},
        {"held": {**HELD_IN_THE_END, "lin": HELD_IN_THE_END["lin"] - 1}},
        {"points": {**POINTS_IN_THE_END, "tao": 0}},
        {"cost": {**COST_IN_THE_END, FIRST_HOUR: BUDGET + 1}},
    ],
    ids=str,
)
def test_whatever_is_off_by_one_is_a_difference(changes: Mapping[str, object]) -> None:
    assert TOLD.differences == []
    assert len(replace(TOLD, **changes).differences) == 1  # type: ignore[arg-type]


def test_the_table_has_a_line_for_each_order_of_one_width_and_the_words_below() -> None:
    lines = night_table(TOLD)
    rows = lines[: 2 + len(EVERYTHING)]
    assert len({len(line) for line in rows}) == 1
    assert max(map(len, lines)) <= 110
    assert lines[-2:] == ["  You earned it.", "  你获得它。"]
