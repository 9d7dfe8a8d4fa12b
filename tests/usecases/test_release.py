"""The hourly sweep releases by the rule of the order's own day, counted from receipt or from payment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from grapevine.domain.facts import FactKind, Outcome
from grapevine.domain.plans import HoldAnchor, Plan
from grapevine.usecases.publish_plan import PublishPlan, publish_plan
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world

PAID_AT = T0 + minutes(1)
BY_PAYMENT, BY_RECEIPT = days(30), days(7)
MOMENT = timedelta(milliseconds=1)
PAY = 1_333
"""What Cy has of an order of 133.33 at ten per cent."""


def ordered(*plans: Plan) -> World:
    """Return a world with one paid order that may be released once its hold ends."""
    world = chain_world(*plans)
    paid = make.fact(FactKind.PAID, minutes(1))
    world.append(paid, make.fact(FactKind.VERDICT, verdict=make.verdict(Outcome.ALLOW).verdict))
    world.post(T0 + minutes(5))
    world.fold()
    return world


def received(world: World, at: datetime) -> None:
    """Let the storefront report receipt when it happens."""
    snapshot = make.snapshot(received_at=at)
    world.append(make.fact(FactKind.RECEIVED, at - T0, snapshot=snapshot))
    world.post(at + minutes(1))
    world.fold()


def swept(world: World, now: datetime) -> int:
    """Sweep as the schedule does; return what is payable to Cy then."""
    world.sweep(now)
    world.fold()
    return world.balance(CY).payable_minor


def publish(world: World, after: datetime, number_of_days: int) -> None:
    """Publish another hold, of so many days from payment and from receipt."""
    other = make.plan(
        1000,
        300,
        100,
        effective_at=after + minutes(5),
        hold_days_after_payment=number_of_days,
        hold_days_after_receipt=number_of_days,
    )
    publish_plan(PublishPlan(PROGRAM_ID, other), world.catalog, after)


@pytest.mark.parametrize("other_days", [0, 1, 180], ids=["none", "shorter", "longer"])
def test_edge_72_a_hold_that_is_changed_later_is_swept_by_the_orders_own(other_days: int) -> None:
    world = ordered()
    publish(world, T0 + days(1), other_days)
    assert swept(world, T0 + days(2)) == 0
    assert swept(world, PAID_AT + BY_PAYMENT - MOMENT) == 0
    assert swept(world, PAID_AT + BY_PAYMENT) == PAY


@pytest.mark.parametrize("other_days", [0, 180], ids=["shorter", "longer"])
def test_edge_72_a_receipt_after_the_change_counts_by_the_orders_own_rule(other_days: int) -> None:
    world = ordered()
    publish(world, T0 + days(1), other_days)
    received(world, T0 + days(3))
    ends = T0 + days(3) + BY_RECEIPT
    assert swept(world, ends - MOMENT) == 0
    assert swept(world, ends) == PAY


@pytest.mark.parametrize("other_days", [0, 180], ids=["shorter", "longer"])
def test_edge_72_what_is_released_stays_so_whatever_hold_is_published(other_days: int) -> None:
    world = ordered()
    released_at = PAID_AT + BY_PAYMENT
    assert swept(world, released_at) == PAY
    publish(world, released_at + days(1), other_days)
    received(world, released_at + days(2))
    assert swept(world, released_at + days(3)) == PAY
    assert world.balance(CY).held_minor == 0


def test_edge_73_the_hold_is_counted_from_receipt_where_it_is_reported() -> None:
    world = ordered()
    received(world, T0 + days(2))
    assert swept(world, T0 + days(2) + BY_RECEIPT - MOMENT) == 0
    assert swept(world, T0 + days(2) + BY_RECEIPT) == PAY


def test_edge_73_without_a_receipt_the_timer_from_payment_releases() -> None:
    world = ordered()
    assert swept(world, PAID_AT + BY_PAYMENT - MOMENT) == 0
    assert swept(world, PAID_AT + BY_PAYMENT) == PAY


def test_edge_73_a_receipt_just_before_the_timer_runs_out_moves_the_end_behind_it() -> None:
    """The old instant is still in the index of what is due: who looks then posts nothing."""
    world = ordered()
    last = PAID_AT + BY_PAYMENT - minutes(10)
    received(world, last)
    assert swept(world, PAID_AT + BY_PAYMENT) == 0
    assert swept(world, last + BY_RECEIPT - MOMENT) == 0
    assert swept(world, last + BY_RECEIPT) == PAY


def test_edge_73_a_receipt_after_the_timer_changes_nothing() -> None:
    world = ordered()
    assert swept(world, PAID_AT + BY_PAYMENT) == PAY
    received(world, PAID_AT + BY_PAYMENT + days(1))
    assert (world.balance(CY).payable_minor, world.balance(CY).held_minor) == (PAY, 0)
    assert world.proof().faults == ()


def test_edge_73_a_plan_may_count_from_payment_whatever_is_received() -> None:
    world = ordered(make.plan(1000, 300, 100, hold_anchor=HoldAnchor.PAYMENT))
    received(world, T0 + days(2))
    assert swept(world, T0 + days(2) + BY_RECEIPT) == 0
    assert swept(world, PAID_AT + BY_PAYMENT) == PAY


@pytest.mark.parametrize("late", [days(0), days(3), days(40)], ids=["in time", "down for days", "for weeks"])
def test_a_sweep_that_was_down_releases_everything_once(late: timedelta) -> None:
    world = ordered()
    world.sweep(T0 + days(1))
    assert swept(world, PAID_AT + BY_PAYMENT + late) == PAY
    entries = len(world.ledger.entries_of(make.ORDER))
    assert swept(world, PAID_AT + BY_PAYMENT + late + minutes(60)) == PAY
    assert len(world.ledger.entries_of(make.ORDER)) == entries


def test_what_is_blocked_is_not_released_and_no_settlement_pays_it() -> None:
    world = ordered()
    blocked = make.verdict(Outcome.BLOCK, days(1))
    world.append(blocked)
    world.post(T0 + days(1) + minutes(1))
    world.fold()
    assert swept(world, PAID_AT + BY_PAYMENT) == 0
    assert world.balance(CY).blocked_minor == PAY
    world.settle(datetime.fromisoformat("2027-01-10T04:00:00+00:00"))
    assert list(world.treasury.all_payouts(PROGRAM_ID)) == []
    assert world.balance(CY).blocked_minor == PAY
