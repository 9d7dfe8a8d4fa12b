"""What a Shopify order is charged beside its items, what of that went back, and how it was paid.

Shipping is one line of ours, whatever lines the shop has for it, and so is the tip: refunds say how
much of the shipping went back, not of which line.
"""

from __future__ import annotations

from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.shopify_money import shop_minor, sum_minor
from grapevine.domain.errors import MoneyError
from grapevine.domain.facts import Component, Line, RefundLine, Tender, TenderKind
from grapevine.domain.money import parse_minor

SHIPPING, TIP = "shipping", "tip"
"""The ids of these lines; those of items are numbers."""

_TENDERS = {"gift_card": TenderKind.GIFT_CARD, "shopify_store_credit": TenderKind.WALLET}
"""Gateways that are not plain money."""
_SHIPPING_REFUND = "shipping_refund"


def charges_of(order: Node, currency: str | None) -> tuple[Line, ...] | None:
    """Return the shipping and the tip, None where the body names neither."""
    shipping, tip = order["shipping_lines"], order["total_tip_received"]
    if currency is None or (shipping.is_missing and tip.is_missing):
        return None
    lines = (_shipping(shipping, currency, tax_inside=order["taxes_included"].is_true), _tip(order, currency))
    return tuple(line for line in lines if line.gross_minor)


def refunded_charges(refund: Node, currency: str | None) -> tuple[RefundLine, ...]:
    """Return what of the shipping a refund gives back, in its newer or in its older form.

    The older form counts down: its amounts are negative, and its tax is not in its amount.
    """
    lines = refund["refund_shipping_lines"].items()
    parts = [_refunded_line(line, currency) for line in lines] if lines else _adjustments(refund, currency)
    subtotal, tax = (sum(column) for column in zip(*parts, strict=True)) if parts else (0, 0)
    if not (subtotal or tax):
        return ()
    return (RefundLine(line_id=SHIPPING, quantity_milli=0, subtotal_minor=subtotal, tax_minor=tax),)


def tenders_of(order: Node, currency: str | None) -> tuple[Tender, ...] | None:
    """Return what was not paid with plain money, None where the body does not say how it was paid.

    The names of the gateways are in every body, the amounts only where the transactions are.
    """
    names = order["payment_gateway_names"]
    if names.is_missing and order["transactions"].is_missing:
        return None
    told = _by_transaction(order, currency)
    named = [_TENDERS[name] for node in names.listed() if (name := node.text()) in _TENDERS]
    return (
        *(Tender(kind=kind, minor=minor) for kind, minor in told.items()),
        *(Tender(kind=kind, minor=None) for kind in dict.fromkeys(named) if kind not in told),
    )


def _by_transaction(order: Node, currency: str | None) -> dict[TenderKind, int]:
    paid: dict[TenderKind, int] = {}
    for node in order["transactions"].listed():
        kind = _TENDERS.get(node["gateway"].text() or "")
        is_payment = node["kind"].text() in ("sale", "capture") and node["status"].text() == "success"
        if kind and is_payment and currency and node["currency"].text() in (None, currency):
            paid[kind] = paid.get(kind, 0) + shop_minor(node, "amount", currency)
    return paid


def _shipping(lines: Node, currency: str, *, tax_inside: bool) -> Line:
    kept = [line for line in lines.items() if not line["is_removed"].is_true and not _has_no_price(line)]
    tax = sum(sum_minor(line["tax_lines"], "price", currency) for line in kept)
    return Line(
        id=SHIPPING,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=sum(shop_minor(line, "price", currency) for line in kept),
        discount_minor=sum(sum_minor(line["discount_allocations"], "amount", currency) for line in kept),
        tax_minor=tax if tax_inside else 0,
        added_tax_minor=0 if tax_inside else tax,
        component=Component.SHIPPING,
    )


def _has_no_price(line: Node) -> bool:
    return line["price"].is_missing and line["price_set"].is_missing


def _tip(order: Node, currency: str) -> Line:
    tip = order["total_tip_received"]
    return Line(
        id=TIP,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=0 if tip.is_missing else shop_minor(order, "total_tip_received", currency),
        discount_minor=0,
        component=Component.TIP,
    )


def _refunded_line(line: Node, currency: str | None) -> tuple[int, int]:
    named = currency or line["subtotal_amount_set"]["shop_money"]["currency_code"].text()
    if named is None:
        line.refuse("no currency")
    tax = line["tax_amount_set"]
    subtotal = shop_minor(line, "subtotal_amount", named)
    return subtotal, 0 if tax.is_missing else shop_minor(line, "tax_amount", named)


def _adjustments(refund: Node, currency: str | None) -> list[tuple[int, int]]:
    return [
        (_counted_down(node, "amount", currency), _counted_down(node, "tax_amount", currency))
        for node in refund["order_adjustments"].listed()
        if node["kind"].text() == _SHIPPING_REFUND
    ]


def _counted_down(node: Node, name: str, currency: str | None) -> int:
    """Return an amount below zero as what it took."""
    money = node[f"{name}_set"]["shop_money"]
    told = money["amount"].text() or node[name].text()
    named = money["currency_code"].text() or currency
    if told is None or named is None:
        return 0
    try:
        return max(-parse_minor(told[:64], named), 0)
    except MoneyError as error:
        node[name].refuse(str(error))
