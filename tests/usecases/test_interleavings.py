"""Two writers of one order, interleaved at every store call, end in the same books.

Each writer runs in a thread of its own that may move only when it is told to, and stops before
every call of a store. All schedules of the two are tried, not a sample of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from threading import Semaphore, Thread
from typing import Any

import pytest

from grapevine.domain.entries import Entry, EntryKey, standing
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome, Payment
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.worlds import World, chain_world

CALLS = 6
"""Store calls of one pass: entries, facts, terms, click, promoters, append. After that many turns each,
one writer has posted and is done, and the other starts over alone: nothing is left to interleave."""


class Turns:
    """Lets one of several threads move at a time, one store call each."""

    def __init__(self) -> None:
        self._go = Semaphore(0)
        self._stopped = Semaphore(0)
        self.finished = False
        self._free = False

    def before_call(self) -> None:
        if not self._free:
            self._stopped.release()
            self._go.acquire()

    def step(self) -> None:
        """Let the thread do its next call and wait until it stops before the one after."""
        if not self.finished:
            self._go.release()
            self._stopped.acquire()

    def start(self, run: Callable[[], object]) -> Thread:
        def body() -> None:
            run()
            self.finished = True
            self._stopped.release()

        thread = Thread(target=body)
        thread.start()
        self._stopped.acquire()
        return thread

    def set_free(self) -> None:
        self._free = True
        if not self.finished:
            self._go.release()


@dataclass(frozen=True)
class Stepped:
    """A store whose every call waits for its turn."""

    store: Any
    turns: Turns

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.store, name)

        def called(*args: object, **kwargs: object) -> object:
            self.turns.before_call()
            return method(*args, **kwargs)

        return called


def stepped(ports: PostOrderPorts, turns: Turns) -> PostOrderPorts:
    return PostOrderPorts(
        Stepped(ports.ledger, turns),
        Stepped(ports.facts, turns),
        Stepped(ports.clicks, turns),
        Stepped(ports.catalog, turns),
    )


def schedules() -> Iterator[tuple[int, ...]]:
    """Yield every order in which two writers can take CALLS turns each."""
    for first in combinations(range(2 * CALLS), CALLS):
        chosen = set(first)
        yield tuple(0 if turn in chosen else 1 for turn in range(2 * CALLS))


@dataclass(frozen=True)
class Scene:
    """Facts that are there, one that arrives after a number of turns, and when each writer thinks it is."""

    name: str
    before: tuple[Fact, ...]
    arriving: Fact | None = None
    arrives_after: int = 0
    posted_before: bool = False


PAID = make.fact(FactKind.PAID, minutes(1))
REFUND = make.refunded("r1", minutes(60), ("a", 2_345))
SCENES = (
    Scene("first entry", (PAID,)),
    Scene("a refund to post", (PAID, REFUND), posted_before=True),
    *(Scene(f"a refund arrives after {n} turns", (PAID,), REFUND, n) for n in range(0, 12, 2)),
    Scene("blocked while posting", (PAID,), make.verdict(Outcome.BLOCK), 3),
    Scene(
        "cancelled while posting",
        (PAID,),
        make.fact(
            FactKind.CANCELLED, minutes(9), snapshot=make.snapshot(cancelled_at=T0, payment=Payment.VOIDED)
        ),
        4,
    ),
)


def run(scene: Scene, schedule: Sequence[int]) -> World:
    world = chain_world()
    world.append(PAID)
    if scene.posted_before:
        world.post(T0 + minutes(2))
    world.append(*scene.before)
    writers = (Turns(), Turns())
    threads = [
        turns.start(
            partial(post_order, PostOrder(make.ORDER), stepped(world.orders, turns), T0 + minutes(70))
        )
        for turns in writers
    ]
    for number, writer in enumerate(schedule):
        if scene.arriving and number == scene.arrives_after:
            world.append(scene.arriving)
        writers[writer].step()
    for turns, thread in zip(writers, threads, strict=True):
        turns.set_free()
        thread.join(timeout=10)
        assert not thread.is_alive()
    return world


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_interleaving_ends_in_the_same_books(scene: Scene) -> None:
    expected = None
    count = 0
    for schedule in schedules():
        world = run(scene, schedule)
        world.post(T0 + minutes(80))  # what the arriving fact's own stream record would do
        world.fold()
        ends = standing(world.ledger.entries_of(make.ORDER))
        expected = expected or ends
        assert ends == expected, schedule
        assert world.proof().faults == ()
        count += 1
    assert count == 924


def test_the_harness_would_see_facts_read_before_entries() -> None:
    """With the reads the other way round some schedule loses the refund: the harness can fail."""

    class FactsFirst:
        """A ledger and facts whose reads are swapped, as a careless writer would do it."""

        def __init__(self, world: World) -> None:
            self.world = world
            self.facts = world.facts.facts_of(make.ORDER)

        def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
            return self.facts

        def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
            return self.world.ledger.entries_of(key)

        def append(self, entry: Entry) -> None:
            self.world.ledger.append(replace(entry, covers=0))

    world = chain_world()
    world.append(PAID)
    careless = FactsFirst(world)
    world.append(REFUND)
    world.post(T0 + minutes(70))
    right = standing(world.ledger.entries_of(make.ORDER))
    stale = replace(world.ledger.entries_of(make.ORDER)[0], covers=0)
    hidden = chain_world()
    hidden.append(PAID, REFUND)
    hidden.ledger.append(stale)
    ports = PostOrderPorts(hidden.ledger, careless, hidden.clicks, hidden.catalog)
    post_order(PostOrder(make.ORDER), ports, T0 + days(1))
    assert standing(hidden.ledger.entries_of(make.ORDER)) != right
