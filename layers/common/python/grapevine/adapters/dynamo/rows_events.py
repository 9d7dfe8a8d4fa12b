"""How the log of events and its subscriptions look in the state table."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import event_keys, keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, expiry, row
from grapevine.domain.events import LIFE, Aggregate, LogHead, Placed, event_from_dict, event_to_dict
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.subscriptions import (
    DeadLetter,
    DisabledReason,
    Lane,
    Parked,
    Subscription,
    SubscriptionState,
)


class LogRow(Row, discriminator="event_log"):
    """`EV#program#slot` / `HEAD`: how long the log is."""

    position = WholeNumber()


class EventRow(Row, discriminator="event"):
    """`EV#program#slot` / `N#000000000000001`: an event, for thirty days."""

    body = Json()
    expires_at = WholeNumber()


class EventHeadRow(Row, discriminator="event_head"):
    """`EH#program#kind#id` / `HEAD`: how far an aggregate is logged."""

    version = WholeNumber()
    sequence = WholeNumber()
    seen = Json()


class SubscriptionRow(Row, discriminator="subscription"):
    """`WH#program` / id; in the index while it is enabled."""

    gpk = UnicodeAttribute(null=True)
    gsk = UnicodeAttribute(null=True)
    url = UnicodeAttribute()
    created_at = Instant()
    types = Json()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    failures = WholeNumber()
    due_at = Instant(null=True)
    last_error = UnicodeAttribute(null=True)
    arrived_at = Instant(null=True)
    version = WholeNumber()


class LaneRow(Row, discriminator="webhook_lane"):
    """`WS#subscription` / `LANE#slot`."""

    position = WholeNumber()
    leased_until = Instant(null=True)


class ParkedRow(Row, discriminator="webhook_parked"):
    """`WS#subscription` / `PARKED#slot#aggregate`."""

    parked = Json()


class DeadLetterRow(Row, discriminator="webhook_dead"):
    """`WS#subscription` / `DEAD#event`, as long as the event."""

    letter = Json()
    expires_at = WholeNumber()


def event_row(slot: int, placed: Placed) -> EventRow:
    """Return an event as it is stored."""
    event = placed.event
    key = event_keys.event(event.aggregate.program_id, slot, placed.position)
    return EventRow(*key, body=event_to_dict(event), expires_at=expiry(event.recorded_at, LIFE))


def placed_of(item: Item) -> Placed:
    """Read an event back."""
    stored = row(EventRow, item)
    return Placed(event_keys.position_in(stored.sk), event_from_dict(stored.body))


def event_head_row(head: LogHead) -> EventHeadRow:
    """Return an aggregate's head as it is stored."""
    return EventHeadRow(
        *event_keys.aggregate(head.aggregate), version=head.version, sequence=head.sequence, seen=head.seen
    )


def event_head_of(item: Item, named: Aggregate) -> LogHead:
    """Read a head back."""
    stored = row(EventHeadRow, item)
    return LogHead(named, stored.version, stored.sequence, stored.seen)


def subscription_row(one: Subscription) -> SubscriptionRow:
    """Return a subscription as it is stored."""
    return SubscriptionRow(
        *event_keys.subscription(one.program_id, one.id),
        gpk=event_keys.ENABLED if one.is_enabled else None,
        gsk=keys.joined(one.program_id, one.id) if one.is_enabled else None,
        url=one.url,
        created_at=one.created_at,
        types=list(one.types),
        state=one.state.value,
        reason=one.reason.value if one.reason else None,
        failures=one.failures,
        due_at=one.due_at,
        last_error=one.last_error or None,
        arrived_at=one.arrived_at,
        version=one.version,
    )


def subscription_of(item: Item) -> Subscription:
    """Read a subscription back."""
    stored = row(SubscriptionRow, item)
    return Subscription(
        id=stored.sk,
        program_id=keys.last_part(stored.pk),
        url=stored.url,
        created_at=stored.created_at,
        types=tuple(stored.types),
        state=SubscriptionState(stored.state),
        reason=DisabledReason(stored.reason) if stored.reason else None,
        failures=stored.failures,
        due_at=stored.due_at,
        last_error=stored.last_error or "",
        arrived_at=stored.arrived_at,
        version=stored.version,
    )


def lane_of(item: Item) -> Lane:
    """Read a lane back."""
    stored = row(LaneRow, item)
    return Lane(
        keys.last_part(stored.pk), int(keys.last_part(stored.sk)), stored.position, stored.leased_until
    )


def parked_row(parked: Parked) -> ParkedRow:
    """Return what waits as it is stored."""
    key = event_keys.parked(parked.subscription_id, parked.slot, parked.aggregate)
    return ParkedRow(*key, parked=to_plain(parked))


def parked_of(stored: ParkedRow) -> Parked:
    """Read it back."""
    return from_plain(Parked, stored.parked)


def dead_letter_row(letter: DeadLetter) -> DeadLetterRow:
    """Return what was given up as it is stored."""
    key = event_keys.dead(letter.subscription_id, letter.event_id)
    return DeadLetterRow(*key, letter=to_plain(letter), expires_at=expiry(letter.recorded_at, LIFE))


def dead_letter_of(stored: DeadLetterRow) -> DeadLetter:
    """Read it back."""
    return from_plain(DeadLetter, stored.letter)
