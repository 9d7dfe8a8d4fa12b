"""What shops are asked: the queue's messages one by one, and every hour what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from time import monotonic
from typing import Any

from grapevine.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from grapevine.domain.instants import to_text
from grapevine.ports.shop_clients import ShopRefusedError
from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.privacy import serve_privacy
from grapevine.runtime.streams import Answer, Record, answer_messages
from grapevine.usecases.fetch_order import FetchOrder, FetchPorts, TakePorts, fetch_order
from grapevine.usecases.reconcile_storefront import ReconcilePorts, ReconcileStorefront, reconcile_storefront
from grapevine.usecases.start_reconciling import start_reconciling
from grapevine.usecases.sync_coupon import SyncCoupon, SyncPorts, sync_coupon

BUDGET_SECONDS = 45.0
"""After this a run begins no other page; what is left is queued again. The function has two minutes."""

Json = dict[str, Any]


def serve(event: Record, parts: Parts) -> Answer:
    """Do what the queue says, one message each; what could not be done comes again, and in the end is kept.

    A shop that says no for good, or has no such order, would say so again: that is logged and counted.
    """

    def each(body: str, _receives: int) -> None:
        for kind, values in json.loads(body).items():
            if kind not in SERVED:
                raise InvalidInputError(f"nobody serves {kind!r}")
            _served(kind, values, parts)

    return answer_messages("serve_shops", event, each)


def start(parts: Parts) -> Json:
    """Queue every storefront, and coupons that changed lately; the answer counts them."""
    with observe.invocation("start_reconciling") as fields:
        queued = asdict(start_reconciling(parts.catalog, parts.shop_queue, parts.now()))
        fields.update(queued)
        return queued


def take_ports(parts: Parts) -> TakePorts:
    """Return what taking a shop's bodies needs."""
    return TakePorts(
        storefronts=parts.catalog,
        secrets=parts.secrets,
        adapters=parts.storefront_adapters,
        raw_bodies=parts.raw_bodies,
        facts=parts.facts,
    )


def reconcile_ports(parts: Parts) -> ReconcilePorts:
    """Return what reconciling needs."""
    return ReconcilePorts(FetchPorts(parts.shop_clients, take_ports(parts)), parts.reconcile_marks)


def _served(kind: str, values: Json, parts: Parts) -> None:
    try:
        SERVED[kind](values, parts)
    except NotFoundError as error:
        observe.note_each(missing=f"{kind}: {error}")
    except ShopRefusedError as error:
        observe.note_each(refused=f"{kind}: {error}")
        observe.count(observe.SHOP_REFUSED)


def _fetch(values: Json, parts: Parts) -> None:
    command = FetchOrder(**values)
    observe.note_each(fetches=f"{command.storefront_id}/{command.order_id}")
    taken = fetch_order(command, FetchPorts(parts.shop_clients, take_ports(parts)), parts.now())
    for what in (*taken.problems, *taken.unread):
        observe.note_each(problems=what)


def _privacy(values: Json, parts: Parts) -> None:
    serve_privacy(values, parts)


def _sync(values: Json, parts: Parts) -> None:
    command = SyncCoupon(**values)
    observe.note_each(coupons=f"{command.storefront_id}/{command.code}")
    ports = SyncPorts(parts.catalog, parts.catalog, parts.secrets, parts.shop_clients)
    sync_coupon(command, ports, parts.now())


def reconcile(values: Json, parts: Parts, budget_seconds: float = BUDGET_SECONDS) -> None:
    """Read on from a storefront's mark; a shop that is down is asked again in the next hour."""
    command = ReconcileStorefront(storefront_id=values["storefront_id"])
    observe.note_each(reconciles=command.storefront_id)
    ends = monotonic() + budget_seconds
    try:
        done = reconcile_storefront(
            command, reconcile_ports(parts), parts.now(), may_go_on=lambda: monotonic() < ends
        )
    except (UnavailableError, ShopRefusedError) as error:
        observe.note_each(not_reconciled=f"{command.storefront_id}: {error}")
        observe.count(observe.SHOP_NOT_RECONCILED)
        return
    observe.note_each(reconciled=f"{command.storefront_id} until {to_text(done.until)}")
    observe.count(observe.ORDER_RECONCILED, len(done.taken.facts))
    for what in (*done.taken.problems, *done.taken.unread):
        observe.note_each(problems=what)
    if not done.finished:
        parts.shop_queue.send_reconcile(command.storefront_id)


SERVED: Mapping[str, Callable[[Json, Parts], None]] = {
    "fetch": _fetch,
    "privacy": _privacy,
    "coupon": _sync,
    "reconcile": reconcile,
}
"""Who does what a message asks for, by its kind."""
