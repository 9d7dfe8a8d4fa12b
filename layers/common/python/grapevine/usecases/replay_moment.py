"""When something happens in a replay: which look comes first, in one process as in several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact, OrderKey

LONG_AGO = datetime.min.replace(tzinfo=UTC)
ARRIVAL, SWEEP = 1, 2
"""At one instant facts arrive before the sweep looks."""
Turn = tuple[Any, ...]
"""What was planned when: empty comes first, then what was known from the start, then by what planned it."""


class Rank(NamedTuple):
    """When a look comes, whichever process makes it; no two looks have the same.

    `turn` is for what happens in one sweep, `number` makes every look another one.
    """

    at: datetime
    kind: int
    turn: Turn
    number: Turn


class Look(NamedTuple):
    """A time at which an order is looked at. `order` is its place in the list, `facts` are told then.

    `again` is a sweep that looks at what the one before has looked at.
    """

    rank: Rank
    order: int
    facts: tuple[Fact, ...] = ()
    asks_people: bool = False
    again: bool = False

    @property
    def at(self) -> datetime:
        """The instant."""
        return self.rank.at


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order that is posted again: its facts and entries as they are stored, and when it was paid."""

    key: OrderKey
    paid_at: datetime
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]


NEVER = Rank(LONG_AGO, ARRIVAL, (), ())


@dataclass(slots=True)
class Moment:
    """The look that a replay has come to: its order, its instant, and the number of the order's group."""

    order: OrderRecord
    now: datetime = LONG_AGO
    group: int = 0
    rank: Rank = NEVER
