"""An event as it is sent: its body, and the headers as Standard Webhooks has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from grapevine.domain.events import Event, event_to_dict

Sign = Callable[[str, str, datetime, str], str]
"""Takes a secret, an id, the instant and the body's text; returns the signature."""
USER_AGENT = "Grapevine-Webhooks/1"


def body_of(event: Event) -> bytes:
    """Return an event's body: the same bytes whenever it is sent."""
    return json.dumps(event_to_dict(event), separators=(",", ":"), ensure_ascii=False).encode()


def signed_headers(
    event_id: str, body: bytes, secrets: Sequence[str], now: datetime, sign: Sign
) -> dict[str, str]:
    """Return an event's headers, signed with every secret in force, the newest first.

    The id is the event's own, so it is the same whenever the event is sent: what to drop repeats by.
    """
    text = body.decode()
    signatures = [sign(secret, event_id, now, text) for secret in secrets]
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
