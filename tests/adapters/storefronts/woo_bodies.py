"""WooCommerce's bodies of our own, and how they are signed."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from grapevine.adapters.storefronts.woocommerce import WooCommerce
from grapevine.domain.facts import Snapshot
from grapevine.ports import Reading, ShopEvent
from tests.adapters.storefronts.samples import fixture

WOO = WooCommerce()
SHOP = "loom.example"
SECRET = "a secret of sixteen"


def body(name: str, **changes: object) -> dict[str, Any]:
    """Return one of our fixtures, with changes."""
    values: dict[str, Any] = json.loads(fixture(f"woocommerce/{name}.json"))
    return {**values, **changes}


def events(values: object, topic: str = "order.updated") -> tuple[ShopEvent, ...]:
    return WOO.normalise(json.dumps(values).encode(), topic)


def reading(values: object, topic: str = "order.updated") -> Reading:
    """Return what a body says of its order."""
    first = events(values, topic)[0]
    assert isinstance(first, Reading)
    return first


def snapshot(values: object) -> Snapshot:
    read = reading(values)
    assert read.problem is None
    assert read.snapshot
    return read.snapshot


def problem(values: object) -> str:
    read = reading(values)
    assert read.problem
    return read.problem


def signature(raw: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()


def headers(raw: bytes, topic: str = "order.updated", **changes: str) -> dict[str, str]:
    """Return the headers of a delivery; two in one second share their delivery's id."""
    values = {
        "signature": signature(raw),
        "topic": topic,
        "source": f"https://{SHOP}/",
        "delivery-id": "5f2f0c6ff9d8a54cbbae2aa0cd4b4db0",
        **changes,
    }
    return {f"x-wc-webhook-{name}": value for name, value in values.items()}
