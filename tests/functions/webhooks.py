"""Signed deliveries to the world's storefront."""

from __future__ import annotations

import json
from typing import Any

from chalice.test import Client, HTTPResponse

from tests import builders as make
from tests.adapters.storefronts import shopify_bodies as bodies
from tests.worlds import SECRETS

PATH = f"/storefronts/{make.STOREFRONT_ID}/webhooks"
SHOP = make.storefront().domain
JSON = "application/json"
CURRENT, PREVIOUS = SECRETS.webhook_secrets


def paid_order(**changes: object) -> dict[str, Any]:
    """An order of 100.00 that came through Cy's click."""
    placed_at = make.T0.isoformat()
    values = {
        "id": 1001,
        "created_at": placed_at,
        "updated_at": placed_at,
        "email": "Buyer@Example.com",
        "note_attributes": [{"name": "gv_click", "value": make.CLICK_ID}],
    }
    return bodies.order(bodies.line(price="100.00"), **{**values, **changes})


def raw(body: object) -> bytes:
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = CURRENT, **changes: str | None) -> dict[str, str]:
    """Headers as Shopify sends them; None among the changes leaves one out."""
    values = {"hmac-sha256": bodies.signature(body, secret), "topic": "orders/paid", "shop-domain": SHOP}
    sent = {f"X-Shopify-{name}": value for name, value in {**values, **changes}.items()}
    return {name: value for name, value in sent.items() if value is not None} | {"Content-Type": JSON}


def deliver(
    place_order: Client, body: bytes, headers: dict[str, str] | None = None, path: str = PATH
) -> HTTPResponse:
    return place_order.http.post(path, headers=signed(body) if headers is None else headers, body=body)
