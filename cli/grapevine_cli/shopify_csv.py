"""An order of Shopify's `orders_export.csv` as a body of its API.

The export says less: no ids of lines, of a discount or a refund only the sum. Sums are shared out over the
lines by what was paid for each, to the last unit. So an order that is known already is left as it is, and
one that the shop tells itself later is as the shop tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from grapevine.domain.errors import InvalidInputError, MoneyError
from grapevine.domain.instants import parse_instant, to_text
from grapevine.domain.money import allocate, format_minor, parse_minor

Rows: TypeAlias = Sequence[dict[str, str]]
COLUMNS = (
    "Name",
    "Id",
    "Created at",
    "Financial Status",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Lineitem quantity",
    "Lineitem price",
)
"""What an export must have; what else is read may be missing."""
_INSTANTS = ("Created at", "Paid at", "Fulfilled at", "Cancelled at")
_CLICK = "gv_click"


def order_id_of(rows: Rows) -> str:
    """Return the order's id, by which webhooks know it too; InvalidInputError where the export has none."""
    order_id = rows[0].get("Id", "")
    if not (order_id.isascii() and order_id.isdecimal()):
        raise InvalidInputError("not an order's id", "Id")
    return order_id


def body_of(rows: Rows) -> dict[str, Any]:
    """Return the order that rows tell, the first one all but further lines; InvalidInputError otherwise."""
    first, currency = rows[0], rows[0]["Currency"]
    try:
        amounts = {name: _minor(first, name, currency) for name in ("Subtotal", "Shipping", "Taxes", "Total")}
        lines = _lines(rows, amounts, currency)
    except MoneyError as error:
        raise InvalidInputError(str(error), first["Name"]) from None
    at = {name: instant for name in _INSTANTS if (instant := _instant(first, name))}
    body = {
        "id": int(order_id_of(rows)),
        "name": first["Name"],
        "created_at": to_text(at["Created at"]) if "Created at" in at else None,
        "updated_at": to_text(max(at.values())) if at else None,
        "cancelled_at": to_text(at["Cancelled at"]) if "Cancelled at" in at else None,
        "financial_status": first["Financial Status"] or None,
        "currency": currency,
        "email": first.get("Email") or None,
        "taxes_included": _is_inside(amounts),
        "discount_codes": [{"code": code} for code in _listed(first.get("Discount Code", ""))],
        "note_attributes": _attributes(first.get("Note Attributes", "")),
        "line_items": lines,
    }
    return body | _refunds(body, rows, amounts, currency)


def _lines(rows: Rows, amounts: dict[str, int], currency: str) -> list[dict[str, Any]]:
    """Return the lines with their parts of the order's discount, and of a tax that is in the price."""
    gross = [_minor(row, "Lineitem price", currency) * _quantity(row) for row in rows]
    own = [_minor(row, "Lineitem discount", currency) for row in rows]
    net = [price - discount for price, discount in zip(gross, own, strict=True)]
    if (discount := sum(net) - amounts["Subtotal"]) < 0:
        raise InvalidInputError("is more than its lines", "Subtotal")
    shared = _shares(discount, net)
    paid = [minor - part for minor, part in zip(net, shared, strict=True)]
    inside = amounts["Taxes"] if _is_inside(amounts) else 0
    taxes = _shares(inside, [*paid, amounts["Shipping"]])
    return [
        {
            "id": number,
            "sku": row.get("Lineitem sku") or None,
            "name": row.get("Lineitem name") or None,
            "quantity": _quantity(row),
            "price": row["Lineitem price"],
            "discount_allocations": [{"amount": format_minor(own[place] + shared[place], currency)}],
            "tax_lines": [{"price": format_minor(taxes[place], currency)}],
        }
        for place, (number, row) in enumerate(enumerate(rows, start=1))
    ]


def _refunds(
    body: dict[str, Any], rows: Rows, amounts: dict[str, int], currency: str
) -> dict[str, list[dict[str, Any]]]:
    """Return what went back, shared out over the lines; when it did, the export does not say."""
    back = _minor(rows[0], "Refunded Amount", currency)
    if not back:
        return {}
    if back > amounts["Total"]:
        raise InvalidInputError("is more than the total", "Refunded Amount")
    # All of it is all of every line; of less, the items' part is what the items are of the total.
    items = amounts["Subtotal"] if back == amounts["Total"] else _shares(back, _of_total(amounts))[0]
    paid = [_paid(line, currency) for line in body["line_items"]]
    lines = [
        {"line_item_id": line["id"], "quantity": 0, "subtotal": format_minor(part, currency)}
        for line, part in zip(body["line_items"], _shares(items, paid), strict=True)
        if part
    ]
    refund = {"id": body["id"], "created_at": body["updated_at"], "refund_line_items": lines}
    return {"refunds": [refund]}


def _of_total(amounts: dict[str, int]) -> list[int]:
    rest = max(amounts["Total"] - amounts["Subtotal"], 0)
    return [amounts["Subtotal"], rest]


def _paid(line: dict[str, Any], currency: str) -> int:
    gross = parse_minor(line["price"], currency) * int(line["quantity"])
    return gross - parse_minor(line["discount_allocations"][0]["amount"], currency)


def _shares(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share a sum out exactly; among lines that cost nothing there is nothing to share."""
    return allocate(total, weights) if sum(weights) else (0,) * len(weights)


def _is_inside(amounts: dict[str, int]) -> bool:
    """Say whether the tax is in the prices: then it does not come on top of them in the total."""
    return bool(amounts["Taxes"]) and amounts["Subtotal"] + amounts["Shipping"] >= amounts["Total"]


def _minor(row: dict[str, str], name: str, currency: str) -> int:
    minor = parse_minor(row.get(name) or "0", currency)
    if minor < 0:
        raise InvalidInputError("is below zero", name)
    return minor


def _quantity(row: dict[str, str]) -> int:
    text = row["Lineitem quantity"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 7):
        raise InvalidInputError(f"not a quantity: {text[:20]!r}", "Lineitem quantity")
    return int(text)


def _instant(row: dict[str, str], name: str) -> datetime | None:
    """Read `2026-11-11 09:00:00 +0800`; None where the cell is empty."""
    text = row.get(name, "")
    return parse_instant(text.replace(" +", "+").replace(" -", "-"), name) if text else None


def _listed(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


def _attributes(text: str) -> list[dict[str, str]]:
    """Read the cart's attributes, one to a line: `gv_click: …`."""
    pairs = (line.partition(":") for line in text.splitlines())
    return [
        {"name": name.strip(), "value": value.strip()} for name, _, value in pairs if name.strip() == _CLICK
    ]
