"""The webhook's Lambda side."""

from __future__ import annotations

from chalice.app import Response

from grapevine.runtime import observe
from grapevine.runtime.http import Headers, Incoming, json_response
from grapevine.runtime.parts import Parts
from grapevine.usecases.place_order import Placed, PlaceOrder, PlaceOrderPorts, Receipt, place_order


def receive(storefront_id: str, request: Incoming, parts: Parts) -> Response:
    """Return 200 once the delivery is durable, or is about nothing of ours."""
    ports = PlaceOrderPorts(
        storefronts=parts.catalog,
        secrets=parts.secrets,
        adapters=parts.storefront_adapters,
        raw_bodies=parts.raw_bodies,
        facts=parts.facts,
        queue=parts.shop_queue,
    )
    said = request.headers | {f"?{name}": value for name, value in request.query.items()}
    command = PlaceOrder(storefront_id=storefront_id, raw=request.body, headers=said)
    placed = place_order(command, ports, parts.now())
    if placed.receipt is Receipt.IGNORED:
        observe.count(observe.TOPIC_IGNORED)
    observe.note(
        topic=placed.topic, receipt=placed.receipt.value, orders=[str(order) for order in placed.orders]
    )
    return _answer(placed)


def _answer(placed: Placed) -> Response:
    """Answer in the platform's words, where it has any; nothing to say is 204."""
    reply = placed.reply
    if reply is None:
        return json_response({"receipt": placed.receipt.value})
    headers: Headers = {"Content-Type": reply.content_type, "Cache-Control": "no-store"}
    return Response(body=reply.text, status_code=200 if reply.text else 204, headers=headers)
