"""Published signatures, those of others, each with the verdict that its source gives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from grapevine.adapters.storefronts import generic, wechat_pay, wechat_push
from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import ShopKeys
from tests.adapters.storefronts.samples import sample

Vector = dict[str, Any]


def standard_webhooks(vector: Vector) -> bool:
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": vector["signature"],
    }
    keys = ShopKeys(secrets=(vector["secret"],), domain="")
    return _verifies(vector["body"].encode(), headers, keys, vector["timestamp"])


def notification(vector: Vector) -> bool:
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    access = {headers["wechatpay-serial"]: vector["platform_certificate_pem"]}
    seconds = int(headers["wechatpay-timestamp"])
    return _verifies(
        vector["body"].encode(), headers, ShopKeys(secrets=(), domain="", access=access), seconds
    )


def resource(vector: Vector) -> bool:
    texts = (vector[name] for name in ("api_v3_key", "nonce", "associated_data", "ciphertext"))
    opened = wechat_pay.decrypted_resource(*texts)
    return opened.decode() == str(vector["plaintext"])


def push(vector: Vector) -> bool:
    parts = (vector["timestamp"], vector["nonce"], vector["encrypt"])
    return wechat_push.is_signed(vector["signature"], (vector["token"],), *parts)


JUDGES: dict[str, Callable[[Vector], bool]] = {
    "standard-webhooks": standard_webhooks,
    "wechatpay-v3-notify": notification,
    "wechatpay-v3-aes-gcm": resource,
    "wechat-msg-signature-sha1": push,
}


def _verifies(raw: bytes, headers: dict[str, str], keys: ShopKeys, seconds: int) -> bool:
    try:
        generic.ADAPTER.verify(raw, headers, keys, datetime.fromtimestamp(seconds, UTC))
    except UnauthenticatedError:
        return False
    return True


def vectors(scheme: str) -> list[Vector]:
    return [vector for vector in json.loads(sample("signatures/vectors.json")) if vector["scheme"] == scheme]


@pytest.mark.parametrize("scheme", JUDGES)
def test_every_vector_has_its_verdict(scheme: str) -> None:
    found = vectors(scheme)
    assert found
    assert [JUDGES[scheme](vector) for vector in found] == [vector["valid"] for vector in found]


def test_a_published_notification_opens() -> None:
    (vector,) = vectors("wechatpay-v3-notify")
    hidden = json.loads(vector["body"])["resource"]
    texts = (hidden[name] for name in ("nonce", "associated_data", "ciphertext"))
    assert wechat_pay.decrypted_resource(vector["api_v3_key"], *texts).decode() == vector["plaintext"]


def test_a_published_message_opens() -> None:
    (opened,) = (
        wechat_push.decrypted(vector["encrypt"], vector["encoding_aes_key"])
        for vector in vectors("wechat-msg-signature-sha1")
        if "encoding_aes_key" in vector
    )
    assert opened[0]
