"""The ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock

from grapevine.adapters.memory.customers import MemoryCustomers
from grapevine.domain.bindings import CustomerOrder
from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.errors import EntryExistsError, GrantMovedError, NotFoundError
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.ports import Beside


class MemoryLedger:
    """Entries by key; `appended` is what its stream would carry, in order.

    `customers` takes what is written beside entries.
    """

    def __init__(self, customers: MemoryCustomers | None = None) -> None:
        self.lock = Lock()
        self.customers = customers
        self.appended: list[Entry] = []
        self.counters: dict[GrantKey, int] = {}
        self._chains: dict[EntryKey, dict[int, Entry]] = {}

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        with self.lock:
            chain = self._chains.get(key, {})
            return tuple(chain[number] for number in sorted(chain))

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        with self.lock:
            after = self._counted(entry, beside) if beside else {}
            self.put(entry)
            self.counters.update(after)
            for told in beside:
                if not isinstance(told, GrantChange):
                    self._told(told)

    def _told(self, told: CustomerOrder) -> None:
        if self.customers is None:
            raise NotFoundError("customers", "a ledger that was made without them")
        self.customers.put_order(told)

    def _counted(self, entry: Entry, beside: Sequence[Beside]) -> dict[GrantKey, int]:
        """Return the counters after their changes; a taken number is told before a limit."""
        if entry.sequence in self._chains.get(entry.key, {}):
            raise EntryExistsError(entry.id)
        changes = [change for change in beside if isinstance(change, GrantChange)]
        after = {change.key: self.counters.get(change.key, 0) + change.change for change in changes}
        if any(change.change > 0 and after[change.key] > change.limit for change in changes):
            raise GrantMovedError(entry.id)
        return after

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        with self.lock:
            return {key: self.counters.get(key, 0) for key in wanted}

    def put(self, entry: Entry) -> None:
        """Append while the caller holds `lock`: one step of a transaction over several stores."""
        chain = self._chains.setdefault(entry.key, {})
        if entry.sequence in chain:
            raise EntryExistsError(entry.id)
        chain[entry.sequence] = entry
        self.appended.append(entry)

    def has(self, entry: Entry) -> bool:
        """Say whether an entry's number under its key is taken, while the caller holds `lock`."""
        return entry.sequence in self._chains.get(entry.key, {})

    def due(self, since: datetime, until: datetime) -> Iterator[EntryKey]:
        for entry in tuple(self.appended):
            if entry.due_at and since <= entry.due_at <= until:
                yield entry.key

    def scan(self, program_id: str) -> Iterator[Entry]:
        for key in sorted(self._chains, key=str):
            yield from (entry for entry in self.entries_of(key) if entry.program_id == program_id)

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        by_name = {entry.id: entry for entry in self.appended}
        return tuple(by_name[name] for name in names if name in by_name)
