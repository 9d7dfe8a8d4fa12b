"""Whatever comes to these endpoints, it is taken or refused as the port says; nothing else is ever raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.storefronts import generic, wechat_pay, wechat_shop, youzan
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.ports import Ignored, NeedsFetch, Reading, ShopKeys, StorefrontAdapter
from tests.adapters.storefronts.china_bodies import (
    AES_KEYS,
    GENERIC_KEYS,
    PLAIN_KEYS,
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
from tests.builders import T0


@dataclass(frozen=True)
class Door:
    """An endpoint as a storefront has it, with a delivery that it takes."""

    adapter: StorefrontAdapter
    keys: ShopKeys
    raw: bytes
    headers: Mapping[str, str]


def doors() -> dict[str, Door]:
    trade = envelope("trade_TradePaid", fixture("youzan/trade_paid.json"))
    push = raw_fixture("wechat_shop/push_paid.json")
    hidden, query = encrypted_push(push)
    order = raw_fixture("generic/order.json")
    paid = pay_body(fixture("generic/wechat_pay.json"))
    return {
        "youzan": Door(youzan.ADAPTER, YOUZAN_KEYS, trade, youzan_headers(trade)),
        "push": Door(wechat_shop.ADAPTER, PLAIN_KEYS, push, push_query()),
        "hidden push": Door(wechat_shop.ADAPTER, AES_KEYS, hidden, query),
        "generic": Door(generic.ADAPTER, GENERIC_KEYS, order, webhook_headers(order)),
        "wechat pay": Door(generic.ADAPTER, pay_keys(), paid, pay_headers(paid)),
    }


DOORS = doors()
each_door = pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["", "v1,", "v1,A", "1794387600", "9" * 99, "\ud800", "=", "\x00"]
)
NAMES = sorted({name for door in DOORS.values() for name in door.headers} | {"?echostr"})
HEADERS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), TEXTS, max_size=6)
JUNK: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.sampled_from(
        ["1.00", "-1", "2026-11-11 17:00:00", "2026-02-30 00:00:00", 10**12, 10**16, 60, 200, 100]
    ),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["oid", "tid", "order_id", "x"]), part)
    ),
    max_leaves=5,
)


def told(door: Door, raw: bytes, headers: Mapping[str, str]) -> tuple[object, ...]:
    """Ask everything in the order of the use case; what a good signature leads to is asked in any case."""
    adapter, keys = door.adapter, door.keys
    with suppress(UnauthenticatedError):
        adapter.greet(raw, headers, keys, T0)
        adapter.verify(raw, headers, keys, T0)
    try:
        return adapter.normalise(adapter.opened(raw, headers, keys), adapter.topic(headers))
    except (MalformedBodyError, UnauthenticatedError) as error:
        return (Ignored(reason=str(error)),)


@each_door
def test_each_door_takes_what_it_is_for(door: Door) -> None:
    door.adapter.verify(door.raw, door.headers, door.keys, T0)
    assert isinstance(told(door, door.raw, door.headers)[0], Reading | NeedsFetch)


@each_door
@given(raw=st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(door: Door, raw: bytes) -> None:
    assert told(door, raw, door.headers)


@each_door
@given(changes=HEADERS)
def test_any_headers(door: Door, changes: dict[str, str]) -> None:
    assert told(door, door.raw, {**door.headers, **changes})


@each_door
@given(position=st.integers(0), bit=st.integers(0, 7))
def test_edge_86_no_bit_of_a_signed_body_may_flip(door: Door, position: int, bit: int) -> None:
    """But in WeChat's plain mode, where the body is not signed, and is believed no further than to ask."""
    at = position % len(door.raw)
    flipped = door.raw[:at] + bytes([door.raw[at] ^ (1 << bit)]) + door.raw[at + 1 :]
    told(door, flipped, door.headers)
    if door.keys is PLAIN_KEYS:
        assert not any(isinstance(event, Reading) for event in told(door, flipped, door.headers))
        return
    if door.keys is AES_KEYS and json_of(flipped).get("Encrypt") == json_of(door.raw)["Encrypt"]:
        return
    with pytest.raises(UnauthenticatedError):
        door.adapter.verify(flipped, door.headers, door.keys, T0)


def json_of(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


@st.composite
def changed(draw: st.DrawFn, *names: str) -> dict[str, Any]:
    """One of our bodies with something else in one to three places."""
    body = fixture(draw(st.sampled_from(names)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from([*places(body)]))
        owner: Any = body
        for step in above:
            owner = owner[step]
        owner[last] = draw(JUNK)
    return body


def is_told(read: Callable[[], tuple[object, ...]]) -> bool:
    """Say whether a body is read, or is refused as malformed; every other error gets out."""
    try:
        return bool(read())
    except MalformedBodyError:
        return True


TRADES = (
    "youzan/trade_paid.json",
    "youzan/trade_fetched_with_refunds.json",
    "youzan/trade_fetched_closed.json",
)
SHORT = (
    "youzan/closed.json",
    "youzan/success.json",
    "youzan/refunded_one_line.json",
    "youzan/refunded_two_lines.json",
)
KINDS = (
    "trade_TradePaid",
    "trade_TradeClose",
    "trade_TradeSuccess",
    "trade_refund_RefundSuccess",
    "trade_refund_SysRefund",
)
ORDERS = ("order_paid", "order_with_one_returned", "order_with_its_after_sales", "order_all_returned")
WECHAT_ORDERS = tuple(f"wechat_shop/{name}.json" for name in ORDERS)
PUSHES = ("wechat_shop/push_paid.json", "wechat_shop/push_after_sale.json")


@given(message=changed(*TRADES, *SHORT), kind=st.sampled_from(KINDS), version=JUNK, test=JUNK)
def test_any_message_of_youzan(message: dict[str, Any], kind: str, version: object, test: object) -> None:
    raw = envelope(kind, message, version=version, test=test)
    assert is_told(lambda: youzan.ADAPTER.normalise(raw, ""))


@given(body=changed(*TRADES))
def test_any_trade_that_youzan_answers(body: dict[str, Any]) -> None:
    assert is_told(lambda: youzan.ADAPTER.normalise(json.dumps(body).encode(), "youzan.trade.get"))


@given(body=changed(*WECHAT_ORDERS))
def test_any_order_that_wechat_answers(body: dict[str, Any]) -> None:
    assert is_told(lambda: wechat_shop.ADAPTER.normalise(json.dumps(body).encode(), "channels/ec/order/get"))


@given(body=changed(*PUSHES))
def test_any_push(body: dict[str, Any]) -> None:
    assert is_told(lambda: wechat_shop.ADAPTER.normalise(json.dumps(body).encode(), ""))


@given(resource=changed("generic/wechat_pay.json"), event=TEXTS)
def test_any_notification(resource: dict[str, Any], event: str) -> None:
    raw = pay_body(resource, event)
    opened = generic.ADAPTER.opened(raw, {wechat_pay.SIGNED: ""}, pay_keys())
    assert is_told(lambda: generic.ADAPTER.normalise(opened, wechat_pay.TOPIC))
