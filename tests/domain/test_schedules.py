"""Settlement days: monthly, weekly and daily on the program's own calendar, and on demand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.payout_terms import PayoutTerms, Schedule
from grapevine.domain.schedules import day_begins, latest_day, next_settlement, settlement_date
from tests import builders as make
from tests.builders import T0, days

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
LONG_AGO, START = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
SCHEDULED = tuple(schedule for schedule in Schedule if schedule is not Schedule.ON_DEMAND)
instants = st.integers(0, 3 * 365 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds))


def weekly(day: int) -> PayoutTerms:
    return PayoutTerms(schedule=Schedule.WEEKLY, settlement_day=day)


@pytest.mark.parametrize("day", range(1, 8))
def test_a_week_has_its_day_and_monday_is_the_first(day: int) -> None:
    for number in range(21):
        today = date(2027, 2, 20) + timedelta(days=number)
        found = latest_day(weekly(day), today)
        assert found is not None
        assert found.isoweekday() == day
        assert 0 <= (today - found).days < 7


@given(instants, st.sampled_from(ZONES), st.sampled_from(SCHEDULED), st.integers(1, 31))
def test_edge_76_a_day_is_found_at_every_instant_and_begins_once(
    now: datetime, zone: str, schedule: Schedule, day: int
) -> None:
    """The latest day has begun, the next one has not; between the two there is one run."""
    day = min(day, 7) if schedule is Schedule.WEEKLY else day
    program = make.program(time_zone=zone, schedule=schedule, settlement_day=day, created_at=LONG_AGO)
    found, begins = settlement_date(program, now), next_settlement(program, now)
    assert found is not None
    assert begins is not None
    assert day_begins(found, ZoneInfo(zone)) <= now < begins
    moment = timedelta(milliseconds=1)
    assert settlement_date(program, begins - moment) == found
    assert settlement_date(program, begins) == begins.astimezone(ZoneInfo(zone)).date() != found


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        # Clocks leave out Cairo's midnight of 30 April 2027, and show Havana's of 7 November twice.
        ("Africa/Cairo", date(2027, 4, 30), "2027-04-29T22:00:00+00:00"),
        ("America/Havana", date(2027, 11, 7), "2027-11-07T04:00:00+00:00"),
        ("Europe/Berlin", date(2027, 3, 29), "2027-03-28T22:00:00+00:00"),
        ("Asia/Shanghai", date(2027, 3, 1), "2027-02-28T16:00:00+00:00"),
    ],
)
def test_edge_76_a_day_begins_at_its_first_instant_where_clocks_change(
    zone: str, day: date, begins: str
) -> None:
    found = day_begins(day, ZoneInfo(zone))
    assert found.isoformat() == begins
    assert found.astimezone(ZoneInfo(zone)).date() == day
    assert (found - timedelta(milliseconds=1)).astimezone(ZoneInfo(zone)).date() == day - timedelta(days=1)


@pytest.mark.parametrize(("day", "last"), [(29, 28), (30, 28), (31, 28)])
def test_edge_76_each_month_end_has_its_day(day: int, last: int) -> None:
    terms = PayoutTerms(settlement_day=day)
    assert latest_day(terms, date(2027, 2, 27)) == date(2027, 1, day)
    assert latest_day(terms, date(2027, 2, 28)) == date(2027, 2, last)
    assert latest_day(terms, date(2028, 2, 29)) == date(2028, 2, 29)
    assert latest_day(terms, date(2027, 4, 30)) == date(2027, 4, min(day, 30))


def test_every_day_is_a_day_of_the_daily_schedule() -> None:
    program = make.program(schedule=Schedule.DAILY, time_zone="Asia/Shanghai")
    assert settlement_date(program, datetime(2026, 12, 9, 15, 59, tzinfo=UTC)) == date(2026, 12, 9)
    assert settlement_date(program, datetime(2026, 12, 9, 16, tzinfo=UTC)) == date(2026, 12, 10)


def test_on_demand_has_no_days() -> None:
    program = make.program(schedule=Schedule.ON_DEMAND)
    assert (settlement_date(program, T0), next_settlement(program, T0)) == (None, None)


def test_a_schedule_that_was_changed_begins_on_that_day() -> None:
    program = make.program(time_zone="UTC").with_payouts(weekly(3), datetime(2026, 11, 11, 9, tzinfo=UTC))
    assert program.scheduled_at == datetime(2026, 11, 11, 9, tzinfo=UTC)
    # The eleventh is a Wednesday: the day itself counts, the ones before do not.
    assert settlement_date(program, datetime(2026, 11, 11, 10, tzinfo=UTC)) == date(2026, 11, 11)
    moved = program.with_payouts(weekly(2), datetime(2026, 11, 11, 11, tzinfo=UTC))
    assert settlement_date(moved, datetime(2026, 11, 16, 23, tzinfo=UTC)) is None
    assert settlement_date(moved, datetime(2026, 11, 17, tzinfo=UTC)) == date(2026, 11, 17)


def test_another_minimum_leaves_the_schedule_as_it_was() -> None:
    program = make.program(time_zone="UTC").with_payouts(PayoutTerms(minimum_payout_minor=5), T0 + days(9))
    assert (program.scheduled_at, program.revision) == (None, 1)
    assert settlement_date(program, T0 + days(9)) == date(2026, 11, 10)
