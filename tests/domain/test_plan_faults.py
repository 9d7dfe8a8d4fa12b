"""Every limit of a plan at its edges: the last good value, the first bad one, and what is said of it."""

from __future__ import annotations

import pytest

from grapevine.domain.facts import Component, TenderKind
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plan_faults import plan_faults, tier_room_bps
from grapevine.domain.plans import (
    MAX_BINDING_DAYS,
    MAX_EXPIRE_MONTHS,
    MAX_POINTS_PER_UNIT,
    MAX_RECURRING_MONTHS,
    MAX_RULES,
    PointsDebt,
    PublicCoupon,
    Recurring,
    Vacancy,
)
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import MAX_TIERS, Tier, TierBasis, TierMeasure, TierMode
from tests import builders as make

WHOLE = 10_000
EXPIRES = f"must be 1 to {MAX_EXPIRE_MONTHS}, or null for never"
CASH = {"points_debt": PointsDebt.CASH}
LOWER = {"public_coupon": PublicCoupon.LOWER}
MONTHS = {"recurring": Recurring.MONTHS}


def tier(name: str, threshold: int, add_bps: int) -> Tier:
    return Tier(id=name, threshold=threshold, add_bps=add_bps)


LIMITS = [
    ("pool_cap_bps", 1, WHOLE, {"rate_bps": (0,)}),
    ("line_cap_bps", 1, WHOLE, {}),
    ("recruit_bonus_minor", 0, MAX_MINOR, {}),
    ("upline_gate_minor", 0, MAX_MINOR, {}),
    ("points_per_unit", 0, MAX_POINTS_PER_UNIT, {}),
    ("click_window_days", 1, 90, {}),
    ("hold_days_after_receipt", 0, 180, {}),
    ("hold_days_after_payment", 0, 180, {}),
    ("screening_days", 0, 30, {}),
    ("write_off_days", 0, 3650, {}),
    ("coupon_bps", 0, WHOLE, {}),
    ("public_coupon_score", 1, 100, {}),
    ("coupon_untouched_bps", 0, WHOLE - 1, {}),
    ("binding_days", 1, MAX_BINDING_DAYS, {"protection_days": 0}),
    ("recurring_months", 1, MAX_RECURRING_MONTHS, MONTHS),
    ("points_per_unit_off", 0, MAX_MINOR, {}),
    ("share_points", 0, MAX_MINOR, {}),
]


def said(**changes: object) -> list[tuple[str, str]]:
    """Return what is wrong with a plan of two levels, and where."""
    rates = changes.pop("rate_bps", (1000, 200))
    return [(fault.where, fault.what) for fault in plan_faults(make.plan(*rates, **changes))]  # type: ignore[misc]


@pytest.mark.parametrize(("name", "least", "most", "others"), LIMITS)
def test_a_limit_holds_at_both_ends(name: str, least: int, most: int, others: dict[str, object]) -> None:
    for good in (least, most):
        assert said(**others, **{name: good}) == []
    for bad in (least - 1, most + 1):
        assert dict(said(**others, **{name: bad}))[name] == f"must be {least} to {most}"


FAULTS = [
    ({"rate_bps": (1, 1, 1, 1)}, "rate_bps", "needs 1 to 3 levels, has 4"),
    ({"rate_bps": (-1, 1)}, "rate_bps", "each must be 0 to 10000"),
    ({"rate_bps": (2000, 1001), "pool_cap_bps": 3000}, "rate_bps", "together over 3000"),
    ({"tier_measure": TierMeasure.ORDERS}, "tier_measure", "goes with tiers"),
    (
        {"rate_bps": (1000,), "upline_gate_minor": 1},
        "upline_gate_minor",
        "is for levels that the plan does not have",
    ),
    (
        {"vacancy": Vacancy.DEFAULT_SPONSOR},
        "default_sponsor_id",
        "goes with vacancy default_sponsor and with no other",
    ),
    (
        {"default_sponsor_id": "pr_x"},
        "default_sponsor_id",
        "goes with vacancy default_sponsor and with no other",
    ),
    ({"base": ()}, "base", "needs a component that is sold; tax is a part of one"),
    ({"base": (Component.TAX,)}, "base", "needs a component that is sold; tax is a part of one"),
    ({"base": (Component.ITEM, Component.ITEM)}, "base", "has a component twice"),
    (
        {"excluded_tenders": (TenderKind.GIFT_CARD, TenderKind.GIFT_CARD)},
        "excluded_tenders",
        "has a kind twice",
    ),
    (
        {"base": (Component.ITEM, Component.GIFT_CARD)},
        "base",
        "would pay for a gift card when it is sold and again when it is spent: exclude that tender",
    ),
    ({"per_order_minor": (1, 1, 1)}, "per_order_minor", "has more levels than the plan's 2"),
    ({"per_order_minor": (-1,)}, "per_order_minor", "has an amount below zero or beyond reason"),
    ({"per_order_minor": (MAX_MINOR + 1,)}, "per_order_minor", "has an amount below zero or beyond reason"),
    ({"per_order_if_free": True}, "per_order_if_free", "goes with per_order_minor"),
    (LOWER, "public_coupon_bps", "goes with public_coupon lower and with no other"),
    ({"public_coupon_bps": 1}, "public_coupon_bps", "goes with public_coupon lower and with no other"),
    (
        {**LOWER, "coupon_bps": 500, "public_coupon_bps": 500},
        "public_coupon_bps",
        "must be 0 or more and less than any coupon leaves, 500",
    ),
    (
        {**LOWER, "coupon_bps": 500, "public_coupon_bps": -1},
        "public_coupon_bps",
        "must be 0 or more and less than any coupon leaves, 500",
    ),
    ({"binding_days": 30, "protection_days": 31}, "protection_days", "must be 0 to binding_days, 30"),
    ({"protection_days": -1}, "protection_days", "must be 0 to binding_days, 30"),
    (MONTHS, "recurring_months", "goes with recurring months and with no other"),
    ({"recurring_months": 3}, "recurring_months", "goes with recurring months and with no other"),
    (
        {**MONTHS, "recurring_months": 3, "new_customers_only": True},
        "new_customers_only",
        "leaves no later order to earn",
    ),
    (
        {"points_expire_months": 0},
        "points_expire_months",
        EXPIRES,
    ),
    (
        {"points_expire_months": MAX_EXPIRE_MONTHS + 1},
        "points_expire_months",
        EXPIRES,
    ),
    (CASH, "cash_per_point_minor", "goes with points_debt cash and with no other"),
    (
        {**CASH, "cash_per_point_minor": MAX_MINOR + 1},
        "cash_per_point_minor",
        f"must be 0 to {MAX_MINOR}",
    ),
    ({"cash_per_point_minor": 1}, "cash_per_point_minor", "goes with points_debt cash and with no other"),
    ({"share_points_per_day": 1}, "share_points_per_day", "goes with share_points"),
    (
        {"share_points": 5, "share_points_per_day": 4},
        "share_points_per_day",
        f"must be share_points, 5, to {MAX_MINOR}",
    ),
    (
        {"share_points": 5, "share_points_per_day": MAX_MINOR + 1},
        "share_points_per_day",
        f"must be share_points, 5, to {MAX_MINOR}",
    ),
]


@pytest.mark.parametrize(("changes", "where", "what"), FAULTS)
def test_what_is_wrong_is_said_with_its_place(changes: dict[str, object], where: str, what: str) -> None:
    assert (where, what) in said(**changes)


GOOD = [
    {"rate_bps": (1, 1, 1)},
    {"rate_bps": (2000, 1000), "pool_cap_bps": 3000},
    {"rate_bps": (0,)},
    {"vacancy": Vacancy.DEFAULT_SPONSOR, "default_sponsor_id": "pr_x"},
    {"base": (Component.ITEM, Component.TAX)},
    {"base": (Component.ITEM, Component.GIFT_CARD), "excluded_tenders": (TenderKind.GIFT_CARD,)},
    {"per_order_minor": (0, MAX_MINOR)},
    {"per_order_minor": (0, 1), "per_order_if_free": True},
    {**LOWER, "coupon_bps": 500, "public_coupon_bps": 499},
    {**LOWER, "coupon_bps": 0, "public_coupon_bps": 0},
    {"binding_days": 30, "protection_days": 30},
    {"points_expire_months": 1},
    {**CASH, "cash_per_point_minor": 1},
    {**CASH, "cash_per_point_minor": MAX_MINOR},
    {"points_expire_months": MAX_EXPIRE_MONTHS},
    {"points_expire_months": None},
    {"share_points": 5, "share_points_per_day": 5},
    {"share_points": 5, "share_points_per_day": MAX_MINOR},
    {**MONTHS, "recurring_months": 1},
    {"new_customers_only": True},
]


@pytest.mark.parametrize("changes", GOOD)
def test_what_is_just_within_is_good(changes: dict[str, object]) -> None:
    assert said(**changes) == []


def rule(**changes: object) -> RateRule:
    return RateRule(**{"id": "r", "sku": "TEA-1", "rate_bps": (100,), **changes})  # type: ignore[arg-type]


BAD_RULES = [
    ({"rate_bps": ()}, "has rate_bps or per_unit_minor, not both"),
    ({"per_unit_minor": (1,)}, "has rate_bps or per_unit_minor, not both"),
    ({"rate_bps": (1, 1, 1)}, "has more levels than the plan's 2"),
    ({"rate_bps": (-1,)}, "has a rate below zero or beyond reason"),
    ({"rate_bps": (), "per_unit_minor": (MAX_MINOR + 1,)}, "has a rate below zero or beyond reason"),
    ({"rate_bps": (2000, 1001)}, "together over 3000"),
    ({"product_id": "77"}, "is for one of a SKU, a product, a collection and a category"),
    ({"sku": ""}, "is for something without a name"),
    ({"sku": None}, "is for everything: that is the plan's own rate"),
    ({"tier_id": "gold"}, "is for a tier that the plan does not have: gold"),
]


@pytest.mark.parametrize(("changes", "what"), BAD_RULES)
def test_a_rules_fault_is_said_with_the_rules_name(changes: dict[str, object], what: str) -> None:
    assert ("rules.r", what) in said(rules=(rule(**changes),))


def test_rules_are_not_too_many_and_have_names_of_their_own() -> None:
    most = tuple(rule(id=f"r{number}") for number in range(MAX_RULES))
    assert said(rules=most) == []
    assert ("rules", f"more than {MAX_RULES}") in said(rules=(*most, rule()))
    assert said(rules=(rule(), rule())) == [("rules", "two have one id")]
    assert said(rules=(rule(rate_bps=(0, MAX_MINOR)),)) == [("rules.r", "together over 3000")]
    assert said(rules=(rule(rate_bps=(2000, 1000)),)) == []
    assert said(rules=(rule(rate_bps=(), per_unit_minor=(0, MAX_MINOR)),)) == []


TIERS = (tier("base", 0, 0), tier("gold", 100, 300))


def test_a_rule_for_a_tier_goes_with_whole_tiers() -> None:
    gold = (rule(tier_id="gold"),)
    assert said(rules=gold, tiers=TIERS) == []
    running = {"tiers": TIERS, "tier_basis": TierBasis.RUNNING_MONTH, "tier_mode": TierMode.MARGINAL}
    assert said(rules=gold, **running) == [("rules.r", "is for a tier, which goes with tier_mode whole")]


BAD_TIERS = [
    (tuple(tier(f"t{n}", n, 0) for n in range(MAX_TIERS + 1)), f"more than {MAX_TIERS}"),
    ((tier("", 0, 0),), "one has no id"),
    ((tier("a", 0, 0), tier("a", 1, 0)), "two have one id"),
    ((tier("a", 1, 0),), "the first must have the threshold 0"),
    ((tier("a", 0, 0), tier("b", 0, 0)), "thresholds must rise"),
    ((tier("a", 0, 0), tier("b", 2, 0), tier("c", 1, 0)), "thresholds must rise"),
    ((tier("a", 0, 0), tier("b", MAX_MINOR + 1, 0)), "has a threshold beyond reason"),
    ((tier("a", 0, -1),), "each must add 0 to 10000"),
    ((tier("a", 0, WHOLE + 1),), "each must add 0 to 10000"),
    ((tier("a", 0, 2), tier("b", 1, 1)), "a higher one must not add less"),
    ((tier("a", 0, 1801),), "add more than the pool cap leaves: 1800"),
]


@pytest.mark.parametrize(("tiers", "what"), BAD_TIERS)
def test_a_tiers_fault_is_said(tiers: tuple[Tier, ...], what: str) -> None:
    assert ("tiers", what) in said(tiers=tiers)


def test_tiers_at_their_limits_are_good() -> None:
    assert said(tiers=tuple(tier(f"t{n}", n, n) for n in range(MAX_TIERS))) == []
    assert said(tiers=(tier("a", 0, 1800), tier("b", MAX_MINOR, 1800))) == []
    assert said(tiers=TIERS, tier_measure=TierMeasure.ORDERS) == []


def test_marginal_tiers_go_with_the_running_month() -> None:
    assert said(tiers=TIERS, tier_mode=TierMode.MARGINAL) == [
        ("tier_mode", "goes with tier_basis running_month")
    ]
    assert said(tiers=TIERS, tier_mode=TierMode.MARGINAL, tier_basis=TierBasis.RUNNING_MONTH) == []


def test_the_room_for_tiers_is_what_the_highest_rate_leaves() -> None:
    assert tier_room_bps(make.plan(1000, 200, pool_cap_bps=3000)) == 1800
    assert tier_room_bps(make.plan(1000, 200, pool_cap_bps=1200)) == 0
    assert tier_room_bps(make.plan(1000, 200, pool_cap_bps=1100)) == 0
    raised = rule(rate_bps=(2500,), sku=None, category="tea")
    plan = make.plan(1000, 200, pool_cap_bps=3000, rules=(raised,))
    assert tier_room_bps(plan) == (500 if raised.is_raised_by_tiers else 1800)
