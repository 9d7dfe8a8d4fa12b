"""Stripe's own library, as far as transfers need it; imported when one is listed, made or heard of.

It is asked once and goes to the base URL and nowhere else. An answer that is not about a transfer,
or cannot be read, is RailUnavailableError; one that refuses it is TransferRefusedError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
import stripe

from grapevine.adapters.rails.http_json import CONNECT_SECONDS, bounded
from grapevine.domain.errors import GrapevineError, UnauthenticatedError
from grapevine.ports.rails import RailUnavailableError

if TYPE_CHECKING:
    from stripe.params import TransferCreateParams

PAGE = 100
LATER = frozenset(
    {
        "balance_insufficient",
        "insufficient_funds",
        "lock_timeout",
        "rate_limit",
        "api_key_expired",
        "platform_api_key_expired",
        "secret_key_required",
        "livemode_mismatch",
    }
)
"""Refusals that are about the merchant's account or key, not about a transfer."""
NOT_NOW = (401, 403, 408, 409, 429)
MISSING = "resource_missing"
"""What Stripe calls an account that does not exist; any other 404 is a wrong address of ours."""


class TransferRefusedError(GrapevineError):
    """Stripe refuses a transfer for good, in its own words."""


@dataclass(frozen=True, slots=True)
class StripeAccess:
    """Where Stripe is, the merchant's key, and how long an answer is waited for."""

    base_url: str
    api_key: str = field(repr=False)
    read_seconds: float


class StripeApi:
    """Transfers and events as plain values."""

    def __init__(self, access: StripeAccess) -> None:
        url = access.base_url
        self._client = stripe.StripeClient(
            access.api_key,
            base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
            max_network_retries=0,
            http_client=stripe.RequestsClient((CONNECT_SECONDS, access.read_seconds), _session()),
        )

    def create(self, params: TransferCreateParams, key: str) -> Mapping[str, Any]:
        """Make a transfer under its idempotency key; TransferRefusedError where Stripe refuses it."""
        with _answering():
            return _shown(self._client.v1.transfers.create(params, {"idempotency_key": key}))

    def listed(self, transfer_group: str) -> Sequence[Mapping[str, Any]]:
        """Return the transfers of a group from all pages."""
        try:
            with _answering():
                found = self._client.v1.transfers.list({"transfer_group": transfer_group, "limit": PAGE})
                return [_shown(made) for made in _pages(found)]
        except TransferRefusedError as error:
            raise RailUnavailableError(f"Stripe does not list {transfer_group}: {error}") from error

    def event(self, body: bytes, header: str, secret: str) -> Mapping[str, Any]:
        """Return an event that a secret signed, however long ago; UnauthenticatedError otherwise."""
        try:
            # Without a tolerance: the library would look at its own clock.
            event = self._client.construct_event(body, header, secret, tolerance=0)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise UnauthenticatedError("not authenticated") from error
        return event.to_dict()


def _session() -> requests.Session:
    session = requests.Session()
    session.max_redirects = 0
    return session


def _pages(found: object) -> Iterator[object]:
    if not isinstance(found, stripe.ListObject):
        raise RailUnavailableError("Stripe answered with what is not a list")
    yield from found.auto_paging_iter()


def _shown(made: object) -> Mapping[str, Any]:
    values = made.to_dict() if isinstance(made, stripe.StripeObject) else {}
    if not values.get("id") or not values.get("currency"):
        raise RailUnavailableError("Stripe answered with what is not a transfer")
    return values


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        if _is_about_it(error):
            raise TransferRefusedError(_words(error)) from error
        raise RailUnavailableError(f"Stripe: {_words(error)}", _retry_after(error)) from error


def _is_about_it(error: stripe.StripeError) -> bool:
    """Return whether Stripe refuses what it was asked; else it says: not now, or not you."""
    status, code = error.http_status or 0, error.code
    if isinstance(error, stripe.IdempotencyError | stripe.RateLimitError) or code in LATER:
        return False
    return 400 <= status < 500 and status not in NOT_NOW and (status != 404 or code == MISSING)


def _words(error: stripe.StripeError) -> str:
    return bounded(": ".join(filter(None, (error.code or type(error).__name__, error.user_message))))


def _retry_after(error: stripe.StripeError) -> int | None:
    text = str((error.headers or {}).get("retry-after", ""))
    return int(text) if text.isascii() and text.isdecimal() else None
