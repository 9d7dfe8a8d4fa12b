"""The terms of pay of a program, in versions: who earns how much, of what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.money import EXPONENTS, MAX_MINOR
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import Tier, TierBasis, TierMeasure, TierMode, default_tiers, tier_checks

MAX_LEVELS = 3
MAX_RULES = 200
"""Rules of one plan; a shop with more pays by product group."""
MAX_BINDING_DAYS = 3650
MAX_RECURRING_MONTHS = 120
WHOLE_BPS = 10_000
DAY = timedelta(days=1)
GRACE = timedelta(hours=1)
"""A click recorded later than this after the order never counts for it."""
CLOCK_SKEW = timedelta(seconds=5)
"""A click this much after its order still counts: two clocks disagree, people do not buy first."""


class Vacancy(StrEnum):
    """Who earns at a level whose promoter was suspended when the order was placed."""

    HOUSE = "house"
    """The program itself; the levels above stay."""
    COMPRESS = "compress"
    """The next one above who can earn."""
    DEFAULT_SPONSOR = "default_sponsor"
    """The promoter that the plan names; the levels above stay."""


class AttributionModel(StrEnum):
    """Which of several eligible clicks an order belongs to."""

    LAST_CLICK = "last_click"
    FIRST_CLICK = "first_click"
    LINEAR = "linear"
    """All of their promoters, in exactly equal parts."""


class CouponMode(StrEnum):
    """When a promoter's coupon on the order decides, instead of the clicks."""

    ALWAYS = "always"
    IF_TOUCHED = "if_touched"
    """When its promoter has an eligible click too."""
    IF_WINNER = "if_winner"
    """Never against the clicks: it can only confirm who wins by them."""


class SelfPurchase(StrEnum):
    """What happens when a promoter buys through their own link or coupon."""

    BLOCK = "block"
    """The commission stands blocked, for the merchant to look at."""
    DISCOUNT_ONLY = "discount_only"
    """The shop's discount is all there is: nobody earns."""
    REBATE = "rebate"
    """The promoter earns as from anybody; never the upline."""


class BindingPolicy(StrEnum):
    """What ties a customer to a promoter, so that later orders without their touch are theirs."""

    OFF = "off"
    FIRST_EVER = "first_ever"
    """The first registration or attributed order, for good."""
    REGISTRATION = "registration"
    """The first registration, for good; orders tie nobody."""
    TIMED = "timed"
    """For `binding_days`; another promoter may take the customer after `protection_days`."""
    ALWAYS = "always"
    """The last registration or attributed order, whoever's it was, until the next."""


class Recurring(StrEnum):
    """Which later orders of a customer earn, counted from their first attributed one."""

    LIFETIME = "lifetime"
    FIRST_ONLY = "first_only"
    MONTHS = "months"
    """Those placed within `recurring_months` calendar months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Terms of pay from an instant on; `rate_bps` has one share per level, the attributed promoter first.

    `tiers`, the lowest first, raise level 1 by what was sold in a month; None has none, as () has, and
    becomes the default where a plan is published. `upline_gate_minor` is what must have been sold
    through an upline in the month before for a level to be theirs, 0 for nothing.
    """

    version: int
    effective_at: datetime
    rate_bps: tuple[int, ...] = (1000, 200)
    pool_cap_bps: int = 3000
    click_window_days: int = 30
    hold_days_after_receipt: int = 7
    hold_days_after_payment: int = 30
    screening_days: int = 3
    vacancy: Vacancy = Vacancy.HOUSE
    default_sponsor_id: str | None = None
    attribution_model: AttributionModel = AttributionModel.LAST_CLICK
    coupon_mode: CouponMode = CouponMode.ALWAYS
    self_purchase: SelfPurchase = SelfPurchase.BLOCK
    rules: tuple[RateRule, ...] = ()
    line_cap_bps: int = 8000
    binding: BindingPolicy = BindingPolicy.OFF
    binding_days: int = 30
    protection_days: int = 15
    new_customers_only: bool = False
    recurring: Recurring = Recurring.LIFETIME
    recurring_months: int | None = None
    tiers: tuple[Tier, ...] | None = None
    tier_basis: TierBasis = TierBasis.PREVIOUS_MONTH
    tier_mode: TierMode = TierMode.WHOLE
    tier_measure: TierMeasure = TierMeasure.NET_SALES
    upline_gate_minor: int = 0

    @property
    def needs_history(self) -> bool:
        """Whether who earns depends on what the customer did before the order."""
        return (
            self.binding is not BindingPolicy.OFF
            or self.new_customers_only
            or self.recurring is not Recurring.LIFETIME
        )

    @property
    def counts_sales(self) -> bool:
        """Whether anything rests on what was sold in a month; where not, nobody counts it."""
        return bool(self.tiers) or self.upline_gate_minor > 0


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
        *tier_checks(plan.tiers or (), plan.tier_basis, plan.tier_mode, tier_room_bps(plan)),
        (bool(plan.tiers) or plan.tier_measure is TierMeasure.NET_SALES, "goes with tiers", "tier_measure"),
        (0 <= plan.upline_gate_minor <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "upline_gate_minor"),
        (
            not plan.upline_gate_minor or levels > 1,
            "is for levels that the plan does not have",
            "upline_gate_minor",
        ),
        (1 <= plan.click_window_days <= 90, "must be 1 to 90", "click_window_days"),
        (0 <= plan.hold_days_after_receipt <= 180, "must be 0 to 180", "hold_days_after_receipt"),
        (0 <= plan.hold_days_after_payment <= 180, "must be 0 to 180", "hold_days_after_payment"),
        (0 <= plan.screening_days <= 30, "must be 0 to 30", "screening_days"),
        (
            (plan.vacancy is Vacancy.DEFAULT_SPONSOR) is (plan.default_sponsor_id is not None),
            f"goes with vacancy {Vacancy.DEFAULT_SPONSOR} and with no other",
            "default_sponsor_id",
        ),
        *_customer_checks(plan),
    )
    return faults_of(checks)


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
        (not (rule.sku and rule.product_id), "is for a SKU or for a product, not both", where),
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


def faults_of(checks: Sequence[tuple[bool, str, str]]) -> tuple[InvalidInputError, ...]:
    """Return what is wrong of (good, what, where)."""
    return tuple(InvalidInputError(what, where) for good, what, where in checks if not good)
