"""Shopify's Admin API as its pages have it behave: cursors, buckets, costs, codes that are taken."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.rails.weather import Asked, Told

TOKEN = "shpat_test"
ADMIN = "/admin/api/2026-07"
ORDERS, GRAPH, WEBHOOKS = f"{ADMIN}/orders.json", f"{ADMIN}/graphql.json", f"{ADMIN}/webhooks.json"


class ShopifyAdmin:
    """The rules, and what came of them; orders by id, oldest change first."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.page = 2
        self.codes: dict[str, dict[str, Any]] = {}
        self.webhooks: list[dict[str, str]] = []
        self.throttled = 0
        self.token = TOKEN
        self.after_page: list[Any] = []

    def rules(self, asked: Asked) -> Told:
        if asked.headers.get("x-shopify-access-token") != self.token:
            return Told(401, {"errors": "[API] Invalid API key or access token"})
        if asked.path == GRAPH:
            return self._graph(asked.json())
        if asked.path == WEBHOOKS:
            return self._hooks(asked)
        if asked.path == ORDERS:
            return self._list(asked)
        order = self.orders.get(asked.path.rpartition("/")[2].removesuffix(".json"))
        return Told(200, {"order": order}) if order else Told(404, {"errors": "Not Found"})

    def _list(self, asked: Asked) -> Told:
        if "page_info" in asked.query:
            assert asked.query.keys() == {"page_info", "limit"}, "a cursor goes with nothing else"
            low, high, after = asked.query["page_info"].split("|")
        else:
            low, high, after = asked.query["updated_at_min"], asked.query["updated_at_max"], ""
            assert asked.query["status"] == "any"
        found = sorted(
            (str(order["updated_at"]), name, order)
            for name, order in self.orders.items()
            if low <= str(order["updated_at"]) <= high and f"{order['updated_at']}~{name}" > after
        )
        page, headers = found[: self.page], {}
        if len(found) > self.page:
            last = f"{page[-1][0]}~{page[-1][1]}"
            query = urlencode({"limit": 250, "page_info": f"{low}|{high}|{last}"})
            headers["Link"] = f'<https://elsewhere.example{ORDERS}?{query}>; rel="next"'
        if self.after_page:
            self.after_page.pop(0)()
        return Told(200, {"orders": [order for _, _, order in page]}, headers)

    def _hooks(self, asked: Asked) -> Told:
        if asked.method == "GET":
            return Told(
                200, {"webhooks": [h for h in self.webhooks if h["address"] == asked.query["address"]]}
            )
        hook = asked.json()["webhook"]
        if any((h["topic"], h["address"]) == (hook["topic"], hook["address"]) for h in self.webhooks):
            return Told(422, {"errors": {"address": ["for this topic has already been taken"]}})
        self.webhooks.append(hook)
        return Told(201, {"webhook": hook})

    def _graph(self, asked: dict[str, Any]) -> Told:
        if self.throttled:
            self.throttled -= 1
            bucket = {"maximumAvailable": 2000.0, "currentlyAvailable": 10.0, "restoreRate": 20.0}
            errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
            cost = {"requestedQueryCost": 50, "throttleStatus": bucket}
            return Told(200, {"errors": errors, "extensions": {"cost": cost}})
        query, variables = asked["query"], asked["variables"]
        if "discountCodeBasicCreate" in query:
            return self._create(variables["discount"])
        if "codeDiscountNodeByCode" in query:
            return Told(200, {"data": {"found": self._found(variables["code"])}})
        status = "ACTIVE" if "discountCodeActivate" in query else "EXPIRED"
        next(one for one in self.codes.values() if one["id"] == variables["id"])["status"] = status
        return _done()

    def _create(self, wanted: dict[str, Any]) -> Told:
        if wanted["code"].upper() in self.codes:
            return _done(
                {"field": ["basicCodeDiscount", "code"], "code": "TAKEN", "message": "Code must be unique."}
            )
        if wanted["customerGets"]["value"]["percentage"] > 1:
            return _done({"field": ["percentage"], "code": "VALUE_OUTSIDE_RANGE", "message": "Too much."})
        made = {"id": f"gid://shopify/DiscountCodeNode/{len(self.codes) + 1}", "status": "ACTIVE"}
        self.codes[wanted["code"].upper()] = {**made, **wanted}
        return _done()

    def _found(self, code: str) -> dict[str, Any] | None:
        known = self.codes.get(code.upper())
        return known and {
            "id": known["id"],
            "codeDiscount": {"title": known["title"], "status": known["status"]},
        }


def _done(*faults: dict[str, Any]) -> Told:
    return Told(200, {"data": {"done": {"codeDiscountNode": None, "userErrors": list(faults)}}})
