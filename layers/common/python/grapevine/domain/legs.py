"""What a rail takes of one person in a day, and a payout cut into legs over as many days as that needs.

A leg is planned when its money is reserved, from what is known then. What other payouts to the same
person have sent by the time that it is due is asked then (`fits_today`); a leg that does not fit stays
as it is, and is asked again on the rail's next day. So the plan is a plan, and the cap is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payouts import BACK, Leg
from grapevine.domain.transfers import RailLimits

MOST_LEGS = 99
"""More would be months of transfers, or a limit that is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """What one person was sent through a rail on one of its days."""

    minor: int = 0
    transfers: int = 0


UNUSED = DayUse()


def plan_legs(
    amount_minor: int, limits: RailLimits, now: datetime, sent_today: DayUse = UNUSED
) -> tuple[Leg, ...]:
    """Return the legs that an amount goes in, due from now on and on the rail's following days.

    They come to the amount, none is over a limit or under the rail's least, and each is as large as
    it can be. InvalidInputError for an amount under the rail's least, and for limits that cannot be
    kept in a hundred legs.
    """
    if amount_minor < limits.minimum_minor:
        raise InvalidInputError(f"the rail pays {limits.minimum_minor} at least", "amount_minor")
    if _largest(limits, amount_minor) < min(2 * limits.minimum_minor, amount_minor):
        raise InvalidInputError("less than twice what the rail pays at least", "limits")
    planned = tuple(_planned(amount_minor, limits, now, sent_today))
    return tuple(
        Leg(number=number, amount_minor=minor, due_at=due_at)
        for number, (minor, due_at) in enumerate(planned, start=1)
    )


def fits_today(sent_today: Sequence[Leg], leg: Leg, limits: RailLimits) -> bool:
    """Say whether a leg may go to a person who was sent others on the rail's same day.

    One that came back since counts no more.
    """
    use = used(sent_today)
    return _fits(leg.amount_minor, use.minor, limits.person_day_minor) and _fits(
        1, use.transfers, limits.person_day_transfers
    )


def used(legs: Sequence[Leg]) -> DayUse:
    """Return what legs took of a day."""
    stands = [leg.amount_minor for leg in legs if leg.state not in BACK]
    return DayUse(minor=sum(stands), transfers=len(stands))


def day_start(limits: RailLimits, now: datetime, days: int = 0) -> datetime:
    """Return when the rail's day began, or the one so many days later does."""
    local = now.astimezone(ZoneInfo(limits.zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=days)).astimezone(UTC)


def _planned(left: int, limits: RailLimits, now: datetime, use: DayUse) -> Iterator[tuple[int, datetime]]:
    day, legs = 0, 0
    while left:
        if legs >= MOST_LEGS or day > MOST_LEGS:
            raise InvalidInputError(f"needs more than {MOST_LEGS} legs", "amount_minor")
        minor = _next_leg(left, limits, use)
        if not minor:
            day, use = day + 1, UNUSED
            continue
        yield minor, day_start(limits, now, day) if day else now
        left, legs = left - minor, legs + 1
        use = DayUse(minor=use.minor + minor, transfers=use.transfers + 1)


def _next_leg(left: int, limits: RailLimits, use: DayUse) -> int:
    """Return the largest leg that this day takes and that leaves no rest under the rail's least; or 0."""
    if not _fits(1, use.transfers, limits.person_day_transfers):
        return 0
    cap = _largest(limits, left)
    if limits.person_day_minor is not None:
        cap = min(cap, limits.person_day_minor - use.minor)
    rest = left - cap
    minor = left - limits.minimum_minor if 0 < rest < limits.minimum_minor else cap
    return minor if minor >= limits.minimum_minor else 0


def _largest(limits: RailLimits, left: int) -> int:
    """Return the most that one transfer, on a day of its own, can be."""
    return min(n for n in (left, limits.transfer_minor, limits.person_day_minor) if n is not None)


def _fits(more: int, used_up: int, limit: int | None) -> bool:
    return limit is None or used_up + more <= limit
