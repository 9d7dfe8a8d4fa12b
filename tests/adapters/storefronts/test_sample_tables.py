"""Every sample of Shopify, WooCommerce and Stripe against values that were worked out by hand.

The numbers are typed off the bodies, line by line: amounts in minor units, quantities in thousandths.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.adapters.storefronts.stripe import StripeCheckout
from grapevine.adapters.storefronts.woocommerce import WooCommerce
from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import WHOLE_ORDER, Payment, Refund, Snapshot
from grapevine.ports import Ignored, NeedsFetch, Reading
from tests.adapters.storefronts.samples import (
    OLD_ORDERS,
    ORDERS,
    REFUNDS,
    SHOPIFY,
    STRIPE,
    WOOCOMMERCE,
    each,
    names_in,
    sample,
    sample_json,
)

SHOPIFY_ADAPTER, WOO_ADAPTER, STRIPE_ADAPTER = Shopify(), WooCommerce(), StripeCheckout()


class Row(NamedTuple):
    """A line: id, product, SKU, thousandths, before discounts, discounts, tax inside, tax on top."""

    id: str
    product: str | None
    sku: str | None
    milli: int
    gross: int
    off: int = 0
    inside: int = 0
    on_top: int = 0


class Hand(NamedTuple):
    """An order as a person reads it."""

    order_id: str
    currency: str
    payment: Payment
    lines: tuple[Row, ...]
    codes: tuple[str, ...] = ()
    shipping: int = 0
    test: bool = False


IPODS = (
    Row("466157049", "632910392", "IPOD2008GREEN", 1000, 199_00, 3_34, 0, 3_98),
    Row("518995019", "632910392", "IPOD2008RED", 1000, 199_00, 3_33, 0, 3_98),
    Row("703073504", "632910392", "IPOD2008BLACK", 1000, 199_00, 3_33, 0, 3_98),
)
PLAIN_IPODS = tuple(row._replace(off=0, on_top=0) for row in IPODS)
IPOD2009 = ("921728736", "IPOD2009BLACK", 1000, 199_00)
WOO_727 = (Row("315", "93", None, 2000, 6_00, 0, 0, 45), Row("316", "22", "Bar3", 1000, 12_00, 0, 0, 90))
WOO_723 = (Row("311", "87", None, 1000, 9_00), Row("313", "34", None, 1000, 20_00))

SHOPIFY_TABLE = {
    "order_2022-04_full.json": Hand("450789469", "USD", Payment.PARTIALLY_REFUNDED, IPODS, ("TENOFF",)),
    "order_2026-07_cancelled.json": Hand("450789469", "USD", Payment.PARTIALLY_REFUNDED, IPODS, ("TENOFF",)),
    "order_2026-07_created_v15.json": Hand(
        "1073459976", "EUR", Payment.PAID, (Row("1071823188", None, None, 3000, 224_97, 0, 0, 13_50),)
    ),
    "order_2026-07_created_v16.json": Hand(
        "1073459980", "USD", Payment.PARTIALLY_PAID, (Row("1071823192", *IPOD2009),)
    ),
    "order_2026-07_created_v18.json": Hand(
        "1073459972", "USD", Payment.PAID, (Row("1071823184", *IPOD2009),)
    ),
    "order_2026-07_created_v20.json": Hand(
        "1073459975", "USD", Payment.PAID, (Row("1071823187", *IPOD2009),)
    ),
    "order_2026-07_created_v21.json": Hand(
        "1073459970", "USD", Payment.PAID, (Row("1071823182", "632910392", "IPOD2008BLACK", 1000, 199_00),)
    ),
    "order_2026-07_full_discount_partially_refunded.json": Hand(
        "450789469", "USD", Payment.PARTIALLY_REFUNDED, IPODS, ("TENOFF",)
    ),
    "go_order_with_transaction.json": Hand(
        "123456",
        "USD",
        Payment.VOIDED,
        (Row("254721536", "111475476", None, 1000, 0), Row("5", "5410685889", None, 1000, 5_00)),
        shipping=10_00,
        test=True,
    ),
    "py_order.json": Hand("450789469", "USD", Payment.AUTHORIZED, PLAIN_IPODS, ("TENOFF",)),
}
SHOPIFY_REFUNDS = {
    "refund_2026-07_v0.json": [("703073504", 1000, 195_66, 3_98), ("466157049", 1000, 195_67, 3_98)],
    "refund_2026-07_v1.json": [("518995019", 1000, 0, 0)],
    "refund_2026-07_v3.json": [("703073504", 1000, 195_66, 3_98), ("466157049", 1000, 195_67, 3_98)],
}
WOO_TABLE = {
    "docs_v3_orders_0.json": [Hand("727", "USD", Payment.PAID, WOO_727, shipping=10_00)],
    "docs_v3_orders_2.json": [
        Hand("727", "USD", Payment.PAID, WOO_727, shipping=10_00),
        Hand("723", "USD", Payment.PARTIALLY_REFUNDED, WOO_723, shipping=10_00),
    ],
    "docs_v3_orders_3.json": [Hand("727", "USD", Payment.PAID, WOO_727, shipping=10_00)],
}
STRIPE_TABLE = {
    "rubymock_checkout.session.completed.json": Hand(
        "pi_000000000000000000000000",
        "USD",
        Payment.PAID,
        (Row("total", None, None, 1000, 30_00),),
        test=True,
    ),
}
NOT_CHECKOUT = "a charge without a payment intent is not from Checkout"
STRIPE_IGNORED = {
    "openapi_charge.json": "no event",
    "openapi_checkout.session.json": "no event",
    "rubymock_charge.dispute.created.json": NOT_CHECKOUT,
    "rubymock_charge.refund.updated.json": NOT_CHECKOUT,
    "rubymock_charge.refunded.json": NOT_CHECKOUT,
    "rubymock_charge.succeeded.json": "not an event of ours",
    "rubymock_invoice.paid.json": "not an event of ours",
    "rubymock_payment_intent.succeeded.json": "not an event of ours",
    "rubymock_payout.created.json": "not an event of ours",
    "rubymock_payout.paid.json": "not an event of ours",
}


def in_hand(reading: Reading) -> Hand:
    """Return a reading as the table has it."""
    assert reading.problem is None
    told = reading.snapshot
    assert told
    assert told.lines is not None
    assert told.currency
    assert told.payment
    return Hand(
        reading.order_id,
        told.currency,
        told.payment,
        _rows(told),
        told.coupon_codes or (),
        _shipping(told),
        told.test,
    )


def _rows(told: Snapshot) -> tuple[Row, ...]:
    return tuple(
        Row(
            line.id,
            line.product_id,
            line.sku,
            line.quantity_milli,
            line.gross_minor,
            line.discount_minor,
            line.tax_minor,
            line.added_tax_minor,
        )
        for line in told.lines or ()
    )


def _shipping(told: Snapshot) -> int:
    return sum(line.gross_minor for line in told.charges or ())


def back_of(refunds: tuple[Refund, ...]) -> dict[str, list[tuple[str, int, int, int]]]:
    return {
        refund.id: [
            (line.line_id, line.quantity_milli, line.subtotal_minor, line.tax_minor) for line in refund.lines
        ]
        for refund in refunds
    }


def test_every_file_is_in_a_table() -> None:
    assert names_in("shopify") == sorted(SHOPIFY)
    assert names_in("woocommerce") == sorted(WOOCOMMERCE)
    assert names_in("stripe") == sorted(STRIPE) == sorted({*STRIPE_TABLE, *STRIPE_IGNORED})
    assert sorted(SHOPIFY_TABLE) == sorted([*ORDERS, *OLD_ORDERS])
    assert sorted(SHOPIFY_REFUNDS) == sorted(REFUNDS)


@each(*SHOPIFY_TABLE)
def test_shopifys_orders(name: str) -> None:
    (reading,) = SHOPIFY_ADAPTER.normalise(sample(f"shopify/{name}"), "orders/updated")

    assert isinstance(reading, Reading)
    assert in_hand(reading) == SHOPIFY_TABLE[name]


@each(*SHOPIFY_REFUNDS)
def test_shopifys_refunds(name: str) -> None:
    (reading,) = SHOPIFY_ADAPTER.normalise(sample(f"shopify/{name}"), "refunds/create")

    assert isinstance(reading, Reading)
    assert list(back_of(reading.refunds).values()) == [SHOPIFY_REFUNDS[name]]


@each(*WOO_TABLE)
def test_woocommerces_orders(name: str) -> None:
    told: Any = sample_json(f"woocommerce/{name}")
    orders = told if isinstance(told, list) else [told]
    readings = [
        WOO_ADAPTER.normalise(json.dumps(order, default=float).encode(), "order.updated")[0]
        for order in orders
    ]

    assert [in_hand(reading) for reading in readings if isinstance(reading, Reading)] == WOO_TABLE[name]


def test_an_order_of_woocommerces_with_refunds_asks_for_their_lines() -> None:
    order = sample_json("woocommerce/docs_v3_orders_2.json")[1]  # type: ignore[index]

    reading, fetch = WOO_ADAPTER.normalise(json.dumps(order, default=float).encode(), "order.updated")

    assert isinstance(reading, Reading)
    assert back_of(reading.refunds) == {
        "726": [(WHOLE_ORDER, 0, 10_00, 0)],
        "724": [(WHOLE_ORDER, 0, 9_00, 0)],
    }
    assert fetch == NeedsFetch(order_id="723", reason="refunds without their lines")


def test_woocommerces_refunds_as_they_are_fetched_with_their_order() -> None:
    order = sample_json("woocommerce/docs_v3_orders_2.json")[1]  # type: ignore[index]
    fetched = order | {"refunds": sample_json("woocommerce/docs_v3_order-refunds_2.json")}

    (reading,) = WOO_ADAPTER.normalise(json.dumps(fetched, default=float).encode(), "order.updated")

    assert isinstance(reading, Reading)
    assert back_of(reading.refunds) == {
        "726": [(WHOLE_ORDER, 0, 10_00, 0)],
        "724": [("311", 1000, 9_00, 0), (WHOLE_ORDER, 0, 0, 0)],
    }


def test_a_refund_of_woocommerces_alone_is_no_order() -> None:
    (reading,) = WOO_ADAPTER.normalise(sample("woocommerce/docs_v3_order-refunds_0.json"), "order.updated")

    assert isinstance(reading, Reading)
    assert reading.problem == "currency: missing"
    assert reading.snapshot is None


@each("docs_v3_coupons_0.json", "docs_v3_coupons_2.json")
@pytest.mark.parametrize("topic", ["coupon.created", "coupon.updated"])
def test_woocommerces_coupons_are_nothing_for_us(name: str, topic: str) -> None:
    assert WOO_ADAPTER.normalise(sample(f"woocommerce/{name}"), topic) == (
        Ignored(reason="not a topic of ours"),
    )


@each("docs_v3_coupons_2.json", "docs_v3_order-refunds_2.json", "docs_v3_orders_2.json")
def test_a_list_is_no_delivery_of_woocommerces(name: str) -> None:
    with pytest.raises(MalformedBodyError, match="not a JSON object"):
        WOO_ADAPTER.normalise(sample(f"woocommerce/{name}"), "order.updated")


@each(*STRIPE_TABLE)
def test_stripes_sessions(name: str) -> None:
    (reading,) = STRIPE_ADAPTER.normalise(sample(f"stripe/{name}"), "")

    assert isinstance(reading, Reading)
    assert in_hand(reading) == STRIPE_TABLE[name]


@each(*STRIPE_IGNORED)
def test_stripes_events_that_are_not_ours(name: str) -> None:
    assert STRIPE_ADAPTER.normalise(sample(f"stripe/{name}"), "") == (Ignored(reason=STRIPE_IGNORED[name]),)
