"""Small Shopify bodies and signed headers for the adapter's tests."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.domain.facts import Snapshot
from grapevine.ports import NeedsFetch, Reading

SECRET, OLD_SECRET = "shpss_new", "shpss_old"
SHOP = "orchard.myshopify.com"
CLICK_ID = "2" * 22 + "-" + "b" * 20
OTHER_CLICK_ID = "3" * 22 + "-" + "c" * 20
UPDATED_AT = "2026-11-11T09:00:00-05:00"
SHOPIFY = Shopify()


def signature(raw: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()


def headers(raw: bytes, family: str = "x-shopify-", **changes: str) -> dict[str, str]:
    values = {"hmac-sha256": signature(raw), "topic": "orders/paid", "shop-domain": SHOP}
    return {family + name: value for name, value in {**values, **changes}.items()}


def money(amount: str, currency: str = "USD", presentment: str = "EUR") -> dict[str, Any]:
    """An amount whose other currency must never be read."""
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": "999.99", "currency_code": presentment},
    }


def line(id_: int = 11, price: str = "20.00", quantity: int = 1, **changes: object) -> dict[str, Any]:
    values = {"id": id_, "product_id": 501, "sku": "PAN", "price": price, "quantity": quantity}
    return {**values, "price_set": money(price), "discount_allocations": [], "tax_lines": [], **changes}


def order(*lines: dict[str, Any], **changes: object) -> dict[str, Any]:
    values = {
        "id": 9007199254740993,
        "created_at": "2026-11-11T08:55:00-05:00",
        "updated_at": UPDATED_AT,
        "currency": "USD",
        "financial_status": "paid",
        "taxes_included": False,
        "line_items": list(lines) or [line()],
    }
    return {**values, **changes}


def refund_line(
    line_id: int = 11, amount: str = "20.00", quantity: int = 1, **changes: object
) -> dict[str, Any]:
    values = {"id": 71, "line_item_id": line_id, "quantity": quantity, "subtotal": 7.77}
    return {**values, "subtotal_set": money(amount), **changes}


def refund(*lines: dict[str, Any], **changes: object) -> dict[str, Any]:
    values = {
        "id": 61,
        "order_id": 9007199254740993,
        "created_at": "2026-11-12T10:00:00Z",
        "processed_at": "2026-11-12T11:00:00Z",
        "refund_line_items": list(lines) or [refund_line()],
    }
    return {**values, **changes}


def parcel(
    shipment: str | None = "delivered", updated_at: str = "2026-11-14T09:00:00Z", **changes: object
) -> dict[str, Any]:
    return {"status": "success", "shipment_status": shipment, "updated_at": updated_at, **changes}


def normalised(body: object, topic: str = "orders/paid") -> Reading:
    """What a body says of its order; one that says too little also asks to be fetched."""
    reading, *fetches = SHOPIFY.normalise(json.dumps(body).encode(), topic)
    assert isinstance(reading, Reading)
    is_wanted = bool(reading.problem and reading.problem.startswith("needs_fetch"))
    assert [isinstance(fetch, NeedsFetch) for fetch in fetches] == [True] * is_wanted
    return reading


def snapshot(body: object, topic: str = "orders/paid") -> Snapshot:
    reading = normalised(body, topic)
    assert reading.problem is None
    assert reading.snapshot is not None
    return reading.snapshot


def problem(body: object, topic: str = "orders/paid") -> str:
    """The problem of a body that cannot be right."""
    reading = normalised(body, topic)
    assert reading.problem is not None
    return reading.problem
