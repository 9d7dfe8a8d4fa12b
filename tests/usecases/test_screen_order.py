"""Screening: a promoter who buys through their own link is found by the hash alone."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import Fact, FactKind, Outcome
from grapevine.domain.plans import AttributionModel, CouponMode, SelfPurchase
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import CY, ORDER, T0, minutes
from tests.worlds import World, chain_world

NOW = T0 + minutes(5)
CY_AS_CUSTOMER = "c" * 24


def world_of_cy() -> World:
    world = chain_world()
    world.catalog._promoters[(make.PROGRAM_ID, CY)] = make.promoter(CY, make.BO, customer_key=CY_AS_CUSTOMER)
    return world


def bought(customer_key: str | None, **changes: object) -> Fact:
    return make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(customer_key=customer_key, **changes))


def screened(world: World, fact: Fact) -> Fact | None:
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    return screen_order(ScreenOrder(fact), ports, NOW)


def outcome(fact: Fact | None) -> Outcome | None:
    return fact.verdict.outcome if fact and fact.verdict else None


def test_edge_33_a_promoters_own_purchase_is_blocked() -> None:
    world = world_of_cy()
    found = screened(world, bought(CY_AS_CUSTOMER))
    assert found
    assert outcome(found) is Outcome.BLOCK
    assert (found.kind, found.order, found.version, found.recorded_at) == (FactKind.VERDICT, ORDER, T0, NOW)
    assert found.verdict
    assert found.verdict.rule == "self_referral"
    assert world.facts.facts_of(ORDER) == (found,)


OWN, OTHERS = ("CY-10", CY), ("DEE-10", "pr_dee")


@pytest.mark.parametrize(
    ("settings", "clicked", "coupons", "expected"),
    [
        # Who wins decides, not which click the order names.
        ({}, (CY, "pr_dee"), (), Outcome.ALLOW),
        ({}, ("pr_dee", CY), (), Outcome.BLOCK),
        ({"attribution_model": AttributionModel.FIRST_CLICK}, (CY, "pr_dee"), (), Outcome.BLOCK),
        ({"attribution_model": AttributionModel.FIRST_CLICK}, ("pr_dee", CY), (), Outcome.ALLOW),
        ({"attribution_model": AttributionModel.LINEAR}, (CY, "pr_dee", "pr_dee"), (), Outcome.BLOCK),
        ({}, (), (OWN,), Outcome.BLOCK),
        ({}, ("pr_dee",), (OWN,), Outcome.BLOCK),
        ({}, (CY,), (OTHERS,), Outcome.ALLOW),
        ({"coupon_mode": CouponMode.IF_TOUCHED}, ("pr_dee",), (OWN,), Outcome.ALLOW),
        ({"coupon_mode": CouponMode.IF_WINNER}, (CY,), (OTHERS,), Outcome.BLOCK),
        ({"self_purchase": SelfPurchase.REBATE}, (CY,), (OWN,), Outcome.ALLOW),
        ({"self_purchase": SelfPurchase.DISCOUNT_ONLY}, (CY,), (OWN,), None),
        ({"self_purchase": SelfPurchase.DISCOUNT_ONLY}, ("pr_dee", CY), (OWN,), Outcome.ALLOW),
    ],
    ids=str,
)
def test_edge_33_who_wins_their_own_purchase_by_whatever_touch(
    settings: dict[str, object],
    clicked: tuple[str, ...],
    coupons: tuple[tuple[str, str], ...],
    expected: Outcome | None,
) -> None:
    world = chain_world(make.plan(1000, 300, **settings))
    world.clicks.stored.clear()
    world.catalog._promoters[(make.PROGRAM_ID, CY)] = make.promoter(CY, make.BO, customer_key=CY_AS_CUSTOMER)
    world.catalog.add_promoter(make.promoter("pr_dee", make.ANA))
    for code, promoter_id in coupons:
        world.catalog.add_coupon(make.coupon(code, promoter_id))
    last = None
    for number, promoter_id in enumerate(clicked):
        at = T0 - minutes(30 - number)
        last = f"{'5' * 22}-{number:020d}"
        world.clicks.record(make.click(id=last, promoter_id=promoter_id, occurred_at=at, recorded_at=at))
    codes = tuple(code for code, _ in coupons)
    found = screened(world, bought(CY_AS_CUSTOMER, click_id=last, coupon_codes=codes))
    assert outcome(found) is expected


@pytest.mark.parametrize("customer_key", ["d" * 24, None])
def test_anybody_elses_is_allowed(customer_key: str | None) -> None:
    assert outcome(screened(world_of_cy(), bought(customer_key))) is Outcome.ALLOW


def test_a_promoter_without_a_key_is_never_taken_for_a_guest() -> None:
    assert outcome(screened(chain_world(), bought(None))) is Outcome.ALLOW


def test_screening_twice_or_each_fact_of_the_order_appends_one_verdict() -> None:
    world = world_of_cy()
    assert screened(world, bought(CY_AS_CUSTOMER))
    assert screened(world, bought(CY_AS_CUSTOMER)) is None
    assert screened(world, bought(CY_AS_CUSTOMER, received_at=T0)) is None
    assert len(world.facts.facts_of(ORDER)) == 1


def test_what_says_too_little_gets_no_verdict() -> None:
    world = world_of_cy()
    assert screened(world, bought("x", click_id=None)) is None
    assert screened(world, bought("x", placed_at=None)) is None
    assert screened(world, bought("x", click_id="9" * 22 + "-" + "9" * 20)) is None
    assert screened(world, make.refunded("r1", minutes(60), ("a", 1))) is None
    assert screened(world, make.verdict(Outcome.ALLOW)) is None
    world.clicks.stored[make.CLICK_ID] = make.click(promoter_id="pr_gone")
    assert screened(world, bought("x")) is None
    assert world.facts.facts_of(ORDER) == ()


@pytest.mark.parametrize("late_first", [True, False])
def test_an_address_that_only_one_body_tells_blocks_in_any_order(*, late_first: bool) -> None:
    """The first body may be a guest's; both verdicts are of the order's own instant, the severer stands."""
    world = world_of_cy()
    facts = [bought(None), bought(CY_AS_CUSTOMER)]
    for fact in reversed(facts) if late_first else facts:
        world.append(fact)
        screened(world, fact)
        try:
            world.post(NOW)
        except OrderUnprocessableError:
            raise AssertionError("nothing here waits for a person") from None
    world.fold()
    assert (world.balance(CY).held_minor, world.balance(CY).blocked_minor) == (0, 1333)
