"""What is wrong with a plan: every fault at once, contradictions included."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.caps import cap_checks
from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.facts import Component, TenderKind
from grapevine.domain.money import EXPONENTS, MAX_MINOR
from grapevine.domain.plans import (
    MAX_BINDING_DAYS,
    MAX_EXPIRE_MONTHS,
    MAX_LEVELS,
    MAX_POINTS_PER_UNIT,
    MAX_RECURRING_MONTHS,
    MAX_RULES,
    WHOLE_BPS,
    Plan,
    PointsDebt,
    PublicCoupon,
    Recurring,
    Vacancy,
)
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import TierMeasure, TierMode, default_tiers, tier_checks


def plan_faults(plan: Plan) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a plan, not the first thing."""
    levels = len(plan.rate_bps)
    checks = (
        (1 <= levels <= MAX_LEVELS, f"needs 1 to {MAX_LEVELS} levels, has {levels}", "rate_bps"),
        (all(0 <= rate <= WHOLE_BPS for rate in plan.rate_bps), "each must be 0 to 10000", "rate_bps"),
        (0 < plan.pool_cap_bps <= WHOLE_BPS, "must be 1 to 10000", "pool_cap_bps"),
        (sum(plan.rate_bps) <= plan.pool_cap_bps, f"together over {plan.pool_cap_bps}", "rate_bps"),
        (0 < plan.line_cap_bps <= WHOLE_BPS, "must be 1 to 10000", "line_cap_bps"),
        (len(plan.rules) <= MAX_RULES, f"more than {MAX_RULES}", "rules"),
        (len({rule.id for rule in plan.rules}) == len(plan.rules), "two have one id", "rules"),
        *(check for rule in plan.rules for check in _rule_checks(rule, plan)),
        *cap_checks(plan.caps),
        (0 <= plan.recruit_bonus_minor <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "recruit_bonus_minor"),
        *tier_checks(plan.tiers or (), plan.tier_basis, plan.tier_mode, tier_room_bps(plan)),
        (bool(plan.tiers) or plan.tier_measure is TierMeasure.NET_SALES, "goes with tiers", "tier_measure"),
        (0 <= plan.upline_gate_minor <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "upline_gate_minor"),
        (
            not plan.upline_gate_minor or levels > 1,
            "is for levels that the plan does not have",
            "upline_gate_minor",
        ),
        (
            0 <= plan.points_per_unit <= MAX_POINTS_PER_UNIT,
            f"must be 0 to {MAX_POINTS_PER_UNIT}",
            "points_per_unit",
        ),
        (1 <= plan.click_window_days <= 90, "must be 1 to 90", "click_window_days"),
        (0 <= plan.hold_days_after_receipt <= 180, "must be 0 to 180", "hold_days_after_receipt"),
        (0 <= plan.hold_days_after_payment <= 180, "must be 0 to 180", "hold_days_after_payment"),
        (0 <= plan.screening_days <= 30, "must be 0 to 30", "screening_days"),
        (0 <= plan.write_off_days <= 3650, "must be 0 to 3650", "write_off_days"),
        (
            (plan.vacancy is Vacancy.DEFAULT_SPONSOR) is (plan.default_sponsor_id is not None),
            f"goes with vacancy {Vacancy.DEFAULT_SPONSOR} and with no other",
            "default_sponsor_id",
        ),
        *(check for part in _PARTS for check in part(plan)),
    )
    return faults_of(checks)


def _base_checks(plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    counts_gift_cards = Component.GIFT_CARD in plan.base
    return (
        (
            bool(set(plan.base) - {Component.TAX}),
            "needs a component that is sold; tax is a part of one",
            "base",
        ),
        (len(set(plan.base)) == len(plan.base), "has a component twice", "base"),
        (
            len(set(plan.excluded_tenders)) == len(plan.excluded_tenders),
            "has a kind twice",
            "excluded_tenders",
        ),
        (
            not counts_gift_cards or TenderKind.GIFT_CARD in plan.excluded_tenders,
            "would pay for a gift card when it is sold and again when it is spent: exclude that tender",
            "base",
        ),
    )


def _per_order_checks(plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    each, levels = plan.per_order_minor, len(plan.rate_bps)
    return (
        (len(each) <= levels, f"has more levels than the plan's {levels}", "per_order_minor"),
        (
            all(0 <= minor <= MAX_MINOR for minor in each),
            "has an amount below zero or beyond reason",
            "per_order_minor",
        ),
        (not plan.per_order_if_free or any(each), "goes with per_order_minor", "per_order_if_free"),
    )


def _coupon_checks(plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    is_lowered, left = plan.public_coupon is PublicCoupon.LOWER, plan.public_coupon_bps
    return (
        (0 <= plan.coupon_bps <= WHOLE_BPS, "must be 0 to 10000", "coupon_bps"),
        (
            is_lowered is (left is not None),
            f"goes with public_coupon {PublicCoupon.LOWER} and with no other",
            "public_coupon_bps",
        ),
        (
            left is None or 0 <= left < max(plan.coupon_bps, 1),
            f"must be 0 or more and less than any coupon leaves, {plan.coupon_bps}",
            "public_coupon_bps",
        ),
        (1 <= plan.public_coupon_score <= 100, "must be 1 to 100", "public_coupon_score"),
        (0 <= plan.coupon_untouched_bps < WHOLE_BPS, "must be 0 to 9999", "coupon_untouched_bps"),
    )


def _customer_checks(plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    by_months = plan.recurring is Recurring.MONTHS
    return (
        (1 <= plan.binding_days <= MAX_BINDING_DAYS, f"must be 1 to {MAX_BINDING_DAYS}", "binding_days"),
        (
            0 <= plan.protection_days <= plan.binding_days,
            f"must be 0 to binding_days, {plan.binding_days}",
            "protection_days",
        ),
        (
            by_months is (plan.recurring_months is not None),
            f"goes with recurring {Recurring.MONTHS} and with no other",
            "recurring_months",
        ),
        (
            plan.recurring_months is None or 1 <= plan.recurring_months <= MAX_RECURRING_MONTHS,
            f"must be 1 to {MAX_RECURRING_MONTHS}",
            "recurring_months",
        ),
        (not (plan.new_customers_only and by_months), "leaves no later order to earn", "new_customers_only"),
    )


def _points_checks(plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    months, per_day = plan.points_expire_months, plan.share_points_per_day
    return (
        (0 <= plan.points_per_unit_off <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "points_per_unit_off"),
        (
            months is None or 1 <= months <= MAX_EXPIRE_MONTHS,
            f"must be 1 to {MAX_EXPIRE_MONTHS}, or null for never",
            "points_expire_months",
        ),
        (0 <= plan.cash_per_point_minor <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "cash_per_point_minor"),
        (
            (plan.points_debt is PointsDebt.CASH) is (plan.cash_per_point_minor != 0),
            f"goes with points_debt {PointsDebt.CASH} and with no other",
            "cash_per_point_minor",
        ),
        (0 <= plan.share_points <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "share_points"),
        (per_day is None or plan.share_points > 0, "goes with share_points", "share_points_per_day"),
        (
            per_day is None or plan.share_points <= per_day <= MAX_MINOR,
            f"must be share_points, {plan.share_points}, to {MAX_MINOR}",
            "share_points_per_day",
        ),
    )


_PARTS = (_base_checks, _per_order_checks, _coupon_checks, _customer_checks, _points_checks)


def with_default_tiers(plan: Plan, currency: str) -> Plan:
    """Return a plan that says nothing about tiers with the default ones, as far as its pool cap has room."""
    says_nothing = plan.tiers is None and plan.tier_measure is TierMeasure.NET_SALES
    if not says_nothing or currency not in EXPONENTS:
        return plan
    return replace(plan, tiers=default_tiers(currency, tier_room_bps(plan)))


def _rule_checks(rule: RateRule, plan: Plan) -> tuple[tuple[bool, str, str], ...]:
    where, rates = f"rules.{rule.id}", rule.rate_bps or rule.per_unit_minor
    return (
        (
            bool(rule.rate_bps) is not bool(rule.per_unit_minor),
            "has rate_bps or per_unit_minor, not both",
            where,
        ),
        (len(rates) <= len(plan.rate_bps), f"has more levels than the plan's {len(plan.rate_bps)}", where),
        (all(0 <= rate <= MAX_MINOR for rate in rates), "has a rate below zero or beyond reason", where),
        (sum(rule.rate_bps) <= plan.pool_cap_bps, f"together over {plan.pool_cap_bps}", where),
        (
            sum(subject is not None for subject in rule.subjects) <= 1,
            "is for one of a SKU, a product, a collection and a category",
            where,
        ),
        (all(subject != "" for subject in rule.subjects), "is for something without a name", where),
        (rule.rung > 0, "is for everything: that is the plan's own rate", where),
        (
            rule.tier_id is None or rule.tier_id in [tier.id for tier in plan.tiers or ()],
            f"is for a tier that the plan does not have: {rule.tier_id}",
            where,
        ),
        (
            rule.tier_id is None or plan.tier_mode is TierMode.WHOLE,
            f"is for a tier, which goes with tier_mode {TierMode.WHOLE}",
            where,
        ),
    )


def tier_room_bps(plan: Plan) -> int:
    """Return what the pool cap leaves for tiers, above the plan's own rates and the rules they raise."""
    raised = (rule.rate_bps for rule in plan.rules if rule.is_raised_by_tiers)
    return max(0, plan.pool_cap_bps - max(sum(rates) for rates in (plan.rate_bps, *raised)))
