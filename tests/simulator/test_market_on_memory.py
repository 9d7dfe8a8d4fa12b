"""A simulated day played on the in-memory adapters ends in exactly what the simulator expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf
from grapevine.domain.explanation import explained
from grapevine_sim.deliveries import deliveries, each_once
from grapevine_sim.expected import Expected, expected
from grapevine_sim.market import world
from grapevine_sim.plans import Delivery, Run, World
from grapevine_sim.recipes import RECIPES
from tests.simulator.memory_shop import PROGRAM_ID, MemoryShop

OPENED_AT = datetime(2026, 11, 11, 14, tzinfo=UTC)
AFTER_EVERY_HOLD = OPENED_AT + timedelta(days=40)


def play(sent: Sequence[Delivery], shop: MemoryShop) -> None:
    for seconds, delivery in enumerate(sent):
        shop.take(delivery, OPENED_AT + timedelta(seconds=seconds))


def opened(market: World) -> tuple[MemoryShop, Run]:
    shop = MemoryShop.of(market, OPENED_AT - timedelta(days=1))
    return shop, Run(opened_at=OPENED_AT, click_ids=shop.visit_all(market, OPENED_AT - timedelta(minutes=1)))


def assert_books(shop: MemoryShop, truth: Expected) -> None:
    payable = {name: earnings.net_minor for name, earnings in truth.earnings.items() if earnings.net_minor}
    blocked = {
        name: earnings.blocked_minor for name, earnings in truth.earnings.items() if earnings.blocked_minor
    }
    assert shop.balances(Leaf.PAYABLE) == payable
    assert shop.balances(Leaf.BLOCKED) == blocked
    assert shop.balances(Leaf.HELD) == {}


def test_the_demo_day_ends_in_the_expected_balances() -> None:
    market = world()
    shop, run = opened(market)

    play(deliveries(market, run), shop)
    shop.post_all(AFTER_EVERY_HOLD)

    assert_books(shop, expected(market))


def test_before_any_hold_is_over_everything_is_held() -> None:
    market = world()
    shop, run = opened(market)

    play(deliveries(market, run), shop)

    truth = expected(market)
    assert shop.balances(Leaf.HELD) == {
        name: e.net_minor for name, e in truth.earnings.items() if e.net_minor
    }
    assert shop.balances(Leaf.PAYABLE) == {}


def test_receipt_shortens_the_hold_of_the_delivered_order_alone() -> None:
    market = world()
    shop, run = opened(market)
    play(deliveries(market, run), shop)

    shop.post_all(OPENED_AT + timedelta(days=8))

    delivered = next(order for order in market.orders if order.key == "delivered")
    released = {entry.key.order_id for entry in shop.ledger.appended if entry.released}  # type: ignore[union-attr]
    assert released == {str(delivered.id)}


def test_sending_everything_again_changes_nothing() -> None:
    market = world()
    shop, run = opened(market)
    sent = deliveries(market, run)
    play(sent, shop)
    before = tuple(shop.ledger.appended)

    play(sent, shop)

    assert tuple(shop.ledger.appended) == before


def test_every_order_explains_itself() -> None:
    market = world()
    shop, run = opened(market)
    play(deliveries(market, run), shop)
    shop.post_all(AFTER_EVERY_HOLD)

    terms = shop.catalog.terms(PROGRAM_ID)
    for order in shop.orders:
        entries = shop.ledger.entries_of(order)
        assert not entries or explained(entries, shop.facts.facts_of(order), terms).re_adds


def test_clicks_of_people_and_robots_are_told_apart_as_planned() -> None:
    market = world()
    shop, _ = opened(market)

    truth = expected(market)
    for name in truth.earnings:
        mine = [click for click in shop.clicks.stored.values() if click.promoter_id == name]
        assert sum(click.bot_reason is None for click in mine) == truth.people_clicks[name]
        assert sum(click.bot_reason is not None for click in mine) == truth.bot_clicks[name]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), shuffling=st.integers())
def test_any_seed_in_any_shuffling_ends_in_the_expected_balances(seed: int, shuffling: int) -> None:
    market = world(seed)
    shop, run = opened(market)
    sent = list(deliveries(market, run))
    Random(shuffling).shuffle(sent)

    play(sent, shop)
    shop.post_all(AFTER_EVERY_HOLD)

    assert_books(shop, expected(market))


@settings(max_examples=150)
@given(order=st.sampled_from([recipe.key for recipe in RECIPES]), data=st.data())
def test_any_order_of_one_orders_deliveries_ends_in_the_expected_balances(
    order: str, data: st.DataObject
) -> None:
    whole = world(data.draw(st.integers(0, 999), label="seed"))
    market = replace(whole, orders=tuple(plan for plan in whole.orders if plan.key == order))
    shop, run = opened(market)
    once = each_once(market, run, Random(0))
    repeats = data.draw(st.lists(st.sampled_from(once), max_size=4), label="repeats")
    sent = data.draw(st.permutations([*once, *repeats]), label="sent")

    play(sent, shop)
    shop.post_all(AFTER_EVERY_HOLD)

    assert_books(shop, expected(market))
