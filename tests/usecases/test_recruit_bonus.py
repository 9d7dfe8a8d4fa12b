"""A promoter's sponsor has a bonus once: when the first order of theirs is released."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grapevine.domain.caps import Cap, CapPer
from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import FactKind, Outcome, Payment
from grapevine.domain.grants import Grant
from grapevine.domain.plans import AttributionModel, Plan, SelfPurchase, Vacancy
from grapevine.domain.verification import Fault
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.usecases.scarce import check, counters, gone, key, order, paid, post, stands, told
from tests.worlds import World, chain_world

RELEASED = days(40)
RECRUITED = {f"recruit/{CY}/ever": 1}


def plan(*rate_bps: int, **changes: object) -> Plan:
    return make.plan(*(rate_bps or (1000,)), recruit_bonus_minor=700, **changes)


def world_of(*rate_bps: int, **changes: object) -> World:
    return chain_world(plan(*rate_bps, **changes))


def release(world: World, number: int, at: timedelta = RELEASED) -> EntryReason | None:
    entry = world.post(T0 + at, order(number))
    check(world)
    return entry.reason if entry else None


def released(world: World, number: int) -> World:
    post(world, paid(number))
    assert release(world, number) is EntryReason.RELEASED
    return world


def test_the_first_released_order_of_a_recruit_gives_the_sponsor_a_bonus_in_the_same_entry() -> None:
    world = world_of()
    post(world, paid(1))
    assert (stands(world, 1), counters(world)) == ({CY: 1000}, {})
    assert release(world, 1) is EntryReason.RELEASED
    assert (stands(world, 1), counters(world)) == ({CY: 1000, BO: 700}, RECRUITED)
    entry = world.ledger.appended[-1]
    assert [str(posting.destination) for posting in entry.postings] == [
        f"program/pg_test/promoter/{BO}/payable",
        f"program/pg_test/promoter/{CY}/payable",
    ]
    assert entry.grants == (Grant(key("recruit", CY, "ever"), 1, 1),)
    assert told(world, 1)["recruit_bonuses"] == [{"recruit": CY, "promoter": BO, "amount": "7.00"}]
    assert world.balance(BO).payable_minor == 700


def test_a_recruit_has_one_first_order() -> None:
    world = released(released(world_of(), 1), 2)
    assert stands(world, 2) == {CY: 1000}
    assert world.ledger.appended[-1].grants == (Grant(key("recruit", CY, "ever"), 1, 0),)
    assert told(world, 2)["recruit_bonuses"] == []


def test_a_bonus_and_a_commission_of_one_order_add_up() -> None:
    assert stands(released(world_of(1000, 300, 100), 1), 1) == {CY: 1000, BO: 300 + 700, ANA: 100}


def test_a_full_refund_takes_the_bonus_back_and_the_next_released_order_earns_it() -> None:
    world = released(released(world_of(), 1), 2)
    post(world, gone(1, 4_000), at=RELEASED)
    assert stands(world, 1) == {CY: 600, BO: 700}
    entry = post(world, gone(1, 6_000, minutes(11)), at=RELEASED)
    assert entry is not None
    assert entry.reason is EntryReason.REFUNDED
    assert (stands(world, 1), counters(world)) == ({}, {})
    assert release(world, 2) is None
    assert stands(released(world, 3), 3) == {CY: 1000, BO: 700}


def test_an_order_that_went_back_before_its_release_is_no_first_sale() -> None:
    world = world_of()
    post(world, paid(1))
    post(world, gone(1, 10_000))
    assert release(world, 1) is None
    assert counters(world) == {}
    assert stands(released(world, 2), 2) == {CY: 1000, BO: 700}


def test_edge_15_a_sale_that_stands_again_has_its_bonus_again_if_nobody_else_took_it() -> None:
    world = released(world_of(), 1)
    failed, again = (
        make.fact(
            FactKind.EDITED,
            days(41 + number),
            order=order(1),
            snapshot=make.snapshot(payment=payment, lines=(make.line("a", 10_000),), customer_key="cu_eve"),
        )
        for number, payment in enumerate((Payment.PENDING, Payment.PAID))
    )
    post(world, failed, at=days(43))
    assert (stands(world, 1), counters(world)) == ({}, {})
    post(world, again, at=days(43))
    assert (stands(world, 1), counters(world)) == ({CY: 1000, BO: 700}, RECRUITED)


@pytest.mark.parametrize("outcome", [Outcome.BLOCK, Outcome.REVIEW])
def test_an_order_that_is_stopped_gives_no_bonus(outcome: Outcome) -> None:
    world = world_of()
    post(world, paid(1), make.fact(FactKind.VERDICT, order=order(1), verdict=make.verdict(outcome).verdict))
    assert release(world, 1) is None
    assert counters(world) == {}


def test_who_sponsored_when_the_order_was_placed_has_the_bonus() -> None:
    world = world_of()
    cy = world.catalog.promoters(make.PROGRAM_ID, (CY,))[CY]
    world.catalog.change_promoter(cy.with_sponsor(ANA, T0 - days(1)), 0)
    moved = world.catalog.promoters(make.PROGRAM_ID, (CY,))[CY]
    world.catalog.change_promoter(moved.with_sponsor(BO, T0 + minutes(1)), 1)
    assert stands(released(world, 1), 1) == {CY: 1000, ANA: 700}


@pytest.mark.parametrize("vacancy", Vacancy)
def test_a_sponsor_who_was_suspended_then_has_none_and_neither_has_anybody_above(vacancy: Vacancy) -> None:
    world = world_of(
        1000, vacancy=vacancy, default_sponsor_id=ANA if vacancy is Vacancy.DEFAULT_SPONSOR else None
    )
    bo = world.catalog.promoters(make.PROGRAM_ID, (BO,))[BO]
    world.catalog.change_promoter(make.suspended(bo), 0)
    assert stands(released(world, 1), 1) == {CY: 1000}
    assert counters(world) == {}


def test_a_promoter_without_sponsor_is_nobodys_recruit() -> None:
    world = world_of()
    world.clicks.record(make.click(id=make.CLICK_ID[:-1] + "9", promoter_id=ANA, occurred_at=T0 - minutes(1)))
    assert stands(released(world, 1), 1) == {ANA: 1000}


def test_what_a_promoter_buys_themselves_recruits_nobody() -> None:
    world = world_of(self_purchase=SelfPurchase.REBATE)
    world.catalog.add_promoter(make.promoter("pr_dee", BO, customer_key="cu_dee"))
    world.clicks.record(
        make.click(id=make.CLICK_ID[:-1] + "9", promoter_id="pr_dee", occurred_at=T0 - minutes(1))
    )
    post(world, paid(1, customer_key="cu_dee"))
    release(world, 1)
    assert stands(world, 1) == {"pr_dee": 1000}
    post(world, paid(2))
    release(world, 2)
    assert stands(world, 2) == {"pr_dee": 1000, BO: 700}


def test_an_order_split_among_recruits_is_a_first_sale_of_each() -> None:
    world = world_of(attribution_model=AttributionModel.LINEAR)
    world.clicks.record(make.click(id=make.CLICK_ID[:-1] + "9", promoter_id=BO, occurred_at=T0 - minutes(40)))
    assert stands(released(world, 1), 1) == {CY: 500, BO: 500 + 700, ANA: 700}
    assert counters(world) == {f"recruit/{BO}/ever": 1, **RECRUITED}


def test_a_recruit_who_earned_nothing_made_no_sale() -> None:
    world = world_of(1000, caps=(Cap(id="tiny", per=CapPer.ORDER, amount_minor=1),))
    world.append(paid(1, 4))
    assert world.post(T0 + RELEASED, order(1)) is not None
    assert stands(world, 1) == {}
    assert stands(released(world, 2), 2) == {CY: 1, BO: 700}


def test_a_plan_without_a_bonus_reads_and_records_nothing_of_it() -> None:
    world = released(chain_world(make.plan(1000)), 1)
    assert all(entry.decision is None or entry.decision.recruiters == () for entry in world.ledger.appended)
    assert (stands(world, 1), world.ledger.counters) == ({CY: 1000}, {})


def test_a_bonus_that_somebody_wrote_in_is_a_fault() -> None:
    world = released(world_of(), 1)
    world.ledger.counters[key("recruit", BO, "ever")] = 1
    assert world.proof().faults == (Fault("grant", f"recruit/{BO}/ever", "stored 1, entries say 0"),)
