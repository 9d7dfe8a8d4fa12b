"""Counters that several processes share: each guesses what the others take, and who was misled comes again.

A budget that all orders of a month rest on has one sequence, and a replay in parts has none. But a look
at an order rests on a counter only as far as it could take from it: whether what is left is plenty, or
nothing, or just so much. So each part takes the others to be like itself, and writes down what each look
asked, was told and changed. Then all looks are gone through in their true sequence. Who was told what
comes to the same as the truth stays; every other order is made again from there on, in this sequence.
So each look has in the end been told the truth, one after the other, whatever was guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import merge
from sys import maxsize
from typing import NamedTuple, TypeVar

from grapevine.domain.campaign_grants import BUDGET
from grapevine.domain.grants import GrantKey
from grapevine.domain.recruits import ONCE
from grapevine.domain.wants import Wanted, Wants
from grapevine.usecases.replay_counters import Counters, Others
from grapevine.usecases.replay_moment import Moment, Rank
from grapevine.usecases.replay_orders import Replay

T = TypeVar("T", bound=tuple[object, ...])
Told = tuple[GrantKey, int, int, int]
"""A counter, its limit, the most that could be taken, and what was said to be left: no more than that."""


class Ask(NamedTuple):
    """What a look at an order, by its place, asked of counters, was told, and changed.

    It asked more than once where `told` is None.
    """

    rank: Rank
    place: int
    told: tuple[Told, ...] | None
    changes: tuple[tuple[GrantKey, int], ...]


class GuessedCounters(Counters):
    """Those of a part, which takes the others to be like itself: of a budget they take as much as it does."""

    is_whole = False

    def __init__(self, moment: Moment, others: Others, parts: int) -> None:
        super().__init__(moment, others)
        self.asks: list[Ask] = []
        self._parts = parts
        self._told: list[dict[GrantKey, int]] = []
        self._changes: list[tuple[GrantKey, int]] = []
        self._same: dict[tuple[object, ...], tuple[object, ...]] = {}

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what is guessed."""
        self._told.append(super().taken(wanted))
        return self._told[-1]

    def _own(self, key: GrantKey) -> int:
        return super()._own(key) * (self._parts if key.scarce.startswith(BUDGET) else 1)

    def take(self, key: GrantKey, change: int) -> None:
        """Count what an order takes, or gives back."""
        super().take(key, change)
        self._changes.append((self._once(key), change))

    def looked(self, place: int, wants: Wanted | None, *, is_first: bool) -> None:
        """Write down what the look asked that was just made; `is_first` where the order had nothing yet."""
        if self._told or self._changes:
            told = self._compared(self._told, wants, is_first=is_first) if len(self._told) <= 1 else None
            self.asks.append(Ask(self._moment.rank, place, told, tuple(self._changes)))
            self._told.clear()
            self._changes.clear()

    def _compared(
        self, told: Sequence[Mapping[GrantKey, int]], wants: Wanted | None, *, is_first: bool
    ) -> tuple[Told, ...]:
        """Return what matters of what was told.

        Who has nothing yet takes from a budget's shards one after the other, and of no further one than
        the first that has plenty.
        """
        found, enough, bounds = list[Told](), set[str](), bounds_of(wants)
        for key, taken in (pair for each in told for pair in each.items()):
            if key.scarce not in enough:
                limit, most = bounds.get(key, (ONCE, ONCE))
                left = left_of(limit, taken, most)
                found.append(self._once((self._once(key), limit, most, left)))
                if is_first and left == most and key.scarce.startswith(BUDGET):
                    enough.add(key.scarce)
        return self._once(tuple(found))

    def _once(self, value: T) -> T:
        """Return the first of equal values: each is sent once between processes."""
        return self._same.setdefault(value, value)  # type: ignore[return-value]


def left_of(limit: int, taken: int, most: int) -> int:
    """Return what is left for who could take so much: more than that makes no difference."""
    return min(max(limit - taken, 0), most)


def bounds_of(wants: Wanted | None) -> dict[GrantKey, tuple[int, int]]:
    """Return the limits of the counters that an order can ask, and what it can want of each at most.

    First orders of recruits are not among them: there is one, and one is wanted.
    """
    if not isinstance(wants, Wants):
        return {}
    earned = [(e.campaign.id if e.campaign else "", e.commission.earned_minor) for e in wants.extras]
    everything = sum(wants.parts) + sum([minor for _, minor in earned])
    bounds = {key: (limit, everything) for key, limit in wants.limits.items()}
    for name, shards in wants.budgets.items():
        most = sum([minor for campaign_id, minor in earned if campaign_id == name])
        bounds |= {key: (limit, most) for key, limit in shards}
    return bounds


class TrueCounters(Counters):
    """Those of all parts together, as far as their looks have been gone through in their sequence.

    An order that is made again has been told the truth so far, and is told the same again; what it took
    then is counted already.
    """

    is_whole = False

    def __init__(self, moment: Moment, others: Others) -> None:
        super().__init__(moment, others)
        self.heard: Mapping[Rank, Ask] | None = None
        """What an order asked before that is just being made again up to now."""

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have."""
        if self.heard is None:
            return super().taken(wanted)
        told = {key: limit - left for key, limit, _, left in self.heard[self._moment.rank].told or ()}
        return {key: told.get(key, maxsize) for key in wanted}

    def take(self, key: GrantKey, change: int) -> None:
        """Count what an order takes, or gives back."""
        if self.heard is None:
            super().take(key, change)

    def confirms(self, ask: Ask) -> bool:
        """Say whether a look was told the truth, as far as that could matter to it."""
        if ask.told is None:
            return False
        now = ask.rank.at
        return all(
            left == left_of(limit, self._own(key) + self._others.taken(key, now), most)
            for key, limit, most, left in ask.told
        )

    def follow(self, ask: Ask) -> None:
        """Count what a look changed that stays."""
        for key, change in ask.changes:
            self.take(key, change)


def corrected(
    replay: Replay[TrueCounters], units: Sequence[int], asks: Sequence[Sequence[Ask]]
) -> frozenset[int]:
    """Make everybody again who was misled, and return their units: the orders that only rest on each other.

    `asks` has what each part's looks asked, in their sequence, and `units` the unit of each order, by
    place. The replay has all orders and has made none yet.
    """
    counters, members, heard = replay.counters, dict[int, list[int]](), dict[int, list[Ask]]()
    for place, unit in enumerate(units):
        members.setdefault(unit, []).append(place)
    again = set[int]()
    for ask in merge(*asks):
        unit = units[ask.place]
        if unit in again:
            continue
        replay.run_before(ask.rank)
        if counters.confirms(ask):
            counters.follow(ask)
            heard.setdefault(unit, []).append(ask)
        else:
            again.add(unit)
            counters.heard = {one.rank: one for one in heard.pop(unit, ())}
            replay.join(members[unit], ask.rank)
            counters.heard = None
    replay.run_before(None)
    return frozenset(again)
