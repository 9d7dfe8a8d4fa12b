"""A subscriber of the deployed house is told of an order's commission: signed, and in order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from grapevine_sim.day import until
from grapevine_sim.web import request
from tests.adapters.storefronts import shopify_bodies as bodies
from tests.e2e.conftest import HOST, House
from tests.subscribers import Subscriber, subscriber


def test_what_happens_reaches_a_subscriber_signed_and_in_order(house: House) -> None:
    program = house.program()
    storefront, path = house.storefront(program), f"/programs/{program}"
    with subscriber() as shop_system:
        made = house.console.post(f"{path}/webhooks", {"url": shop_system.url})
        assert pinged(house, f"{path}/webhooks/{made['id']}/ping") == {
            "arrived": True,
            "status": 204,
            "error": None,
        }
        promoter = house.console.post(f"{path}/promoters", {"name": "Ana", "email": "ana@told.example"})["id"]
        house.console.post(f"{path}/promoters/{promoter}/coupons", {"code": "ANA-TOLD"})
        assert house.deliver(storefront, paid_order(), "orders/paid").status == 200
        until(lambda: "commission.accrued" in types(shop_system), "the commission to be told")
        events = verified(shop_system, made["secret"])
    assert {"webhook.ping", "promoter.joined", "commission.accrued"} <= {one["type"] for one in events}
    (accrued,) = (one for one in events if one["type"] == "commission.accrued")
    assert accrued["data"]["amount"] == "10.00"
    by_aggregate: dict[str, list[int]] = {}
    for one in events:
        if one["type"] != "webhook.ping":
            by_aggregate.setdefault(str(one["aggregate"]), []).append(one["sequence"])
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_aggregate.values())


def pinged(house: House, path: str) -> Any:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {house.console.api_key}", "Content-Type": "application/json"}
    return json.loads(request("POST", house.console.url + path, b"{}", headers).body)


def paid_order() -> bytes:
    now = datetime.now(UTC).isoformat()
    changes: dict[str, Any] = {"created_at": now, "updated_at": now, "landing_site": f"https://{HOST}/"}
    line = bodies.line(1, price_set=None, price="100.00")
    return json.dumps(bodies.order(line, id=2001, **changes, discount_codes=[{"code": "ANA-TOLD"}])).encode()


def types(shop_system: Subscriber) -> set[str]:
    return {json.loads(one.body)["type"] for one in shop_system.received}


def verified(shop_system: Subscriber, secret: str) -> list[dict[str, Any]]:
    """Return what came, each once and with a good signature."""
    found: dict[str, dict[str, Any]] = {}
    for one in shop_system.received:
        event = Webhook(secret).verify(one.body, dict(one.headers))
        found.setdefault(one.headers["webhook-id"], event)
    return list(found.values())
