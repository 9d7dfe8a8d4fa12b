"""Counters of a replay: what all orders together have of what is scarce, at the instant it has come to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.grants import GrantKey
from grapevine.domain.pages import sales_subject
from grapevine.domain.tiers import Volume
from grapevine.domain.wants import Wanted
from grapevine.usecases.replay_moment import Moment

T = TypeVar("T")
NOTHING = Volume()


class _Line(Generic[T]):
    """A figure that changes as time goes by."""

    __slots__ = ("_instants", "_values")

    def __init__(self) -> None:
        self._instants: list[datetime] = []
        self._values: list[T] = []

    def last(self, none: T) -> T:
        return self._values[-1] if self._values else none

    def put(self, instant: datetime, value: T) -> None:
        self._instants.append(instant)
        self._values.append(value)

    def at(self, instant: datetime, none: T) -> T:
        place = bisect_right(self._instants, instant)
        return self._values[place - 1] if place else none


class Others:
    """What orders took, gave back and sold that are not posted again, by when it was recorded."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._taken: dict[GrantKey, _Line[tuple[int, int]]] = {}
        self._sold: dict[str, _Line[Volume]] = {}
        granted: dict[tuple[EntryKey, GrantKey], int] = {}
        for entry in sorted(entries, key=lambda one: one.recorded_at):
            for grant in entry.grants:
                change = grant.granted - granted.get((entry.key, grant.key), 0)
                granted[entry.key, grant.key] = grant.granted
                line = self._taken.setdefault(grant.key, _Line())
                taken, moves = line.last((0, 0))
                line.put(entry.recorded_at, (taken + change, moves + 1))
            for sale in entry.sales:
                subject = sales_subject(entry.program_id, sale.promoter_id, sale.month)
                sold = self._sold.setdefault(subject, _Line())
                sold.put(entry.recorded_at, sold.last(NOTHING) + sale.volume)

    def taken(self, key: GrantKey, now: datetime) -> int:
        """Return what they had of something by an instant."""
        line = self._taken.get(key)
        return line.at(now, (0, 0))[0] if line else 0

    def moves(self, key: GrantKey, now: datetime) -> int:
        """Return how often they had taken of it or given back by then."""
        line = self._taken.get(key)
        return line.at(now, (0, 0))[1] if line else 0

    def sold(self, subject: str, now: datetime) -> Volume | None:
        """Return what they had sold by an instant, None where they sold nothing."""
        line = self._sold.get(subject)
        return line.at(now, NOTHING) if line else None


class Counters:
    """Where every order that shares a counter is in this replay, or is one of the others."""

    is_whole = True
    """Whether nobody elsewhere takes from the same counters meanwhile."""

    def __init__(self, moment: Moment, others: Others) -> None:
        self._moment = moment
        self._others = others
        self._taken: dict[GrantKey, int] = {}
        self._moves: dict[GrantKey, int] = {}

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have."""
        now = self._moment.now
        return {key: self._own(key) + self._others.taken(key, now) for key in wanted}

    def _own(self, key: GrantKey) -> int:
        return self._taken.get(key, 0)

    def take(self, key: GrantKey, change: int) -> None:
        """Count what an order takes, or gives back."""
        self._taken[key] = self._taken.get(key, 0) + change
        self._moves[key] = self._moves.get(key, 0) + 1

    def looked(self, place: int, wants: Wanted | None, *, is_first: bool) -> None:
        """Hear of a look that was just made at an order; here nobody needs to know."""

    def moves(self, keys: Iterable[GrantKey]) -> int:
        """Return how often something was taken of any of them, or given back."""
        now = self._moment.now
        return sum([self._moves.get(key, 0) + self._others.moves(key, now) for key in keys])
