"""When a recorded order's facts arrived, and when somebody did something to it by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import Fact
from grapevine.usecases.replay_moment import OrderRecord
from grapevine.usecases.sweep_due import OVERLAP

HOUR = timedelta(hours=1)
BEHIND = HOUR + OVERLAP
"""How long ago something may have been due for a sweep to look at it."""
SOON = timedelta(minutes=15)
"""An entry so long after a fact was posted for it: streams and queues take their time."""


def voided_by_hand(order: OrderRecord) -> list[datetime]:
    """Return when somebody voided parts of an order: no fact had just come, and nothing was due.

    The entry covers also what came long before and changed nothing then.
    """
    found = []
    came = {fact.digest: fact.recorded_at for fact in order.facts}
    for number, entry in enumerate(order.entries):
        at = entry.recorded_at
        due = (before.due_at for before in order.entries[:number] if before.due_at)
        is_due = any(at - BEHIND <= due_at <= at for due_at in due)
        is_told = any(at - SOON <= came[digest] <= at for digest in entry.facts if digest in came)
        if entry.reason is EntryReason.VOIDED and not (is_told or is_due):
            found.append(at)
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
