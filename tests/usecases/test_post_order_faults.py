"""From webhook to folded pages with every store call failing once: the books end the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from grapevine.domain.facts import OrderKey
from grapevine.domain.pages import Page
from grapevine.ports import PageFolder
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.webhooks import headers_of, order_body, refund_body
from tests.worlds import World, chain_world

ORDER = OrderKey(make.STOREFRONT_ID, "1001")
NOW = T0 + minutes(5)
DELIVERIES = (
    ("orders/paid", order_body("1001")),
    ("refunds/create", refund_body("1001", "71", ("11", "23.45"))),
)


def place(world: World, plug: Plug, topic: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    ports = PlaceOrderPorts(
        storefronts=Plugged(world.catalog, plug),
        secrets=Plugged(world.secrets, plug),
        adapters=world.storefront_adapters,
        raw_bodies=Plugged(world.raw_bodies, plug),
        facts=Plugged(world.facts, plug),
        queue=world.shop_queue,
    )
    headers = headers_of(raw, topic)
    place_order(PlaceOrder(storefront_id=make.STOREFRONT_ID, raw=raw, headers=headers), ports, NOW)


def screen(world: World, plug: Plug) -> None:
    ports = ScreenOrderPorts(
        Plugged(world.clicks, plug), Plugged(world.catalog, plug), Plugged(world.facts, plug)
    )
    for fact in world.facts.facts_of(ORDER):
        screen_order(ScreenOrder(fact), ports, NOW)


def post(world: World, plug: Plug, after: timedelta) -> None:
    ports = PostOrderPorts(
        Plugged(world.ledger, plug),
        Plugged(world.facts, plug),
        Plugged(world.clicks, plug),
        Plugged(world.catalog, plug),
        Plugged(world.pages, plug),
    )
    post_order(PostOrder(ORDER), ports, T0 + after)


@dataclass(frozen=True)
class PageByPage:
    """Pages written one after the other, so that a fault can come between two of one entry."""

    pages: PageFolder

    def fold(self, additions: Sequence[Page]) -> int:
        return sum(self.pages.fold([addition]) for addition in additions)


def fold(world: World, plug: Plug) -> None:
    pages = PageByPage(Plugged(world.pages, plug))
    fold_entries(FoldEntries(tuple(world.ledger.appended)), pages)


def play(plug: Plug) -> World:
    """Each step again until it ends well: a storefront redelivers, a stream retries, a queue redrives."""
    world = chain_world()
    for topic, body in DELIVERIES:
        until_done(lambda topic=topic, body=body: place(world, plug, topic, body))  # type: ignore[misc]
        until_done(lambda: screen(world, plug))
        until_done(lambda: post(world, plug, minutes(6)))
        until_done(lambda: fold(world, plug))
    until_done(lambda: post(world, plug, days(31)))
    until_done(lambda: fold(world, plug))
    return world


def state(world: World) -> dict[str, Any]:
    return {
        "facts": world.facts.facts_of(ORDER),
        "bodies": world.raw_bodies.kept,
        "entries": world.ledger.entries_of(ORDER),
        "pages": world.pages.stored,
        "faults": world.proof().faults,
    }


@cache
def undisturbed() -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return how a run without a fault ends, and its calls."""
    plug = Plug()
    ends = state(play(plug))
    return ends, tuple(plug.calls)


def test_the_undisturbed_run_is_worth_disturbing() -> None:
    ends, calls = undisturbed()
    assert [entry.reason.value for entry in ends["entries"]] == ["accrued", "refunded", "released"]
    assert ends["faults"] == ()
    assert {call.split(".")[0] for call in calls} == {
        *("MemoryCatalog", "MemorySecrets", "MemoryRawBodies", "MemoryFacts"),
        *("MemoryClicks", "MemoryLedger", "MemoryPages"),
    }


@pytest.mark.parametrize("how", How)
def test_a_fault_at_any_call_changes_nothing_in_the_end(how: How) -> None:
    ends, calls = undisturbed()
    for number, call in enumerate(calls, start=1):
        found = state(play(Plug(fail_at=number, how=how)))
        assert found == ends, f"call {number}, {call}: {how.value}"
    print(f"{len(calls)} fault points from webhook to pages: {how.value}")
