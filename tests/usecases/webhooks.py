"""Signed Shopify deliveries for the world of the tests."""

from __future__ import annotations

import base64
import hmac
from typing import Any

from tests import builders as make
from tests.worlds import SECRETS


def order_body(order_id: str, **changes: object) -> dict[str, Any]:
    """Return an order of two lines, 100.00 and 33.33, paid, from Cy's link."""
    values: dict[str, Any] = {
        "id": int(order_id),
        "created_at": "2026-11-11T09:00:00Z",
        "updated_at": "2026-11-11T09:01:00Z",
        "currency": "USD",
        "financial_status": "paid",
        "email": "somebody@shop.example",
        "landing_site": f"/?gv_click={make.CLICK_ID}",
        "line_items": [line(11, "100.00"), line(12, "33.33")],
    }
    return {**values, **changes}


def line(line_id: int, price: str, quantity: int = 1) -> dict[str, Any]:
    return {"id": line_id, "product_id": 501, "price": price, "quantity": quantity}


def refund_body(order_id: str, refund_id: str, *parts: tuple[str, str]) -> dict[str, Any]:
    lines = [
        {
            "line_item_id": int(line_id),
            "quantity": 1,
            "subtotal": float(amount),
            "subtotal_set": {"shop_money": {"amount": amount, "currency_code": "USD"}},
        }
        for line_id, amount in parts
    ]
    return {
        "id": int(refund_id),
        "order_id": int(order_id),
        "created_at": "2026-11-11T10:00:00Z",
        "refund_line_items": lines,
    }


def headers_of(raw: bytes, topic: str, secret: str = SECRETS.webhook_secrets[0]) -> dict[str, str]:
    return {
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode(),
    }
