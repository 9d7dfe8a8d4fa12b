"""Youzan's trades in our words, as messages hold them and as `youzan.trade.get` answers.

Amounts are yuan in texts. A line's `payment` is what the customer pays for it once every discount of
the order is shared out, and that is what commission is counted on: price × number less the rest.
A shop has no field for our click id; it is looked for where a customer's own words go (the note on the
order, the answers to an item's questions) and in the address of the item's page, which keeps the
query that the redirect sent along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from grapevine.adapters.storefronts.amounts import minor_of
from grapevine.adapters.storefronts.clocks import beijing_instant, latest_readable
from grapevine.adapters.storefronts.json_values import EARLIEST, Node
from grapevine.adapters.storefronts.readings import (
    MAX_QUANTITY,
    ODD_QUANTITY,
    click_among,
    read_or_quarantined,
)
from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import Component, FactKind, Line, Payment, Refund, RefundLine, Snapshot
from grapevine.domain.money import MAX_MINOR, allocate
from grapevine.ports import Reading

YUAN = "CNY"
SHIPPING = "shipping"
"""The id of the postage's line; those of items are numbers."""
GIFT_CARD_ITEM = 21
REFUNDED = 60
"""The `refund_state` of a refund whose money went back."""
CLOSED = "TRADE_CLOSED"

_PAYMENTS = {
    "WAIT_BUYER_PAY": Payment.PENDING,
    "TRADE_NO_CREATE_PAY": Payment.PENDING,
    "WAIT_PAY_RETURN": Payment.PENDING,
    "TOPAY": Payment.PENDING,
    # Paid, and given back by itself where the group does not come together, or the shop declines.
    "WAIT_GROUP": Payment.AUTHORIZED,
    "WAIT_CONFIRM": Payment.AUTHORIZED,
    "WAIT_SELLER_SEND_GOODS": Payment.PAID,
    "WAIT_BUYER_CONFIRM_GOODS": Payment.PAID,
    "TRADE_BUYER_SIGNED": Payment.PAID,
    "TRADE_SUCCESS": Payment.PAID,
}
_CLICK = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{22}-[0-9A-Za-z]{20}(?![0-9A-Za-z])")
_KNOWN_BY = ("yz_open_id", "buyer_id", "outer_user_id", "buyer_phone")
"""What a customer is known by; the phone last, because Youzan hands it out encrypted."""


def trade_id(message: Node, envelope: Node | None = None) -> str:
    """Return the trade's number; without it there is nothing to append to."""
    nodes = (message["tid"], message["full_order_info"]["order_info"]["tid"], envelope)
    found = next((text for node in nodes if node and (text := node.text())), None)
    if found is None:
        raise MalformedBodyError("missing", "tid")
    return found


def tells_lines(trade: Node) -> bool:
    """Say whether a trade has its lines, and what each costs."""
    lines = trade["full_order_info"]["orders"].listed()
    return bool(lines) and not any(line["payment"].is_missing for line in lines)


def trade_reading(
    trade: Node, kind: FactKind, version: datetime | None = None, *, test: bool = False
) -> Reading:
    """Return what a trade says; without a version of its message it is as old as its last change."""
    order_id = trade_id(trade)
    info = trade["full_order_info"]["order_info"]
    changed = latest_readable(*(info[name] for name in ("update_time", "pay_time", "created")))
    bare = Reading(order_id=order_id, kind=kind, version=version or changed or EARLIEST)

    def read(node: Node) -> Reading:
        found = node["full_order_info"]["order_info"]
        at = version or beijing_instant(found["update_time"]) or beijing_instant(found["created"])
        snapshot = _snapshot(node["full_order_info"], node["order_promotion"], test=test)
        return Reading(
            order_id=order_id,
            kind=kind,
            version=at or found["update_time"].refuse("missing"),
            snapshot=snapshot,
            refunds=tuple(_refunds(node, snapshot.lines or (), at or EARLIEST)),
            customer_email=_customer(node["full_order_info"]["buyer_info"]),
        )

    return read_or_quarantined(trade, read, bare)


def oids_of(node: Node) -> tuple[str, ...]:
    """Return the lines that a refund names: a list of numbers or of objects, or one text with commas."""
    text = node.text()
    if text is not None:
        return tuple(part.strip(' "[]') for part in text.split(",") if part.strip(' "[]'))
    named = [item["oid"] if isinstance(item.value, dict) else item for item in node.items()]
    return tuple(oid for item in named if (oid := item.identifier()))


def _snapshot(full: Node, promotion: Node, *, test: bool) -> Snapshot:
    info, lines = full["order_info"], full["orders"]
    closed = info["status"].text() == CLOSED
    return Snapshot(
        placed_at=beijing_instant(info["created"]),
        payment=_payment(info),
        currency=YUAN,
        lines=None if lines.is_missing else _lines(lines),
        cancelled_at=beijing_instant(info["update_time"]) if closed else None,
        received_at=beijing_instant(info["success_time"]),
        click_id=_click(full),
        coupon_codes=_coupons(promotion),
        test=test,
        charges=_charges(full["pay_info"]["post_fee"]),
    )


def _payment(info: Node) -> Payment | None:
    """Return the financial state; a closed trade was paid if it says when."""
    status = info["status"].text()
    if status is None:
        return None
    if status == CLOSED:
        return Payment.PAID if beijing_instant(info["pay_time"]) else Payment.VOIDED
    return _PAYMENTS.get(status) or info["status"].refuse(f"unknown {status[:40]!r}")


def _lines(nodes: Node) -> tuple[Line, ...]:
    lines = tuple(_line(node) for node in nodes.items())
    if sum(abs(line.gross_minor) for line in lines) > MAX_MINOR:
        nodes.refuse(f"together over the limit of {MAX_MINOR} minor units")
    return lines


def _line(node: Node) -> Line:
    number = node["num"].whole(ODD_QUANTITY if node.odd else MAX_QUANTITY)
    paid = minor_of(node["payment"], YUAN)
    gross = max(minor_of(node["price"], YUAN) * number, paid)
    return Line(
        id=node["oid"].identifier() or node["oid"].refuse("missing"),
        product_id=node["item_id"].identifier(),
        sku=node["outer_sku_id"].text() or node["outer_item_id"].text(),
        quantity_milli=number * 1000,
        gross_minor=gross,
        discount_minor=gross - paid,
        gift_card=node["item_type"].value == GIFT_CARD_ITEM,
    )


def _charges(post_fee: Node) -> tuple[Line, ...] | None:
    """Return the postage, None where the trade does not tell it."""
    if post_fee.is_missing:
        return None
    postage = Line(
        id=SHIPPING,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=minor_of(post_fee, YUAN),
        discount_minor=0,
        component=Component.SHIPPING,
    )
    return (postage,) if postage.gross_minor else ()


def _refunds(trade: Node, lines: Sequence[Line], at: datetime) -> Iterator[Refund]:
    for node in trade["refund_order"].items():
        if node["refund_state"].value == REFUNDED:
            yield _refund(node, lines, at)


def _refund(node: Node, lines: Sequence[Line], at: datetime) -> Refund:
    """Return a refund, its one amount shared out by what its lines cost; what is over them is postage."""
    named = oids_of(node["oids"])
    parts = [line for line in lines if line.id in named]
    # Odd amounts are read too, for a person to accept; below zero nothing is shared out.
    fee = max(minor_of(node["refund_fee"], YUAN), 0)
    prices = [max(line.gross_minor - line.discount_minor, 0) for line in parts]
    of_lines = min(fee, sum(prices))
    shares = allocate(of_lines, prices) if of_lines else (0,) * len(parts)
    told = [
        RefundLine(
            line_id=line.id,
            quantity_milli=line.quantity_milli if share == price else 0,
            subtotal_minor=share,
        )
        for line, price, share in zip(parts, prices, shares, strict=True)
    ]
    postage = RefundLine(line_id=SHIPPING, quantity_milli=0, subtotal_minor=fee - of_lines)
    refund_id = node["refund_id"].text() or node["refund_id"].refuse("missing")
    return Refund(id=refund_id, created_at=at, lines=(*told, *([postage] if postage.subtotal_minor else [])))


def _coupons(promotion: Node) -> tuple[str, ...] | None:
    """Return the coupons by their ids and codes, as they were applied; None where none is told."""
    if promotion.is_missing:
        return None
    of_items = [part for item in promotion["item"].listed() for part in item["promotions"].listed()]
    applied = [*promotion["order"].listed(), *of_items]
    told = [_word(part[name]) for part in applied for name in ("coupon_code", "coupon_id")]
    return tuple(dict.fromkeys(word for word in told if word))


def _word(node: Node) -> str | None:
    """Return a text, or a number as text; 0 is nobody's."""
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:40] if value > 0 else None
    text = node.text()
    return None if text in (None, "0", "null") else text


def _click(full: Node) -> str | None:
    items = full["orders"].listed()
    said = [full["remark_info"]["buyer_message"], *(item["buyer_messages"] for item in items)]
    pages = [item["goods_url"] for item in items]
    texts = [node.text() or "" for node in (*said, *pages)]
    return click_among(found for text in texts for found in _CLICK.findall(text))


def _customer(told_of: Node) -> str | None:
    """Return what stands for the customer, with where it is from: a number alone may be anybody's."""
    told = ((name, _word(told_of[name])) for name in _KNOWN_BY)
    return next((f"youzan-{name}:{word}" for name, word in told if word), None)
