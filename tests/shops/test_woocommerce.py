"""WooCommerce's client against a server that behaves as the REST API does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from grapevine.adapters.shops.woocommerce import TOPICS
from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import Discount, ShopClient, ShopRefusedError, ShopUnavailableError
from tests.builders import T0, minutes
from tests.rails.weather import Weather
from tests.shops.opened import Opened, opened
from tests.shops.woo_server import KEY, SECRET, V3, WooApi

CODE = Discount(code="CY-10", off_bps=1050, owner="Grapevine pg_test/CY-10")


@pytest.fixture
def api() -> WooApi:
    return WooApi()


@pytest.fixture
def shop(api: WooApi) -> Iterator[Opened]:
    with opened("woocommerce", api.rules, consumer_key=KEY, consumer_secret=SECRET) as found:
        yield found


def put(api: WooApi, number: int, at: datetime, **changes: object) -> None:
    modified = at.strftime("%Y-%m-%dT%H:%M:%S")
    api.orders[number] = {"id": number, "date_modified_gmt": modified, "refunds": [], **changes}


def read(client: ShopClient, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Read every page of a span; return the orders."""
    bodies: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.orders_updated(start, end, cursor)
        bodies += [json.loads(body.raw) for body in page.bodies]
        if page.cursor is None:
            return bodies
        cursor = page.cursor


def ids(bodies: list[dict[str, Any]]) -> set[int]:
    return {body["id"] for body in bodies}


def test_an_order_comes_with_every_line_of_its_refunds(shop: Opened, api: WooApi) -> None:
    put(api, 7, T0, refunds=[{"id": 71, "total": "-8.10"}], line_items=[{"price": 10.799999999999999}])
    api.refunds[7] = [{"id": number, "line_items": [{"total": "-4.05"}]} for number in (71, 72, 73)]
    found = shop.client.fetch_order("7")
    body = json.loads(found.raw)
    assert found.topic == "order.updated"
    assert body["refunds"] == api.refunds[7]
    assert body["date_modified_gmt"] == "2026-11-11T09:00:00"
    assert b"10.799999999999999" in found.raw
    assert shop.server.count("GET", f"{V3}/orders/7/refunds") == 2  # two to a page


def test_an_order_without_refunds_costs_one_request(shop: Opened, api: WooApi) -> None:
    put(api, 7, T0)
    assert json.loads(shop.client.fetch_order("7").raw) == api.orders[7]
    assert len(shop.server.asked) == 1
    with pytest.raises(NotFoundError):
        shop.client.fetch_order("8")


def test_both_ends_of_a_span_are_in_it(shop: Opened, api: WooApi) -> None:
    for number in range(1, 8):
        put(api, number, T0 + minutes(number))
    assert ids(read(shop.client, T0 + minutes(2), T0 + minutes(6))) == {2, 3, 4, 5, 6}
    assert read(shop.client, T0 + minutes(20), T0 + minutes(30)) == []


@pytest.mark.parametrize("changed", range(1, 8))
@pytest.mark.parametrize("after", range(4))
def test_an_order_that_leaves_the_span_while_it_is_read_hides_no_other(
    shop: Opened, api: WooApi, changed: int, after: int
) -> None:
    for number in range(1, 8):
        put(api, number, T0 + minutes(number))
    moves = partial(put, api, changed, T0 + minutes(99))
    api.after_list += [lambda: None] * after + [moves]
    assert ids(read(shop.client, T0, T0 + minutes(10))) >= set(range(1, 8)) - {changed}


def test_an_order_that_is_deleted_meanwhile_is_passed_over(shop: Opened, api: WooApi) -> None:
    put(api, 1, T0, refunds=[{"id": 11}])
    put(api, 2, T0)
    api.after_list.append(partial(api.orders.pop, 1))
    assert ids(read(shop.client, T0, T0)) == {2}


def test_a_code_is_made_ended_and_works_again(shop: Opened, api: WooApi) -> None:
    for _ in range(2):
        shop.client.create_discount(CODE)
    ((number, coupon),) = api.coupons.items()
    assert (coupon["code"], coupon["discount_type"], coupon["amount"]) == ("cy-10", "percent", "10.50")
    for _ in range(2):
        shop.client.disable_discount(CODE)
        assert api.coupons[number]["date_expires_gmt"] == "2000-01-01T00:00:00"
    assert shop.server.count("PUT", f"{V3}/coupons/1") == 1
    shop.client.create_discount(CODE)
    assert api.coupons[number]["date_expires_gmt"] is None


def test_a_code_that_the_shop_has_for_something_else_is_left_alone(shop: Opened, api: WooApi) -> None:
    api.coupons[1] = {"id": 1, "code": "cy-10", "meta_data": [], "date_expires_gmt": None}
    for step in (shop.client.create_discount, shop.client.disable_discount):
        with pytest.raises(ShopRefusedError, match="CY-10 is a coupon of the shop's own"):
            step(CODE)
    assert api.coupons[1]["date_expires_gmt"] is None


def test_webhooks_are_registered_and_switched_on_again(shop: Opened, api: WooApi) -> None:
    assert shop.client.register_webhooks("https://gv.example/1", "shop-secret") == TOPICS
    assert {hook["secret"] for hook in api.webhooks} == {"shop-secret"}
    # WooCommerce switches a webhook off that failed five times.
    api.webhooks[1]["status"] = "disabled"
    assert shop.client.register_webhooks("https://gv.example/1", "shop-secret") == (TOPICS[1],)
    assert len(api.webhooks) == len(TOPICS)
    assert shop.client.register_webhooks("https://gv.example/1", "shop-secret") == ()


def test_a_key_that_is_not_taken_and_a_host_that_is_too_busy(shop: Opened, api: WooApi) -> None:
    put(api, 7, T0)
    shop.server.next("GET", V3, Weather.LIMITED)
    assert json.loads(shop.client.fetch_order("7").raw)["id"] == 7
    assert shop.waits == [7.0]
    with (
        opened("woocommerce", api.rules, consumer_key=KEY, consumer_secret="no") as other,
        pytest.raises(ShopUnavailableError, match="WooCommerce says 401"),
    ):
        other.client.fetch_order("7")
