"""Whatever comes, it is read, or refused in the ways that are documented; nothing else gets out."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.ports import Reading, ShopKeys, StorefrontAdapter
from grapevine.runtime.opening import StorefrontAdapters
from grapevine.runtime.wiring import SHOP_MODULES
from tests.adapters.storefronts import shopify_bodies as shopify
from tests.builders import T0

ADAPTERS: Mapping[str, StorefrontAdapter] = StorefrontAdapters(SHOP_MODULES)
KEYS = ShopKeys(secrets=("a secret of sixteen", ""), domain="loom.example")
TOPICS = {
    "shopify": (
        *("orders/create", "orders/paid", "orders/updated", "orders/edited", "orders/cancelled"),
        *("orders/fulfilled", "refunds/create", "customers/data_request", "customers/redact", "shop/redact"),
        *("app/uninstalled", "else"),
    ),
    "woocommerce": ("order.created", "order.updated", "order.deleted", "order.restored", "else"),
    "stripe": ("",),
}
HEADERS = {
    "shopify": ("x-shopify-hmac-sha256", "x-shopify-topic", "X-Shopify-Shop-Domain", "shopify-shop-domain"),
    "woocommerce": ("x-wc-webhook-signature", "X-WC-Webhook-Source", "x-wc-webhook-topic"),
    "stripe": ("stripe-signature", "Stripe-Signature"),
}
FIXTURES = Path(__file__).parent / "fixtures"
BODIES: dict[str, list[Any]] = {
    "shopify": [shopify.order(shopify.line(), refunds=[shopify.refund()]), shopify.refund()],
    **{
        platform: [json.loads(path.read_bytes()) for path in sorted((FIXTURES / platform).glob("*.json"))]
        for platform in ("woocommerce", "stripe")
    },
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**63, 10**30, 1.5, -0.0, 1e300, 1e-300]),
    st.text(max_size=12),
    st.sampled_from(
        ["", "12.50", "-1", "1e5", "99999999999999999999", "٣", "2026-11-11T09:00:00", "\ud800", "*"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
header_values = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"t=[0-9]{1,20},v1=[0-9a-f]{0,70}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9+/]{0,50}={0,2}", fullmatch=True),
    st.sampled_from(["https://[", "https://loom.example:99999/", "//", "loom.example"]),
)
each_platform = pytest.mark.parametrize("platform", sorted(BODIES))
bounded = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@each_platform
@bounded
@given(data=st.data())
def test_any_bytes_and_headers_are_read_or_refused(platform: str, data: st.DataObject) -> None:
    raw = data.draw(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
    headers = data.draw(
        st.dictionaries(st.sampled_from(HEADERS[platform]) | st.text(max_size=8), header_values)
    )
    adapter = ADAPTERS[platform]

    with contextlib.suppress(UnauthenticatedError):
        adapter.greet(raw, headers, KEYS, T0)
    with contextlib.suppress(UnauthenticatedError):
        adapter.verify(raw, headers, KEYS, T0)
    with contextlib.suppress(MalformedBodyError):
        assert adapter.normalise(adapter.opened(raw, headers, KEYS), adapter.topic(headers))


@each_platform
@bounded
@given(data=st.data())
def test_a_body_with_anything_anywhere_is_read_or_refused(platform: str, data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(BODIES[platform])))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(body, data)
    raw = json.dumps(body).encode()

    with contextlib.suppress(MalformedBodyError):
        events = ADAPTERS[platform].normalise(raw, data.draw(st.sampled_from(TOPICS[platform])))
        assert events
        for event in events:
            # What could not be read is never taken for an order without lines.
            assert not isinstance(event, Reading) or event.snapshot or event.refunds or event.problem


def _spoil(body: Any, data: st.DataObject) -> None:  # noqa: ANN401 - any JSON
    """Put any value in the place of one, or take one away."""
    node = body
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        inner = node[place]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        node = inner
    if isinstance(node, dict) and data.draw(st.booleans()):
        del node[place]
    else:
        node[place] = data.draw(values)
