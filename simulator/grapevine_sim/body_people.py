"""The people in Shopify's order body: the customer, where they live, and the parcel on its way there."""

from __future__ import annotations

from grapevine_sim.body_parts import LOCATION_ID, Json, Parts, gid
from grapevine_sim.plans import Parcel, State

STREET = "7 Orchard Lane"


def people(parts: Parts) -> dict[str, Json]:
    """Return who bought; a guest has an address and no account."""
    customer = parts.order.customer
    address = _address(parts)
    return {
        "email": customer.email,
        "contact_email": customer.email,
        "phone": None,
        "customer": _customer(parts, customer.id) if customer.id else None,
        "billing_address": address,
        "shipping_address": address,
    }


def _address(parts: Parts) -> dict[str, Json]:
    customer = parts.order.customer
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "name": f"{customer.first_name} {customer.last_name}",
        "company": None,
        "address1": STREET,
        "address2": "",
        "city": "Springfield",
        "zip": "01103",
        "province": "Massachusetts",
        "province_code": "MA",
        "country": "United States",
        "country_code": "US",
        "phone": None,
        "latitude": 42.1015,
        "longitude": -72.5898,
    }


def _customer(parts: Parts, id_: int) -> Json:
    customer = parts.order.customer
    address = {k: v for k, v in _address(parts).items() if k not in ("latitude", "longitude")}
    since = parts.at(-86_400)
    consent = {"state": "not_subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": None}
    return {
        "id": id_,
        "admin_graphql_api_id": gid("Customer", id_),
        "created_at": since,
        "currency": parts.currency,
        "default_address": {
            **address,
            "id": id_ + 1,
            "customer_id": id_,
            "country_name": "United States",
            "default": True,
        },
        "email": customer.email,
        "email_marketing_consent": consent,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "multipass_identifier": None,
        "note": None,
        "phone": None,
        "sms_marketing_consent": {**consent, "consent_collected_from": "SHOPIFY"},
        "state": "enabled",
        "tags": "",
        "tax_exempt": False,
        "tax_exemptions": [],
        "updated_at": since,
        "verified_email": True,
    }


def parcels(parts: Parts, state: State) -> list[Json]:
    """Return the order's one parcel as far as it has come, or nothing."""
    if state.parcel is Parcel.NONE or state.parcel_at is None:
        return []
    order = parts.order
    return [
        {
            "id": order.id + 21,
            "admin_graphql_api_id": gid("Fulfillment", order.id + 21),
            "created_at": parts.at(order.placed_at),
            "location_id": LOCATION_ID,
            "name": f"#{order.number}.1",
            "order_id": order.id,
            "origin_address": {},
            "receipt": {"testcase": True, "authorization": f"parcel-{order.number}"},
            "service": "manual",
            "shipment_status": "delivered" if state.parcel is Parcel.DELIVERED else "in_transit",
            "status": "success",
            "tracking_company": "Orchard Post",
            "tracking_number": f"OP{order.number}",
            "tracking_numbers": [f"OP{order.number}"],
            "tracking_url": None,
            "tracking_urls": [],
            "updated_at": parts.at(state.parcel_at),
            "line_items": [parts.line(line) for line in order.lines],
        }
    ]
