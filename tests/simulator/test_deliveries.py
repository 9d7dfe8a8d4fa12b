"""Webhooks arrive signed, repeated and out of order, and the same for the same seed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.ports import ShopKeys
from grapevine_sim.deliveries import deliveries, each_once
from grapevine_sim.market import world
from grapevine_sim.plans import Delivery, Run, World
from tests.builders import T0

seeds = st.integers(0, 2**32 - 1)


def run_of(market: World) -> Run:
    click_ids = {click.key: f"id-{click.key}" for click in market.clicks if click.gets_click_id}
    return Run(opened_at=datetime(2026, 11, 11, 14, tzinfo=UTC), click_ids=click_ids)


def sent_by(market: World) -> tuple[Delivery, ...]:
    return deliveries(market, run_of(market))


def test_the_same_world_sends_the_same() -> None:
    market = world()

    assert sent_by(market) == sent_by(market)


@settings(max_examples=15)
@given(seeds)
def test_every_delivery_verifies(seed: int) -> None:
    market = world(seed)
    for delivery in sent_by(market):
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        keys = ShopKeys(secrets=(market.shop.webhook_secret,), domain=market.shop.domain)
        Shopify().verify(delivery.raw, headers, keys, T0)
        assert Shopify().topic(headers) == delivery.topic


@settings(max_examples=15)
@given(seeds)
def test_everything_arrives_and_a_lot_of_it_twice(seed: int) -> None:
    market = world(seed)
    bodies = Counter((delivery.topic, delivery.raw) for delivery in sent_by(market))

    once = each_once(market, run_of(market), Random(0))
    assert set(bodies) == {(delivery.topic, delivery.raw) for delivery in once}
    assert sum(count > 1 for count in bodies.values()) >= 10


@settings(max_examples=15)
@given(seeds)
def test_deliveries_overtake_each_other(seed: int) -> None:
    instants = [
        delivery.headers[name]
        for delivery in sent_by(world(seed))
        for name in delivery.headers
        if "riggered" in name
    ]

    assert sum(later < earlier for earlier, later in pairwise(instants)) >= 10


@settings(max_examples=15)
@given(seeds)
def test_one_refund_comes_before_anything_else_of_its_order(seed: int) -> None:
    market = world(seed)
    (early,) = (order for order in market.orders if order.is_refund_first)

    topics = [delivery.topic for delivery in sent_by(market) if delivery.order == early.key]

    assert topics[0] == "refunds/create"
    assert "orders/create" in topics


def test_a_click_id_travels_in_the_cart_or_in_the_landing_url() -> None:
    market = world()
    told = {
        delivery.order: json.loads(delivery.raw)
        for delivery in each_once(market, run_of(market), Random(0))
        if delivery.topic == "orders/create"
    }

    for order in market.orders:
        in_cart = [a["value"] for a in told[order.key]["note_attributes"] if a["name"] == "gv_click"]
        assert in_cart == ([f"id-{order.click}"] if order.click and order.is_click_in_cart else [])
        landed = f"gv_click=id-{order.click}" in told[order.key]["landing_site"]
        assert landed is (order.click is not None and not order.is_click_in_cart)
