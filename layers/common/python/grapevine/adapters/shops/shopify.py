"""Shopify's Admin API: orders, products and webhooks by REST, discount codes by GraphQL.

REST pages by a cursor that its `Link` header names and limits calls by a bucket (429 with
`Retry-After`); GraphQL limits by cost and says in the answer what is left of the bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from grapevine.adapters.shops import json_text
from grapevine.adapters.shops.http import TRIES, Answer, ShopApi, required
from grapevine.domain.errors import NotFoundError
from grapevine.domain.instants import to_text
from grapevine.ports.shop_clients import (
    Discount,
    Fetched,
    FetchedPage,
    ShopNeeds,
    ShopRefusedError,
    ShopUnavailableError,
)

VERSION = "2026-07"
PAGE = 250
ORDER_TOPIC, PRODUCT_TOPIC = "orders/updated", "products/update"
"""What an order, or a product, as it is now is read as."""
TOPICS = (
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/edited",
    "orders/cancelled",
    "orders/fulfilled",
    "refunds/create",
    "products/create",
    "products/update",
    "products/delete",
    "app/uninstalled",
)
"""What we want to be told; the privacy topics are set in the app's own configuration."""

_CREATE = """mutation($discount: DiscountCodeBasicInput!) {
  done: discountCodeBasicCreate(basicCodeDiscount: $discount) {
    codeDiscountNode { id } userErrors { field code message }
  }
}"""
_FIND = """query($code: String!) {
  found: codeDiscountNodeByCode(code: $code) {
    id codeDiscount { ... on DiscountCodeBasic { title status } }
  }
}"""
_SWITCH = """mutation($id: ID!) {
  done: %s(id: $id) { codeDiscountNode { id } userErrors { field code message } }
}"""


class ShopifyShop:
    """One shop."""

    longest_window = timedelta(days=7)

    def __init__(self, api: ShopApi, token: str, version: str, needs: ShopNeeds) -> None:
        self._api = api
        self._headers = {"X-Shopify-Access-Token": token}
        self._path = f"/admin/api/{version}"
        self._now = needs.now

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order as it is now."""
        answer = self._api.call("GET", f"{self._path}/orders/{quote(order_id, safe='')}.json", self._headers)
        if answer.status == 404:
            raise NotFoundError("order in the shop", order_id)
        return Fetched(_member(self._api.good(answer).text, "order").encode(), ORDER_TOPIC)

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return orders last changed in a span, by a cursor that does not move when others change."""
        window = {
            "status": "any",
            "updated_at_min": to_text(start),
            "updated_at_max": to_text(end),
            "order": "updated_at asc",
        }
        return self._page("orders", ORDER_TOPIC, window, cursor)

    def products(self, cursor: str | None = None) -> FetchedPage:
        """Return the shop's products."""
        return self._page("products", PRODUCT_TOPIC, {}, cursor)

    def create_discount(self, discount: Discount) -> None:
        """Let a code work."""
        made = self._graph(_CREATE, {"discount": self._input(discount)})["done"]
        faults = made["userErrors"]
        if not faults:
            return
        if not any(fault.get("code") == "TAKEN" for fault in faults):
            raise ShopRefusedError(f"{self._api.name} refuses {discount.code}: {_said(faults)}")
        self._switch(discount, "discountCodeActivate", unless="ACTIVE")

    def disable_discount(self, discount: Discount) -> None:
        """Let a code of ours work no longer."""
        self._switch(discount, "discountCodeDeactivate", unless="EXPIRED")

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - it signs with the app's own
        """Register the topics that are not registered for our address."""
        path = f"{self._path}/webhooks.json"
        asked = self._api.call("GET", f"{path}?{urlencode({'address': url, 'limit': PAGE})}", self._headers)
        known = {hook["topic"] for hook in self._api.good(asked).values["webhooks"] if hook["address"] == url}
        missing = tuple(topic for topic in TOPICS if topic not in known)
        for topic in missing:
            hook = {"webhook": {"topic": topic, "address": url, "format": "json"}}
            answer = self._api.call("POST", path, self._headers, hook)
            # Somebody else was registering the same topics: then it is there.
            if answer.status != 422 or "taken" not in answer.text:
                self._api.good(answer)
        return missing

    def _page(self, name: str, topic: str, window: Mapping[str, str], cursor: str | None) -> FetchedPage:
        """Return a page; with a cursor Shopify takes nothing else that would choose."""
        chosen = {"page_info": cursor} if cursor else dict(window)
        path = f"{self._path}/{name}.json?{urlencode({**chosen, 'limit': PAGE})}"
        answer = self._api.good(self._api.call("GET", path, self._headers))
        texts = json_text.items(_member(answer.text, name))
        return FetchedPage(
            bodies=tuple(Fetched(text.encode(), topic) for text in texts), cursor=_next_cursor(answer)
        )

    def _switch(self, discount: Discount, mutation: str, unless: str) -> None:
        """Switch a code of ours on or off, unless it is as it should be."""
        found = self._graph(_FIND, {"code": discount.code})["found"]
        if found is None:
            return
        told = found["codeDiscount"]
        if told.get("title") != discount.owner:
            raise ShopRefusedError(f"{discount.code} is a discount of the shop's own")
        if told["status"] == unless:
            return
        faults = self._graph(_SWITCH % mutation, {"id": found["id"]})["done"]["userErrors"]
        if faults:
            raise ShopRefusedError(f"{self._api.name} refuses {discount.code}: {_said(faults)}")

    def _input(self, discount: Discount) -> dict[str, Any]:
        return {
            "title": discount.owner,
            "code": discount.code,
            "startsAt": to_text(self._now()),
            "context": {"all": "ALL"},
            "customerGets": {"value": {"percentage": discount.off_bps / 10_000}, "items": {"all": True}},
        }

    def _graph(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Ask by GraphQL; where the bucket is empty, once it has refilled."""
        for tried in range(1, TRIES + 1):
            body = {"query": query, "variables": variables}
            answer = self._api.good(self._api.call("POST", f"{self._path}/graphql.json", self._headers, body))
            errors = answer.values.get("errors") or []
            if not errors:
                data: dict[str, Any] = answer.values["data"]
                return data
            if not any(_code(error) == "THROTTLED" for error in errors):
                raise self._api.refused(answer)
            self._api.pause(tried, _refill_seconds(answer.values), self._api.unavailable(answer))
        raise ShopUnavailableError(
            f"{self._api.name} was asked {TRIES} times"
        )  # pragma: no cover - pause raises


def open_client(needs: ShopNeeds) -> ShopifyShop:
    """Return a shop's client; `access` has its `access_token`."""
    (token,) = required(needs.access, "access_token")
    base_url = needs.access.get("base_url") or f"https://{needs.domain}"
    api = ShopApi("Shopify", base_url, needs.wait)
    return ShopifyShop(api, token, needs.access.get("api_version") or VERSION, needs)


def _member(text: str, name: str) -> str:
    found = json_text.members(text).get(name)
    if found is None:
        raise ShopUnavailableError(f"Shopify answered without {name}")
    return found


def _next_cursor(answer: Answer) -> str | None:
    """Return the cursor of the next page; only it is taken from the link, never the address."""
    for part in answer.headers.get("link", "").split(","):
        place, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            query = parse_qs(urlsplit(place.strip().strip("<>")).query)
            return query.get("page_info", [None])[0]
    return None


def _refill_seconds(values: Mapping[str, Any]) -> float | None:
    """Return how long it takes until what was asked can be paid for; None where Shopify does not say."""
    cost = (values.get("extensions") or {}).get("cost") or {}
    bucket = cost.get("throttleStatus") or {}
    try:
        missing = cost["requestedQueryCost"] - bucket["currentlyAvailable"]
        return float(max(missing / bucket["restoreRate"], 0))
    except (KeyError, TypeError, ZeroDivisionError):
        return None


def _code(error: Mapping[str, Any]) -> str:
    return str((error.get("extensions") or {}).get("code", ""))


def _said(faults: list[Mapping[str, Any]]) -> str:
    return "; ".join(str(fault.get("message", "")) for fault in faults)
