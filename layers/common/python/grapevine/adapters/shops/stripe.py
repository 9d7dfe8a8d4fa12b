"""Stripe's API: a session with its lines by its payment, and the events of a span, as its webhooks had them.

Sessions have no instant of change, so what changed is read from the events, which Stripe keeps for a
month. A session tells none of when it was asked for either: the event that is made of it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from grapevine.adapters.shops import json_text
from grapevine.adapters.shops.http import ShopApi, required
from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import Discount, Fetched, FetchedPage, ShopNeeds, ShopRefusedError

BASE_URL = "https://api.stripe.com"
FETCHED = "grapevine.session_fetched"
REFUND_FAILED = "refund.failed"
WANTS_LINES = "gv_fetch"
TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "charge.refunded",
    REFUND_FAILED,
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
PAGE = 100
_PARTS = ("line_items", "discounts.promotion_code", "payment_intent.latest_charge")
_FILTERS = {"pi": "payment_intent", "sub": "subscription"}
"""By what a session is found, by how an order's name begins; one that was free has a part of its own name."""


class StripeShop:
    """One account."""

    longest_window = timedelta(days=7)

    def __init__(self, api: ShopApi, key: str, needs: ShopNeeds) -> None:
        self._api = api
        self._headers = {"Authorization": f"Bearer {key}"}
        self._mode = "test" if "_test_" in key else "live"
        self._now = needs.now

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order's session as it is now, as an event of this instant."""
        kind, _, tail = order_id.partition("_")
        if kind == "cs":
            return self._session(f"cs_{self._mode}_{tail}")
        if kind not in _FILTERS:
            raise NotFoundError("session in Stripe", order_id)
        asked = [(_FILTERS[kind], order_id), ("limit", "1"), *_expanded("data.")]
        texts, _ = self._list("checkout/sessions", asked)
        if not texts:
            raise NotFoundError("session in Stripe", order_id)
        return self._event(texts[0])

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return the events of a span about orders, the newest first, and what they themselves leave out."""
        asked = [
            ("created[gte]", str(int(start.timestamp()))),
            ("created[lte]", str(int(end.timestamp()))),
            ("limit", str(PAGE)),
            *(("types[]", kind) for kind in TYPES),
            *([("starting_after", cursor)] if cursor else []),
        ]
        texts, has_more = self._list("events", asked)
        last = json.loads(texts[-1])["id"] if texts and has_more else None
        return FetchedPage(bodies=tuple(body for text in texts for body in self._told(text)), cursor=last)

    def products(self, cursor: str | None = None) -> FetchedPage:  # noqa: ARG002 - there is one page, and it is empty
        """Return nothing: what a merchant calls a product in Stripe is rarely what the shop shows."""
        return FetchedPage(bodies=())

    def create_discount(self, discount: Discount) -> None:
        """Refuse: a promotion code is of a coupon that only the merchant can choose."""
        raise ShopRefusedError(f"{discount.code}: make the promotion code in Stripe")

    def disable_discount(self, discount: Discount) -> None:
        """Refuse, as for making one."""
        raise ShopRefusedError(f"{discount.code}: end the promotion code in Stripe")

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - Stripe makes the secret
        """Refuse: Stripe makes an endpoint's secret itself, so the merchant brings it to us."""
        raise ShopRefusedError(f"add the endpoint {url} in Stripe, and give us its signing secret")

    def _told(self, text: str) -> Iterator[Fetched]:
        """Return an event, and its session where only that says the rest."""
        yield Fetched(text.encode(), "")
        event = json.loads(text)
        about = event["data"]["object"]
        try:
            if event["type"] == REFUND_FAILED and about.get("payment_intent"):
                yield self.fetch_order(about["payment_intent"])
            elif (about.get("metadata") or {}).get(WANTS_LINES) and event["type"].startswith("checkout."):
                yield self._session(about["id"])
        except NotFoundError:
            return  # It was not a session's.

    def _session(self, name: str) -> Fetched:
        path = f"/v1/checkout/sessions/{quote(name, safe='')}?{urlencode(_expanded(''))}"
        answer = self._api.call("GET", path, self._headers)
        if answer.status == 404:
            raise NotFoundError("session in Stripe", name)
        return self._event(self._api.good(answer).text)

    def _list(self, path: str, asked: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], bool]:
        """Return a page's texts, and whether there are more."""
        answer = self._api.good(self._api.call("GET", f"/v1/{path}?{urlencode(asked)}", self._headers))
        texts = json_text.items(json_text.members(answer.text).get("data", "[]"))
        return texts, bool(answer.values.get("has_more"))

    def _event(self, session: str) -> Fetched:
        """Return a session as an event of this instant."""
        created = str(int(self._now().timestamp()))
        data = json_text.written({"object": session})
        event = {"object": '"event"', "type": json.dumps(FETCHED), "created": created, "data": data}
        return Fetched(json_text.written(event).encode(), "")


def _expanded(within: str) -> list[tuple[str, str]]:
    return [("expand[]", f"{within}{part}") for part in _PARTS]


def open_client(needs: ShopNeeds) -> StripeShop:
    """Return an account's client; `access` has a restricted key, `secret_key`."""
    (key,) = required(needs.access, "secret_key")
    base_url = needs.access.get("base_url") or BASE_URL
    return StripeShop(ShopApi("Stripe", base_url, needs.wait), key, needs)
