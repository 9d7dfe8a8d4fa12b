"""Months of a program's calendar, and which one counts a sale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.instants import month_end, month_of
from grapevine.domain.sales import closes_at, month_before, recognised_month
from tests import builders as make
from tests.strategies import instants

TICK = timedelta(milliseconds=1)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Pacific/Apia", "UTC")


@pytest.mark.parametrize(
    ("zone", "month", "end"),
    [
        ("Asia/Shanghai", "2026-11", datetime(2026, 11, 30, 16, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("Europe/Berlin", "2026-03", datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("America/New_York", "2026-12", datetime(2027, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_edge_76_a_month_ends_on_the_programs_calendar(zone: str, month: str, end: datetime) -> None:
    assert month_end(month, ZoneInfo(zone)) == end
    assert closes_at(month, make.program(time_zone=zone)) == end + timedelta(hours=1)


@given(instants, st.sampled_from(ZONES))
def test_edge_76_every_instant_is_in_one_month_that_ends_after_it(instant: datetime, zone: str) -> None:
    month, end = (
        month_of(instant, ZoneInfo(zone)),
        month_end(month_of(instant, ZoneInfo(zone)), ZoneInfo(zone)),
    )
    assert instant < end
    assert month_of(end - TICK, ZoneInfo(zone)) == month
    assert month_before(end, make.program(time_zone=zone)) == month


@given(instants, st.integers(0, 90 * 24), st.sampled_from(ZONES))
def test_edge_54_a_sale_counts_in_its_month_while_that_is_open_else_when_it_is_known(
    paid_at: datetime, hours: int, zone: str
) -> None:
    program, now = make.program(time_zone=zone), paid_at + timedelta(hours=hours)
    month = recognised_month(paid_at, program, now)
    assert now < closes_at(month, program)
    own = month_of(paid_at, ZoneInfo(zone))
    assert month == (own if now < closes_at(own, program) else month_of(now, ZoneInfo(zone)))
