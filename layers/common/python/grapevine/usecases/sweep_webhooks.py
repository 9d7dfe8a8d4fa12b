"""Find the lanes that nobody was woken for: waits longer than a queue's, and messages that were lost."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.events import SLOTS
from grapevine.domain.subscriptions import Subscription
from grapevine.ports import EventReader, SubscriptionStore, WebhookQueue


def sweep_webhooks(
    log: EventReader, subscriptions: SubscriptionStore, queue: WebhookQueue, now: datetime
) -> int:
    """Queue every lane that is behind or due, of subscriptions that may be tried; return how many."""
    queued = 0
    for subscription in subscriptions.enabled():
        if subscription.may_try(now):
            slots = _behind(subscription, log, subscriptions, now)
            queue.send_lanes(subscription.program_id, subscription.id, slots)
            queued += len(slots)
    return queued


def _behind(
    subscription: Subscription, log: EventReader, subscriptions: SubscriptionStore, now: datetime
) -> tuple[int, ...]:
    ends, positions = log.ends(subscription.program_id), subscriptions.lanes(subscription.id)
    due = {one.slot for one in subscriptions.parked(subscription.id) if one.due_at <= now}
    return tuple(slot for slot in range(SLOTS) if positions[slot] < ends[slot] or slot in due)
