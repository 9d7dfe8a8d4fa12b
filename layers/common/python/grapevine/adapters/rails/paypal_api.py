"""PayPal's REST API as far as payouts need it: who we are, batches, and whether a webhook is PayPal's.

A PayPal answer that says "not now", or that our own credentials are wrong, is RailUnavailableError: the
payouts wait for whoever mends it, and nobody is told that their account is wrong.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from grapevine.adapters.rails.http_json import Answer, JsonApi, bounded
from grapevine.ports.rails import RailUnavailableError

PAYOUTS = "/v1/payments/payouts"
VERIFY = "/v1/notifications/verify-webhook-signature"
PAGE = 1000
"""Items a page holds at most."""
MOST_PAGES = 1000
TOKEN_MARGIN = timedelta(seconds=60)
WEBHOOK_SECONDS = 4.0
"""How long an answer is waited for while PayPal waits for ours."""
SHORTEST_TOKEN = timedelta(seconds=0)
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
SIGNED = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": "paypal-transmission-id",
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}
"""What PayPal's check of a webhook wants to know, and the headers that say it."""


@dataclass(frozen=True, slots=True)
class PayPalAccess:
    """Where PayPal is, and the REST app's own name and secret."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A batch as PayPal shows it; `complete` says that every item of it is here."""

    status: str
    items: tuple[Mapping[str, Any], ...]
    complete: bool


class PayPalApi:
    """Calls with a token that is asked for when there is none, and kept until shortly before its end."""

    def __init__(self, access: PayPalAccess, api: JsonApi, now: Callable[[], datetime]) -> None:
        self._access = access
        self._api = api
        self._now = now
        self._token: tuple[str, datetime] | None = None

    def create(self, body: bytes) -> Answer:
        """Ask for a batch; the answer is one of those that decide: accepted, known already, refused."""
        return self._call("POST", PAYOUTS, body)

    def batch(self, payout_batch_id: str) -> Found:
        """Return a batch with the items of all its pages."""
        items: list[Mapping[str, Any]] = []
        status, total = "", None
        for values in self._pages(payout_batch_id):
            items.extend(values.get("items") or ())
            status = str((values.get("batch_header") or {}).get("batch_status", ""))
            total = values.get("total_items", total)
        return Found(status, tuple(items), complete=total == len(items))

    def first_items(self, payout_batch_id: str, most: int) -> Found:
        """Return a batch with its first items only."""
        values = self._page(payout_batch_id, 1, most, WEBHOOK_SECONDS)
        items = tuple(values.get("items") or ())
        return Found(str((values.get("batch_header") or {}).get("batch_status", "")), items, complete=False)

    def is_signed(self, headers: Mapping[str, str], webhook_id: str, raw: bytes) -> bool:
        """Return what PayPal says of a webhook's signature; the raw body must be a JSON object.

        The body goes in as it came: parsed and written again it would be other bytes, and the
        signature is over the bytes.
        """
        told = {name: headers[header] for name, header in SIGNED.items()} | {"webhook_id": webhook_id}
        body = json.dumps(told).encode()[:-1] + b', "webhook_event": ' + raw + b"}"
        answer = self._call("POST", VERIFY, body, WEBHOOK_SECONDS)
        return answer.status == 200 and answer.values.get("verification_status") == "SUCCESS"

    def _pages(self, payout_batch_id: str) -> Iterator[Mapping[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            values = self._page(payout_batch_id, number, PAGE)
            yield values
            if number >= int(values.get("total_pages") or 1):
                return

    def _page(
        self, payout_batch_id: str, number: int, size: int, read_seconds: float | None = None
    ) -> Mapping[str, Any]:
        path = f"{PAYOUTS}/{payout_batch_id}?page={number}&page_size={size}&total_required=true"
        answer = self._call("GET", path, None, read_seconds)
        if answer.status != 200:
            raise self._api.unavailable(answer, words_of(answer))
        return answer.values

    def _call(
        self, method: str, path: str, body: bytes | None = None, read_seconds: float | None = None
    ) -> Answer:
        """Ask with the token we have, and once more with a new one where it has been taken from us."""
        answer = self._ask(method, path, body, read_seconds)
        if answer.status == 401:
            self._token = None
            answer = self._ask(method, path, body, read_seconds)
        if answer.status in (401, 403, 404, 408, 429) or answer.status >= 500:
            raise self._api.unavailable(answer, words_of(answer))
        return answer

    def _ask(self, method: str, path: str, body: bytes | None, read_seconds: float | None) -> Answer:
        headers = {**JSON, "Authorization": f"Bearer {self._bearer(read_seconds)}"}
        return self._api.call(method, path, headers, body, read_seconds)

    def _bearer(self, read_seconds: float | None) -> str:
        if self._token is None or self._now() >= self._token[1]:
            self._token = self._signed_in(read_seconds)
        return self._token[0]

    def _signed_in(self, read_seconds: float | None) -> tuple[str, datetime]:
        pair = f"{self._access.client_id}:{self._access.client_secret}"
        headers = {
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        asked_at = self._now()
        body = b"grant_type=client_credentials"
        answer = self._api.call("POST", "/v1/oauth2/token", headers, body, read_seconds)
        token, seconds = answer.values.get("access_token"), answer.values.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not isinstance(seconds, int):
            raise self._api.unavailable(answer, f"no token: {words_of(answer)}")
        return token, asked_at + max(timedelta(seconds=seconds) - TOKEN_MARGIN, SHORTEST_TOKEN)


def words_of(answer: Answer) -> str:
    """Return PayPal's own words for an error: its name, its message, and each detail with its field."""
    values = answer.values
    named = [str(values[key]) for key in ("name", "message", "error", "error_description") if values.get(key)]
    details = [
        " ".join(str(detail[key]) for key in ("field", "issue", "description") if detail.get(key))
        for detail in details_of(answer)
    ]
    debug = [f"debug id {values['debug_id']}"] if values.get("debug_id") else []
    return bounded("; ".join([": ".join(named), *details, *debug]))


def details_of(answer: Answer) -> list[Mapping[str, Any]]:
    """Return an error's details, none where PayPal gave none."""
    details = answer.values.get("details")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def batch_id_of(answer: Answer) -> str:
    """Return PayPal's name of the batch that it has accepted; RailUnavailableError where it gave none."""
    header = answer.values.get("batch_header")
    name = header.get("payout_batch_id") if isinstance(header, dict) else None
    if not isinstance(name, str) or not name:
        raise RailUnavailableError(f"PayPal answered {answer.status} without a payout_batch_id")
    return name
