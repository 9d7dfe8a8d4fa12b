"""What Shopify charges beside the items, what of that goes back, and what it was paid with."""

from __future__ import annotations

from typing import Any

import pytest

from grapevine.domain.facts import Component, Line, RefundLine, Tender, TenderKind
from tests.adapters.storefronts.shopify_bodies import (
    line,
    money,
    normalised,
    order,
    problem,
    refund,
    refund_line,
    snapshot,
)


def shipping(price: str = "10.00", **changes: object) -> dict[str, Any]:
    return {"id": 7, "price": price, "price_set": money(price), "discount_allocations": [], **changes}


def tax(amount: str) -> list[dict[str, Any]]:
    return [{"price": amount, "price_set": money(amount)}]


def charges(**changes: object) -> tuple[Line, ...]:
    told = snapshot(order(**changes)).charges
    assert told is not None
    return told


def test_a_body_that_names_no_charges_tells_nothing_of_them() -> None:
    told = snapshot(order())
    assert (told.charges, told.tenders) == (None, None)


def test_no_charges_are_known_to_be_none() -> None:
    assert charges(shipping_lines=[], total_tip_received="0.00") == ()


@pytest.mark.parametrize(("inside", "net", "added"), [(False, 1300, 120), (True, 1180, 0)])
def test_all_shipping_is_one_line_net_of_its_discounts(inside: bool, net: int, added: int) -> None:
    discount = [{"amount": "2.00", "amount_set": money("2.00")}]
    lines = [
        shipping(discount_allocations=discount, tax_lines=tax("1.20")),
        shipping("5.00"),
        shipping("99.00", is_removed=True),
        {"id": None, "title": "no price"},
    ]
    (told,) = charges(shipping_lines=lines, taxes_included=inside)
    assert (told.id, told.component, told.quantity_milli) == ("shipping", Component.SHIPPING, 0)
    assert (told.net_minor, told.added_tax_minor, told.base_minor) == (net, added, 0)


def test_a_tip_is_a_line() -> None:
    (told,) = charges(total_tip_received="3.50")
    assert (told.id, told.component, told.net_minor, told.base_minor) == ("tip", Component.TIP, 350, 0)


def test_a_charge_that_cannot_be_right_is_a_problem_with_its_place() -> None:
    assert problem(order(shipping_lines=[shipping("-1.00")])).startswith("shipping_lines[0].price")
    assert problem(order(total_tip_received="1,00")).startswith("total_tip_received")


def test_tax_on_top_is_kept_beside_the_price() -> None:
    (told,) = snapshot(order(line(tax_lines=tax("1.65")))).lines or ()
    assert (told.net_minor, told.tax_minor, told.added_tax_minor) == (2000, 0, 165)


# --- refunds -------------------------------------------------------------------------------------


def refunded(**changes: object) -> tuple[RefundLine, ...]:
    (read,) = normalised(order(refunds=[refund(**{"refund_line_items": [], **changes})])).refunds
    return read.lines


def back(subtotal_minor: int, tax_minor: int) -> RefundLine:
    return RefundLine(
        line_id="shipping", quantity_milli=0, subtotal_minor=subtotal_minor, tax_minor=tax_minor
    )


def test_edge_10_shipping_that_goes_back_is_told_in_two_forms() -> None:
    older = [
        {"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "-0.40"},
        {"kind": "refund_discrepancy", "amount": "-9.00", "tax_amount": "0.00"},
    ]
    newer = [{"id": 1, "subtotal_amount_set": money("5.00"), "tax_amount_set": money("0.40")}]
    assert refunded(order_adjustments=older) == (back(500, 40),)
    assert refunded(refund_shipping_lines=newer) == (back(500, 40),)
    assert refunded(refund_shipping_lines=newer, order_adjustments=older) == (back(500, 40),)


def test_an_adjustment_that_comes_alone_says_its_currency_or_waits_for_the_order() -> None:
    with_set = {"kind": "shipping_refund", "amount": "-5.00", "amount_set": money("-5.00")}
    (read,) = normalised(refund(refund_line_items=[], order_adjustments=[with_set]), "refunds/create").refunds
    assert read.lines == (back(500, 0),)


def test_tax_that_goes_back_is_beside_the_subtotal() -> None:
    (told,) = refunded(refund_line_items=[refund_line(total_tax=1.65)])
    assert (told.subtotal_minor, told.tax_minor) == (2000, 165)


# --- tenders -------------------------------------------------------------------------------------


def paid(gateway: str, amount: str, **changes: object) -> dict[str, Any]:
    values = {"kind": "sale", "status": "success", "gateway": gateway, "amount": amount, "currency": "USD"}
    return {**values, **changes}


def test_edge_18_gateways_that_are_not_money_are_tenders_with_what_their_transactions_say() -> None:
    told = snapshot(
        order(
            payment_gateway_names=["gift_card", "visa"],
            transactions=[
                paid("gift_card", "5.00"),
                paid("gift_card", "2.50", kind="capture"),
                paid("gift_card", "9.00", status="failure"),
                paid("gift_card", "9.00", kind="refund"),
                paid("visa", "12.50"),
                paid("shopify_store_credit", "1.00"),
            ],
        )
    )
    assert told.tenders == (
        Tender(kind=TenderKind.GIFT_CARD, minor=750),
        Tender(kind=TenderKind.WALLET, minor=100),
    )


def test_edge_18_a_gateway_without_an_amount_is_known_by_name_only() -> None:
    told = snapshot(order(payment_gateway_names=["gift_card", "visa", "gift_card"]))
    assert told.tenders == (Tender(kind=TenderKind.GIFT_CARD, minor=None),)


def test_plain_money_alone_is_no_tender() -> None:
    assert snapshot(order(payment_gateway_names=["visa"])).tenders == ()
