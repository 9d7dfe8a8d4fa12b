"""Our bodies have the shape of Shopify's, and their sums add up as Shopify's do."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from grapevine_sim.deliveries import each_once
from grapevine_sim.market import world
from grapevine_sim.plans import Run
from tests.adapters.storefronts.samples import MODERN_ORDERS, REFUNDS, sample_json

MARKET = world()
RUN = Run(
    opened_at=datetime(2026, 11, 11, 14, tzinfo=UTC), click_ids={c.key: f"id-{c.key}" for c in MARKET.clicks}
)
SENT = each_once(MARKET, RUN, Random(0))
ORDERS = [json.loads(delivery.raw) for delivery in SENT if delivery.topic != "refunds/create"]
REFUND_BODIES = [json.loads(delivery.raw) for delivery in SENT if delivery.topic == "refunds/create"]
ONLY_OURS = frozenset({"order_adjustments[]"})
"""What no sample shows: the adjustment of a refund for shipping alone."""

Keys = Mapping[str, frozenset[str]]


def key_sets(bodies: Iterable[object]) -> Keys:
    """The names that occur in the objects at each path."""
    found: dict[str, set[str]] = defaultdict(set)
    for body in bodies:
        for path, names in objects(body, ""):
            found[path] |= names
    return {path: frozenset(names) for path, names in found.items()}


def objects(value: object, path: str) -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(value, dict):
        yield path, frozenset(value)
        for name, member in value.items():
            yield from objects(member, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from objects(item, f"{path}[]")


def without_ours(keys: Keys) -> Keys:
    return {path: names for path, names in keys.items() if not any(part in path for part in ONLY_OURS)}


def test_our_orders_have_the_keys_of_the_samples() -> None:
    theirs = key_sets(sample_json(f"shopify/{name}") for name in MODERN_ORDERS)

    assert without_ours(key_sets(ORDERS)) == theirs


def test_our_refunds_have_the_keys_of_the_samples() -> None:
    theirs = key_sets(sample_json(f"shopify/{name}") for name in REFUNDS)

    assert without_ours(key_sets(REFUND_BODIES)) == theirs


@pytest.mark.parametrize("kind", ["orders", "refunds"])
def test_our_values_are_of_the_samples_types(kind: str) -> None:
    ours = ORDERS if kind == "orders" else REFUND_BODIES
    names = MODERN_ORDERS if kind == "orders" else REFUNDS
    theirs = types_by_path(sample_json(f"shopify/{name}") for name in names)

    odd = {
        path: (sorted(types), sorted(theirs[path]))
        for path, types in types_by_path(ours).items()
        if path in theirs and theirs[path] != {"NoneType"} and not types - {"NoneType"} <= theirs[path]
    }
    assert odd == {}


def types_by_path(bodies: Iterable[object]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for body in bodies:
        for path, value in leaves(body, ""):
            found[path].add(type(value).__name__.replace("Decimal", "float"))
    return found


def leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[]")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order['name']}-{order['updated_at']}")
def test_an_orders_total_is_its_lines_shipping_tax_and_tip(order: dict[str, Any]) -> None:
    goods = sum(cents(line["price"]) * line["quantity"] for line in order["line_items"])
    off = sum(cents(part["amount"]) for line in order["line_items"] for part in line["discount_allocations"])
    shipping = sum(cents(line["discounted_price"]) for line in order["shipping_lines"])
    tax = 0 if order["taxes_included"] else cents(order["total_tax"])

    assert cents(order["total_price"]) == goods - off + shipping + tax + cents(order["total_tip_received"])
    assert cents(order["total_discounts"]) == off


def test_a_json_number_in_a_refund_is_its_set_to_the_cent() -> None:
    lines = [line for body in REFUND_BODIES for line in body["refund_line_items"]]

    assert lines
    for line in lines:
        assert round(line["subtotal"] * 100) == cents(line["subtotal_set"]["shop_money"]["amount"])


def cents(amount: str) -> int:
    assert amount[-3] == "."
    return int(amount.replace(".", ""))
