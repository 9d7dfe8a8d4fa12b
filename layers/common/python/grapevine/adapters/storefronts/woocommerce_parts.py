"""The parts of a WooCommerce order: shipping, what was paid with a gift card, refunds, meta data.

An order lists its refunds with their totals only; their lines come when the order is fetched. Until
then, and for a refund that names no lines, the amount is of the order as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from grapevine.adapters.storefronts.amounts import minor_of
from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.readings import MAX_QUANTITY, ODD_QUANTITY
from grapevine.domain.facts import WHOLE_ORDER, Component, Line, Refund, RefundLine, Tender, TenderKind

SHIPPING = "shipping"
"""The id of the line of all shipping; those of items are numbers."""

_REFUNDED_ITEM = "_refunded_item_id"


def meta_of(owner: Node, key: str) -> Node:
    """Return the value of a piece of meta data, the last one of that key; a node of None without one."""
    found = [item["value"] for item in owner["meta_data"].listed() if item["key"].value == key]
    return found[-1] if found else Node(None, f"{owner.path}.meta_data.{key}")


def milli_of(node: Node) -> int:
    """Return a quantity in thousandths: a shop may sell 1.5 m of cloth."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        node.refuse("missing" if node.is_missing else "not a quantity")
    largest = ODD_QUANTITY if node.odd else MAX_QUANTITY
    if not 0 <= value <= largest:
        node.refuse(f"must be 0 to {largest}")
    return int((Decimal(value) * 1000).to_integral_value(ROUND_HALF_EVEN))


def sum_of(parts: Iterable[Node], name: str, currency: str, *, signed: bool = False) -> int:
    """Return what such an amount of each part adds up to; one that is missing is nothing."""
    nodes = [part[name] for part in parts if not part[name].is_missing]
    return sum([minor_of(node, currency, rounds=True, signed=signed) for node in nodes])


def charges_of(order: Node, currency: str | None) -> tuple[Line, ...] | None:
    """Return the shipping as one line, None where the body does not tell it."""
    parts = order["shipping_lines"]
    if currency is None or parts.is_missing:
        return None
    total = sum_of(parts.items(), "total", currency)
    line = Line(
        id=SHIPPING,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=total,
        discount_minor=0,
        added_tax_minor=sum_of(parts.items(), "total_tax", currency),
        component=Component.SHIPPING,
    )
    return (line,) if total else ()


def tenders_of(order: Node, currency: str | None) -> tuple[Tender, ...] | None:
    """Return what gift cards paid, None where the body does not tell all that was charged.

    A gift card lowers the order's total and no line, so it is also what is missing in the total
    where the card's plugin does not list it; a few minor units are how shops round their taxes.
    """
    told = ("line_items", "shipping_lines", "fee_lines", "total", "total_tax")
    if currency is None or any(order[name].is_missing for name in told):
        return None
    cards = order["gift_cards"].listed()
    paid = sum_of(cards, "amount", currency) if cards else _missing(order, currency)
    return (Tender(kind=TenderKind.GIFT_CARD, minor=paid),) if paid else ()


def _missing(order: Node, currency: str) -> int:
    parts = [node for name in ("line_items", "shipping_lines", "fee_lines") for node in order[name].items()]
    charged = sum_of(parts, "total", currency, signed=True) + sum_of((order,), "total_tax", currency)
    missing = charged - minor_of(order["total"], currency, rounds=True)
    return missing if missing > len(parts) else 0


def has_details(refund: Node) -> bool:
    """Say whether a refund tells its lines, and is not the summary that an order lists."""
    return not refund["line_items"].is_missing


def refund_of(refund: Node, currency: str, told_at: datetime) -> Refund:
    """Return one refund; a summary has no instant but that of the body it is in."""
    refund_id = refund["id"].identifier() or refund["id"].refuse("missing")
    if not has_details(refund):
        amount = -minor_of(refund["total"], currency, rounds=True, signed=True)
        return whole_refund(refund_id, told_at, max(amount, 0))
    lines = tuple([line for node in refund["line_items"].items() if (line := _line(node, currency))])
    shipping = _shipping(refund, currency)
    fees = refund["fee_lines"].items()
    named = sum([line.subtotal_minor + line.tax_minor for line in (*lines, *shipping)])
    named -= sum_of(fees, "total", currency, signed=True) + sum_of(fees, "total_tax", currency, signed=True)
    rest = max(minor_of(refund["amount"], currency, rounds=True) - named, 0)
    return Refund(
        id=refund_id,
        created_at=refund["date_created_gmt"].utc() or told_at,
        # The part of the whole is always there: of two tellings of a refund the longer one counts.
        lines=(*lines, *shipping, _whole(rest)),
    )


def whole_refund(refund_id: str, at: datetime, amount_minor: int) -> Refund:
    """Return a refund of an amount of which nobody says what it was for."""
    return Refund(id=refund_id, created_at=at, lines=(_whole(amount_minor),))


def _whole(amount_minor: int) -> RefundLine:
    return RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=amount_minor)


def _line(line: Node, currency: str) -> RefundLine | None:
    """Return what went back of a line, None where the refund does not say of which: that is of the whole."""
    item = meta_of(line, _REFUNDED_ITEM).identifier()
    if item is None:
        return None
    return RefundLine(
        line_id=item,
        quantity_milli=milli_of(_positive(line["quantity"])),
        subtotal_minor=_counted_down(line, "total", currency),
        tax_minor=_counted_down(line, "total_tax", currency),
    )


def _shipping(refund: Node, currency: str) -> tuple[RefundLine, ...]:
    parts = refund["shipping_lines"].items()
    total = -sum_of(parts, "total", currency, signed=True)
    tax = -sum_of(parts, "total_tax", currency, signed=True)
    if total <= 0:
        return ()
    return (RefundLine(line_id=SHIPPING, quantity_milli=0, subtotal_minor=total, tax_minor=max(tax, 0)),)


def _counted_down(line: Node, name: str, currency: str) -> int:
    """Return an amount below zero as what it took."""
    return max(-sum_of((line,), name, currency, signed=True), 0)


def _positive(node: Node) -> Node:
    """Return a quantity that is counted down as one; anything else as it is."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return node
    return Node(abs(value), node.path, node.odd)
