"""Stripe's client against a server that behaves as its API does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grapevine.adapters.shops import stripe as client
from grapevine.adapters.storefronts import stripe as adapter
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.ports import Reading
from grapevine.ports.shop_clients import Discount, Fetched, ShopRefusedError, ShopUnavailableError
from tests.adapters.storefronts.stripe_bodies import event
from tests.builders import T0, days
from tests.shops.opened import Opened, opened
from tests.shops.stripe_api import KEY, StripeApi

DAY = datetime(2026, 11, 11, tzinfo=UTC)


@pytest.fixture
def api() -> StripeApi:
    found = StripeApi()
    found.sessions = [event("session_fetched")["data"]["object"]]
    return found


@pytest.fixture
def shop(api: StripeApi) -> Iterator[Opened]:
    with opened("stripe", api.rules, secret_key=KEY) as found:
        yield found


def read(fetched: Fetched) -> Reading:
    """Return what our adapter makes of what was fetched."""
    (first, *_) = adapter.ADAPTER.normalise(fetched.raw, fetched.topic)
    assert isinstance(first, Reading)
    assert first.problem is None
    return first


def test_an_order_is_fetched_with_its_lines_its_code_and_what_went_back(shop: Opened) -> None:
    reading = read(shop.client.fetch_order("pi_3loom1001"))

    assert (reading.order_id, reading.version) == ("pi_3loom1001", T0)
    assert reading.snapshot
    assert reading.snapshot.lines
    assert [line.id for line in reading.snapshot.lines] == ["li_1loomA", "li_1loomB"]
    assert reading.snapshot.coupon_codes == ("CY-10",)
    assert [refund.id for refund in reading.refunds] == ["ch_3loom1001"]
    (asked,) = shop.server.asked
    assert asked.query["expand[]"] == "data.payment_intent.latest_charge"


def test_our_event_is_the_one_that_the_adapter_reads() -> None:
    assert client.FETCHED == adapter.FETCHED


def test_what_was_free_is_found_by_its_own_name(api: StripeApi, shop: Opened) -> None:
    api.sessions[0]["payment_intent"] = None
    name = api.sessions[0]["id"].removeprefix("cs_live_")

    assert read(shop.client.fetch_order(f"cs_{name}")).order_id == f"cs_{name}"


def test_a_subscription_is_found_by_its_own(api: StripeApi, shop: Opened) -> None:
    api.sessions[0] |= {"payment_intent": None, "subscription": "sub_1"}

    assert read(shop.client.fetch_order("sub_1")).order_id == "sub_1"


@pytest.mark.parametrize("name", ["pi_unknown", "cs_unknown", "in_1", "1001"])
def test_what_stripe_does_not_have_is_not_found(shop: Opened, name: str) -> None:
    with pytest.raises(NotFoundError):
        shop.client.fetch_order(name)


def pages(shop: Opened, start: datetime, end: datetime) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = shop.client.orders_updated(start, end, cursor)
        bodies += [json.loads(body.raw) for body in page.bodies]
        if page.cursor is None:
            return bodies
        cursor = page.cursor


def test_what_changed_is_read_from_the_events_all_pages(api: StripeApi, shop: Opened) -> None:
    names = [
        "session_completed",
        "charge_partly_refunded",
        "charge_refunded",
        "dispute_created",
        "dispute_lost",
    ]
    api.events = [event(name) for name in names]

    found = pages(shop, DAY, DAY + days(7))

    assert sorted(one["id"] for one in found) == sorted(f"evt_loom_{name}" for name in names[:4])
    assert shop.server.count("GET", "/v1/events") == 2


def test_an_event_is_read_as_its_webhook_was(api: StripeApi, shop: Opened) -> None:
    api.events = [event("session_completed")]

    (body,) = shop.client.orders_updated(DAY, DAY + days(1)).bodies

    assert read(body) == read(Fetched(json.dumps(event("session_completed")).encode(), ""))


def test_a_session_whose_lines_are_wanted_comes_with_them(api: StripeApi, shop: Opened) -> None:
    api.events = [event("session_whose_lines_are_wanted")]

    _, fetched = shop.client.orders_updated(DAY, DAY + days(1)).bodies

    told = read(fetched).snapshot
    assert told
    assert told.lines
    assert len(told.lines) == 2


def test_a_refund_that_failed_comes_with_what_is_left(api: StripeApi, shop: Opened) -> None:
    api.events = [event("refund_failed")]

    _, fetched = shop.client.orders_updated(DAY, DAY + days(7)).bodies

    assert read(fetched).refunds[0].lines[0].subtotal_minor == 0


def test_a_refund_that_failed_and_is_of_no_session_is_let_be(api: StripeApi, shop: Opened) -> None:
    api.events = [
        event("refund_failed", payment_intent="pi_other"),
        event("refund_failed", payment_intent=None),
    ]

    assert len(shop.client.orders_updated(DAY, DAY + days(7)).bodies) == 2


def test_nothing_in_a_span_is_an_empty_page(shop: Opened) -> None:
    page = shop.client.orders_updated(DAY, DAY + days(1))

    assert (page.bodies, page.cursor, page.cut) == ((), None, False)
    assert shop.client.longest_window == timedelta(days=7)
    assert shop.client.products().bodies == ()


def test_what_a_merchant_does_in_stripe_is_refused_with_what_to_do(shop: Opened) -> None:
    discount = Discount(code="CY-10", off_bps=1000, owner="Grapevine pg_test/CY-10")

    with pytest.raises(ShopRefusedError, match="make the promotion code in Stripe"):
        shop.client.create_discount(discount)
    with pytest.raises(ShopRefusedError, match="end the promotion code in Stripe"):
        shop.client.disable_discount(discount)
    with pytest.raises(ShopRefusedError, match="give us its signing secret"):
        shop.client.register_webhooks("https://x.example/", "s")
    assert shop.server.asked == []


def test_a_key_that_may_not_is_mended_by_people(api: StripeApi) -> None:
    with (
        opened("stripe", api.rules, secret_key="rk_live_other") as other,
        pytest.raises(ShopUnavailableError),
    ):
        other.client.fetch_order("pi_3loom1001")


def test_a_key_is_needed(api: StripeApi) -> None:
    with pytest.raises(InvalidInputError, match=r"access\.secret_key"), opened("stripe", api.rules):
        pass
