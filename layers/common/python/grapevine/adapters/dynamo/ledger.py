"""The ledger on DynamoDB: puts that demand absence, and reads. Nothing here changes an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import CONDITION_FAILED, CancelledError
from grapevine.adapters.dynamo.rows import Instant, Item, Row, row
from grapevine.adapters.dynamo.rows_customers import customer_order_row
from grapevine.adapters.dynamo.rows_treasury import CounterRow
from grapevine.adapters.dynamo.table import DUE, Change, Database, Put, Table
from grapevine.domain.entries import Entry, EntryKey, canonical, entry_of_text
from grapevine.domain.errors import EntryExistsError, GrantMovedError
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.ports import Beside


class EntryRow(Row, discriminator="entry"):
    """`O#storefront#order`, `A#program#promoter#currency` or `R#program#promoter#kind#name` / `N#000001`.

    `body` is what is hashed.
    """

    body = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_at = Instant(null=True)


class DynamoLedger:
    """Entries by key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ledger = database.ledger

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries under a key in their sequence."""
        return tuple(entry_of(item) for item in self._ledger.query(keys.entries(key)))

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        """Put an entry if its number under its key is free; with something beside it in one transaction."""
        if beside:
            self._append_beside(entry, beside)
        elif not self._ledger.put_new(entry_row(entry)):
            raise EntryExistsError(entry.id)

    def _append_beside(self, entry: Entry, beside: Sequence[Beside]) -> None:
        state, catalog = self._database.state, self._database.catalog
        changes = [_counted(state, change) for change in beside if isinstance(change, GrantChange)]
        told = [customer_order_row(one) for one in beside if not isinstance(one, GrantChange)]
        rows = (Put(self._ledger, entry_row(entry)), *(Put(catalog, row, None) for row in told))
        try:
            self._database.put_all(*rows, changes=changes)
        except CancelledError as error:
            if error.reasons[0] == CONDITION_FAILED:
                raise EntryExistsError(entry.id) from error
            raise GrantMovedError(f"{entry.id}: entry, counters: {error}") from error

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have of each key, zero where nobody has any."""
        items = self._database.state.get_all([keys.counter(key) for key in wanted])
        return dict.fromkeys(wanted, 0) | dict(counter_of(item) for item in items)

    def due(self, since: datetime, until: datetime) -> Iterator[EntryKey]:
        """Yield orders and bonuses with an entry due in the span, oldest day first, eventually consistent."""
        span = EntryRow.due_at.between(since, until)
        for shard in keys.due_shards(since, until):
            for item in self._ledger.query(shard, span, index=DUE):
                yield keys.entries_of(item["pk"]["S"])

    def scan(self, program_id: str) -> Iterator[Entry]:
        """Yield every entry of a program; those of one key in their sequence."""
        everything = in_sequence(entry_of(item) for item in self._ledger.scan())
        return (entry for entry in everything if entry.program_id == program_id)

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """Return orders' and bonuses' entries by name, in the order asked, missing ones left out."""
        found = (entry_of(item) for item in self._ledger.get_all([keys.entry_named(name) for name in names]))
        by_name = {entry.id: entry for entry in found}
        return tuple(by_name[name] for name in names if name in by_name)


def _counted(state: Table, change: GrantChange) -> Change:
    """Return a counter's change: a rise only while it stays within the limit."""
    actions = [CounterRow.kind.set(CounterRow), CounterRow.taken.add(change.change)]
    left = CounterRow.taken <= change.limit - change.change
    if change.change <= change.limit:
        left |= CounterRow.taken.does_not_exist()
    return Change(state, keys.counter(change.key), actions, left if change.change > 0 else None)


def counter_of(item: Item) -> tuple[GrantKey, int]:
    """Return the key and the count in a counter's item."""
    stored = row(CounterRow, item)
    return keys.counter_of(stored.pk), stored.taken


def entry_row(entry: Entry) -> EntryRow:
    """Return an entry as it is stored; in the index only while time may change something."""
    added = EntryRow(*keys.entry(entry.key, entry.sequence), body=canonical(entry))
    if entry.due_at:
        added.due_shard, added.due_at = keys.due_shard(entry.key, entry.due_at), entry.due_at
    return added


def entry_of(item: Item) -> Entry:
    """Return the entry in an item, stored or from the table's stream."""
    stored = row(EntryRow, item)
    return entry_of_text(stored.body, keys.entries_of(stored.pk))


def in_sequence(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries so that those of one key come in their sequence: a scan promises no order.

    What comes early waits for what is missing before it; where that never comes, it is yielded
    last, and whoever proves the chain finds the gap.
    """
    expected: dict[EntryKey, int] = {}
    early: dict[EntryKey, dict[int, Entry]] = {}
    for entry in entries:
        waiting = early.setdefault(entry.key, {})
        waiting[entry.sequence] = entry
        while (number := expected.get(entry.key, 1)) in waiting:
            yield waiting.pop(number)
            expected[entry.key] = number + 1
    for waiting in early.values():
        yield from (waiting[number] for number in sorted(waiting))
