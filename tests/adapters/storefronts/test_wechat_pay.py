"""WeChat Pay's notifications at a shop's own endpoint: they confirm payment, and nothing of the lines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grapevine.adapters.storefronts.generic import ADAPTER
from grapevine.adapters.storefronts.wechat_pay import TOPIC
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind, Payment, Snapshot
from grapevine.ports import Ignored, Reading, ShopEvent, ShopKeys
from tests.adapters.storefronts.china_bodies import (
    NEW_SERIAL,
    PAY_KEY,
    SERIAL,
    fixture,
    pay_body,
    pay_headers,
    pay_keys,
    webhook_headers,
)
from tests.builders import T0

PAID = pay_body(fixture("generic/wechat_pay.json"))


def refused(raw: bytes, headers: dict[str, str], keys: ShopKeys | None = None, now: datetime = T0) -> None:
    with pytest.raises(UnauthenticatedError, match="not authenticated"):
        ADAPTER.verify(raw, headers, keys or pay_keys(), now)


def said(raw: bytes) -> tuple[ShopEvent, ...]:
    headers = pay_headers(raw)
    return ADAPTER.normalise(ADAPTER.opened(raw, headers, pay_keys()), ADAPTER.topic(headers))


@pytest.mark.parametrize("serial", [SERIAL, NEW_SERIAL])
def test_either_key_verifies_while_wechat_pay_moves_to_the_new_one(serial: str) -> None:
    ADAPTER.verify(PAID, pay_headers(PAID, serial=serial), pay_keys(), T0)


@pytest.mark.parametrize(
    "changes",
    [
        {"wechatpay-signature": ""},
        {"wechatpay-signature": "!"},
        {"wechatpay-signature": "WECHATPAY/SIGNTEST/AAAA"},
        {"wechatpay-signature": "AAAA"},
        {"wechatpay-serial": "another"},
        {"wechatpay-serial": "wechat_pay_key"},
        {"wechatpay-serial": ""},
        {"wechatpay-nonce": "another"},
        {"wechatpay-nonce": "\ud800"},
        {"wechatpay-timestamp": ""},
        {"wechatpay-timestamp": "x"},
        {"wechatpay-timestamp": str(2 * 10**9)},
    ],
)
def test_edge_86_what_wechat_pay_did_not_sign_learns_nothing(changes: dict[str, str]) -> None:
    refused(PAID, pay_headers(PAID) | changes)


def test_edge_86_another_body_is_not_signed() -> None:
    refused(PAID + b" ", pay_headers(PAID))


@pytest.mark.parametrize("off", [-301, 301])
def test_edge_86_a_notification_is_taken_within_five_minutes_both_ways(off: int) -> None:
    refused(PAID, pay_headers(PAID), now=T0 + timedelta(seconds=off))
    near = T0 + timedelta(seconds=off - off // abs(off))
    ADAPTER.verify(PAID, pay_headers(PAID), pay_keys(), near)


def test_edge_86_a_shop_that_has_no_key_is_notified_by_nobody() -> None:
    refused(PAID, pay_headers(PAID), replace(pay_keys(), access={}))
    refused(PAID, pay_headers(PAID), replace(pay_keys(), access={SERIAL: "-----BEGIN CERTIFICATE-----"}))


def test_the_header_decides_whose_signature_it_is() -> None:
    """A good signature of the shop's own does not help a notification, nor the other way round."""
    refused(PAID, pay_headers(PAID, now=T0 - timedelta(days=1)) | webhook_headers(PAID))
    ADAPTER.verify(PAID, webhook_headers(PAID), pay_keys(), T0)
    with pytest.raises(MalformedBodyError):
        ADAPTER.normalise(ADAPTER.opened(PAID, webhook_headers(PAID), pay_keys()), "")


def test_a_payment_is_confirmed_and_has_no_lines() -> None:
    paid_at = datetime(2026, 11, 11, 9, 1, tzinfo=UTC)
    snapshot = Snapshot(payment=Payment.PAID)
    assert said(PAID) == (Reading(order_id="A-1001", kind=FactKind.PAID, version=paid_at, snapshot=snapshot),)


def test_a_redelivery_that_is_encrypted_anew_says_the_same() -> None:
    again = pay_body(fixture("generic/wechat_pay.json"), nonce="nonce0000099")
    opened = {ADAPTER.opened(raw, pay_headers(raw), pay_keys()) for raw in (PAID, again)}
    assert again != PAID
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("event", "state"),
    [("REFUND.SUCCESS", "SUCCESS"), ("TRANSACTION.SUCCESS", "USERPAYING"), ("", "SUCCESS")],
)
def test_anything_else_is_passed_over(event: str, state: str) -> None:
    (told,) = said(pay_body(fixture("generic/wechat_pay.json") | {"trade_state": state}, event))
    assert isinstance(told, Ignored)


@pytest.mark.parametrize(
    "resource",
    [
        b"\xff",
        b"{",
        b"NaN",
        b"[" * 100_000,
        json.dumps({"trade_state": "SUCCESS"}).encode(),
        json.dumps({"trade_state": "SUCCESS", "out_trade_no": "1"}).encode(),
        json.dumps({"trade_state": "SUCCESS", "out_trade_no": "1", "success_time": "yesterday"}).encode(),
        json.dumps({"trade_state": "SUCCESS", "success_time": "2026-11-11T17:01:00+08:00"}).encode(),
    ],
)
def test_a_resource_that_cannot_be_read_is_malformed(resource: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        said(pay_body(resource))


@pytest.mark.parametrize("key", ["", "short", PAY_KEY[::-1], "ü" * 32])
def test_without_the_key_nothing_is_opened(key: str) -> None:
    keys = replace(pay_keys(), access={**pay_keys().access, "wechat_pay_key": key})
    with pytest.raises(MalformedBodyError, match="not encrypted with our key"):
        ADAPTER.opened(PAID, pay_headers(PAID), keys)


@pytest.mark.parametrize(
    "resource", [None, {}, {"ciphertext": "!"}, {"nonce": "\ud800", "ciphertext": "AAAA"}, "x"]
)
def test_a_notification_without_a_resource_is_malformed(resource: object) -> None:
    raw = json.dumps({"event_type": "TRANSACTION.SUCCESS", "resource": resource}).encode()
    with pytest.raises(MalformedBodyError):
        ADAPTER.opened(raw, pay_headers(raw), pay_keys())


def test_the_topic_is_the_headers() -> None:
    assert ADAPTER.topic(pay_headers(PAID)) == TOPIC
    assert ADAPTER.topic(webhook_headers(b"{}")) == ""
