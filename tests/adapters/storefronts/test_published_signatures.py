"""Published signatures, good and bad, against the adapters that speak their schemes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.adapters.storefronts.stripe import StripeCheckout
from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import ShopKeys, StorefrontAdapter
from tests.adapters.storefronts.samples import vectors

NOW = datetime(2026, 11, 11, tzinfo=UTC)


def verdict(
    adapter: StorefrontAdapter, vector: dict[str, Any], headers: dict[str, str], now: datetime
) -> bool:
    keys = ShopKeys(secrets=("another secret", vector["secret"]), domain="shop.example")
    try:
        adapter.verify(vector["body"].encode(), headers, keys, now)
    except UnauthenticatedError:
        return False
    return True


def test_shopifys_vectors_give_their_verdict() -> None:
    told = vectors("shopify-webhook")
    found = [
        verdict(Shopify(), vector, {"x-shopify-hmac-sha256": vector["signature"]}, NOW) for vector in told
    ]

    assert found == [vector["valid"] for vector in told]
    assert len(told) == 5


def test_stripes_vectors_give_their_verdict() -> None:
    told = vectors("stripe")
    found = [
        verdict(
            StripeCheckout(),
            vector,
            {"stripe-signature": vector["header"]},
            datetime.fromtimestamp(vector["timestamp"], UTC),
        )
        for vector in told
    ]

    assert found == [vector["valid"] for vector in told]
    assert len(told) == 3


def test_edge_86_stripes_good_vector_is_too_old_today() -> None:
    (good,) = [vector for vector in vectors("stripe") if vector["valid"]]

    assert not verdict(StripeCheckout(), good, {"stripe-signature": good["header"]}, NOW)
