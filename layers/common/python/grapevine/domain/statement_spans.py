"""The spans that statements are about: days and months of a program's calendar, as instants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import clamped_day

MOST_DAYS = 366
"""The days of one statement at most: a year."""
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From an instant up to before another one."""

    starts_at: datetime
    ends_at: datetime


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day on a zone's calendar, also where its clocks leave midnight out.

    >>> midnight(date(2026, 11, 1), ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-10-31T16:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def month_days(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month that is named `YYYY-MM`; InvalidInputError for another.

    >>> [day.isoformat() for day in month_days("2028-02")]
    ['2028-02-01', '2028-02-29']
    """
    found = _MONTH.fullmatch(month)
    if not found or not 1 <= int(found.group(1)) < date.max.year:
        raise InvalidInputError(f"not a month, YYYY-MM: {month[:20]!r}", "month")
    year, number = int(found.group(1)), int(found.group(2))
    return date(year, number, 1), clamped_day(year, number, 31)


def day_named(text: str, where: str) -> date:
    """Read a day, `YYYY-MM-DD`."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidInputError(f"not a day, YYYY-MM-DD: {text[:20]!r}", where)


def span_of_days(first: date, last: date, zone: ZoneInfo) -> Span:
    """Return whole days of a zone's calendar, both included; InvalidInputError for none, or over a year."""
    if last < first:
        raise InvalidInputError(f"is before {first.isoformat()}", "to")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInputError(f"more than {MOST_DAYS} days", "to")
    if not 1 < first.year <= last.year < date.max.year:
        raise InvalidInputError("out of range", "from")
    return Span(starts_at=midnight(first, zone), ends_at=midnight(last + _DAY, zone))
