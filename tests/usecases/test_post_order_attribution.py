"""Posting: whose order it is, decided while the grace period lasts, and then for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grapevine.domain.candidates import Reason
from grapevine.domain.chains import HOUSE
from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import Fact, FactKind
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, T0, days, minutes
from tests.usecases.posting import (
    ALLOW,
    BLOCK,
    HELD,
    OTHER_CLICK,
    PAID,
    REVIEW,
    accrued,
    body,
    posted,
    stands,
)
from tests.worlds import World, chain_world


def late_click(recorded: timedelta) -> World:
    world = chain_world()
    world.clicks.stored.clear()
    posted(world, minutes(2), PAID)
    world.clicks.record(make.click(recorded_at=T0 + recorded))
    return world


def test_edge_23_a_click_recorded_in_the_grace_counts_when_the_grace_ends() -> None:
    world = late_click(minutes(30))
    assert stands(world) == {}
    first = world.ledger.entries_of(ORDER)[0]
    assert (first.due_at, first.decision and first.decision.reason) == (
        T0 + minutes(60),
        Reason.CLICK_PENDING,
    )
    assert posted(world, minutes(60)).reason is EntryReason.ACCRUED
    assert stands(world) == HELD


def test_edge_23_a_click_recorded_after_the_grace_never_counts() -> None:
    world = late_click(minutes(61))
    entry = posted(world, minutes(62))
    assert entry.decision
    assert entry.decision.candidates[0].reason is Reason.RECORDED_LATE
    assert stands(world) == {}


@pytest.mark.parametrize("verdict", [ALLOW, REVIEW, BLOCK])
def test_a_pending_click_counts_also_when_the_order_has_a_verdict(verdict: Fact) -> None:
    """Whether the click or the verdict came first, the sweep finds the order when the grace ends."""
    world = chain_world()
    world.clicks.stored.clear()
    world.append(PAID, verdict)
    world.post(T0 + minutes(2))
    world.clicks.record(make.click(recorded_at=T0 + minutes(30)))
    assert world.sweep(T0 + minutes(61)).posted == 1
    where = "blocked" if verdict is BLOCK else "held"
    assert stands(world) == {name.replace("held", where): minor for name, minor in HELD.items()}


def test_a_click_that_never_comes_leaves_the_order_to_nobody() -> None:
    world = late_click(minutes(30))
    world.clicks.stored.clear()
    entry = posted(world, minutes(60))
    assert entry.decision
    assert (entry.decision.reason, entry.due_at) == (Reason.NO_TOUCH, None)


def test_edge_23_after_the_grace_the_attribution_stays_whatever_a_body_names() -> None:
    """Somebody may edit an order's note after weeks: the commission stays where it is."""
    world = accrued()
    world.clicks.record(make.click(id=OTHER_CLICK, promoter_id=ANA, upline=()))
    world.append(body(days(20), click_id=OTHER_CLICK))
    assert world.post(T0 + days(20)) is None
    assert stands(world) == HELD


def test_a_click_that_expired_is_still_in_the_decision() -> None:
    world = accrued()
    world.clicks.stored.clear()
    posted(world, days(120), make.fact(FactKind.PAID, timedelta(seconds=30)))
    assert {name.partition(":")[0] for name in stands(world)} == {CY, BO, ANA}


def test_edge_47_a_stale_hint_of_the_upline_is_read_again() -> None:
    world = chain_world()
    world.clicks.stored[make.CLICK_ID] = make.click(upline=("pr_gone", "pr_other"))
    posted(world, minutes(2), PAID)
    assert stands(world) == HELD


def test_edge_41_who_is_suspended_earns_nothing_and_the_order_says_why() -> None:
    world = chain_world()
    key = (make.PROGRAM_ID, CY)
    world.catalog._promoters[key] = make.suspended(world.catalog._promoters[key])
    entry = posted(world, minutes(2), PAID)
    assert entry.decision
    assert (entry.decision.promoter_ids, entry.decision.candidates[0].reason) == ((HOUSE,), Reason.SUSPENDED)


def test_an_order_that_no_link_led_to_posts_nothing() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(click_id=None)))
    assert world.post(T0 + minutes(2)) is None
    assert world.post(T0 + days(99)) is None
    assert world.ledger.appended == []
