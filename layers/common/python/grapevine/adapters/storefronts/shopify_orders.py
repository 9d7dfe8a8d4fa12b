"""Shopify's orders and refunds in our words.

Commission is counted on lines, never on an order's totals: price × quantity less what
`discount_allocations` say (`total_discount` stays at zero in today's bodies), less the tax where
it is inside the price. Any key may be missing, because a subscription may ask for some fields
only; a missing key says nothing. What is there and cannot be right raises InvalidInputError with
its path.
"""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from grapevine.adapters.storefronts.amounts import checked_currency
from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.readings import (
    MAX_QUANTITY,
    ODD_QUANTITY,
    click_among,
    clicks_in_url,
    host_in_url,
    sku_of,
)
from grapevine.adapters.storefronts.shopify_charges import charges_of, refunded_charges, tenders_of
from grapevine.adapters.storefronts.shopify_money import set_currency, shop_minor, sum_minor
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Line, Payment, Refund, RefundLine, Snapshot
from grapevine.domain.links import CLICK_PARAMETER
from grapevine.domain.money import MAX_MINOR, Rounding, prorate

NEEDS_FETCH = "needs_fetch"
"""How a problem starts that asking the storefront for the whole object would solve."""

_ORDER_INSTANTS = ("updated_at", "created_at", "processed_at", "cancelled_at", "closed_at")
_PART_INSTANTS = ("updated_at", "created_at", "processed_at")
# An authorization that ran out is money nobody will see.
_OTHER_STATES = {"expired": Payment.VOIDED}
_UNDELIVERABLE = frozenset({"cancelled", "error", "failure"})


def snapshot_of(order: Node) -> Snapshot:
    """Return what one order body tells."""
    lines = order["line_items"]
    currency = order_currency(order)
    return Snapshot(
        placed_at=order["created_at"].instant() or order["processed_at"].instant(),
        payment=_payment(order["financial_status"]),
        currency=currency,
        lines=None if lines.is_missing else _lines(order, currency),
        cancelled_at=order["cancelled_at"].instant(),
        received_at=received_at(order),
        click_id=click_id_of(order),
        coupon_codes=coupon_codes_of(order),
        test=order["test"].is_true,
        charges=charges_of(order, currency),
        tenders=tenders_of(order, currency),
        referrer=referrer_of(order),
    )


def order_currency(order: Node) -> str | None:
    """Return the shop's currency, from the order or from the first amount that names it."""
    first = next(iter(order["line_items"].listed()), Node(None))
    return checked_currency(order["currency"]) or set_currency(first, "price")


def refunds_of(order: Node) -> tuple[Refund, ...]:
    """Return the refunds that an order body carries."""
    currency = order_currency(order)
    return tuple(refund_of(refund, currency) for refund in order["refunds"].items())


def refund_of(refund: Node, currency: str | None) -> Refund:
    """Return one refund; `currency` is its order's, None where the refund came alone."""
    lines = refund["refund_line_items"]
    if lines.is_missing:
        needs_fetch(f"a refund without {lines.path}")
    named = currency or set_currency(refund, "total_duties")
    return Refund(
        id=_required_id(refund["id"]),
        created_at=_instant_of(refund, "created_at", "processed_at"),
        lines=(*(_refund_line(line, named) for line in lines.items()), *refunded_charges(refund, named)),
    )


def order_version(order: Node) -> datetime:
    """Return the instant that orders this body among the order's bodies."""
    version = order["updated_at"].instant() or latest_instant(order)
    return version or needs_fetch("no instant in the body")


def latest_instant(order: Node) -> datetime | None:
    """Return the latest instant in an order body that we can read: its version without `updated_at`."""
    parts = (*order["fulfillments"].listed(), *order["refunds"].listed())
    nodes = (
        *(order[name] for name in _ORDER_INSTANTS),
        *(part[name] for part in parts for name in _PART_INSTANTS),
    )
    return max((instant for instant in map(_readable, nodes) if instant), default=None)


def received_at(order: Node) -> datetime | None:
    """Return when the last parcel arrived, None while one is on its way or not sent.

    Parcels that were called off do not count; an order of which only a part was sent has not
    been received, whatever became of that part.
    """
    parcels = [node for node in order["fulfillments"].listed() if node["status"].text() not in _UNDELIVERABLE]
    if not parcels or order["fulfillment_status"].text() not in (None, "fulfilled"):
        return None
    if any(parcel["shipment_status"].text() != "delivered" for parcel in parcels):
        return None
    return max((instant for parcel in parcels if (instant := parcel["updated_at"].instant())), default=None)


def email_of(order: Node) -> str | None:
    """Return the customer's address; guests have one on the order alone."""
    return order["email"].text() or order["contact_email"].text() or order["customer"]["email"].text()


def coupon_codes_of(order: Node) -> tuple[str, ...] | None:
    """Return the discount codes in the order they were applied, None where the body does not say.

    Also one that a draft order's manual discount is listed under: it is nobody's coupon, and is
    found to be nobody's.
    """
    codes = order["discount_codes"]
    if codes.is_missing:
        return None
    told = (item["code"].text() for item in codes.listed())
    return tuple(code for code in told if code)


def click_id_of(order: Node) -> str | None:
    """Return the click id that the shop's page kept in the cart, else the one in the landing URL.

    Only what looks like one of ours is taken: anybody can type a query.
    """
    kept = [
        attribute["value"].text()
        for attribute in order["note_attributes"].listed()
        if attribute["name"].text() == CLICK_PARAMETER
    ]
    return click_among([*kept, *clicks_in_url(order["landing_site"].text() or "")])


def referrer_of(order: Node) -> str | None:
    """Return the host of the page that led to the shop."""
    return host_in_url(order["referring_site"].text() or "")


def needs_fetch(what: str) -> NoReturn:
    """Raise the InvalidInputError of a body that is legal and says too little."""
    raise InvalidInputError(what, NEEDS_FETCH)


def _payment(status: Node) -> Payment | None:
    text = status.text()
    if text is None:
        return None
    try:
        return _OTHER_STATES.get(text) or Payment(text)
    except ValueError:
        status.refuse(f"unknown {text[:40]!r}")


def _lines(order: Node, currency: str | None) -> tuple[Line, ...]:
    nodes = order["line_items"]
    if currency is None:
        needs_fetch(f"{nodes.path} without a currency")
    lines = tuple(_line(order, node, currency) for node in nodes.items())
    if sum(abs(line.gross_minor) for line in lines) > MAX_MINOR:
        nodes.refuse(f"together over the limit of {MAX_MINOR} minor units")
    return lines


def _line(order: Node, line: Node, currency: str) -> Line:
    """Return a line as it is after edits of the order; what was taken off takes its part of everything."""
    quantity = _quantity(line)
    kept = quantity - _taken_off(order, line, quantity)
    tax = _of_kept(sum_minor(line["tax_lines"], "price", currency), kept, quantity)
    tax_inside = order["taxes_included"].is_true
    return Line(
        id=_required_id(line["id"]),
        product_id=line["product_id"].identifier(),
        sku=sku_of(line["sku"]),
        quantity_milli=kept * 1000,
        gross_minor=shop_minor(line, "price", currency) * kept,
        discount_minor=_of_kept(sum_minor(line["discount_allocations"], "amount", currency), kept, quantity),
        tax_minor=tax if tax_inside else 0,
        gift_card=line["gift_card"].is_true,
        added_tax_minor=0 if tax_inside else tax,
    )


def _taken_off(order: Node, line: Node, quantity: int) -> int:
    """Return the units that an edit took off the line, without those that a refund tells of.

    `quantity` stays what was ordered and `current_quantity` is what is left, so that a refund of
    the same body is in it too.
    """
    if line["current_quantity"].is_missing or order["refunds"].is_missing:
        return 0
    parts = (part for refund in order["refunds"].items() for part in refund["refund_line_items"].items())
    mine = [part for part in parts if part["line_item_id"].identifier() == line["id"].identifier()]
    refunded = sum(_quantity(part) for part in mine)
    left = line["current_quantity"].whole(ODD_QUANTITY if line.odd else MAX_QUANTITY)
    return max(quantity - left - refunded, 0)


def _of_kept(minor: int, kept: int, quantity: int) -> int:
    return minor if kept == quantity else prorate(minor, kept, quantity, Rounding.HALF_EVEN)


def _quantity(line: Node) -> int:
    return line["quantity"].whole(ODD_QUANTITY if line.odd else MAX_QUANTITY)


def _refund_line(line: Node, currency: str | None) -> RefundLine:
    named = currency or set_currency(line, "subtotal")
    if named is None or (line["subtotal"].is_missing and line["subtotal_set"].is_missing):
        needs_fetch(f"no {line['subtotal'].path} or no currency for it")
    return RefundLine(
        line_id=_required_id(line["line_item_id"]),
        quantity_milli=_quantity(line) * 1000,
        subtotal_minor=shop_minor(line, "subtotal", named, rounds=True),
        tax_minor=_refunded_tax(line, named),
    )


def _refunded_tax(line: Node, currency: str) -> int:
    if line["total_tax"].is_missing and line["total_tax_set"].is_missing:
        return 0
    return shop_minor(line, "total_tax", currency, rounds=True)


def _required_id(node: Node) -> str:
    return node.identifier() or node.refuse("missing")


def _instant_of(owner: Node, *names: str) -> datetime:
    found = next((instant for name in names if (instant := owner[name].instant())), None)
    return found or owner[names[0]].refuse("missing")


def _readable(node: Node) -> datetime | None:
    try:
        return node.instant()
    except InvalidInputError:
        return None
