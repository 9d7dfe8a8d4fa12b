"""Events into their logs: once, in order, whatever fails in between and whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.memory.events import MemoryEventLog, MemorySubscriptions, MemoryWebhookQueue
from grapevine.adapters.memory.outside import MemoryBus
from grapevine.domain.errors import LogMovedError, UnavailableError
from grapevine.domain.events import FROM_THE_START, Logged
from grapevine.domain.facts import FactKind
from grapevine.usecases.log_events import MOST_TRIES, EventPorts, log_changes, log_entries
from grapevine.usecases.read_events import read_events
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, minutes
from tests.usecases.delivering import Post, step
from tests.worlds import chain_world


class Log(MemoryEventLog):
    """A log beside which something happens before an append."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], None]] = []

    def append(self, program_id: str, slot: int, logged: Sequence[Logged]) -> None:
        if self.before:
            self.before.pop()()
        super().append(program_id, slot, logged)


def ports(log: MemoryEventLog | None = None, bus: MemoryBus | None = None) -> EventPorts:
    return EventPorts(
        log or MemoryEventLog(), bus or MemoryBus(), MemorySubscriptions(), MemoryWebhookQueue()
    )


def told(where: EventPorts) -> list[tuple[str, int]]:
    events, _ = read_events(PROGRAM_ID, FROM_THE_START, where.log)
    return [(event.aggregate.id, event.sequence) for event in events]


def test_of_two_who_log_the_same_each_event_is_logged_once() -> None:
    log = Log()
    where = ports(log)

    def other() -> None:
        log_changes([step("a", 1), step("a", 2)], where, T0)

    log.before.append(other)
    log_changes([step("a", 1)], where, T0)
    assert told(where) == [("a", 1), ("a", 2)]


def test_who_is_never_first_gives_up_and_says_so() -> None:
    log = Log()
    where = ports(log)

    def first() -> None:
        raise LogMovedError("always")

    log.before += [first] * MOST_TRIES
    with pytest.raises(LogMovedError):
        log_changes([step("a", 1)], where, T0)
    assert log_changes([step("a", 1)], where, T0) == 1


def test_what_the_bus_took_and_the_log_did_not_comes_again_under_the_same_name() -> None:
    log, bus = Log(), MemoryBus()
    where = ports(log, bus)

    def lost() -> None:
        raise UnavailableError("gone")

    log.before.append(lost)
    with pytest.raises(UnavailableError):
        log_changes([step("a", 1)], where, T0)
    log_changes([step("a", 1)], where, T0)
    assert len({event["id"] for _, event in bus.published}) == 1
    assert told(where) == [("a", 1)]


def test_more_than_one_transaction_takes_is_logged_in_parts() -> None:
    where = ports()
    many = [step("a", version) for version in range(1, 301)]
    assert log_changes([*many, *(step(f"b{n}", 1) for n in range(200))], where, T0) == 500
    found = list[tuple[str, int]]()
    cursor = FROM_THE_START
    while True:
        events, cursor = read_events(PROGRAM_ID, cursor, where.log)
        if not events:
            break
        found += [(event.aggregate.id, event.sequence) for event in events]
    assert [number for name, number in found if name == "a"] == list(range(1, 301))
    assert len(found) == len(set(found)) == 500


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40), st.integers(1, 7))
def test_a_reader_has_each_event_once_however_reading_and_telling_alternate(
    steps: list[tuple[str, bool]], limit: int
) -> None:
    post = Post()
    found, cursor = list[tuple[str, int]](), FROM_THE_START
    for name, reads in [*steps, *[("a", True)] * 60]:
        if not reads:
            post.tell(name)
            continue
        events, cursor = read_events(PROGRAM_ID, cursor, post.log, limit)
        found += [(event.aggregate.id, event.sequence) for event in events]
    assert sorted(found) == sorted(
        (name, number) for name, last in post.versions.items() for number in range(1, last + 1)
    )
    for name in post.versions:
        numbers = [number for one, number in found if one == name]
        assert numbers == sorted(numbers)


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=6))
def test_entries_in_any_order_one_by_one_come_to_the_same_log(order: list[int], repeats: list[int]) -> None:
    world = chain_world()
    world.append(make.fact())
    world.post(T0 + minutes(2))
    for number in (1, 2):
        world.append(make.refunded(f"r{number}", minutes(60 * number), ("a", 500)))
        world.post(T0 + minutes(60 * number + 1))
    cancelled = make.snapshot(cancelled_at=T0 + minutes(200))
    world.append(make.fact(FactKind.CANCELLED, minutes(200), snapshot=cancelled))
    world.post(T0 + minutes(201))
    entries = world.ledger.entries_of(make.ORDER)
    assert len(entries) == 4
    whole, apart = ports(), ports()
    log_entries(entries, world.ledger, whole, T0)
    for number in (*order, *repeats):
        log_entries((entries[number],), world.ledger, apart, T0)
    assert _json(apart) == _json(whole)
    published = [event["sequence"] for _, event in _bus(apart).published]
    assert published == sorted(set(published))


def _json(where: EventPorts) -> list[Any]:
    return list(read_events(PROGRAM_ID, FROM_THE_START, where.log)[0])


def _bus(where: EventPorts) -> MemoryBus:
    assert isinstance(where.bus, MemoryBus)
    return where.bus


def test_nobody_is_woken_for_what_tells_nothing() -> None:
    post = Post()
    post.subscribe()
    post.tell("a")
    assert len(post.queue.lanes) == 1
    post.queue.lanes.clear()
    where = EventPorts(post.log, post.bus, post.subscriptions, post.queue)
    world = chain_world()
    log_entries((), world.ledger, where, T0)
    log_changes((), where, T0)
    assert post.queue.lanes == []
    log_changes([step("a", 1)], where, T0)
    assert len(post.queue.lanes) == 1
