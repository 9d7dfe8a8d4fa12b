"""WooCommerce's REST API as its pages have it behave: numbered pages that move, totals in headers."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from tests.rails.weather import Asked, Told

KEY, SECRET = "ck_test", "cs_test"
V3 = "/wp-json/wc/v3"


class WooApi:
    """The rules, and what came of them; `page` is the most that a page holds here."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.refunds: dict[int, list[dict[str, Any]]] = {}
        self.coupons: dict[int, dict[str, Any]] = {}
        self.webhooks: list[dict[str, Any]] = []
        self.page = 2
        self.after_list: list[Callable[[], object]] = []

    def rules(self, asked: Asked) -> Told:
        scheme, _, pair = asked.headers.get("authorization", "").partition(" ")
        if (scheme, b64decode(pair).decode()) != ("Basic", f"{KEY}:{SECRET}"):
            return Told(401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry."})
        kind, *rest = asked.path.removeprefix(f"{V3}/").split("/")
        if kind == "orders":
            return self._orders(asked, rest)
        return self._coupons(asked, rest) if kind == "coupons" else self._webhooks(asked, rest)

    def _orders(self, asked: Asked, rest: list[str]) -> Told:
        if not rest:
            low, high = asked.query["modified_after"], asked.query["modified_before"]
            assert asked.query["dates_are_gmt"] == "true"
            found = [one for _, one in sorted(self.orders.items()) if low < one["date_modified_gmt"] < high]
            told = self._paged(asked, found)
            if self.after_list:
                self.after_list.pop(0)()
            return told
        number = int(rest[0])
        if number not in self.orders:
            return Told(404, {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."})
        if rest[1:] == ["refunds"]:
            return self._paged(asked, self.refunds.get(number, []))
        return Told(200, self.orders[number])

    def _paged(self, asked: Asked, found: list[dict[str, Any]]) -> Told:
        size = min(self.page, int(asked.query["per_page"]))
        first = (int(asked.query["page"]) - 1) * size
        pages = -(-len(found) // size)
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        return Told(200, found[first : first + size], headers)

    def _coupons(self, asked: Asked, rest: list[str]) -> Told:
        if asked.method == "GET":
            return Told(200, [one for one in self.coupons.values() if one["code"] == asked.query["code"]])
        wanted = asked.json()
        if rest:
            self.coupons[int(rest[0])] |= wanted
            return Told(200, self.coupons[int(rest[0])])
        code = wanted["code"].lower()
        if any(one["code"] == code for one in self.coupons.values()):
            return Told(400, {"code": "woocommerce_rest_coupon_code_already_exists", "message": "Exists."})
        number = len(self.coupons) + 1
        self.coupons[number] = {"date_expires_gmt": None, **wanted, "id": number, "code": code}
        return Told(201, self.coupons[number])

    def _webhooks(self, asked: Asked, rest: list[str]) -> Told:
        if asked.method == "GET":
            return self._paged(asked, self.webhooks)
        if rest:
            known = next(one for one in self.webhooks if one["id"] == int(rest[0]))
            known |= asked.json()
            return Told(200, known)
        self.webhooks.append({**asked.json(), "id": len(self.webhooks) + 1})
        return Told(201, self.webhooks[-1])
