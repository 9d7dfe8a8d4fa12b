from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from grapevine.adapters.storefronts.youzan import ADAPTER
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind, Payment, Refund, RefundLine
from grapevine.ports import Ignored, NeedsFetch, Reading, ShopKeys
from tests.adapters.storefronts.china_bodies import (
    CLIENT_SECRET,
    OLD_SECRET,
    YOUZAN_KEYS,
    envelope,
    fixture,
    youzan_headers,
)
from tests.builders import CLICK_ID, T0

TID = "E20261111170000000600011"
TEA, CUP = "2800000000000000101", "2800000000000000102"
PAID = envelope("trade_TradePaid", fixture("youzan/trade_paid.json"))
VERSION = datetime(2026, 11, 11, 9, 0, 32, tzinfo=UTC)


def read(kind: str, message: object, **changes: object) -> Reading:
    (event,) = ADAPTER.normalise(envelope(kind, message, **changes), "")
    assert isinstance(event, Reading)
    return event


def fetched(body: dict[str, Any]) -> Reading:
    (event,) = ADAPTER.normalise(json.dumps(body).encode(), "youzan.trade.get")
    assert isinstance(event, Reading)
    return event


def trade(**info: object) -> dict[str, Any]:
    body = fixture("youzan/trade_paid.json")
    body["full_order_info"]["order_info"].update(info)
    return body


# --- who sends ---------------------------------------------------------------------------------


def refused(raw: bytes, headers: dict[str, str], keys: ShopKeys = YOUZAN_KEYS) -> None:
    with pytest.raises(UnauthenticatedError, match="not authenticated"):
        ADAPTER.verify(raw, headers, keys, T0)


@pytest.mark.parametrize("secret", [CLIENT_SECRET, OLD_SECRET])
def test_either_secret_verifies_and_the_letters_case_does_not_matter(secret: str) -> None:
    headers = youzan_headers(PAID, secret)
    ADAPTER.verify(PAID, headers, YOUZAN_KEYS, T0)
    ADAPTER.verify(PAID, {"event-sign": headers["event-sign"].upper()}, YOUZAN_KEYS, T0)


@pytest.mark.parametrize(
    "sign", ["", "0" * 32, "ü" * 32, "\ud800", youzan_headers(PAID, "another")["event-sign"]]
)
def test_edge_86_a_message_that_is_not_signed_by_the_app_learns_nothing(sign: str) -> None:
    refused(PAID, {"event-sign": sign})
    refused(PAID, {})


def test_a_byte_more_is_another_body() -> None:
    refused(PAID + b" ", youzan_headers(PAID))


def test_without_an_id_or_a_secret_nobody_signs() -> None:
    refused(PAID, youzan_headers(PAID), replace(YOUZAN_KEYS, access={}))
    refused(PAID, youzan_headers(PAID, ""), replace(YOUZAN_KEYS, secrets=("",)))
    refused(PAID, youzan_headers(PAID), replace(YOUZAN_KEYS, secrets=()))


def test_edge_86_a_message_of_another_shop_of_the_same_app_is_not_ours() -> None:
    raw = envelope("trade_TradePaid", fixture("youzan/trade_paid.json"), kdt_id=99999)
    refused(raw, youzan_headers(raw))
    ADAPTER.verify(
        raw, youzan_headers(raw), replace(YOUZAN_KEYS, access={"client_id": "cl1ent0000000000"}), T0
    )
    branch = envelope("trade_TradePaid", {}, kdt_id=99999, root_kdt_id=56232)
    ADAPTER.verify(branch, youzan_headers(branch), YOUZAN_KEYS, T0)


def test_youzan_reads_success() -> None:
    assert json.loads(ADAPTER.accepted.text) == {"code": 0, "msg": "success"}
    assert ADAPTER.accepted.content_type.startswith("application/json")


# --- what a trade says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("trade_TradeCreate", FactKind.PLACED),
        ("trade_TradePaid", FactKind.PAID),
        ("trade_TradeBuyerPay", FactKind.PAID),
        ("trade_TradeSuccess", FactKind.RECEIVED),
    ],
)
def test_a_whole_trade(kind: str, said: FactKind) -> None:
    reading = read(kind, fixture("youzan/trade_paid.json"))
    snapshot = reading.snapshot
    assert (reading.order_id, reading.kind, reading.version) == (TID, said, VERSION)
    assert reading.problem is None
    assert snapshot
    assert (snapshot.placed_at, snapshot.payment, snapshot.currency) == (T0, Payment.PAID, "CNY")
    assert snapshot.lines
    # 2 × 60.00 less 12.00, and 80.00 less 8.00: what Youzan shares out of 满减 and of the coupon.
    assert [(line.id, line.gross_minor, line.discount_minor, line.base_minor) for line in snapshot.lines] == [
        (TEA, 12_000, 1_200, 10_800),
        (CUP, 8_000, 800, 7_200),
    ]
    assert [(line.product_id, line.sku, line.quantity_milli) for line in snapshot.lines] == [
        ("450000001", "TEA-100", 2000),
        ("450000002", "CUP", 1000),
    ]
    assert snapshot.charges
    assert [(line.id, line.gross_minor, line.base_minor) for line in snapshot.charges] == [
        ("shipping", 800, 0)
    ]
    assert snapshot.coupon_codes == ("77001",)
    assert snapshot.click_id == CLICK_ID
    assert reading.customer_email == "youzan-yz_open_id:vt5Fq1Qe0000000000"
    assert (snapshot.test, snapshot.cancelled_at, snapshot.received_at) == (False, None, None)


def test_edge_91_a_test_message_makes_a_test_order() -> None:
    reading = read("trade_TradePaid", fixture("youzan/trade_paid.json"), test=True)
    assert reading.snapshot
    assert reading.snapshot.test


@pytest.mark.parametrize("msg", ["", None])
def test_edge_91_a_test_of_the_address_says_nothing(msg: str | None) -> None:
    (event,) = ADAPTER.normalise(envelope("trade_TradePaid", msg, test=True), "")
    assert isinstance(event, Ignored)


@pytest.mark.parametrize(
    ("status", "payment"),
    [
        ("WAIT_BUYER_PAY", Payment.PENDING),
        ("WAIT_GROUP", Payment.AUTHORIZED),
        ("WAIT_CONFIRM", Payment.AUTHORIZED),
        ("WAIT_SELLER_SEND_GOODS", Payment.PAID),
        ("WAIT_BUYER_CONFIRM_GOODS", Payment.PAID),
        ("TRADE_BUYER_SIGNED", Payment.PAID),
        ("TRADE_SUCCESS", Payment.PAID),
    ],
)
def test_states(status: str, payment: Payment) -> None:
    reading = read("trade_TradePaid", trade(status=status))
    assert reading.snapshot
    assert reading.snapshot.payment is payment


def test_a_state_that_nobody_knows_waits_for_a_person() -> None:
    reading = read("trade_TradePaid", trade(status="SOMETHING_NEW"))
    assert reading.problem == "msg.full_order_info.order_info.status: unknown 'SOMETHING_NEW'"
    assert reading.order_id == TID


@pytest.mark.parametrize(
    ("pay_time", "payment"), [("", Payment.VOIDED), ("2026-11-11 17:00:30", Payment.PAID)]
)
def test_a_closed_trade_is_cancelled_and_was_paid_if_it_says_when(pay_time: str, payment: Payment) -> None:
    body = fixture("youzan/trade_fetched_closed.json")
    body["full_order_info"]["order_info"]["pay_time"] = pay_time
    reading = fetched(body)
    assert reading.snapshot
    assert reading.snapshot.payment is payment
    assert reading.snapshot.cancelled_at == reading.version == datetime(2026, 11, 11, 10, 0, tzinfo=UTC)


def test_what_the_api_answers_is_as_old_as_its_last_change() -> None:
    reading = fetched(fixture("youzan/trade_fetched_with_refunds.json"))
    assert (reading.kind, reading.version) == (FactKind.EDITED, datetime(2026, 11, 12, 13, 30, tzinfo=UTC))
    assert reading.snapshot
    assert reading.snapshot.received_at == datetime(2026, 11, 12, 12, 0, tzinfo=UTC)
    # The second is 8.00 over its line's price, which is the postage; the third is not done.
    assert reading.refunds == (
        Refund(
            id="202611121200000000010006",
            created_at=reading.version,
            lines=(RefundLine(line_id=TEA, quantity_milli=0, subtotal_minor=5_400),),
        ),
        Refund(
            id="202611121300000000020006",
            created_at=reading.version,
            lines=(
                RefundLine(line_id=CUP, quantity_milli=1000, subtotal_minor=7_200),
                RefundLine(line_id="shipping", quantity_milli=0, subtotal_minor=800),
            ),
        ),
    )


def test_a_refund_of_several_lines_is_shared_out_by_their_prices() -> None:
    body = fixture("youzan/trade_fetched_with_refunds.json")
    body["refund_order"] = [
        {
            "refund_id": "1",
            "refund_fee": "90.00",
            "refund_state": 60,
            "oids": [{"oid": TEA}, {"oid": int(CUP)}],
        }
    ]
    (refund,) = fetched(body).refunds
    assert [(line.line_id, line.subtotal_minor) for line in refund.lines] == [(TEA, 5_400), (CUP, 3_600)]


def test_a_refund_of_no_line_is_postage() -> None:
    body = fixture("youzan/trade_fetched_with_refunds.json")
    body["refund_order"] = [{"refund_id": "1", "refund_fee": "8.00", "refund_state": 60, "oids": []}]
    (refund,) = fetched(body).refunds
    assert [(line.line_id, line.subtotal_minor) for line in refund.lines] == [("shipping", 800)]


@pytest.mark.parametrize(
    "change",
    [
        {"remark_info": {"buyer_message": f"来自 {CLICK_ID}。"}},
        {"orders": [{"buyer_messages": json.dumps({"推荐码": CLICK_ID})}]},
        {"orders": [{"goods_url": f"https://shop.youzan.com/goods?alias=1&gv_click={CLICK_ID}"}]},
    ],
)
def test_where_a_click_is_found(change: dict[str, Any]) -> None:
    body = fixture("youzan/trade_paid.json")
    full = body["full_order_info"]
    lines = [{**line, "goods_url": ""} for line in full["orders"]]
    lines[0] |= change.get("orders", [{}])[0]
    full.update(change | {"orders": lines})
    reading = read("trade_TradePaid", body)
    assert reading.snapshot
    assert reading.snapshot.click_id == CLICK_ID


@pytest.mark.parametrize("text", [f"x{CLICK_ID}", f"{CLICK_ID}y", CLICK_ID[:-1], ""])
def test_what_is_no_click(text: str) -> None:
    body = fixture("youzan/trade_paid.json")
    full = body["full_order_info"]
    full["remark_info"]["buyer_message"] = text
    full["orders"] = [{**line, "goods_url": ""} for line in full["orders"]]
    reading = read("trade_TradePaid", body)
    assert reading.snapshot
    assert reading.snapshot.click_id is None


# --- short messages ----------------------------------------------------------------------------


def test_a_trade_that_is_closed() -> None:
    reading = read("trade_TradeClose", fixture("youzan/closed.json"))
    at = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)
    assert (reading.order_id, reading.kind) == (TID, FactKind.CANCELLED)
    assert reading.snapshot
    assert (reading.snapshot.cancelled_at, reading.snapshot.lines, reading.snapshot.payment) == (
        at,
        None,
        None,
    )


def test_a_trade_that_arrived() -> None:
    reading = read("trade_TradeSuccess", fixture("youzan/success.json"))
    assert reading.kind is FactKind.RECEIVED
    assert reading.snapshot
    assert reading.snapshot.received_at == datetime(2026, 11, 12, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["trade_refund_RefundSuccess", "youzan_trade_RefundSuccess"])
def test_a_refund_of_one_line_says_all(kind: str) -> None:
    reading = read(kind, fixture("youzan/refunded_one_line.json"))
    (refund,) = reading.refunds
    assert (reading.order_id, reading.kind, reading.snapshot) == (TID, FactKind.REFUNDED, None)
    assert (refund.id, refund.created_at) == (
        "202611121200000000010006",
        datetime(2026, 11, 12, 4, 0, tzinfo=UTC),
    )
    assert refund.lines == (RefundLine(line_id=TEA, quantity_milli=0, subtotal_minor=5_400),)


def test_a_newer_message_is_an_object_and_not_a_text() -> None:
    body = json.loads(envelope("youzan_trade_RefundSuccess", ""))
    body["msg"] = fixture("youzan/refunded_one_line.json")
    (event,) = ADAPTER.normalise(json.dumps(body).encode(), "")
    assert isinstance(event, Reading)
    assert event.refunds[0].lines[0].subtotal_minor == 5_400


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("trade_refund_RefundSuccess", fixture("youzan/refunded_two_lines.json")),
        ("trade_refund_RefundSuccess", {"tid": TID, "refund_id": "1", "refunded_fee": "1.00"}),
        ("trade_refund_RefundSuccess", {"tid": TID, "refund_id": "1", "oids": False, "refunded_fee": "1.00"}),
        ("trade_refund_RefundSellerAgree", {"tid": TID}),
        ("trade_refund_SysRefund", {"tid": TID}),
        ("trade_TradePaid", {"tid": TID}),
        ("trade_TradePaid", {"full_order_info": {"order_info": {"tid": TID}}}),
        ("trade_TradePaid", {"full_order_info": {"order_info": {"tid": TID}, "orders": [{"num": 1}]}}),
    ],
)
def test_what_says_too_little_is_asked_for(kind: str, message: dict[str, Any]) -> None:
    (event,) = ADAPTER.normalise(envelope(kind, message), "")
    assert isinstance(event, NeedsFetch)
    assert event.order_id == TID


@pytest.mark.parametrize("kind", ["trade_TradeMemoModified", "ITEM_INFO", "POINTS", "", None, 7])
def test_other_messages_are_not_even_opened(kind: object) -> None:
    (event,) = ADAPTER.normalise(json.dumps({"type": kind, "msg": "%"}).encode(), "")
    assert isinstance(event, Ignored)


# --- versions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "at"),
    [
        (1794387632, VERSION),
        (1794387632000, VERSION),
        ("1794387632", VERSION),
        (3, datetime(2026, 11, 11, 9, 0, 31, 3000, tzinfo=UTC)),
        (0, datetime(2026, 11, 11, 9, 0, 31, tzinfo=UTC)),
        (None, datetime(2026, 11, 11, 9, 0, 31, tzinfo=UTC)),
        (10**30, datetime(2026, 11, 11, 9, 0, 31, 999000, tzinfo=UTC)),
        (-5, datetime(2026, 11, 11, 9, 0, 31, tzinfo=UTC)),
    ],
)
def test_the_higher_version_overrides(version: object, at: datetime) -> None:
    assert read("trade_TradePaid", fixture("youzan/trade_paid.json"), version=version).version == at


# --- what cannot be read -----------------------------------------------------------------------


@pytest.mark.parametrize("encode", [quote, quote_plus, str])
def test_a_message_in_any_encoding_that_java_has(encode: Callable[[str], str]) -> None:
    text = json.dumps(fixture("youzan/trade_paid.json"), ensure_ascii=False)
    assert read("trade_TradePaid", encode(text)).version == VERSION


@pytest.mark.parametrize("msg", ["%", "%FF", "%7B", "[]", 5, None, True, "null", "%5B%5D", "\ud800"])
def test_a_message_that_is_none_is_malformed(msg: object) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        ADAPTER.normalise(envelope("trade_TradePaid", msg), "")
    assert caught.value.where == "msg"


def test_without_a_number_there_is_no_order() -> None:
    with pytest.raises(MalformedBodyError, match="tid: missing"):
        ADAPTER.normalise(envelope("trade_TradeClose", {"close_type": 1}, id=None), "")


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("price", "-1.00", "price: negative"),
        ("price", "1.001", "price: "),
        ("payment", "abc", "payment: "),
        ("num", 1.5, "num: not a whole number"),
        ("num", 1_000_001, "num: must be 0 to 1000000"),
        ("oid", None, "oid: missing"),
        ("item_id", "x", "item_id: not an id"),
        ("price", "9" * 20, "price: "),
    ],
)
def test_amounts_that_cannot_be_right_wait_for_a_person(name: str, value: object, where: str) -> None:
    body = fixture("youzan/trade_paid.json")
    body["full_order_info"]["orders"][1][name] = value
    problem = read("trade_TradePaid", body).problem
    assert problem
    assert problem.startswith(f"msg.full_order_info.orders[1].{where}")


@pytest.mark.parametrize("created", ["2026-13-01 00:00:00", "yesterday", "1969-01-01 00:00:00", True, 1.5])
def test_a_time_that_is_none_waits_for_a_person(created: object) -> None:
    problem = read("trade_TradePaid", trade(created=created)).problem
    assert problem
    assert problem.startswith("msg.full_order_info.order_info.created: ")


def test_a_refund_without_its_number_waits_for_a_person() -> None:
    reading = read("trade_refund_RefundSuccess", {"tid": TID, "oids": TEA, "refunded_fee": "1.00"})
    assert (reading.problem, reading.refunds) == ("msg.refund_id: missing", ())


def test_a_customer_is_known_by_what_is_told() -> None:
    body = fixture("youzan/trade_paid.json")
    full = body["full_order_info"]
    full["buyer_info"] = {"yz_open_id": "", "buyer_id": 0, "buyer_phone": "13800000000"}
    assert read("trade_TradePaid", body).customer_email == "youzan-buyer_phone:13800000000"
    full["buyer_info"] = {"buyer_id": 1300000001}
    assert read("trade_TradePaid", body).customer_email == "youzan-buyer_id:1300000001"
    del full["buyer_info"]
    assert read("trade_TradePaid", body).customer_email is None
