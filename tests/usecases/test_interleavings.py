"""Two writers of one order, interleaved at every store call, end in the same books.

Each writer runs in a thread of its own that may move only when it is told to, and stops before
every call of a store. All schedules of the two are tried, not a sample of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from grapevine.domain.entries import Entry, EntryKey, standing
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome, Payment
from grapevine.domain.grants import GrantKey
from grapevine.ports import Beside
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.usecases.turns import Stepped, Turns, schedules
from tests.worlds import World, chain_world

CALLS = 6
"""Store calls of one pass: entries, facts, terms, click, promoters, append. After that many turns each,
one writer has posted and is done, and the other starts over alone: nothing is left to interleave."""


def stepped(ports: PostOrderPorts, turns: Turns) -> PostOrderPorts:
    return PostOrderPorts(
        Stepped(ports.ledger, turns),
        Stepped(ports.facts, turns),
        Stepped(ports.clicks, turns),
        Stepped(ports.catalog, turns),
        Stepped(ports.pages, turns),
    )


@dataclass(frozen=True)
class Scene:
    """Facts that are there, one that arrives after a number of turns, and when each writer thinks it is."""

    name: str
    before: tuple[Fact, ...]
    arriving: Fact | None = None
    arrives_after: int = 0
    posted_before: bool = False
    second_thinks: timedelta = timedelta(minutes=70)


PAID = make.fact(FactKind.PAID, minutes(1))
REFUND = make.refunded("r1", minutes(60), ("a", 2_345))
SCENES = (
    Scene("first entry", (PAID,)),
    Scene("a refund to post", (PAID, REFUND), posted_before=True),
    *(Scene(f"a refund arrives after {n} turns", (PAID,), REFUND, n) for n in range(0, 12, 3)),
    Scene("blocked while posting", (PAID,), make.verdict(Outcome.BLOCK), 3),
    Scene("released while a refund is posted", (REFUND,), posted_before=True, second_thinks=days(34)),
    Scene("released while a refund arrives", (PAID,), REFUND, 5, posted_before=True, second_thinks=days(34)),
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
    instants = (T0 + minutes(70), T0 + scene.second_thinks)
    threads = [
        turns.start(lambda t=turns, now=now: post_order(PostOrder(make.ORDER), stepped(world.orders, t), now))  # type: ignore[misc]
        for turns, now in zip(writers, instants, strict=True)
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
    ends = []
    for schedule in schedules(CALLS):
        world = run(scene, schedule)
        world.post(T0 + minutes(80))  # what the arriving fact's own stream record would do
        world.fold()
        ends.append(standing(world.ledger.entries_of(make.ORDER)))
        assert ends[-1] == ends[0], schedule
        assert world.proof().faults == ()
    assert len(ends) == 924


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

        def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
            self.world.ledger.append(replace(entry, covers=0), beside)

        def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
            return self.world.ledger.taken(wanted)

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
    ports = PostOrderPorts(hidden.ledger, careless, hidden.clicks, hidden.catalog, hidden.pages)
    post_order(PostOrder(make.ORDER), ports, T0 + days(1))
    assert standing(hidden.ledger.entries_of(make.ORDER)) != right
