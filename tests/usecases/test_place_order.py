"""A storefront's delivery: proven, kept, appended once, and refused without a word too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import (
    MalformedBodyError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.people import subject_key
from grapevine.usecases.place_order import (
    MAX_BODY,
    Placed,
    PlaceOrder,
    PlaceOrderPorts,
    Receipt,
    place_order,
)
from tests import builders as make
from tests.builders import T0, minutes
from tests.usecases.faults import Crash, How, Plug, Plugged
from tests.usecases.webhooks import headers_of, order_body, refund_body
from tests.worlds import SECRETS, SUBJECT_KEY, World, chain_world

ORDER = OrderKey(make.STOREFRONT_ID, "1001")
NOW = T0 + minutes(5)


def deliver(
    world: World,
    body: dict[str, Any] | bytes,
    topic: str = "orders/paid",
    secret: str = SECRETS.webhook_secrets[0],
    storefront_id: str = make.STOREFRONT_ID,
    **headers: str,
) -> Placed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    signed = {**headers_of(raw, topic, secret), **headers}
    return place_order(PlaceOrder(storefront_id=storefront_id, raw=raw, headers=signed), ports, NOW)


def kept(world: World) -> list[bytes]:
    return [body for body, _, _ in world.raw_bodies.kept.values()]


def test_a_delivery_becomes_a_fact_and_its_body_is_kept() -> None:
    world = chain_world()
    placed = deliver(world, order_body("1001"))
    assert (placed.receipt, placed.orders, placed.topic) == (Receipt.APPENDED, (ORDER,), "orders/paid")
    (fact,) = world.facts.facts_of(ORDER)
    assert (fact.kind, fact.program_id, fact.recorded_at) == (FactKind.PAID, make.PROGRAM_ID, NOW)
    assert fact.version == T0 + minutes(1)
    assert kept(world) == [json.dumps(order_body("1001")).encode()]


def test_edge_90_the_customer_is_a_keyed_hash() -> None:
    world = chain_world()
    deliver(world, order_body("1001", email="Cy@Shop.Example"))
    (fact,) = world.facts.facts_of(ORDER)
    assert fact.snapshot
    assert fact.snapshot.customer_key == subject_key(SUBJECT_KEY, "cy@shop.example")
    assert "shop.example" not in repr(fact).lower()


def test_edge_1_a_redelivery_is_known_and_changes_nothing() -> None:
    world = chain_world()
    deliver(world, order_body("1001"))
    before = world.facts.facts_of(ORDER), dict(world.raw_bodies.kept)
    assert deliver(world, order_body("1001")).receipt is Receipt.KNOWN
    assert (world.facts.facts_of(ORDER), dict(world.raw_bodies.kept)) == before


def test_the_same_body_under_another_topic_is_another_fact() -> None:
    world = chain_world()
    for topic in ("orders/create", "orders/paid", "orders/updated"):
        assert deliver(world, order_body("1001"), topic).receipt is Receipt.APPENDED
    assert len(world.facts.facts_of(ORDER)) == 3


def test_edge_4_a_refund_is_appended_before_its_order() -> None:
    world = chain_world()
    placed = deliver(world, refund_body("1001", "71", ("11", "23.45")), "refunds/create")
    assert (placed.receipt, placed.orders) == (Receipt.APPENDED, (ORDER,))


@pytest.mark.parametrize("secret", SECRETS.webhook_secrets)
def test_the_current_and_the_previous_secret_are_good(secret: str) -> None:
    assert deliver(chain_world(), order_body("1001"), secret=secret).receipt is Receipt.APPENDED


@pytest.mark.parametrize(
    "headers",
    [
        {"x-shopify-hmac-sha256": ""},
        {"x-shopify-hmac-sha256": "AAAA"},
        {"x-shopify-hmac-sha256": "not base64!"},
        {"x-shopify-hmac-sha256": "A" * 44},
        {"x-shopify-shop-domain": "evil.example"},
    ],
)
def test_edge_86_what_is_not_proven_is_refused_without_detail_and_not_kept(headers: dict[str, str]) -> None:
    world = chain_world()
    with pytest.raises(UnauthenticatedError) as refusal:
        deliver(world, order_body("1001"), **headers)
    assert str(refusal.value) == "not authenticated"
    assert kept(world) == []
    assert world.facts.facts_of(ORDER) == ()


def test_another_secret_and_a_changed_byte_are_not_proven() -> None:
    for world in (chain_world(), chain_world()):
        with pytest.raises(UnauthenticatedError):
            deliver(world, order_body("1001"), secret="somebody-elses-secret")
    world = chain_world()
    signed = headers_of(json.dumps(order_body("1001")).encode(), "orders/paid")
    with pytest.raises(UnauthenticatedError):
        deliver(world, order_body("1002"), **signed)


@given(st.binary(max_size=64))
def test_no_unsigned_bytes_get_in(raw: bytes) -> None:
    world = chain_world()
    with pytest.raises(UnauthenticatedError):
        deliver(world, raw, secret="somebody-elses-secret")
    assert kept(world) == []


@pytest.mark.parametrize("topic", ["", "customers/create", "orders/", "ORDERS/PAID2", "app/uninstalled"])
def test_another_topic_is_ignored(topic: str) -> None:
    world = chain_world()
    placed = deliver(world, order_body("1001"), topic)
    assert (placed.receipt, placed.orders) == (Receipt.IGNORED, ())
    assert kept(world) == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": NaN}', b"1" * 9_999, b"{}"])
def test_a_signed_body_that_cannot_be_read_is_kept_and_refused(raw: bytes) -> None:
    world = chain_world()
    with pytest.raises(MalformedBodyError):
        deliver(world, raw)
    assert kept(world) == [raw]
    with pytest.raises(MalformedBodyError):
        deliver(world, raw)
    assert kept(world) == [raw]


@given(
    st.dictionaries(
        st.sampled_from(("id", "line_items", "currency", "created_at", "refunds", "email")),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_signed_object_ends_in_a_fact_or_a_refusal(body: dict[str, Any]) -> None:
    world = chain_world()
    try:
        placed = deliver(world, body)
    except MalformedBodyError:
        assert len(kept(world)) == 1
        return
    (order,) = placed.orders
    assert len(world.facts.facts_of(order)) == len(kept(world)) == 1


@pytest.mark.parametrize(
    ("changes", "is_readable"),
    [
        ({"line_items": [{"id": 11, "price": "-1.00", "quantity": 1}]}, True),
        ({"line_items": [{"id": 11, "price": "1e9", "quantity": 1}]}, False),
        ({"line_items": [{"id": 11, "price": "1.00", "quantity": 10**9}]}, True),
        ({"line_items": [{"id": 11, "price": "1.00", "quantity": 10**9 + 1}]}, False),
        ({"financial_status": "who knows"}, False),
        ({"created_at": "9999-12-31T23:59:59-08:00"}, False),
        ({"currency": "XXX"}, False),
    ],
)
def test_edge_17_what_cannot_be_right_waits_for_a_person(
    changes: dict[str, object], *, is_readable: bool
) -> None:
    world = chain_world()
    placed = deliver(world, order_body("1001", **changes))
    assert placed.receipt is Receipt.APPENDED
    assert placed.problem
    (fact,) = world.facts.facts_of(ORDER)
    assert fact.problem == placed.problem
    assert fact.can_be_accepted is is_readable


def test_the_limit_is_a_byte_more_than_the_longest_body() -> None:
    longest = json.dumps(order_body("1001")).encode().ljust(MAX_BODY)
    assert deliver(chain_world(), longest).receipt is Receipt.APPENDED
    world = chain_world()
    with pytest.raises(TooLargeError):
        deliver(world, longest + b" ")
    assert kept(world) == []


@pytest.mark.parametrize("how", [How.CRASH_BEFORE, How.NO_ANSWER_BEFORE])
def test_a_fact_never_stands_without_its_body(how: How) -> None:
    world = chain_world()
    raw = json.dumps(order_body("1001")).encode()
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=Plugged(world.raw_bodies, Plug(fail_at=1, how=how)),
        facts=world.facts,
        queue=world.shop_queue,
    )
    headers = headers_of(raw, "orders/paid")
    with pytest.raises((Crash, UnavailableError)):
        place_order(PlaceOrder(storefront_id=make.STOREFRONT_ID, raw=raw, headers=headers), ports, NOW)
    assert world.facts.facts_of(ORDER) == ()


def test_an_unknown_storefront_is_not_there_also_without_its_secrets() -> None:
    world = chain_world()
    with pytest.raises(NotFoundError):
        deliver(world, order_body("1001"), storefront_id="sf_gone")
    world.catalog.add_storefront(make.storefront(id="sf_bare"))
    with pytest.raises(NotFoundError):
        deliver(world, order_body("1001"), storefront_id="sf_bare")
