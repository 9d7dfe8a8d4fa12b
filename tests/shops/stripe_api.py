"""Stripe's API as its pages have it behave: sessions by payment, events newest first, by a cursor."""

from __future__ import annotations

from typing import Any

from tests.rails.weather import Asked, Told

KEY = "rk_live_test"
V1 = "/v1"


class StripeApi:
    """The rules, and what came of them; `page` is the most that a page holds here."""

    def __init__(self) -> None:
        self.sessions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.page = 2

    def rules(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Told(401, {"error": {"type": "invalid_request_error"}})
        path = asked.path.removeprefix(V1)
        if path == "/events":
            return self._events(asked)
        if path == "/checkout/sessions":
            named = {
                name: asked.query[name] for name in ("payment_intent", "subscription") if name in asked.query
            }
            found = [one for one in self.sessions if named.items() <= _names(one).items()]
            return Told(200, {"object": "list", "data": found[:1], "has_more": False})
        name = path.removeprefix("/checkout/sessions/")
        one = next((one for one in self.sessions if one["id"] == name), None)
        return Told(200, one) if one else Told(404, {"error": {"code": "resource_missing"}})

    def _events(self, asked: Asked) -> Told:
        low, high = int(asked.query["created[gte]"]), int(asked.query["created[lte]"])
        found = [one for one in self.events if low <= one["created"] <= high]
        found.sort(key=lambda one: -one["created"])
        names = [one["id"] for one in found]
        first = names.index(asked.query["starting_after"]) + 1 if "starting_after" in asked.query else 0
        page = found[first : first + min(self.page, int(asked.query["limit"]))]
        return Told(200, {"object": "list", "data": page, "has_more": first + len(page) < len(found)})


def _names(session: dict[str, Any]) -> dict[str, str]:
    """Return what a session is found by; what is expanded is the thing itself."""
    intent = session["payment_intent"]
    name = intent["id"] if isinstance(intent, dict) else intent
    return {"payment_intent": name, "subscription": session.get("subscription")}
