"""WooCommerce: who may speak, and the ping that nobody signs."""

from __future__ import annotations

import json

import pytest

from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import Ignored, NeedsFetch, Reply, ShopKeys
from tests.adapters.storefronts.woo_bodies import SECRET, SHOP, WOO, body, events, headers, signature
from tests.builders import T0

RAW = json.dumps(body("order_paid")).encode()
KEYS = ShopKeys(secrets=(SECRET,), domain=SHOP)


def refused(given: dict[str, str], keys: ShopKeys = KEYS, raw: bytes = RAW) -> None:
    with pytest.raises(UnauthenticatedError, match=r"^not authenticated$"):
        WOO.verify(raw, given, keys, T0)


def test_a_signature_worked_out_elsewhere_verifies() -> None:
    """Printf '%s' '{"id":4711}' | openssl dgst -sha256 -hmac loom -binary | base64."""
    given = {"X-WC-Webhook-Signature": "L0FothEHdrkCCeZJ3nIBfBOEb4v/t7Ok0hw1gQxiaP4="}

    WOO.verify(b'{"id":4711}', given, ShopKeys(secrets=("loom",), domain=SHOP), T0)
    refused(given, ShopKeys(secrets=("lomo",), domain=SHOP), b'{"id":4711}')


def test_both_secrets_of_a_rotation_verify() -> None:
    WOO.verify(RAW, headers(RAW), ShopKeys(secrets=("the new secret", SECRET), domain=SHOP), T0)


def test_a_secret_that_was_copied_as_the_shop_stores_it_verifies() -> None:
    """The shop signs with `<loom> & "band"`, and its database has the entities."""
    stored = "&lt;loom&gt; &amp; &quot;band&quot; &#039;n"
    signed = headers(RAW, signature=signature(RAW, '<loom> & "band" \'n'))

    WOO.verify(RAW, signed, ShopKeys(secrets=(stored,), domain=SHOP), T0)
    WOO.verify(RAW, signed, ShopKeys(secrets=('<loom> & "band" \'n',), domain=SHOP), T0)


def test_what_was_encoded_twice_is_decoded_once() -> None:
    signed = headers(RAW, signature=signature(RAW, "<"))

    refused(signed, ShopKeys(secrets=("&amp;lt;",), domain=SHOP))


@pytest.mark.parametrize(
    "given_signature",
    ["", "x", signature(RAW)[:-2], signature(RAW, "other"), signature(b"other"), "ü" * 44, "A" * 44],
)
def test_edge_86_a_wrong_signature_is_refused_without_detail(given_signature: str) -> None:
    refused(headers(RAW, signature=given_signature))


def test_nobody_verifies_without_a_secret() -> None:
    refused(headers(RAW, signature=signature(RAW, "")), ShopKeys(secrets=("",), domain=SHOP))


@pytest.mark.parametrize(
    "source", ["https://loom.example", "http://LOOM.example/shop/", "https://www.loom.example/"]
)
def test_the_shops_address_may_be_written_in_many_ways(source: str) -> None:
    WOO.verify(RAW, headers(RAW, source=source), KEYS, T0)


def test_a_storefront_may_be_named_with_www() -> None:
    WOO.verify(RAW, headers(RAW), ShopKeys(secrets=(SECRET,), domain="www.loom.example"), T0)


@pytest.mark.parametrize(
    "source", ["https://other.example/", "loom.example", "https://[", "https://loom.example.evil/"]
)
def test_another_shop_is_refused(source: str) -> None:
    refused(headers(RAW, source=source))


def test_the_address_may_be_left_out() -> None:
    WOO.verify(RAW, headers(RAW, source=""), KEYS, T0)


@pytest.mark.parametrize(
    ("raw", "given", "greets"),
    [
        (b"webhook_id=42", {}, True),
        (b"webhook_id=42", {"user-agent": "WooCommerce/11.2.0 Hookshot (WordPress/7.0)"}, True),
        (b"webhook_id=", {}, False),
        (b"webhook_id=42&x=1", {}, False),
        (b"", {}, False),
        (b'{"webhook_id":42}', {}, False),
        (b"webhook_id=42", headers(b"webhook_id=42"), False),
    ],
)
def test_a_ping_is_a_form_of_one_number_that_nobody_signed(
    raw: bytes, given: dict[str, str], greets: bool
) -> None:
    assert WOO.greet(raw, given, KEYS, T0) == (Reply("ok") if greets else None)


def test_the_topic_is_a_header() -> None:
    assert WOO.topic(headers(RAW, "Order.Updated ")) == "order.updated"
    assert WOO.topic({}) == ""


def test_what_is_deleted_is_asked_for() -> None:
    assert events(body("order_deleted"), "order.deleted") == (
        NeedsFetch(order_id="4711", reason="deleted in the shop"),
    )


@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.restored"])
def test_an_id_alone_is_asked_for_and_never_sold_for_nothing(topic: str) -> None:
    assert events(body("order_deleted"), topic) == (
        NeedsFetch(order_id="4711", reason="only the order's id"),
    )


@pytest.mark.parametrize("topic", ["coupon.updated", "customer.created", "action.my_hook", ""])
def test_other_topics_are_nothing_for_us(topic: str) -> None:
    (event,) = events(body("order_paid"), topic)

    assert isinstance(event, Ignored)
