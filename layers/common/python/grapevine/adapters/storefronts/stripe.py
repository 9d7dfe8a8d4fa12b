"""Stripe Checkout's webhooks: the signature with its instant, and what a session, a refund or a dispute says.

An order is named by its payment intent, which the session and the charge have in common. The events
that tell of one charge come in any order, so each tells all that had gone back by then.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.readings import by_lower_name
from grapevine.adapters.storefronts.stripe_refunds import dispute_events, failed_refund_events, refund_events
from grapevine.adapters.storefronts.stripe_sessions import session_events
from grapevine.domain.errors import InvalidInputError, MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind
from grapevine.ports import Ignored, ShopEvent, ShopKeys

FETCHED = "grapevine.session_fetched"
"""The type of what our own client makes of a session that it was asked for: it has the instant of that."""
MOST_SIGNATURES = 16
"""A rotation has two; more than this many are not looked at."""

_TOLERANCE = timedelta(seconds=300)
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_SESSIONS = {
    "checkout.session.completed": FactKind.PAID,
    "checkout.session.async_payment_succeeded": FactKind.PAID,
    "checkout.session.async_payment_failed": FactKind.CANCELLED,
    FETCHED: FactKind.EDITED,
}
_EXPIRED = "checkout.session.expired"
_OTHERS: dict[str, Callable[[Node, datetime], tuple[ShopEvent, ...]]] = {
    "charge.refunded": refund_events,
    "charge.refund.updated": failed_refund_events,
    "refund.updated": failed_refund_events,
    "refund.failed": failed_refund_events,
    "charge.dispute.created": dispute_events,
    "charge.dispute.updated": dispute_events,
    "charge.dispute.closed": dispute_events,
    "charge.dispute.funds_withdrawn": dispute_events,
    "charge.dispute.funds_reinstated": dispute_events,
}


class StripeCheckout(PlainShop):
    """The storefront adapter for Stripe Checkout and Payment Links; it keeps nothing."""

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
        """Check the signature with each secret, all of it, and its age both ways; no event names a shop."""
        at, signatures = _parsed(by_lower_name(headers).get("stripe-signature", ""))
        if not (_is_fresh(at, now) and _is_signed(raw, at, signatures, keys.secrets)):
            raise UnauthenticatedError("not authenticated")

    def topic(self, headers: Mapping[str, str]) -> str:  # noqa: ARG002 - the event itself says what it is
        """Return nothing: the event says by itself what it is about."""
        return ""

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:  # noqa: ARG002 - see `topic`
        """Return what an event says; most of Stripe's are about something else."""
        event = parse_object(raw)
        if event["object"].value != "event":
            return (Ignored(reason="no event"),)
        kind, about = event["type"].text() or "", Node(event["data"]["object"].value)
        if kind == _EXPIRED:
            return (Ignored(reason="a session that ran out was never an order"),)
        if kind in _SESSIONS:
            return session_events(about, _created(event), _SESSIONS[kind])
        if kind in _OTHERS:
            return _OTHERS[kind](about, _created(event))
        return (Ignored(reason="not an event of ours"),)


def _created(event: Node) -> datetime:
    """Return when an event happened; without that it has no place among the others."""
    try:
        return event["created"].unix() or event["created"].refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def _parsed(header: str) -> tuple[str, tuple[str, ...]]:
    """Return the instant and the signatures of scheme v1; other schemes are none of ours."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    instants = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    return (instants[0] if len(instants) == 1 else ""), tuple(signatures[:MOST_SIGNATURES])


def _is_fresh(at: str, now: datetime) -> bool:
    """Say whether an instant is within five minutes of now, before or after."""
    is_number = _SECONDS.fullmatch(at) is not None
    return is_number and abs(int(at) - now.timestamp()) <= _TOLERANCE.total_seconds()


def _is_signed(raw: bytes, at: str, signatures: Sequence[str], secrets: Sequence[str]) -> bool:
    """Compare in constant time; an empty secret would be one that everybody knows."""
    text = at.encode() + b"." + raw
    expected = [hmac.digest(secret.encode(), text, "sha256").hex() for secret in secrets if secret]
    given = [signature for signature in signatures if _SIGNATURE.fullmatch(signature)]
    return sum([hmac.compare_digest(one, other) for one in given for other in expected]) > 0


ADAPTER = StripeCheckout()
