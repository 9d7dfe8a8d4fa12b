"""The terms of pay of a program, in versions: who earns how much, of what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from grapevine.domain.caps import Cap, cap_checks
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Component, TenderKind
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.rates import RateRule

MAX_LEVELS = 3
MAX_RULES = 200
"""Rules of one plan; a shop with more pays by product group."""
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


ITEMS_ONLY = (Component.ITEM,)
"""The base unless a plan says otherwise: items net of discounts and tax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Terms of pay from an instant on; `rate_bps` has one share per level, the attributed promoter first.

    `base` lists the components that commission is counted on, `excluded_tenders` what it is not
    counted on when it is paid with. `product_bound` gives lines of bound products to those who are
    bound. `per_order_minor` is flat pay per level for the whole order, also of one whose base is
    nothing where `per_order_if_free`.
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
    caps: tuple[Cap, ...] = ()
    recruit_bonus_minor: int = 0
    base: tuple[Component, ...] = ITEMS_ONLY
    excluded_tenders: tuple[TenderKind, ...] = ()
    product_bound: bool = False
    per_order_minor: tuple[int, ...] = ()
    per_order_if_free: bool = False
    ban_keeps_payable: bool = True
    write_off_days: int = 180

    @property
    def needs_products(self) -> bool:
        """Whether deciding an order takes more of its products than their names."""
        return self.product_bound or any(rule.category or rule.collection_id for rule in self.rules)


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
        *_base_checks(plan),
        *_per_order_checks(plan),
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
    )


def faults_of(checks: Sequence[tuple[bool, str, str]]) -> tuple[InvalidInputError, ...]:
    """Return what is wrong of (good, what, where)."""
    return tuple(InvalidInputError(what, where) for good, what, where in checks if not good)
