"""What WooCommerce and Stripe send of one order, in any order and twice, ends in the right books.

Cy's click led to each order; she earns ten per cent of the items' net.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from itertools import permutations
from random import Random
from typing import Any

import pytest

from grapevine.domain.entries import standing
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import OrderKey
from grapevine.ports import StorefrontSecrets
from grapevine.usecases.place_order import Placed, PlaceOrder, PlaceOrderPorts, Receipt, place_order
from tests import builders as make
from tests.adapters.storefronts import stripe_bodies as stripe
from tests.adapters.storefronts import woo_bodies as woo
from tests.builders import CY, T0, days, minutes
from tests.worlds import SUBJECT_KEY, World, chain_world

WOO_ORDER, STRIPE_ORDER = OrderKey("sf_woo", "4711"), OrderKey("sf_stripe", "pi_3loom1001")
NOW = T0 + days(12)
SECRETS = {"sf_woo": woo.SECRET, "sf_stripe": stripe.SECRET}


def shops() -> World:
    world = chain_world(make.plan(1000))
    for storefront_id, secret in SECRETS.items():
        platform = "woocommerce" if storefront_id == "sf_woo" else "stripe"
        world.catalog.add_storefront(make.storefront(id=storefront_id, platform=platform, domain=woo.SHOP))
        world.secrets.put_storefront_secrets(
            storefront_id, StorefrontSecrets(webhook_secrets=(secret,), subject_key=SUBJECT_KEY)
        )
    return world


def deliver(world: World, storefront_id: str, raw: bytes, headers: dict[str, str]) -> Placed:
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    return place_order(PlaceOrder(storefront_id=storefront_id, raw=raw, headers=headers), ports, NOW)


def sent(world: World, order: OrderKey, body: dict[str, Any], topic: str = "order.updated") -> Placed:
    raw = json.dumps(body).encode()
    is_woo = order.storefront_id == "sf_woo"
    headers = woo.headers(raw, topic) if is_woo else stripe.headers(raw, NOW)
    placed = deliver(world, order.storefront_id, raw, headers)
    world.post(NOW + minutes(1), order)
    return placed


def earned(order: OrderKey, bodies: Iterable[dict[str, Any]]) -> int:
    """Return what Cy has, wherever it is, after these deliveries; the books must hold."""
    world = shops()
    for body in bodies:
        # An order whose lines are still to be fetched waits for them.
        with contextlib.suppress(OrderUnprocessableError):
            sent(world, order, body)
    world.fold()
    assert not world.proof().faults
    amounts = standing(world.ledger.entries_of(order))
    return sum(minor for (account, _), minor in amounts.items() if account.owner == CY)


def shuffled(bodies: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Every order of up to four deliveries, else sixty of them, each with two that come twice."""
    every = list(permutations(bodies)) if len(bodies) <= 4 else []
    random = Random(6)
    some = every or [tuple(random.sample(list(bodies), len(bodies))) for _ in range(60)]
    return [[*one, random.choice(one), one[0]] for one in some]


def of_woo(*names: str) -> list[dict[str, Any]]:
    return [woo.body(name, currency="USD") for name in names]


def of_stripe(*names: str) -> list[dict[str, Any]]:
    return [stripe.event(name) for name in names]


PAID, TOTALS = "order_paid", "order_with_refund_totals"
LINES, ALL = "order_fetched_with_refund_lines", "order_fetched_with_all_refunded"


@pytest.mark.parametrize(
    ("names", "minor"),
    [
        # 45.00 and 12.00.
        ((PAID,), 5_70),
        # 8.10 of 61.90 back: 5.89 and 1.57 of the items, 0.64 of the shipping.
        ((PAID, TOTALS), 3_91 + 1_04),
        # The same 8.10, of which 6.00 were for one of the two bands: 1.69 and 0.23 of the rest are items'.
        ((PAID, TOTALS, LINES), 4_33 + 58),
        ((PAID, TOTALS, LINES, ALL), 0),
        ((PAID, "order_refunded_without_a_refund"), 0),
        ((PAID, "order_cancelled"), 0),
        # Nothing went back in money: the shop had taken the order off, and took it up again.
        ((PAID, "order_cancelled", "order_taken_up_again"), 5_70),
    ],
)
def test_what_woocommerce_says_of_an_order_in_any_order(names: tuple[str, ...], minor: int) -> None:
    assert {earned(WOO_ORDER, bodies) for bodies in shuffled(of_woo(*names))} == {minor}


UNPAID, SUCCEEDED = "session_completed_unpaid", "session_async_succeeded"
PARTLY, MORE, DISPUTED = "charge_partly_refunded", "charge_refunded_more", "dispute_created"


@pytest.mark.parametrize(
    ("names", "minor"),
    [
        # 150.00 less 15.00.
        (("session_completed",), 13_50),
        ((UNPAID,), 0),
        ((UNPAID, SUCCEEDED), 13_50),
        ((UNPAID, "session_async_failed"), 0),
        # 40.90, then 90.90 of 140.90 in all: 87.74 of the items with their tax, 87.09 without it.
        (("session_completed", PARTLY, MORE), 13_50 - 8_71),
        (("session_completed", PARTLY, MORE, "charge_refunded"), 0),
        (("session_completed", DISPUTED), 0),
        (("session_completed", DISPUTED, "dispute_lost"), 0),
        (("session_completed", DISPUTED, "dispute_won"), 13_50),
        ((UNPAID, SUCCEEDED, PARTLY, MORE, DISPUTED, "dispute_won"), 13_50 - 8_71),
        (("session_completed", "dispute_inquiry"), 13_50),
        # 90.00 and 45.00, as they were fetched.
        (("session_whose_lines_are_wanted", "session_fetched"), 13_50),
        # The same money back, shared by lines: 58.50 and 29.24 with tax, 58.07 and 29.03 without it.
        (("session_whose_lines_are_wanted", "session_fetched", MORE), 9_00 - 5_81 + 4_50 - 2_90),
    ],
)
def test_what_stripe_says_of_an_order_in_any_order(names: tuple[str, ...], minor: int) -> None:
    assert {earned(STRIPE_ORDER, bodies) for bodies in shuffled(of_stripe(*names))} == {minor}


def test_two_orders_that_one_webhook_delivers_in_one_second_are_both_taken() -> None:
    """WooCommerce's delivery id is of the webhook and the second."""
    world = shops()
    first, second = woo.body(PAID, currency="USD"), woo.body(PAID, currency="USD", id=4712)

    receipts = [sent(world, WOO_ORDER, body).receipt for body in (first, second, first)]

    assert receipts == [Receipt.APPENDED, Receipt.APPENDED, Receipt.KNOWN]


def test_a_refund_in_an_update_is_taken_at_once_and_its_lines_are_asked_for() -> None:
    world = shops()

    placed = sent(world, WOO_ORDER, woo.body(TOTALS, currency="USD"))

    assert placed.receipt is Receipt.APPENDED
    assert world.shop_queue.fetches == [("sf_woo", "4711")]


def test_what_is_deleted_is_asked_for_and_kept_as_it_came() -> None:
    world = shops()

    placed = sent(world, WOO_ORDER, woo.body("order_deleted"), "order.deleted")

    assert placed.receipt is Receipt.QUEUED
    assert world.shop_queue.fetches == [("sf_woo", "4711")]
    assert world.facts.facts_of(WOO_ORDER) == ()
    assert len(world.raw_bodies.kept) == 1


def test_a_ping_is_answered_and_nothing_is_kept() -> None:
    world = shops()
    placed = deliver(world, "sf_woo", b"webhook_id=42", {"content-type": "application/x-www-form-urlencoded"})

    assert placed.receipt is Receipt.GREETED
    assert placed.reply
    assert placed.reply.text
    assert world.raw_bodies.kept == {}


@pytest.mark.parametrize("name", ["session_in_test_mode"])
def test_edge_91_a_session_in_test_mode_earns_nothing(name: str) -> None:
    assert earned(STRIPE_ORDER, of_stripe(name)) == 0


def test_edge_91_an_order_that_was_paid_in_test_mode_earns_nothing() -> None:
    assert earned(WOO_ORDER, of_woo("order_in_test_mode")) == 0


def test_edge_86_stripes_delivery_again_within_five_minutes_is_known() -> None:
    world = shops()
    body = stripe.event("session_completed")

    receipts = [sent(world, STRIPE_ORDER, body).receipt for _ in range(2)]

    assert receipts == [Receipt.APPENDED, Receipt.KNOWN]
    assert len(world.facts.facts_of(STRIPE_ORDER)) == 1


def test_edge_86_woocommerces_delivery_is_known_however_late_it_is_replayed() -> None:
    """Nothing signs its instant: the first one's content is what stands, for good."""
    world = shops()
    older, newer = of_woo(PAID, ALL)
    for body in (older, newer, older, newer, older):
        sent(world, WOO_ORDER, body)
    amounts = standing(world.ledger.entries_of(WOO_ORDER))

    assert len(world.facts.facts_of(WOO_ORDER)) == 2
    assert sum(minor for (account, _), minor in amounts.items() if account.owner == CY) == 0


def test_a_dispute_in_another_currency_waits_for_a_person() -> None:
    world = shops()
    sent(world, STRIPE_ORDER, stripe.event("session_completed"))
    with pytest.raises(OrderUnprocessableError, match="told in EUR and in USD"):
        sent(world, STRIPE_ORDER, stripe.event(DISPUTED, currency="eur"))
