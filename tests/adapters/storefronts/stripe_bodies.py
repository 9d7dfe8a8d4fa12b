"""Stripe's events of our own, and how they are signed."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any

from grapevine.adapters.storefronts.stripe import StripeCheckout
from grapevine.domain.facts import Snapshot
from grapevine.ports import Reading, ShopEvent
from tests.adapters.storefronts.samples import fixture
from tests.builders import T0

STRIPE = StripeCheckout()
SECRET = "whsec_a_secret_of_the_tests"


def event(name: str, **changes: object) -> dict[str, Any]:
    """Return one of our fixtures, with changes of the thing that it is about."""
    values: dict[str, Any] = json.loads(fixture(f"stripe/{name}.json"))
    values["data"]["object"].update(changes)
    return values


def events(values: object) -> tuple[ShopEvent, ...]:
    return STRIPE.normalise(json.dumps(values).encode(), "")


def reading(values: object) -> Reading:
    """Return what an event says of its order."""
    first = events(values)[0]
    assert isinstance(first, Reading)
    return first


def snapshot(values: object) -> Snapshot:
    read = reading(values)
    assert read.problem is None
    assert read.snapshot
    return read.snapshot


def signature(raw: bytes, at: datetime = T0, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), f"{int(at.timestamp())}.".encode() + raw, "sha256").hex()


def headers(raw: bytes, at: datetime = T0, secret: str = SECRET) -> dict[str, str]:
    return {"stripe-signature": f"t={int(at.timestamp())},v1={signature(raw, at, secret)},v0=none"}
