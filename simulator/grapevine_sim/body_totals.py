"""The sums in Shopify's order body; what the platform adds up, and nobody should count commission on."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine_sim.body_parts import Json, Parts, decimal
from grapevine_sim.plans import OrderPlan, RefundPlan, State


def totals(parts: Parts, refunds: Sequence[RefundPlan], state: State) -> dict[str, Json]:
    """Return every sum of the order in one state."""
    order = parts.order
    goods = sum(line.gross_minor for line in order.lines)
    subtotal = goods - order.discount_minor
    tax = tax_of(order)
    total = subtotal + order.shipping_minor + order.tip_minor + (0 if order.taxes_included else tax)
    back = sum(line.subtotal_minor for refund in refunds for line in refund.lines)
    tax_back = sum(line.tax_minor for refund in refunds for line in refund.lines)
    paid_back = sum(refund.amount_minor for refund in refunds)
    return {
        **parts.amount("current_subtotal_price", subtotal - back),
        "current_total_additional_fees_set": None,
        **parts.amount("current_total_discounts", order.discount_minor),
        "current_total_duties_set": None,
        **parts.amount("current_total_price", total - paid_back),
        **parts.amount("current_total_tax", tax - tax_back),
        "duties_included": False,
        "estimated_taxes": False,
        "original_total_additional_fees_set": None,
        "original_total_duties_set": None,
        **parts.amount("subtotal_price", subtotal),
        "tax_exempt": False,
        "taxes_included": order.taxes_included,
        "total_cash_rounding_payment_adjustment_set": parts.money(0),
        "total_cash_rounding_refund_adjustment_set": parts.money(0),
        **parts.amount("total_discounts", order.discount_minor),
        **parts.amount("total_line_items_price", goods),
        "total_outstanding": decimal(total if state.payment == "pending" else 0),
        **parts.amount("total_price", total),
        "total_shipping_price_set": parts.money(order.shipping_minor),
        **parts.amount("total_tax", tax),
        "total_tip_received": decimal(order.tip_minor),
    }


def discounts(parts: Parts) -> dict[str, Json]:
    """Return the discount code, where one was used."""
    order = parts.order
    if order.discount_code is None:
        return {"discount_codes": [], "discount_applications": []}
    amount = decimal(order.discount_minor)
    return {
        "discount_codes": [{"code": order.discount_code, "amount": amount, "type": "fixed_amount"}],
        "discount_applications": [
            {
                "target_type": "line_item",
                "type": "discount_code",
                "value": amount,
                "value_type": "fixed_amount",
                "allocation_method": "across",
                "target_selection": "all",
                "code": order.discount_code,
            }
        ],
    }


def shipping_lines(parts: Parts) -> list[Json]:
    """Return what shipping costs."""
    order = parts.order
    return [
        {
            "id": order.id + 31,
            "carrier_identifier": None,
            "code": "Standard",
            **parts.amount("discounted_price", order.shipping_minor),
            "is_removed": False,
            "phone": None,
            **parts.amount("price", order.shipping_minor),
            "requested_fulfillment_service_id": None,
            "source": "shopify",
            "title": "Standard",
            "tax_lines": [],
            "discount_allocations": [],
        }
    ]


def tax_of(order: OrderPlan) -> int:
    """Return the order's tax, inside the prices or on top."""
    return sum(line.tax_minor for line in order.lines)
