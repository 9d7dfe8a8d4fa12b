"""Shops' events over EventBridge through Chalice: the source is the proof, and the shop has to be ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import Fact
from grapevine.runtime import observe
from tests import builders as make
from tests.functions.webhooks import SHOP, deliver, paid_order, raw
from tests.runtime.observed import Line, counted, invocations
from tests.worlds import World

Clients = Callable[[str], Client]
SOURCE = f"aws.partner/shopify.com/1830279/{make.STOREFRONT_ID}"


def event(payload: object = None, source: str = SOURCE, **metadata: str) -> dict[str, Any]:
    """An event as EventBridge hands it over."""
    told = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": SHOP, **metadata}
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "shopifyWebhook",
        "source": source,
        "account": "123456789012",
        "time": "2026-11-11T09:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {"payload": paid_order() if payload is None else payload, "metadata": told},
    }


def took(client: Clients, said: dict[str, Any]) -> dict[str, str]:
    answer: dict[str, str] = client("place_order").lambda_.invoke("receive_event", said).payload
    return answer


def test_an_event_is_a_fact_like_any_delivery(world: World, client: Clients) -> None:
    assert took(client, event()) == {"receipt": "appended"}
    (fact,) = world.facts.facts_of(make.ORDER)
    assert fact.snapshot
    assert fact.snapshot.lines
    assert fact.snapshot.lines[0].base_minor == 10_000


def test_an_event_again_is_known(world: World, client: Clients) -> None:
    took(client, event())

    assert took(client, event()) == {"receipt": "known"}
    assert len(world.facts.facts_of(make.ORDER)) == 1


def test_an_event_and_a_delivery_of_one_body_end_as_one_order(world: World, client: Clients) -> None:
    took(client, event())
    deliver(client("place_order"), raw(paid_order()))

    facts = world.facts.facts_of(make.ORDER)
    assert len({(fact.version, fact.kind, fact.snapshot) for fact in facts}) == 1


def test_the_newer_names_of_headers_are_read_as_well(world: World, client: Clients) -> None:
    said = event()
    said["detail"]["metadata"] = {"shopify-topic": "orders/paid", "shopify-shop-domain": SHOP.upper()}

    assert took(client, said) == {"receipt": "appended"}


def test_an_order_too_large_for_an_event_is_fetched(world: World, client: Clients) -> None:
    assert took(client, event({"id": 1001})) == {"receipt": "queued"}
    assert world.shop_queue.fetches == [(make.STOREFRONT_ID, "1001")]
    assert world.facts.facts_of(make.ORDER) == ()


@pytest.mark.parametrize(
    "said",
    [
        event(**{"X-Shopify-Shop-Domain": "other.myshopify.com"}),
        event(**{"X-Shopify-Shop-Domain": ""}),
        event(source="aws.partner/shopify.com/1830279/sf_nobody"),
        event(source="aws.partner/shopify.com/1830279/sf_woo"),
        event(source=f"aws.partner/else.example/1/{make.STOREFRONT_ID}"),
        event(source=f"my.own/{make.STOREFRONT_ID}"),
        event(payload=[]),
        event() | {"detail": {"payload": {}}},
        event() | {"detail": None},
    ],
)
def test_edge_86_an_event_of_another_shop_or_source_is_refused_and_not_kept(
    world: World, client: Clients, lines: list[Line], capsys: pytest.CaptureFixture[str], said: dict[str, Any]
) -> None:
    world.catalog.add_storefront(make.storefront(id="sf_woo", platform="woocommerce", domain=SHOP))

    assert took(client, said) == {"receipt": "refused"}
    assert world.facts.facts_of(make.ORDER) == ()
    assert world.raw_bodies.kept == {}
    assert [line["outcome"] for line in invocations(lines)] == ["refused"]


def test_a_refused_event_is_counted(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    took(client, event(source="my.own/x"))

    assert counted(capsys.readouterr().out) == {observe.EVENT_REFUSED: 1}


def test_an_event_that_cannot_be_kept_comes_again(world: World, client: Clients) -> None:
    class Away(MemoryFacts):
        def append(self, fact: Fact) -> bool:
            raise UnavailableError("orders")

    world.facts = Away()

    with pytest.raises(UnavailableError):
        took(client, event())
