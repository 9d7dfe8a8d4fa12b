"""Orders that wait, listed by program and, over all programs, by since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Item, Row, row
from grapevine.adapters.dynamo.table import BY_STATE, Database
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.waits import Wait, WaitReason


class WaitRow(Row, discriminator="wait"):
    """`WT#program` / `storefront#order`, in the index by since when."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    reason = UnicodeAttribute()
    what = UnicodeAttribute()
    since = Instant()


class DynamoWaits:
    """The list of orders that wait."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def keep(self, wait: Wait) -> None:
        """List an order, replacing what was said about it."""
        self._state.put(
            WaitRow(
                *keys.wait(wait.program_id, wait.order),
                gpk=keys.WAITS,
                gsk=keys.joined(to_text(wait.since), wait.order.storefront_id, wait.order.order_id),
                reason=wait.reason.value,
                what=wait.what,
                since=wait.since,
            )
        )

    def forget(self, program_id: str, order: OrderKey) -> None:
        """Take an order off the list; one that is not there stays so."""
        self._state.delete(keys.wait(program_id, order))

    def waiting(self, program_id: str) -> Iterator[Wait]:
        """Yield a program's orders by name."""
        return (_wait(item) for item in self._state.query(keys.waits_of(program_id)))

    def waiting_since(self, instant: datetime) -> Iterator[Wait]:
        """Yield orders that have waited since before an instant, longest first, eventually consistent."""
        until = WaitRow.gsk < to_text(instant)
        return (_wait(item) for item in self._state.query(keys.WAITS, until, index=BY_STATE))


def _wait(item: Item) -> Wait:
    stored = row(WaitRow, item)
    return Wait(
        order=OrderKey(*stored.sk.split(keys.SEPARATOR)),
        program_id=keys.last_part(stored.pk),
        reason=WaitReason(stored.reason),
        what=stored.what,
        since=stored.since,
    )
