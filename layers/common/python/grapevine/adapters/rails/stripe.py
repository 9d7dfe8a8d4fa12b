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
from typing import TYPE_CHECKING

from grapevine.adapters.rails.details import Faults, missing, unknown, unlike
from grapevine.adapters.rails.http_json import READ_SECONDS
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.money import EXPONENTS, POINTS
from grapevine.domain.transfers import RailLimits, RailName, RailSecrets, TransferBatch, TransferResult
from grapevine.ports.rails import RailNeeds

if TYPE_CHECKING:
    from grapevine.adapters.rails.stripe_api import StripeApi

LIVE = "https://api.stripe.com"
OTHER_UNITS = frozenset({POINTS, "ISK", "UGX", "MGA", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose minor unit is another one to Stripe than to our books, or that are no currency."""
ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{8,250}")


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


class Stripe:
    """The rail; the library is loaded when something is first asked of Stripe."""

    name = RailName.STRIPE
    limits = RailLimits(batch=50)

    def __init__(self, settings: StripeSettings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        self._read_seconds = read_seconds

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return faults_of(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return self._api.send(batch)

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return self._api.query(batch)

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        return self._api.received(headers, body, now)

    @cached_property
    def _api(self) -> StripeApi:
        # stripe is in settle's zip alone: whoever only looks at details does without.
        from grapevine.adapters.rails.stripe_api import StripeApi  # noqa: PLC0415

        return StripeApi(self._settings, self._read_seconds)


def open_rail(needs: RailNeeds) -> Stripe:
    """Return the rail of a program."""
    return Stripe(stripe_settings(needs.secrets))


def faults_of(details: Mapping[str, str], currency: str) -> Faults:
    """Return everything wrong with a connected account's name, and with a currency that is not paid."""
    is_paid = currency in EXPONENTS and currency not in OTHER_UNITS
    return (
        *missing(details, "account"),
        *unknown(details, "account"),
        *unlike(details, "account", ACCOUNT, "must be a connected account: acct_ and its letters and digits"),
        *(() if is_paid else (InvalidInputError(f"Stripe is not used for {currency}", "currency"),)),
    )
