from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grapevine.adapters.storefronts.wechat_push import decrypted, is_signed, parse_push, signature_of
from grapevine.adapters.storefronts.wechat_shop import ADAPTER, EVENTS
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind, Payment, RefundLine
from grapevine.ports import Ignored, NeedsFetch, Reading, Reply, ShopKeys
from tests.adapters.storefronts.china_bodies import (
    AES_KEY,
    AES_KEYS,
    APP_ID,
    PLAIN_KEYS,
    encrypted,
    encrypted_push,
    fixture,
    push_query,
    raw_fixture,
)
from tests.builders import CLICK_ID, T0

ORDER_ID = "3737550999277696000"
TEA, CUP, GIFT = "20000000000001", "20000000000002", "20000000000002.2"
PUSH = raw_fixture("wechat_shop/push_paid.json")
FIRST, AT = ("order_detail", "product_infos", 0), "order.order_detail.product_infos[0]"


def refused(raw: bytes, headers: dict[str, str], keys: ShopKeys, now: datetime = T0) -> None:
    with pytest.raises(UnauthenticatedError, match="not authenticated"):
        ADAPTER.verify(raw, headers, keys, now)


def fetched(body: dict[str, Any]) -> Reading:
    (event,) = ADAPTER.normalise(json.dumps(body).encode(), "channels/ec/order/get")
    assert isinstance(event, Reading)
    return event


# --- greeting ----------------------------------------------------------------------------------


def test_the_address_is_proven_by_an_echo() -> None:
    assert ADAPTER.greet(b"", push_query() | {"?echostr": "4711"}, PLAIN_KEYS, T0) == Reply("4711")
    assert ADAPTER.greet(b"", push_query() | {"?echostr": "47ab+/=_-"}, AES_KEYS, T0) == Reply("47ab+/=_-")


@pytest.mark.parametrize(
    "changes",
    [
        {"?signature": "0" * 40},
        {"?signature": ""},
        {"?nonce": "another"},
        {"?timestamp": ""},
        {"?timestamp": "x"},
        {"?echostr": "<script>"},
        {"?echostr": ""},
        {"?echostr": "a" * 129},
    ],
)
def test_edge_86_nobody_else_is_echoed(changes: dict[str, str]) -> None:
    with pytest.raises(UnauthenticatedError):
        ADAPTER.greet(b"", push_query() | {"?echostr": "4711"} | changes, PLAIN_KEYS, T0)


def test_a_push_is_no_greeting() -> None:
    assert ADAPTER.greet(PUSH, push_query() | {"?echostr": "4711"}, PLAIN_KEYS, T0) is None
    assert ADAPTER.greet(b"", push_query(), PLAIN_KEYS, T0) is None


def test_wechat_reads_success() -> None:
    assert ADAPTER.accepted == Reply("success")


# --- who pushes --------------------------------------------------------------------------------


def test_a_plain_push_verifies() -> None:
    ADAPTER.verify(PUSH, push_query(), PLAIN_KEYS, T0)
    ADAPTER.verify(PUSH, push_query(token="old"), replace(PLAIN_KEYS, secrets=("new", "old")), T0)


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_within_five_minutes_both_ways(minutes: int) -> None:
    ADAPTER.verify(PUSH, push_query(), PLAIN_KEYS, T0 + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_edge_86_an_old_push_and_one_from_the_future_learn_nothing(seconds: int) -> None:
    refused(PUSH, push_query(), PLAIN_KEYS, T0 + timedelta(seconds=seconds))
    raw, query = encrypted_push(PUSH)
    refused(raw, query, AES_KEYS, T0 + timedelta(seconds=seconds))


@pytest.mark.parametrize("token", ["", "another"])
def test_edge_86_a_push_signed_with_another_token_learns_nothing(token: str) -> None:
    refused(PUSH, push_query(token=token), replace(PLAIN_KEYS, secrets=("push-token-0001", "")))


def test_with_a_key_only_what_is_encrypted_and_signed_whole_is_taken() -> None:
    raw, query = encrypted_push(PUSH)
    ADAPTER.verify(raw, query, AES_KEYS, T0)
    assert ADAPTER.opened(raw, query, AES_KEYS) == PUSH
    refused(PUSH, push_query(), AES_KEYS)
    refused(raw, push_query(), AES_KEYS)
    other, _ = encrypted_push(PUSH + b" ")
    refused(other, query, AES_KEYS)


def test_encrypted_xml_verifies() -> None:
    text = raw_fixture("wechat_shop/push_confirmed.xml")
    cipher = encrypted(text)
    raw = f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()
    query = push_query(cipher, name="?msg_signature")
    ADAPTER.verify(raw, query, AES_KEYS, T0)
    assert ADAPTER.opened(raw, query, AES_KEYS) == text


def test_edge_86_a_message_for_another_shop_is_not_ours() -> None:
    raw, query = encrypted_push(PUSH, app_id="wx9999999999999999")
    with pytest.raises(UnauthenticatedError):
        ADAPTER.opened(raw, query, AES_KEYS)
    known = {"encoding_aes_key": AES_KEY}
    assert ADAPTER.opened(raw, query, replace(AES_KEYS, access=known)) == PUSH


def test_a_plain_body_is_opened_as_it_came() -> None:
    assert ADAPTER.opened(PUSH, {}, PLAIN_KEYS) is PUSH


@pytest.mark.parametrize("cipher", ["", "x", "ü", "AAAA", "A" * 64, encrypted(PUSH)[:-24]])
def test_what_no_key_opens_is_malformed(cipher: str) -> None:
    with pytest.raises(MalformedBodyError):
        decrypted(cipher, AES_KEY)


def test_a_key_that_is_none_is_named() -> None:
    with pytest.raises(MalformedBodyError, match="EncodingAESKey"):
        decrypted(encrypted(PUSH), "short")


@pytest.mark.parametrize("size", range(60, 70))
def test_texts_of_every_length_open(size: int) -> None:
    assert decrypted(encrypted(b"x" * size), AES_KEY) == (b"x" * size, APP_ID)


def test_signatures_do_not_depend_on_the_order() -> None:
    assert signature_of("b", "a", "c") == signature_of("c", "b", "a")
    assert is_signed(signature_of("b", "a"), ("x", "b"), "a")
    assert not is_signed(signature_of("", "a"), ("",), "a")


# --- what a push says --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["push_paid.json", "push_after_sale.json", "push_confirmed.xml"])
def test_a_push_names_the_order_to_ask_for(name: str) -> None:
    (event,) = ADAPTER.normalise(raw_fixture(f"wechat_shop/{name}"), "")
    assert isinstance(event, NeedsFetch)
    assert event.order_id == ORDER_ID


@pytest.mark.parametrize(("event", "where"), EVENTS.items())
def test_every_event_of_an_order(event: str, where: str) -> None:
    raw = json.dumps({"Event": event, where: {"order_id": "17"}}).encode()
    (told,) = ADAPTER.normalise(raw, "")
    assert told == NeedsFetch(order_id="17", reason=f"{event} tells no amounts")


@pytest.mark.parametrize(
    "raw",
    [raw_fixture("wechat_shop/push_product.json"), b"{}", b"<xml><Event>other</Event></xml>", b"<xml/>"],
)
def test_other_events_are_passed_over(raw: bytes) -> None:
    (event,) = ADAPTER.normalise(raw, "")
    assert isinstance(event, Ignored)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"<xml>",
        b"<a/><b/>",
        b"\xff<xml/>",
        b"<!DOCTYPE x><xml/>",
        b"<" * 1000,
        b"<a>" * 20_000 + b"</a>" * 20_000,
        b'<!DOCTYPE l [<!ENTITY a "aa">]><xml><Event>&a;</Event></xml>',
        json.dumps({"Event": "channels_ec_order_pay"}).encode(),
        json.dumps({"Event": "channels_ec_order_pay", "order_info": {"order_id": True}}).encode(),
        json.dumps({"Event": "channels_ec_order_pay", "order_info": {"order_id": 1.5}}).encode(),
    ],
)
def test_what_cannot_be_read_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        ADAPTER.normalise(raw, "")


def test_xml_reads_as_json_would() -> None:
    node = parse_push(b" \n<xml><a>1</a><b><c><![CDATA[<x>]]></c></b><d/></xml>")
    assert node.value == {"a": "1", "b": {"c": "<x>"}, "d": ""}


# --- what an order says ------------------------------------------------------------------------


def test_an_order_with_its_lines() -> None:
    reading = fetched(fixture("wechat_shop/order_paid.json"))
    snapshot = reading.snapshot
    assert (reading.order_id, reading.kind, reading.problem) == (ORDER_ID, FactKind.EDITED, None)
    assert reading.version == T0 + timedelta(seconds=60)
    assert reading.refunds == ()
    assert snapshot
    assert (snapshot.placed_at, snapshot.payment, snapshot.currency) == (T0, Payment.PAID, "CNY")
    assert snapshot.lines
    # 2 × 60.00 for which 108.00 is paid, a cup at its price, and the same cup as a gift.
    assert [(line.id, line.gross_minor, line.discount_minor, line.base_minor) for line in snapshot.lines] == [
        (TEA, 12_000, 1_200, 10_800),
        (CUP, 8_000, 0, 8_000),
        (GIFT, 8_000, 8_000, 0),
    ]
    assert [(line.product_id, line.sku, line.quantity_milli) for line in snapshot.lines] == [
        ("10000000000001", "TEA-100", 2000),
        ("10000000000002", "CUP", 1000),
        ("10000000000002", "CUP", 1000),
    ]
    assert snapshot.charges
    assert [(line.id, line.gross_minor) for line in snapshot.charges] == [("shipping", 800)]
    assert (snapshot.coupon_codes, snapshot.click_id) == (("77001",), CLICK_ID)
    assert reading.customer_email == "wechat-openid:oWXBUYER000000000000000001"
    assert (snapshot.cancelled_at, snapshot.received_at) == (None, None)


def test_a_customer_is_the_same_in_every_app_where_that_is_told() -> None:
    body = fixture("wechat_shop/order_paid.json")
    body["order"]["unionid"] = "oUNION0000000000000000000001"
    assert fetched(body).customer_email == "wechat-unionid:oUNION0000000000000000000001"


def test_units_that_went_back_take_their_part() -> None:
    reading = fetched(fixture("wechat_shop/order_with_one_returned.json"))
    (refund,) = reading.refunds
    assert (refund.id, refund.created_at) == ("aftersales", T0 + timedelta(days=1))
    assert refund.lines == (RefundLine(line_id=TEA, quantity_milli=1000, subtotal_minor=5_400),)
    assert reading.snapshot
    assert reading.snapshot.received_at == datetime.fromtimestamp(1794470000, UTC)


def test_amounts_of_after_sales_that_are_done_are_exact() -> None:
    (refund,) = fetched(fixture("wechat_shop/order_with_its_after_sales.json")).refunds
    assert refund.lines == (RefundLine(line_id=TEA, quantity_milli=1000, subtotal_minor=5_000),)


def test_after_sales_that_are_exchanges_or_not_done_take_nothing() -> None:
    body = fixture("wechat_shop/order_with_its_after_sales.json")
    body["after_sale_orders"][0]["status"] = "MERCHANT_EXCHANGE_SUCCESS"
    assert fetched(body).refunds == ()


def test_several_after_sales_of_one_line_add_up_and_one_of_no_line_is_postage() -> None:
    body = fixture("wechat_shop/order_with_its_after_sales.json")
    first, other = body["after_sale_orders"]
    again = {**first, "refund_info": {"amount": 800}, "product_info": {"sku_id": 20000000000001, "count": 1}}
    postage = {**other, "status": "MERCHANT_RETURN_SUCCESS", "product_info": None}
    body["after_sale_orders"] = [first, again, postage]
    (refund,) = fetched(body).refunds
    assert refund.lines == (
        RefundLine(line_id=TEA, quantity_milli=2000, subtotal_minor=5_800),
        RefundLine(line_id="shipping", quantity_milli=0, subtotal_minor=8_000),
    )


def test_an_order_that_went_back_whole_is_cancelled_and_refunded_line_by_line() -> None:
    reading = fetched(fixture("wechat_shop/order_all_returned.json"))
    (refund,) = reading.refunds
    assert [(line.line_id, line.subtotal_minor) for line in refund.lines] == [
        (TEA, 10_800),
        (CUP, 8_000),
        (GIFT, 0),
    ]
    assert reading.snapshot
    assert reading.snapshot.payment is Payment.REFUNDED
    assert reading.snapshot.cancelled_at == reading.version


def test_an_order_that_was_called_off_before_it_was_paid() -> None:
    reading = fetched(fixture("wechat_shop/order_cancelled.json"))
    assert reading.snapshot
    assert (reading.snapshot.payment, reading.refunds) == (Payment.VOIDED, ())
    assert reading.snapshot.cancelled_at == reading.version


@pytest.mark.parametrize(
    ("status", "payment"),
    [
        (5, Payment.PENDING),
        (10, Payment.PENDING),
        (21, Payment.PAID),
        (30, Payment.PAID),
        (100, Payment.PAID),
    ],
)
def test_states(status: int, payment: Payment) -> None:
    body = fixture("wechat_shop/order_paid.json")
    body["order"]["status"] = status
    snapshot = fetched(body).snapshot
    assert snapshot
    assert snapshot.payment is payment
    assert (snapshot.received_at is not None) is (status == 100)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("status",), 999, "order.status: unknown 999"),
        (("status",), "20", "order.status: not a whole number"),
        ((*FIRST, "real_price"), None, f"{AT}.real_price: missing"),
        ((*FIRST, "sale_price"), 1.5, f"{AT}.sale_price: not a"),
        ((*FIRST, "sku_cnt"), 10**7, f"{AT}.sku_cnt: must be"),
        (("order_detail", "product_infos"), "x", "order.order_detail.product_infos: not a list"),
        (("create_time",), "x", "order.create_time: not an instant"),
        (("create_time",), 10**13, "order.create_time: an instant out of range"),
        (("order_detail", "price_info", "freight"), -1, "order.order_detail.price_info.freight: must be"),
    ],
)
def test_what_cannot_be_right_waits_for_a_person(path: tuple[Any, ...], value: object, problem: str) -> None:
    body = fixture("wechat_shop/order_paid.json")
    owner: Any = body["order"]
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = value
    reading = fetched(body)
    assert reading.order_id == ORDER_ID
    assert (reading.problem or "").startswith(problem)


def test_without_a_number_there_is_no_order() -> None:
    with pytest.raises(MalformedBodyError, match="order_id"):
        fetched({"order": {"status": 20}})


def test_an_answer_that_only_has_lines_later() -> None:
    reading = fetched({"order": {"order_id": "1", "update_time": 1794387660}})
    assert reading.snapshot
    assert (reading.snapshot.lines, reading.snapshot.charges, reading.problem) == (None, None, None)
