"""An exchange or a replacement with another price: the difference is posted."""

from __future__ import annotations

import json

import pytest

from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import FactKind
from grapevine.domain.rates import RateRule
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from tests import builders as make
from tests.builders import BO, CY, ORDER, T0, days, minutes
from tests.usecases.amounts import earned
from tests.usecases.webhooks import headers_of, line, order_body, refund_body
from tests.worlds import World, chain_world

OLD, KEPT = make.line("a", 10_000, sku="TEA-1"), make.line("b", 3_000)


@pytest.mark.parametrize(
    ("price", "difference", "reason"),
    [(12_000, 200, EntryReason.EDITED), (8_000, -200, EntryReason.EDITED), (10_000, 0, None)],
)
def test_edge_11_an_exchange_posts_the_difference_in_price(
    price: int, difference: int, reason: EntryReason | None
) -> None:
    world = chain_world(make.plan(1000))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(OLD, KEPT))))
    world.post(T0 + minutes(2))
    new = make.line("c", price, sku="MUG-1")
    world.append(make.fact(FactKind.EDITED, days(2), snapshot=make.snapshot(lines=(KEPT, new))))
    entry = world.post(T0 + days(2))
    assert (entry.reason if entry else None) == reason
    assert earned(world) == {CY: 1_300 + difference}


def test_edge_11_an_exchange_after_release_moves_what_is_payable() -> None:
    world = chain_world(make.plan(1000))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(OLD,))))
    world.post(T0 + minutes(2))
    world.post(T0 + days(34))
    world.append(make.fact(FactKind.EDITED, days(35), snapshot=make.snapshot(lines=(KEPT,))))
    world.post(T0 + days(35))
    world.fold()
    assert world.balance(CY).payable_minor == 300
    assert world.proof().faults == ()


def test_edge_11_what_comes_instead_earns_by_its_own_rate() -> None:
    rule = RateRule(id="tea", sku="TEA-1", per_unit_minor=(700, 70))
    world = chain_world(make.plan(1000, 200, rules=(rule,)))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(OLD,))))
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 700, BO: 70}
    new = make.line("c", 10_000, sku="MUG-1")
    world.append(make.fact(FactKind.EDITED, minutes(90), snapshot=make.snapshot(lines=(new,))))
    world.post(T0 + minutes(91))
    assert earned(world) == {CY: 1_000, BO: 200}


def deliver(world: World, topic: str, **changes: object) -> None:
    raw = json.dumps(order_body(ORDER.order_id, **changes)).encode()
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    command = PlaceOrder(storefront_id=make.STOREFRONT_ID, raw=raw, headers=headers_of(raw, topic))
    place_order(command, ports, world.clock)


def test_edge_11_an_edited_order_comes_as_the_order_as_it_is_then() -> None:
    """Shopify's own account of the edit has no prices; the order itself follows it."""
    world = chain_world(make.plan(1000))
    deliver(world, "orders/paid")
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 1_333}
    edit = {"order_edit": {"order_id": int(ORDER.order_id)}, "id": 5}
    deliver(world, "orders/edited", **edit)
    items = [line(12, "33.33"), line(13, "120.00")]
    deliver(world, "orders/updated", updated_at="2026-11-12T09:00:00Z", line_items=items)
    entry = world.post(T0 + days(2))
    assert entry
    assert entry.reason is EntryReason.EDITED
    assert earned(world) == {CY: 1_533}


def test_edge_11_a_line_that_is_taken_off_stays_in_the_body_with_nothing_left() -> None:
    world = chain_world(make.plan(1000))
    deliver(world, "orders/paid")
    world.post(T0 + minutes(2))
    items = [{**line(11, "100.00"), "current_quantity": 0}, line(12, "33.33"), line(13, "120.00")]
    deliver(world, "orders/updated", updated_at="2026-11-12T09:00:00Z", line_items=items, refunds=[])
    world.post(T0 + days(2))
    assert earned(world) == {CY: 1_533}


def test_edge_11_what_a_refund_tells_of_is_not_taken_off_as_well() -> None:
    world = chain_world(make.plan(1000))
    told = refund_body(ORDER.order_id, "5", ("11", "100.00"))
    items = [{**line(11, "100.00", 3), "current_quantity": 1}, line(12, "33.33")]
    deliver(world, "orders/paid", line_items=items, refunds=[told])
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 1_333}


def test_edge_11_discounts_and_taxes_go_with_what_is_taken_off() -> None:
    world = chain_world(make.plan(1000))
    cut = {"discount_allocations": [{"amount": "30.00"}], "tax_lines": [{"price": "27.00"}]}
    items = [{**line(11, "100.00", 3), "current_quantity": 1, **cut}]
    deliver(world, "orders/paid", line_items=items, refunds=[], taxes_included=True)
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 810}
