"""When a program settles: days on its own calendar, each named once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.instants import clamped_day
from grapevine.domain.payout_terms import PayoutTerms, Schedule
from grapevine.domain.programs import Program

LONGEST_WAIT_DAYS = 62
"""No schedule has two of its days further apart."""


def settlement_date(program: Program, now: datetime) -> date | None:
    """Return the latest settlement day on the program's calendar up to now.

    None where it settles on demand only, before its first day, and where the day is older than the
    schedule: a schedule that was changed does not make up for days that it would have had.

    The latest one, not only today's: a schedule that was down on the day catches up, with that day
    only, because a run takes whatever is payable.
    """
    zone = ZoneInfo(program.time_zone)
    latest = latest_day(program.payouts, now.astimezone(zone).date())
    if latest is None or latest <= program.created_at.astimezone(zone).date():
        return None
    since = program.scheduled_at.astimezone(zone).date() if program.scheduled_at else latest
    return latest if since <= latest else None


def latest_day(terms: PayoutTerms, today: date) -> date | None:
    """Return the last day up to today that a schedule has, None where it has none.

    >>> latest_day(PayoutTerms(settlement_day=31), date(2027, 3, 1)).isoformat()
    '2027-02-28'
    >>> latest_day(PayoutTerms(schedule=Schedule.WEEKLY, settlement_day=5), date(2027, 3, 1)).isoformat()
    '2027-02-26'
    """
    if terms.schedule is Schedule.ON_DEMAND:
        return None
    if terms.schedule is Schedule.DAILY:
        return today
    if terms.schedule is Schedule.WEEKLY:
        return today - timedelta(days=(today.isoweekday() - terms.settlement_day) % 7)
    this_month = clamped_day(today.year, today.month, terms.settlement_day)
    last = today.replace(day=1) - timedelta(days=1)
    return this_month if this_month <= today else clamped_day(last.year, last.month, terms.settlement_day)


def next_settlement(program: Program, now: datetime) -> datetime | None:
    """Return the instant, in UTC, from which the next settlement starts, None on demand only."""
    today = now.astimezone(ZoneInfo(program.time_zone)).date()
    days = (today + timedelta(days=number) for number in range(1, LONGEST_WAIT_DAYS))
    found = next((day for day in days if latest_day(program.payouts, day) == day), None)
    return day_begins(found, ZoneInfo(program.time_zone)) if found else None


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """Return a day's first instant on a zone's calendar, in UTC; clocks may leave out its midnight.

    >>> day_begins(date(2027, 3, 28), ZoneInfo("Asia/Beirut")).isoformat()
    '2027-03-27T22:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)
