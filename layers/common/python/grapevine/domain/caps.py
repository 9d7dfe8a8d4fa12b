"""Caps of a plan: the most that commissions may come to, by order, customer or promoter, in a period.

Every cap is about what promoters have of an order after refunds; what the house has at a vacant level
is the merchant's own and counts under none, and neither does a recruit bonus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from grapevine.domain.money import MAX_MINOR

MAX_CAPS = 8
MAX_COUNTED_PER_PROMOTER = 2
"""Caps over a period that each promoter of an order has a counter for: an entry and its counters are one
transaction of at most a hundred writes, and an order has at most thirty promoters."""
MAX_NAME = 40
EVER = "ever"
"""The period that never ends."""


class CapPer(StrEnum):
    """Whose commissions are added up."""

    ORDER = "order"
    """All levels of one order together."""
    CUSTOMER = "customer"
    """All levels of all of a customer's orders; an order that names no customer is not limited."""
    PROMOTER = "promoter"
    """Everything that one promoter earns, at whatever level."""


class CapPeriod(StrEnum):
    """Over which orders, by the instant they were paid, in the program's time zone."""

    ORDER = "order"
    DAY = "day"
    MONTH = "month"
    LIFETIME = "lifetime"


_LENGTHS = tuple(CapPeriod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most `amount_minor` of the program's currency per order, customer or promoter and period."""

    id: str
    per: CapPer
    amount_minor: int
    period: CapPeriod = CapPeriod.ORDER

    @property
    def is_counted(self) -> bool:
        """Whether other orders have a part in it, so that what is left of it is counted."""
        return self.period is not CapPeriod.ORDER


def period_name(period: CapPeriod, instant: datetime, time_zone: str) -> str:
    """Return the name of the period that an instant is in, on the calendar of a time zone."""
    if period is CapPeriod.LIFETIME:
        return EVER
    day = instant.astimezone(ZoneInfo(time_zone)).date().isoformat()
    return day[:7] if period is CapPeriod.MONTH else day


def cap_checks(caps: Sequence[Cap]) -> tuple[tuple[bool, str, str], ...]:
    """Return what must hold of a plan's caps, each with what is wrong where it does not, and where."""
    counted = [cap for cap in caps if cap.per is CapPer.PROMOTER and cap.is_counted]
    return (
        (len(caps) <= MAX_CAPS, f"more than {MAX_CAPS}", "caps"),
        (len({cap.id for cap in caps}) == len(caps), "two have one id", "caps"),
        (
            len(counted) <= MAX_COUNTED_PER_PROMOTER,
            f"more than {MAX_COUNTED_PER_PROMOTER} per promoter over a period",
            "caps",
        ),
        *(check for cap in caps for check in _checks(cap, caps)),
    )


def _checks(cap: Cap, caps: Sequence[Cap]) -> tuple[tuple[bool, str, str], ...]:
    where = f"caps.{cap.id}"
    narrower = [
        other
        for other in caps
        if other.per is cap.per
        and other is not cap
        and _LENGTHS.index(other.period) <= _LENGTHS.index(cap.period)
    ]
    twins = [other.id for other in narrower if other.period is cap.period]
    idle = [
        other.id for other in narrower if other.amount_minor >= cap.amount_minor and other.id not in twins
    ]
    return (
        (_is_name(cap.id), f"needs an id of 1 to {MAX_NAME} letters, digits, - or _", where),
        (0 < cap.amount_minor <= MAX_MINOR, f"must be 1 to {MAX_MINOR}", f"{where}.amount_minor"),
        (
            cap.per is not CapPer.ORDER or not cap.is_counted,
            f"an order has no {cap.period}: say per customer or per promoter",
            f"{where}.period",
        ),
        (
            cap.per is not CapPer.CUSTOMER or cap.is_counted,
            "of one order is a cap per order: say day, month or lifetime",
            f"{where}.period",
        ),
        (not twins, f"is for the same as {', '.join(twins)}", where),
        (not idle, f"leaves {', '.join(idle)} without effect", f"{where}.amount_minor"),
    )


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
