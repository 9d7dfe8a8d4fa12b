"""Stripe Connect: each transfer to a connected account is one call, with its own idempotency key.

The key lasts about a day, so before anything is sent the batch's `transfer_group` is listed: what is
there is not sent again. Stripe keeps the answer under a key, errors too, so a transfer that was refused
is refused again by the same words while the key lasts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grapevine.adapters.rails.details import Faults, missing, unknown, unlike
from grapevine.adapters.rails.http_json import READ_SECONDS
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError
from grapevine.domain.money import EXPONENTS, POINTS, Money
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import (
    RailLimits,
    RailName,
    RailSecrets,
    Transfer,
    TransferBatch,
    TransferResult,
)
from grapevine.ports.rails import RailNeeds

if TYPE_CHECKING:
    from stripe.params import TransferCreateParams

    from grapevine.adapters.rails.stripe_api import StripeApi

LIVE = "https://api.stripe.com"
OTHER_UNITS = frozenset({POINTS, "ISK", "UGX", "MGA", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose minor unit is another one to Stripe than to our books, or that are no currency."""
ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{8,250}")
OLDEST_SECONDS = 300
"""How old a webhook's signature may be."""
EVENTS = ("transfer.created", "transfer.updated", "transfer.reversed")


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """What a program's Stripe needs, as it is kept among the secrets; webhook secrets newest first."""

    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    base_url: str = LIVE


def stripe_settings(secrets: RailSecrets) -> StripeSettings:
    """Read the secrets; InvalidInputError where `api_key` is not among them.

    Beside it: `webhook_secret` and the one before it, `previous_webhook_secret`, without which no
    webhook is believed, and `base_url`.
    """
    values = secrets.values
    if not values.get("api_key"):
        raise InvalidInputError("is missing among the secrets of this rail", "api_key")
    named = (values.get("webhook_secret"), values.get("previous_webhook_secret"))
    kept = tuple(secret for secret in named if secret)
    return StripeSettings(values["api_key"], kept, values.get("base_url", LIVE).rstrip("/"))


def open_rail(needs: RailNeeds) -> Stripe:
    """Return the rail of a program."""
    return Stripe(stripe_settings(needs.secrets))


class Stripe:
    """The rail; it keeps nothing but its connection."""

    name = RailName.STRIPE
    limits = RailLimits(batch=50)

    def __init__(self, settings: StripeSettings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        self._read_seconds = read_seconds

    @cached_property
    def _api(self) -> StripeApi:
        # The library is in settle's zip alone: whoever only looks at details does without.
        from grapevine.adapters.rails.stripe_api import StripeAccess, StripeApi  # noqa: PLC0415

        return StripeApi(StripeAccess(self._settings.base_url, self._settings.api_key, self._read_seconds))

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return faults_of(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        known = self._listed(batch)
        return [known.get(one.id) or self._sent(batch, one) for one in batch.transfers]

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        known = self._listed(batch)
        return [known[one.id] for one in batch.transfers if one.id in known]

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        event = self._verified(headers.get("stripe-signature", ""), body, now)
        # What happens within a connected account carries that account's name: those are not our transfers.
        if event.get("type") not in EVENTS or event.get("account"):
            return ()
        return (result_of(event["data"]["object"]),)

    def _sent(self, batch: TransferBatch, one: Transfer) -> TransferResult:
        from grapevine.adapters.rails.stripe_api import TransferRefusedError  # noqa: PLC0415

        if faults := faults_of(one.details, one.amount.currency):
            return _failed(one, "; ".join(str(fault) for fault in faults))
        try:
            return result_of(self._api.create(_params(batch, one), one.id))
        except TransferRefusedError as error:
            return _failed(one, f"Stripe refuses it: {error}")

    def _listed(self, batch: TransferBatch) -> dict[str, TransferResult]:
        """Return what Stripe has of a batch, by our ids."""
        results = map(result_of, self._api.listed(batch.id))
        return {result.transfer_id: result for result in results}

    def _verified(self, header: str, body: bytes, now: datetime) -> Mapping[str, Any]:
        """Return an event that one of the secrets signed not long ago; UnauthenticatedError otherwise."""
        for secret in self._settings.webhook_secrets:
            try:
                event = self._api.event(body, header, secret)
            except UnauthenticatedError:
                continue
            if int(now.timestamp()) - _signed_at(header) <= OLDEST_SECONDS:
                return event
        raise UnauthenticatedError("not authenticated")


def faults_of(details: Mapping[str, str], currency: str) -> Faults:
    """Return everything wrong with a connected account's name, and with a currency that is not paid."""
    is_paid = currency in EXPONENTS and currency not in OTHER_UNITS
    return (
        *missing(details, "account"),
        *unknown(details, "account"),
        *unlike(details, "account", ACCOUNT, "must be a connected account: acct_ and its letters and digits"),
        *(() if is_paid else (InvalidInputError(f"Stripe is not used for {currency}", "currency"),)),
    )


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


def _signed_at(header: str) -> int:
    """Return when a header that was found good says it was signed, in seconds."""
    stamps = [part.partition("=")[2] for part in header.split(",") if part.partition("=")[0] == "t"]
    return int(stamps[0])
