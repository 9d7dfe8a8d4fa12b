"""Which promoter an order belongs to: clicks, coupons, models, and buying for oneself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.decisions import Decision
from grapevine.domain.entries import standing
from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Fact, FactKind, Outcome
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, SelfPurchase
from grapevine.usecases.create_coupon import CreateCoupon, SwitchCoupon, create_coupon, switch_coupon
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

VISITOR = "2" * 22
DEE = "pr_dee"


def click_id(number: int) -> str:
    return f"{VISITOR}-{number:020d}"


def clicked(world: World, promoter_id: str, number: int, at: float) -> str:
    """Record a click `at` minutes from the order; ids sort as time does."""
    instant = T0 + minutes(at)
    click = make.click(
        id=click_id(number), promoter_id=promoter_id, upline=(), occurred_at=instant, recorded_at=instant
    )
    world.clicks.record(click)
    return click.id


def alone(**terms: object) -> World:
    """Return a world of one level whose visitor has clicked nothing yet."""
    world = chain_world(make.plan(1000, **terms))
    world.clicks.stored.clear()
    world.catalog.add_promoter(make.promoter(DEE))
    return world


def coupon(world: World, promoter_id: str, code: str, at: float = -60) -> None:
    command = CreateCoupon(program_id=PROGRAM_ID, promoter_id=promoter_id, code=code)
    create_coupon(command, world.catalog, T0 + minutes(at))


def order(named: str | None = None, *codes: str, **changes: object) -> Fact:
    told = make.snapshot(click_id=named, coupon_codes=codes, **changes)
    return make.fact(FactKind.PAID, minutes(1), snapshot=told)


def posted(world: World, fact: Fact) -> dict[str, int]:
    world.append(fact)
    world.post(T0 + minutes(90))
    world.fold()
    assert world.proof().faults == ()
    return earned(world)


def decision(world: World) -> Decision:
    found = world.ledger.entries_of(make.ORDER)[-1].decision
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (AttributionModel.LAST_CLICK, {DEE: 1333}),
        (AttributionModel.FIRST_CLICK, {CY: 1333}),
        (AttributionModel.LINEAR, {CY: 445, BO: 444, DEE: 444}),
    ],
)
def test_edge_25_several_promoters_clicked_and_every_candidate_is_kept(
    model: AttributionModel, expected: dict[str, int]
) -> None:
    world = alone(attribution_model=model)
    clicked(world, CY, 1, -50)
    clicked(world, BO, 2, -40)
    last = clicked(world, DEE, 3, -30)
    assert sum(expected.values()) == 1333
    assert posted(world, order(last)) == expected
    assert decision(world).reason.value == model.value
    assert [candidate.promoter_id for candidate in decision(world).candidates] == [CY, BO, DEE]


def test_edge_25_a_linear_split_gives_each_promoter_its_own_upline() -> None:
    world = chain_world(make.plan(1000, 300, attribution_model=AttributionModel.LINEAR))
    world.catalog.add_promoter(make.promoter(DEE))
    clicked(world, DEE, 9, -10)
    assert posted(world, order(make.CLICK_ID)) == {CY: 667, DEE: 666, BO: 200}


@given(
    lines=st.lists(st.integers(1, 99_999), min_size=1, max_size=4),
    parts=st.integers(2, 4),
    cuts=st.lists(st.integers(0, 100), min_size=1, max_size=4),
)
def test_edge_25_a_linear_split_is_exact_and_clears_to_zero(
    lines: list[int], parts: int, cuts: list[int]
) -> None:
    world = alone(attribution_model=AttributionModel.LINEAR)
    for number, name in enumerate((CY, BO, DEE, ANA)[:parts]):
        clicked(world, name, number, -50 + number)
    told = tuple(make.line(str(number), base) for number, base in enumerate(lines))
    whole = (sum(lines) * 1000 * 2 + 10_000) // 20_000
    total = sum(posted(world, order(click_id(0), lines=told)).values())
    assert abs(total - whole) <= 1  # half to even, where the line above rounds up
    for number, (base, cut) in enumerate(zip(lines, cuts, strict=False)):
        world.append(make.refunded(f"r{number}", minutes(5 + number), (str(number), base * cut // 100)))
        world.post(T0 + minutes(91 + number))
        entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
        assert explained(entries, facts, world.catalog.terms(PROGRAM_ID)).re_adds
    world.append(make.refunded("all", minutes(60), *((str(n), base) for n, base in enumerate(lines))))
    world.post(T0 + days(1))
    assert standing(world.ledger.entries_of(make.ORDER)) == {}


@pytest.mark.parametrize(
    ("mode", "has_click_of_coupon", "expected"),
    [
        (CouponMode.ALWAYS, False, CY),
        (CouponMode.ALWAYS, True, CY),
        (CouponMode.IF_TOUCHED, False, DEE),
        (CouponMode.IF_TOUCHED, True, CY),
        (CouponMode.IF_WINNER, True, DEE),
    ],
)
def test_edge_26_a_coupon_of_one_and_a_click_of_another(
    mode: CouponMode, has_click_of_coupon: bool, expected: str
) -> None:
    world = alone(coupon_mode=mode)
    coupon(world, CY, "CY10")
    if has_click_of_coupon:
        clicked(world, CY, 1, -40)
    last = clicked(world, DEE, 2, -30)
    assert posted(world, order(last, "CY10")) == {expected: 1333}


def test_edge_26_a_coupon_alone_is_enough_and_waits_for_no_click() -> None:
    world = alone()
    coupon(world, CY, "CY10")
    world.append(order(click_id(7), "CY10"))
    world.post(T0 + minutes(2))
    assert decision(world).reason.value == "coupon"


def test_edge_27_of_two_promoters_coupons_the_first_applied_wins() -> None:
    world = alone()
    coupon(world, CY, "CY10")
    coupon(world, DEE, "DEE10")
    assert posted(world, order(None, "SHOP-SALE", "DEE10", "CY10")) == {DEE: 1333}


@pytest.mark.parametrize("told", ["cy-10", "  CY-10 ", "\uff23\uff39-\uff11\uff10", "Cy-10"])
def test_edge_29_a_code_is_one_however_it_is_written(told: str) -> None:
    world = alone()
    coupon(world, CY, "Cy-10")
    assert posted(world, order(None, told)) == {CY: 1333}
    with pytest.raises(AlreadyExistsError):
        coupon(world, DEE, told)


def test_edge_30_a_coupon_disabled_before_the_order_falls_back_to_the_click() -> None:
    world = alone()
    coupon(world, CY, "CY10")
    switch_coupon(
        SwitchCoupon(program_id=PROGRAM_ID, code="cy10", enabled=False), world.catalog, T0 - minutes(20)
    )
    last = clicked(world, DEE, 1, -30)
    assert posted(world, order(last, "CY10")) == {DEE: 1333}
    assert [candidate.reason.value for candidate in decision(world).candidates] == ["eligible", "disabled"]


def test_edge_30_disabled_after_the_order_still_counts_for_it() -> None:
    world = alone()
    coupon(world, CY, "CY10")
    off = SwitchCoupon(program_id=PROGRAM_ID, code="CY10", enabled=False)
    switch_coupon(off, world.catalog, T0 + minutes(20))
    assert posted(world, order(None, "CY10")) == {CY: 1333}


def test_a_coupon_made_after_the_order_does_not_count() -> None:
    world = alone()
    coupon(world, CY, "CY10", at=30)
    assert posted(world, order(None, "CY10")) == {}


@pytest.mark.parametrize(
    ("policy", "expected", "outcome"),
    [
        (SelfPurchase.BLOCK, {CY: 1333, BO: 400}, Outcome.BLOCK),
        (SelfPurchase.DISCOUNT_ONLY, {}, None),
        (SelfPurchase.REBATE, {CY: 1333}, Outcome.ALLOW),
    ],
)
def test_edge_33_a_promoter_buys_through_their_own_link(
    policy: SelfPurchase, expected: dict[str, int], outcome: Outcome | None
) -> None:
    world = chain_world(make.plan(1000, 300, self_purchase=policy))
    version = world.catalog.network_version(PROGRAM_ID)
    cy = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    world.catalog.change_promoter(replace(cy, customer_key="key-of-cy"), version)
    fact = order(make.CLICK_ID, customer_key="key-of-cy")
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    verdict = screen_order(ScreenOrder(fact), ports, T0)
    assert (verdict.verdict.outcome if verdict and verdict.verdict else None) is outcome
    assert posted(world, fact) == expected


def test_edge_36_a_later_click_of_the_same_person_moves_the_last_touch() -> None:
    world = alone()
    first = clicked(world, CY, 1, -50)
    clicked(world, DEE, 2, -10)
    assert posted(world, order(first)) == {DEE: 1333}


def test_edge_35_a_robots_click_is_kept_and_never_wins() -> None:
    world = alone()
    instant = T0 - minutes(5)
    world.clicks.record(
        make.click(
            id=click_id(2), promoter_id=DEE, occurred_at=instant, recorded_at=instant, bot_reason="listed"
        )
    )
    last = clicked(world, CY, 1, -30)
    assert posted(world, order(last)) == {CY: 1333}
    assert {candidate.reason.value for candidate in decision(world).candidates} == {"eligible", "bot"}


def test_more_touches_than_an_entry_keeps_leave_the_winners() -> None:
    world = alone(attribution_model=AttributionModel.FIRST_CLICK)
    clicked(world, CY, 0, -59)
    clicks = [clicked(world, DEE, number, -59 + number) for number in range(1, 30)]
    assert posted(world, order(clicks[-1])) == {CY: 1333}
    assert len(decision(world).candidates) == 10
    assert decision(world).candidates[0].promoter_id == CY


def test_switching_is_a_change_on_top_of_the_last_one() -> None:
    world = alone()
    coupon(world, CY, "CY10")
    made = world.catalog.coupons(PROGRAM_ID, ("CY10",))["CY10"]
    world.catalog.change_coupon(made.switched(enabled=False, now=T0))
    with pytest.raises(NetworkMovedError):
        world.catalog.change_coupon(made.switched(enabled=True, now=T0))
    with pytest.raises(NotFoundError):
        switch_coupon(SwitchCoupon(program_id=PROGRAM_ID, code="NONE1", enabled=True), world.catalog, T0)
    with pytest.raises(InvalidInputError, match="not a coupon code"):
        coupon(world, CY, "no blanks inside")


def test_plans_differ_in_nothing_that_was_not_asked_for() -> None:
    assert make.plan(1000) == Plan(version=1, effective_at=T0 - days(400), rate_bps=(1000,))
