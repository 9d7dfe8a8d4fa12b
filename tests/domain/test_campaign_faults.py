"""What a campaign can have wrong: alone, under its plan, and beside other campaigns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grapevine.domain.campaign_faults import MAX_MULTIPLIER_BPS, campaign_faults, outlived_faults
from grapevine.domain.campaigns import Audience, Campaign, Clock, Pays, Stacking
from grapevine.domain.dated_faults import MAX_OPEN, is_over, start_checks
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import default_tiers
from tests import builders as make
from tests.builders import T0, days, minutes

TIERS = default_tiers("USD", 500)
PLAN = make.plan(1000, 200, tiers=TIERS)
ONLY = Stacking.EXCLUSIVE
POINTS: dict[str, Any] = {"pays": Pays.POINTS, "add_bps": 0}


def found(campaign: Campaign, *plans: Plan, others: tuple[Campaign, ...] = ()) -> list[tuple[str, str]]:
    terms = Terms(make.program(), plans or (PLAN,), others)
    return [(fault.where, fault.what) for fault in campaign_faults(campaign, terms)]


def places(*args: Any, **kwargs: Any) -> list[str]:  # noqa: ANN401 - as `found` takes them
    return [where for where, _ in found(*args, **kwargs)]


def doubled(**changes: Any) -> Campaign:  # noqa: ANN401 - a campaign's fields
    return make.campaign(**{"add_bps": 0, "multiplier_bps": 20_000, **changes})


GOOD: tuple[dict[str, Any], ...] = (
    {},
    {"ends_at": T0 + days(366)},
    {"ends_at": T0 + minutes(1)},
    {"clock": Clock.PLACED, "name": "双" * 200},
    {"multiplier_bps": MAX_MULTIPLIER_BPS},
    {"add_bps": 0, "bonus": 500},
    {"add_bps": 0, "bonus": 500, "order_cap": 500, "promoter_cap": 500, "budget": 500},
    {"order_cap": 1, "budget": MAX_MINOR},
    {"add_bps": 0, "multiplier_bps": 20_000, "stacking": Stacking.MULTIPLY},
    {"multiplier_bps": 20_000, "stacking": Stacking.MAX},
    {"add_bps": 0, "multiplier_bps": 0, "stacking": ONLY},
    {"stacking": ONLY, "bonus": 5},
    {**POINTS, "add_points_per_unit": 10_000},
    {"add_bps": 10_000, "bonus": MAX_MINOR},
    {"audience": Audience(categories=tuple(f"c{n}" for n in range(100)))},
    {**POINTS, "bonus": 100, "multiplier_bps": 30_000},
    {"audience": Audience(tier_ids=("gold", "silver"), channels=("wechat",), joined_within_days=30)},
    {"audience": Audience(product_ids=("1",), collection_ids=("sale",), categories=("tea",))},
)
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": " "}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"ends_at": T0}, "ends_at"),
    ({"ends_at": T0 - days(1)}, "ends_at"),
    ({"ends_at": T0 + days(366) + minutes(1)}, "ends_at"),
    ({"add_bps": 0}, "multiplier_bps"),
    ({"add_bps": 0, "stacking": ONLY}, "multiplier_bps"),
    ({"multiplier_bps": MAX_MULTIPLIER_BPS + 1}, "multiplier_bps"),
    ({"multiplier_bps": -1, "stacking": ONLY}, "multiplier_bps"),
    ({"multiplier_bps": 9_999}, "multiplier_bps"),
    ({"add_bps": 10_001}, "add_bps"),
    ({"add_bps": -1}, "add_bps"),
    ({**POINTS, "bonus": 1, "add_bps": 1}, "add_bps"),
    ({"add_points_per_unit": 1}, "add_points_per_unit"),
    ({**POINTS, "add_points_per_unit": 10_001}, "add_points_per_unit"),
    ({**POINTS, "add_points_per_unit": -1}, "add_points_per_unit"),
    ({"bonus": -1}, "bonus"),
    ({"bonus": MAX_MINOR + 1}, "bonus"),
    ({"bonus": 1, "multiplier_bps": 20_000, "stacking": Stacking.MULTIPLY}, "bonus"),
    ({"bonus": 1, "stacking": Stacking.MAX}, "bonus"),
    ({"stacking": Stacking.MULTIPLY}, "stacking"),
    ({"order_cap": 0}, "order_cap"),
    ({"promoter_cap": -1}, "promoter_cap"),
    ({"budget": MAX_MINOR + 1}, "budget"),
    ({"order_cap": 2, "promoter_cap": 1}, "order_cap"),
    ({"order_cap": 2, "budget": 1}, "order_cap"),
    ({"promoter_cap": 2, "budget": 1}, "promoter_cap"),
    ({"bonus": 3, "order_cap": 2}, "bonus"),
    ({"bonus": 3, "budget": 2}, "bonus"),
    ({"audience": Audience(tier_ids=("brass",))}, "audience.tier_ids"),
    ({"audience": Audience(channels=("a", "a"))}, "audience.channels"),
    ({"audience": Audience(product_ids=("",))}, "audience.product_ids"),
    ({"audience": Audience(collection_ids=("x" * 201,))}, "audience.collection_ids"),
    ({"audience": Audience(categories=tuple(f"c{n}" for n in range(101)))}, "audience.categories"),
    ({"audience": Audience(joined_within_days=0)}, "audience.joined_within_days"),
    ({"audience": Audience(joined_within_days=3651)}, "audience.joined_within_days"),
)


@pytest.mark.parametrize("changes", GOOD)
def test_a_campaign_that_can_be(changes: dict[str, Any]) -> None:
    assert found(make.campaign(**changes)) == []


@pytest.mark.parametrize(("changes", "where"), BAD)
def test_a_campaign_that_contradicts_itself_is_told_where(changes: dict[str, Any], where: str) -> None:
    assert places(make.campaign(**changes)) == [where]


def test_every_fault_is_named_at_once() -> None:
    worst = make.campaign(
        name="",
        ends_at=T0,
        add_bps=-1,
        multiplier_bps=1,
        add_points_per_unit=1,
        bonus=9,
        stacking=Stacking.MAX,
        order_cap=8,
        promoter_cap=7,
        budget=0,
        audience=Audience(tier_ids=("brass",), joined_within_days=-1),
    )
    assert sorted(places(worst)) == sorted(
        [
            *("name", "ends_at", "add_bps", "add_points_per_unit", "bonus", "multiplier_bps", "budget"),
            *("order_cap", "order_cap", "promoter_cap", "bonus", "bonus", "bonus"),
            *("audience.tier_ids", "audience.joined_within_days"),
        ]
    )


# --- the plan ------------------------------------------------------------------------------------


def test_tiers_must_be_in_every_plan_of_its_time() -> None:
    gold = make.campaign(audience=Audience(tier_ids=("gold",)))
    later = make.plan(version=2, effective_at=T0 + days(3), tiers=())
    after = replace(later, effective_at=gold.ends_at)
    assert found(gold, PLAN, later) == [
        ("audience.tier_ids", "version 2 of the plan has no tier 'gold'"),
    ]
    assert found(gold, PLAN, after) == []
    assert places(gold, replace(later, effective_at=T0 - days(1))) == ["audience.tier_ids"]


@pytest.mark.parametrize(
    "plan",
    [
        make.plan(1000, 200, pool_cap_bps=1200),
        make.plan(1000, line_cap_bps=1000),
        make.plan(500, pool_cap_bps=500, rules=(RateRule(id="a", sku="A", rate_bps=(500,)),)),
    ],
)
def test_a_plan_that_leaves_no_room_is_a_contradiction(plan: Plan) -> None:
    assert places(make.campaign(), plan) == ["add_bps"]
    assert places(doubled(), plan) == ["multiplier_bps"]
    assert places(make.campaign(add_bps=0, bonus=1), plan) == ["bonus"]
    assert places(doubled(multiplier_bps=5000, stacking=ONLY), plan) == []
    assert places(make.campaign(**POINTS, bonus=1), plan) == []


@pytest.mark.parametrize(
    "plan",
    [
        make.plan(1000, 199, pool_cap_bps=1200),
        make.plan(1000, line_cap_bps=1001),
        make.plan(500, pool_cap_bps=500, rules=(RateRule(id="a", sku="A", rate_bps=(400,)),)),
        make.plan(500, pool_cap_bps=500, rules=(RateRule(id="a", sku="A", per_unit_minor=(9,)),)),
        make.plan(500, pool_cap_bps=500, per_order_minor=(5,), per_order_if_free=True),
    ],
)
def test_a_little_room_is_enough(plan: Plan) -> None:
    assert places(make.campaign(), plan) == []


def test_a_multiple_of_nothing_is_a_contradiction() -> None:
    nothing = make.plan(0, 200)
    assert places(doubled(), nothing) == ["multiplier_bps"]
    assert places(doubled(add_bps=1), nothing) == []
    for rule in (
        RateRule(id="a", sku="A", rate_bps=(10,)),
        RateRule(id="a", sku="A", per_unit_minor=(10,)),
    ):
        assert places(doubled(), replace(nothing, rules=(rule,))) == []


def test_a_multiple_of_no_points_is_a_contradiction() -> None:
    boost = doubled(pays=Pays.POINTS)
    assert places(boost) == ["multiplier_bps"]
    assert places(boost, replace(PLAN, points_per_unit=1)) == []
    assert places(replace(boost, add_points_per_unit=1)) == []
    assert places(replace(boost, bonus=1)) == []


# --- other campaigns -----------------------------------------------------------------------------

ALONE = make.campaign("cm_a", stacking=ONLY)


@pytest.mark.parametrize(
    ("changes", "meets"),
    [
        ({}, True),
        ({"starts_at": T0 + days(6), "ends_at": T0 + days(9)}, True),
        ({"starts_at": T0 + days(7), "ends_at": T0 + days(9)}, False),
        ({"starts_at": T0 - days(7), "ends_at": T0}, False),
        ({"stacking": Stacking.ADD}, False),
        ({**POINTS, "bonus": 1}, False),
        ({"clock": Clock.PLACED}, True),
        ({"audience": Audience(tier_ids=("gold",))}, True),
        ({"audience": Audience(tier_ids=("silver",))}, True),
    ],
)
def test_two_cannot_both_be_the_only_one(changes: dict[str, Any], meets: bool) -> None:
    other = make.campaign("cm_b", **{"stacking": ONLY, **changes})
    assert places(ALONE, others=(other,)) == (["stacking"] if meets else [])


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        (Audience(tier_ids=("gold",)), Audience(tier_ids=("silver",)), False),
        (Audience(tier_ids=("gold",)), Audience(tier_ids=("silver", "gold")), True),
        (Audience(channels=("a",)), Audience(channels=("b",)), False),
        (Audience(channels=("a",)), Audience(tier_ids=("gold",)), True),
        (Audience(product_ids=("1",)), Audience(product_ids=("2",)), False),
        (Audience(product_ids=("1",)), Audience(product_ids=("2", "1")), True),
        (Audience(product_ids=("1",)), Audience(product_ids=("2",), categories=("tea",)), True),
        (Audience(product_ids=("1",), collection_ids=("x",)), Audience(product_ids=("2",)), True),
        (Audience(joined_within_days=1), Audience(joined_within_days=9), True),
    ],
)
def test_only_for_the_same_orders(one: Audience, other: Audience, meets: bool) -> None:
    rival = make.campaign("cm_b", stacking=ONLY, audience=other)
    assert places(replace(ALONE, audience=one), others=(rival,)) == (["stacking"] if meets else [])


def test_one_that_was_stopped_is_no_rival_any_more_and_nobody_is_their_own() -> None:
    stopped = replace(ALONE, id="cm_b", stopped_at=T0)
    assert places(ALONE, others=(stopped, ALONE)) == []
    assert places(ALONE, others=(replace(stopped, stopped_at=T0 + minutes(1)),)) == ["stacking"]


# --- when it is made -----------------------------------------------------------------------------


def test_it_must_begin_late_enough_and_not_be_one_too_many() -> None:
    def refused(others: list[Campaign]) -> list[str]:
        return [where for good, _, where in start_checks(make.campaign(), others, T0) if not good]

    full = [make.campaign(f"cm_{n}") for n in range(MAX_OPEN)]
    assert refused(full[1:]) == []
    assert refused(full) == [""]
    assert refused([replace(full[0], stopped_at=T0), *full[1:]]) == []
    assert refused([replace(full[0], ends_at=T0), *full[1:]]) == []
    early = start_checks(make.campaign(starts_at=T0 - minutes(1)), [], T0)
    assert [where for good, _, where in early if not good] == ["starts_at"]


def test_over_is_half_open() -> None:
    made = make.campaign()
    assert not is_over(made, made.ends_at - minutes(1))
    assert is_over(made, made.ends_at)
    assert is_over(replace(made, stopped_at=T0), T0)
    assert is_over(replace(made, stopped_at=made.ends_at + days(1)), made.ends_at)


# --- a plan that comes later ---------------------------------------------------------------------


def test_a_plan_that_a_campaign_outlives_must_suit_it() -> None:
    gold = make.campaign(audience=Audience(tier_ids=("gold",)))
    bare = make.plan(1000, version=2, effective_at=T0 + days(1), pool_cap_bps=1000, tiers=())

    def said(campaign: Campaign) -> list[str]:
        return [fault.where for fault in outlived_faults(bare, Terms(make.program(), (PLAN,), (campaign,)))]

    assert said(gold) == ["campaigns.cm_test.audience.tier_ids", "campaigns.cm_test.add_bps"]
    assert said(replace(gold, ends_at=bare.effective_at)) == []
    assert said(replace(gold, stopped_at=bare.effective_at)) == []
    assert said(make.campaign(**POINTS, bonus=1)) == []
