"""Bodies that Shopify and its libraries published, through the adapter and on to the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.clicks import Click
from grapevine.domain.errors import MalformedBodyError, OrderUnprocessableError
from grapevine.domain.plans import Plan
from grapevine.ports import Reading
from grapevine.usecases.place_order import Placed, Receipt
from grapevine_sim.deliveries import sign
from grapevine_sim.plans import Delivery
from tests.adapters.storefronts.samples import (
    OLD_ORDERS,
    OLD_REFUNDS,
    ORDERS,
    REFUNDS,
    SHOPIFY,
    each,
    sample,
    sample_json,
    samples_folder,
)
from tests.adapters.storefronts.shopify_bodies import CLICK_ID, SECRET, SHOP
from tests.adapters.storefronts.shopify_bodies import SHOPIFY as ADAPTER
from tests.simulator.memory_shop import PROGRAM_ID, MemoryShop

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 11, tzinfo=UTC)
RATE_BPS = 1000


def shop_in(currency: str) -> MemoryShop:
    plan = Plan(version=1, effective_at=EPOCH, rate_bps=(RATE_BPS,))
    shop = MemoryShop(currency=currency, domain=SHOP, secrets=(SECRET,), plan=plan)
    shop.add_promoter("ana", "ana@promoters.example", None, EPOCH)
    return shop


def taken(shop: MemoryShop, raw: bytes, topic: str) -> Placed:
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Hmac-Sha256": sign(raw, SECRET),
    }
    return shop.take(Delivery(order="", order_id="", topic=topic, raw=raw, headers=headers), NOW)


def test_every_file_of_the_folder_is_tried_by_name() -> None:
    assert sorted(path.name for path in (samples_folder() / "shopify").glob("*.json")) == sorted(SHOPIFY)


@each(*ORDERS, *OLD_ORDERS)
@pytest.mark.parametrize("topic", ["orders/create", "orders/paid", "orders/updated", "orders/fulfilled"])
def test_an_order_is_appended_and_posted(name: str, topic: str) -> None:
    body = sample_json(f"shopify/{name}")
    order = body.get("order", body)

    placed = taken(shop_in(order["currency"]), sample(f"shopify/{name}"), topic)

    assert (placed.receipt, placed.problem) == (Receipt.APPENDED, None)
    assert [key.order_id for key in placed.orders] == [str(order["id"])]


@each(*REFUNDS)
def test_a_refund_is_appended_and_waits_for_its_order(name: str) -> None:
    shop = shop_in("USD")

    placed = taken(shop, sample(f"shopify/{name}"), "refunds/create")

    assert (placed.receipt, placed.problem) == (Receipt.APPENDED, None)
    assert shop.ledger.appended == []


@each(*OLD_REFUNDS)
def test_a_refund_of_old_without_amounts_waits_for_a_person(name: str) -> None:
    shop = shop_in("USD")

    with pytest.raises(OrderUnprocessableError, match=r"needs_fetch: no refund_line_items\[0\].subtotal"):
        taken(shop, sample(f"shopify/{name}"), "refunds/create")

    assert len(shop.raw_bodies.kept) == 1


def test_a_checkout_is_not_an_order() -> None:
    placed = taken(shop_in("USD"), sample("shopify/abandoned_checkout_2026-07.json"), "checkouts/create")

    assert placed.receipt is Receipt.IGNORED


def test_a_line_alone_tells_too_little_of_an_order() -> None:
    with pytest.raises(OrderUnprocessableError, match="needs_fetch: no instant in the body"):
        taken(shop_in("USD"), sample("shopify/lineitem_valid.json"), "orders/updated")


def test_a_body_without_an_id_is_malformed() -> None:
    with pytest.raises(MalformedBodyError, match="id: missing"):
        taken(shop_in("USD"), sample("shopify/lineitem_properties_object.json"), "orders/updated")


@each(*ORDERS)
def test_the_lines_lead_to_the_orders_total(name: str) -> None:
    order = sample_json(f"shopify/{name}")

    (reading,) = ADAPTER.normalise(sample(f"shopify/{name}"), "orders/paid")

    assert isinstance(reading, Reading)
    assert reading.snapshot is not None
    lines = reading.snapshot.lines or ()
    goods = Decimal(sum(line.gross_minor - line.discount_minor for line in lines)) / 100
    shipping = sum(Decimal(shipping["discounted_price"]) for shipping in order["shipping_lines"])
    tax = Decimal(0) if order["taxes_included"] else Decimal(order["total_tax"])
    assert Decimal(order["total_price"]) == goods + shipping + tax + Decimal(order["total_tip_received"])
    assert Decimal(order["total_discounts"]) == Decimal(sum(line.discount_minor for line in lines)) / 100


@each(*ORDERS)
def test_a_click_on_a_sample_order_earns_its_share(name: str) -> None:
    order = sample_json(f"shopify/{name}")
    order["note_attributes"].append({"name": "gv_click", "value": CLICK_ID})
    shop = shop_in(order["currency"])
    shop.clicks.record(_click_before(order))

    taken(shop, json.dumps(order, default=float).encode(), "orders/updated")

    earns = order["cancelled_at"] is None and order["financial_status"] != "partially_paid"
    # The samples are older than any hold, and the order was screened: it is payable at once.
    assert shop.balances(Leaf.PAYABLE) == ({"ana": _commission(order)} if earns else {})


def _click_before(order: dict[str, Any]) -> Click:
    at = datetime.fromisoformat(order["created_at"]).astimezone(UTC) - timedelta(hours=1)
    return Click(
        id=CLICK_ID,
        link_code="ana",
        program_id=PROGRAM_ID,
        promoter_id="ana",
        upline=(),
        occurred_at=at,
        recorded_at=at,
        user_agent="a browser",
    )


def _commission(order: dict[str, Any]) -> int:
    """A tenth of what was bought, less a tenth of what went back, each line rounded by itself.

    The samples' lines are all returned whole or not at all, so nothing else can round.
    """
    back = {line["line_item_id"] for refund in order["refunds"] for line in refund["refund_line_items"]}
    kept = [
        Decimal(line["price"]) * line["quantity"]
        - sum(Decimal(part["amount"]) for part in line["discount_allocations"])
        for line in order["line_items"]
        if line["id"] not in back
    ]
    return round(Decimal(sum(kept)) * 100 * RATE_BPS / 10_000)
