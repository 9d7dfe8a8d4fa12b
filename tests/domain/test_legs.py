"""Legs over days: exact, within every limit, and a day's cap is kept whoever else pays the same person."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.legs import MOST_LEGS, UNUSED, DayUse, day_start, fits_today, plan_legs, used
from grapevine.domain.payouts import Leg, PayoutState
from grapevine.domain.transfers import RailLimits
from tests.builders import T0

WECHAT = RailLimits(
    batch=100,
    transfer_minor=20_000,
    person_day_minor=200_000,
    minimum_minor=10,
    zone="Asia/Shanghai",
)
"""What a merchant has that asked for no more: 200 yuan at once, 2,000 to one person in a day."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive by design


@st.composite
def limited(draw: st.DrawFn) -> tuple[int, RailLimits, DayUse]:
    """An amount, limits that it can be paid within in some forty days, and what the day took already."""
    least = draw(st.integers(1, 50))
    transfer = draw(st.none() | st.integers(2 * least, 2000))
    day = draw(st.none() | st.integers(2 * least, 4000))
    largest = min((n for n in (transfer, day) if n is not None), default=4000)
    limits = RailLimits(
        batch=10,
        transfer_minor=transfer,
        person_day_minor=day,
        person_day_transfers=draw(st.none() | st.integers(1, 5)),
        minimum_minor=least,
        zone=draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
    )
    use = DayUse(minor=draw(st.integers(0, 5000)), transfers=draw(st.integers(0, 6)))
    return draw(st.integers(least, 40 * (largest - least))), limits, use


def day_of(instant: datetime, limits: RailLimits) -> date:
    return instant.astimezone(ZoneInfo(limits.zone)).date()


@given(case=limited(), now=instants)
def test_edge_81_legs_are_exact_and_within_every_limit(
    case: tuple[int, RailLimits, DayUse], now: datetime
) -> None:
    amount, limits, use = case
    legs = plan_legs(amount, limits, now, use)
    assert sum(leg.amount_minor for leg in legs) == amount
    assert [leg.number for leg in legs] == list(range(1, len(legs) + 1))
    assert {leg.state for leg in legs} == {PayoutState.REQUESTED}
    minor, count = Counter({day_of(now, limits): 0}), Counter({day_of(now, limits): 0})
    for leg in legs:
        assert limits.minimum_minor <= leg.amount_minor <= (limits.transfer_minor or amount)
        minor[day_of(leg.due_at, limits)] += leg.amount_minor
        count[day_of(leg.due_at, limits)] += 1
    today = day_of(now, limits)
    for day, total in minor.items():
        already = use if day == today and count[day] else UNUSED
        assert limits.person_day_minor is None or already.minor + total <= limits.person_day_minor
        assert limits.person_day_transfers is None or already.transfers + count[day] <= (
            limits.person_day_transfers
        )


@given(case=limited(), now=instants)
def test_edge_81_a_plan_is_the_same_again_and_leaves_no_day_out(
    case: tuple[int, RailLimits, DayUse], now: datetime
) -> None:
    amount, limits, use = case
    legs = plan_legs(amount, limits, now, use)
    assert legs == plan_legs(amount, limits, now, use)
    due = [leg.due_at for leg in legs]
    assert due == sorted(due)
    first = day_of(now, limits)
    days = [(day_of(instant, limits) - first).days for instant in dict.fromkeys(due)]
    assert days == list(range(days[0], days[0] + len(days)))
    assert days[0] in (0, 1)
    assert all(
        instant in (now, day_start(limits, now, day))
        for instant, day in zip(dict.fromkeys(due), days, strict=True)
    )


@given(case=limited(), now=instants)
def test_edge_81_no_day_takes_fewer_than_it_could(
    case: tuple[int, RailLimits, DayUse], now: datetime
) -> None:
    """Each leg but the last, and the one before it, is as large as its transfer or its day allows."""
    amount, limits, use = case
    legs = plan_legs(amount, limits, now, use)
    caps = [cap for cap in (limits.transfer_minor, limits.person_day_minor) if cap is not None]
    by_day: dict[date, int] = {day_of(now, limits): use.minor}
    for leg in legs[:-2]:
        day = day_of(leg.due_at, limits)
        room = [*caps, *([limits.person_day_minor - by_day.get(day, 0)] if limits.person_day_minor else [])]
        assert leg.amount_minor == min(room)
        by_day[day] = by_day.get(day, 0) + leg.amount_minor


@given(
    amounts=st.lists(st.integers(10, 500_000), min_size=1, max_size=5),
    now=instants,
)
def test_edge_81_several_payouts_to_one_person_keep_the_days_cap_and_all_arrive(
    amounts: list[int], now: datetime
) -> None:
    """Each plan knows nothing of the others; whoever sends looks at what the day took."""
    waiting = [leg for amount in amounts for leg in plan_legs(amount, WECHAT, now)]
    total, day, sent_by_day = sum(amounts), 0, []
    while waiting:
        assert day < 40, "somebody waits for ever"
        instant = now if not day else day_start(WECHAT, now, day)
        today: list[Leg] = []
        for leg in sorted((leg for leg in waiting if leg.due_at <= instant), key=lambda leg: leg.due_at):
            if fits_today(today, leg, WECHAT):
                today.append(leg)
                waiting.remove(leg)
        sent_by_day.append(used(today).minor)
        day += 1
    assert sum(sent_by_day) == total
    assert max(sent_by_day) <= 200_000


def test_edge_81_days_are_those_of_chinas_calendar() -> None:
    late = datetime(2026, 11, 11, 15, 59, tzinfo=UTC)  # a minute before midnight in Shanghai
    legs = plan_legs(450_000, WECHAT, late)
    assert [leg.amount_minor for leg in legs] == [20_000] * 22 + [10_000]
    due = sorted({leg.due_at for leg in legs})
    assert due == [
        late,
        datetime(2026, 11, 11, 16, tzinfo=UTC),
        datetime(2026, 11, 12, 16, tzinfo=UTC),
    ]
    assert [instant.astimezone(SHANGHAI).date().isoformat() for instant in due] == [
        "2026-11-11",
        "2026-11-12",
        "2026-11-13",
    ]


def test_edge_81_what_the_person_was_sent_today_counts() -> None:
    legs = plan_legs(30_000, WECHAT, T0, DayUse(minor=195_000))
    assert [leg.amount_minor for leg in legs] == [5_000, 20_000, 5_000]
    assert [leg.due_at for leg in legs] == [T0, *[day_start(WECHAT, T0, 1)] * 2]


def test_edge_81_so_many_transfers_in_a_day() -> None:
    limits = replace(WECHAT, person_day_transfers=2)
    legs = plan_legs(70_000, limits, T0)
    assert Counter(leg.due_at for leg in legs) == {T0: 2, day_start(limits, T0, 1): 2}
    assert [leg.amount_minor for leg in plan_legs(70_000, limits, T0, DayUse(transfers=2))] == [
        20_000,
        20_000,
        20_000,
        10_000,
    ]


def test_edge_81_no_rest_is_under_the_rails_least() -> None:
    assert [leg.amount_minor for leg in plan_legs(20_005, WECHAT, T0)] == [19_995, 10]
    assert [leg.amount_minor for leg in plan_legs(20_010, WECHAT, T0)] == [20_000, 10]
    legs = plan_legs(20_000, WECHAT, T0, DayUse(minor=199_995))
    assert [(leg.amount_minor, leg.due_at) for leg in legs] == [(20_000, day_start(WECHAT, T0, 1))]


def test_without_limits_there_is_one_leg() -> None:
    legs = plan_legs(10**12, RailLimits(batch=5), T0, DayUse(minor=10**9, transfers=7))
    assert legs == (Leg(number=1, amount_minor=10**12, due_at=T0),)


@pytest.mark.parametrize(
    ("amount", "limits", "where"),
    [
        (9, WECHAT, "amount_minor"),
        (0, RailLimits(batch=1), "amount_minor"),
        (100, RailLimits(batch=1, transfer_minor=15, minimum_minor=10), "limits"),
        (10**9, WECHAT, "amount_minor"),
        (20, replace(WECHAT, person_day_transfers=0), "amount_minor"),
    ],
)
def test_what_cannot_be_planned_is_refused(amount: int, limits: RailLimits, where: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        plan_legs(amount, limits, T0)
    assert refused.value.where == where


def test_the_most_legs_are_planned() -> None:
    limits = RailLimits(batch=1, transfer_minor=1)
    assert len(plan_legs(1, limits, T0)) == 1
    even = RailLimits(batch=1, transfer_minor=2)
    assert len(plan_legs(2 * MOST_LEGS, even, T0)) == MOST_LEGS
    with pytest.raises(InvalidInputError):
        plan_legs(2 * MOST_LEGS + 1, even, T0)


def test_what_came_back_takes_nothing_of_a_day() -> None:
    leg = Leg(number=1, amount_minor=200_000, due_at=T0)
    gone = replace(leg, state=PayoutState.SENT)
    assert not fits_today([gone], replace(leg, amount_minor=1), WECHAT)
    assert fits_today([replace(gone, state=PayoutState.FAILED)], leg, WECHAT)
    assert used([gone, replace(gone, state=PayoutState.RETURNED)]) == DayUse(minor=200_000, transfers=1)
    assert fits_today([gone], leg, RailLimits(batch=1))
    assert not fits_today([gone], leg, replace(WECHAT, person_day_minor=None, person_day_transfers=1))


def test_a_day_starts_at_midnight_of_its_zone_when_clocks_change() -> None:
    zone = replace(WECHAT, zone="America/New_York")
    before = datetime(2026, 3, 7, 23, tzinfo=UTC)
    assert day_start(zone, before, 1) - day_start(zone, before) == timedelta(days=1)
    assert day_start(zone, before, 2) - day_start(zone, before, 1) == timedelta(hours=23)
