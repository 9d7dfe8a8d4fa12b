"""Programs: every fault named, the plan of an instant, the day of a settlement."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import NotFoundError
from grapevine.domain.instants import clamped_day
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.programs import InvalidProgramError, program_faults
from grapevine.domain.schedules import settlement_date
from tests import builders as make
from tests.builders import T0, days, minutes

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Europe/Berlin",
)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "BTC"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "/etc/passwd"}, "time_zone"),
        ({"time_zone": "Asia"}, "time_zone"),
        ({"allowed_hosts": ()}, "allowed_hosts"),
        ({"minimum_payout_minor": 0}, "payouts.minimum_payout_minor"),
        ({"minimum_payout_minor": -1}, "payouts.minimum_payout_minor"),
        ({"minimum_payout_minor": MAX_MINOR + 1}, "payouts.minimum_payout_minor"),
        ({"settlement_day": 0}, "payouts.settlement_day"),
        ({"settlement_day": 32}, "payouts.settlement_day"),
    ],
)
def test_a_programs_fault_is_named(changes: dict[str, object], place: str) -> None:
    (fault,) = program_faults(make.program(**changes))
    assert fault.where == place


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"name": " "}, "name: must not be empty"),
        ({"name": "x" * 201}, "name: longer than 200 characters"),
        ({"currency": "usd"}, "currency: unknown currency 'usd'"),
        ({"currency": "PTS"}, "currency: points are not money that a program pays out"),
        ({"time_zone": "Mars"}, "time_zone: unknown time zone 'Mars'"),
        ({"allowed_hosts": ()}, "allowed_hosts: at least one host is needed"),
        ({"settlement_day": 32}, "payouts.settlement_day: must be 1 to 31"),
    ],
)
def test_what_is_wrong_with_a_program_is_said_in_words(changes: dict[str, object], what: str) -> None:
    faults = program_faults(make.program(**changes))
    assert [f"{fault.where}: {fault.what}" for fault in faults] == [what]
    assert str(InvalidProgramError(faults)) == str(faults[0])
    assert program_faults(make.program(name="x" * 200)) == ()


@pytest.mark.parametrize(
    ("rates", "changes", "place"),
    [
        ((1, 2, 3, 4), {}, "rate_bps"),
        ((-1,), {}, "rate_bps"),
        ((2000, 1001), {}, "rate_bps"),
        ((1000,), {"pool_cap_bps": 0}, "pool_cap_bps"),
        ((1000,), {"click_window_days": 0}, "click_window_days"),
        ((1000,), {"click_window_days": 91}, "click_window_days"),
        ((1000,), {"hold_days_after_receipt": -1}, "hold_days_after_receipt"),
        ((1000,), {"hold_days_after_receipt": 181}, "hold_days_after_receipt"),
        ((1000,), {"hold_days_after_payment": -1}, "hold_days_after_payment"),
        ((1000,), {"hold_days_after_payment": 181}, "hold_days_after_payment"),
        ((1000,), {"screening_days": -1}, "screening_days"),
        ((1000,), {"screening_days": 31}, "screening_days"),
    ],
)
def test_a_plans_fault_is_named(rates: tuple[int, ...], changes: dict[str, object], place: str) -> None:
    assert place in {fault.where for fault in plan_faults(make.plan(*rates, **changes))}


def test_every_fault_is_named_not_the_first() -> None:
    program = make.program(
        name="", currency="x", time_zone="x", allowed_hosts=(), minimum_payout_minor=0, settlement_day=99
    )
    assert [fault.where for fault in program_faults(program)] == [
        *("name", "currency", "time_zone", "allowed_hosts"),
        *("payouts.minimum_payout_minor", "payouts.settlement_day"),
    ]
    plan = make.plan(
        20_000,
        pool_cap_bps=20_000,
        click_window_days=0,
        hold_days_after_receipt=-1,
        hold_days_after_payment=-1,
        screening_days=-1,
    )
    assert [fault.where for fault in plan_faults(plan)] == [
        *("rate_bps", "pool_cap_bps", "click_window_days"),
        *("hold_days_after_receipt", "hold_days_after_payment", "screening_days"),
    ]


def test_the_defaults_and_every_edge_have_no_fault() -> None:
    assert program_faults(make.program()) == ()
    for plan in (
        make.plan(),
        make.plan(0),
        make.plan(3000),
        make.plan(1000, 1000, 1000),
        make.plan(
            click_window_days=1, hold_days_after_receipt=0, hold_days_after_payment=0, screening_days=0
        ),
        make.plan(
            click_window_days=90, hold_days_after_receipt=180, hold_days_after_payment=180, screening_days=30
        ),
    ):
        assert plan_faults(plan) == ()


def test_edge_57_the_plan_of_an_instant_is_the_last_one_in_force() -> None:
    plans = tuple(
        make.plan(version=v, effective_at=T0 + days(d)) for v, d in ((1, 0), (2, 10), (3, 10), (4, 20))
    )
    terms = make.terms(*plans)
    found = [terms.plan_at(T0 + days(number)).version for number in (-1, 0, 9, 10, 19, 20, 99)]
    assert found == [1, 1, 1, 3, 3, 4, 4]
    assert terms.plan_at(T0 + days(10) - timedelta(milliseconds=1)).version == 1


def test_a_plan_version_that_these_terms_do_not_have_yet_is_not_found() -> None:
    """Terms are kept for a minute: another function may have decided by a newer version already."""
    assert make.terms(make.plan(version=1)).plan_version(1).version == 1
    with pytest.raises(NotFoundError, match="plan version"):
        make.terms(make.plan(version=1)).plan_version(2)


@given(
    st.integers(0, 4 * 365 * 24 * 60).map(lambda number: datetime(2026, 1, 1, tzinfo=UTC) + minutes(number)),
    st.integers(1, 31),
    st.sampled_from(ZONES),
)
def test_edge_76_the_settlement_day_is_the_latest_on_the_programs_calendar(
    now: datetime, day: int, zone: str
) -> None:
    program = make.program(time_zone=zone, settlement_day=day, created_at=datetime(2025, 1, 1, tzinfo=UTC))
    today = now.astimezone(ZoneInfo(zone)).date()
    found = settlement_date(program, now)
    assert found is not None
    assert found <= today < next_after(found, day)
    assert found == clamped_day(found.year, found.month, day)


def next_after(found: date, day: int) -> date:
    return clamped_day(found.year + found.month // 12, found.month % 12 + 1, day)


@pytest.mark.parametrize(
    ("zone", "just_before", "just_after"),
    [
        ("Asia/Shanghai", "2026-12-09T15:59:59+00:00", "2026-12-09T16:00:00+00:00"),
        ("America/New_York", "2026-12-10T04:59:59+00:00", "2026-12-10T05:00:00+00:00"),
        ("America/New_York", "2026-07-10T03:59:59+00:00", "2026-07-10T04:00:00+00:00"),
        ("Europe/Berlin", "2027-03-09T22:59:59+00:00", "2027-03-09T23:00:00+00:00"),
    ],
)
def test_edge_76_the_day_begins_at_the_programs_own_midnight(
    zone: str, just_before: str, just_after: str
) -> None:
    program = make.program(time_zone=zone, created_at=datetime(2025, 1, 1, tzinfo=UTC))
    before = settlement_date(program, datetime.fromisoformat(just_before))
    after = settlement_date(program, datetime.fromisoformat(just_after))
    assert before
    assert after
    assert (after - before).days in (28, 30, 31)
    assert after.day == 10


def test_a_program_is_settled_from_the_first_day_after_the_one_it_began_on() -> None:
    began = datetime(2026, 11, 10, 3, tzinfo=UTC)
    program = make.program(time_zone="UTC", created_at=began)
    assert settlement_date(program, began + days(1)) is None
    assert settlement_date(program, began + days(29)) is None
    assert settlement_date(program, began + days(30)) == date(2026, 12, 10)


def test_a_schedule_that_was_down_catches_up() -> None:
    program = make.program(time_zone="UTC")
    assert settlement_date(program, datetime(2026, 12, 9, 23, 59, tzinfo=UTC)) == date(2026, 11, 10)
