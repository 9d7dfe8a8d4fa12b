"""Coupons in the shop as they count here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from grapevine.ports.shop_clients import Discount, ShopRefusedError
from grapevine.usecases.create_coupon import SwitchCoupon, switch_coupon
from grapevine.usecases.start_reconciling import Queued, start_reconciling
from grapevine.usecases.sync_coupon import PERCENT, SyncCoupon, SyncPorts, sync_coupon
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0, days
from tests.usecases.shopping import Shopping
from tests.worlds import SECRETS

OWNER = f"Grapevine {PROGRAM_ID}/CY-10"
DISCOUNT = Discount(code="CY-10", off_bps=1000, owner=OWNER)


@pytest.fixture
def town() -> Shopping:
    town = Shopping()
    town.world.catalog.add_coupon(make.coupon())
    give(town, {PERCENT: "10"})
    return town


def give(town: Shopping, access: dict[str, str]) -> None:
    town.world.secrets.put_storefront_secrets(STOREFRONT_ID, replace(SECRETS, access=access))


def sync(town: Shopping, code: str = "CY-10") -> bool:
    world = town.world
    ports = SyncPorts(world.catalog, world.catalog, world.secrets, world.shop_clients)
    return sync_coupon(SyncCoupon(STOREFRONT_ID, code), ports, T0)


def test_a_coupon_is_made_in_the_shop_once(town: Shopping) -> None:
    assert sync(town)
    assert sync(town)
    assert town.shop.discounts == {"CY-10": (DISCOUNT, True)}


def test_the_coupon_as_it_is_counts_whichever_message_comes_last(town: Shopping) -> None:
    sync(town)
    for enabled in (False, True, False):
        switch_coupon(
            SwitchCoupon(program_id=PROGRAM_ID, code="CY-10", enabled=enabled), town.world.catalog, T0
        )
        for _ in range(2):
            sync(town)
            assert town.shop.discounts["CY-10"][1] is enabled


def test_a_code_of_the_shops_own_is_refused_and_left_alone(town: Shopping) -> None:
    town.shop.taken.add("CY-10")
    with pytest.raises(ShopRefusedError, match="CY-10 is a discount of the shop's own"):
        sync(town)


def test_without_a_percentage_codes_are_made_by_hand(town: Shopping) -> None:
    give(town, {})
    assert not sync(town)
    assert town.shop.discounts == {}


@pytest.mark.parametrize("percent", ["ten", "0", "-5", "101", "10.001", "NaN", "Infinity"])
def test_a_percentage_that_is_none_is_a_refusal(town: Shopping, percent: str) -> None:
    give(town, {PERCENT: percent})
    with pytest.raises(ShopRefusedError, match="not a percentage"):
        sync(town)


def test_what_is_not_there_is_passed_over(town: Shopping) -> None:
    assert not sync(town, "NOBODY")
    world = town.world
    ports = SyncPorts(world.catalog, world.catalog, world.secrets, world.shop_clients)
    assert not sync_coupon(SyncCoupon("sf_nowhere", "CY-10"), ports, T0)


def test_every_hour_storefronts_and_what_changed_lately_are_queued(town: Shopping) -> None:
    catalog, queue = town.world.catalog, town.world.shop_queue
    catalog.add_storefront(make.storefront(id="sf_two"))
    catalog.add_storefront(make.storefront(id="sf_else", program_id="pg_else"))
    catalog.add_coupon(make.coupon("CY-20", created_at=T0 - timedelta(minutes=5)))
    catalog.add_coupon(make.coupon("CY-30"))
    planned = SwitchCoupon(program_id=PROGRAM_ID, code="CY-30", enabled=False, effective_at=T0 + days(1))
    switch_coupon(planned, catalog, T0)
    assert start_reconciling(catalog, queue, T0) == Queued(storefronts=3, coupons=2)
    assert set(queue.reconciles) == {STOREFRONT_ID, "sf_two", "sf_else"}
    assert queue.coupons == [(STOREFRONT_ID, "CY-20"), ("sf_two", "CY-20")]
    queue.coupons.clear()
    # What was planned for tomorrow is told when it comes.
    start_reconciling(catalog, queue, T0 + days(1))
    assert queue.coupons == [(STOREFRONT_ID, "CY-30"), ("sf_two", "CY-30")]
