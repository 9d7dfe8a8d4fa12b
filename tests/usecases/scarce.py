"""Several orders of one world, for what they share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, EntryKey, standing
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, OrderKey
from grapevine.domain.grants import GrantKey
from grapevine.ports import Beside
from tests import builders as make
from tests.builders import STOREFRONT_ID, T0, minutes
from tests.worlds import World

PAID, RETURNED, POSTED = minutes(1), minutes(10), minutes(20)
"""When things happen where a test does not say."""


def order(number: int) -> OrderKey:
    return OrderKey(STOREFRONT_ID, str(number))


def paid(number: int, base_minor: int = 10_000, at: timedelta = PAID, **told: object) -> Fact:
    """Return the fact that an order was paid, placed a minute before."""
    lines = (make.line("a", base_minor),)
    body = make.snapshot(**{"lines": lines, "customer_key": "cu_eve", **told})
    return make.fact(FactKind.PAID, at, order=order(number), snapshot=body)


def gone(number: int, minor: int, at: timedelta = RETURNED) -> Fact:
    """Return the fact that so much of an order's one line went back."""
    refund = make.refund(f"r{number}-{at}", ("a", minor))
    return make.fact(FactKind.REFUNDED, at, order=order(number), refunds=(refund,))


def post(world: World, *facts: Fact, at: timedelta = POSTED) -> Entry | None:
    """Append facts of one order and post it; posting again changes nothing."""
    world.append(*facts)
    entry = world.post(T0 + at, facts[0].order)
    assert world.post(T0 + at, facts[0].order) is None
    check(world)
    return entry


def check(world: World) -> None:
    """Everything is proven by the entries, and every entry explains what stood after it."""
    world.fold()
    assert world.proof().faults == ()
    terms = world.catalog.terms(make.PROGRAM_ID)
    for entry in world.ledger.appended:
        entries = world.ledger.entries_of(entry.key)[: entry.sequence]
        assert isinstance(entry.key, OrderKey)
        assert explained(entries, world.facts.facts_of(entry.key), terms).re_adds


def told(world: World, number: int) -> dict[str, Any]:
    entries, facts = world.ledger.entries_of(order(number)), world.facts.facts_of(order(number))
    return explanation(explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)))


def stands(world: World, number: int) -> dict[str, int]:
    """Return what an order has come to, by owner; the house is one, the source is left out."""
    found: dict[str, int] = {}
    for (account, _), minor in standing(world.ledger.entries_of(order(number))).items():
        if account.leaf is not Leaf.COMMISSION:
            found[account.owner] = found.get(account.owner, 0) + minor
    return found


def counters(world: World) -> dict[str, int]:
    """Return what all orders have of what is scarce, where that is anything."""
    return {str(key): taken for key, taken in world.ledger.counters.items() if taken}


def key(scarce: str, subject: str, period: str) -> GrantKey:
    return GrantKey(make.PROGRAM_ID, scarce, subject, period)


class Racing:
    """A ledger where somebody else takes of what is left right after it was looked at, so many times."""

    def __init__(self, world: World, times: int) -> None:
        self._world, self.times = world, times

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        return self._world.ledger.entries_of(key)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        self._world.ledger.append(entry, beside)

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        found = self._world.ledger.taken(wanted)
        if self.times:
            self.times -= 1
            post(self._world, paid(100 + self.times, 8_000, customer_key="cu_fay"))
        return found
