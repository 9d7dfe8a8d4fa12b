"""The JSON API's routes of events: the log itself, and the webhooks that it is sent to."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.events import cursor_of, cursor_to_text, event_to_dict
from grapevine.domain.instants import to_text
from grapevine.domain.plain import from_plain
from grapevine.domain.subscriptions import Answer, DeadLetter, Subscription, type_faults
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.runtime.parts import Parts
from grapevine.usecases import subscribe as use
from grapevine.usecases.read_events import MOST_EVENTS, read_events

Json = dict[str, Any]
MOST_LETTERS = 100


def list_events(caller: Caller, program_id: str) -> Json:
    """List a program's events behind a cursor; `next` is where the following ones begin, now or later."""
    program, query = caller.terms(program_id).program, caller.query
    after = cursor_of(query.get("after", ""), "after")
    events, following = read_events(
        program.id, after, caller.parts.event_log, _limit(query.get("limit", str(MOST_EVENTS)))
    )
    return {"events": [event_to_dict(event) for event in events], "next": cursor_to_text(following)}


def create_webhook(caller: Caller, program_id: str) -> Json:
    """Send a program's events to a URL; the secret is told this once."""
    program, parts = caller.terms(program_id).program, caller.parts
    body = caller.body().refuse_unknown("url", "types", "after")
    after = body.optional_text("after")
    command = use.Subscribe(
        program_id=program.id,
        url=body.text("url"),
        types=_types(body) or (),
        after=None if after is None else cursor_of(after, "after"),
    )
    made, secret = use.subscribe(command, ports_of(parts), parts.random_bytes, parts.now())
    return {**from_subscription(made), "secret": secret}


def list_webhooks(caller: Caller, program_id: str) -> Json:
    """List a program's webhooks."""
    program = caller.terms(program_id).program
    found = sorted(caller.parts.subscriptions.subscriptions(program.id), key=lambda one: one.id)
    return caller.page_of_all("webhooks", found, from_subscription, lambda one: one.id)


def read_webhook(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Return a webhook: how far it has come, what waits for another try."""
    program, parts = caller.terms(program_id).program, caller.parts
    found = use.subscription_named(program.id, webhook_id, parts.subscriptions)
    parked = parts.subscriptions.parked(webhook_id)
    ends, lanes = parts.event_log.ends(program.id), parts.subscriptions.lanes(webhook_id)
    return {
        **from_subscription(found),
        "cursor": cursor_to_text(lanes),
        "behind": sum(end - lane for end, lane in zip(ends, lanes, strict=True)),
        "waiting": sum(len(one.pending) for one in parked),
    }


def change_webhook(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Change a webhook's URL or types, disable it, or enable it again where it stopped."""
    program = caller.terms(program_id).program
    body = caller.body().refuse_unknown("url", "types", "enabled")
    command = use.ChangeSubscription(
        program_id=program.id,
        subscription_id=webhook_id,
        url=body.optional_text("url"),
        types=_types(body),
        is_enabled=body.boolean("enabled") if body.values.get("enabled") is not None else None,
    )
    return from_subscription(use.change_subscription(command, ports_of(caller.parts)))


def remove_webhook(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Remove a webhook."""
    program = caller.terms(program_id).program
    return from_subscription(use.remove_subscription(program.id, webhook_id, ports_of(caller.parts)))


def rotate_webhook_secret(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Make a new secret, told this once; the one before it signs beside it for a day."""
    program, parts = caller.terms(program_id).program, caller.parts
    known, secret = use.rotate_secret(
        program.id, webhook_id, ports_of(parts), parts.random_bytes, parts.now()
    )
    return {**from_subscription(known), "secret": secret}


def ping_webhook(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Send a `webhook.ping` at once, and return what came of it."""
    program, parts = caller.terms(program_id).program, caller.parts
    answer = use.ping(program.id, webhook_id, ports_of(parts), parts.random_bytes, parts.now())
    return from_answer(answer)


def replay_webhook(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Have everything behind a cursor sent again."""
    program = caller.terms(program_id).program
    after = cursor_of(caller.body().refuse_unknown("after").text("after"), "after")
    return from_subscription(use.replay(program.id, webhook_id, after, ports_of(caller.parts)))


def list_dead_letters(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """List the events that were given up for a webhook, the newest first."""
    program, parts = caller.terms(program_id).program, caller.parts
    use.subscription_named(program.id, webhook_id, parts.subscriptions)
    letters = parts.subscriptions.dead_letters(webhook_id, MOST_LETTERS)
    return {"dead_letters": [from_letter(letter) for letter in letters]}


def redeliver_events(caller: Caller, program_id: str, webhook_id: str) -> Json:
    """Have events sent again that were given up, by their ids, or all of them."""
    program = caller.terms(program_id).program
    body = caller.body().refuse_unknown("event_ids")
    wanted = body.texts("event_ids") if body.values.get("event_ids") is not None else ()
    return {"event_ids": list(use.redeliver(program.id, webhook_id, wanted, ports_of(caller.parts)))}


# --- answers -------------------------------------------------------------------------------------


def from_subscription(one: Subscription) -> Json:
    """Return a webhook as callers see it."""
    return {
        "id": one.id,
        "url": one.url,
        "types": list(one.types),
        "state": one.state.value,
        "reason": one.reason.value if one.reason else None,
        "failures": one.failures,
        "due_at": to_text(one.due_at) if one.due_at else None,
        "last_error": one.last_error or None,
        "created_at": to_text(one.created_at),
    }


def from_answer(answer: Answer) -> Json:
    """Return what a subscriber answered."""
    return {"arrived": answer.is_success, "status": answer.status, "error": answer.error or None}


def from_letter(letter: DeadLetter) -> Json:
    """Return an event that was given up."""
    return {
        "event_id": letter.event_id,
        "type": letter.type,
        "error": letter.error,
        "recorded_at": to_text(letter.recorded_at),
    }


def ports_of(parts: Parts) -> use.SubscriptionPorts:
    """Return what subscribing needs."""
    return use.SubscriptionPorts(
        parts.event_log, parts.subscriptions, parts.secrets, parts.webhook_sender, parts.webhook_queue
    )


def _types(body: Body) -> tuple[str, ...] | None:
    if body.values.get("types") is None:
        return None
    types = from_plain(tuple[str, ...], body.values["types"], "types")
    for fault in type_faults(types, "types"):
        raise fault
    return types


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_EVENTS):
        raise InvalidInputError(f"must be 1 to {MOST_EVENTS}", "limit")
    return int(text)
