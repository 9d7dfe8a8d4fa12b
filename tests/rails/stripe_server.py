"""Stripe's transfers as its API behaves, with a ledger of the money it has moved.

An idempotency key keeps its first answer, errors too, once the call was carried out; the same key with
other parameters is an `idempotency_error`; keys end after a day. A list is newest first, by pages.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.rails.weather import Asked, Provider, Told

KEY = "sk_test_grapevine"
TRANSFERS = "/v1/transfers"


class StripeBooks:
    """The rules, and what came of them."""

    def __init__(self) -> None:
        self.transfers: list[dict[str, Any]] = []
        self.moved: Counter[str] = Counter()
        self.keys: dict[str, tuple[dict[str, str], Told]] = {}
        self.accounts = {"acct_1032D82eZvKYlo2C", "acct_1GrapevineDana00"}
        self.balance = 10**9
        self.refusal: Told | None = None
        self.largest_page = 100
        self.list_answer: Told | None = None

    def rules(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return error(401, "invalid_request_error", "", "Invalid API Key provided")
        if asked.method == "GET":
            return self.list_answer or self._list(asked.query)
        return self._once(asked.headers["idempotency-key"], asked.form())

    def reverse(self, transfer_id: str, amount: int | None = None) -> dict[str, Any]:
        """Take a transfer back, days later, as a whole or in part."""
        made = next(one for one in self.transfers if one["metadata"]["transfer_id"] == transfer_id)
        made["amount_reversed"] = made["amount"] if amount is None else amount
        made["reversed"] = made["amount_reversed"] == made["amount"]
        return made

    def money(self) -> dict[str, int]:
        return dict(self.moved)

    def _once(self, key: str, params: dict[str, str]) -> Told:
        if key in self.keys:
            known, told = self.keys[key]
            words = "Keys for idempotent requests can only be used with the same parameters"
            return told if known == params else error(400, "idempotency_error", "", words)
        told = self._create(params)
        self.keys[key] = (params, told)
        return told

    def _create(self, params: dict[str, str]) -> Told:
        if self.refusal:
            return self.refusal
        amount, destination = int(params["amount"]), params["destination"]
        if destination not in self.accounts:
            words = f"No such destination: '{destination}'"
            return error(400, "invalid_request_error", "resource_missing", words)
        if amount > self.balance:
            words = "You have insufficient available funds in your Stripe account."
            return error(400, "invalid_request_error", "balance_insufficient", words)
        metadata = {name[9:-1]: value for name, value in params.items() if name.startswith("metadata[")}
        made = {
            "id": f"tr_{len(self.transfers) + 1}",
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "currency": params["currency"],
            "destination": destination,
            "metadata": metadata,
            "reversed": False,
            "transfer_group": params["transfer_group"],
        }
        self.balance -= amount
        self.transfers.append(made)
        self.moved[metadata["transfer_id"]] += amount
        return Told(200, made)

    def _list(self, query: Any) -> Told:  # noqa: ANN401 - a mapping of texts
        newest = [one for one in reversed(self.transfers) if one["transfer_group"] == query["transfer_group"]]
        names = [one["id"] for one in newest]
        start = names.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        end = start + min(int(query["limit"]), self.largest_page)
        page = {"object": "list", "url": TRANSFERS, "has_more": end < len(newest), "data": newest[start:end]}
        return Told(200, page)


def error(status: int, kind: str, code: str, message: str) -> Told:
    """An error as Stripe writes it."""
    told = {"type": kind, "message": message, **({"code": code} if code else {})}
    return Told(status, {"error": told})


def refusals(status: int) -> Told:
    """What Stripe says when it cannot."""
    if status == 429:
        return error(429, "invalid_request_error", "rate_limit", "Request rate limit exceeded.")
    return error(status, "api_error", "", "An unknown error occurred.")


def stripe_house() -> tuple[StripeBooks, Provider]:
    """A Stripe without weather, and the server it is to be served on."""
    books = StripeBooks()
    return books, Provider(books.rules, refusals)
