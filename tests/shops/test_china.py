"""Youzan's and WeChat's clients against servers that behave as their APIs do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import Discount, ShopRefusedError, ShopUnavailableError
from tests.builders import T0, days, minutes
from tests.rails.weather import Weather
from tests.shops.china_servers import WECHAT, YOUZAN, WeChatShopApi, YouzanGateway
from tests.shops.opened import Opened, opened

CODE = Discount(code="CY-10", off_bps=1000, owner="Grapevine pg_test/CY-10")


@pytest.fixture
def gateway() -> YouzanGateway:
    return YouzanGateway()


@pytest.fixture
def youzan(gateway: YouzanGateway) -> Iterator[Opened]:
    with opened("youzan", gateway.rules, **YOUZAN) as found:
        yield found


@pytest.fixture
def channel() -> WeChatShopApi:
    return WeChatShopApi()


@pytest.fixture
def wechat(channel: WeChatShopApi) -> Iterator[Opened]:
    with opened("wechat_shop", channel.rules, **WECHAT) as found:
        yield found


def test_a_youzan_order_is_fetched_with_one_token(youzan: Opened, gateway: YouzanGateway) -> None:
    told = {"full_order_info": {"order_info": {"tid": "E1"}, "pay_info": {"payment": "8.10"}}}
    gateway.orders["E1"] = T0, told
    found = [youzan.client.fetch_order("E1") for _ in range(3)]
    assert json.loads(found[0].raw) == told
    assert gateway.given == 1
    with pytest.raises(NotFoundError):
        youzan.client.fetch_order("E2")


def test_a_youzan_token_that_is_over_is_asked_for_again(youzan: Opened, gateway: YouzanGateway) -> None:
    gateway.orders["E1"] = T0, {"full_order_info": {}}
    youzan.client.fetch_order("E1")
    gateway.next()  # somebody else asked for one: ours is over
    youzan.client.fetch_order("E1")
    assert gateway.given == 3


def test_a_full_youzan_page_says_that_its_window_is_cut(youzan: Opened, gateway: YouzanGateway) -> None:
    for number in range(130):
        gateway.orders[f"E{number:03}"] = T0 + minutes(number), {"full_order_info": {"n": number}}
    day = youzan.client.orders_updated(T0, T0 + days(1))
    assert (len(day.bodies), day.cut, day.cursor) == (100, True, "2")
    rest = youzan.client.orders_updated(T0, T0 + days(1), day.cursor)
    assert (len(rest.bodies), rest.cut, rest.cursor) == (30, False, None)
    hour = youzan.client.orders_updated(T0, T0 + minutes(60))
    assert (len(hour.bodies), hour.cut, hour.cursor) == (61, False, None)


def test_a_channel_shops_order_comes_in_the_answer_as_it_was(wechat: Opened, channel: WeChatShopApi) -> None:
    channel.orders["3704612354559743232"] = T0, {"order_id": "3704612354559743232", "status": 20}
    found = wechat.client.fetch_order("3704612354559743232")
    assert json.loads(found.raw)["order"]["status"] == 20
    with pytest.raises(NotFoundError):
        wechat.client.fetch_order("1")
    assert channel.given == 1


def test_a_channel_shops_order_has_its_after_sales_beside_it(wechat: Opened, channel: WeChatShopApi) -> None:
    listed = [{"aftersale_order_id": 5000000001}, {"aftersale_order_id": 5000000002}]
    order = {"order_id": 37, "aftersale_detail": {"aftersale_order_list": listed}}
    channel.orders["37"] = T0, order
    sales = [{"after_sale_order_id": str(one["aftersale_order_id"]), "amount": 8.10} for one in listed]
    channel.after_sales = {str(one["after_sale_order_id"]): one for one in sales}
    body = json.loads(wechat.client.fetch_order("37").raw)
    assert (body["order"], body["after_sale_orders"]) == (order, sales)


def test_a_channel_shops_token_that_is_over_is_asked_for_again(
    wechat: Opened, channel: WeChatShopApi
) -> None:
    channel.orders["1"] = T0, {"order_id": "1"}
    wechat.client.fetch_order("1")
    channel.next()
    wechat.client.fetch_order("1")
    assert channel.given == 3


def test_a_channel_shops_orders_are_listed_and_then_asked_for(wechat: Opened, channel: WeChatShopApi) -> None:
    for number in range(1, 6):
        channel.orders[str(number)] = T0 + minutes(number), {"order_id": str(number)}
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = wechat.client.orders_updated(T0 + minutes(2), T0 + minutes(5), cursor)
        found += [json.loads(body.raw)["order"]["order_id"] for body in page.bodies]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == ["2", "3", "4", "5"]


@pytest.mark.parametrize("fault", [-1, 45009, 45011])
def test_a_busy_channel_shop_may_be_asked_again(wechat: Opened, channel: WeChatShopApi, fault: int) -> None:
    channel.fault = fault
    with pytest.raises(ShopUnavailableError):
        wechat.client.fetch_order("1")


def test_any_other_fault_of_wechat_is_a_refusal(wechat: Opened, channel: WeChatShopApi) -> None:
    channel.fault = 48001
    with pytest.raises(ShopRefusedError, match="48001"):
        wechat.client.orders_updated(T0, T0 + minutes(1))


def test_a_token_that_is_not_given_may_be_asked_for_again(wechat: Opened, youzan: Opened) -> None:
    for shop in (wechat, youzan):
        for _ in range(3):
            shop.server.next("POST", "/", Weather.FAILED_BEFORE)
        with pytest.raises(ShopUnavailableError):
            shop.client.fetch_order("1")


def test_what_their_apis_do_not_do_is_said(wechat: Opened, youzan: Opened) -> None:
    for shop in (wechat, youzan):
        for step in (shop.client.create_discount, shop.client.disable_discount):
            with pytest.raises(ShopRefusedError, match="CY-10 in the shop"):
                step(CODE)
        with pytest.raises(ShopRefusedError):
            shop.client.products()
        with pytest.raises(ShopRefusedError):
            shop.client.register_webhooks("https://gv.example/1", "secret")
    assert wechat.server.asked == youzan.server.asked == []
