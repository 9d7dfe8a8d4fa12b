"""Bounties: a fixed bonus for a promoter who reaches a target within a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from grapevine.domain.campaigns import EVERYBODY, Audience, Pays
from grapevine.domain.errors import NotFoundError
from grapevine.domain.tiers import TierMeasure, Volume

DAY = timedelta(days=1)


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

    def is_reached(self, volume: Volume) -> bool:
        """Say whether what was sold comes up to the target."""
        return volume.measured(self.measure) >= self.target


@dataclass(frozen=True, slots=True)
class Period:
    """One span in which a bounty's target can be reached, up to before `ends_at`.

    Evidence is looked at until before `held_until`: what we learn later changes nothing any more.
    `name` is unique over the program's bounties and periods.
    """

    name: str
    starts_at: datetime
    ends_at: datetime
    held_until: datetime


def period_at(bounty: Bounty, instant: datetime, zone: ZoneInfo) -> Period | None:
    """Return the period in which an order counts that was paid at an instant, None where it counts in none.

    >>> from grapevine.domain.instants import from_text, to_text
    >>> year = from_text("2026-01-01T00:00:00.000Z"), from_text("2027-01-01T00:00:00.000Z")
    >>> weekly = Bounty(id="bt_x", name="", starts_at=year[0], ends_at=year[1], target=10, amount=5000)
    >>> found = period_at(weekly, from_text("2026-11-11T09:00:00.000Z"), ZoneInfo("Asia/Shanghai"))
    >>> found.name, to_text(found.starts_at)
    ('bt_x:2026-W46', '2026-11-08T16:00:00.000Z')
    """
    if not bounty.starts_at <= instant < min(bounty.ends_at, bounty.stopped_at or bounty.ends_at):
        return None
    return _whole(bounty, _period_of(bounty, instant.astimezone(zone).date(), zone))


def period_named(bounty: Bounty, name: str, zone: ZoneInfo) -> Period:
    """Return a bounty's period by its name; NotFoundError where it has none of that name."""
    try:
        period = _whole(bounty, _period_of(bounty, _first_day(bounty, name.partition(":")[2]), zone))
    except (ValueError, OverflowError):
        period = None
    if period is None or period.name != name:
        raise NotFoundError("period of a bounty", name)
    return period


def periods_back(bounty: Bounty, instant: datetime, zone: ZoneInfo, most: int) -> tuple[Period, ...]:
    """Return the period of an instant and those before it, latest first, at most so many.

    A period stays for a week after its hold, so that one sees what has become of it.
    """
    last = min(instant, bounty.ends_at - timedelta(milliseconds=1))
    found: list[Period] = []
    while last >= bounty.starts_at and len(found) < most:
        period = _period_of(bounty, last.astimezone(zone).date(), zone)
        if period.held_until + 7 * DAY <= instant:
            break
        if _whole(bounty, period) and not (bounty.stopped_at and bounty.stopped_at <= period.starts_at):
            found.append(period)
        last = period.starts_at - timedelta(milliseconds=1)
    return tuple(found)


def _whole(bounty: Bounty, period: Period) -> Period | None:
    """Return a period that is within its bounty from its beginning to its end, None for any other."""
    return period if bounty.starts_at <= period.starts_at and period.ends_at <= bounty.ends_at else None


def _period_of(bounty: Bounty, day: date, zone: ZoneInfo) -> Period:
    if bounty.period is BountyPeriod.ONCE:
        name, starts_at, ends_at = BountyPeriod.ONCE.value, bounty.starts_at, bounty.ends_at
    else:
        name, first, after = _days(bounty.period, day)
        starts_at, ends_at = _midnight(first, zone), _midnight(after, zone)
    return Period(f"{bounty.id}:{name}", starts_at, ends_at, ends_at + bounty.hold_days * DAY)


def _days(period: BountyPeriod, day: date) -> tuple[str, date, date]:
    """Return a calendar period's name, its first day and the first day after it."""
    if period is BountyPeriod.WEEK:
        monday = day - day.weekday() * DAY
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}", monday, monday + 7 * DAY
    if period is BountyPeriod.MONTH:
        first = day.replace(day=1)
        return f"{first:%Y-%m}", first, (first + 31 * DAY).replace(day=1)
    return day.isoformat(), day, day + DAY


def _first_day(bounty: Bounty, name: str) -> date:
    """Read back a period's first day; ValueError for what is no such name."""
    if bounty.period is BountyPeriod.WEEK:
        year, _, week = name.partition("-W")
        return date.fromisocalendar(int(year), int(week), 1)
    if bounty.period is BountyPeriod.ONCE:
        return bounty.starts_at.date()
    return date.fromisoformat(f"{name}-01" if bounty.period is BountyPeriod.MONTH else name)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
