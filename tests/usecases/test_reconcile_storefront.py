"""A storefront that is made whole, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.reconciling import OVERLAP, ReconcileMark
from grapevine.ports.shop_clients import FetchedPage, ShopRefusedError, ShopUnavailableError
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.usecases.shopping import Shopping

HOUR = timedelta(hours=1)


@pytest.fixture
def town() -> Shopping:
    return Shopping()


def mark_of(town: Shopping) -> ReconcileMark | None:
    return town.world.reconcile_marks.reconcile_mark(make.STOREFRONT_ID)


def test_the_first_run_looks_a_day_back_and_the_next_from_the_mark(town: Shopping) -> None:
    town.change("1", T0 - HOUR)
    town.change("2", T0 - days(2))
    done = town.reconcile(T0)
    assert (done.since, done.until, done.finished) == (T0 - days(1), T0, True)
    assert (done.orders, len(done.taken.facts)) == (1, 1)
    assert town.known() == {"1"}
    town.change("3", T0 + minutes(30))
    again = town.reconcile(T0 + HOUR)
    assert again.since == T0 - OVERLAP
    assert town.known() == {"1", "3"}
    mark = mark_of(town)
    assert mark
    assert (mark.until, mark.fault) == (T0 + HOUR, "")


def test_what_a_shop_saw_late_is_found_in_the_overlap(town: Shopping) -> None:
    town.reconcile(T0)
    town.change("1", T0 - minutes(4))
    town.reconcile(T0 + HOUR)
    assert town.known() == {"1"}


def test_doing_it_again_appends_nothing(town: Shopping) -> None:
    for number in range(1, 9):
        town.change(str(number), T0 - minutes(number))
    first, again = town.reconcile(T0), town.reconcile(T0)
    assert (len(first.taken.facts), first.taken.known) == (8, 0)
    assert (len(again.taken.facts), again.taken.known) == (0, 8)


def test_edge_89_windows_shrink_until_the_shop_shows_all_of_them() -> None:
    town = Shopping(shop=MemoryShop(shown=5, page=2))
    for number in range(1, 200):
        town.change(str(number), T0 - timedelta(seconds=7 * number))
    done = town.reconcile(T0)
    assert town.known() == {str(number) for number in range(1, 200)}
    assert done.cut > 0
    assert done.finished
    assert min(end - start for start, end in town.shop.asked) < timedelta(minutes=1)


def test_edge_89_windows_grow_again_after_the_rush() -> None:
    town = Shopping(shop=MemoryShop(shown=5, page=5))
    for number in range(1, 40):
        town.change(str(number), T0 - HOUR + timedelta(seconds=10 * number))
    town.reconcile(T0)
    later = T0 + days(3)
    town.shop.asked.clear()
    town.reconcile(later)
    mark = mark_of(town)
    assert mark
    assert mark.window > HOUR
    assert len(town.shop.asked) < 40


def test_edge_89_a_short_window_of_the_platform_is_never_passed() -> None:
    twenty = minutes(20)
    town = Shopping(shop=MemoryShop(longest_window=twenty))
    town.reconcile(T0)
    assert max(end - start for start, end in town.shop.asked) <= twenty
    starts_and_ends = list(zip(town.shop.asked[1:], town.shop.asked, strict=False))
    assert all(start == end for (start, _), (_, end) in starts_and_ends)


@given(
    seconds=st.lists(st.integers(0, 4000), min_size=1, max_size=60),
    shown=st.integers(1, 20),
    page=st.integers(1, 7),
    longest=st.integers(30, 5000),
)
def test_edge_89_whatever_the_shop_shows_at_once_nothing_is_missed(
    seconds: list[int], shown: int, page: int, longest: int
) -> None:
    # More of one instant than it shows, no shop can be asked for.
    most = max(sum(1 for other in seconds if abs(other - one) <= 1) for one in seconds)
    shop = MemoryShop(shown=max(shown, most), page=page, longest_window=timedelta(seconds=longest))
    town = Shopping(shop=shop)
    for number, second in enumerate(seconds, start=1):
        town.change(str(number), T0 - timedelta(seconds=second))
    town.reconcile(T0)
    assert town.known() == {str(number) for number in range(1, len(seconds) + 1)}


def test_edge_89_more_in_one_second_than_the_shop_shows_stops_the_mark_and_is_said() -> None:
    town = Shopping(shop=MemoryShop(shown=2))
    for number in range(1, 4):
        town.change(str(number), T0 - HOUR)
    with pytest.raises(ShopRefusedError, match="of one second"):
        town.reconcile(T0)
    mark = mark_of(town)
    assert mark
    assert mark.until < T0 - HOUR
    assert "of one second" in mark.fault
    assert town.known() == {"1", "2"}


@dataclass
class Failing(MemoryShop):
    """A shop that does not answer from an instant's window on."""

    fails_at: datetime | None = None

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        if self.fails_at and start <= self.fails_at <= end:
            raise ShopUnavailableError("the shop says 503")
        return super().orders_updated(start, end, cursor)


def test_edge_89_the_mark_never_passes_a_window_that_failed() -> None:
    shop = Failing(longest_window=HOUR, fails_at=T0 - minutes(330))
    town = Shopping(shop=shop)
    for number in range(1, 24):
        town.change(str(number), T0 - number * HOUR)
    for _ in range(2):
        with pytest.raises(ShopUnavailableError):
            town.reconcile(T0)
        mark = mark_of(town)
        assert mark
        assert mark.until == T0 - 6 * HOUR
        assert mark.fault == "the shop says 503"
    shop.fails_at = None
    assert town.reconcile(T0 + HOUR).finished
    assert town.known() == {str(number) for number in range(1, 24)}
    mark = mark_of(town)
    assert mark
    assert mark.fault == ""


def ticks(number: int) -> Iterator[bool]:
    """Let so many looks at the clock pass."""
    yield from [True] * number
    while True:
        yield False


@pytest.mark.parametrize("looks", [1, 2, 3, 5])
def test_runs_without_the_time_for_it_come_to_the_end_in_turns(looks: int) -> None:
    town = Shopping(shop=MemoryShop(longest_window=days(1), page=3))
    for number in range(1, 60):
        town.change(str(number), T0 - timedelta(seconds=11 * number))
    turns = 0
    for _ in range(400):
        left = ticks(looks)
        turns += 1
        if town.reconcile(T0 + HOUR + timedelta(seconds=turns), may_go_on=left.__next__).finished:
            break
    assert 1 < turns < 400
    assert town.known() == {str(number) for number in range(1, 60)}


def test_a_span_that_is_said_moves_no_mark(town: Shopping) -> None:
    town.change("1", T0 - days(20))
    town.change("2", T0 - days(5))
    done = town.reconcile(T0, since=T0 - days(30), until=T0 - days(10))
    assert (done.since, done.until, done.finished) == (T0 - days(30), T0 - days(10), True)
    assert town.known() == {"1"}
    assert mark_of(town) is None


@pytest.mark.parametrize(("since", "until"), [(T0, T0), (T0 + days(1), T0 + days(2)), (T0 - days(900), T0)])
def test_a_span_that_is_none_is_refused(town: Shopping, since: datetime, until: datetime) -> None:
    with pytest.raises(InvalidInputError, match="since"):
        town.reconcile(T0, since=since, until=until)


def test_a_body_that_cannot_be_read_stops_nothing(town: Shopping) -> None:
    town.change("1", T0 - minutes(2))
    town.change("2", T0 - minutes(1), id="not a number")
    done = town.reconcile(T0)
    assert done.finished
    assert len(done.taken.unread) == 1
    assert town.known() == {"1"}
