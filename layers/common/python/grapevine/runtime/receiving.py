"""The webhook's Lambda side."""

from __future__ import annotations

from chalice.app import Response

from grapevine.runtime import observe
from grapevine.runtime.http import Incoming, json_response
from grapevine.runtime.parts import Parts
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, Receipt, place_order


def receive(storefront_id: str, request: Incoming, parts: Parts) -> Response:
    """Return 200 once the delivery is durable, or is about nothing of ours."""
    ports = PlaceOrderPorts(
        parts.catalog, parts.secrets, parts.storefront_adapters, parts.raw_bodies, parts.facts
    )
    command = PlaceOrder(storefront_id=storefront_id, raw=request.body, headers=request.headers)
    placed = place_order(command, ports, parts.now())
    if placed.receipt is Receipt.IGNORED:
        observe.count(observe.TOPIC_IGNORED)
    observe.note(topic=placed.topic, receipt=placed.receipt.value, order=str(placed.order or ""))
    return json_response({"receipt": placed.receipt.value})
