"""The log of events: one for each slot of a program, numbered without a gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

from pynamodb.expressions.condition import Condition

from grapevine.adapters.dynamo import event_keys
from grapevine.adapters.dynamo.failures import CancelledError
from grapevine.adapters.dynamo.keys import Key
from grapevine.adapters.dynamo.rows import ABSENT, Row, row
from grapevine.adapters.dynamo.rows_events import (
    EventHeadRow,
    LogRow,
    event_head_of,
    event_head_row,
    event_row,
    placed_of,
)
from grapevine.adapters.dynamo.table import Database, Put
from grapevine.domain.errors import LogMovedError
from grapevine.domain.events import SLOTS, Aggregate, Cursor, Logged, LogHead, Placed


class DynamoEventLog:
    """Events in the state table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state

    def heads(self, aggregates: Sequence[Aggregate]) -> dict[Aggregate, LogHead]:
        """Return how far these aggregates are logged."""
        named = {event_keys.aggregate(aggregate): aggregate for aggregate in aggregates}
        found = ((named[Key(i["pk"]["S"], i["sk"]["S"])], i) for i in self._state.get_all(list(named)))
        return {aggregate: event_head_of(item, aggregate) for aggregate, item in found}

    def append(self, program_id: str, slot: int, logged: Sequence[Logged]) -> None:
        """Append events behind the log's end and move the heads, in one transaction."""
        puts = [Put(self._state, event_head_row(one.after), _still_at(one.before)) for one in logged]
        events = [event for one in logged for event in one.events]
        if events:
            end = self._end(program_id, slot)
            placed = map(Placed, count(end + 1), events)
            puts += [Put(self._state, event_row(slot, one), ABSENT) for one in placed]
            key = event_keys.log_head(program_id, slot)
            puts.append(Put(self._state, LogRow(*key, position=end + len(events)), _ends_at(end)))
        try:
            self._database.put_all(*puts)
        except CancelledError as error:
            raise LogMovedError(f"{program_id} {slot}: {error}") from error

    def _end(self, program_id: str, slot: int) -> int:
        item = self._state.get(event_keys.log_head(program_id, slot))
        return row(LogRow, item).position if item else 0

    def ends(self, program_id: str) -> Cursor:
        """Return the last position of each of a program's logs."""
        logs = [event_keys.log_head(program_id, slot) for slot in range(SLOTS)]
        found = {item["pk"]["S"]: row(LogRow, item).position for item in self._state.get_all(logs)}
        return tuple(found.get(key.pk, 0) for key in logs)

    def events(self, program_id: str, slot: int, after: int, limit: int) -> tuple[Placed, ...]:
        """Return a log's events behind a position, in order."""
        first = event_keys.event(program_id, slot, after + 1)
        last = event_keys.event(program_id, slot, after + limit)
        items = self._state.query(first.pk, Row.sk.between(first.sk, last.sk))
        found = tuple(placed_of(item) for item in items)
        if found or after >= self._end(program_id, slot):
            return found
        return tuple(islice(self._later(program_id, slot, after), limit))

    def _later(self, program_id: str, slot: int, after: int) -> Iterator[Placed]:
        """Yield what is left behind a position where what was next to it is too old."""
        first = event_keys.event(program_id, slot, after + 1)
        after_all = f"{event_keys.PLACE}:"
        items = self._state.query(first.pk, Row.sk.between(first.sk, after_all))
        return map(placed_of, items)

    def events_at(self, program_id: str, slot: int, positions: Sequence[int]) -> dict[int, Placed]:
        """Return those of these events that are still there."""
        wanted = [event_keys.event(program_id, slot, position) for position in positions]
        found = map(placed_of, self._state.get_all(wanted))
        return {placed.position: placed for placed in found}


def _still_at(head: LogHead) -> Condition:
    """Return the condition that nobody logged more of an aggregate since its head was read."""
    return EventHeadRow.version == head.version if head.version else ABSENT


def _ends_at(end: int) -> Condition:
    return LogRow.position == end if end else ABSENT
