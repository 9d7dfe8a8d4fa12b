"""Grades of a promoter by what was sold through them in a month, and what each adds to the rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import gcd

from grapevine.domain.money import MAX_MINOR, exponent

MAX_TIERS = 10
WHOLE_BPS = 10_000
_DEFAULTS = (("base", 0, 0), ("silver", 10_000, 200), ("gold", 50_000, 500))
"""Id, threshold in whole units of the program's currency, basis points added."""


class TierBasis(StrEnum):
    """Which month's sales say the tier of an order."""

    PREVIOUS_MONTH = "previous_month"
    """The month before the one in which the order was paid."""
    RUNNING_MONTH = "running_month"
    """The month in which it was paid: paid by the sales so far, put right when the month closes."""


class TierMode(StrEnum):
    """What a threshold that was reached raises."""

    WHOLE = "whole"
    """Everything of the month."""
    MARGINAL = "marginal"
    """What was sold above it."""


class TierMeasure(StrEnum):
    """What thresholds count."""

    NET_SALES = "net_sales"
    """The base less what went back, in minor units of the program's currency."""
    ORDERS = "orders"
    """Orders of which something is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A grade: reached at `threshold` of the plan's measure, it adds `add_bps` to level 1."""

    id: str
    threshold: int
    add_bps: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What was sold through a promoter in a month; below zero where more went back than came."""

    net_minor: int = 0
    orders: int = 0

    def __add__(self, other: Volume) -> Volume:
        return Volume(self.net_minor + other.net_minor, self.orders + other.orders)

    def __sub__(self, other: Volume) -> Volume:
        return Volume(self.net_minor - other.net_minor, self.orders - other.orders)

    def measured(self, measure: TierMeasure) -> int:
        """Return what a threshold is compared with."""
        return self.orders if measure is TierMeasure.ORDERS else self.net_minor


@dataclass(frozen=True, slots=True)
class Sale:
    """What an entry changes in a promoter's volume of a month, `YYYY-MM`, or a bounty's period, by name."""

    promoter_id: str
    month: str
    volume: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStanding:
    """The tier that a promoter earns an order by: of which month, from what volume, and what it adds.

    `uplift` is a fraction of basis points, numerator and denominator: a marginal month's is blended.
    """

    promoter_id: str
    month: str
    volume: Volume
    tier_id: str
    uplift: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An upline whose level is vacant: what they sold in a month did not reach the plan's gate."""

    promoter_id: str
    month: str
    net_minor: int


def default_tiers(currency: str, room_bps: int) -> tuple[Tier, ...]:
    """Return the tiers of a plan that says nothing about them, those for which its pool cap has room.

    >>> [(tier.id, tier.threshold) for tier in default_tiers("JPY", 300)]
    [('base', 0), ('silver', 10000)]
    """
    unit = 10 ** exponent(currency)
    fitting = tuple(
        Tier(id=name, threshold=threshold * unit, add_bps=bps)
        for name, threshold, bps in _DEFAULTS
        if bps <= room_bps
    )
    return fitting if len(fitting) > 1 else ()


def tier_of(tiers: Sequence[Tier], amount: int) -> Tier:
    """Return the highest tier that an amount reaches; below all thresholds, the lowest."""
    return next((tier for tier in reversed(tiers) if tier.threshold <= amount), tiers[0])


def next_tier(tiers: Sequence[Tier], amount: int) -> Tier | None:
    """Return the lowest tier that an amount does not reach yet, None at the top."""
    return next((tier for tier in tiers if tier.threshold > amount), None)


def uplift_of(tiers: Sequence[Tier], mode: TierMode, amount: int) -> tuple[int, int]:
    """Return what a month's amount adds to the rate of each of its orders, as a fraction of basis points.

    Marginal is blended: each part of the amount by its own tier, over the whole amount. So it is one
    rate for every order of the month, whatever their order, and together they earn exactly the parts.
    """
    if mode is TierMode.WHOLE or amount <= 0:
        return tier_of(tiers, amount).add_bps, 1
    ends = (*(tier.threshold for tier in tiers[1:]), amount)
    parts = sum(
        max(0, min(end, amount) - tier.threshold) * tier.add_bps
        for tier, end in zip(tiers, ends, strict=True)
    )
    common = gcd(parts, amount)
    return parts // common, amount // common


def tier_checks(
    tiers: Sequence[Tier], basis: TierBasis, mode: TierMode, room_bps: int
) -> tuple[tuple[bool, str, str], ...]:
    """Return (good, what, where) of everything that a plan's tiers must be."""
    thresholds, added = [tier.threshold for tier in tiers], [tier.add_bps for tier in tiers]
    running = basis is TierBasis.RUNNING_MONTH
    return (
        (len(tiers) <= MAX_TIERS, f"more than {MAX_TIERS}", "tiers"),
        (all(tier.id for tier in tiers), "one has no id", "tiers"),
        (len({tier.id for tier in tiers}) == len(tiers), "two have one id", "tiers"),
        (not tiers or thresholds[0] == 0, "the first must have the threshold 0", "tiers"),
        (thresholds == sorted(set(thresholds)), "thresholds must rise", "tiers"),
        (all(one <= MAX_MINOR for one in thresholds), "has a threshold beyond reason", "tiers"),
        (all(0 <= bps <= WHOLE_BPS for bps in added), "each must add 0 to 10000", "tiers"),
        (added == sorted(added), "a higher one must not add less", "tiers"),
        (
            max(added, default=0) <= room_bps,
            f"add more than the pool cap leaves: {room_bps}",
            "tiers",
        ),
        (running or mode is TierMode.WHOLE, f"goes with tier_basis {TierBasis.RUNNING_MONTH}", "tier_mode"),
    )
