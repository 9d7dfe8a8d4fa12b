"""The webhook's Lambda side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from grapevine.domain.errors import GrapevineError, MalformedBodyError, UnavailableError
from grapevine.runtime import observe
from grapevine.runtime.http import Headers, Incoming, json_response
from grapevine.runtime.parts import Parts
from grapevine.usecases.place_order import (
    Placed,
    PlaceOrder,
    PlaceOrderPorts,
    Receipt,
    Sender,
    place_order,
)

SHOPIFY = "aws.partner/shopify.com/"
"""How the names of Shopify's event sources begin; only AWS's partners can send under such a name."""


def receive(storefront_id: str, request: Incoming, parts: Parts) -> Response:
    """Return 200 once the delivery is durable, or is about nothing of ours."""
    said = request.headers | {f"?{name}": value for name, value in request.query.items()}
    return _answer(_placed(PlaceOrder(storefront_id=storefront_id, raw=request.body, headers=said), parts))


def receive_event(event: Mapping[str, Any], parts: Parts) -> dict[str, str]:
    """Take what a shop sent over EventBridge; what is refused is said in the log and in a metric.

    UnavailableError where it could not be kept: Lambda brings it again, and in the end to the dropped queue.
    """
    with observe.invocation("receive_event") as fields:
        try:
            return {"receipt": _placed(to_place_order(event), parts).receipt.value}
        except UnavailableError:
            raise
        except GrapevineError as error:
            observe.count(observe.EVENT_REFUSED)
            fields.update(outcome="refused", error=f"{type(error).__name__}: {error}")
            return {"receipt": "refused"}


def to_place_order(event: Mapping[str, Any]) -> PlaceOrder:
    """Return the delivery in a partner's event: the source is named after the storefront.

    MalformedBodyError when it is none. Nobody but AWS's partner can send under the source's name,
    so there is no signature to check; the shop that the event names has to be the storefront's own.
    """
    source, detail = event.get("source"), event.get("detail")
    if not (isinstance(source, str) and source.startswith(SHOPIFY) and isinstance(detail, dict)):
        raise MalformedBodyError("not an event of a shop")
    payload, metadata = detail.get("payload"), detail.get("metadata")
    if not (isinstance(payload, dict) and isinstance(metadata, dict)):
        raise MalformedBodyError("an event without a payload or metadata")
    headers = {str(name).lower(): str(value) for name, value in metadata.items()}
    domain = headers.get("x-shopify-shop-domain") or headers.get("shopify-shop-domain") or ""
    return PlaceOrder(
        storefront_id=source.rpartition("/")[2],
        raw=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        headers=headers,
        sender=Sender(platform="shopify", domain=domain.strip().lower()),
    )


def _placed(command: PlaceOrder, parts: Parts) -> Placed:
    ports = PlaceOrderPorts(
        storefronts=parts.catalog,
        secrets=parts.secrets,
        adapters=parts.storefront_adapters,
        raw_bodies=parts.raw_bodies,
        facts=parts.facts,
        queue=parts.shop_queue,
    )
    placed = place_order(command, ports, parts.now())
    if placed.receipt is Receipt.IGNORED:
        observe.count(observe.TOPIC_IGNORED)
    observe.note(
        topic=placed.topic, receipt=placed.receipt.value, orders=[str(order) for order in placed.orders]
    )
    if placed.problem and not placed.orders:
        # An order's problem is kept with its fact; what was left out of a product is told here alone.
        observe.note(problem=placed.problem)
    return placed


def _answer(placed: Placed) -> Response:
    """Answer in the platform's words, where it has any; nothing to say is 204."""
    reply = placed.reply
    if reply is None:
        return json_response({"receipt": placed.receipt.value})
    headers: Headers = {"Content-Type": reply.content_type, "Cache-Control": "no-store"}
    return Response(body=reply.text, status_code=200 if reply.text else 204, headers=headers)
