"""The ledger on DynamoDB: puts that demand absence, and reads. Nothing here changes an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import CancelledError
from grapevine.adapters.dynamo.rows import Instant, Item, Row, row
from grapevine.adapters.dynamo.rows_customers import customer_order_row
from grapevine.adapters.dynamo.table import DUE, Database, Put
from grapevine.domain.entries import Entry, EntryKey, canonical, entry_of_text
from grapevine.domain.errors import EntryExistsError
from grapevine.domain.facts import OrderKey
from grapevine.ports import Beside


class EntryRow(Row, discriminator="entry"):
    """`O#storefront#order` or `A#program#promoter#currency` / `N#000001`; `body` is what is hashed."""

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
            self._append_with(entry, beside)
        elif not self._ledger.put_new(entry_row(entry)):
            raise EntryExistsError(entry.id)

    def _append_with(self, entry: Entry, beside: Sequence[Beside]) -> None:
        added = (Put(self._database.catalog, customer_order_row(told), None) for told in beside)
        try:
            self._database.put_all(Put(self._ledger, entry_row(entry)), *added)
        except CancelledError as error:
            raise EntryExistsError(entry.id) from error

    def due(self, since: datetime, until: datetime) -> Iterator[OrderKey]:
        """Yield orders with an entry due in the span, oldest day first, eventually consistent."""
        span = EntryRow.due_at.between(since, until)
        for shard in keys.due_shards(since, until):
            for item in self._ledger.query(shard, span, index=DUE):
                yield keys.order_of(item["pk"]["S"])

    def scan(self, program_id: str) -> Iterator[Entry]:
        """Yield every entry of a program; those of one key in their sequence."""
        everything = in_sequence(entry_of(item) for item in self._ledger.scan())
        return (entry for entry in everything if entry.program_id == program_id)

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """Return order entries by name, in the order asked, missing ones left out."""
        found = (entry_of(item) for item in self._ledger.get_all([keys.entry_named(name) for name in names]))
        by_name = {entry.id: entry for entry in found}
        return tuple(by_name[name] for name in names if name in by_name)


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
