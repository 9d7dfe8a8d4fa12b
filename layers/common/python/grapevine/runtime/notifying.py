"""Events' Lambda side: what streams tell is logged, what is logged is delivered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from grapevine.domain.instants import truncate
from grapevine.domain.messages import notes_of
from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images, answer_messages, answer_rows
from grapevine.usecases.deliver_events import DeliverEvents, DeliverPorts, deliver_events
from grapevine.usecases.log_events import EventPorts, log_changes, log_entries
from grapevine.usecases.log_stored import change_of
from grapevine.usecases.send_messages import MessagePorts, Sent, send_messages
from grapevine.usecases.sweep_webhooks import sweep_webhooks

COUNTED = {
    Sent.SENT: observe.MESSAGE_SENT,
    Sent.REFUSED: observe.MESSAGE_REFUSED,
    Sent.WAITS: observe.MESSAGE_WAITS,
}


def publish(event: Record, parts: Parts) -> Answer:
    """Log what a batch of entries means to the outside: together if that works, else one by one."""
    together = _Together(parts)
    together.try_all(event)

    def each(image: Image) -> None:
        entry = parts.entry_of(image)
        observe.note_each(entries=entry.id)
        if not together.is_done:
            log_entries((entry,), parts.ledger, event_ports(parts), parts.now())
        for told in notes_of(entry):
            parts.notes.add(told)

    return answer_images("publish_entries", event, each)


class _Together:
    """Logs a batch at once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.is_done = False

    def try_all(self, event: Record) -> None:
        """Log everything at once; a failure is found again, and named, record by record."""
        try:
            images = [record["dynamodb"]["NewImage"] for record in event["Records"]]
            entries = tuple(self._parts.entry_of(image) for image in images)
            ports = event_ports(self._parts)
            log_entries(entries, self._parts.ledger, ports, self._parts.now())
            self.is_done = True
        except Exception:  # noqa: BLE001 - one poison record must not cost the batch
            self.is_done = False


def publish_rows(handler: str, event: Record, parts: Parts) -> Answer:
    """Log what a batch of new and changed rows means to the outside."""

    def each(record: Record) -> None:
        stored = parts.stored_in(record["dynamodb"]["NewImage"])
        if stored is not None:
            written_at = _written_at(record)
            change = change_of(stored, written_at, parts.catalog, parts.catalog)
            if change:
                observe.note_each(aggregates=str(change.aggregate))
                log_changes((change,), event_ports(parts), parts.now())

    return answer_rows(handler, event, each)


def _written_at(record: Record) -> datetime:
    seconds = record["dynamodb"]["ApproximateCreationDateTime"]
    return truncate(datetime.fromtimestamp(float(seconds), UTC))


def deliver(event: Record, parts: Parts) -> Answer:
    """Bring the lanes that the queue names as far as they go."""
    ports = deliver_ports(parts)

    def each(body: str, _receives: int) -> None:
        lane = json.loads(body)["lane"]
        lane["again"] = tuple(lane.get("again", ()))
        command = DeliverEvents(**lane)
        observe.note_each(lanes=f"{command.subscription_id}/{command.slot}")
        done = deliver_events(command, ports, parts.now)
        observe.count(observe.EVENT_SENT, done.sent)
        observe.count(observe.EVENT_NOT_ARRIVED, done.failed)
        observe.count(observe.EVENT_DEAD, done.dead)
        observe.count(observe.WEBHOOK_DISABLED, int(done.disabled))

    return answer_messages("deliver_webhooks", event, each)


def sweep(parts: Parts) -> dict[str, Any]:
    """Wake lanes that are behind or due; the answer counts them."""
    with observe.invocation("sweep_webhooks") as fields:
        queued = sweep_webhooks(parts.event_log, parts.subscriptions, parts.webhook_queue, parts.now())
        fields["lanes"] = queued
        return {"lanes": queued}


def event_ports(parts: Parts) -> EventPorts:
    """Return where events go."""
    return EventPorts(parts.event_log, parts.bus, parts.subscriptions, parts.webhook_queue)


def deliver_ports(parts: Parts) -> DeliverPorts:
    """Return what delivering needs."""
    return DeliverPorts(
        parts.event_log, parts.subscriptions, parts.secrets, parts.webhook_sender, parts.webhook_queue
    )


def write(parts: Parts) -> Answer:
    """Write to the promoters whose notes are due; the answer counts them by what became of it."""
    with observe.invocation("send_messages") as fields:
        ports = MessagePorts(parts.notes, parts.contacts, parts.messengers, parts.catalog)
        became = {sent.value: number for sent, number in send_messages(ports, parts.now()).items()}
        fields.update(messages=became)
        for sent, metric in COUNTED.items():
            if became.get(sent):
                observe.count(metric, became[sent])
        return became
