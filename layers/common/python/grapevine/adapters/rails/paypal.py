"""PayPal Payouts: a batch of transfers is one request, and its `sender_batch_id` is ours.

PayPal completes a `sender_batch_id` once within 30 days and answers a repeat with a link to the first,
so that is the key against paying twice; the id of an item is none, and neither is `PayPal-Request-Id`.
PayPal's own name of a batch, without which it cannot be asked about, is kept in a file beside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from grapevine.adapters.rails.http_json import Answer, JsonApi
from grapevine.adapters.rails.paypal_api import (
    SIGNED,
    PayPalAccess,
    PayPalApi,
    batch_id_of,
    details_of,
    words_of,
)
from grapevine.adapters.rails.paypal_items import (
    checked_reference,
    ended_batch,
    event_results,
    faults_of,
    faulty_items,
    first_batch,
    is_duplicate,
    item_result,
    request_body,
    results_of,
)
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnauthenticatedError, UnavailableError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import (
    RailLimits,
    RailName,
    RailSecrets,
    Transfer,
    TransferBatch,
    TransferResult,
)
from grapevine.ports.outside import Files
from grapevine.ports.rails import RailNeeds, RailRefusedError, RailUnavailableError

LIVE = "https://api-m.paypal.com"
REMEMBERED = timedelta(days=29)
"""A day less than PayPal promises to know a `sender_batch_id`: sent again after that, it could pay again."""
LATER = frozenset({"INSUFFICIENT_FUNDS", "SENDER_ACCOUNT_LOCKED", "SENDER_RESTRICTED", "RATE_LIMIT_REACHED"})
"""Refusals that are about the merchant's account, not about the batch: it waits until that is mended."""
ROUNDS = 3
"""How often a batch is sent again without the items that PayPal refuses."""
WEBHOOK_ITEMS = 100
"""Items looked up for an event about a whole batch; whatever is over is found by the next look at it."""


@dataclass(frozen=True, slots=True)
class PayPalSettings:
    """What a program's PayPal needs, as it is kept among the secrets."""

    access: PayPalAccess
    webhook_id: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


def paypal_settings(secrets: RailSecrets) -> PayPalSettings:
    """Read the secrets; InvalidInputError where `client_id` or `client_secret` is not among them.

    Beside these: `webhook_id`, without which no webhook is believed, `base_url`, and what PayPal writes
    to the receivers, `email_subject` and `email_message`.
    """
    values = secrets.values
    for name in ("client_id", "client_secret"):
        if not values.get(name):
            raise InvalidInputError("is missing among the secrets of this rail", name)
    access = PayPalAccess(values.get("base_url", LIVE), values["client_id"], values["client_secret"])
    words = {name: values[name] for name in ("email_subject", "email_message") if values.get(name)}
    return PayPalSettings(access, values.get("webhook_id", ""), words)


def open_rail(needs: RailNeeds) -> PayPal:
    """Return the rail of a program."""
    return PayPal(paypal_settings(needs.secrets), needs.files, needs.now)


class PayPal:
    """The rail; it keeps a token while it lives, and the names of batches in files."""

    name = RailName.PAYPAL
    limits = RailLimits(batch=15_000)

    def __init__(
        self,
        settings: PayPalSettings,
        files: Files,
        now: Callable[[], datetime],
        http: JsonApi | None = None,
    ) -> None:
        self._settings = settings
        self._files = files
        self._now = now
        self._api = PayPalApi(settings.access, http or JsonApi("PayPal", settings.access.base_url), now)

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return faults_of(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        if reference := self._reference(batch):
            return self._read(batch, reference)
        if self._now() - batch.created_at > REMEMBERED:
            raise RailUnavailableError(
                f"PayPal may no longer know {batch.id}: look there, and import what became of it"
            )
        refused = _refused_by_us(batch)
        sendable = [transfer for transfer in batch.transfers if transfer.id not in refused]
        return self._create(batch, sendable, refused)

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        reference = self._reference(batch)
        return self._read(batch, reference) if reference else ()

    def received(
        self,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,  # noqa: ARG002 - PayPal's own check knows how old a signature may be
    ) -> Sequence[TransferResult]:
        event = self._verified(headers, body)
        reference = ended_batch(event)
        if reference is None:
            return event_results(event)
        found = self._api.first_items(reference, WEBHOOK_ITEMS)
        return [item_result(item, found.status) for item in found.items]

    def _create(
        self, batch: TransferBatch, sendable: Sequence[Transfer], refused: dict[str, TransferResult]
    ) -> Sequence[TransferResult]:
        """Ask for the batch without the items that are refused, until PayPal takes it or nothing is left."""
        for _ in range(ROUNDS):
            if not sendable:
                return list(refused.values())
            answer = self._api.create(request_body(batch, sendable, self._settings.words))
            if answer.status in (200, 201, 202):
                return self._accepted(batch, batch_id_of(answer), refused)
            if first := first_batch(answer):
                self._remember(batch, first)
                return self._read(batch, first)
            faulty = _refusals(answer)
            refused |= {
                transfer.id: _failed(transfer, faulty[place])
                for place, transfer in enumerate(sendable)
                if place in faulty
            }
            sendable = [transfer for transfer in sendable if transfer.id not in refused]
        raise RailRefusedError(f"PayPal refuses {batch.id} again and again")

    def _accepted(
        self, batch: TransferBatch, reference: str, refused: Mapping[str, TransferResult]
    ) -> Sequence[TransferResult]:
        self._remember(batch, reference)
        return [
            refused.get(transfer.id)
            or TransferResult(transfer_id=transfer.id, state=PayoutState.SENT, reference=reference)
            for transfer in batch.transfers
        ]

    def _read(self, batch: TransferBatch, reference: str) -> Sequence[TransferResult]:
        return results_of(batch, self._api.batch(reference), reference)

    def _reference(self, batch: TransferBatch) -> str | None:
        try:
            return checked_reference(self._files.get(_file_name(batch)).decode())
        except NotFoundError:
            return None
        except UnavailableError as error:
            raise RailUnavailableError(f"whether PayPal has {batch.id} was not read: {error}") from error

    def _remember(self, batch: TransferBatch, reference: str) -> None:
        """Keep PayPal's name of a batch; where that fails, sending again finds it by the link."""
        try:
            self._files.put(_file_name(batch), reference.encode(), "text/plain")
        except UnavailableError as error:
            raise RailUnavailableError(
                f"PayPal has {batch.id}, which was not written down: {error}"
            ) from error

    def _verified(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        """Return the event where PayPal says that it is its own; UnauthenticatedError for any other body."""
        event = _object(body)
        may_be = event is not None and self._settings.webhook_id and _may_be_paypals(headers)
        if event is None or not may_be or not self._api.is_signed(headers, self._settings.webhook_id, body):
            raise UnauthenticatedError("not authenticated")
        return event


def _refusals(answer: Answer) -> Mapping[int, str]:
    """Return which items PayPal refuses, by their places, where it refuses items and nothing else.

    RailRefusedError where it refuses the batch as a whole; RailUnavailableError where that is not
    about the batch, or where it knows the batch and does not say which it is.
    """
    words = words_of(answer)
    names = {
        str(answer.values.get("name", "")),
        *(str(detail.get("issue", "")) for detail in details_of(answer)),
    }
    if answer.status not in (400, 422) or names & LATER or is_duplicate(answer):
        raise RailUnavailableError(f"PayPal says {answer.status}: {words}", answer.retry_after_seconds)
    faulty = faulty_items(answer)
    if not faulty:
        raise RailRefusedError(f"PayPal refuses the batch: {words}")
    return faulty


def _refused_by_us(batch: TransferBatch) -> dict[str, TransferResult]:
    """Return what cannot even be asked for: one bad address must not stop a batch."""
    faults = {one.id: faults_of(one.details, one.amount.currency) for one in batch.transfers}
    told = {one.id: "; ".join(str(fault) for fault in faults[one.id]) for one in batch.transfers}
    return {one.id: _failed(one, told[one.id]) for one in batch.transfers if told[one.id]}


def _failed(transfer: Transfer, words: str) -> TransferResult:
    return TransferResult(transfer_id=transfer.id, state=PayoutState.FAILED, detail=words)


def _file_name(batch: TransferBatch) -> str:
    return f"payouts/{batch.program_id}/paypal/{batch.id}.txt"


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        values = json.loads(body.decode())
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _may_be_paypals(headers: Mapping[str, str]) -> bool:
    """Spare PayPal what cannot be its own: a header is missing, or the certificate is somebody else's."""
    address = urlsplit(headers.get(SIGNED["cert_url"], ""))
    is_paypals = f".{address.hostname or ''}".endswith(".paypal.com") and address.scheme == "https"
    return is_paypals and all(headers.get(header) for header in SIGNED.values())
