"""What campaigns add, by hand: each stacking on a tier, under a coupon, within the plan's caps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.campaigns import WHOLE_BPS, Audience, Campaign, Pays, Stacking
from grapevine.domain.candidates import Reason
from grapevine.domain.commissions import PER_ORDER
from grapevine.domain.decision_texts import decision_from_dict, decision_to_dict
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import earned_by_promoter, worked_out
from grapevine.domain.facts import FactKind, Refund, RefundLine
from grapevine.domain.orders import Order, fold
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierStanding, Volume
from tests import builders as make
from tests.builders import BO, CY, T0, minutes
from tests.usecases.boosting import TIERS, day_of

ADD, MULTIPLY, MAX, EXCLUSIVE = Stacking
SILVER = TierStanding(
    promoter_id=CY, month="2026-10", volume=Volume(20_000, 2), tier_id="silver", uplift=(200, 1)
)
PLAN = make.plan(1000, 300, tiers=TIERS, pool_cap_bps=10_000)


def sold(*lines: tuple[str, int]) -> Order:
    body = make.snapshot(lines=tuple(make.line(name, minor) for name, minor in lines or (("a", 10_000),)))
    return fold([make.fact(FactKind.PAID, snapshot=body)])


def decided(*campaigns: Campaign, **changes: object) -> Decision:
    values: dict[str, object] = {
        "basis": "",
        "reason": Reason.LAST_CLICK,
        "plan_version": 1,
        "promoter_ids": (CY, BO),
        "candidates": (),
        "tiers": (SILVER,),
        "campaigns": (tuple(campaign.id for campaign in campaigns),) if campaigns else (),
    }
    return Decision(**{**values, **changes})  # type: ignore[arg-type]


def terms(*campaigns: Campaign, plan: Plan = PLAN) -> Terms:
    return replace(make.terms(plan), campaigns=campaigns)


def paid(order: Order, decision: Decision, of: Terms) -> tuple[list[int], list[int]]:
    """Return what the levels and the campaigns come to."""
    worked = worked_out(order, decision, of)
    levels = [commission.earned_minor for _, _, commission in worked.levels]
    return levels, [extra.commission.earned_minor for extra in worked.extras]


@pytest.mark.parametrize(
    ("stacking", "kept_bps", "levels", "campaign"),
    [
        (ADD, WHOLE_BPS, [1200, 300], 800),
        (MULTIPLY, WHOLE_BPS, [1200, 300], 900),
        (MAX, WHOLE_BPS, [1200, 300], 600),
        (EXCLUSIVE, WHOLE_BPS, [1200, 300], 600),
        (ADD, 8_000, [960, 240], 640),
        (MULTIPLY, 8_000, [960, 240], 720),
        (MAX, 8_000, [960, 240], 480),
        (EXCLUSIVE, 8_000, [960, 240], 480),
        (ADD, 0, [0, 0], 0),
    ],
)
def test_edge_61_boost_tier_and_coupon_in_each_stacking(
    stacking: Stacking, kept_bps: int, levels: list[int], campaign: int
) -> None:
    boost = day_of(multiplier_bps=15_000, add_bps=300, stacking=stacking)
    found = paid(sold(), decided(boost, kept_bps=kept_bps), terms(boost))
    assert found == (levels, [campaign])


def test_edge_61_all_at_once_one_after_the_other() -> None:
    boosts = (
        day_of("cm_1", add_bps=100, bonus=50),
        day_of("cm_2", multiplier_bps=12_000, stacking=MULTIPLY),
        day_of("cm_3", multiplier_bps=11_000, add_bps=1, stacking=MULTIPLY),
        day_of("cm_4", add_bps=800, stacking=MAX),
        day_of("cm_5", multiplier_bps=20_000, stacking=MAX),
    )
    # 1000 and 200, then 150; a fifth of 1350; a tenth of 1620, and 1; by then 783 were added: 800 and
    # then 1000 alone are 17, and 200, more.
    expected = [150, 270, 163, 17, 200]
    assert paid(sold(), decided(*boosts), terms(*boosts)) == ([1200, 300], expected)


def test_nothing_is_rounded_before_the_end() -> None:
    boost = day_of(multiplier_bps=10_001)
    order = sold(("a", 5_000), ("b", 5_000), ("c", 5_000))
    assert paid(order, decided(boost, tiers=()), terms(boost)) == ([1500, 450], [0])
    order = sold(*((str(number), 5_000) for number in range(11)))
    assert paid(order, decided(boost, tiers=()), terms(boost)) == ([5500, 1650], [1])


def test_edge_61_a_coupon_leaves_its_part_of_flat_pay_too_and_none_less_of_points() -> None:
    boost = day_of(pays=Pays.POINTS, multiplier_bps=20_000)
    plan = replace(PLAN, per_order_minor=(100, 10), points_per_unit=1)
    found = paid(sold(), decided(boost, kept_bps=5_000), terms(boost, plan=plan))
    assert found == ([600 + 50, 150 + 5], [100, 100])


def test_edge_61_a_coupon_comes_before_the_caps() -> None:
    boost = day_of(add_bps=2_000)
    plan = replace(PLAN, pool_cap_bps=3_000)
    assert paid(sold(), decided(boost), terms(boost, plan=plan)) == ([1200, 300], [1500])
    found = paid(sold(), decided(boost, kept_bps=8_000), terms(boost, plan=plan))
    assert found == ([960, 240], [1600])


def test_an_exclusive_campaign_lowers_the_tier_on_its_lines_alone() -> None:
    boost = day_of(add_bps=50, stacking=EXCLUSIVE, audience=Audience(product_ids=("77",)))
    lines = make.line("a", 10_000, product_id="77"), make.line("b", 10_000)
    order = fold([make.fact(FactKind.PAID, snapshot=make.snapshot(lines=lines))])
    assert paid(order, decided(boost), terms(boost)) == ([1050 + 1200, 600], [0])


def test_what_campaigns_pay_counts_as_earned_money_and_points_do_not() -> None:
    cash, points = day_of("cm_1", add_bps=100), day_of("cm_2", pays=Pays.POINTS, bonus=7)
    found = earned_by_promoter(sold(), decided(cash, points), terms(cash, points))
    assert found == {CY: 1300, BO: 300}


@pytest.mark.parametrize("campaigns", [(), (("cm_1",),), (("cm_1", "cm_2"), (), ("cm_2",))])
def test_a_decision_keeps_its_campaigns(campaigns: tuple[tuple[str, ...], ...]) -> None:
    decision = decided(campaigns=campaigns, further=((BO,), (CY,)))
    assert decision_from_dict(decision_to_dict(decision)) == decision


def test_points_of_a_currency_without_decimals() -> None:
    plan = replace(PLAN, points_per_unit=1)
    yen = replace(make.terms(plan), program=make.program(currency="JPY"))
    assert paid(sold(), decided(), yen)[1] == [10_000]


FREE = replace(PLAN, per_order_minor=(100,), per_order_if_free=True)


def given_away(milli_back: int = 0) -> Order:
    """Return an order of four units, and a product of its own, that cost nothing; some units went back."""
    lines = (
        make.line("a", 5_000, discount_minor=5_000, quantity_milli=3000),
        make.line("b", 200, discount_minor=200, product_id="77"),
    )
    facts = [make.fact(FactKind.PAID, snapshot=make.snapshot(lines=lines))]
    if milli_back:
        part = RefundLine(line_id="a", quantity_milli=milli_back, subtotal_minor=0)
        back = Refund(id="r", created_at=T0 + minutes(60), lines=(part,))
        facts.append(make.fact(FactKind.REFUNDED, minutes(60), refunds=(back,)))
    return fold(facts)


def extras(order: Order, decision: Decision, of: Terms) -> list[tuple[str, int, int, int]]:
    """Return by campaign what an order that cost nothing has of it: in all, reversed, and left."""
    found = []
    for extra in worked_out(order, decision, of).extras:
        paid = extra.commission
        assert [share.component for share in paid.shares] == ([PER_ORDER] if paid.total_minor else [])
        assert [(share.line_id, share.base_minor, share.refunded_minor) for share in paid.shares] in (
            [],
            [("", 0, 0)],
        )
        back = sum(share.reversed_minor for share in paid.shares)
        assert paid.rate_bps == 0
        name = extra.campaign.id if extra.campaign else ""
        if paid.total_minor:
            found.append((name, paid.total_minor, back, paid.earned_minor))
    return found


def test_a_bonus_is_for_an_order_that_cost_nothing_too() -> None:
    cash, points = day_of("cm_1", bonus=333), day_of("cm_2", pays=Pays.POINTS, bonus=70)
    found = extras(given_away(), decided(cash, points, tiers=()), terms(cash, points, plan=FREE))
    assert ("cm_1", 333, 0, 333) in found
    assert ("cm_2", 70, 0, 70) in found


def test_a_coupon_leaves_its_part_of_such_a_bonus_and_points_whole() -> None:
    cash, points = day_of("cm_1", bonus=333), day_of("cm_2", pays=Pays.POINTS, bonus=70)
    lower = decided(cash, points, tiers=(), kept_bps=5_000)
    found = extras(given_away(), lower, terms(cash, points, plan=FREE))
    assert ("cm_1", 166, 0, 166) in found
    assert ("cm_2", 70, 0, 70) in found


def test_units_that_go_back_take_their_part_of_such_a_bonus() -> None:
    cash = day_of("cm_1", bonus=333)
    for milli, reversed_minor in ((1000, 83), (2000, 166), (3000, 250)):
        found = extras(given_away(milli), decided(cash, tiers=()), terms(cash, plan=FREE))
        assert found == [("cm_1", 333, reversed_minor, 333 - reversed_minor)]


def test_such_bonuses_stack_and_go_to_the_campaigns_whose_product_is_there() -> None:
    boosts = (
        day_of("cm_1", bonus=100),
        day_of("cm_2", bonus=250, stacking=MAX),
        day_of("cm_3", bonus=40, audience=Audience(product_ids=("77",))),
        day_of("cm_4", bonus=40, audience=Audience(product_ids=("88",))),
    )
    found = extras(given_away(), decided(*boosts, tiers=()), terms(*boosts, plan=FREE))
    assert [(name, total) for name, total, _, _ in found] == [
        ("cm_1", 100),
        ("cm_2", 110),
        ("cm_3", 40),
    ]


def test_a_plan_that_pays_nothing_for_free_orders_pays_no_bonus_for_them() -> None:
    cash = day_of("cm_1", bonus=333)
    order, decision = given_away(), decided(cash, tiers=())
    assert sum(total for _, total, _, _ in extras(order, decision, terms(cash))) == 0
