"""Post a period's orders once more under some terms, as if everything happened again at its time.

`post_order` itself makes the entries; what it writes is kept in memory and forgotten.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple
from zoneinfo import ZoneInfo

from grapevine.domain.drafts import Span, is_scarce
from grapevine.domain.entries import Entry, EntryReason, holdings_of
from grapevine.domain.errors import MoneyError, OrderUnprocessableError
from grapevine.domain.facts import Fact
from grapevine.domain.grants import GrantKey
from grapevine.domain.instants import month_of
from grapevine.domain.programs import Terms
from grapevine.domain.ties import Trace
from grapevine.ports import ClickReader, PastCatalog
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.replay_arrivals import BEHIND, HOUR, arrivals, voided_by_hand
from grapevine.usecases.replay_books import Moment, OrderRecord, ReplayBooks
from grapevine.usecases.replay_past import PastClicks, ReplayCatalog
from grapevine.usecases.replay_workings import KeptWorkings
from grapevine.usecases.verify_program import Progress, silent

TICK = timedelta(milliseconds=1)
ARRIVAL, SWEEP = 1, 2
"""At one instant facts arrive before the sweep looks."""
TOLD_EVERY = 500
STAGE = "replayed"
ALL_MONTHS = "9999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What was read of a program until an instant: the orders paid in a span, all other orders' entries."""

    terms: Terms
    span: Span
    until: datetime
    orders: tuple[OrderRecord, ...]
    others: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the orders, as they are sorted, and (where others are replayed apart) the group of each."""

    orders: Sequence[OrderRecord]
    groups: Sequence[int] = ()

    def group_of(self, number: int) -> int:
        """Return the group of the order at a place; each is one of its own where none is told."""
        return self.groups[number] if self.groups else number


@dataclass(frozen=True, slots=True)
class Readers:
    """Where a replay reads more of the past; nothing can be written through them."""

    clicks: ClickReader
    catalog: PastCatalog


class Look(NamedTuple):
    """A time at which an order is looked at; compared by its first four fields, which say what comes first.

    `turn` is for what happens in one sweep, `number` makes every look another one. `order` is its
    place in the list, `facts` are told then. `again` is a sweep that looks at what the one before has
    looked at.
    """

    at: datetime
    kind: int
    turn: int
    number: int
    order: int
    facts: tuple[Fact, ...] = ()
    asks_people: bool = False
    again: bool = False


class Replay(ABC):
    """What every replay does: looks at orders one after the other, as planned, and posts them."""

    def __init__(self, records: Records, part: Part, terms: Terms, readers: Readers, rows_until: str) -> None:
        self._part = part
        self._orders = part.orders
        self._until = records.until
        self._moment = Moment(records.orders[0])
        self._books = ReplayBooks(self._moment, records.others)
        catalog = ReplayCatalog(self._moment, terms, readers.catalog, self._books, rows_until)
        catalog.replays(frozenset(order.key for order in records.orders))
        clicks = PastClicks(self._moment, readers.clicks)
        workings = KeptWorkings()
        self._ports = PostOrderPorts(
            self._books, self._books, clicks, catalog, self._books, workings=workings
        )
        self._looks: list[Look] = []
        self._made = 0
        self.waiting: set[int] = set()
        """Orders, by their place, that could not be posted when they were last looked at."""

    def run(self, progress: Progress = silent) -> None:
        """Replay everything there is."""
        for number, order in enumerate(self._orders):
            self._prepare(number, order)
        done = 0
        while self._looks:
            if done % TOLD_EVERY == 0:
                progress(STAGE, done, done + len(self._looks))
            self._look(heappop(self._looks))
            done += 1
        progress(STAGE, done, done)

    def entries_of(self, order: OrderRecord) -> tuple[Entry, ...]:
        """Return what was posted for an order."""
        return self._books.entries_of(order.key)

    @property
    def trace(self) -> Trace:
        """What the orders read and wrote of what others could, by their groups."""
        return self._books.trace

    @abstractmethod
    def _prepare(self, number: int, order: OrderRecord) -> None:
        """Plan when an order is looked at for sure."""

    @abstractmethod
    def _after(self, look: Look, posted: Sequence[Entry]) -> None:
        """Plan what follows from a look."""

    def _look(self, look: Look) -> None:
        order, books = self._orders[look.order], self._books
        self._moment.order, self._moment.now = order, look.at
        self._moment.group = self._part.group_of(look.order)
        books.advance()
        if look.facts:
            books.tell(order.key, look.facts)
        before = len(books.entries_of(order.key))
        try:
            post_order(PostOrder(order.key, asks_people=look.asks_people), self._ports, look.at)
            self.waiting.discard(look.order)
        except (OrderUnprocessableError, MoneyError):
            self.waiting.add(look.order)
        self._after(look, books.entries_of(order.key)[before:])

    def _plan(self, look: Look) -> None:
        if look.at <= self._until:
            heappush(self._looks, look)

    def _next(self) -> int:
        self._made += 1
        return self._made


class RecordedReplay(Replay):
    """Under the terms there are: looks at an order when an entry was posted, and knows what that covered.

    What posted nothing then is recorded to have posted nothing, so nobody looks at any other time.
    """

    def __init__(self, records: Records, part: Part, terms: Terms, readers: Readers) -> None:
        super().__init__(records, part, terms, readers, ALL_MONTHS)
        self._due: dict[int, list[tuple[datetime, int]]] = {}
        self._position: dict[int, int] = {}

    def _prepare(self, number: int, order: OrderRecord) -> None:  # noqa: ARG002 - it is in the list
        self._plan_entry(number, 0)

    def _after(self, look: Look, posted: Sequence[Entry]) -> None:
        for entry in posted:
            if entry.due_at is not None:
                self._due.setdefault(look.order, []).append((entry.due_at, self._next()))
        self._plan_entry(look.order, self._position[look.order] + 1)

    def _plan_entry(self, number: int, position: int) -> None:
        order = self._orders[number]
        self._position[number] = position
        if position == len(order.entries):
            return
        entry = order.entries[position]
        facts = tuple(fact for fact in order.facts if fact.digest in entry.facts)
        kind = ARRIVAL if facts else SWEEP
        is_void = entry.reason is EntryReason.VOIDED
        turn = self._turn(number, entry.recorded_at)
        self._plan(Look(entry.recorded_at, kind, turn, self._next(), number, facts, is_void))

    def _turn(self, number: int, at: datetime) -> int:
        """Return whose turn it is in a sweep: it goes by the entries that say what is due."""
        due = self._due.get(number, ())
        return next((turn for due_at, turn in due if at - BEHIND <= due_at <= at), 0)


class DraftReplay(Replay):
    """Under a draft: each fact arrives as it did, and the hourly sweep looks at what is due."""

    def __init__(self, records: Records, part: Part, terms: Terms, readers: Readers) -> None:
        # Months before the span were sold before it: no draft changes them.
        first = month_of(records.span.starts_at, ZoneInfo(terms.program.time_zone))
        super().__init__(records, part, terms, readers, first)
        entries = (entry for order in records.orders for entry in order.entries if not entry.facts)
        self._sweeps = sorted({entry.recorded_at for entry in entries})
        # A sweep looks at what is due several times; that matters only where others may give back, or
        # sell in a month that is open.
        scarce = any(
            is_scarce(plan) for plan in terms.plans_within(records.span.starts_at, records.span.ends_at)
        )
        self._looks_again = scarce or bool(terms.campaigns)
        self._swept: dict[int, datetime] = {}
        self._lacks: dict[int, list[GrantKey]] = {}
        self._falls: dict[int, int] = {}
        self._open: set[int] = set()
        """Orders, by their place, whose decision rests on a month that is not over."""

    def _prepare(self, number: int, order: OrderRecord) -> None:
        for at, fact in arrivals(order):
            self._plan(Look(at, ARRIVAL, 0, self._next(), number, (fact,)))
        for at in voided_by_hand(order):
            self._plan(Look(at, SWEEP, 0, self._next(), number, asks_people=True))

    def _look(self, look: Look) -> None:
        if look.kind is SWEEP and not look.asks_people:
            if self._swept.get(look.order) == look.at:
                return
            self._moment.now = look.at
            if look.again and not (look.order in self._open or self._may_have_more(look.order)):
                return
            self._swept[look.order] = look.at
        super()._look(look)
        if self._looks_again:
            held = holdings_of(self.entries_of(self._orders[look.order])).held
            self._lacks[look.order] = [key for key, of in held.items() if of.most > of.granted]
            self._falls[look.order] = self._falls_of(look.order)

    def _may_have_more(self, number: int) -> bool:
        """Say whether others gave anything back, since an order was looked at, of what it would take more of.

        That is only what it was offered more of than it has: what it has all of, it does not ask for.
        """
        return self._falls_of(number) != self._falls.get(number)

    def _falls_of(self, number: int) -> int:
        self._books.advance()
        return sum([self._books.falls.get(key, 0) for key in self._lacks.get(number, ())])

    def _after(self, look: Look, posted: Sequence[Entry]) -> None:
        after = look.at + TICK if look.kind is SWEEP else look.at
        for entry in posted:
            if entry.decision:
                rests = entry.decision.provisional_until is not None
                (self._open.add if rests else self._open.discard)(look.order)
            if entry.due_at is not None:
                self._plan_sweeps(look.order, entry.due_at, max(entry.due_at, after))

    def _plan_sweeps(self, order: int, due_at: datetime, after: datetime) -> None:
        turn, sweep = self._next(), self._sweep_from(after)
        self._plan(Look(sweep, SWEEP, turn, turn, order))
        again = self._looks_again or order in self._open
        while again and (sweep := self._sweep_from(sweep + TICK)) <= due_at + BEHIND:
            self._plan(Look(sweep, SWEEP, turn, self._next(), order, again=True))

    def _sweep_from(self, instant: datetime) -> datetime:
        """Return the first sweep at an instant or later: one that was recorded, or that of the full hour."""
        place = bisect_left(self._sweeps, instant)
        if place < len(self._sweeps) and self._sweeps[place] < instant + HOUR:
            return self._sweeps[place]
        past = timedelta(minutes=instant.minute, seconds=instant.second, microseconds=instant.microsecond)
        return instant - past + HOUR if past else instant
