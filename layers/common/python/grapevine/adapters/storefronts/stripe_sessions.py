"""Stripe's checkout sessions in our words.

An event carries no lines, so a session is one line of all its items; a merchant whose rates go by
product says `gv_fetch` in the session's metadata, and the lines come when it is fetched. What was
charged beside the items follows from the totals: what is in them and in no part is tax on top.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.readings import (
    MAX_QUANTITY,
    ODD_QUANTITY,
    click_among,
    read_or_quarantined,
)
from grapevine.adapters.storefronts.stripe_money import amount_of, amount_or_zero, currency_of, name_of
from grapevine.adapters.storefronts.stripe_refunds import charge_refunds
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.facts import Component, FactKind, Line, Payment, Snapshot
from grapevine.domain.links import CLICK_PARAMETER
from grapevine.ports import Ignored, NeedsFetch, Reading, ShopEvent

TOTAL, SHIPPING = "total", "shipping"
"""The ids of a session's own line and of its shipping; those of items are `li_…`."""
FETCH, PRODUCT, COUPON = "gv_fetch", "gv_product", "gv_coupon"
"""What a merchant may say in a session's metadata: fetch it, which product it is of, which code it used."""

_PAYMENTS = {"paid": Payment.PAID, "no_payment_required": Payment.PAID, "unpaid": Payment.PENDING}


@dataclass(frozen=True, slots=True)
class _Tax:
    """What is inside a price, and what comes on top of it."""

    inside: int
    on_top: int


def session_events(session: Node, at: datetime, kind: FactKind) -> tuple[ShopEvent, ...]:
    """Return what a session says at an instant, and the wish for its lines where its merchant wants them."""
    if session["mode"].text() == "setup":
        return (Ignored(reason="a session that keeps a card sells nothing"),)
    if session["status"].text() in ("open", "expired"):
        return (Ignored(reason="a session that nobody completed is no order"),)
    order_id = _order_id(session)

    def read(node: Node) -> Reading:
        snapshot = _snapshot(node, at, kind)
        return Reading(
            order_id=order_id,
            kind=FactKind.PLACED if kind is FactKind.PAID and snapshot.payment is Payment.PENDING else kind,
            version=at,
            snapshot=snapshot,
            refunds=charge_refunds(node["payment_intent"]["latest_charge"], at),
            customer_email=node["customer_details"]["email"].text() or node["customer_email"].text(),
        )

    told = read_or_quarantined(session, read, Reading(order_id=order_id, kind=kind, version=at))
    if not _wants_lines(session):
        return (told,)
    return (told, NeedsFetch(order_id=order_id, reason="a session without its lines"))


def _order_id(session: Node) -> str:
    """Return the payment's name; what is free or a subscription has none, and is named by what it has.

    A session's own name is longer than our keys' parts, so it goes without what all of them begin with.
    """
    try:
        names = (name_of(session[part]) for part in ("payment_intent", "invoice", "subscription"))
        found = next((name for name in names if name), None)
        own = name_of(session["id"]) or session["id"].refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None
    return found or f"cs_{own.rpartition('_')[2]}"


def _snapshot(session: Node, at: datetime, kind: FactKind) -> Snapshot:
    """Return what a session tells; before they told it, sessions were made about when they were completed."""
    currency = currency_of(session) or session["currency"].refuse("missing")
    is_fetched_later = _wants_lines(session)
    metadata = session["metadata"]
    return Snapshot(
        placed_at=session["created"].unix() or at,
        payment=Payment.VOIDED if kind is FactKind.CANCELLED else _payment(session["payment_status"]),
        currency=currency,
        lines=None if is_fetched_later else _lines(session, currency),
        click_id=click_among([session["client_reference_id"].text(), metadata[CLICK_PARAMETER].text()]),
        coupon_codes=None if is_fetched_later else _codes(session),
        test=session["livemode"].value is False,
        charges=_charges(session, currency),
        tenders=(),
    )


def _payment(status: Node) -> Payment:
    text = status.text() or status.refuse("missing")
    return _PAYMENTS.get(text) or status.refuse(f"unknown {text[:40]!r}")


def _wants_lines(session: Node) -> bool:
    is_wanted = session["metadata"][FETCH].text() not in (None, "0", "false")
    return is_wanted and session["line_items"]["data"].is_missing


def _lines(session: Node, currency: str) -> tuple[Line, ...]:
    told = session["line_items"]
    if told["data"].is_missing:
        return (_total(session, currency),)
    if told["has_more"].is_true:
        told["has_more"].refuse("not all of its lines")
    return tuple([_line(node, currency) for node in told["data"].items()])


def _line(line: Node, currency: str) -> Line:
    gross, off = (
        amount_of(line["amount_subtotal"], currency),
        amount_or_zero(line["amount_discount"], currency),
    )
    total, tax = amount_of(line["amount_total"], currency), amount_or_zero(line["amount_tax"], currency)
    split = _split(line["amount_total"], tax, total - (gross - off))
    price, quantity = line["price"], line["quantity"]
    units = 1 if quantity.is_missing else quantity.whole(ODD_QUANTITY if line.odd else MAX_QUANTITY)
    return Line(
        id=name_of(line["id"]) or line["id"].refuse("missing"),
        product_id=name_of(price["product"]),
        sku=price["lookup_key"].text(),
        quantity_milli=units * 1000,
        gross_minor=gross,
        discount_minor=off,
        tax_minor=split.inside,
        added_tax_minor=split.on_top,
    )


def _total(session: Node, currency: str) -> Line:
    """Return all items as one line; shipping and its tax are beside it."""
    details, total = session["total_details"], amount_of(session["amount_total"], currency)
    gross = amount_of(session["amount_subtotal"], currency)
    off = amount_or_zero(details["amount_discount"], currency)
    shipping = _shipping(session, currency)
    beside = shipping.gross_minor + shipping.added_tax_minor
    of_shipping = shipping.tax_minor + shipping.added_tax_minor
    tax = amount_or_zero(details["amount_tax"], currency) - of_shipping
    split = _split(session["amount_total"], tax, total - (gross - off) - beside)
    return Line(
        id=TOTAL,
        product_id=session["metadata"][PRODUCT].text(),
        sku=None,
        quantity_milli=1000,
        gross_minor=gross,
        discount_minor=off,
        tax_minor=split.inside,
        added_tax_minor=split.on_top,
    )


def _charges(session: Node, currency: str) -> tuple[Line, ...]:
    line = _shipping(session, currency)
    return (line,) if line.gross_minor else ()


def _shipping(session: Node, currency: str) -> Line:
    cost = session["shipping_cost"]
    told = session["total_details"]["amount_shipping"] if cost.is_missing else cost["amount_subtotal"]
    before = amount_or_zero(told, currency)
    total = before if cost["amount_total"].is_missing else amount_of(cost["amount_total"], currency)
    split = _split(cost["amount_total"], amount_or_zero(cost["amount_tax"], currency), total - before)
    return Line(
        id=SHIPPING,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=before,
        discount_minor=0,
        tax_minor=split.inside,
        added_tax_minor=split.on_top,
        component=Component.SHIPPING,
    )


def _split(node: Node, tax: int, on_top: int) -> _Tax:
    """Return a tax in its two parts; what a total has beside its parts can be nothing else."""
    if not 0 <= on_top <= tax and not node.odd:
        node.refuse("is not what its parts add up to")
    return _Tax(inside=max(tax - max(on_top, 0), 0), on_top=max(on_top, 0))


def _codes(session: Node) -> tuple[str, ...]:
    """Return the promotion codes: as people type them where that was fetched, else by Stripe's names."""
    told = [session["metadata"][COUPON].text(), *_promotion_codes(session["discounts"].listed())]
    return tuple(dict.fromkeys(code for code in told if code))


def _promotion_codes(discounts: Iterable[Node]) -> list[str | None]:
    return [each["promotion_code"]["code"].text() or name_of(each["promotion_code"]) for each in discounts]
