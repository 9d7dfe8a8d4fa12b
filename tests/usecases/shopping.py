"""A world whose storefront's shop holds the truth, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.ports.shop_clients import Fetched
from grapevine.usecases.fetch_order import FetchPorts, TakePorts
from grapevine.usecases.reconcile_storefront import (
    Reconciled,
    ReconcilePorts,
    ReconcileStorefront,
    always,
    reconcile_storefront,
)
from tests import builders as make
from tests.usecases.webhooks import order_body
from tests.worlds import World, chain_world

TOPIC = "orders/updated"


@dataclass
class Shopping:
    """The world, and its one shop."""

    world: World = field(default_factory=chain_world)
    shop: MemoryShop = field(default_factory=MemoryShop)

    def __post_init__(self) -> None:
        self.world.shop_clients.shops[make.STOREFRONT_ID] = self.shop

    @property
    def taking(self) -> TakePorts:
        world = self.world
        return TakePorts(
            storefronts=world.catalog,
            secrets=world.secrets,
            adapters=world.storefront_adapters,
            raw_bodies=world.raw_bodies,
            facts=world.facts,
        )

    @property
    def fetching(self) -> FetchPorts:
        return FetchPorts(self.world.shop_clients, self.taking)

    @property
    def ports(self) -> ReconcilePorts:
        return ReconcilePorts(self.fetching, self.world.reconcile_marks)

    def change(self, order_id: str, at: datetime, **changes: object) -> bytes:
        """Let an order of the shop be so from an instant on; return its body."""
        body = order_body(order_id, updated_at=to_text(at), **changes)
        raw = raw_of(body)
        self.shop.change(order_id, at, Fetched(raw, TOPIC))
        return raw

    def reconcile(
        self, now: datetime, may_go_on: Callable[[], bool] = always, **span: datetime
    ) -> Reconciled:
        command = ReconcileStorefront(storefront_id=make.STOREFRONT_ID, **span)
        return reconcile_storefront(command, self.ports, now, may_go_on=may_go_on)

    def known(self) -> set[str]:
        """Return the orders that the world has facts of."""
        return {fact.order.order_id for fact in self.world.facts.scan(make.PROGRAM_ID)}


def raw_of(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def key(order_id: str) -> OrderKey:
    return OrderKey(make.STOREFRONT_ID, order_id)
