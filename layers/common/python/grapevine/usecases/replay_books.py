"""The stores of a replay: what was read of the past as it was at an instant, and what is posted anew.

Posting writes here as it does to the tables; nothing of it leaves the process.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from grapevine.domain.bindings import CustomerOrder
from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.domain.pages import NET, ORDERS, Page, PageKey, sales_subject
from grapevine.domain.tiers import Volume
from grapevine.domain.ties import Trace
from grapevine.ports import Beside

LONG_AGO = datetime.min.replace(tzinfo=UTC)
NOTHING = Volume()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order that is posted again: its facts and entries as they are stored, and when it was paid."""

    key: OrderKey
    paid_at: datetime
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class Moment:
    """The instant that a replay has come to, and the order that is looked at, with its group's number."""

    order: OrderRecord
    now: datetime = LONG_AGO
    group: int = 0


class ReplayBooks:
    """Entries, facts as far as they are known, counters and what was sold: of this replay.

    `others` are the entries of all orders that are not posted again: what they took and sold counts
    from when it was recorded on.
    """

    def __init__(self, moment: Moment, others: Iterable[Entry]) -> None:
        self.falls: dict[GrantKey, int] = {}
        """How often something was given back of each key."""
        self.trace = Trace()
        """What orders have read and written of what others could."""
        self._moment = moment
        self._others = sorted(others, key=lambda entry: entry.recorded_at, reverse=True)
        self._chains: dict[EntryKey, tuple[Entry, ...]] = {}
        self._facts: dict[OrderKey, tuple[Fact, ...]] = {}
        self._taken: dict[GrantKey, int] = {}
        self._granted: dict[tuple[EntryKey, GrantKey], int] = {}
        self._sold: dict[str, Volume] = {}
        self._notes: dict[str, list[CustomerOrder]] = {}

    def tell(self, order: OrderKey, facts: Sequence[Fact]) -> None:
        """Let facts be known from now on."""
        known = {fact.digest: fact for fact in (*self._facts.get(order, ()), *facts)}
        self._facts[order] = tuple(sorted(known.values(), key=lambda fact: (fact.version, fact.digest)))

    def advance(self) -> None:
        """Count what other orders' entries took and sold until now."""
        while self._others and self._others[-1].recorded_at <= self._moment.now:
            entry = self._others.pop()
            for grant in entry.grants:
                before = self._granted.get((entry.key, grant.key), 0)
                self._granted[entry.key, grant.key] = grant.granted
                self._take(grant.key, grant.granted - before)
            self._sell(entry)

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries that this replay has posted."""
        return self._chains.get(key, ())

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return the facts that are known by now."""
        return self._facts.get(order, ())

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have."""
        for key in wanted:
            self._read(key)
        return {key: self._taken.get(key, 0) for key in wanted}

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        """Keep an entry for the next one of its order; nobody reads its hash, so it needs no text."""
        kept = replace(entry, text=entry.id)
        self._chains[entry.key] = (*self._chains.get(entry.key, ()), kept)
        for subject in self._sell(entry):
            self._wrote(subject)
        for told in beside:
            if isinstance(told, GrantChange):
                self._take(told.key, told.change)
                self._wrote(told.key)
            else:
                self._notes.setdefault(told.note.customer_key, []).append(told)
                self._wrote(("customer", told.note.customer_key))

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return what was sold so far as one page; it has whatever this order's entries have sold."""
        self._read(subject)
        sold = self._sold.get(subject)
        if sold is None:
            return ()
        marks = frozenset(entry.id for entry in self.entries_of(self._moment.order.key))
        return (Page(PageKey(subject, "", 0), {NET: sold.net_minor, ORDERS: sold.orders}, marks),)

    def told_of(self, customer_key: str) -> Sequence[CustomerOrder]:
        """Return what entries of this replay told of a customer."""
        self._read(("customer", customer_key))
        return self._notes.get(customer_key, ())

    def _read(self, name: Hashable) -> None:
        self.trace.read.setdefault(name, set()).add(self._moment.group)

    def _wrote(self, name: Hashable) -> None:
        self.trace.wrote.setdefault(name, set()).add(self._moment.group)

    def _take(self, key: GrantKey, change: int) -> None:
        self._taken[key] = self._taken.get(key, 0) + change
        if change < 0:
            self.falls[key] = self.falls.get(key, 0) + 1

    def _sell(self, entry: Entry) -> list[str]:
        subjects = [sales_subject(entry.program_id, sale.promoter_id, sale.month) for sale in entry.sales]
        for subject, sale in zip(subjects, entry.sales, strict=True):
            self._sold[subject] = self._sold.get(subject, NOTHING) + sale.volume
        return subjects
