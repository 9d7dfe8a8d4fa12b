"""What Shopify says that is no order: an id alone, people's requests, an app that is removed."""

from __future__ import annotations

import json

import pytest

from grapevine.domain.errors import MalformedBodyError
from grapevine.ports import Ignored, NeedsFetch, PrivacyKind, PrivacyRequest, Reading, ShopEvent
from tests.adapters.storefronts.shopify_bodies import SHOPIFY, line, order, refund

ORDER_TOPICS = ("orders/create", "orders/paid", "orders/updated", "orders/cancelled", "orders/fulfilled")


def said(body: object, topic: str) -> tuple[ShopEvent, ...]:
    return SHOPIFY.normalise(json.dumps(body).encode(), topic)


@pytest.mark.parametrize("topic", ORDER_TOPICS)
def test_an_order_too_large_to_deliver_is_fetched_and_never_sold_for_nothing(topic: str) -> None:
    body = {"id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508"}

    assert said(body, topic) == (NeedsFetch(order_id="820982911946154508", reason="only the order's id"),)


def test_an_id_that_is_none_is_malformed() -> None:
    with pytest.raises(MalformedBodyError, match="id: not an id"):
        said({"id": "x"}, "orders/paid")


def test_a_refund_that_is_only_an_id_follows_with_its_order() -> None:
    (event,) = said({"id": 61}, "refunds/create")

    assert isinstance(event, Ignored)


def test_a_body_that_says_too_little_waits_and_is_fetched() -> None:
    reading, fetch = said({"id": 7, "line_items": [line()]}, "orders/updated")

    assert isinstance(reading, Reading)
    assert reading.problem == "needs_fetch: no instant in the body"
    assert fetch == NeedsFetch(order_id="7", reason="needs_fetch: no instant in the body")


def test_a_refund_without_its_lines_is_fetched_with_its_order() -> None:
    body = refund()
    del body["refund_line_items"]

    reading, fetch = said(body, "refunds/create")

    assert isinstance(reading, Reading)
    assert isinstance(fetch, NeedsFetch)
    assert fetch.order_id == reading.order_id == "9007199254740993"


def test_a_body_that_says_enough_asks_for_nothing() -> None:
    (event,) = said(order(), "orders/paid")

    assert isinstance(event, Reading)


def test_a_customer_asks_what_is_kept_of_them() -> None:
    body = {
        "shop_domain": "orchard.myshopify.com",
        "orders_requested": [299938, "280263"],
        "customer": {"id": 191167, "email": "john@example.com"},
        "data_request": {"id": 9999},
    }

    assert said(body, "customers/data_request") == (
        PrivacyRequest(
            kind=PrivacyKind.DATA_REQUEST,
            request_id="9999",
            emails=("john@example.com",),
            order_ids=("299938", "280263"),
        ),
    )


def test_a_customer_is_erased_under_a_name_that_a_redelivery_has_too() -> None:
    body = {"customer": {"email": "john@example.com"}, "orders_to_redact": [299938]}

    (first,), (again,) = said(body, "customers/redact"), said(body, "customers/redact")

    assert isinstance(first, PrivacyRequest)
    assert first == again
    assert first.kind is PrivacyKind.ERASE_CUSTOMER
    assert (first.emails, first.order_ids) == (("john@example.com",), ("299938",))
    assert first.request_id != _asked({"customer": {"email": "ann@example.com"}}).request_id


def test_a_shop_that_left_is_erased() -> None:
    (event,) = said({"shop_id": 954889, "shop_domain": "orchard.myshopify.com"}, "shop/redact")

    assert isinstance(event, PrivacyRequest)
    assert (event.kind, event.emails, event.order_ids) == (PrivacyKind.ERASE_SHOP, (), ())


def test_a_guest_without_an_address_and_an_odd_order_are_no_reason_to_refuse_a_person() -> None:
    request = _asked(
        {"customer": {"phone": "1"}, "orders_to_redact": [None, True, "x", 5], "data_request": 1}
    )

    assert (request.emails, request.order_ids) == ((), ("5",))


def test_an_app_that_is_removed_takes_nothing_along() -> None:
    (event,) = said({"id": 954889, "domain": "orchard.myshopify.com"}, "app/uninstalled")

    assert isinstance(event, Ignored)
    assert event.reason.startswith("the app was removed")


def _asked(body: object) -> PrivacyRequest:
    (event,) = said(body, "customers/redact")
    assert isinstance(event, PrivacyRequest)
    return event


def test_a_draft_orders_discount_and_an_automatic_one_are_both_taken_off_and_the_code_is_told() -> None:
    """29.10 by hand under a code, 5.00 by itself: the allocations say of which line, as Shopify rounded."""
    lines = [
        line(11, "94.00", discount_allocations=[{"amount": "9.31"}, {"amount": "1.60"}]),
        line(12, "100.00", discount_allocations=[{"amount": "9.89"}, {"amount": "1.70"}]),
        line(13, "100.00", discount_allocations=[{"amount": "9.90"}, {"amount": "1.70"}]),
    ]
    applied = [{"type": "manual", "title": "draft"}, {"type": "automatic", "title": "Autumn"}]
    codes = [{"code": "draft", "amount": "29.10", "type": "fixed_amount"}]

    (reading,) = said(
        order(*lines, discount_applications=applied, discount_codes=codes, total_discounts="34.10"),
        "orders/paid",
    )

    assert isinstance(reading, Reading)
    assert reading.snapshot
    assert reading.snapshot.lines
    assert [line.discount_minor for line in reading.snapshot.lines] == [10_91, 11_59, 11_60]
    assert sum(line.discount_minor for line in reading.snapshot.lines) == 34_10
    assert reading.snapshot.coupon_codes == ("draft",)
