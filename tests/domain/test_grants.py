"""Who may have how much of what is scarce."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.grants import Grant, GrantKey, Held, Holdings, Use, held, to_record

KEY, OTHER = (GrantKey("pg_test", "cap.daily", name, "2026-11-11") for name in ("pr_ana", "pr_bo"))
LIMIT = 100


def test_a_key_reads_back_from_its_text() -> None:
    assert str(KEY) == "cap.daily/pr_ana/2026-11-11"
    assert GrantKey.parse("pg_test", str(KEY)) == KEY


def test_what_is_held_is_the_height_of_each_and_the_last_granted() -> None:
    grants = [Grant(KEY, 50, 40), Grant(OTHER, 1, 1), Grant(KEY, 90, 45), Grant(KEY, 10, 10)]
    assert held(grants) == {KEY: Held(wanted=90, most=45, granted=10), OTHER: Held(1, 1, 1)}


@pytest.mark.parametrize(
    ("has", "wanted", "room"),
    [
        (Held(), 30, 30),
        (Held(), 60, 40),
        (Held(30, 30, 30), 30, 30),
        (Held(30, 30, 30), 20, 30),
        (Held(30, 30, 30), 65, 65),
        (Held(30, 30, 30), 90, 70),
        # It got less than it wanted: the same again, or less, asks for nothing.
        (Held(30, 5, 5), 30, 5),
        (Held(30, 5, 5), 20, 5),
        (Held(30, 5, 5), 31, 31),
        # It gave back: up to what it once had it may take again, and no more before a new height.
        (Held(30, 20, 10), 30, 20),
        (Held(30, 20, 10), 15, 15),
        (Held(30, 20, 10), 31, 31),
    ],
)
def test_only_a_new_height_asks_for_more_than_ever(has: Held, wanted: int, room: int) -> None:
    """Sixty are taken, this order's own among them: forty are left."""
    holdings = Holdings({KEY: has}, {KEY: 60})
    assert holdings.room(KEY, wanted, LIMIT) == room
    assert holdings.asks(KEY, wanted) is (room > has.granted)


def test_nothing_is_left_of_a_limit_that_was_lowered_or_of_a_counter_nobody_read() -> None:
    has = {KEY: Held(30, 30, 30)}
    assert Holdings(has, {KEY: 200}).room(KEY, 90, LIMIT) == 30
    assert Holdings(has).room(KEY, 90, LIMIT) == 30
    assert Holdings(has).asks(KEY, 90)


def test_what_changed_is_recorded_and_nothing_else() -> None:
    holdings = Holdings({KEY: Held(30, 20, 20)})
    assert to_record(holdings, {KEY: Use(30, 20)}) == ()
    assert to_record(holdings, {KEY: Use(25, 20)}) == ()
    assert to_record(holdings, {KEY: Use(31, 20)}) == (Grant(KEY, 31, 20),)
    assert to_record(holdings, {KEY: Use(10, 10)}) == (Grant(KEY, 10, 10),)
    assert to_record(Holdings(), {KEY: Use(10, 0)}) == (Grant(KEY, 10, 0),)
    assert to_record(Holdings(), {}) == ()


def test_what_is_not_used_any_more_is_given_back_once() -> None:
    assert to_record(Holdings({KEY: Held(30, 20, 20)}), {OTHER: Use(5, 5)}) == (
        Grant(KEY, 0, 0),
        Grant(OTHER, 5, 5),
    )
    assert to_record(Holdings({KEY: Held(30, 20, 0)}), {}) == ()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 120)), max_size=20))
def test_however_orders_rise_and_fall_the_limit_holds_and_wanting_the_same_again_changes_nothing(
    steps: list[tuple[int, int]],
) -> None:
    told: dict[int, list[Grant]] = {0: [], 1: [], 2: []}
    for order, wanted in steps:
        for times in range(2):
            taken = {KEY: sum(held(grants)[KEY].granted for grants in told.values() if grants)}
            holdings = Holdings(held(told[order]), taken)
            granted = min(wanted, holdings.room(KEY, wanted, LIMIT))
            new = to_record(holdings, {KEY: Use(wanted, granted)})
            assert not (times and new)
            told[order] += new
        assert sum(held(grants)[KEY].granted for grants in told.values() if grants) <= LIMIT


@given(st.lists(st.integers(0, 120), max_size=20))
def test_where_there_is_enough_everybody_has_what_they_want_however_often_that_changes(
    steps: list[int],
) -> None:
    """So an order's balances depend on no order of arrival as long as nothing was really scarce."""
    grants: list[Grant] = []
    for wanted in steps:
        before = Holdings(held(grants), {KEY: held(grants)[KEY].granted if grants else 0})
        granted = min(wanted, before.room(KEY, wanted, 10 * LIMIT))
        assert granted == wanted
        grants += to_record(before, {KEY: Use(wanted, granted)})
