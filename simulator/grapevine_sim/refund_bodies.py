"""Shopify's refund: as an order carries it, and as `refunds/create` sends it."""

from __future__ import annotations

from grapevine_sim.body_parts import LOCATION_ID, Json, Parts, decimal, gid, money_set, number
from grapevine_sim.plans import RefundPlan, ReturnedLine


def refund_in_order(parts: Parts, refund: RefundPlan) -> dict[str, Json]:
    """Return a refund as it stands in an order's `refunds`."""
    return {
        **_head(parts, refund),
        "refund_line_items": [
            {**_returned(parts, line), "line_item": parts.line(line.line, returned=line.quantity)}
            for line in refund.lines
        ],
        "transactions": [parts.transaction(refund.id + 1, refund.amount_minor, refund.at)],
    }


def refund_body(parts: Parts, refund: RefundPlan) -> dict[str, Json]:
    """Return the body of `refunds/create`."""
    transaction = parts.transaction(refund.id + 1, refund.amount_minor, refund.at)
    unsettled = money_set(0, parts.currency, parts.order.presentment, code="currency")
    return {
        **_head(parts, refund),
        "return": None,
        "refund_shipping_lines": [],
        "refund_line_items": [
            {**_returned(parts, line), "line_item": parts.line_in_refund(line.line)} for line in refund.lines
        ],
        "transactions": [
            {
                **transaction,
                "total_unsettled_set": unsettled,
                "manual_payment_gateway": False,
                "amount_rounding": None,
            }
        ],
    }


def _head(parts: Parts, refund: RefundPlan) -> dict[str, Json]:
    return {
        "id": refund.id,
        "admin_graphql_api_id": gid("Refund", refund.id),
        "created_at": parts.at(refund.at),
        "note": "changed their mind",
        "order_id": parts.order.id,
        "processed_at": parts.at(refund.at),
        "restock": True,
        "total_additional_fees_set": parts.money(0),
        "total_duties_set": parts.money(0),
        "user_id": 41_220_017,
        "order_adjustments": _adjustments(parts, refund),
        "duties": [],
        "additional_fees": [],
    }


def _adjustments(parts: Parts, refund: RefundPlan) -> list[Json]:
    """Money that is for no line: a negative amount."""
    if not refund.shipping_minor:
        return []
    return [
        {
            "id": refund.id + 2,
            "order_id": parts.order.id,
            "refund_id": refund.id,
            "amount": decimal(-refund.shipping_minor),
            "amount_set": parts.money(-refund.shipping_minor),
            "tax_amount": "0.00",
            "tax_amount_set": parts.money(0),
            "kind": "shipping_refund",
            "reason": "Shipping refund",
        }
    ]


def _returned(parts: Parts, line: ReturnedLine) -> dict[str, Json]:
    return {
        "id": line.id,
        "line_item_id": line.line.id,
        "location_id": LOCATION_ID,
        "quantity": line.quantity,
        "restock_type": "return",
        "subtotal": number(line.subtotal_minor),
        "subtotal_set": parts.money(line.subtotal_minor),
        "total_tax": number(line.tax_minor),
        "total_tax_set": parts.money(line.tax_minor),
    }
