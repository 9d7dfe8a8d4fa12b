"""The terms of pay of a program, in versions: who earns how much, of what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from grapevine.domain.caps import Cap
from grapevine.domain.facts import Component, TenderKind
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import Tier, TierBasis, TierMeasure, TierMode

MAX_LEVELS = 3
MAX_RULES = 200
"""Rules of one plan; a shop with more pays by product group."""
MAX_BINDING_DAYS = 3650
MAX_RECURRING_MONTHS = 120
MAX_EXPIRE_MONTHS = 120
MAX_POINTS_PER_UNIT = 1_000_000
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


class PublicCoupon(StrEnum):
    """What an order earns whose coupon was taken for public, as one on a deal site is."""

    KEEP = "keep"
    """The same as from any coupon: the score is only shown, and nobody is marked by it."""
    LOWER = "lower"
    """What `public_coupon_bps` leaves of it."""
    NEEDS_TOUCH = "needs_touch"
    """The coupon counts only where its owner has an eligible click too."""


class HoldAnchor(StrEnum):
    """What the hold of an order is counted from."""

    RECEIPT = "receipt"
    """From receipt, once the storefront reports it; until it does, and if it never does, from payment."""
    PAYMENT = "payment"
    """From payment, whatever is reported of receipt."""


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


class PointsDebt(StrEnum):
    """What happens where a refund takes back points that were spent."""

    NEGATIVE = "negative"
    """Points earned later pay for them first."""
    CASH = "cash"
    """They are charged to the promoter's cash, `cash_per_point_minor` each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Terms of pay from an instant on; `rate_bps` has one share per level, the attributed promoter first.

    `base` lists the components that commission is counted on, `excluded_tenders` what it is not
    counted on when it is paid with. `product_bound` gives lines of bound products to those who are
    bound. `per_order_minor` is flat pay per level for the whole order, also of one whose base is
    nothing where `per_order_if_free`.

    `coupon_bps` is the share of everybody's pay that stays on an order where a coupon of its promoter
    was used: the customer already had money off. `coupon_untouched_bps` is how many of an honest coupon's
    redemptions come without a click that we see; a leak score over `public_coupon_score` marks a coupon.

    `tiers`, the lowest first, raise level 1 by what was sold in a month; None has none, as () has, and
    becomes the default where a plan is published. `upline_gate_minor` is what must have been sold
    through an upline in the month before for a level to be theirs, 0 for nothing. `points_per_unit` is how
    many points the attributed promoter has for each whole unit of the program's currency in the base.

    `points_per_unit_off` points buy a coupon of one unit of the program's currency, 0 buys nothing.
    `points_expire_months` after they became payable points expire, None never. `share_points` are for a
    product's first share that brings a visitor, at most `share_points_per_day` for a promoter and day.
    """

    version: int
    effective_at: datetime
    rate_bps: tuple[int, ...] = (1000, 200)
    pool_cap_bps: int = 3000
    click_window_days: int = 30
    hold_days_after_receipt: int = 7
    hold_days_after_payment: int = 30
    hold_anchor: HoldAnchor = HoldAnchor.RECEIPT
    screening_days: int = 3
    vacancy: Vacancy = Vacancy.HOUSE
    default_sponsor_id: str | None = None
    attribution_model: AttributionModel = AttributionModel.LAST_CLICK
    coupon_mode: CouponMode = CouponMode.ALWAYS
    coupon_bps: int = WHOLE_BPS
    public_coupon: PublicCoupon = PublicCoupon.KEEP
    public_coupon_bps: int | None = None
    public_coupon_score: int = 50
    coupon_untouched_bps: int = 5000
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
    points_per_unit: int = 0

    points_per_unit_off: int = 0
    points_expire_months: int | None = 12
    points_debt: PointsDebt = PointsDebt.NEGATIVE
    cash_per_point_minor: int = 0
    share_points: int = 0
    share_points_per_day: int | None = None

    @property
    def needs_products(self) -> bool:
        """Whether deciding an order takes more of its products than their names."""
        return self.product_bound or any(rule.category or rule.collection_id for rule in self.rules)

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
