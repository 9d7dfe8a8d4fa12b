"""Our own bodies in our words: they follow the schema, so nothing in them can be wrong any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from grapevine.adapters.storefronts.generic_rules import faults, integer
from grapevine.adapters.storefronts.generic_schema import BODIES
from grapevine.adapters.storefronts.json_values import EARLIEST, Node
from grapevine.adapters.storefronts.readings import click_among
from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import (
    Component,
    FactKind,
    Line,
    Payment,
    Refund,
    RefundLine,
    Snapshot,
    Tender,
    TenderKind,
)
from grapevine.domain.listings import ListingTerms
from grapevine.ports import ProductReading, Reading

SHIPPING, TIP = "shipping", "tip"
"""The ids of these charges, which no line may have."""
_MOST_FAULTS = 20
_KINDS = {
    Payment.PENDING: FactKind.PLACED,
    Payment.AUTHORIZED: FactKind.PLACED,
    Payment.PAID: FactKind.PAID,
}


def read_body(body: Node) -> Reading | ProductReading:
    """Return what a body says; MalformedBodyError with each place where it breaks the schema."""
    kind = body["type"].value
    schema = BODIES.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise MalformedBodyError(f"must be one of {', '.join(BODIES)}", "type")
    _refuse_faulty(body, schema)
    return _READERS[str(kind)](body)


def _refuse_faulty(body: Node, schema: dict[str, object]) -> None:
    found = [*faults(body, schema)][:_MOST_FAULTS]
    if len(found) == 1:
        raise MalformedBodyError(found[0].what, found[0].where)
    if found:
        first, *others = found
        raise MalformedBodyError("; ".join((first.what, *map(str, others))), first.where)


def _order(body: Node) -> Reading:
    payment = Payment(str(body["payment"].value)) if body["payment"].text() else None
    cancelled_at = body["cancelled_at"].instant()
    snapshot = Snapshot(
        placed_at=body["created_at"].instant(),
        payment=payment,
        currency=body["currency"].text(),
        lines=tuple(_line(line) for line in body["lines"].items()),
        cancelled_at=cancelled_at,
        received_at=body["received_at"].instant(),
        click_id=click_among([body["click_id"].text()]),
        coupon_codes=_texts(body["coupon_codes"]),
        test=body["test"].is_true,
        charges=_charges(body),
        tenders=_tenders(body["tenders"]),
    )
    kind = FactKind.CANCELLED if cancelled_at else _KINDS.get(payment or Payment.VOIDED, FactKind.EDITED)
    return Reading(
        order_id=_id(body["id"]),
        kind=kind,
        version=_instant(body["updated_at"]),
        snapshot=snapshot,
        refunds=tuple(_refund(refund) for refund in body["refunds"].items()),
        customer_email=_customer(body["customer"]),
        problem=_twice(body["lines"]),
    )


def _twice(lines: Node) -> str | None:
    """Return what is wrong where two lines have one id: nobody could say which of them went back."""
    seen = {SHIPPING, TIP}
    for line in lines.items():
        if _id(line["id"]) in seen:
            return f"{line['id'].path}: there twice, or a charge's"
        seen.add(_id(line["id"]))
    return None


def _refund_alone(body: Node) -> Reading:
    refund = _refund(body)
    return Reading(
        order_id=_id(body["order_id"]), kind=FactKind.REFUNDED, version=refund.created_at, refunds=(refund,)
    )


def _cancel(body: Node) -> Reading:
    at = _instant(body["cancelled_at"])
    snapshot = Snapshot(cancelled_at=at)
    return Reading(order_id=_id(body["order_id"]), kind=FactKind.CANCELLED, version=at, snapshot=snapshot)


def _receipt(body: Node) -> Reading:
    at = _instant(body["received_at"])
    snapshot = Snapshot(received_at=at)
    return Reading(order_id=_id(body["order_id"]), kind=FactKind.RECEIVED, version=at, snapshot=snapshot)


def _product(body: Node) -> ProductReading:
    listing = ListingTerms(
        title=body["title"].text(),
        price=body["price"].text(),
        currency=body["currency"].text(),
        compare_at=body["compare_at"].text(),
        picture_url=body["picture_url"].text(),
        page=body["page"].text(),
        stock=integer(body["stock"].value),
        gone=body["gone"].is_true,
    )
    return ProductReading(
        product_id=_id(body["id"]),
        version=_instant(body["updated_at"]),
        listing=listing,
        category=body["category"].text(),
        collections=_texts(body["collections"]),
    )


_READERS: dict[str, Callable[[Node], Reading | ProductReading]] = {
    "order": _order,
    "refund": _refund_alone,
    "cancel": _cancel,
    "receipt": _receipt,
    "product": _product,
}


def _line(node: Node) -> Line:
    return Line(
        id=_id(node["id"]),
        product_id=node["product_id"].text(),
        sku=node["sku"].text(),
        quantity_milli=_milli(node["quantity"]),
        gross_minor=_minor(node["gross_minor"]),
        discount_minor=_minor(node["discount_minor"]),
        tax_minor=_minor(node["tax_minor"]),
        gift_card=node["gift_card"].is_true,
        added_tax_minor=_minor(node["added_tax_minor"]),
    )


def _charges(body: Node) -> tuple[Line, ...] | None:
    """Return the shipping and the tip, None where the body names neither."""
    told = ((SHIPPING, Component.SHIPPING, "shipping_minor"), (TIP, Component.TIP, "tip_minor"))
    if all(body[name].is_missing for _, _, name in told):
        return None
    return tuple(
        Line(
            id=charge,
            product_id=None,
            sku=None,
            quantity_milli=0,
            gross_minor=_minor(body[name]),
            discount_minor=0,
            component=component,
        )
        for charge, component, name in told
        if _minor(body[name])
    )


def _tenders(node: Node) -> tuple[Tender, ...] | None:
    if node.is_missing:
        return None
    return tuple(
        Tender(kind=TenderKind(str(item["kind"].value)), minor=_minor(item["amount_minor"]))
        for item in node.items()
    )


def _refund(node: Node) -> Refund:
    lines = tuple(
        RefundLine(
            line_id=_id(line["line_id"]),
            quantity_milli=_milli(line["quantity"]),
            subtotal_minor=_minor(line["amount_minor"]),
            tax_minor=_minor(line["tax_minor"]),
        )
        for line in node["lines"].items()
    )
    return Refund(id=_id(node["id"]), created_at=_instant(node["created_at"]), lines=lines)


def _customer(node: Node) -> str | None:
    email, own = node["email"].text(), node["id"].text()
    return email or (f"shop-id:{own}" if own else None)


def _texts(node: Node) -> tuple[str, ...] | None:
    return None if node.is_missing else tuple(text for item in node.items() if (text := item.text()))


def _minor(node: Node) -> int:
    return integer(node.value) or 0


def _milli(node: Node) -> int:
    return int(Decimal(node.text() or "0") * 1000)


def _id(node: Node) -> str:
    return str(node.value)


def _instant(node: Node) -> datetime:
    return node.instant() or EARLIEST
