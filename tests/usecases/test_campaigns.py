"""Campaigns: what they add to what the promoter of a sale earns, by stacking, within their limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from grapevine.domain.campaigns import Audience, Clock, Pays, Stacking
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.explanation import explained
from grapevine.domain.facts import FactKind
from grapevine.domain.money import POINTS
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import AttributionModel
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.sentences import sentences
from grapevine.domain.verification import Books, Fault, verify
from grapevine.domain.wording import Language
from grapevine.domain.wordings import WORDINGS
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.publish_rate import PublishRate, publish_rate
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.boosting import boosted, day_of, has, spent, taken, tiered
from tests.usecases.scarce import Racing, check, gone, order, paid, post, told

CASH = "cm_1", "USD"
ADD, MULTIPLY, MAX, EXCLUSIVE = Stacking


# --- one campaign --------------------------------------------------------------------------------


def test_a_campaign_adds_to_what_the_promoter_of_the_sale_earns_and_its_account_says_what_it_cost() -> None:
    world = boosted(day_of(add_bps=500))
    entry = post(world, paid(1))
    assert has(world, 1) == {CY: 1000 + 500, BO: 300, ANA: 100}
    assert spent(world) == {CASH: 500}
    assert entry is not None
    assert entry.decision is not None
    assert entry.decision.campaigns == (("cm_1",),)


@pytest.mark.parametrize(
    ("campaign", "expected"),
    [
        ({"multiplier_bps": 20_000}, 1000),
        ({"multiplier_bps": 15_000, "add_bps": 100}, 500 + 100),
        ({"bonus": 777}, 777),
        ({"bonus": 777, "add_bps": 1}, 778),
    ],
)
def test_what_one_campaign_adds_to_ten_per_cent_of_a_hundred(campaign: dict[str, Any], expected: int) -> None:
    world = boosted(day_of(**campaign))
    post(world, paid(1))
    assert spent(world) == {CASH: expected}
    assert has(world, 1)[CY] == 1000 + expected


def test_a_refund_takes_back_its_part_and_a_full_one_leaves_nothing() -> None:
    world = boosted(day_of(multiplier_bps=20_000, bonus=333))
    post(world, paid(1))
    post(world, gone(1, 5_000))
    # Half of the line's 1333: 666.5 is 666, to the even one; half of the commission is 500.
    assert (has(world, 1)[CY], spent(world)) == (500 + 667, {CASH: 667})
    post(world, gone(1, 5_000, minutes(11)))
    assert (has(world, 1), spent(world)) == ({}, {})


def test_a_bonus_is_dealt_out_over_the_lines_and_goes_back_with_them() -> None:
    world = boosted(day_of(bonus=100))
    lines = make.line("a", 10_000), make.line("b", 5_000)
    post(world, paid(1, lines=lines))
    assert spent(world) == {CASH: 100}
    post(world, gone(1, 10_000))
    # 66.7 and 33.3: line a has 67 of it.
    assert spent(world) == {CASH: 33}


def test_an_order_for_nothing_has_the_bonus_only_where_the_plan_pays_for_such_orders() -> None:
    for is_paid in (False, True):
        plan = make.plan(1000, per_order_minor=(50,), per_order_if_free=is_paid)
        world = boosted(day_of(bonus=100), plan=plan)
        free = make.line("a", 0, gross_minor=2_000, discount_minor=2_000)
        post(world, paid(1, lines=(free,)))
        assert has(world, 1) == ({CY: 150} if is_paid else {})


def test_the_promoters_above_have_nothing_of_it_and_neither_have_bound_products() -> None:
    world = boosted(day_of(add_bps=500), plan=make.plan(1000, 300, product_bound=True))
    bound = ProductChange(effective_at=T0 - days(9), promoter_id=ANA)
    world.catalog.put_product(Product(program_id=PROGRAM_ID, id="77", changes=(bound,)))
    lines = make.line("a", 10_000, product_id="77"), make.line("b", 10_000)
    post(world, paid(1, lines=lines))
    assert has(world, 1) == {CY: 1500, BO: 300, ANA: 1000}


def test_those_who_share_an_order_share_what_a_campaign_adds() -> None:
    world = boosted(day_of(add_bps=101), plan=make.plan(1000, attribution_model=AttributionModel.LINEAR))
    world.clicks.record(make.click(id=make.CLICK_ID[:-1] + "9", promoter_id=BO, occurred_at=T0 - minutes(40)))
    post(world, paid(1))
    assert has(world, 1) == {BO: 500 + 51, CY: 500 + 50}
    assert spent(world) == {CASH: 101}


def test_the_campaign_gives_way_to_the_plans_caps_before_any_level() -> None:
    world = boosted(day_of(add_bps=3000), plan=make.plan(1000, 300, pool_cap_bps=2000))
    post(world, paid(1))
    assert has(world, 1) == {CY: 1000 + 700, BO: 300}
    world = boosted(day_of(add_bps=9000), plan=make.plan(1000, 300, pool_cap_bps=10_000))
    post(world, paid(1))
    assert has(world, 1) == {CY: 8000, BO: 300}


def test_the_plans_cap_on_an_order_is_about_both_and_the_campaign_gives_way() -> None:
    cap = Cap(id="order", per=CapPer.ORDER, amount_minor=1_400)
    world = boosted(day_of(add_bps=500), plan=make.plan(1000, 300, caps=(cap,)))
    post(world, paid(1))
    assert has(world, 1) == {CY: 1000 + 100, BO: 300}
    assert spent(world) == {CASH: 100}


def test_what_a_campaign_adds_to_an_order_in_another_currency_is_in_the_programs() -> None:
    world = boosted(day_of(add_bps=500, bonus=50))
    publish_rate(PublishRate(PROGRAM_ID, make.rate("1.10", T0 - days(1))), world.catalog)
    post(world, paid(1, currency="EUR"))
    assert spent(world) == {CASH: 550 + 50}


# --- when and for whom ---------------------------------------------------------------------------


def shop_clock(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of November 2026 on Shanghai's clock."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC) - minutes(8 * 60)


@pytest.mark.parametrize(
    ("clock", "placed", "paid_at", "is_in"),
    [
        (Clock.PAID, shop_clock(10, 23, 59, 59), shop_clock(10, 23, 59, 59), False),
        (Clock.PAID, shop_clock(10, 23, 59, 59), shop_clock(11, 0), True),
        (Clock.PLACED, shop_clock(10, 23, 59, 59), shop_clock(11, 0), False),
        (Clock.PAID, shop_clock(11, 23, 59, 59), shop_clock(11, 23, 59, 59), True),
        (Clock.PAID, shop_clock(11, 23, 59, 59), shop_clock(12, 0), False),
        (Clock.PLACED, shop_clock(11, 23, 59, 59), shop_clock(12, 0, 20), True),
        (Clock.PLACED, shop_clock(12, 0), shop_clock(12, 0), False),
    ],
)
def test_edge_59_midnight_in_shanghai_by_the_payment_or_by_the_placing(
    clock: Clock, placed: datetime, paid_at: datetime, *, is_in: bool
) -> None:
    world = boosted(day_of(add_bps=500, clock=clock))
    world.clicks.stored.clear()
    world.clicks.record(make.click(occurred_at=placed - minutes(5), recorded_at=placed - minutes(5)))
    fact = paid(1, placed_at=placed)
    post(world, replace(fact, version=paid_at, recorded_at=paid_at), at=paid_at - T0 + minutes(1))
    assert spent(world) == ({CASH: 500} if is_in else {})


def test_a_campaign_that_was_stopped_is_over_from_that_instant() -> None:
    for stopped, expected in ((minutes(1), {}), (minutes(1.01), {CASH: 500})):
        world = boosted(day_of(add_bps=500, stopped_at=T0 + stopped))
        post(world, paid(1))
        assert spent(world) == expected


@pytest.mark.parametrize(
    ("audience", "is_in"),
    [
        (Audience(channels=("wechat", "sms")), True),
        (Audience(channels=("mail",)), False),
        (Audience(joined_within_days=101), True),
        (Audience(joined_within_days=100), False),
        (Audience(tier_ids=("silver",)), False),
    ],
)
def test_who_a_campaign_is_for(audience: Audience, *, is_in: bool) -> None:
    world = boosted(day_of(add_bps=500, audience=audience))
    world.clicks.stored.clear()
    world.clicks.record(make.click(channel="wechat"))
    post(world, paid(1))
    assert spent(world) == ({CASH: 500} if is_in else {})


def test_a_campaign_for_a_channel_is_not_for_orders_that_a_coupon_brought() -> None:
    world = boosted(day_of(add_bps=500, audience=Audience(channels=("",))))
    world.catalog.add_coupon(make.coupon())
    post(world, paid(1))
    post(world, paid(2, coupon_codes=("CY-10",)))
    assert (spent(world, 1), spent(world, 2)) == ({CASH: 500}, {})


def test_a_campaign_for_tiers_is_for_who_stands_there() -> None:
    for tier, expected in (("silver", {CASH: 500}), ("base", {})):
        world = tiered(day_of(add_bps=500, audience=Audience(tier_ids=(tier,))))
        post(world, paid(1))
        assert spent(world) == expected


@pytest.mark.parametrize(
    "audience",
    [
        Audience(product_ids=("77",)),
        Audience(categories=("tea",)),
        Audience(collection_ids=("sale", "gifts")),
        Audience(product_ids=("99",), categories=("tea",)),
    ],
)
def test_a_campaign_for_products_is_for_their_lines_alone(audience: Audience) -> None:
    world = boosted(day_of(add_bps=500, bonus=60, audience=audience))
    change = ProductChange(effective_at=T0 - days(9), category="tea", collections=("gifts",))
    world.catalog.put_product(Product(program_id=PROGRAM_ID, id="77", changes=(change,)))
    lines = make.line("a", 10_000, product_id="77"), make.line("b", 90_000, product_id="88")
    post(world, paid(1, lines=lines))
    assert spent(world) == {CASH: 560}
    post(world, paid(2, lines=lines[1:]))
    assert spent(world, 2) == {}


def test_an_order_has_at_most_five_campaigns_those_with_the_lowest_ids() -> None:
    world = boosted(*(day_of(f"cm_{number}", add_bps=10) for number in range(1, 8)))
    post(world, paid(1))
    assert spent(world) == {(f"cm_{number}", "USD"): 10 for number in range(1, 6)}


def test_campaigns_for_products_that_an_order_does_not_have_take_no_place_among_the_five() -> None:
    others = [day_of(f"cm_{n}", add_bps=10, audience=Audience(product_ids=(f"{n}",))) for n in range(1, 6)]
    tea = day_of("cm_6", add_bps=60, audience=Audience(product_ids=("77",)))
    groups = day_of("cm_7", add_bps=70, audience=Audience(categories=("tea",)))
    world = boosted(*others, tea, groups)
    change = ProductChange(effective_at=T0 - days(9), category="tea")
    world.catalog.put_product(Product(program_id=PROGRAM_ID, id="77", changes=(change,)))
    post(world, paid(1, lines=(make.line("a", 10_000, product_id="77"),)))
    assert spent(world) == {("cm_6", "USD"): 60, ("cm_7", "USD"): 70}
    # A line that is added later brings its own campaign.
    lines = make.line("a", 10_000, product_id="77"), make.line("b", 10_000, product_id="3")
    body = make.snapshot(lines=lines, customer_key="cu_eve")
    post(world, make.fact(FactKind.EDITED, minutes(90), order=order(1), snapshot=body), at=minutes(91))
    assert spent(world) == {("cm_3", "USD"): 10, ("cm_6", "USD"): 60, ("cm_7", "USD"): 70}


# --- boost × tier × coupon -----------------------------------------------------------------------

DOUBLE = day_of("cm_2", multiplier_bps=20_000, stacking=MULTIPLY)
"""Doubles whatever is there."""


@pytest.mark.parametrize(
    ("stacking", "expected"),
    [
        # The plan pays 1000, silver 200 more. The campaign: half as much again, and 300.
        (ADD, 500 + 300),
        (MULTIPLY, (1000 + 200) // 2 + 300),
        (MAX, 800 - 200),
        (EXCLUSIVE, 800 - 200),
    ],
)
def test_edge_61_a_boost_on_a_tier_in_each_stacking(stacking: Stacking, expected: int) -> None:
    world = tiered(day_of(multiplier_bps=15_000, add_bps=300, stacking=stacking))
    post(world, paid(1))
    assert (has(world, 1), spent(world)) == ({CY: 1200 + expected}, {CASH: expected})


@pytest.mark.parametrize(
    ("stacking", "first", "second"),
    [
        # Beside it another one adds 100 and doubles everything before it.
        (ADD, 800, 1000 + 200 + 800),
        (MULTIPLY, 600 + 300, 1000 + 200 + 900),
        (MAX, 0, 1000 + 200),
        (EXCLUSIVE, 600, 0),
    ],
)
def test_edge_61_two_boosts_on_a_tier(stacking: Stacking, first: int, second: int) -> None:
    boost = day_of(multiplier_bps=15_000, add_bps=300, stacking=stacking)
    world = tiered(boost, DOUBLE)
    post(world, paid(1))
    expected = {CASH: first, ("cm_2", "USD"): second}
    assert spent(world) == {name: minor for name, minor in expected.items() if minor}
    assert has(world, 1) == {CY: 1200 + first + second}


def test_edge_61_an_exclusive_campaign_that_pays_less_than_the_tier_lowers_what_the_tier_adds() -> None:
    world = tiered(day_of(add_bps=50, stacking=EXCLUSIVE))
    post(world, paid(1))
    assert (has(world, 1), spent(world)) == ({CY: 1050}, {})


def test_edge_61_of_exclusive_campaigns_the_best_paid_of_equals_the_lowest_id() -> None:
    worse, best = day_of("cm_2", bonus=299, stacking=EXCLUSIVE), day_of("cm_3", add_bps=300)
    equal = day_of("cm_4", bonus=300, stacking=EXCLUSIVE)
    world = tiered(worse, replace(best, stacking=EXCLUSIVE), equal, replace(DOUBLE, id="cm_9"))
    post(world, paid(1))
    assert (has(world, 1), spent(world)) == ({CY: 1300}, {("cm_3", "USD"): 100})


# --- points --------------------------------------------------------------------------------------


def test_edge_62_cash_and_points_from_one_order_and_both_go_back_in_proportion() -> None:
    points = day_of("cm_2", pays=Pays.POINTS, multiplier_bps=30_000, bonus=10)
    world = boosted(day_of(add_bps=500), points, plan=make.plan(1000, points_per_unit=2))
    post(world, paid(1))
    assert (has(world, 1), has(world, 1, POINTS)) == ({CY: 1500}, {CY: 200 + 400 + 10})
    assert spent(world) == {CASH: 500, ("cm_2", POINTS): 410}
    post(world, gone(1, 2_500))
    assert has(world, 1, POINTS) == {CY: 150 + 308}
    post(world, gone(1, 7_500, minutes(11)))
    assert (has(world, 1), has(world, 1, POINTS), spent(world)) == ({}, {}, {})


@pytest.mark.parametrize(
    ("stacking", "first", "second"),
    [(ADD, 150, 250), (MULTIPLY, 150, 250), (MAX, 50, 100), (EXCLUSIVE, 150, 0)],
)
def test_edge_61_points_campaigns_stack_among_themselves(stacking: Stacking, first: int, second: int) -> None:
    boost = day_of(pays=Pays.POINTS, multiplier_bps=15_000, add_points_per_unit=1, stacking=stacking)
    double = replace(DOUBLE, pays=Pays.POINTS)
    world = boosted(boost, double, plan=make.plan(1000, points_per_unit=1))
    post(world, paid(1))
    expected = {("cm_1", POINTS): first, ("cm_2", POINTS): second}
    assert spent(world) == {name: minor for name, minor in expected.items() if minor}
    assert has(world, 1, POINTS) == {CY: 100 + first + second}


def test_edge_61_an_exclusive_points_campaign_below_one_takes_from_the_plans_points() -> None:
    none = day_of(pays=Pays.POINTS, multiplier_bps=0, bonus=5, stacking=EXCLUSIVE)
    half = replace(none, multiplier_bps=5_000, bonus=0)
    for campaign, expected in ((none, 5), (half, 50)):
        world = boosted(campaign, plan=make.plan(1000, points_per_unit=1))
        post(world, paid(1))
        assert (has(world, 1, POINTS), spent(world)) == ({CY: expected}, {})


def test_points_alone_are_held_released_and_voided_like_money() -> None:
    world = boosted(plan=make.plan(0, points_per_unit=3))
    world.append(paid(1))
    world.post(T0 + minutes(2), order(1))
    assert has(world, 1, POINTS) == {CY: 300}
    world.post(T0 + days(40), order(1))
    world.fold()
    assert world.balance(CY, POINTS).payable_minor == 300
    assert world.balance(CY).payable_minor == 0


# --- limits --------------------------------------------------------------------------------------


def test_edge_60_what_is_left_of_a_budget_is_granted_in_part_and_given_back_on_a_refund() -> None:
    world = boosted(day_of(add_bps=500, budget=800))
    for number in (1, 2, 3):
        post(world, paid(number))
    assert [spent(world, number) for number in (1, 2, 3)] == [{CASH: 500}, {CASH: 300}, {}]
    post(world, gone(1, 4_000))
    assert taken(world, "budget.cm_1") == 600
    # Who found nothing left asks no more; the next order has what was given back.
    assert world.post(T0 + minutes(30), order(3)) is None
    post(world, paid(4))
    assert spent(world, 4) == {CASH: 200}


def test_edge_60_a_budget_over_shards_is_spent_to_the_last_unit() -> None:
    world = boosted(day_of(add_bps=500, budget=8_005))
    for number in range(1, 18):
        post(world, paid(number))
    assert [spent(world, number).get(CASH, 0) for number in (16, 17)] == [500, 5]
    assert taken(world, "budget.cm_1") == 8_005
    assert len([key for key in world.ledger.counters if key.scarce == "budget.cm_1"]) == 8


def test_edge_60_a_budget_is_asked_for_also_where_a_cap_is_counted_before_it() -> None:
    daily = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_200)
    world = boosted(day_of(add_bps=500, budget=10_000, promoter_cap=700))
    post(world, paid(1))
    post(world, paid(2))
    assert [spent(world, number) for number in (1, 2)] == [{CASH: 500}, {CASH: 200}]
    world = boosted(day_of(add_bps=500, budget=10_000), plan=make.plan(1000, caps=(daily,)))
    post(world, paid(1))
    assert (has(world, 1), spent(world)) == ({CY: 1_200}, {CASH: 200})


def test_what_one_order_and_one_promoter_may_have_of_a_campaign() -> None:
    world = boosted(day_of(add_bps=500, order_cap=400, promoter_cap=700))
    post(world, paid(1))
    post(world, paid(2))
    assert [spent(world, number) for number in (1, 2)] == [{CASH: 400}, {CASH: 300}]
    post(world, gone(1, 10_000))
    post(world, paid(3))
    assert spent(world, 3) == {CASH: 400}


def test_what_goes_back_from_who_is_banned_goes_back_to_the_budget() -> None:
    world = boosted(day_of(add_bps=500, budget=500))
    post(world, paid(1))
    cy = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    world.catalog.change_promoter(cy.with_status(PromoterStatus.BANNED, "cheated", T0 + minutes(40)), 0)
    world.void(CY, T0 + minutes(41))
    assert (has(world, 1), spent(world), taken(world, "budget.cm_1")) == ({BO: 300, ANA: 100}, {}, 0)
    assert world.proof().faults == ()
    assert told(world, 1)["re_adds"] is True


@pytest.mark.parametrize(("times", "left"), [(0, 500), (1, 200), (2, 0)])
def test_edge_60_of_two_orders_for_the_last_of_a_budget_one_starts_over(times: int, left: int) -> None:
    world = boosted(day_of(add_bps=500, budget=600))
    world.append(paid(1))
    ports = PostOrderPorts(Racing(world, times), world.facts, world.clicks, world.catalog, world.pages)
    post_order(PostOrder(order(1)), ports, T0 + minutes(20))
    check(world)
    # Whoever is in between wants 400 of it, twice at most.
    assert spent(world).get(CASH, 0) == left
    assert taken(world, "budget.cm_1") == min(600, 500 if not times else 400 * times + left)


def test_edge_60_an_order_edited_upwards_asks_for_the_difference_alone() -> None:
    world = boosted(day_of(add_bps=500, budget=8_000))
    post(world, paid(1))
    post(world, paid(1, 30_000, minutes(5)))
    assert spent(world) == {CASH: 1500}
    assert taken(world, "budget.cm_1") == 1500


def test_a_budget_that_was_granted_and_not_paid_is_a_fault() -> None:
    world = boosted(day_of(add_bps=500, budget=600))
    entry = post(world, paid(1))
    assert entry is not None
    chain = {order(1): (replace(entry, grants=(replace(entry.grants[0], granted=499),)),)}
    counters = {entry.grants[0].key: 499}
    pages = {page.key: page for page in world.treasury.all_pages(PROGRAM_ID)}
    faults = verify(Books(orders=chain, counters=counters, pages=pages))
    assert faults == (Fault("budget", str(order(1)), "cm_1 paid 500, 499 were granted"),)


def test_campaigns_and_points_are_told_in_words() -> None:
    points = day_of("cm_2", name="Triple points", pays=Pays.POINTS, multiplier_bps=30_000)
    world = boosted(day_of(add_bps=500, budget=300), points, plan=make.plan(1000, points_per_unit=1))
    post(world, paid(1))
    post(world, gone(1, 5_000))
    entries, facts = world.ledger.entries_of(order(1)), world.facts.facts_of(order(1))
    found = explained(entries, facts, world.catalog.terms(PROGRAM_ID))
    assert sentences(found, WORDINGS[Language.EN])[CY][1:] == [
        "The campaign Double 11 added 5.00 USD; 2.50 USD went back when part was refunded.",
        "You earned 100 points with this order; 50 points went back when part was refunded.",
        "The campaign Triple points added 200 points; 100 points went back when part was refunded.",
    ]
    assert "活动“Double 11”另加 5.00 美元" in sentences(found, WORDINGS[Language.ZH])[CY][1]
    rows = told(world, 1)["campaigns"]
    assert [(row["campaign"], row["wanted"], row["granted"]) for row in rows] == [
        ("cm_1", "2.50", "2.50"),
        (None, "50", "50"),
        ("cm_2", "100", "100"),
    ]
    assert told(world, 1)["points"] == {CY: "150"}


def test_edge_60_a_budget_is_asked_also_where_other_caps_must_be_asked_first() -> None:
    daily = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_400)
    boost = day_of(add_bps=500, budget=9_000, promoter_cap=300)
    world = boosted(boost, plan=make.plan(1000, caps=(daily,)))
    post(world, paid(1))
    assert (has(world, 1), spent(world)) == ({CY: 1300}, {CASH: 300})
    post(world, gone(1, 5_000))
    assert (has(world, 1), spent(world)) == ({CY: 750}, {CASH: 250})
