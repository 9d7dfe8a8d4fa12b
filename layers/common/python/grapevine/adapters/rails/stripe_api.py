"""Stripe's transfers by its own library, which is in settle's zip alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests
import stripe

from grapevine.adapters.rails.http_json import CONNECT_SECONDS, READ_SECONDS, bounded
from grapevine.adapters.rails.stripe import StripeSettings, faults_of
from grapevine.domain.errors import UnauthenticatedError
from grapevine.domain.money import Money
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import Transfer, TransferBatch, TransferResult
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
OLDEST_SECONDS = 300
"""How old a webhook's signature may be."""
EVENTS = ("transfer.created", "transfer.updated", "transfer.reversed")


class StripeApi:
    """A program's transfers at Stripe; it keeps nothing."""

    def __init__(self, settings: StripeSettings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        url = settings.base_url
        self._client = stripe.StripeClient(
            settings.api_key,
            base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
            max_network_retries=0,
            http_client=stripe.RequestsClient((CONNECT_SECONDS, read_seconds), _session()),
        )

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Create what Stripe has not yet of a batch."""
        known = self._listed(batch)
        return [known.get(one.id) or self._sent(batch, one) for one in batch.transfers]

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Return what Stripe has of a batch."""
        known = self._listed(batch)
        return [known[one.id] for one in batch.transfers if one.id in known]

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        """Return what a webhook says; UnauthenticatedError where nobody signed it."""
        event = self._verified(headers.get("stripe-signature", ""), body, now)
        # What happens within a connected account carries that account's name: those are not our transfers.
        if event.get("type") not in EVENTS or event.get("account"):
            return ()
        return (result_of(event["data"]["object"]),)

    def _sent(self, batch: TransferBatch, one: Transfer) -> TransferResult:
        if faults := faults_of(one.details, one.amount.currency):
            return _failed(one, "; ".join(str(fault) for fault in faults))
        try:
            with _waiting():
                made = self._client.v1.transfers.create(_params(batch, one), {"idempotency_key": one.id})
        except stripe.StripeError as error:
            return _failed(one, f"Stripe refuses it: {_words(error)}")
        return result_of(_shown(made))

    def _listed(self, batch: TransferBatch) -> dict[str, TransferResult]:
        """Return what Stripe has of a batch, by our ids."""
        try:
            with _waiting():
                found = self._client.v1.transfers.list({"transfer_group": batch.id, "limit": PAGE})
                shown = [_shown(made) for made in _pages(found)]
        except stripe.StripeError as error:
            raise RailUnavailableError(f"Stripe does not list {batch.id}: {_words(error)}") from error
        return {result.transfer_id: result for result in map(result_of, shown)}

    def _verified(self, header: str, body: bytes, now: datetime) -> dict[str, Any]:
        """Return an event that one of the secrets signed not long ago; UnauthenticatedError otherwise."""
        for secret in self._settings.webhook_secrets:
            try:
                # Without a tolerance: the library would look at its own clock, and we were given one.
                event = self._client.construct_event(body, header, secret, tolerance=0)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            if int(now.timestamp()) - _signed_at(header) <= OLDEST_SECONDS:
                return event.to_dict()
        raise UnauthenticatedError("not authenticated")


def _session() -> requests.Session:
    """Return a session that goes to the base URL and nowhere else."""
    session = requests.Session()
    session.max_redirects = 0
    return session


def result_of(made: Mapping[str, Any]) -> TransferResult:
    """Return what a transfer as Stripe shows it means: final when it was created, unless it was reversed.

    One without our id, which somebody made by hand, is named by Stripe's.
    """
    reference = str(made["id"])
    told = made.get("metadata")
    own = str(told.get("transfer_id") or "") if isinstance(told, dict) else ""
    back = int(made.get("amount_reversed") or 0)
    is_back = bool(made.get("reversed"))
    part = Money(back, str(made["currency"]).upper()) if back else None
    return TransferResult(
        transfer_id=own or reference,
        state=PayoutState.RETURNED if is_back else PayoutState.COMPLETED,
        reference=reference,
        detail="Stripe: reversed" if is_back else f"Stripe: {part} of it reversed" if part else "",
    )


def _pages(found: object) -> Iterator[object]:
    """Return what is on all pages of a list; RailUnavailableError for what is no list."""
    if not isinstance(found, stripe.ListObject):
        raise RailUnavailableError("Stripe answered with what is not a list")
    yield from found.auto_paging_iter()


def _shown(made: object) -> Mapping[str, Any]:
    """Return a transfer's values; RailUnavailableError for what is none: whether it was made is not known."""
    values = made.to_dict() if isinstance(made, stripe.StripeObject) else {}
    if not values.get("id") or not values.get("currency"):
        raise RailUnavailableError("Stripe answered with what is not a transfer")
    return values


def _params(batch: TransferBatch, one: Transfer) -> TransferCreateParams:
    return {
        "amount": one.amount.minor,
        "currency": one.amount.currency.lower(),
        "destination": one.details["account"],
        "transfer_group": batch.id,
        "description": f"Payout {one.payout_id}",
        "metadata": {"transfer_id": one.id, "payout_id": one.payout_id},
    }


def _failed(one: Transfer, words: str) -> TransferResult:
    return TransferResult(transfer_id=one.id, state=PayoutState.FAILED, detail=words)


@contextmanager
def _waiting() -> Iterator[None]:
    """Turn what is not about a transfer into RailUnavailableError: it may or may not have happened."""
    try:
        yield
    except stripe.StripeError as error:
        if not _is_about_it(error):
            raise RailUnavailableError(f"Stripe: {_words(error)}", _retry_after(error)) from error
        raise


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


def _signed_at(header: str) -> int:
    """Return when a header that was found good says it was signed, in seconds."""
    stamps = [part.partition("=")[2] for part in header.split(",") if part.partition("=")[0] == "t"]
    return int(stamps[0])
