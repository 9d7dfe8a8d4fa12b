"""A shop whose webhooks come twice, late, the wrong way round, or never, is made whole.

One simulated day is played twice: undisturbed, and disturbed. Of the second one the shop itself holds the
truth, and is reconciled now and then, as every hour does. In the end both ledgers say the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.shops import MemoryReconcileMarks, MemoryShops
from grapevine.adapters.memory.shops import MemoryShop as Truth
from grapevine.adapters.memory.state import MemoryTreasury
from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.domain.entries import decision_in_force, standing
from grapevine.domain.facts import OrderKey
from grapevine.domain.reconciling import OVERLAP
from grapevine.ports import StorefrontSecrets
from grapevine.ports.shop_clients import Fetched
from grapevine.usecases.fetch_order import FetchPorts, TakePorts
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.reconcile_storefront import (
    Reconciled,
    ReconcilePorts,
    ReconcileStorefront,
    reconcile_storefront,
)
from grapevine.usecases.verify_program import verify_program
from grapevine_sim.bodies import order_json
from grapevine_sim.deliveries import each_once, sign
from grapevine_sim.market import world
from grapevine_sim.plans import Delivery, Run, World
from tests.simulator.memory_shop import PROGRAM_ID, STOREFRONT_ID, SUBJECT_KEY, MemoryShop

OPENED_AT = datetime(2026, 11, 11, 14, tzinfo=UTC)
DAY = 3 * 3600
"""Seconds; nothing in the simulated stories happens later after the shop opened."""
AFTER_EVERY_HOLD = OPENED_AT + timedelta(days=40)
NEW, OLD = "the-secret-of-today", "the-secret-before"


@dataclass
class Disturbed:
    """What befalls the deliveries of a day, all of it drawn from one seed."""

    rng: Random
    lost: float

    def of(self, once: list[Delivery], at: list[int]) -> list[tuple[int, Delivery]]:
        """Return the deliveries that arrive, and when: some never, some twice, each up to an hour late."""
        found = []
        for delivery, seconds in zip(once, at, strict=True):
            if self.rng.random() < self.lost:
                continue
            for _ in range(1 + (self.rng.random() < 0.3)):
                signed = _signed(delivery, self.rng.choice((NEW, OLD)))
                found.append((seconds + self.rng.choice((0, 1, 60, 3600)), signed))
        self.rng.shuffle(found)
        return sorted(found, key=lambda item: item[0])


def _signed(delivery: Delivery, secret: str) -> Delivery:
    headers = {
        name: sign(delivery.raw, secret) if name.lower().endswith("hmac-sha256") else value
        for name, value in delivery.headers.items()
    }
    return replace(delivery, headers=headers)


@dataclass
class Town:
    """A simulated world on memory adapters, with the shop that holds the truth of it."""

    market: World
    shop: MemoryShop
    truth: Truth
    marks: MemoryReconcileMarks
    run: Run

    @classmethod
    def of(cls, market: World, truth: Truth) -> Town:
        shop = MemoryShop.of(market, OPENED_AT - timedelta(days=1))
        secrets = StorefrontSecrets(webhook_secrets=(NEW, OLD), subject_key=SUBJECT_KEY)
        shop.secrets.put_storefront_secrets(STOREFRONT_ID, secrets)
        click_ids = shop.visit_all(market, OPENED_AT - timedelta(minutes=1))
        return cls(market, shop, truth, MemoryReconcileMarks(), Run(opened_at=OPENED_AT, click_ids=click_ids))

    def happen(self, after: int, until: int) -> None:
        """Let the shop be as it is at an instant, seconds after it opened."""
        for order in self.market.orders:
            for step in order.story:
                if after < step.state.at <= until:
                    at = OPENED_AT + timedelta(seconds=step.state.at)
                    body = json.dumps(order_json(self.market, self.run, order, step.state)).encode()
                    self.truth.change(str(order.id), at, Fetched(body, "orders/updated"))

    def reconcile(self, now: datetime) -> Reconciled:
        """Ask the shop what changed, then do what the orders' stream does."""
        shop = self.shop
        taking = TakePorts(
            storefronts=shop.catalog,
            secrets=shop.secrets,
            adapters={"shopify": Shopify()},
            raw_bodies=shop.raw_bodies,
            facts=shop.facts,
        )
        fetching = FetchPorts(MemoryShops({STOREFRONT_ID: self.truth}), taking)
        ports = ReconcilePorts(fetching, self.marks)
        done = reconcile_storefront(ReconcileStorefront(storefront_id=STOREFRONT_ID), ports, now)
        for order in dict.fromkeys(fact.order for fact in done.taken.facts):
            shop.follow(order, now)
        assert done.finished
        return done

    def books(self) -> dict[OrderKey, tuple[object, object]]:
        """Return what stands of each order, and whom it was decided for; orders of nobody left out."""
        found = {order: self.shop.ledger.entries_of(order) for order in self.shop.orders}
        said = {
            order: (standing(entries), decided.chains if (decided := decision_in_force(entries)) else None)
            for order, entries in found.items()
            if entries
        }
        return {order: what for order, what in said.items() if what[0]}

    def faults(self) -> tuple[object, ...]:
        """Return what the proof says once everything is folded."""
        shop = self.shop
        fold_entries(FoldEntries(tuple(shop.ledger.appended)), shop.pages)
        return verify_program(PROGRAM_ID, shop.ledger, MemoryTreasury(shop.ledger, shop.pages)).faults


def undisturbed(market: World) -> Town:
    """Play a day in which every webhook comes once, at once, in its order."""
    town = Town.of(market, Truth())
    for delivery, seconds in zip(*_caused(town), strict=True):
        town.shop.take(_signed(delivery, NEW), OPENED_AT + timedelta(seconds=seconds))
    town.shop.post_all(AFTER_EVERY_HOLD)
    return town


@cache
def books_undisturbed(seed: int) -> dict[OrderKey, tuple[object, object]]:
    """Return the books of a seed's undisturbed day, which are proven."""
    town = undisturbed(world(seed))
    assert town.faults() == ()
    return town.books()


def _caused(town: Town) -> tuple[list[Delivery], list[int]]:
    """Return each webhook once, in the order in which they were caused, and the seconds of that."""
    steps = sorted(step.state.at for order in town.market.orders for step in order.story)
    return each_once(town.market, town.run, Random(0)), steps


@settings(max_examples=12, deadline=None, phases=(Phase.generate,))
@given(
    seed=st.integers(0, 4),
    disturbing=st.integers(0, 2**32 - 1),
    lost=st.sampled_from((0.1, 0.5, 0.9, 1.0)),
    shown=st.sampled_from((2, 5, 1000)),
    reconciled=st.lists(st.integers(0, DAY), max_size=3),
)
def test_edge_89_after_losses_repeats_and_disorder_the_ledger_is_that_of_the_undisturbed_day(
    seed: int, disturbing: int, lost: float, shown: int, reconciled: list[int]
) -> None:
    market = world(seed)
    # Two orders may change in one second; of that many a shop shows all.
    town = Town.of(market, Truth(shown=max(shown, 4), page=2))
    arriving = Disturbed(Random(disturbing), lost).of(*_caused(town))
    events: list[tuple[int, Delivery | None]] = [*arriving, *((seconds, None) for seconds in reconciled)]
    before = -1
    for seconds, delivery in sorted(events, key=lambda item: item[0]):
        town.happen(before, seconds)
        before, now = seconds, OPENED_AT + timedelta(seconds=seconds)
        if delivery is None:
            town.reconcile(now)
        else:
            town.shop.take(delivery, now)
    town.happen(before, DAY)
    town.reconcile(OPENED_AT + timedelta(seconds=2 * DAY))
    town.shop.post_all(AFTER_EVERY_HOLD)

    assert town.books() == books_undisturbed(seed)
    assert town.faults() == ()


@settings(max_examples=3, deadline=None, phases=(Phase.generate,))
@given(seed=st.integers(0, 9_999))
def test_edge_89_reconciling_a_day_of_which_nothing_was_lost_changes_nothing(seed: int) -> None:
    market = world(seed)
    town = undisturbed(market)
    before = tuple(town.shop.ledger.appended)
    facts = list(town.shop.facts.scan(PROGRAM_ID))
    town.happen(-1, DAY)
    done = town.reconcile(OPENED_AT + timedelta(seconds=DAY) + OVERLAP)
    town.shop.post_all(AFTER_EVERY_HOLD)
    assert done.orders == len(market.orders)
    assert done.taken.facts == ()
    assert tuple(town.shop.ledger.appended) == before
    assert list(town.shop.facts.scan(PROGRAM_ID)) == facts
