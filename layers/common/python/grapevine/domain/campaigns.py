"""Dated special events of a program: what they add to what promoters earn, for whom, within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

WHOLE_BPS = 10_000
"""A multiplier of one: what the plan pays anyway."""
CAMPAIGN_PREFIX = "cm_"
"""How a campaign's id begins; its budget is an account of that owner."""


class Clock(StrEnum):
    """Which instant of an order must be within a campaign."""

    PAID = "paid"
    PLACED = "placed"


class Pays(StrEnum):
    """What is paid: money of the program's currency, or points."""

    CASH = "cash"
    POINTS = "points"


class Stacking(StrEnum):
    """How a campaign goes together with what the promoter's tier and other campaigns add."""

    ADD = "add"
    """Beside everything else; a multiplier multiplies the plan's own rate."""
    MULTIPLY = "multiply"
    """A multiplier multiplies also what the tier and the campaigns that add have added."""
    MAX = "max"
    """This, or what the tier and the others add together: whichever pays more."""
    EXCLUSIVE = "exclusive"
    """This alone: neither the tier nor another campaign adds anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whose orders, and which lines of them; empty is everybody, and everything."""

    tier_ids: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    collection_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    joined_within_days: int | None = None


EVERYBODY = Audience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What the attributed promoter of an order earns more, from `starts_at` until before `ends_at`.

    `multiplier_bps` multiplies the plan's rate (or, in points, what the plan's points are), `add_bps`
    (cash) and `add_points_per_unit` (points for each whole unit of the program's currency) add to it,
    `bonus` is for the order as a whole. `bonus`, the caps and the budget are in minor units of what it
    pays; a cap or budget of None is none. `stopped_at` ends it early, for good. `first_budget` is the
    budget it was made with, however often it was raised: what is counted by it stays so.
    """

    id: str
    name: str
    starts_at: datetime
    ends_at: datetime
    clock: Clock = Clock.PAID
    audience: Audience = EVERYBODY
    pays: Pays = Pays.CASH
    multiplier_bps: int = WHOLE_BPS
    add_bps: int = 0
    add_points_per_unit: int = 0
    bonus: int = 0
    stacking: Stacking = Stacking.ADD
    order_cap: int | None = None
    promoter_cap: int | None = None
    budget: int | None = None
    first_budget: int | None = None
    stopped_at: datetime | None = None

    def is_on(self, instant: datetime) -> bool:
        """Say whether an instant is within it."""
        ends_at = min(self.ends_at, self.stopped_at or self.ends_at)
        return self.starts_at <= instant < ends_at
