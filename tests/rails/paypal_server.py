"""PayPal's payouts as its published API behaves, with a ledger of the money it has moved.

Written from PayPal's OpenAPI file and from the answers that its sandbox is known to give: a repeat of
a `sender_batch_id` is a 400 whose detail links to the first batch; a batch with one receiver that
cannot be is refused as a whole; a batch is PENDING first and its items appear when it is processed.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.rails.weather import Asked, Provider, Told

CLIENT, SECRET = "client-1", "secret-1"
WEBHOOK = "8PT597110X687430LKGECATA"
PAYOUTS = "/v1/payments/payouts"
VERIFY = "/v1/notifications/verify-webhook-signature"
TOKEN = "/v1/oauth2/token"


@dataclass(slots=True)
class Batch:
    """A batch that PayPal accepted."""

    id: str
    body: dict[str, Any]
    status: str = "PENDING"
    states: dict[str, str] = field(default_factory=dict)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [self.item(place) for place in range(len(self.body["items"]))] if self.states else []

    def item(self, place: int) -> dict[str, Any]:
        sent = self.body["items"][place]
        own = sent["sender_item_id"]
        status, errors = self.states[own], self.errors.get(own)
        return {
            "payout_item_id": f"ITEM{self.id[5:]}{place}",
            "payout_batch_id": self.id,
            "payout_item": sent,
            **({"transaction_status": status} if status else {}),
            **({"errors": errors} if errors else {}),
        }


class PayPalBooks:
    """The rules, and what came of them."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self.by_sender: dict[str, Batch] = {}
        self.moved: Counter[str] = Counter()
        self.tokens = 0
        self.expires_in = 32_400
        self.refused_receivers: set[str] = set()
        self.refusal: Told | None = None
        self.signed = True
        self.bodies: list[dict[str, Any]] = []
        self.verifying: list[bytes] = []
        self.hide_link = False

    def rules(self, asked: Asked) -> Told:
        if asked.path == TOKEN:
            return self._token(asked)
        if asked.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return error(401, "AUTHENTICATION_FAILURE", "Authentication failed.")
        if asked.path == VERIFY:
            return self._verify(asked)
        if asked.method == "POST" and asked.path == PAYOUTS:
            return self._create(asked.json())
        return self._show(asked.path.rpartition("/")[2], asked)

    def process(self, sender_batch_id: str, status: str = "SUCCESS", **states: str) -> Batch:
        """Let PayPal work through a batch: items are SUCCESS, or what is said by their place, `i0`."""
        batch = self.by_sender[sender_batch_id]
        batch.status = status
        for place, item in enumerate(batch.body["items"]):
            own = item["sender_item_id"]
            batch.states[own] = states.get(f"i{place}", batch.states.get(own) or "SUCCESS")
        return batch

    def money(self) -> dict[str, int]:
        """Minor units by item, for currencies of two decimals."""
        return dict(self.moved)

    def _token(self, asked: Asked) -> Told:
        pair = b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
        if pair != f"{CLIENT}:{SECRET}" or asked.form() != {"grant_type": "client_credentials"}:
            return Told(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
        self.tokens += 1
        return Told(200, {"access_token": f"token-{self.tokens}", "expires_in": self.expires_in})

    def _create(self, body: dict[str, Any]) -> Told:
        self.bodies.append(body)
        if self.refusal:
            return self.refusal
        sender_batch_id = body["sender_batch_header"]["sender_batch_id"]
        if known := self.by_sender.get(sender_batch_id):
            return self._duplicate(known)
        if faulty := [
            n for n, item in enumerate(body["items"]) if item["receiver"] in self.refused_receivers
        ]:
            issue = {"location": "body", "issue": "Receiver is invalid or does not match with type"}
            details = [{"field": f"items[{place}].receiver", **issue} for place in faulty]
            return error(400, "VALIDATION_ERROR", "Invalid request - see details", details)
        batch = Batch(f"BATCH{len(self.batches) + 1}", body)
        self.batches[batch.id] = self.by_sender[sender_batch_id] = batch
        for item in body["items"]:
            value = item["amount"]["value"]
            self.moved[item["sender_item_id"]] += int(value.replace(".", ""))
        return Told(201, {"batch_header": self._header(batch), "links": []})

    def _duplicate(self, known: Batch) -> Told:
        link = [
            {"href": f"https://api.sandbox.paypal.com{PAYOUTS}/{known.id}", "rel": "self", "method": "GET"}
        ]
        detail = {
            "field": "SENDER_BATCH_ID",
            "location": "body",
            "issue": "Batch with given sender_batch_id already exists",
            **({} if self.hide_link else {"link": link}),
        }
        return error(400, "USER_BUSINESS_ERROR", "User business error.", [detail])

    def _show(self, name: str, asked: Asked) -> Told:
        if name not in self.batches:
            return error(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.")
        batch = self.batches[name]
        page, size = int(asked.query["page"]), min(int(asked.query["page_size"]), 1000)
        items = batch.items
        return Told(
            200,
            {
                "total_items": len(items),
                "total_pages": -(-len(items) // size),
                "batch_header": self._header(batch),
                "items": items[(page - 1) * size : page * size],
            },
        )

    def _header(self, batch: Batch) -> dict[str, Any]:
        return {
            "payout_batch_id": batch.id,
            "batch_status": batch.status,
            "sender_batch_header": batch.body["sender_batch_header"],
        }

    def _verify(self, asked: Asked) -> Told:
        self.verifying.append(asked.body)
        told = json.loads(asked.body)
        if told["transmission_sig"] == "not base64":
            return error(400, "VALIDATION_ERROR", "Invalid request - see details")
        good = self.signed and told["webhook_id"] == WEBHOOK
        return Told(200, {"verification_status": "SUCCESS" if good else "FAILURE"})


def error(status: int, name: str, message: str, details: list[dict[str, Any]] | None = None) -> Told:
    """An error as PayPal writes it."""
    told = {"name": name, "message": message, "debug_id": "f05063556a338", "details": details or []}
    return Told(status, told)


def refusals(status: int) -> Told:
    """What PayPal says when it cannot."""
    names = {429: "RATE_LIMIT_REACHED", 500: "INTERNAL_SERVER_ERROR", 503: "SERVICE_UNAVAILABLE"}
    return error(status, names[status], "Not now.")


def paypal() -> tuple[PayPalBooks, Provider]:
    """A PayPal without weather, and the server it is to be served on."""
    books = PayPalBooks()
    return books, Provider(books.rules, refusals)
