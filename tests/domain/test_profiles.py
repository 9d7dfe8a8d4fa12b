"""Compliance profiles: what each refuses, and that the rule is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from grapevine.domain.bounty_faults import bounty_faults
from grapevine.domain.campaign_faults import campaign_faults
from grapevine.domain.campaigns import Campaign, Pays, Stacking
from grapevine.domain.plan_faults import plan_faults, with_default_tiers
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import (
    RULES,
    Profile,
    bounty_rule_faults,
    campaign_rule_faults,
    plan_rule_faults,
    with_profile_defaults,
)
from grapevine.domain.programs import Terms
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import TierMeasure, default_tiers
from tests import builders as make

TIERS = default_tiers("CNY", 500)
PLAN = make.plan(1000, 200, tiers=TIERS)
POINTS: dict[str, Any] = {"pays": Pays.POINTS, "add_bps": 0, "bonus": 100}


def rules_broken(plan: Plan, profile: Profile = Profile.CHINA) -> list[tuple[str, str]]:
    """Return the field and the rule of each fault."""
    assert plan_faults(plan) == ()
    faults = plan_rule_faults(profile, plan)
    return [(fault.where, fault.what.rpartition("(")[2].rstrip(")")) for fault in faults]


@pytest.mark.parametrize(
    ("changes", "where", "rule"),
    [
        ({"rate_bps": (1000, 200, 100)}, "rate_bps", "levels"),
        ({"recruit_bonus_minor": 1}, "recruit_bonus_minor", "recruiting"),
        ({"pool_cap_bps": 3001}, "pool_cap_bps", "pool"),
        ({"per_order_minor": (500,)}, "line_cap_bps", "flat"),
        ({"per_order_minor": (500,), "pool_cap_bps": 2000, "line_cap_bps": 1001}, "line_cap_bps", "flat"),
    ],
)
def test_edge_52_a_plan_that_breaks_the_profile_is_refused_with_the_rule_named(
    changes: dict[str, Any], where: str, rule: str
) -> None:
    plan = replace(PLAN, **changes)
    assert rules_broken(plan) == [(where, f"profile.china.{rule}")]
    assert rules_broken(plan, Profile.GLOBAL) == []


def test_edge_52_pay_for_an_order_of_nothing_rests_on_no_sale() -> None:
    within = {"pool_cap_bps": 2000, "line_cap_bps": 1000, "tiers": (), "per_order_minor": (500,)}
    assert rules_broken(replace(PLAN, **cast("Any", within))) == []
    free = replace(PLAN, **cast("Any", within), per_order_if_free=True)
    assert rules_broken(free) == [("per_order_if_free", "profile.china.sale")]


def test_edge_52_every_rule_that_is_broken_is_named_at_once() -> None:
    worst = make.plan(
        3000, 500, 100, pool_cap_bps=9000, recruit_bonus_minor=5, per_order_minor=(1,), per_order_if_free=True
    )
    assert [rule for _, rule in rules_broken(worst)] == [
        f"profile.china.{name}" for name in ("levels", "recruiting", "pool", "flat", "sale")
    ]


def test_edge_52_what_the_profile_allows_is_a_share_for_each_of_two_levels() -> None:
    said_nothing = with_default_tiers(make.plan(), "CNY")
    assert rules_broken(said_nothing) == []
    assert rules_broken(replace(PLAN, pool_cap_bps=3000, upline_gate_minor=1)) == []


def test_edge_52_a_bounty_may_count_own_sales_alone() -> None:
    terms = Terms(make.program(profile=Profile.CHINA), (PLAN,))
    for measure in TierMeasure:
        assert bounty_faults(make.bounty(measure=measure), terms) == ()
    recruits = make.bounty(measure=cast("TierMeasure", "recruits"))
    assert [fault.where for fault in bounty_rule_faults(Profile.CHINA, recruits)] == ["measure"]
    assert bounty_rule_faults(Profile.GLOBAL, recruits) == ()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"add_bps": 1300}, None),
        ({"add_bps": 1301}, "add_bps"),
        ({"add_bps": 1800, "stacking": Stacking.EXCLUSIVE}, None),
        ({"add_bps": 1801, "stacking": Stacking.EXCLUSIVE}, "add_bps"),
        ({"add_bps": 1800, "stacking": Stacking.MAX}, None),
        ({"add_bps": 1801, "stacking": Stacking.MAX}, "add_bps"),
        ({"add_bps": 0, "multiplier_bps": 23_000}, None),
        ({"add_bps": 0, "multiplier_bps": 23_001}, "multiplier_bps"),
        ({"add_bps": 0, "multiplier_bps": 18_666, "stacking": Stacking.MULTIPLY}, None),
        ({"add_bps": 0, "multiplier_bps": 18_667, "stacking": Stacking.MULTIPLY}, "multiplier_bps"),
        ({"add_bps": 0, "multiplier_bps": 5_000, "stacking": Stacking.EXCLUSIVE}, None),
        ({"add_bps": 0, "bonus": 10**9}, None),
        ({**POINTS, "multiplier_bps": 100_000}, None),
    ],
)
def test_edge_52_a_campaign_stays_within_the_pool_cap_at_the_highest_tier(
    changes: dict[str, Any], where: str | None
) -> None:
    campaign = make.campaign(**changes)
    china, elsewhere = (
        Terms(make.program(profile=profile), (PLAN,)) for profile in (Profile.CHINA, Profile.GLOBAL)
    )
    faults = campaign_faults(campaign, china)
    assert [(fault.where, "(profile.china.pool)" in fault.what) for fault in faults] == (
        [(where, True)] if where else []
    )
    assert campaign_faults(campaign, elsewhere) == ()


def test_edge_52_the_highest_rate_of_the_plan_decides_and_each_rule_is_named_once() -> None:
    rule = RateRule(id="a", sku="A", rate_bps=(2000, 300))
    plan = replace(PLAN, rules=(rule,))
    campaign: Campaign = make.campaign(add_bps=201)
    assert campaign_rule_faults(Profile.CHINA, campaign, (PLAN,)) == ()
    assert len(campaign_rule_faults(Profile.CHINA, campaign, (PLAN, plan, replace(plan, version=2)))) == 1
    of_gold = replace(plan, rules=(replace(rule, tier_id="gold"),))
    assert campaign_rule_faults(Profile.CHINA, campaign, (of_gold,)) == ()


def test_a_plan_that_says_nothing_of_binding_has_what_the_profile_says() -> None:
    timed = {"binding": "timed", "binding_days": 30, "protection_days": 15}
    assert with_profile_defaults(Profile.CHINA, {"rate_bps": [1]}) == {**timed, "rate_bps": [1]}
    assert with_profile_defaults(Profile.CHINA, {"binding": "off"}) == {**timed, "binding": "off"}
    assert with_profile_defaults(Profile.GLOBAL, {}) == {}


def test_rules_are_named_after_their_profile_and_say_what_they_want() -> None:
    rules = [(profile, rule) for profile in Profile for rule in RULES[profile]]
    assert len({rule.id for _, rule in rules}) == len(rules)
    for profile, rule in rules:
        assert rule.id.startswith(f"profile.{profile}.")
        assert rule.text
