"""The market's webhooks as requests: signed, repeated, late and out of order, as platforms send them."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from uuid import UUID

from grapevine_sim.bodies import order_json, refund_json
from grapevine_sim.body_parts import API_VERSION, Json, instant
from grapevine_sim.plans import Delivery, OrderPlan, Run, Step, World

REPEATED_SHARE = 0.35
REDELIVERIES = 12
DISORDER = 6.0
"""How many places a delivery may be early or late in the first round."""


def deliveries(world: World, run: Run) -> tuple[Delivery, ...]:
    """Return everything the shop sends: a disorderly first round with repeats, then a shuffled rest.

    The order that says so has its refund first.
    """
    rng = Random(world.seed + 1)
    once = each_once(world, run, rng)
    late = [delivery for delivery in once if rng.random() < REPEATED_SHARE]
    first = [(index + rng.uniform(0, DISORDER), delivery) for index, delivery in enumerate(once)]
    again = [(rng.uniform(0, len(once)), _repeated(delivery, rng)) for delivery in late]
    ordered = [delivery for _, delivery in sorted(first + again, key=lambda item: item[0])]
    rest = rng.sample(once, min(REDELIVERIES, len(once)))
    return tuple(_refunds_first(world.orders, ordered) + rest)


def each_once(world: World, run: Run, rng: Random) -> list[Delivery]:
    """Return every webhook once, in the order in which the platform caused them."""
    steps = [(step, order) for order in world.orders for step in order.story]
    steps.sort(key=lambda item: item[0].state.at)
    return [_delivery(world, run, order, step, rng) for step, order in steps]


def sign(body: bytes, secret: str) -> str:
    """Return the signature header's value."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def _delivery(world: World, run: Run, order: OrderPlan, step: Step, rng: Random) -> Delivery:
    body = _body(world, run, order, step)
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    prefix = "shopify-" if rng.random() < 0.2 else "X-Shopify-"
    headers = {
        "Content-Type": "application/json",
        f"{prefix}Topic": step.topic,
        f"{prefix}Hmac-Sha256": sign(raw, world.shop.webhook_secret),
        f"{prefix}Shop-Domain": world.shop.domain,
        f"{prefix}API-Version": API_VERSION,
        f"{prefix}Webhook-Id": _uuid(rng),
        f"{prefix}Event-Id": _uuid(rng),
        f"{prefix}Triggered-At": instant(run.opened_at, step.state.at),
    }
    return Delivery(order=order.key, order_id=str(order.id), topic=step.topic, raw=raw, headers=headers)


def _body(world: World, run: Run, order: OrderPlan, step: Step) -> dict[str, Json]:
    if step.refund is not None:
        return refund_json(world, run, order, step.refund)
    return order_json(world, run, order, step.state)


def _repeated(delivery: Delivery, rng: Random) -> Delivery:
    """Return a retry, which is the same to the byte, or the copy of a second subscription."""
    if rng.random() < 0.5:
        return delivery
    headers = {
        name: _uuid(rng) if name.lower().endswith("webhook-id") else value
        for name, value in delivery.headers.items()
    }
    return replace(delivery, headers=headers)


def _refunds_first(orders: Sequence[OrderPlan], ordered: list[Delivery]) -> list[Delivery]:
    """Move the refunds of those orders before everything else of theirs."""
    early = {order.key for order in orders if order.is_refund_first}
    moved = [
        delivery for delivery in ordered if delivery.order in early and delivery.topic == "refunds/create"
    ]
    return moved + [delivery for delivery in ordered if not any(delivery is one for one in moved)]


def _uuid(rng: Random) -> str:
    return str(UUID(bytes=rng.randbytes(16), version=4))
