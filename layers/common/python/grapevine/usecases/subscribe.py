"""Subscribe to events, change that, look at it, try it, and have events sent again."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError, NotFoundError, RefusedError
from grapevine.domain.events import SLOTS, Aggregate, AggregateKind, Cursor, Event
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.domain.subscriptions import (
    PING,
    Answer,
    DisabledReason,
    SigningSecrets,
    Subscription,
    SubscriptionState,
    type_faults,
)
from grapevine.ports import EventReader, SecretStore, SubscriptionStore, WebhookQueue, WebhookSender
from grapevine.usecases.sign_events import body_of, signed_headers

MOST_SUBSCRIPTIONS = 20
"""Of one program: every event wakes each of them."""
SECRET_BYTES = 32
PING_SECONDS = 8.0
"""Whoever asks for a ping waits for it, and for no more than 15 seconds."""


class SubscriptionRefusedError(RefusedError):
    """A subscription cannot be what was asked."""


@dataclass(frozen=True, slots=True)
class SubscriptionPorts:
    """What subscribing needs."""

    log: EventReader
    subscriptions: SubscriptionStore
    secrets: SecretStore
    sender: WebhookSender
    queue: WebhookQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Send a program's events to a URL: of these types, or all; behind a cursor, or from now on."""

    program_id: str
    url: str
    types: tuple[str, ...] = ()
    after: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSubscription:
    """Change what is given; enabling it again begins where it stopped."""

    program_id: str
    subscription_id: str
    url: str | None = None
    types: tuple[str, ...] | None = None
    is_enabled: bool | None = None


def subscribe(
    command: Subscribe, ports: SubscriptionPorts, random_bytes: RandomBytes, now: datetime
) -> tuple[Subscription, str]:
    """Store a subscription; return it and its secret, which is told this once.

    InvalidInputError names the first thing wrong. SubscriptionRefusedError where there are enough.
    """
    _check(command.url, command.types, ports.sender)
    if len(ports.subscriptions.subscriptions(command.program_id)) >= MOST_SUBSCRIPTIONS:
        raise SubscriptionRefusedError(f"a program has at most {MOST_SUBSCRIPTIONS} webhooks")
    made = Subscription(
        id=new_id("wh", random_bytes),
        program_id=command.program_id,
        url=command.url,
        types=command.types,
        created_at=now,
    )
    secret = new_secret(random_bytes)
    ports.secrets.put_signing_secrets(made.program_id, made.id, SigningSecrets(secret))
    after = ports.log.ends(made.program_id) if command.after is None else command.after
    ports.subscriptions.add(made, after)
    if command.after is not None:
        ports.queue.send_lanes(made.program_id, made.id, range(SLOTS))
    return made, secret


def change_subscription(command: ChangeSubscription, ports: SubscriptionPorts) -> Subscription:
    """Change a subscription. SubscriptionMovedError where somebody else did at the same time."""
    known = subscription_named(command.program_id, command.subscription_id, ports.subscriptions)
    url = known.url if command.url is None else command.url
    types = known.types if command.types is None else command.types
    _check(url, types, ports.sender)
    after = replace(known, url=url, types=types)
    if command.is_enabled is False:
        after = replace(after, state=SubscriptionState.DISABLED, reason=DisabledReason.BY_MERCHANT)
    after = after.enabled() if command.is_enabled else after.changed()
    ports.subscriptions.change(after)
    if after.is_enabled:
        ports.queue.send_lanes(after.program_id, after.id, range(SLOTS))
    return after


def remove_subscription(program_id: str, subscription_id: str, ports: SubscriptionPorts) -> Subscription:
    """Remove a subscription; its secret signs nothing any more."""
    known = subscription_named(program_id, subscription_id, ports.subscriptions)
    removed = known.changed(state=SubscriptionState.REMOVED)
    ports.subscriptions.change(removed)
    return removed


def rotate_secret(
    program_id: str, subscription_id: str, ports: SubscriptionPorts, random_bytes: RandomBytes, now: datetime
) -> tuple[Subscription, str]:
    """Make a new secret, which is told this once; for a day events are signed with the one before it too."""
    known = subscription_named(program_id, subscription_id, ports.subscriptions)
    secret = new_secret(random_bytes)
    before = ports.secrets.signing_secrets(program_id, subscription_id)
    after = before.rotated(secret, now) if before else SigningSecrets(secret)
    ports.secrets.put_signing_secrets(program_id, subscription_id, after)
    return known, secret


def ping(
    program_id: str, subscription_id: str, ports: SubscriptionPorts, random_bytes: RandomBytes, now: datetime
) -> Answer:
    """Send a subscriber a `webhook.ping` at once, whatever its state, and return what it answered."""
    known = subscription_named(program_id, subscription_id, ports.subscriptions)
    secrets = ports.secrets.signing_secrets(program_id, subscription_id)
    if secrets is None:
        raise NotFoundError("secret of webhook", subscription_id)
    event = Event(
        type=PING,
        aggregate=Aggregate(program_id, AggregateKind.WEBHOOK, new_id(known.id, random_bytes)),
        sequence=1,
        occurred_at=now,
        recorded_at=now,
        data={"webhook_id": known.id},
    )
    body = body_of(event)
    headers = signed_headers(event.id, body, secrets.in_force(now), now, ports.sender.signature)
    return ports.sender.send(known.url, headers, body, PING_SECONDS)


def replay(program_id: str, subscription_id: str, cursor: Cursor, ports: SubscriptionPorts) -> Subscription:
    """Have everything behind a cursor sent again; what waited for another try is among it."""
    known = subscription_named(program_id, subscription_id, ports.subscriptions)
    if not known.is_enabled:
        raise SubscriptionRefusedError("the webhook is disabled: enable it first")
    ends = ports.log.ends(program_id)
    if any(asked > end for asked, end in zip(cursor, ends, strict=True)):
        raise InvalidInputError("is ahead of everything there is", "after")
    ports.queue.send_replay(program_id, subscription_id, cursor)
    return known


def redeliver(
    program_id: str, subscription_id: str, event_ids: Sequence[str], ports: SubscriptionPorts
) -> tuple[str, ...]:
    """Have events sent again that were given up, all of them where none is named; return their ids."""
    known = subscription_named(program_id, subscription_id, ports.subscriptions)
    if not known.is_enabled:
        raise SubscriptionRefusedError("the webhook is disabled: enable it first")
    letters = {one.event_id: one for one in ports.subscriptions.dead_letters(subscription_id, 1000)}
    for event_id in event_ids:
        if event_id not in letters:
            raise NotFoundError("dead letter", event_id)
    wanted = [letters[name] for name in (event_ids or letters)]
    for slot in sorted({letter.slot for letter in wanted}):
        here = tuple(letter.position for letter in wanted if letter.slot == slot)
        ports.queue.send_again(program_id, subscription_id, slot, here)
    return tuple(letter.event_id for letter in wanted)


def subscription_named(
    program_id: str, subscription_id: str, subscriptions: SubscriptionStore
) -> Subscription:
    """Return a subscription; NotFoundError where there is none."""
    found = subscriptions.subscription(program_id, subscription_id)
    if found is None:
        raise NotFoundError("webhook", subscription_id)
    return found


def new_secret(random_bytes: RandomBytes) -> str:
    """Return a secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(random_bytes(SECRET_BYTES)).decode()


def _check(url: str, types: Sequence[str], sender: WebhookSender) -> None:
    fault = sender.fault(url)
    if fault:
        raise InvalidInputError(fault, "url")
    for error in type_faults(types, "types"):
        raise error
