"""WooCommerce's orders in our words.

A line's `subtotal` is before its discounts and its `total` after them; both are without tax, however
the shop's prices are written, and the tax is beside them. A fee below zero is how plugins take
something off the whole order: a discount of all its items. Instants are in UTC and do not say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from grapevine.adapters.storefronts.amounts import checked_currency, minor_of
from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.readings import click_among, clicks_in_url, host_in_url, sku_of
from grapevine.adapters.storefronts.woocommerce_parts import (
    charges_of,
    meta_of,
    milli_of,
    refund_of,
    sum_of,
    tenders_of,
    whole_refund,
)
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Line, Payment, Refund, Snapshot
from grapevine.domain.links import CLICK_PARAMETER
from grapevine.domain.money import MAX_MINOR, allocate

_DRAFTS = frozenset({"auto-draft", "checkout-draft", "draft", "new"})
_PAYMENTS = {
    "pending": Payment.PENDING,
    "on-hold": Payment.PENDING,
    "processing": Payment.PAID,
    "completed": Payment.PAID,
    "refunded": Payment.REFUNDED,
    "cancelled": Payment.VOIDED,
    "failed": Payment.VOIDED,
    "trash": Payment.VOIDED,
}
_INSTANTS = ("date_modified_gmt", "date_completed_gmt", "date_paid_gmt", "date_created_gmt")
_ATTRIBUTION = "_wc_order_attribution_"
_GIFT_CARD = "wc_gc_giftcard_amount"
_MODE = "_wcpay_mode"


def is_draft(order: Node) -> bool:
    """Say whether the customer has not placed it: a basket that the checkout keeps as an order."""
    return (order["status"].text() or "") in _DRAFTS


def snapshot_of(order: Node) -> Snapshot:
    """Return what one order body tells."""
    currency = checked_currency(order["currency"])
    return Snapshot(
        placed_at=order["date_created_gmt"].utc(),
        payment=payment_of(order),
        currency=currency,
        lines=_lines(order, currency),
        click_id=_click_id_of(order),
        coupon_codes=_coupon_codes_of(order),
        test=meta_of(order, _MODE).text() == "test",
        charges=charges_of(order, currency),
        tenders=tenders_of(order, currency),
        referrer=host_in_url(meta_of(order, f"{_ATTRIBUTION}referrer").text() or ""),
    )


def payment_of(order: Node) -> Payment | None:
    """Return the financial state; a shop's own statuses count as paid once the order has been.

    A cancelled order is a voided one here, so that it earns again when the shop takes it up again.
    """
    status = order["status"].text()
    if status is None:
        return None
    paid = Payment.PENDING if order["date_paid_gmt"].is_missing else Payment.PAID
    payment = _PAYMENTS.get(status.removeprefix("wc-"), paid)
    is_partly_back = payment is Payment.PAID and order["refunds"].listed()
    return Payment.PARTIALLY_REFUNDED if is_partly_back else payment


def order_version(order: Node) -> datetime | None:
    """Return the instant that orders this body among the order's bodies."""
    return order["date_modified_gmt"].utc() or order["date_created_gmt"].utc()


def latest_instant(order: Node) -> datetime | None:
    """Return the latest instant of a body that can be read."""
    return max(_readable(order), default=None)


def email_of(order: Node) -> str | None:
    """Return the customer's address; guests have one too."""
    return order["billing"]["email"].text()


def refunds_of(order: Node) -> tuple[Refund, ...]:
    """Return the refunds that an order body carries, with their lines where it tells them.

    A shop may set an order to `refunded` and keep no refund: then all of it went back.
    """
    refunds, currency = order["refunds"].items(), checked_currency(order["currency"])
    at = order_version(order)
    if currency is None or at is None:
        return () if not refunds else order["refunds"].refuse("without a currency or an instant")
    if not refunds and payment_of(order) is Payment.REFUNDED and not order["total"].is_missing:
        return (whole_refund("all", at, minor_of(order["total"], currency, rounds=True)),)
    return tuple([refund_of(refund, currency, at) for refund in refunds])


def _lines(order: Node, currency: str | None) -> tuple[Line, ...] | None:
    nodes = order["line_items"]
    if nodes.is_missing:
        return None
    if currency is None:
        order["currency"].refuse("missing")
    lines = tuple([_line(node, currency) for node in nodes.items()])
    if sum(abs(line.gross_minor) for line in lines) > MAX_MINOR:
        nodes.refuse(f"together over the limit of {MAX_MINOR} minor units")
    return tuple(_less_fees(lines, order, currency))


def _line(line: Node, currency: str) -> Line:
    """Return a line; where a merchant raised its total by hand there was no discount."""
    total = minor_of(line["total"], currency, rounds=True)
    before = line["subtotal"]
    gross = total if before.is_missing else max(minor_of(before, currency, rounds=True), total)
    product_id = line["product_id"].identifier()
    return Line(
        id=line["id"].identifier() or line["id"].refuse("missing"),
        product_id=None if product_id == "0" else product_id,
        sku=sku_of(line["sku"]),
        quantity_milli=milli_of(line["quantity"]),
        gross_minor=gross,
        discount_minor=gross - total,
        gift_card=not meta_of(line, _GIFT_CARD).is_missing,
        added_tax_minor=sum_of((line,), "total_tax", currency),
    )


def _less_fees(lines: Sequence[Line], order: Node, currency: str) -> Iterator[Line]:
    """Return lines with what fees below zero take off them, shared in proportion to their totals."""
    totals = [max(line.gross_minor - line.discount_minor, 0) for line in lines]
    fees = [minor_of(fee["total"], currency, rounds=True, signed=True) for fee in order["fee_lines"].items()]
    off = min(-sum(fee for fee in fees if fee < 0), sum(totals))
    for line, cut in zip(lines, allocate(off, totals) if off else [0] * len(lines), strict=True):
        yield replace(line, discount_minor=line.discount_minor + cut) if cut else line


def _coupon_codes_of(order: Node) -> tuple[str, ...] | None:
    codes = order["coupon_lines"]
    if codes.is_missing:
        return None
    return tuple([code for node in codes.listed() if (code := node["code"].text())])


def _click_id_of(order: Node) -> str | None:
    """Return the click id that the shop's page kept with the order, else the one it was entered with."""
    entry = meta_of(order, f"{_ATTRIBUTION}session_entry").text() or ""
    return click_among([meta_of(order, CLICK_PARAMETER).text(), *clicks_in_url(entry)])


def _readable(order: Node) -> Iterator[datetime]:
    for name in _INSTANTS:
        try:
            instant = order[name].utc()
        except InvalidInputError:
            continue
        if instant:
            yield instant
