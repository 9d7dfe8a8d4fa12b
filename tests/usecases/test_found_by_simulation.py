"""What the simulation found, each reduced to the few steps that matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, EntryKey, EntryReason, standing
from grapevine.domain.facts import Fact, FactKind, Outcome
from grapevine.domain.grants import GrantKey
from grapevine.domain.plans import SelfPurchase, Vacancy
from grapevine.ports import Beside, OrderLedger
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.worlds import World, chain_world

DEE = "pr_dee"
BOUGHT_BY_CY = "the hash that Cy would have as a customer"


def world_of_a_buying_promoter() -> World:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    world.catalog.add_promoter(make.promoter(make.CY, customer_key=BOUGHT_BY_CY))
    world.clicks.record(make.click())
    return world


def body(at: float, recorded: float, click_id: str | None) -> Fact:
    """Return a paid body of so many days after the order, recorded so many days after it."""
    told = make.snapshot(click_id=click_id, customer_key=BOUGHT_BY_CY)
    return make.fact(FactKind.PAID, days(at), recorded_at=T0 + days(recorded), snapshot=told)


def screen(world: World, fact: Fact, after: float) -> None:
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    screen_order(ScreenOrder(fact), ports, T0 + days(after))


def leaves(world: World) -> set[Leaf]:
    return {account.leaf for account, _ in standing(world.ledger.entries_of(make.ORDER))} - {Leaf.COMMISSION}


def test_a_click_that_a_late_body_names_is_screened_before_anybody_is_paid() -> None:
    """Seeds 11887 and 15820 of the first script: accrue is faster than fraud, and the wait was over.

    The wait for a verdict was counted from the first fact of the order, which named no click: so
    there was nothing to screen then, and nothing to wait for any more when there was.
    """
    world, unnamed, named = world_of_a_buying_promoter(), body(0, 0, None), body(1, 60, make.CLICK_ID)
    world.append(unnamed)
    screen(world, unnamed, 0)
    world.append(named)
    world.post(T0 + days(60))
    assert leaves(world) == {Leaf.HELD}
    screen(world, named, 60)
    world.post(T0 + days(60) + minutes(1))
    assert leaves(world) == {Leaf.BLOCKED}


def test_a_later_body_is_screened_by_the_terms_of_the_order_not_by_those_of_its_own_day() -> None:
    """Seed 15965: an edit weeks later was judged by a newer plan, and blocked what the order's own plan pays.

    Whoever sees one body alone does not know when the order was paid first.
    """
    world = world_of_a_buying_promoter()
    own, newer = make.plan(self_purchase=SelfPurchase.REBATE), make.plan(version=2, effective_at=T0 + days(9))
    world.catalog._plans[make.PROGRAM_ID] = [own, newer]
    screen(world, body(0, 0, make.CLICK_ID), 0)
    screen(world, body(10, 10, make.CLICK_ID), 10)
    verdicts = [fact.verdict.outcome for fact in world.facts.facts_of(make.ORDER) if fact.verdict]
    assert verdicts == [Outcome.ALLOW]


@pytest.mark.parametrize("hint", [(), (make.CY, make.BO, make.ANA)], ids=["no hint", "the whole upline"])
def test_who_earns_at_a_vacant_level_does_not_depend_on_the_clicks_hint(hint: tuple[str, ...]) -> None:
    """Seed 5237: a default sponsor far above was passed over where the hint happened to bring them along.

    Only who is paid by the order anyway is not paid again; Ana is above its two levels.
    """
    plan = make.plan(1000, 300, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id=make.ANA)
    world = World()
    world.catalog.add_program(make.program(), plan)
    for promoter in (make.promoter(make.ANA), make.promoter(make.BO, make.ANA), make.promoter(DEE, make.CY)):
        world.catalog.add_promoter(promoter)
    world.catalog.add_promoter(make.suspended(make.promoter(make.CY, make.BO)))
    world.clicks.record(make.click(promoter_id=DEE, upline=hint))
    world.append(make.fact(FactKind.PAID, minutes(1)))
    entry = world.post(T0 + minutes(2))
    assert entry is not None
    assert entry.decision is not None
    assert entry.decision.promoter_ids == (DEE, make.ANA)


@dataclass(frozen=True)
class Overtaken:
    """A ledger before whose first entry something else happens."""

    ledger: OrderLedger
    meanwhile: Callable[[], object]

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        return self.ledger.entries_of(key)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        if entry.sequence == 1:
            self.meanwhile()
        self.ledger.append(entry, beside)

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        return self.ledger.taken(wanted)


def test_a_cancellation_that_finds_nothing_to_cancel_yet_is_not_lost() -> None:
    """Seed 754: the cancellation's own poster saw no entry, and the other poster no cancellation.

    Of two writers one wins, but who has nothing to write loses no race. So who has written looks
    once more whether a fact has come since.
    """
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    cancelled = make.snapshot(cancelled_at=T0 + minutes(2))

    def meanwhile() -> None:
        world.append(make.fact(FactKind.CANCELLED, minutes(2), snapshot=cancelled))
        assert world.post(T0 + minutes(3)) is None

    ledger = Overtaken(world.ledger, meanwhile)
    ports = PostOrderPorts(ledger, world.facts, world.clicks, world.catalog, world.pages)
    entry = post_order(PostOrder(make.ORDER), ports, T0 + minutes(3))
    assert entry is not None
    assert entry.reason is EntryReason.CANCELLED
    assert standing(world.ledger.entries_of(make.ORDER)) == {}
