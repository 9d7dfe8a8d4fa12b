"""Instants are aware UTC datetimes; as text they have one width, so that text sorts as time does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from grapevine.domain.errors import InvalidInputError

__all__ = ["day_of", "from_text", "parse_instant", "parse_instant_in", "to_text"]


def parse_instant(text: str, where: str = "") -> datetime:
    """Read an ISO 8601 instant that names its offset; InvalidInputError otherwise.

    >>> to_text(parse_instant("2026-11-11T00:00:00+08:00"))
    '2026-11-10T16:00:00.000Z'
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"not an ISO 8601 instant: {text!r}", where) from None
    if instant.tzinfo is None:
        raise InvalidInputError(f"an instant without an offset: {text!r}", where)
    try:
        return truncate(instant.astimezone(UTC))
    except OverflowError:
        raise InvalidInputError(f"an instant out of range: {text!r}", where) from None


def parse_instant_in(zone: ZoneInfo, text: str, where: str = "") -> datetime:
    """Read an ISO 8601 instant; one that names no offset is the wall time of a zone.

    InvalidInputError also for a wall time that the zone's clocks leave out, or show twice, where
    daylight saving begins or ends: which of the two was meant is not ours to guess.

    >>> to_text(parse_instant_in(ZoneInfo("Asia/Shanghai"), "2026-11-11T00:00"))
    '2026-11-10T16:00:00.000Z'
    """
    wall = _wall_time(text)
    if wall is None:
        return parse_instant(text, where)
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return parse_instant(first.isoformat(), where)
    is_there = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    what = "twice on the clocks" if is_there else "left out by the clocks"
    raise InvalidInputError(f"{text!r} is {what} of {zone.key}: name its offset", where)


def _wall_time(text: str) -> datetime | None:
    """Return a time without an offset, None for any other text."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall if wall.tzinfo is None else None


def truncate(instant: datetime) -> datetime:
    """Drop what text does not keep: everything below a millisecond."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def to_text(instant: datetime) -> str:
    """Return an instant as `YYYY-MM-DDThh:mm:ss.mmmZ`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Read back what `to_text` wrote."""
    return datetime.fromisoformat(text)


def day_of(instant: datetime) -> str:
    """Return the UTC day of an instant, `YYYY-MM-DD`."""
    return instant.astimezone(UTC).date().isoformat()


def days_between(first: datetime, last: datetime) -> tuple[str, ...]:
    """Return every UTC day from the first instant's to the last one's, oldest first."""
    start, end = first.astimezone(UTC).date(), last.astimezone(UTC).date()
    return tuple((start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1))


def month_of(instant: datetime, zone: ZoneInfo) -> str:
    """Return the month of an instant on a zone's calendar, `YYYY-MM`."""
    local = instant.astimezone(zone)
    return f"{local.year:04d}-{local.month:02d}"


@lru_cache(maxsize=1024)
def month_end(month: str, zone: ZoneInfo) -> datetime:
    """Return the first instant after a month of a zone's calendar."""
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).astimezone(UTC)


def clamped_day(year: int, month: int, day: int) -> date:
    """Return that day of the month, or the month's last where it is shorter."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day - 1), following - timedelta(days=1))


def months_after(instant: datetime, months: int) -> datetime:
    """Return the same day and time so many calendar months later, in UTC; a day too many is the last.

    >>> to_text(months_after(from_text("2026-01-31T12:00:00.000Z"), 1))
    '2026-02-28T12:00:00.000Z'
    """
    start = instant.astimezone(UTC)
    years, month = divmod(start.month - 1 + months, 12)
    day = clamped_day(start.year + years, month + 1, start.day)
    return start.replace(year=day.year, month=day.month, day=day.day)
