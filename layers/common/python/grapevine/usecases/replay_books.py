"""The stores of a replay: what was read of the past as it was at an instant, and what is posted anew.

Posting writes here as it does to the tables; nothing of it leaves the process.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from grapevine.domain.bindings import CustomerOrder
from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.domain.pages import NET, ORDERS, Page, PageKey, sales_subject
from grapevine.domain.tiers import Volume
from grapevine.domain.ties import Trace
from grapevine.ports import Beside
from grapevine.usecases.replay_counters import Counters, Others
from grapevine.usecases.replay_moment import Moment

NOTHING = Volume()


class ReplayBooks:
    """Entries, facts as far as they are known, counters and what was sold: of this replay.

    What `others` sold, whose orders are not posted again, counts from when it was recorded on.
    """

    def __init__(self, moment: Moment, others: Others, counters: Counters) -> None:
        self.trace = Trace()
        """What orders have read and written of what others could."""
        self._moment = moment
        self._others = others
        self._counters = counters
        self._chains: dict[EntryKey, tuple[Entry, ...]] = {}
        self._facts: dict[OrderKey, tuple[Fact, ...]] = {}
        self._sold: dict[str, Volume] = {}
        self._notes: dict[str, list[CustomerOrder]] = {}

    def tell(self, order: OrderKey, facts: Sequence[Fact]) -> None:
        """Let facts be known from now on."""
        known = {fact.digest: fact for fact in (*self._facts.get(order, ()), *facts)}
        self._facts[order] = tuple(sorted(known.values(), key=lambda fact: (fact.version, fact.digest)))

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries that this replay has posted."""
        return self._chains.get(key, ())

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return the facts that are known by now."""
        return self._facts.get(order, ())

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have."""
        if self._counters.is_whole:
            for key in wanted:
                self._read(key)
        return self._counters.taken(wanted)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        """Keep an entry for the next one of its order; nobody reads its hash, so it needs no text."""
        kept = replace(entry, text=entry.id)
        self._chains[entry.key] = (*self._chains.get(entry.key, ()), kept)
        for subject in self._sell(entry):
            self._wrote(subject)
        for told in beside:
            if isinstance(told, GrantChange):
                self._counters.take(told.key, told.change)
                if self._counters.is_whole:
                    self._wrote(told.key)
            else:
                self._notes.setdefault(told.note.customer_key, []).append(told)
                self._wrote(("customer", told.note.customer_key))

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return what was sold so far as one page; it has whatever this order's entries have sold."""
        self._read(subject)
        others, own = self._others.sold(subject, self._moment.now), self._sold.get(subject)
        if others is None and own is None:
            return ()
        sold = (others or NOTHING) + (own or NOTHING)
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

    def _sell(self, entry: Entry) -> list[str]:
        subjects = [sales_subject(entry.program_id, sale.promoter_id, sale.month) for sale in entry.sales]
        for subject, sale in zip(subjects, entry.sales, strict=True):
            self._sold[subject] = self._sold.get(subject, NOTHING) + sale.volume
        return subjects
