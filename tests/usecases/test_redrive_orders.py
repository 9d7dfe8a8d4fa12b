"""Redriving: what can be done is done, what cannot waits on with its reason, and stops nobody."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.usecases.redrive_orders import Redriven, RedrivePorts, redrive_order, redrive_orders
from tests import builders as make
from tests.builders import CY, T0, minutes
from tests.worlds import World, chain_world

NOW = T0 + minutes(9)


def key(number: int) -> OrderKey:
    return OrderKey(make.STOREFRONT_ID, str(number))


def ports(world: World) -> RedrivePorts:
    return RedrivePorts(world.failures, world.orders, world.pages)


def waiting(world: World, number: int, problem: str | None = None) -> OrderKey:
    order = key(number)
    world.append(make.fact(FactKind.PAID, minutes(1), order=order))
    if problem:
        world.append(make.fact(FactKind.EDITED, minutes(2), order=order, snapshot=None, problem=problem))
    world.failures.send(order, "was away")
    return order


def test_what_waits_is_posted_and_folded_and_leaves_the_queue() -> None:
    world = chain_world()
    waiting(world, 1)
    assert redrive_orders(ports(world), NOW) == Redriven(done=1, still_waiting=())
    assert world.failures.sent == []
    assert world.balance(CY).held_minor == 1333
    assert world.proof().faults == ()


def test_an_empty_queue_is_done_at_once() -> None:
    assert redrive_orders(ports(chain_world()), NOW) == Redriven(done=0, still_waiting=())


def test_what_fails_again_waits_on_with_this_times_reason_and_stops_no_other() -> None:
    world = chain_world()
    waiting(world, 1, "price: missing")
    waiting(world, 2)
    waiting(world, 1)
    found = redrive_orders(ports(world), NOW)
    assert found == Redriven(done=1, still_waiting=(f"{key(1)}: price: missing",))
    assert [order for order, _ in world.failures.sent] == [key(1), key(1)]


def test_an_order_that_waits_many_times_leaves_many_times() -> None:
    world = chain_world()
    for _ in range(12):
        waiting(world, 1)
    assert redrive_orders(ports(world), NOW) == Redriven(done=12, still_waiting=())
    assert len(world.ledger.entries_of(key(1))) == 1


def test_redriving_what_is_well_changes_nothing() -> None:
    world = chain_world()
    order = waiting(world, 1)
    redrive_orders(ports(world), NOW)
    before = tuple(world.ledger.appended), dict(world.pages.stored)
    redrive_order(order, ports(world), NOW)
    assert (tuple(world.ledger.appended), world.pages.stored) == before


def test_entries_that_stand_are_folded_also_when_the_order_cannot_be_posted() -> None:
    """The order waits for a person; the balances need not."""
    world = chain_world()
    order = waiting(world, 1)
    world.post(T0 + minutes(2), order)
    world.append(make.fact(FactKind.EDITED, minutes(3), order=order, snapshot=None, problem="price: missing"))
    with pytest.raises(OrderUnprocessableError):
        redrive_order(order, ports(world), NOW)
    assert world.proof().faults == ()
    assert world.balance(CY).held_minor == 1333
