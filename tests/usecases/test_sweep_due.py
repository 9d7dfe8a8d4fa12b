"""The sweep: what time alone changes is posted in the hour it is due, never before, whoever fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.grants import GrantKey
from grapevine.ports import Beside
from grapevine.usecases.post_order import PostOrderPorts
from grapevine.usecases.sweep_due import OVERLAP, SweepPorts, Swept, sweep_due
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.worlds import World, chain_world

HOUR = timedelta(hours=1)
RELEASE = T0 + minutes(1) + days(30)


def order(number: int) -> OrderKey:
    return OrderKey(make.STOREFRONT_ID, str(number))


def accrued(world: World, number: int = 1, outcome: Outcome | None = Outcome.ALLOW) -> OrderKey:
    key = order(number)
    world.append(make.fact(FactKind.PAID, minutes(1), order=key))
    if outcome:
        world.append(make.fact(FactKind.VERDICT, order=key, verdict=make.verdict(outcome).verdict))
    world.post(T0 + minutes(2), key)
    return key


def released_at(world: World, key: OrderKey) -> datetime | None:
    return next((entry.recorded_at for entry in world.ledger.entries_of(key) if entry.released), None)


def sweep_hourly(world: World, start: datetime, end: datetime) -> None:
    now = start
    while now <= end:
        world.sweep(now)
        now += HOUR


@given(
    started=st.integers(0, 59),
    outcomes=st.lists(st.sampled_from((None, Outcome.ALLOW)), min_size=1, max_size=3),
    receipts=st.lists(st.one_of(st.none(), st.integers(1, 25 * 24)), min_size=3, max_size=3),
)
@settings(max_examples=25)
def test_every_order_is_released_by_the_first_sweep_after_its_hold_and_by_none_before(
    started: int, outcomes: list[Outcome | None], receipts: list[int | None]
) -> None:
    """Nothing else happens for weeks; only the hours pass."""
    world = chain_world()
    due: dict[OrderKey, datetime] = {}
    for number, (outcome, receipt) in enumerate(zip(outcomes, receipts, strict=False), start=1):
        key = accrued(world, number, outcome)
        due[key] = RELEASE
        if receipt:
            received = make.snapshot(received_at=T0 + receipt * HOUR)
            world.append(make.fact(FactKind.RECEIVED, minutes(9), order=key, snapshot=received))
            world.post(T0 + minutes(10), key)
            due[key] = T0 + receipt * HOUR + days(7)
        due[key] += timedelta(0) if outcome else days(3)
    sweep_hourly(world, T0 + minutes(started), T0 + days(45))
    for key, instant in due.items():
        found = released_at(world, key)
        assert found
        assert instant <= found < instant + HOUR


@pytest.mark.parametrize("outcome", [Outcome.REVIEW, Outcome.BLOCK])
def test_what_waits_for_a_person_is_never_released(outcome: Outcome) -> None:
    world = chain_world()
    key = accrued(world, 1, outcome)
    sweep_hourly(world, T0, T0 + days(45))
    assert released_at(world, key) is None


def test_a_verdict_on_review_that_ends_well_arms_the_sweep_again() -> None:
    world = chain_world()
    key = accrued(world, 1, Outcome.REVIEW)
    world.append(make.fact(FactKind.VERDICT, days(5), order=key, verdict=make.verdict(Outcome.ALLOW).verdict))
    world.post(T0 + days(5), key)
    sweep_hourly(world, T0 + days(5), T0 + days(32))
    assert released_at(world, key)


def test_sweeping_twice_posts_nothing() -> None:
    world = chain_world()
    accrued(world)
    assert world.sweep(RELEASE) == Swept(looked_at=1, posted=1, failed=0)
    assert world.sweep(RELEASE).posted == 0


def test_a_sweep_that_was_down_for_weeks_catches_up() -> None:
    world = chain_world()
    first, second = accrued(world, 1), accrued(world, 2, None)
    world.sweep(T0 + days(1))
    world.sweep(T0 + days(60))
    world.sweep(T0 + days(60) + HOUR)
    assert released_at(world, first) == released_at(world, second) == T0 + days(60)


def test_the_very_first_sweep_finds_what_was_due_long_ago() -> None:
    world = chain_world()
    key = accrued(world)
    assert world.sweep(T0 + days(300)).posted == 1
    assert released_at(world, key)


def test_an_entry_that_the_index_shows_late_is_found_by_the_next_sweep() -> None:
    """The index is eventually consistent: what is due shortly before the mark may appear after it."""
    world = chain_world()
    world.sweep(RELEASE + OVERLAP - minutes(1))
    key = accrued(world)
    assert world.sweep(RELEASE + OVERLAP + HOUR).posted == 1
    assert released_at(world, key)


def test_the_mark_never_goes_back() -> None:
    world = chain_world()
    world.sweep(T0 + days(2))
    world.sweep(T0 + days(1))
    assert world.settlements.swept_until() == T0 + days(2)


class Odd:
    """A ledger in which one order is odd."""

    def __init__(self, world: World, key: OrderKey, error: Exception) -> None:
        self._world, self._key, self._error = world, key, error

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        if key == self._key:
            raise self._error
        return self._world.ledger.entries_of(key)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        self._world.ledger.append(entry, beside)

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        return self._world.ledger.taken(wanted)


@pytest.mark.parametrize("error", [UnavailableError("ledger"), KeyError("body"), ZeroDivisionError()])
def test_an_odd_order_is_queued_with_its_reason_and_stops_no_other(error: Exception) -> None:
    world = chain_world()
    keys = [accrued(world, number) for number in (1, 2, 3)]
    orders = PostOrderPorts(Odd(world, keys[1], error), world.facts, world.clicks, world.catalog, world.pages)
    ports = SweepPorts(world.ledger, world.settlements, world.catalog, orders, world.failures)
    assert sweep_due(ports, RELEASE) == Swept(looked_at=3, posted=2, failed=1)
    ((queued, reason),) = world.failures.sent
    assert queued == keys[1]
    assert reason.startswith("sweep: ")
    assert [bool(released_at(world, key)) for key in keys] == [True, False, True]


def swept(plug: Plug) -> World:
    world = chain_world()
    for number in (1, 2):
        accrued(world, number)
    ports = SweepPorts(
        Plugged(world.ledger, plug),
        Plugged(world.settlements, plug),
        Plugged(world.catalog, plug),
        world.orders,
        Plugged(world.failures, plug),
    )
    until_done(lambda: sweep_due(ports, RELEASE))
    return world


@pytest.mark.parametrize("how", How)
def test_a_fault_at_any_of_the_sweeps_own_calls_changes_nothing_in_the_end(how: How) -> None:
    undisturbed = Plug()
    expected = swept(undisturbed)
    for number in range(1, len(undisturbed.calls) + 1):
        world = swept(Plug(fail_at=number, how=how))
        assert world.ledger.appended == expected.ledger.appended
        assert world.settlements.swept_until() == RELEASE
    print(f"{len(undisturbed.calls)} fault points of a sweep: {how.value}")
