"""WooCommerce's REST API, version 3: orders with their refunds, products, coupons and webhooks.

Its pages are numbered, and an order that changes while we read leaves its page: what came after it moves up.
So pages are read from the last to the first: what moves up is seen twice, never missed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from grapevine.adapters.shops import json_text
from grapevine.adapters.shops.http import Answer, ShopApi, required
from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import (
    Discount,
    Fetched,
    FetchedPage,
    ShopNeeds,
    ShopRefusedError,
)

PREFIX = "/wp-json/wc/v3"
PAGE, ORDERS_PAGE = 100, 50
"""Orders with refunds take a request each, so they come in smaller pages."""
MOST_PAGES = 1000
SECOND = timedelta(seconds=1)
ORDER_TOPIC, PRODUCT_TOPIC = "order.updated", "product.updated"
TOPICS = (
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
)
OWNER = "_grapevine"
"""The name under which a coupon's own data says that it is ours."""
ENDED = "2000-01-01T00:00:00"
"""When a coupon that is off ended."""


class WooShop:
    """One shop."""

    longest_window = timedelta(days=7)

    def __init__(self, api: ShopApi, key: str, secret: str) -> None:
        self._api = api
        self._headers = {"Authorization": f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"}

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order with all of its refunds."""
        answer = self._get(f"/orders/{quote(order_id, safe='')}")
        if answer.status == 404:
            raise NotFoundError("order in the shop", order_id)
        return self._with_refunds(self._api.good(answer).text)

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return orders last changed in a span; what WooCommerce is told are the instants around it."""
        window = {
            "modified_after": _local(start - SECOND),
            "modified_before": _local(end + SECOND),
            "dates_are_gmt": "true",
            "orderby": "id",
            "order": "asc",
        }
        texts, following = self._page("/orders", {**window, "per_page": ORDERS_PAGE}, cursor)
        return FetchedPage(bodies=tuple(self._whole(texts)), cursor=following)

    def products(self, cursor: str | None = None) -> FetchedPage:
        """Return the shop's products."""
        texts, following = self._page("/products", {"orderby": "id", "per_page": PAGE}, cursor)
        return FetchedPage(
            bodies=tuple(Fetched(text.encode(), PRODUCT_TOPIC) for text in texts), cursor=following
        )

    def create_discount(self, discount: Discount) -> None:
        """Let a code work."""
        wanted = {
            "code": discount.code,
            "discount_type": "percent",
            "amount": f"{discount.off_bps / 100:.2f}",
            "description": discount.owner,
            "meta_data": [{"key": OWNER, "value": discount.owner}],
        }
        answer = self._api.call("POST", f"{PREFIX}/coupons", self._headers, wanted)
        if answer.status == 400 and "already_exists" in answer.text:
            self._switch(discount, ends=None)
        else:
            self._api.good(answer)

    def disable_discount(self, discount: Discount) -> None:
        """Let a code of ours work no longer: it ended long ago, which every version of WooCommerce knows."""
        self._switch(discount, ends=ENDED)

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:
        """Register the topics that are not registered for our address, or that the shop has switched off."""
        found = list(self._all("/webhooks", {"context": "edit"}))
        known = {hook["topic"]: hook for hook in found if hook.get("delivery_url") == url}
        missing = tuple(topic for topic in TOPICS if known.get(topic, {}).get("status") != "active")
        for topic in missing:
            values = {"topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
            place = f"/{known[topic]['id']}" if topic in known else ""
            values["name"] = f"Grapevine {topic}"
            method = "PUT" if topic in known else "POST"
            self._api.good(self._api.call(method, f"{PREFIX}/webhooks{place}", self._headers, values))
        return missing

    def _switch(self, discount: Discount, ends: str | None) -> None:
        """Switch a code of ours on or off; WooCommerce writes codes in lower case."""
        answer = self._api.good(self._get(f"/coupons?{urlencode({'code': discount.code.lower()})}"))
        for coupon in answer.values:
            if str(coupon.get("code", "")).lower() != discount.code.lower():
                continue
            if discount.owner not in [one["value"] for one in coupon["meta_data"] if one["key"] == OWNER]:
                raise ShopRefusedError(f"{discount.code} is a coupon of the shop's own")
            if bool(coupon.get("date_expires_gmt")) == bool(ends):
                return
            values = {"date_expires_gmt": ends}
            self._api.good(self._api.call("PUT", f"{PREFIX}/coupons/{coupon['id']}", self._headers, values))

    def _page(
        self, path: str, chosen: Mapping[str, str | int], cursor: str | None
    ) -> tuple[tuple[str, ...], str | None]:
        """Return a page and the next cursor: the first page says how many there are, then backwards."""
        number = int(cursor or 1)
        query = urlencode({**chosen, "page": number})
        answer = self._api.good(self._get(f"{path}?{query}"))
        texts = json_text.items(answer.text)
        if cursor is not None:
            return texts, str(number - 1) if number > 1 else None
        pages = _pages(answer)
        # The first page is read again at the end: what moved up to it meanwhile is there then.
        return texts, str(min(pages, MOST_PAGES)) if pages > 1 else None

    def _whole(self, texts: tuple[str, ...]) -> Iterator[Fetched]:
        for text in texts:
            try:
                yield self._with_refunds(text)
            except NotFoundError:
                continue  # It was deleted meanwhile.

    def _with_refunds(self, text: str) -> Fetched:
        """Return an order in whose refunds every line is told: the order itself has their sums only."""
        order = json_text.members(text)
        if json_text.items(order.get("refunds", "[]")):
            found = [one for page in self._texts(f"/orders/{order['id']}/refunds") for one in page]
            order["refunds"] = f"[{','.join(found)}]"
            return Fetched(json_text.written(order).encode(), ORDER_TOPIC)
        return Fetched(text.encode(), ORDER_TOPIC)

    def _texts(self, path: str, chosen: Mapping[str, str] | None = None) -> Iterator[tuple[str, ...]]:
        for number in range(1, MOST_PAGES + 1):
            answer = self._get(f"{path}?{urlencode({**(chosen or {}), 'per_page': PAGE, 'page': number})}")
            if answer.status == 404:
                raise NotFoundError("order in the shop", path)
            yield json_text.items(self._api.good(answer).text)
            if number >= _pages(answer):
                return

    def _all(self, path: str, chosen: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            answer = self._api.good(
                self._get(f"{path}?{urlencode({**chosen, 'per_page': PAGE, 'page': number})}")
            )
            yield from answer.values
            if number >= _pages(answer):
                return

    def _get(self, path: str) -> Answer:
        return self._api.call("GET", PREFIX + path, self._headers)


def open_client(needs: ShopNeeds) -> WooShop:
    """Return a shop's client; `access` has a REST key: `consumer_key` and `consumer_secret`."""
    key, secret = required(needs.access, "consumer_key", "consumer_secret")
    base_url = needs.access.get("base_url") or f"https://{needs.domain}"
    return WooShop(ShopApi("WooCommerce", base_url, needs.wait), key, secret)


def _pages(answer: Answer) -> int:
    text = answer.headers.get("x-wp-totalpages", "")
    return int(text) if text.isascii() and text.isdecimal() else 1


def _local(instant: datetime) -> str:
    """Return an instant as WordPress writes it: in UTC, without saying so."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
