"""The ports of clicks."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from secrets import token_bytes

import pytest

from grapevine.domain.clicks import MAX_INTEREST, MAX_USER_AGENT, Click, Interest, InterestKind
from grapevine.domain.ids import new_click_id, new_visitor_id
from tests import builders as make
from tests.adapters.contracts.stores import Stores, fresh_click_id
from tests.builders import T0, days, minutes


def test_a_click_is_read_by_its_id(stores: Stores) -> None:
    click = make.click(id=fresh_click_id(), user_agent="微信 " + "x" * (MAX_USER_AGENT - 3))
    stores.clicks.record(click)
    assert stores.clicks.click(click.id) == click


def test_a_robots_click_keeps_its_reason(stores: Stores) -> None:
    click = make.click(
        id=fresh_click_id(), user_agent="", bot_reason="empty_user_agent", upline=(), channel="wechat"
    )
    stores.clicks.record(click)
    assert stores.clicks.click(click.id) == click


def test_recording_a_click_again_changes_nothing(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    stores.clicks.record(click)
    stores.clicks.record(replace(click, promoter_id="pr_thief"))
    assert stores.clicks.click(click.id) == click


@pytest.mark.parametrize("click_id", ["", "forged", "#", "2" * 22 + "-" + "9" * 20, "x" * 5000])
def test_there_is_no_click_under_a_forged_id(stores: Stores, click_id: str) -> None:
    assert stores.clicks.click(click_id) is None


# --- a visitor's clicks --------------------------------------------------------------------------


def clicks_over_time(visitor_id: str) -> list[Click]:
    """Return a visitor's clicks, oldest first: a millisecond apart, and years."""
    offsets = (days(-400), days(-1), minutes(-1), minutes(0), minutes(1) / 60_000, days(3000))
    return [
        make.click(
            id=new_click_id(visitor_id, T0 + offset, token_bytes),
            promoter_id=f"pr_{number}",
            occurred_at=T0 + offset,
        )
        for number, offset in enumerate(offsets)
    ]


def test_a_visitors_clicks_are_read_oldest_first(stores: Stores) -> None:
    visitor_id = new_visitor_id(token_bytes)
    clicks = clicks_over_time(visitor_id)
    for click in Random(1).sample(clicks, len(clicks)):
        stores.clicks.record(click)
    assert stores.clicks.clicks_of(visitor_id, 50) == tuple(clicks)


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
def test_of_many_clicks_the_latest_are_read(stores: Stores, limit: int) -> None:
    visitor_id = new_visitor_id(token_bytes)
    clicks = clicks_over_time(visitor_id)
    for click in clicks:
        stores.clicks.record(click)
    assert stores.clicks.clicks_of(visitor_id, limit) == tuple(clicks[-limit:])


def test_another_visitors_clicks_are_not_among_them(stores: Stores) -> None:
    mine, theirs = (new_visitor_id(token_bytes) for _ in range(2))
    (click, other) = (make.click(id=new_click_id(name, T0, token_bytes)) for name in (mine, theirs))
    stores.clicks.record(click)
    stores.clicks.record(other)
    assert stores.clicks.clicks_of(mine, 50) == (click,)
    assert stores.clicks.clicks_of(theirs, 50) == (other,)


def test_who_never_clicked_has_no_clicks(stores: Stores) -> None:
    assert stores.clicks.clicks_of(new_visitor_id(token_bytes), 50) == ()


def test_edge_90_what_tells_of_a_visitors_machine_is_erased_and_the_visits_stay(stores: Stores) -> None:
    visitor_id = new_visitor_id(token_bytes)
    clicks = clicks_over_time(visitor_id)
    other = make.click(id=fresh_click_id())
    for click in (*clicks, other):
        stores.clicks.record(click)
    assert stores.clicks.forget_visitor(visitor_id) == len(clicks)
    assert stores.clicks.forget_visitor(visitor_id) == 0
    assert stores.clicks.clicks_of(visitor_id, 1000) == tuple(
        replace(click, user_agent="") for click in sorted(clicks, key=lambda one: one.id)
    )
    assert stores.clicks.click(other.id) == other


def test_edge_90_what_a_visitor_looked_at_is_erased_and_never_noted_again(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    stores.clicks.record(click)
    for kind in InterestKind:
        stores.clicks.note_interest(click.id, kind, "77")
    stores.clicks.forget_visitor(click.id[:22])
    assert stores.clicks.interest(click.id) == Interest()
    assert not stores.clicks.note_interest(click.id, InterestKind.VIEW, "78")
    assert stores.clicks.interest(click.id) == Interest()


# --- what a click's visitor looked at ------------------------------------------------------------


def test_what_a_visitor_looked_at_is_kept_with_the_click(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    stores.clicks.record(click)
    assert stores.clicks.interest(click.id) == Interest()
    for kind, product in (("view", "77"), ("cart", "77"), ("view", "78"), ("view", "77")):
        assert stores.clicks.note_interest(click.id, InterestKind(kind), product)
    assert stores.clicks.interest(click.id) == Interest(frozenset({"77", "78"}), frozenset({"77"}))
    assert stores.clicks.click(click.id) == click


def test_nothing_is_kept_of_a_click_that_is_not_there(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    assert not stores.clicks.note_interest(click.id, InterestKind.VIEW, "77")
    assert stores.clicks.click(click.id) is None
    assert stores.clicks.interest(click.id) == stores.clicks.interest("forged") == Interest()
    stores.clicks.record(click)
    assert stores.clicks.interest(click.id) == Interest()


def test_of_each_kind_no_more_is_kept_than_there_is_room_for(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    stores.clicks.record(click)
    names = [str(number) for number in range(MAX_INTEREST + 2)]
    noted = [stores.clicks.note_interest(click.id, InterestKind.VIEW, name) for name in names]
    assert noted == [True] * MAX_INTEREST + [False, False]
    assert stores.clicks.note_interest(click.id, InterestKind.VIEW, "0")
    assert stores.clicks.note_interest(click.id, InterestKind.CART, "x")
    kept = stores.clicks.interest(click.id)
    assert kept == Interest(frozenset(names[:MAX_INTEREST]), frozenset({"x"}))
