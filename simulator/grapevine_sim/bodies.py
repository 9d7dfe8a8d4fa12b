"""Shopify's order body with every key that the API's version 2026-07 has; the values are ours."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine_sim.agents import PEOPLE
from grapevine_sim.body_parts import Json, Parts, gid
from grapevine_sim.body_people import parcels, people
from grapevine_sim.body_totals import discounts, shipping_lines, tax_of, totals
from grapevine_sim.plans import OrderPlan, Parcel, RefundPlan, Run, Shop, State, World
from grapevine_sim.refund_bodies import refund_body, refund_in_order

CLICK_PARAMETER = "gv_click"


def order_json(world: World, run: Run, order: OrderPlan, state: State) -> dict[str, Json]:
    """Return the order's body in one state of its story."""
    parts = Parts(order, world.shop.currency, run.opened_at)
    refunds = order.refunds[: state.refunds]
    return {
        **_identity(parts, world.shop),
        **_status(parts, state),
        **_rest(parts),
        **_origin(world, run, order),
        **people(parts),
        **totals(parts, refunds, state),
        **discounts(parts),
        "fulfillments": parcels(parts, state),
        "line_items": [parts.line(line, returned=_returned(line.id, refunds)) for line in order.lines],
        "refunds": [refund_in_order(parts, refund) for refund in refunds],
        "shipping_lines": shipping_lines(parts),
        "tax_lines": [parts.tax_line(tax_of(order))] if tax_of(order) else [],
    }


def refund_json(world: World, run: Run, order: OrderPlan, index: int) -> dict[str, Json]:
    """Return the body of `refunds/create` for one of the order's refunds."""
    return refund_body(Parts(order, world.shop.currency, run.opened_at), order.refunds[index])


def _identity(parts: Parts, shop: Shop) -> dict[str, Json]:
    order = parts.order
    token = f"{order.id:032x}"
    return {
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "cart_token": f"cart-{token}",
        "checkout_id": order.id + 11,
        "checkout_token": f"checkout-{token}",
        "confirmation_number": f"GV{order.number}",
        "currency": shop.currency,
        "name": f"#{order.number}",
        "number": order.number - 1000,
        "order_number": order.number,
        "order_status_url": f"https://{shop.domain}/orders/{token}",
        "presentment_currency": order.presentment[0],
        "token": token,
    }


def _status(parts: Parts, state: State) -> dict[str, Json]:
    cancelled = parts.at(state.cancelled_at) if state.cancelled_at is not None else None
    return {
        "cancel_reason": "customer" if cancelled else None,
        "cancelled_at": cancelled,
        "closed_at": cancelled,
        "confirmed": True,
        "created_at": parts.at(parts.order.placed_at),
        "financial_status": state.payment,
        "fulfillment_status": None if state.parcel is Parcel.NONE else "fulfilled",
        "processed_at": parts.at(parts.order.placed_at),
        "test": False,
        "updated_at": parts.at(state.at),
    }


def _rest(parts: Parts) -> dict[str, Json]:
    """Keys that a body has and a small shop leaves alone."""
    unused = (
        "device_id",
        "location_id",
        "merchant_of_record_app_id",
        "note",
        "payment_terms",
        "po_number",
        "reference",
        "source_identifier",
        "source_url",
        "user_id",
    )
    return {
        **dict.fromkeys(unused),
        "app_id": 580_111,
        "merchant_business_entity_id": "R1JBUEVWSU5F",
        "payment_gateway_names": ["simulated"],
        "source_name": "web",
        "tags": "",
        "total_weight": sum(line.product.grams * line.quantity for line in parts.order.lines),
    }


def _origin(world: World, run: Run, order: OrderPlan) -> dict[str, Json]:
    """Where the customer came from: the click id is in the cart's attributes or in the landing URL."""
    click_id = run.click_ids[order.click] if order.click else None
    landing = f"/products?{CLICK_PARAMETER}={click_id}" if click_id and not order.is_click_in_cart else "/"
    attribute: list[Json] = [{"name": CLICK_PARAMETER, "value": click_id}]
    agent = world.click(order.click).user_agent if order.click else PEOPLE[0].user_agent
    return {
        "browser_ip": "192.0.2.14",
        "buyer_accepts_marketing": False,
        "client_details": {
            "accept_language": "en",
            "browser_height": None,
            "browser_ip": "192.0.2.14",
            "browser_width": None,
            "session_hash": None,
            "user_agent": agent,
        },
        "customer_locale": "en",
        "landing_site": landing,
        "landing_site_ref": None,
        "note_attributes": [
            {"name": "gift wrap", "value": "no"},
            *(attribute if click_id and order.is_click_in_cart else []),
        ],
        "referring_site": None,
    }


def _returned(line_id: int, refunds: Sequence[RefundPlan]) -> int:
    return sum(line.quantity for refund in refunds for line in refund.lines if line.line.id == line_id)
