"""When a recorded order's facts arrived, and when somebody did something to it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.facts import Fact
from grapevine.usecases.replay_books import OrderRecord
from grapevine.usecases.sweep_due import OVERLAP

HOUR = timedelta(hours=1)
BEHIND = HOUR + OVERLAP
"""How long ago something may have been due for a sweep to look at it."""
SOON = timedelta(minutes=15)
"""An entry so long after a fact was posted for it: streams and queues take their time."""


def voided_by_hand(entries: Sequence[Entry]) -> list[datetime]:
    """Return when somebody voided parts of an order: no fact came, and nothing was due."""
    found = []
    for number, entry in enumerate(entries):
        due = (before.due_at for before in entries[:number] if before.due_at)
        is_due = any(entry.recorded_at - BEHIND <= due_at <= entry.recorded_at for due_at in due)
        if entry.reason is EntryReason.VOIDED and not (entry.facts or is_due):
            found.append(entry.recorded_at)
    return found


def arrivals(order: OrderRecord) -> list[tuple[datetime, Fact]]:
    """Return when each fact was posted: when recorded, or soon after where an entry was made for it."""
    posted: dict[str, datetime] = {}
    facts = {fact.digest: fact for fact in order.facts}
    due_at: datetime | None = None
    for entry in order.entries:
        new = [facts[digest] for digest in entry.facts if digest in facts]
        swept = due_at is not None and due_at <= entry.recorded_at
        last = max(new, key=lambda fact: fact.recorded_at, default=None)
        if last and not swept and last.recorded_at <= entry.recorded_at <= last.recorded_at + SOON:
            posted[last.digest] = entry.recorded_at
        due_at = entry.due_at
    return [(posted.get(fact.digest, fact.recorded_at), fact) for fact in order.facts]
