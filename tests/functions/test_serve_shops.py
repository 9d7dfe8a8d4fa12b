"""The shop queue's messages, and the hour's schedule, through Chalice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.domain.errors import UnavailableError
from grapevine.domain.privacy import RecordState
from grapevine.ports import PrivacyKind, PrivacyRequest
from grapevine.ports.shop_clients import Fetched, ShopRefusedError, ShopUnavailableError
from grapevine.runtime import observe, serving_shops
from grapevine.runtime.console_coupons import tell_shops
from grapevine.usecases.sync_coupon import PERCENT
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0
from tests.functions.webhooks import deliver, paid_order, raw
from tests.runtime.observed import Line, counted, invocations
from tests.worlds import SECRETS, World

Clients = Callable[[str], Client]
FETCH = {"fetch": {"storefront_id": STOREFRONT_ID, "order_id": "1001"}}
RECONCILE = {"reconcile": {"storefront_id": STOREFRONT_ID}}
COUPON = {"coupon": {"storefront_id": STOREFRONT_ID, "code": "CY-10"}}


@pytest.fixture
def shop(world: World) -> MemoryShop:
    """Return the storefront's shop, which has the one order."""
    shop = MemoryShop()
    world.shop_clients.shops[STOREFRONT_ID] = shop
    shop.change("1001", T0, Fetched(raw(paid_order()), "orders/updated"))
    return shop


def serve(client: Clients, *messages: object) -> list[str]:
    """Serve messages; return which come again."""
    records = [
        {
            "messageId": f"message-{number}",
            "receiptHandle": "receipt",
            "body": message if isinstance(message, str) else json.dumps(message),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:shops",
            "awsRegion": "us-east-1",
        }
        for number, message in enumerate(messages)
    ]
    answer = client("place_order").lambda_.invoke("serve_shops", {"Records": records}).payload
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def test_an_order_that_was_named_is_fetched_and_appended(
    world: World, client: Clients, shop: MemoryShop, lines: list[Line]
) -> None:
    assert serve(client, FETCH, FETCH) == []
    (fact,) = world.facts.facts_of(make.ORDER)
    assert fact.snapshot
    assert len(world.raw_bodies.kept) == 1
    (line,) = invocations(lines)
    assert line["fetches"] == [str(make.ORDER)]
    assert "buyer" not in json.dumps(lines).lower()
    assert shop.asked == []


def test_an_order_that_the_shop_does_not_have_is_said_and_done(
    client: Clients, shop: MemoryShop, lines: list[Line]
) -> None:
    shop.orders.clear()
    assert serve(client, FETCH) == []
    (line,) = invocations(lines)
    assert line["missing"] == ["fetch: no order in the shop '1001'"]


def test_a_storefront_without_access_is_said_and_done(client: Clients, lines: list[Line]) -> None:
    assert serve(client, FETCH, RECONCILE) == []
    assert len(invocations(lines)[0]["missing"]) == 2


class Down(MemoryShop):
    """A shop that does not answer."""

    def fetch_order(self, order_id: str) -> Fetched:
        raise ShopUnavailableError(f"the shop says 503 to {order_id}", 7)

    def orders_updated(self, *_: object) -> Any:  # noqa: ANN401 - it never returns
        raise ShopUnavailableError("the shop says 503")


@pytest.mark.usefixtures("shop")
def test_only_what_could_not_be_asked_comes_again(world: World, client: Clients) -> None:
    world.catalog.add_storefront(make.storefront(id="sf_down"))
    world.secrets.put_storefront_secrets("sf_down", SECRETS)
    world.shop_clients.shops["sf_down"] = Down()
    down = {"fetch": {"storefront_id": "sf_down", "order_id": "1"}}
    assert serve(client, down, FETCH, "not json", {"unheard": {}}) == ["message-0", "message-2", "message-3"]
    assert len(world.facts.facts_of(make.ORDER)) == 1


def test_a_shop_that_says_no_for_good_is_counted_where_the_alarm_looks(
    world: World, client: Clients, shop: MemoryShop, lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    world.secrets.put_storefront_secrets(STOREFRONT_ID, replace(SECRETS, access={PERCENT: "10"}))
    world.catalog.add_coupon(make.coupon())
    shop.taken.add("CY-10")
    assert serve(client, COUPON) == []
    assert counted(capsys.readouterr().out)[observe.SHOP_REFUSED] == 1
    assert invocations(lines)[0]["refused"] == ["coupon: CY-10 is a discount of the shop's own"]


def test_a_coupon_works_in_the_shop(world: World, client: Clients, shop: MemoryShop) -> None:
    world.secrets.put_storefront_secrets(STOREFRONT_ID, replace(SECRETS, access={PERCENT: "10"}))
    world.catalog.add_coupon(make.coupon())
    assert serve(client, COUPON, COUPON) == []
    assert [on for _, on in shop.discounts.values()] == [True]


def test_a_storefront_is_reconciled_and_its_mark_moves(
    world: World, client: Clients, shop: MemoryShop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(client, RECONCILE) == []
    assert len(world.facts.facts_of(make.ORDER)) == 1
    mark = world.reconcile_marks.reconcile_mark(STOREFRONT_ID)
    assert mark
    assert mark.until == world.clock
    assert counted(capsys.readouterr().out)[observe.ORDER_RECONCILED] == 1
    assert world.shop_queue.reconciles == []
    assert shop.asked


def test_a_shop_that_is_down_waits_for_the_next_hour(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    world.shop_clients.shops[STOREFRONT_ID] = Down()
    assert serve(client, RECONCILE) == []
    assert counted(capsys.readouterr().out)[observe.SHOP_NOT_RECONCILED] == 1
    mark = world.reconcile_marks.reconcile_mark(STOREFRONT_ID)
    assert mark
    assert mark.fault == "the shop says 503"


@pytest.mark.usefixtures("shop")
def test_a_store_that_is_down_is_no_fault_of_the_shops(world: World, client: Clients) -> None:
    class Full:
        def append(self, _: object) -> bool:
            raise UnavailableError("the table says no")

        def facts_of(self, _: object) -> tuple[()]:
            return ()

    world.facts = Full()  # type: ignore[assignment]
    assert serve(client, FETCH) == ["message-0"]


def test_every_hour_each_storefront_is_queued(world: World, client: Clients) -> None:
    event = {
        "version": "0",
        "id": "1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "1",
        "time": "2026-11-11T09:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }
    answer = client("place_order").lambda_.invoke("start_reconciling", event).payload
    assert answer == {"storefronts": 1, "coupons": 0}
    assert world.shop_queue.reconciles == [STOREFRONT_ID]


@pytest.mark.usefixtures("shop")
def test_a_run_that_is_not_finished_is_queued_again(world: World, client: Clients) -> None:
    """A run's time is over at once where the budget says so; what is left goes back to the queue."""
    serving_shops.reconcile({"storefront_id": STOREFRONT_ID}, world, budget_seconds=0)
    assert world.shop_queue.reconciles == [STOREFRONT_ID]
    assert world.facts.facts_of(make.ORDER) == ()
    assert serve(client, RECONCILE) == []
    assert len(world.facts.facts_of(make.ORDER)) == 1


def test_a_refusal_in_a_run_is_the_hours_fault_too(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    class Endless(MemoryShop):
        def orders_updated(self, *_: object) -> Any:  # noqa: ANN401 - it never returns
            raise ShopRefusedError("the shop shows no more")

    world.shop_clients.shops[STOREFRONT_ID] = Endless()
    assert serve(client, RECONCILE) == []
    assert counted(capsys.readouterr().out)[observe.SHOP_NOT_RECONCILED] == 1


def test_the_console_tells_shops_and_never_fails_for_them(world: World) -> None:
    tell_shops(make.coupon(), world)
    assert world.shop_queue.coupons == [(STOREFRONT_ID, "CY-10")]

    class Full:
        def send_coupon(self, *_: object) -> None:
            raise UnavailableError("the queue says no")

    world.shop_queue = Full()  # type: ignore[assignment]
    tell_shops(make.coupon(), world)


def test_edge_90_a_shops_privacy_request_is_served_by_the_queues_handler(
    world: World, client: Clients, lines: list[Line]
) -> None:
    body = raw(paid_order())
    deliver(client("place_order"), body)
    assert len(world.raw_bodies.kept) == 1
    world.shop_queue.send_privacy(
        STOREFRONT_ID,
        PrivacyRequest(kind=PrivacyKind.ERASE_CUSTOMER, request_id="7", emails=("Buyer@Example.com",)),
    )
    ((storefront_id, request),) = world.shop_queue.privacy
    message = {"privacy": {"storefront_id": storefront_id, **asdict(request)}}
    assert serve(client, message, message) == []
    assert world.raw_bodies.kept == {}
    (record,) = world.privacy_records.records(PROGRAM_ID)
    assert record.state is RecordState.DONE
    assert invocations(lines)[-1]["privacy"] == [f"{PROGRAM_ID}/{record.id}"]
    assert "buyer" not in json.dumps(lines).lower()
