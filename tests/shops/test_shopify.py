"""Shopify's client against a server that behaves as the Admin API does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from grapevine.adapters.shops.shopify import TOPICS
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.instants import to_text
from grapevine.ports.shop_clients import (
    Discount,
    ShopClient,
    ShopNeeds,
    ShopRefusedError,
    ShopUnavailableError,
)
from tests.builders import T0, minutes
from tests.rails.weather import Weather
from tests.shops.opened import Opened, opened
from tests.shops.shopify_server import ADMIN, GRAPH, ORDERS, TOKEN, ShopifyAdmin

CODE = Discount(code="CY-10", off_bps=1050, owner="Grapevine pg_test/CY-10")


@pytest.fixture
def admin() -> ShopifyAdmin:
    return ShopifyAdmin()


@pytest.fixture
def shop(admin: ShopifyAdmin) -> Iterator[Opened]:
    with opened("shopify", admin.rules, access_token=TOKEN) as found:
        yield found


def order(number: int, at: datetime, **changes: object) -> dict[str, Any]:
    return {"id": number, "updated_at": to_text(at), **changes}


def put(admin: ShopifyAdmin, *orders: dict[str, Any]) -> None:
    admin.orders |= {str(one["id"]): one for one in orders}


def read(client: ShopClient, start: datetime, end: datetime) -> list[int]:
    """Read every page of a span; return the orders' ids."""
    ids: list[int] = []
    cursor: str | None = None
    while True:
        page = client.orders_updated(start, end, cursor)
        assert not page.cut
        ids += [json.loads(body.raw)["id"] for body in page.bodies]
        if page.cursor is None:
            return ids
        cursor = page.cursor


def test_an_order_is_fetched_as_the_shop_wrote_it(shop: Opened, admin: ShopifyAdmin) -> None:
    put(admin, order(820982911946154508, T0, weight=10.799999999999999))
    found = shop.client.fetch_order("820982911946154508")
    assert found.topic == "orders/updated"
    assert b"10.799999999999999" in found.raw
    assert json.loads(found.raw)["id"] == 820982911946154508
    with pytest.raises(NotFoundError):
        shop.client.fetch_order("7")


def test_orders_of_a_span_come_by_cursor_to_the_end(shop: Opened, admin: ShopifyAdmin) -> None:
    put(admin, *(order(number, T0 + minutes(number)) for number in range(1, 8)))
    assert read(shop.client, T0 + minutes(2), T0 + minutes(6)) == [2, 3, 4, 5, 6]
    assert shop.server.count("GET", ORDERS) == 3
    # The cursor is taken from the link, and nobody follows it to another host.
    assert {asked.headers["host"] for asked in shop.server.asked} == {shop.server.url.removeprefix("http://")}


def test_an_order_that_changes_while_pages_are_read_moves_nobody_else(
    shop: Opened, admin: ShopifyAdmin
) -> None:
    put(admin, *(order(number, T0 + minutes(number)) for number in range(1, 6)))
    admin.after_page.append(lambda: put(admin, order(1, T0 + minutes(99))))
    assert read(shop.client, T0, T0 + minutes(10)) == [1, 2, 3, 4, 5]


def test_a_full_bucket_is_waited_for_as_long_as_shopify_says(shop: Opened, admin: ShopifyAdmin) -> None:
    put(admin, order(1, T0))
    shop.server.next("GET", ORDERS, Weather.LIMITED)
    assert read(shop.client, T0, T0) == [1]
    assert shop.waits == [7.0]


@pytest.mark.parametrize(
    "weather", [Weather.FAILED_BEFORE, Weather.FAILED_AFTER, Weather.LOST, Weather.GARBLED]
)
def test_what_goes_wrong_once_is_asked_again(shop: Opened, admin: ShopifyAdmin, weather: Weather) -> None:
    put(admin, order(1, T0))
    shop.server.next("GET", ADMIN, weather)
    assert json.loads(shop.client.fetch_order("1").raw)["id"] == 1
    assert shop.waits == [1.0]


def test_who_never_answers_is_given_up_after_growing_waits(shop: Opened) -> None:
    for _ in range(3):
        shop.server.next("GET", ADMIN, Weather.FAILED_BEFORE)
    with pytest.raises(ShopUnavailableError, match="Shopify says 503"):
        shop.client.fetch_order("1")
    assert shop.waits == [1.0, 2.0]
    assert len(shop.server.asked) == 3


def test_a_token_that_is_not_taken_waits_for_who_mends_it(shop: Opened, admin: ShopifyAdmin) -> None:
    admin.token = "another"
    with pytest.raises(ShopUnavailableError, match="Shopify says 401"):
        shop.client.fetch_order("1")
    assert len(shop.server.asked) == 1


def test_a_code_is_made_once_and_found_again(shop: Opened, admin: ShopifyAdmin) -> None:
    for _ in range(2):
        shop.client.create_discount(CODE)
    assert list(admin.codes) == ["CY-10"]
    made = admin.codes["CY-10"]
    assert (made["title"], made["status"]) == (CODE.owner, "ACTIVE")
    assert made["customerGets"] == {"value": {"percentage": 0.105}, "items": {"all": True}}


def test_a_code_is_ended_and_works_again(shop: Opened, admin: ShopifyAdmin) -> None:
    shop.client.create_discount(CODE)
    for _ in range(2):
        shop.client.disable_discount(CODE)
        assert admin.codes["CY-10"]["status"] == "EXPIRED"
    shop.client.create_discount(CODE)
    assert admin.codes["CY-10"]["status"] == "ACTIVE"


def test_a_code_that_the_shop_has_for_something_else_is_left_alone(shop: Opened, admin: ShopifyAdmin) -> None:
    admin.codes["CY-10"] = {"id": "gid://1", "title": "Summer sale", "status": "ACTIVE"}
    for step in (shop.client.create_discount, shop.client.disable_discount):
        with pytest.raises(ShopRefusedError, match="CY-10 is a discount of the shop's own"):
            step(CODE)
    assert admin.codes["CY-10"]["status"] == "ACTIVE"


def test_ending_a_code_that_was_never_made_changes_nothing(shop: Opened, admin: ShopifyAdmin) -> None:
    shop.client.disable_discount(CODE)
    assert admin.codes == {}


def test_what_shopify_does_not_take_is_said_in_its_words(shop: Opened) -> None:
    with pytest.raises(ShopRefusedError, match=r"refuses CY-10: Too much\."):
        shop.client.create_discount(Discount(code="CY-10", off_bps=10_001, owner="Grapevine"))


def test_an_empty_bucket_is_waited_for_until_the_query_can_be_paid(shop: Opened, admin: ShopifyAdmin) -> None:
    admin.throttled = 2
    shop.client.create_discount(CODE)
    assert shop.waits == [2.0, 2.0]  # 50 wanted, 10 there, 20 more each second
    assert list(admin.codes) == ["CY-10"]
    admin.throttled = 3
    with pytest.raises(ShopUnavailableError, match="THROTTLED"):
        shop.client.disable_discount(CODE)
    assert shop.server.count("POST", GRAPH) == 6


def test_webhooks_are_registered_once_for_each_address(shop: Opened, admin: ShopifyAdmin) -> None:
    admin.webhooks.append({"topic": "orders/paid", "address": "https://gv.example/1"})
    registered = shop.client.register_webhooks("https://gv.example/1", "secret")
    assert registered == tuple(topic for topic in TOPICS if topic != "orders/paid")
    assert shop.client.register_webhooks("https://gv.example/1", "secret") == ()
    assert shop.client.register_webhooks("https://gv.example/2", "secret") == TOPICS
    assert len(admin.webhooks) == 2 * len(TOPICS)


def test_without_a_token_nothing_is_asked() -> None:
    from grapevine.adapters.shops.shopify import open_client  # noqa: PLC0415 - imported where it is used

    with pytest.raises(InvalidInputError, match=r"access\.access_token"):
        open_client(ShopNeeds(domain="x.example", access={}, now=lambda: T0, wait=lambda _: None))
