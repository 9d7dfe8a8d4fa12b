"""Orders of a WeChat shop in our words, as `/channels/ec/order/get` answers.

Amounts are whole fen. A line's `real_price` is what the customer pays for it once coupons and changes of
price are taken off, and that is what commission is counted on. What went back is told by how many
units of a line are done with after-sales; where the answer has the after-sales themselves beside the order
(`after_sale_orders`), their amounts are exact. Either way all of it together is one refund that
grows, so that no two bodies add up to more than went back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from grapevine.adapters.storefronts.clocks import unix_instant
from grapevine.adapters.storefronts.json_values import EARLIEST, Node
from grapevine.adapters.storefronts.readings import (
    MAX_QUANTITY,
    ODD_QUANTITY,
    click_among,
    read_or_quarantined,
)
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.facts import Component, FactKind, Line, Payment, Refund, RefundLine, Snapshot
from grapevine.domain.money import MAX_MINOR, Rounding, prorate
from grapevine.ports import Reading

YUAN = "CNY"
SHIPPING = "shipping"
AFTER_SALES = "aftersales"
"""The id of the one refund that all after-sales of an order are."""
DONE = frozenset({"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"})
"""An after-sale's states in which its money went back."""
CANCELLED, ALL_RETURNED, FINISHED = 250, 200, 100
_PAYMENTS = {
    5: Payment.PENDING,
    10: Payment.PENDING,
    12: Payment.PENDING,
    13: Payment.AUTHORIZED,
    20: Payment.PAID,
    21: Payment.PAID,
    30: Payment.PAID,
    FINISHED: Payment.PAID,
    ALL_RETURNED: Payment.REFUNDED,
    CANCELLED: Payment.VOIDED,
}
_LARGEST = MAX_MINOR
_CLICK = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{22}-[0-9A-Za-z]{20}(?![0-9A-Za-z])")


def order_reading(answer: Node) -> Reading:
    """Return what an answer says of its order."""
    order = answer["order"] if isinstance(answer["order"].value, dict) else answer
    order_id = _number(order["order_id"]) or _refuse("missing", order["order_id"].path)
    bare = Reading(
        order_id=order_id, kind=FactKind.EDITED, version=_readable(order["update_time"]) or EARLIEST
    )

    def read(node: Node) -> Reading:
        found = node["order"] if isinstance(node["order"].value, dict) else node
        version = unix_instant(found["update_time"]) or unix_instant(found["create_time"])
        snapshot = _snapshot(found)
        return Reading(
            order_id=order_id,
            kind=FactKind.EDITED,
            version=version or found["update_time"].refuse("missing"),
            snapshot=snapshot,
            refunds=_refunds(node, found, snapshot.lines or (), version or EARLIEST),
            customer_email=_customer(found),
        )

    return read_or_quarantined(answer, read, bare)


def _snapshot(order: Node) -> Snapshot:
    detail = order["order_detail"]
    status = order["status"].value
    changed = unix_instant(order["update_time"])
    products = detail["product_infos"]
    return Snapshot(
        placed_at=unix_instant(order["create_time"]),
        payment=_payment(order["status"]),
        currency=YUAN,
        lines=None if products.is_missing else _lines(products),
        cancelled_at=changed if status in (CANCELLED, ALL_RETURNED) else None,
        received_at=_received(detail, changed if status == FINISHED else None),
        click_id=click_among(_CLICK.findall(detail["ext_info"]["customer_notes"].text() or "")),
        coupon_codes=_coupons(detail),
        charges=_charges(detail["price_info"]["freight"]),
    )


def _payment(status: Node) -> Payment | None:
    if status.is_missing:
        return None
    number = status.whole(10_000)
    return _PAYMENTS.get(number) or status.refuse(f"unknown {number}")


def _received(detail: Node, finished: datetime | None) -> datetime | None:
    """Return when the customer said that it arrived, or when the order was finished by itself."""
    return unix_instant(detail["ext_info"]["confirm_receipt_time"]) or finished


def _lines(nodes: Node) -> tuple[Line, ...]:
    ids = _line_ids(nodes.items())
    lines = tuple(_line(node, line_id) for node, line_id in zip(nodes.items(), ids, strict=True))
    if sum(line.gross_minor for line in lines) > MAX_MINOR:
        nodes.refuse(f"together over the limit of {MAX_MINOR} minor units")
    return lines


def _line_ids(nodes: Sequence[Node]) -> list[str]:
    """Return each line's SKU; one that is there again, as a gift, has its number behind it."""
    seen: dict[str, int] = {}
    ids = []
    for node in nodes:
        sku = _number(node["sku_id"]) or _number(node["product_id"]) or node["sku_id"].refuse("missing")
        seen[sku] = seen.get(sku, 0) + 1
        ids.append(sku if seen[sku] == 1 else f"{sku}.{seen[sku]}")
    return ids


def _line(node: Node, line_id: str) -> Line:
    number = node["sku_cnt"].whole(_most(node))
    paid = node["real_price"].whole(_LARGEST)
    gross = max(node["sale_price"].whole(_LARGEST) * number, paid)
    return Line(
        id=line_id,
        product_id=_number(node["product_id"]),
        sku=node["sku_code"].text(),
        quantity_milli=number * 1000,
        gross_minor=gross,
        discount_minor=gross - paid,
    )


def _charges(freight: Node) -> tuple[Line, ...] | None:
    """Return the postage, None where the order does not tell it."""
    if freight.is_missing:
        return None
    postage = Line(
        id=SHIPPING,
        product_id=None,
        sku=None,
        quantity_milli=0,
        gross_minor=freight.whole(_LARGEST),
        discount_minor=0,
        component=Component.SHIPPING,
    )
    return (postage,) if postage.gross_minor else ()


def _refunds(answer: Node, order: Node, lines: Sequence[Line], at: datetime) -> tuple[Refund, ...]:
    """Return the one refund that all after-sales are so far, none where nothing went back."""
    if order["status"].value == ALL_RETURNED:
        told = tuple(_returned(line, line.quantity_milli) for line in lines)
    elif answer["after_sale_orders"].is_missing:
        pairs = zip(order["order_detail"]["product_infos"].items(), lines, strict=True)
        told = tuple(_returned(line, units) for node, line in pairs if (units := _finished(node) * 1000))
    else:
        told = tuple(_united(answer["after_sale_orders"], {line.id for line in lines}))
    return (Refund(id=AFTER_SALES, created_at=at, lines=told),) if told else ()


def _returned(line: Line, units: int) -> RefundLine:
    """Return a line's part by its units, all of it at most."""
    back = min(units, line.quantity_milli)
    paid = line.gross_minor - line.discount_minor
    amount = prorate(paid, back, line.quantity_milli, Rounding.HALF_EVEN) if back else 0
    return RefundLine(line_id=line.id, quantity_milli=back, subtotal_minor=amount)


def _finished(node: Node) -> int:
    count = node["finish_aftersale_sku_cnt"]
    return 0 if count.is_missing else count.whole(_most(node))


def _most(node: Node) -> int:
    return ODD_QUANTITY if node.odd else MAX_QUANTITY


def _united(after_sales: Node, known: Collection[str]) -> Iterator[RefundLine]:
    """Yield what went back of each line by the after-sales that are done; of no line, it is postage."""
    parts: dict[str, list[tuple[int, int]]] = {}
    for sale in after_sales.items():
        if sale["status"].text() in DONE:
            product = sale["product_info"]
            sku = _number(product["sku_id"]) or _number(product["product_id"])
            count = 0 if product["count"].is_missing else product["count"].whole(_most(sale))
            part = (count * 1000, sale["refund_info"]["amount"].whole(_LARGEST))
            parts.setdefault(sku if sku in known and sku else SHIPPING, []).append(part)
    for line_id, told in parts.items():
        units, amounts = zip(*told, strict=True)
        milli = 0 if line_id == SHIPPING else sum(units)
        yield RefundLine(line_id=line_id, quantity_milli=milli, subtotal_minor=sum(amounts))


def _coupons(detail: Node) -> tuple[str, ...]:
    """Return the coupons by their ids: those of the order, and those of its lines."""
    of_lines = [
        coupon
        for product in detail["product_infos"].listed()
        for coupon in product["order_product_coupon_info_list"].listed()
    ]
    told = [_number(coupon["coupon_id"]) for coupon in (detail["coupon_info"], *of_lines)]
    return tuple(dict.fromkeys(word for word in told if word))


def _customer(order: Node) -> str | None:
    """Return what stands for the customer, with where it is from: the same person in every app, if told."""
    for name in ("unionid", "openid"):
        if told := order[name].text():
            return f"wechat-{name}:{told}"
    return None


def _number(node: Node) -> str | None:
    """Return an id, which WeChat writes as a number or as text; 0 is none."""
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:40] if value > 0 else None
    return node.text()


def _readable(node: Node) -> datetime | None:
    try:
        return unix_instant(node)
    except InvalidInputError:
        return None


def _refuse(what: str, where: str) -> str:
    raise MalformedBodyError(what, where)
