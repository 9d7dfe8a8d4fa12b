"""Instants: one text each, that sorts as time does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import (
    clamped_day,
    day_of,
    days_between,
    from_text,
    parse_instant,
    parse_instant_in,
    to_text,
    truncate,
)

offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime.fromisoformat("0001-01-03"), datetime.fromisoformat("9999-12-29")
any_instant = st.datetimes(FIRST, LAST, timezones=offsets)


@given(any_instant)
def test_an_instant_reads_back_to_the_millisecond(instant: datetime) -> None:
    text = to_text(instant)
    assert from_text(text) == truncate(instant.astimezone(UTC))
    assert from_text(text).tzinfo is UTC
    assert to_text(from_text(text)) == text


@given(any_instant, any_instant)
def test_text_sorts_as_time_does(one: datetime, other: datetime) -> None:
    """Also a year below 1000 has four digits."""
    assert len(to_text(one)) == len(to_text(other)) == 24
    if to_text(one) != to_text(other):
        assert (one < other) == (to_text(one) < to_text(other))


@given(any_instant)
def test_any_offset_is_read(instant: datetime) -> None:
    assert parse_instant(instant.isoformat()) == truncate(instant.astimezone(UTC))


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-11-11", "2026-11-11T00:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *("1762819200", "2026-11-11T25:00:00Z", "2026-11-11T00:00:60Z", "11/11/2026", "noon"),
        *("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"),
    ],
)
def test_what_is_no_instant_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_instant(text, "created_at")
    assert refusal.value.where == "created_at"


def test_a_day_is_the_utc_day() -> None:
    assert day_of(parse_instant("2026-11-11T00:30:00+08:00")) == "2026-11-10"


@given(any_instant, st.integers(0, 40), st.integers(0, 86_399))
def test_days_between_are_all_of_them_once(first: datetime, count: int, seconds: int) -> None:
    first = min(first.astimezone(UTC), datetime(9999, 11, 1, tzinfo=UTC))
    last = first + timedelta(days=count, seconds=seconds)
    found = days_between(first, last)
    assert (found[0], found[-1]) == (day_of(first), day_of(last))
    assert [date.fromisoformat(day).toordinal() - first.date().toordinal() for day in found] == [
        *range(len(found))
    ]


@given(st.integers(1970, 2200), st.integers(1, 12), st.integers(1, 31))
def test_edge_76_a_day_that_a_month_lacks_is_its_last(year: int, month: int, day: int) -> None:
    found = clamped_day(year, month, day)
    assert (found.year, found.month) == (year, month)
    assert found.day == day or (found.day < day and (found + timedelta(days=1)).day == 1)


def test_edge_76_february_and_december() -> None:
    assert clamped_day(2028, 2, 31) == date(2028, 2, 29)
    assert clamped_day(2026, 12, 31) == date(2026, 12, 31)


# --- wall time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("Asia/Shanghai", "2026-11-11T00:00", "2026-11-10T16:00:00.000Z"),
        ("Asia/Shanghai", "2026-11-11", "2026-11-10T16:00:00.000Z"),
        ("Asia/Shanghai", "2026-11-11 00:00:30.5", "2026-11-10T16:00:30.500Z"),
        ("Asia/Shanghai", "2026-11-11T00:00Z", "2026-11-11T00:00:00.000Z"),
        ("Asia/Shanghai", "2026-11-11T00:00-05:00", "2026-11-11T05:00:00.000Z"),
        ("America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59.000Z"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00.000Z"),
        ("America/New_York", "2026-11-01T00:59:59", "2026-11-01T04:59:59.000Z"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00:00.000Z"),
        ("America/New_York", "2026-11-01T01:30-04:00", "2026-11-01T05:30:00.000Z"),
        ("America/New_York", "2026-11-01T01:30-05:00", "2026-11-01T06:30:00.000Z"),
    ],
)
def test_edge_59_a_wall_time_is_the_zones_and_an_offset_is_taken_at_its_word(
    zone: str, text: str, instant: str
) -> None:
    assert to_text(parse_instant_in(ZoneInfo(zone), text)) == instant


@pytest.mark.parametrize(
    ("zone", "text", "what"),
    [
        ("America/New_York", "2026-03-08T02:00", "left out by the clocks"),
        ("America/New_York", "2026-03-08T02:59:59", "left out by the clocks"),
        ("America/New_York", "2026-11-01T01:00", "twice on the clocks"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "twice on the clocks"),
        ("Asia/Shanghai", "yesterday", "not an ISO 8601 instant"),
        ("Asia/Shanghai", "", "not an ISO 8601 instant"),
        ("Asia/Shanghai", "2026-11-31T00:00", "not an ISO 8601 instant"),
        ("Asia/Shanghai", "0001-01-01T00:00", "out of range"),
        ("America/New_York", "9999-12-31T23:59", "out of range"),
    ],
)
def test_edge_59_a_wall_time_that_is_none_or_two_instants_is_refused(zone: str, text: str, what: str) -> None:
    with pytest.raises(InvalidInputError, match=what) as refusal:
        parse_instant_in(ZoneInfo(zone), text, "starts_at")
    assert refusal.value.where == "starts_at"
