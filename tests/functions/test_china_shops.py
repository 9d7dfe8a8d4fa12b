"""Youzan, a WeChat shop and a shop of one's own, from the delivery to the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import permutations
from urllib.parse import urlencode

import pytest
from chalice.test import Client, HTTPResponse

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.adapters.shops.wechat_shop import TOPIC
from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import standing
from grapevine.domain.facts import OrderKey
from grapevine.domain.people import subject_key
from grapevine.ports import ShopKeys, StorefrontSecrets
from grapevine.ports.shop_clients import Fetched
from grapevine.runtime.parts import install
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from tests import builders as make
from tests.adapters.storefronts.china_bodies import (
    AES_KEYS,
    GENERIC_KEYS,
    YOUZAN_KEYS,
    encrypted_push,
    envelope,
    fixture,
    pay_body,
    pay_headers,
    pay_keys,
    push_query,
    raw_fixture,
    webhook_headers,
    youzan_headers,
)
from tests.builders import CY, T0, days, minutes
from tests.worlds import SUBJECT_KEY, World, chain_world

Clients = Callable[[str], Client]
SHOP = "sf_china"
PATH = f"/storefronts/{SHOP}/webhooks"
TRADE = OrderKey(SHOP, "E20261111170000000600011")
WECHAT_ORDER = OrderKey(SHOP, "3737550999277696000")
OWN = OrderKey(SHOP, "A-1001")
LATER = T0 + days(3)


def world_of(platform: str, keys: ShopKeys, **changes: object) -> World:
    """A program in yuan at 10 %, whose promoter Cy was clicked half an hour before."""
    world = chain_world(make.plan(1000), currency="CNY", **changes)
    world.catalog.add_storefront(make.storefront(id=SHOP, platform=platform))
    kept = StorefrontSecrets(webhook_secrets=keys.secrets, subject_key=SUBJECT_KEY, access=keys.access)
    world.secrets.put_storefront_secrets(SHOP, kept)
    install(world)
    return world


def post(client: Clients, raw: bytes, headers: Mapping[str, str]) -> HTTPResponse:
    """Deliver as the platform does: what has a `?` is the query's."""
    query = {name[1:]: value for name, value in headers.items() if name.startswith("?")}
    sent = {name: value for name, value in headers.items() if not name.startswith("?")}
    path = f"{PATH}?{urlencode(query)}" if query else PATH
    return client("place_order").http.post(path, headers=sent, body=raw)


def earned(world: World, order: OrderKey, at: datetime = LATER) -> int:
    """Post what is known of an order and return what stands for Cy."""
    world.post(at, order)
    stands = standing(world.ledger.entries_of(order)).items()
    return sum(
        minor for (account, _), minor in stands if account.leaf is not Leaf.COMMISSION and account.owner == CY
    )


# --- Youzan ------------------------------------------------------------------------------------

PAID = envelope("trade_TradePaid", fixture("youzan/trade_paid.json"))
AGAIN = envelope("trade_TradePaid", fixture("youzan/trade_paid.json"), sendCount=1)
SENT = envelope("trade_TradeBuyerPay", fixture("youzan/trade_paid.json"), version=1794387633)
ARRIVED = envelope("trade_TradeSuccess", fixture("youzan/success.json"), version=1794484800)
REFUNDED = envelope(
    "trade_refund_RefundSuccess", fixture("youzan/refunded_one_line.json"), version=1794456000
)
CLOSED = envelope("trade_TradeClose", fixture("youzan/closed.json"), version=1794391200)


def youzan(client: Clients, raw: bytes) -> None:
    answer = post(client, raw, youzan_headers(raw))
    assert (answer.status_code, json.loads(answer.body)) == (200, {"code": 0, "msg": "success"})


def test_a_paid_trade_earns_on_its_lines_and_a_refund_takes_its_part(client: Clients) -> None:
    world = world_of("youzan", YOUZAN_KEYS)
    youzan(client, PAID)
    # 108.00 and 72.00 at 10 %; the postage earns nothing.
    assert earned(world, TRADE, T0 + minutes(5)) == 1_800
    youzan(client, REFUNDED)
    assert earned(world, TRADE) == 1_260
    (told, *_) = world.facts.facts_of(TRADE)
    assert told.snapshot
    assert told.snapshot.customer_key == subject_key(SUBJECT_KEY, "youzan-yz_open_id:vt5Fq1Qe0000000000")


@pytest.mark.parametrize("number", range(24))
def test_any_order_of_arrival_ends_alike(client: Clients, number: int) -> None:
    order = [*permutations((PAID, REFUNDED, ARRIVED, SENT))][number]
    world = world_of("youzan", YOUZAN_KEYS)
    for raw in (*order, AGAIN, *order):
        youzan(client, raw)
        if raw is PAID:
            world.post(T0 + days(2), TRADE)
    assert earned(world, TRADE) == 1_260


def test_a_closed_trade_ends_with_nothing(client: Clients) -> None:
    world = world_of("youzan", YOUZAN_KEYS)
    youzan(client, PAID)
    assert earned(world, TRADE, T0 + minutes(5)) == 1_800
    youzan(client, CLOSED)
    assert earned(world, TRADE) == 0


def test_a_refund_of_several_lines_is_asked_for(client: Clients) -> None:
    world = world_of("youzan", YOUZAN_KEYS)
    youzan(client, envelope("trade_refund_RefundSuccess", fixture("youzan/refunded_two_lines.json")))
    assert world.shop_queue.fetches == [(SHOP, TRADE.order_id)]


@pytest.mark.parametrize(("sandbox", "minor"), [(False, 0), (True, 1_800)])
def test_edge_91_a_test_trade_earns_in_a_sandbox_alone(client: Clients, sandbox: bool, minor: int) -> None:
    world = world_of("youzan", YOUZAN_KEYS, sandbox=sandbox)
    youzan(client, envelope("trade_TradePaid", fixture("youzan/trade_paid.json"), test=True))
    assert earned(world, TRADE) == minor


def test_edge_86_a_trade_that_nobody_signed_is_refused_and_not_kept(client: Clients) -> None:
    world = world_of("youzan", YOUZAN_KEYS)
    answer = post(client, PAID, youzan_headers(PAID, "another"))
    assert answer.status_code == 401
    assert b"success" not in answer.body
    assert world.raw_bodies.kept == {}


# --- a WeChat shop -----------------------------------------------------------------------------


def test_wechat_greets_and_is_echoed(client: Clients) -> None:
    world = world_of("wechat_shop", AES_KEYS)
    query = {name[1:]: value for name, value in push_query().items()}
    http = client("place_order").http
    answer = http.get(
        f"{PATH}?{urlencode({**query, 'echostr': '4711'})}", headers={"Content-Type": "text/xml"}
    )
    assert (answer.status_code, answer.body) == (200, b"4711")
    refused = http.get(f"{PATH}?{urlencode({**query, 'echostr': '4711', 'nonce': 'x'})}")
    assert refused.status_code == 401
    assert world.raw_bodies.kept == {}


def test_an_encrypted_push_is_asked_for_and_the_order_earns(client: Clients) -> None:
    world = world_of("wechat_shop", AES_KEYS)
    raw, query = encrypted_push(raw_fixture("wechat_shop/push_paid.json"))
    for _ in range(2):
        answer = post(client, raw, query)
        assert (answer.status_code, answer.body) == (200, b"success")
    assert set(world.shop_queue.fetches) == {(SHOP, WECHAT_ORDER.order_id)}
    assert [kept for kept, _, _ in world.raw_bodies.kept.values()] == [raw]
    become(world, client, "order_paid")
    # 108.00 and 80.00 at 10 %; the gift and the postage earn nothing.
    assert earned(world, WECHAT_ORDER, T0 + minutes(5)) == 1_880


@pytest.mark.parametrize(
    ("later", "minor"),
    [
        ("order_with_one_returned", 1_340),
        ("order_with_its_after_sales", 1_380),
        ("order_all_returned", 0),
        ("order_cancelled", 0),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_became_of_an_order_whatever_is_asked_for_first(
    client: Clients, later: str, minor: int, *, turned: bool
) -> None:
    world = world_of("wechat_shop", AES_KEYS)
    names = ("order_paid", later)
    for name in reversed(names) if turned else names:
        become(world, client, name)
        become(world, client, name)
    assert earned(world, WECHAT_ORDER) == minor


def become(world: World, client: Clients, name: str) -> None:
    """Let the shop have an order so, push that it changed, and serve the queue."""
    shop = MemoryShop()
    shop.change(WECHAT_ORDER.order_id, T0, Fetched(raw_fixture(f"wechat_shop/{name}.json"), TOPIC))
    world.shop_clients.shops[SHOP] = shop
    assert post(client, *encrypted_push(raw_fixture("wechat_shop/push_paid.json"))).status_code == 200
    fetch = {"fetch": {"storefront_id": SHOP, "order_id": world.shop_queue.fetches[-1][1]}}
    record = {
        "messageId": "message-1",
        "receiptHandle": "receipt",
        "body": json.dumps(fetch),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:shops",
        "awsRegion": "us-east-1",
    }
    answer = client("place_order").lambda_.invoke("serve_shops", {"Records": [record]})
    assert answer.payload == {"batchItemFailures": []}


def test_a_message_for_another_shop_is_refused_and_not_kept() -> None:
    world = world_of("wechat_shop", AES_KEYS)
    raw, query = encrypted_push(raw_fixture("wechat_shop/push_paid.json"), app_id="wx9")
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    with pytest.raises(Exception, match="not authenticated"):
        place_order(PlaceOrder(storefront_id=SHOP, raw=raw, headers=query), ports, T0)
    assert world.raw_bodies.kept == {}
    assert world.shop_queue.fetches == []


# --- a shop of one's own -----------------------------------------------------------------------


def own(client: Clients, body: dict[str, object], message_id: str = "msg_1") -> str:
    raw = json.dumps(body).encode()
    answer = post(client, raw, webhook_headers(raw, message_id=message_id))
    assert answer.status_code == 200, answer.body
    return str(answer.json_body["receipt"])


def test_any_shop_tells_its_orders(client: Clients) -> None:
    world = world_of("generic", GENERIC_KEYS)
    assert own(client, fixture("generic/order.json")) == "appended"
    assert own(client, fixture("generic/order.json"), "msg_2") == "known"
    # 108.00 and 73.60 at 10 %, less what 5.00 of points paid of it.
    before = earned(world, OWN, T0 + minutes(5))
    assert before == 1_816
    own(client, fixture("generic/refund.json"))
    assert earned(world, OWN) == 1_276
    own(client, fixture("generic/receipt.json"))
    own(client, fixture("generic/cancel.json"))
    assert earned(world, OWN, T0 + days(4)) == 0


@pytest.mark.parametrize("paid_first", [False, True])
def test_wechat_pay_confirms_an_order_whose_lines_the_shop_tells(
    client: Clients, *, paid_first: bool
) -> None:
    world = world_of("generic", pay_keys())
    order = {name: value for name, value in fixture("generic/order.json").items() if name != "payment"}
    notice = pay_body(fixture("generic/wechat_pay.json"))
    if not paid_first:
        own(client, order)
        assert earned(world, OWN, T0 + minutes(1)) == 0
    assert post(client, notice, pay_headers(notice)).status_code == 200
    if paid_first:
        own(client, order)
    assert earned(world, OWN) == 1_816


def test_edge_91_a_test_order_of_ones_own_earns_nothing_in_earnest(client: Clients) -> None:
    world = world_of("generic", GENERIC_KEYS)
    own(client, fixture("generic/order.json") | {"test": True})
    assert earned(world, OWN) == 0


def test_edge_86_a_delivery_that_is_too_old_is_refused_and_not_kept(client: Clients) -> None:
    world = world_of("generic", GENERIC_KEYS)
    raw = raw_fixture("generic/order.json")
    answer = post(client, raw, webhook_headers(raw, now=T0 - timedelta(seconds=301)))
    assert answer.status_code == 401
    assert world.raw_bodies.kept == {}


def test_what_breaks_the_schema_is_kept_and_answered_with_where(client: Clients) -> None:
    world = world_of("generic", GENERIC_KEYS)
    raw = json.dumps(fixture("generic/order.json") | {"currency": "Yuan"}).encode()
    answer = post(client, raw, webhook_headers(raw))
    assert (answer.status_code, "currency" in answer.body.decode()) == (400, True)
    assert [kept for kept, _, _ in world.raw_bodies.kept.values()] == [raw]
