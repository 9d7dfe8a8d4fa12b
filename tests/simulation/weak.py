"""Stores that lack one of the real ones' protections, for the mutants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.state import MemoryPages, MemoryTreasury
from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.errors import EntryExistsError, HeadMovedError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.domain.heads import Head, Step
from grapevine.domain.pages import Page, PageKey, merged
from grapevine.domain.payouts import Movement
from grapevine.ports import Beside
from tests.simulation.stores import Kinds, SimulatedFacts
from tests.simulation.storm import Storm

STALE = 0.2
"""How often an eventually consistent read misses the last write."""


class OverwritingLedger(MemoryLedger):
    """Puts an entry whether or not its number is taken."""

    def put(self, entry: Entry) -> None:
        self._chains.setdefault(entry.key, {})[entry.sequence] = entry
        self.appended.append(entry)


class ForgivingLedger(MemoryLedger):
    """Tells nobody that their entry's number was taken."""

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        try:
            super().append(entry, beside)
        except EntryExistsError:
            return


class ApartLedger(MemoryLedger):
    """Writes an entry and what changes beside it one after the other."""

    def __init__(self, storm: Storm) -> None:
        super().__init__()
        self._storm = storm

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        super().append(entry)
        self._storm.point("ledger.counters")
        for change in beside:
            if isinstance(change, GrantChange):
                self.counters[change.key] = self.counters.get(change.key, 0) + change.change


class UnlimitedLedger(MemoryLedger):
    """Takes of a counter what an entry asks for, whatever is left by then."""

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        asked = [replace(c, limit=10**30) if isinstance(c, GrantChange) else c for c in beside]
        super().append(entry, asked)


class BoundlessLedger(UnlimitedLedger):
    """Says of every counter that nothing was taken."""

    def taken(self, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
        return dict.fromkeys(keys, 0)


class UnmarkedPages(MemoryPages):
    """Adds whatever comes, without looking at the marks."""

    def fold(self, additions: Sequence[Page]) -> int:
        for page in additions:
            known = self.stored.get(page.key, Page(page.key, {}, frozenset()))
            bare = Page(known.key, known.amounts, frozenset())
            summed = merged((bare, page))[0]
            self.stored[page.key] = Page(summed.key, summed.amounts, known.marks | page.marks)
        return len(additions)


class HighWaterPages(MemoryPages):
    """Remembers per page and order the highest sequence instead of every mark."""

    def __init__(self) -> None:
        super().__init__()
        self._highest: dict[tuple[PageKey, str], int] = {}

    def fold(self, additions: Sequence[Page]) -> int:
        return sum(super(HighWaterPages, self).fold([page]) for page in additions if self._is_higher(page))

    def _is_higher(self, page: Page) -> bool:
        (mark,) = page.marks
        order, _, sequence = mark.rpartition("/")
        highest = self._highest.get((page.key, order), 0)
        self._highest[(page.key, order)] = max(highest, int(sequence))
        return int(sequence) > highest


class HeadlessTreasury(MemoryTreasury):
    """Moves an account from wherever its head is by now: neither head nor entry's number is a condition."""

    def move(self, movement: Movement, head_before: Head) -> None:
        self._refuse(movement, self.heads.get(movement.head.key, head_before))
        self._put(movement.entry)
        self.heads[movement.head.key] = movement.head
        self.stored[movement.payout.id] = movement.payout

    def _put(self, entry: Entry) -> None:
        self._ledger._chains.setdefault(entry.key, {})[entry.sequence] = entry
        self._ledger.appended.append(entry)


class UnconditionalTreasury(MemoryTreasury):
    """Takes steps of an account from wherever its head is by now."""

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        for step in steps:
            self._ledger._chains.setdefault(step.entry.key, {})[step.entry.sequence] = step.entry
            self._ledger.appended.append(step.entry)
            self.heads[step.head.key] = step.head


class RepeatingTreasury(MemoryTreasury):
    """Puts the payout of a reservation whether or not it is there."""

    def _refuse(self, movement: Movement, head_before: Head) -> None:
        if movement.entry.reason is not EntryReason.RESERVED:
            super()._refuse(movement, head_before)
        elif self.heads.get(movement.head.key, Head(key=movement.head.key)).sequence != head_before.sequence:
            raise HeadMovedError(str(movement.head.key))


class CarelessTreasury(MemoryTreasury):
    """Completes a payout, or gives it back, in whatever state it is."""

    def _refuse(self, movement: Movement, head_before: Head) -> None:
        if movement.entry.reason is EntryReason.RESERVED:
            super()._refuse(movement, head_before)
        elif self.heads[movement.head.key].sequence != head_before.sequence:
            raise HeadMovedError(str(movement.head.key))


class PiecemealTreasury(MemoryTreasury):
    """Moves an account in three writes instead of one transaction."""

    def __init__(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> None:
        super().__init__(ledger, pages)
        self._storm = storm

    def move(self, movement: Movement, head_before: Head) -> None:
        self._refuse(movement, head_before)
        self._put(movement.entry)
        self._storm.point("treasury.head")
        self.heads[movement.head.key] = movement.head
        self._storm.point("treasury.payout")
        self.stored[movement.payout.id] = movement.payout


class StaleFacts(SimulatedFacts):
    """Reads that are only eventually consistent: now and then the last fact is missing."""

    def __init__(self, storm: Storm) -> None:
        super().__init__()
        self._storm = storm

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        facts = super().facts_of(order)
        if len(facts) < 2 or not self._storm.chance(STALE):
            return facts
        last = max(facts, key=self.appended.index)
        return tuple(fact for fact in facts if fact is not last)


class Overwriting(Kinds):
    def ledger(self, storm: Storm) -> MemoryLedger:
        return OverwritingLedger()


class Forgiving(Kinds):
    def ledger(self, storm: Storm) -> MemoryLedger:
        return ForgivingLedger()


class Apart(Kinds):
    def ledger(self, storm: Storm) -> MemoryLedger:
        return ApartLedger(storm)


class Unlimited(Kinds):
    def ledger(self, storm: Storm) -> MemoryLedger:
        return UnlimitedLedger()


class Boundless(Kinds):
    def ledger(self, storm: Storm) -> MemoryLedger:
        return BoundlessLedger()


class Unmarked(Kinds):
    def pages(self, storm: Storm) -> MemoryPages:
        return UnmarkedPages()


class HighWater(Kinds):
    def pages(self, storm: Storm) -> MemoryPages:
        return HighWaterPages()


class Headless(Kinds):
    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return HeadlessTreasury(ledger, pages)


class Unconditional(Kinds):
    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return UnconditionalTreasury(ledger, pages)


class Repeating(Kinds):
    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return RepeatingTreasury(ledger, pages)


class Careless(Kinds):
    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return CarelessTreasury(ledger, pages)


class Piecemeal(Kinds):
    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return PiecemealTreasury(ledger, pages, storm)


class Stale(Kinds):
    def facts(self, storm: Storm) -> SimulatedFacts:
        return StaleFacts(storm)
