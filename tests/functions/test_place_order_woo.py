"""WooCommerce through Chalice: its ping is a form that nobody signs, and wants exactly 200."""

from __future__ import annotations

import json
from collections.abc import Callable

from chalice.test import Client

from grapevine.domain.facts import OrderKey
from grapevine.ports import StorefrontSecrets
from tests import builders as make
from tests.adapters.storefronts import woo_bodies as woo
from tests.worlds import SUBJECT_KEY, World

Clients = Callable[[str], Client]
PATH = "/storefronts/sf_woo/webhooks"


def connect(world: World) -> None:
    world.catalog.add_storefront(make.storefront(id="sf_woo", platform="woocommerce", domain=woo.SHOP))
    world.secrets.put_storefront_secrets(
        "sf_woo", StorefrontSecrets(webhook_secrets=(woo.SECRET,), subject_key=SUBJECT_KEY)
    )


def test_the_ping_is_answered_200(world: World, client: Clients) -> None:
    connect(world)
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = client("place_order").http.post(PATH, headers=form, body=b"webhook_id=42")

    assert answer.status_code == 200
    assert world.raw_bodies.kept == {}


def test_a_ping_to_nobody_is_404(world: World, client: Clients) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert client("place_order").http.post(PATH, headers=form, body=b"webhook_id=42").status_code == 404


def test_an_order_is_kept_and_answered_200(world: World, client: Clients) -> None:
    connect(world)
    raw = json.dumps(woo.body("order_paid")).encode()
    headers = {**woo.headers(raw), "Content-Type": "application/json"}

    answer = client("place_order").http.post(PATH, headers=headers, body=raw)

    assert (answer.status_code, answer.json_body) == (200, {"receipt": "appended"})
    assert len(world.facts.facts_of(OrderKey("sf_woo", "4711"))) == 1


def test_edge_86_an_order_that_nobody_signed_is_refused(world: World, client: Clients) -> None:
    connect(world)
    raw = json.dumps(woo.body("order_paid")).encode()

    answer = client("place_order").http.post(PATH, headers={"Content-Type": "application/json"}, body=raw)

    assert answer.status_code == 401
    assert world.raw_bodies.kept == {}
