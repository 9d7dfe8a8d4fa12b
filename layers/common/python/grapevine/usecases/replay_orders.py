"""Post a period's orders once more under some terms, as if everything happened again at its time.

`post_order` itself makes the entries; what it writes is kept in memory and forgotten.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, TypeVar

from grapevine.domain.drafts import Span
from grapevine.domain.entries import Entry
from grapevine.domain.errors import MoneyError, OrderUnprocessableError
from grapevine.domain.programs import Terms
from grapevine.domain.ties import Trace
from grapevine.ports import ClickReader, PastCatalog
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.replay_books import ReplayBooks
from grapevine.usecases.replay_counters import Counters, Others
from grapevine.usecases.replay_moment import Look, Moment, OrderRecord, Rank, Turn
from grapevine.usecases.replay_past import PastClicks, ReplayCatalog
from grapevine.usecases.replay_workings import KeptWorkings
from grapevine.usecases.verify_program import Progress, silent

TOLD_EVERY = 500
STAGE = "replayed"
C_co = TypeVar("C_co", bound=Counters, covariant=True)
CountersOf = Callable[[Moment, Others], C_co]


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
    """Some of the orders, as they are sorted; where others are elsewhere, with the group of each.

    `places` are theirs among all orders. `among` parts share counters, and each guesses what the others
    take; mostly it is one: orders of different parts share nothing.
    """

    orders: Sequence[OrderRecord]
    groups: Sequence[int] = ()
    places: Sequence[int] = ()
    among: int = 1

    def group_of(self, number: int) -> int:
        """Return the group of one of its orders; each is one of its own where none is told."""
        return self.groups[number] if self.groups else number

    def place_of(self, number: int) -> int:
        """Return the place of one of its orders among all orders."""
        return self.places[number] if self.places else number


@dataclass(frozen=True, slots=True)
class Readers:
    """Where a replay reads more of the past; nothing can be written through them."""

    clicks: ClickReader
    catalog: PastCatalog


class Replay(ABC, Generic[C_co]):
    """What every replay does: looks at orders one after the other, as planned, and posts them."""

    def __init__(
        self,
        records: Records,
        part: Part,
        terms: Terms,
        readers: Readers,
        rows_until: str,
        counters_of: CountersOf[C_co],
    ) -> None:
        self._part = part
        self._orders = part.orders
        self._until = records.until
        self._moment = Moment(records.orders[0])
        others = Others(records.others)
        self._counters = counters_of(self._moment, others)
        self._books = ReplayBooks(self._moment, others, self._counters)
        catalog = ReplayCatalog(self._moment, terms, readers.catalog, self._books, rows_until)
        catalog.replays(frozenset(order.key for order in records.orders))
        clicks = PastClicks(self._moment, readers.clicks)
        self._workings = KeptWorkings()
        self._ports = PostOrderPorts(
            self._books, self._books, clicks, catalog, self._books, workings=self._workings
        )
        self._looks: list[Look] = []
        self._by: Turn = ()
        self._made = 0
        self.waiting: set[int] = set()
        """Orders, by their place in the part, that could not be posted when they were last looked at."""

    def run(self, progress: Progress = silent) -> None:
        """Replay everything there is."""
        self._begin(range(len(self._orders)))
        done = 0
        while self._looks:
            if done % TOLD_EVERY == 0:
                progress(STAGE, done, done + len(self._looks))
            self._look(heappop(self._looks))
            done += 1
        progress(STAGE, done, done)

    def run_before(self, rank: Rank | None) -> None:
        """Make every look that is planned and comes before another one; all of them where none is told."""
        while self._looks and (rank is None or self._looks[0].rank < rank):
            self._look(heappop(self._looks))

    def join(self, numbers: Sequence[int], until: Rank) -> None:
        """Replay some orders up to a look that comes now, and from that one on with everybody else.

        They share nothing with those that are being replayed but counters.
        """
        others, self._looks = self._looks, []
        self._begin(numbers)
        while self._looks and self._looks[0].rank != until:
            self._look(heappop(self._looks))
        for look in self._looks:
            heappush(others, look)
        self._looks = others

    def _begin(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._by, self._made = ((), self._part.place_of(number)), 0
            self._prepare(number, self._orders[number])

    def entries_of(self, order: OrderRecord) -> tuple[Entry, ...]:
        """Return what was posted for an order."""
        return self._books.entries_of(order.key)

    @property
    def counters(self) -> C_co:
        """What all orders together have of what is scarce."""
        return self._counters

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
        order, books, moment = self._orders[look.order], self._books, self._moment
        moment.order, moment.now, moment.rank = order, look.at, look.rank
        moment.group = self._part.group_of(look.order)
        self._by, self._made = (look.rank,), 0
        if look.facts:
            books.tell(order.key, look.facts)
        before = len(books.entries_of(order.key))
        try:
            post_order(PostOrder(order.key, asks_people=look.asks_people), self._ports, look.at)
            self.waiting.discard(look.order)
        except (OrderUnprocessableError, MoneyError):
            self.waiting.add(look.order)
        self._counters.looked(
            self._part.place_of(look.order), self._workings.wanted(order.key), is_first=not before
        )
        self._after(look, books.entries_of(order.key)[before:])

    def _plan(self, look: Look) -> None:
        if look.at <= self._until:
            heappush(self._looks, look)

    def _next(self) -> Turn:
        """Return the number of the next look that is planned: after all that were planned before it."""
        self._made += 1
        return (*self._by, self._made)
