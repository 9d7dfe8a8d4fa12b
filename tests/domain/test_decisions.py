"""Decisions: who an order belongs to, and why everybody else does not get it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from grapevine.domain.candidates import Reason, grace_end, touch_of
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision, basis_of, decide, pending
from grapevine.domain.facts import FactKind
from grapevine.domain.orders import Order, fold
from grapevine.domain.people import Promoter
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days, minutes

PEOPLE = {
    p.id: p
    for p in (make.promoter(make.ANA), make.promoter(make.BO, make.ANA), make.promoter(make.CY, make.BO))
}
MILLISECOND = timedelta(milliseconds=1)


def order() -> Order:
    return fold((make.fact(FactKind.PAID, minutes(1)),))


def decided(people: dict[str, Promoter] | None = None, **click: object) -> Decision:
    touch = touch_of(make.click(**click), PROGRAM_ID)
    return decide(order(), T0, make.plan(1000, 300), (touch,), PEOPLE if people is None else people)


def test_the_last_click_wins_and_its_upline_earns_as_far_as_the_plan_goes() -> None:
    found = decided()
    assert (found.reason, found.promoter_ids) == (Reason.LAST_CLICK, (make.CY, make.BO))
    assert [touch.reason for touch in found.candidates] == [Reason.ELIGIBLE]
    assert not found.is_pending


def test_edge_25_of_two_the_later_wins_and_both_are_kept() -> None:
    first = touch_of(make.click(id="a", promoter_id=make.BO, occurred_at=T0 - days(2)), PROGRAM_ID)
    second = touch_of(make.click(id="b", promoter_id=make.CY, occurred_at=T0 - days(1)), PROGRAM_ID)
    for touches in ((first, second), (second, first)):
        found = decide(order(), T0, make.plan(), touches, PEOPLE)
        assert found.promoter_ids[0] == make.CY
        assert len(found.candidates) == 2


def test_of_two_at_one_instant_the_choice_is_always_the_same() -> None:
    one, other = (
        touch_of(make.click(id=name, promoter_id=owner), PROGRAM_ID)
        for name, owner in (("a", make.BO), ("b", make.CY))
    )
    found = [decide(order(), T0, make.plan(), touches, PEOPLE) for touches in ((one, other), (other, one))]
    assert found[0].promoter_ids == found[1].promoter_ids


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (days(30) - MILLISECOND, Reason.ELIGIBLE),
        (days(30), Reason.OUTSIDE_WINDOW),
        (days(30) + MILLISECOND, Reason.OUTSIDE_WINDOW),
        (timedelta(0), Reason.ELIGIBLE),
        (-timedelta(seconds=5), Reason.ELIGIBLE),
        (-timedelta(seconds=5) - MILLISECOND, Reason.AFTER_ORDER),
        (-days(1), Reason.AFTER_ORDER),
    ],
)
def test_edges_22_24_the_window_is_half_open_and_five_seconds_are_forgiven(
    age: timedelta, reason: Reason
) -> None:
    found = decided(occurred_at=T0 - age, recorded_at=T0 - days(1))
    assert found.candidates[0].reason is reason
    assert found.reason is (Reason.LAST_CLICK if reason is Reason.ELIGIBLE else Reason.NONE_ELIGIBLE)
    assert bool(found.promoter_ids) == (reason is Reason.ELIGIBLE)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (timedelta(0), Reason.ELIGIBLE),
        (timedelta(hours=1), Reason.ELIGIBLE),
        (timedelta(hours=1) + MILLISECOND, Reason.RECORDED_LATE),
    ],
)
def test_edge_23_a_click_may_be_recorded_late_for_an_hour(after: timedelta, reason: Reason) -> None:
    assert decided(recorded_at=T0 + after).candidates[0].reason is reason
    assert grace_end(T0) == T0 + timedelta(hours=1)


def test_edge_35_a_robot_and_another_program_never_win() -> None:
    assert decided(bot_reason="preview").candidates[0].reason is Reason.BOT
    assert decided(program_id="pg_other").candidates[0].reason is Reason.OTHER_PROGRAM
    assert decided(program_id="pg_other", bot_reason="preview").promoter_ids == ()


def test_edge_41_who_is_suspended_or_unknown_never_wins() -> None:
    suspended = {**PEOPLE, make.CY: make.suspended(PEOPLE[make.CY])}
    assert decided(suspended).candidates[0].reason is Reason.SUSPENDED
    assert decided(suspended).claims == ((HOUSE,),)
    assert decided({}).candidates[0].reason is Reason.UNKNOWN_PROMOTER
    assert decided({}).claims == ()


def test_edge_41_who_is_suspended_after_the_order_wins_and_so_does_an_earlier_click() -> None:
    later = {**PEOPLE, make.CY: make.suspended(PEOPLE[make.CY], timedelta(milliseconds=1))}
    assert decided(later).promoter_ids == (make.CY, make.BO)
    suspended = {**PEOPLE, make.CY: make.suspended(PEOPLE[make.CY], timedelta(0))}
    first = touch_of(make.click(id="a", promoter_id=make.BO, occurred_at=T0 - days(2)), PROGRAM_ID)
    second = touch_of(make.click(id="b", promoter_id=make.CY, occurred_at=T0 - days(1)), PROGRAM_ID)
    assert decide(order(), T0, make.plan(), (first, second), suspended).promoter_ids == (make.BO, make.ANA)


def test_nobody_clicked() -> None:
    found = decide(order(), T0, make.plan(), (), PEOPLE)
    assert (found.reason, found.promoter_ids, found.candidates) == (Reason.NO_TOUCH, (), ())


@pytest.mark.parametrize("reason", [Reason.CLICK_PENDING, Reason.RATE_PENDING])
def test_while_a_click_or_a_rate_is_pending_nobody_earns(reason: Reason) -> None:
    found = pending(order(), make.plan(version=3), reason)
    assert (found.is_pending, found.reason, found.claims, found.plan_version) == (True, reason, (), 3)


def test_the_basis_is_what_the_decision_takes_from_the_order() -> None:
    basis = basis_of(order(), make.plan())
    for same in ({"verdict": None}, {"lines": ()}, {"cancelled_at": T0}):
        assert basis_of(replace(order(), **same), make.plan()) == basis
    for other in (
        replace(order(), paid_at=T0 + days(1)),
        replace(order(), placed_at=T0 + days(1)),
        replace(order(), click_id="x"),
        replace(order(), click_id=None),
        replace(order(), coupon_codes=("CY10",)),
        replace(order(), customer_key="x"),
    ):
        assert basis_of(other, make.plan()) != basis
