"""The sums of a what-if: those of different orders add up, whoever counted them."""

from __future__ import annotations

from grapevine.domain.accounts import PROGRAM, Account, Leaf
from grapevine.domain.what_if import By, Tally, differences
from tests.builders import BO, CY, PROGRAM_ID

HELD_CY, HELD_BO = (Account(PROGRAM_ID, name, Leaf.HELD) for name in (CY, BO))
HOUSE = Account(PROGRAM_ID, PROGRAM, Leaf.HOUSE)
BUDGET = Account(PROGRAM_ID, "cm_x", Leaf.BUDGET)


def first() -> Tally:
    tally = Tally(waiting=2)
    tally.count("2026-11-11", {(HELD_CY, "USD"): 100, (HOUSE, "USD"): 5}, {(HELD_CY, "USD"): 150})
    tally.count("2026-11-11", {(HELD_CY, "USD"): 1}, {(HELD_CY, "USD"): 1})
    return tally


def second() -> Tally:
    tally = Tally(waiting=3)
    tally.count("2026-11-12", {(HELD_BO, "USD"): 7}, {(HELD_CY, "USD"): 9, (BUDGET, "USD"): -4})
    return tally


def figures(tally: Tally, by: By) -> list[tuple[str, int, int]]:
    return [(one.name, one.posted, one.drafted) for one in differences(tally, by)]


def test_what_two_processes_counted_adds_up() -> None:
    whole = first()
    whole.merge(second())
    assert (whole.orders, whole.changed, whole.waiting) == (3, 2, 5)
    assert figures(whole, By.TOTAL) == [("", 108, 160)]
    assert figures(whole, By.PROMOTER) == [(BO, 7, 0), (CY, 101, 160)]
    assert figures(whole, By.DAY) == [("2026-11-11", 101, 151), ("2026-11-12", 7, 9)]
    assert figures(whole, By.STATE) == [("held", 108, 160)]
    assert figures(whole, By.HOUSE) == [("", 5, 0)]
    assert figures(whole, By.BUDGET) == [("cm_x", 0, 4)]


def test_in_whatever_order_they_are_merged() -> None:
    one, other = first(), second()
    one.merge(second())
    other.merge(first())
    assert one == other
