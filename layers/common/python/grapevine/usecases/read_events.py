"""Read a program's events behind a cursor, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import heappop, heappush

from grapevine.domain.events import SLOTS, Cursor, Event, Placed
from grapevine.ports import EventReader

MOST_EVENTS = 100


def read_events(
    program_id: str, after: Cursor, log: EventReader, limit: int = MOST_EVENTS
) -> tuple[tuple[Event, ...], Cursor]:
    """Return events behind a cursor, and the cursor behind them, which is where the next ones begin.

    Of one thing in the order of their numbers, of different things about in the order of time: each
    is in one log, and the logs are merged.
    """
    logs = [log.events(program_id, slot, after[slot], limit) for slot in range(SLOTS)]
    heap = list[tuple[datetime, int, int]]()
    for slot in range(SLOTS):
        _offer(heap, slot, logs[slot], 0)
    found, cursor = list[Event](), list(after)
    while heap and len(found) < limit:
        _, slot, number = heappop(heap)
        placed = logs[slot][number]
        found.append(placed.event)
        cursor[slot] = placed.position
        _offer(heap, slot, logs[slot], number + 1)
    return tuple(found), tuple(cursor)


def _offer(heap: list[tuple[datetime, int, int]], slot: int, log: Sequence[Placed], number: int) -> None:
    if number < len(log):
        heappush(heap, (log[number].event.recorded_at, slot, number))
