"""Our own endpoint: Standard Webhooks, and bodies that the published schema and we agree about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.storefronts.generic import ADAPTER
from grapevine.adapters.storefronts.generic_schema import BODIES, LARGEST_MINOR, MOST_LINES, SCHEMA
from grapevine.domain.errors import InvalidInputError, MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import Component, FactKind, Payment, Refund, RefundLine, Tender, TenderKind
from grapevine.domain.instants import parse_instant
from grapevine.domain.money import MAX_MINOR
from grapevine.ports import ProductReading, Reading, ShopKeys
from tests.adapters.storefronts.china_bodies import (
    GENERIC_KEYS,
    OLD_WHSEC,
    WHSEC,
    fixture,
    raw_fixture,
    seconds,
    webhook_headers,
)
from tests.builders import CLICK_ID, T0

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "shop-body.schema.json"
ORDER = raw_fixture("generic/order.json")
NAMES = ("order", "refund", "cancel", "receipt", "product")


def read(body: dict[str, Any]) -> Reading:
    (event,) = ADAPTER.normalise(json.dumps(body).encode(), "")
    assert isinstance(event, Reading)
    return event


def refused(raw: bytes, headers: dict[str, str], keys: ShopKeys = GENERIC_KEYS, now: datetime = T0) -> None:
    with pytest.raises(UnauthenticatedError, match="not authenticated"):
        ADAPTER.verify(raw, headers, keys, now)


# --- who sends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [WHSEC, OLD_WHSEC, WHSEC.removeprefix("whsec_")])
def test_either_secret_verifies(secret: str) -> None:
    ADAPTER.verify(ORDER, webhook_headers(ORDER, secret), GENERIC_KEYS, T0)
    ADAPTER.verify(ORDER, webhook_headers(ORDER, secret), replace(GENERIC_KEYS, secrets=(secret,)), T0)


def test_one_good_signature_among_others_is_enough() -> None:
    headers = webhook_headers(ORDER)
    good = headers["webhook-signature"]
    for given_signatures in (f"v1,AAAA {good}", f"v1a,xyz {good} v2,", f"{good} broken", f"junk, {good}"):
        ADAPTER.verify(ORDER, headers | {"webhook-signature": given_signatures}, GENERIC_KEYS, T0)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v1,!",
        "no comma",
        "v1,a,b",
        "v2,AAAA",
        ",",
        "v1,ü",
        "\ud800",
        "v1," + "A" * 44,
        "v1 " * 30,
    ],
)
def test_edge_86_a_signature_that_is_none_learns_nothing(signature: str) -> None:
    refused(ORDER, webhook_headers(ORDER) | {"webhook-signature": signature})


def test_more_signatures_than_anybody_needs_are_not_looked_at() -> None:
    good = webhook_headers(ORDER)["webhook-signature"]
    refused(ORDER, webhook_headers(ORDER) | {"webhook-signature": "v1,AAAA " * 20 + good})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_edge_86_without_a_header_nobody_is_known(name: str) -> None:
    headers = webhook_headers(ORDER)
    del headers[name]
    refused(ORDER, headers)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "ü", "x" * 257])
def test_edge_86_an_id_that_could_be_read_in_two_ways_is_refused(message_id: str) -> None:
    refused(ORDER, webhook_headers(ORDER, message_id=message_id))


def test_a_dot_moved_into_the_id_does_not_verify() -> None:
    """`a` + `.` + seconds + `.` + `1.body` is the text of another id, instant and body."""
    raw = b"{}"
    headers = webhook_headers(seconds(T0).encode() + b"." + raw, message_id="a")
    refused(raw, headers | {"webhook-id": f"a.{seconds(T0)}"})


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_within_five_minutes_both_ways(minutes: int) -> None:
    ADAPTER.verify(ORDER, webhook_headers(ORDER), GENERIC_KEYS, T0 + timedelta(minutes=minutes))


@pytest.mark.parametrize("off", [-301, 301, -86_400, 86_400])
def test_edge_86_what_is_old_or_from_the_future_learns_nothing(off: int) -> None:
    refused(ORDER, webhook_headers(ORDER), now=T0 + timedelta(seconds=off))


@pytest.mark.parametrize(
    "stamp", ["", "x", "1e9", "-1", "1.5", "\u0661\u0667", " 1794387600", "9" * 30, "\ud800"]
)
def test_edge_86_an_instant_that_is_none_learns_nothing(stamp: str) -> None:
    refused(ORDER, webhook_headers(ORDER) | {"webhook-timestamp": stamp})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "ü", "whsec_===", "a"])
def test_a_secret_that_cannot_sign_signs_nothing(secret: str) -> None:
    refused(ORDER, webhook_headers(ORDER), replace(GENERIC_KEYS, secrets=(secret,)))
    ADAPTER.verify(ORDER, webhook_headers(ORDER), replace(GENERIC_KEYS, secrets=(secret, WHSEC)), T0)


def test_a_body_that_is_no_text_is_not_signed() -> None:
    refused(b"\xff", webhook_headers(b"{}"))


# --- what a body says --------------------------------------------------------------------------


def test_an_order() -> None:
    reading = read(fixture("generic/order.json"))
    snapshot = reading.snapshot
    assert (reading.order_id, reading.kind, reading.problem) == ("A-1001", FactKind.PAID, None)
    assert reading.version == datetime(2026, 11, 11, 9, 0, 31, tzinfo=UTC)
    assert snapshot
    assert (snapshot.placed_at, snapshot.payment, snapshot.currency) == (T0, Payment.PAID, "CNY")
    assert snapshot.lines
    assert [
        (line.id, line.product_id, line.sku, line.quantity_milli, line.base_minor) for line in snapshot.lines
    ] == [
        ("1", "tea", "TEA-100", 2000, 10_800),
        ("2", "cloth", None, 1500, 7_360),
    ]
    assert snapshot.charges
    assert [(line.component, line.gross_minor) for line in snapshot.charges] == [(Component.SHIPPING, 800)]
    assert snapshot.tenders == (Tender(kind=TenderKind.POINTS, minor=500),)
    assert (snapshot.coupon_codes, snapshot.click_id, snapshot.test) == (("CY10",), CLICK_ID, False)
    assert reading.customer_email == "Buyer@Example.com"


def test_what_an_order_leaves_out_says_nothing() -> None:
    body = {name: fixture("generic/order.json")[name] for name in BODIES["order"]["required"]}
    snapshot = read(body).snapshot
    assert snapshot
    told = (snapshot.payment, snapshot.coupon_codes, snapshot.charges, snapshot.tenders, snapshot.click_id)
    assert told == (None,) * 5
    assert read(body).customer_email is None


def test_edge_91_a_test_order_says_so() -> None:
    snapshot = read(fixture("generic/order.json") | {"test": True}).snapshot
    assert snapshot
    assert snapshot.test


def test_an_order_with_everything_else() -> None:
    refund = {
        name: value
        for name, value in fixture("generic/refund.json").items()
        if name not in {"type", "order_id"}
    }
    more = {
        "customer": {"id": "u-7"},
        "tip_minor": 100,
        "shipping_minor": 0,
        "refunds": [refund],
        "cancelled_at": "2026-11-13T09:00:00Z",
        "received_at": "2026-11-12T12:00:00.5Z",
        "click_id": "somebody else's",
    }
    reading = read(fixture("generic/order.json") | more)
    assert (reading.kind, reading.customer_email) == (FactKind.CANCELLED, "shop-id:u-7")
    assert reading.refunds == read(fixture("generic/refund.json")).refunds
    assert reading.snapshot
    assert reading.snapshot.charges
    assert [line.id for line in reading.snapshot.charges] == ["tip"]
    assert reading.snapshot.click_id is None
    assert reading.snapshot.received_at == datetime(2026, 11, 12, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("payment", list(Payment))
def test_every_state_of_payment(payment: Payment) -> None:
    reading = read(fixture("generic/order.json") | {"payment": payment.value})
    assert reading.snapshot
    assert reading.snapshot.payment is payment


def test_a_refund_by_itself() -> None:
    reading = read(fixture("generic/refund.json"))
    at = datetime(2026, 11, 12, 4, 0, tzinfo=UTC)
    line = RefundLine(line_id="1", quantity_milli=1000, subtotal_minor=5_400)
    assert (reading.order_id, reading.kind, reading.version) == ("A-1001", FactKind.REFUNDED, at)
    assert reading.refunds == (Refund(id="R-1", created_at=at, lines=(line,)),)
    assert reading.snapshot is None


def test_an_order_that_is_called_off_and_one_that_arrived() -> None:
    cancelled, received = read(fixture("generic/cancel.json")), read(fixture("generic/receipt.json"))
    assert cancelled.snapshot
    assert received.snapshot
    assert (cancelled.kind, cancelled.snapshot.cancelled_at) == (FactKind.CANCELLED, cancelled.version)
    assert (received.kind, received.snapshot.received_at) == (FactKind.RECEIVED, received.version)


def test_a_product() -> None:
    (event,) = ADAPTER.normalise(raw_fixture("generic/product.json"), "")
    assert isinstance(event, ProductReading)
    listing = event.listing
    assert (event.product_id, event.version) == ("tea", datetime(2026, 11, 1, tzinfo=UTC))
    assert (listing.price, listing.compare_at, listing.currency, listing.stock) == (
        "60.00",
        "80.00",
        "CNY",
        12,
    )
    assert (listing.page, listing.picture_url) == ("/products/tea", "https://cdn.shop.example/tea.jpg")
    assert (event.category, event.collections, listing.gone) == ("tea", ("green",), False)


@pytest.mark.parametrize("name", ["1", "shipping", "tip"])
def test_two_lines_of_one_id_wait_for_a_person(name: str) -> None:
    body = fixture("generic/order.json")
    body["lines"][1]["id"] = name
    assert read(body).problem == "lines[1].id: there twice, or a charge's"


# --- what breaks the schema --------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_its_place() -> None:
    body = fixture("generic/order.json")
    del body["id"]
    body["lines"][0]["gross_minor"] = -1
    body["lines"][1] |= {"qty": 3, "quantity": 3}
    body["discount"] = "10.00"
    with pytest.raises(MalformedBodyError) as caught:
        read(body)
    assert caught.value.where == "id"
    assert str(caught.value) == (
        "id: is missing; lines[0].gross_minor: must be 0 to 1000000000000; "
        "lines[1].quantity: must be a string; lines[1].qty: is no name of ours; discount: is no name of ours"
    )


def test_a_thousand_faults_are_not_all_told() -> None:
    body = fixture("generic/order.json") | {f"x{number}": 1 for number in range(1000)}
    with pytest.raises(MalformedBodyError) as caught:
        read(body)
    assert str(caught.value).count(";") == 19


@pytest.mark.parametrize("body", [{}, {"type": "sale"}, {"type": None}, {"type": ["order"]}, {"type": {}}])
def test_a_body_of_no_type(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        read(body)
    assert caught.value.where == "type"


def test_no_order_leaves_what_we_count_with() -> None:
    assert MOST_LINES * LARGEST_MINOR < MAX_MINOR


def test_the_published_schema_is_this_one() -> None:
    """To make it anew: python -c "…" as docs/how-to/connect-any-shop.md says, or read the diff."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == SCHEMA


def is_instant(text: object) -> bool:
    try:
        return not isinstance(text, str) or bool(parse_instant(text))
    except (InvalidInputError, OverflowError):
        return False


VALIDATOR = jsonschema_rs.Draft202012Validator(
    SCHEMA, formats={"date-time": is_instant}, validate_formats=True
)
NUMBERS = [-1, 0, 1, 1.0, 2.5, 10**12, 10**12 + 1, 10**30, 1e300, None, True, False]
TEXTS = ["", "x", "A-1", "A\n", "1.5", "1.0005", "0", "CNY", "ZZZ", "paid", "order", "a@b", "a" * 301]
INSTANTS = [
    "2026-02-30T00:00:00Z",
    "2026-11-11T09:00:00",
    "2100-01-01T00:00:00Z",
    "1970-01-01T00:00:00+08:00",
    "1971-01-01T00:00:00+23:59",
]
PARTS: list[Any] = [
    [],
    {},
    [None],
    ["x"],
    {"id": "u"},
    {"email": "nobody"},
    {"kind": "points", "amount_minor": 1},
]
JUNK = st.sampled_from([*NUMBERS, *TEXTS, *INSTANTS, *PARTS]).map(deepcopy)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body that could be another."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """One of our bodies with up to three changes: something else, something missing, something new."""
    body = fixture(f"generic/{draw(st.sampled_from(NAMES))}.json")
    known = sorted({name for schema in BODIES.values() for name in schema["properties"]})
    for _ in range(draw(st.integers(0, 3))):
        *above, last = draw(st.sampled_from([*places(body)] or [("type",)]))
        owner: Any = body
        for step in above:
            owner = owner[step]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del owner[last]
        elif how == "replace" or not isinstance(owner, dict):
            owner[last] = draw(JUNK)
        else:
            owner[draw(st.sampled_from([*known, "qty", "price"]))] = draw(JUNK)
    return body


@given(bodies())
def test_what_the_schema_accepts_is_read_and_what_breaks_it_is_refused_with_where(
    body: dict[str, Any],
) -> None:
    if VALIDATOR.is_valid(body):
        (event,) = ADAPTER.normalise(json.dumps(body).encode(), "")
        assert isinstance(event, Reading | ProductReading)
        return
    with pytest.raises(MalformedBodyError) as caught:
        ADAPTER.normalise(json.dumps(body).encode(), "")
    assert caught.value.where


@pytest.mark.parametrize("name", NAMES)
def test_our_fixtures_follow_the_schema(name: str) -> None:
    VALIDATOR.validate(fixture(f"generic/{name}.json"))
