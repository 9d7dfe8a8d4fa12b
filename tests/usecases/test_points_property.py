"""Any history of points: sums stay exact, nothing is spent that is not there, the oldest goes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import day_of, months_after
from tests.builders import CY
from tests.strategies import PATIENT
from tests.usecases.pointing import cash_world, payable, points_of, points_world, post, spend, tend
from tests.worlds import World

START = datetime(2027, 1, 1, 12, tzinfo=UTC)
MONTHS = 2


@dataclass(frozen=True)
class Event:
    """What happens on a day: `kind` earn, refund (of the order `which`) or spend."""

    day: int
    kind: str
    points: int
    which: int


events = st.lists(
    st.builds(
        Event,
        day=st.integers(0, 120),
        kind=st.sampled_from(("earn", "earn", "refund", "spend")),
        points=st.integers(1, 9),
        which=st.integers(0, 5),
    ),
    max_size=14,
).map(lambda found: sorted(found, key=lambda event: event.day))


@dataclass
class Recount:
    """Every point by itself, as a child would count: each has the day it came and the order it came with.

    Within a day what came and what went back is set against each other first.
    """

    left: list[tuple[int, int]] = field(default_factory=list)
    expired: list[tuple[int, int]] = field(default_factory=list)
    owed: int = 0
    given: dict[int, list[int]] = field(default_factory=dict)

    def end_of_day(self, day: int, earned: Sequence[tuple[int, int]], refunded: Sequence[int]) -> None:
        """Take in a day: points by order that came, and an order for each point that went back."""
        fresh = [(day, which) for which, points in earned for _ in range(points)]
        for which, points in earned:
            self.given.setdefault(which, []).extend([day] * points)
        for which in refunded:
            origin = self.given[which].pop(0)
            gone = next((point for point in self.expired if point[0] == origin), None)
            gone = gone or self._together(origin)
            if gone:
                self.expired.remove(gone)
            elif fresh:
                fresh.pop()
            elif self.left:
                self.left.pop(0)
            else:
                self.owed += 1
        for point in fresh:
            if self.owed:
                self.owed -= 1
            else:
                self.left.append(point)

    def _together(self, origin: int) -> tuple[int, int] | None:
        """Return a point that expired on the same day as those of a day did."""
        due = due_of(origin)
        return next((point for point in self.expired if due_of(point[0]) == due), None)

    def start_of_day(self, day: int) -> None:
        """Let expire what is old."""
        gone = [point for point in self.left if due_of(point[0]) <= day]
        self.left = [point for point in self.left if point not in gone]
        self.expired += gone


def due_of(day: int) -> int:
    start = START + timedelta(days=day)
    return (months_after(start, MONTHS) - START).days


def play(world: World, history: Sequence[Event]) -> Recount:
    """Play a history, one day after the other, with the run every night."""
    recount, had = Recount(), dict[int, int]()
    last = history[-1].day if history else 0
    for day in range(last + 70):
        now = START + timedelta(days=day)
        recount.start_of_day(day)
        tend(world, now - timedelta(hours=10))
        assert payable(world) == len(recount.left) - recount.owed
        earned, refunded = list[tuple[int, int]](), list[int]()
        for number, event in enumerate(e for e in history if e.day == day):
            if event.kind == "spend":
                continue
            points = event.points if event.kind == "earn" else min(event.points, had.get(event.which, 0))
            if points:
                sign = 1 if event.kind == "earn" else -1
                post(world, event.which, sign * points, now + timedelta(minutes=number))
                had[event.which] = had.get(event.which, 0) + sign * points
                earned += [(event.which, points)] if sign > 0 else []
                refunded += [event.which] * points if sign < 0 else []
        recount.end_of_day(day, earned, refunded)
        tend(world, now + timedelta(hours=3))
        for number, event in enumerate(e for e in history if e.day == day and e.kind == "spend"):
            spent(world, recount, event, f"d{day}-{number}", now + timedelta(hours=4))
    return recount


def spent(world: World, recount: Recount, event: Event, request_id: str, now: datetime) -> None:
    """Spend, where there is enough: what expires later is left, what is owed is not there."""
    if len(recount.left) < event.points:
        with pytest.raises(InvalidInputError, match=f"{event.points - len(recount.left)} are missing"):
            spend(world, event.points, now, request_id)
        return
    spend(world, event.points, now, request_id)
    del recount.left[: event.points]


@given(events)
@settings(PATIENT, max_examples=60)
def test_edge_62_any_history_is_what_an_obvious_recount_gives(history: Sequence[Event]) -> None:
    world = points_world(points_per_unit_off=100, points_expire_months=MONTHS)
    recount = play(world, history)
    found = points_of(world)
    assert found.payable == len(recount.left) - recount.owed
    assert found.expired == len(recount.expired)
    by_day = {lot.day: lot.points for lot in found.lots}
    obvious: dict[str, int] = {}
    for day, _ in recount.left:
        name = day_of(START + timedelta(days=day))
        obvious[name] = obvious.get(name, 0) + 1
    assert by_day == obvious
    assert world.proof().faults == ()


@given(events)
@settings(PATIENT, max_examples=15)
def test_edge_62_whoever_pays_debts_in_cash_owes_no_points_the_next_day(history: Sequence[Event]) -> None:
    world = cash_world(3)
    charged = 0
    had: dict[int, int] = {}
    for number, event in enumerate(history):
        now = START + timedelta(days=event.day, seconds=number)
        if event.kind == "spend":
            if payable(world) >= event.points:
                spend(world, event.points, now, f"n{number}")
            continue
        points = event.points if event.kind == "earn" else -min(event.points, had.get(event.which, 0))
        if points:
            post(world, event.which, points, now)
            had[event.which] = had.get(event.which, 0) + points
        owed = max(-payable(world), 0)
        tend(world, now + timedelta(days=1, hours=2))
        charged += owed
        assert payable(world) >= 0
    assert world.balance(CY).payable_minor == -3 * charged
    assert points_of(world).charged == charged
    assert world.proof().faults == ()
