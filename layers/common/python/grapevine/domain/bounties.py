"""Bounties: a fixed bonus for a promoter who reaches a target within a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.campaigns import EVERYBODY, Audience, Pays
from grapevine.domain.tiers import TierMeasure


class BountyPeriod(StrEnum):
    """Over which span the target must be reached, on the program's calendar."""

    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"
    ONCE = "once"
    """From the bounty's start to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounty:
    """`amount` of what it pays for every period in which a promoter's `measure` reaches `target`.

    Periods that begin at `starts_at` or later and end by `ends_at` count. What was reached is held for
    `hold_days` after the period and looked at again as long. The audience's products and channels do
    not apply.
    """

    id: str
    name: str
    starts_at: datetime
    ends_at: datetime
    target: int
    amount: int
    period: BountyPeriod = BountyPeriod.WEEK
    measure: TierMeasure = TierMeasure.ORDERS
    pays: Pays = Pays.CASH
    audience: Audience = EVERYBODY
    hold_days: int = 30
    stopped_at: datetime | None = None
