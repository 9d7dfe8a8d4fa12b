"""Who is paid above the attributed promoter, as the network was when the order was placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.facts import FactKind, Outcome
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import Vacancy
from grapevine.domain.programs import InvalidProgramError
from grapevine.usecases.change_promoter import (
    MAX_DEPTH,
    ChangeSponsor,
    ChangeStatus,
    change_sponsor,
    change_status,
)
from grapevine.usecases.publish_plan import LEAD_TIME, PublishPlan, publish_plan
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))


def sponsored(world: World, promoter_id: str, sponsor_id: str | None, at: float) -> Promoter:
    command = ChangeSponsor(program_id=PROGRAM_ID, promoter_id=promoter_id, sponsor_id=sponsor_id)
    return change_sponsor(command, world.catalog, T0 + minutes(at))


def suspended(world: World, promoter_id: str, at: float) -> Promoter:
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=promoter_id, status=PromoterStatus.SUSPENDED, reason="asked to"
    )
    return change_status(command, world.catalog, T0 + minutes(at))


def posted(world: World) -> dict[str, int]:
    """Return what an order of 133.33 comes to."""
    world.append(PAID)
    world.post(T0 + minutes(5))
    world.fold()
    assert world.proof().faults == ()
    return earned(world)


def test_edge_41_a_promoter_suspended_between_click_and_order_earns_nothing_the_house_does() -> None:
    world = chain_world()
    suspended(world, CY, -10)
    assert posted(world) == {"house": 1333}
    decision = world.ledger.entries_of(make.ORDER)[0].decision
    assert decision is not None
    assert decision.candidates[0].reason.value == "suspended"


def test_edge_41_suspended_after_the_order_still_earns_from_it() -> None:
    world = chain_world()
    suspended(world, CY, 3)
    assert posted(world) == {CY: 1333, BO: 400, ANA: 133}


def test_edge_42_what_a_suspended_promoter_earned_waits_in_the_settlement() -> None:
    world = chain_world()
    world.append(PAID, make.verdict(Outcome.ALLOW))
    world.post(T0 + minutes(5))
    world.sweep(T0 + days(31))
    world.fold()
    suspended(world, CY, 40 * 24 * 60)
    world.settle(T0 + days(60))
    assert world.balance(CY).payable_minor == 1333
    assert world.balance(CY).reserved_minor == 0


def test_edge_45_a_circle_is_refused_with_the_way_it_would_go() -> None:
    world = chain_world()
    with pytest.raises(InvalidInputError, match=f"{CY} < {BO} < {ANA}"):
        sponsored(world, ANA, CY, 0)
    with pytest.raises(InvalidInputError, match="circle"):
        sponsored(world, ANA, ANA, 0)


@given(st.lists(st.tuples(st.integers(0, 7), st.none() | st.integers(0, 7)), max_size=40))
def test_edge_45_no_sequence_of_changes_makes_a_circle(changes: Sequence[tuple[int, int | None]]) -> None:
    world = World()
    names = [f"pr_{number}" for number in range(8)]
    for name in names:
        world.catalog.add_promoter(make.promoter(name))
    for number, (promoter, sponsor) in enumerate(changes):
        try:
            sponsored(world, names[promoter], None if sponsor is None else names[sponsor], number)
        except InvalidInputError:
            continue
    people = world.catalog.promoters(PROGRAM_ID, names)
    end = T0 + days(1)
    for name in names:
        chain = [name]
        while sponsor_id := people[chain[-1]].sponsor_at(end):
            assert sponsor_id not in chain
            chain.append(sponsor_id)


def test_edge_46_two_changes_that_close_a_circle_only_together_do_not_both_happen() -> None:
    for _ in range(50):
        world = World()
        for name in ("pr_a", "pr_b"):
            world.catalog.add_promoter(make.promoter(name))
        barrier, outcomes = Barrier(2), list[str]()

        def change(
            promoter_id: str,
            sponsor_id: str,
            world: World = world,
            barrier: Barrier = barrier,
            outcomes: list[str] = outcomes,
        ) -> None:
            barrier.wait()
            try:
                sponsored(world, promoter_id, sponsor_id, 0)
                outcomes.append("changed")
            except InvalidInputError:
                outcomes.append("refused")

        threads = [Thread(target=change, args=pair) for pair in (("pr_a", "pr_b"), ("pr_b", "pr_a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["changed", "refused"]


def test_edge_46_a_change_that_another_machines_clock_dates_ahead_counts_already() -> None:
    world = World()
    for name in ("pr_a", "pr_b", "pr_c"):
        world.catalog.add_promoter(make.promoter(name))
    sponsored(world, "pr_a", "pr_b", 1)
    sponsored(world, "pr_a", "pr_c", 2)
    for sponsor in ("pr_b", "pr_c"):
        with pytest.raises(InvalidInputError, match=f"circle: pr_a < {sponsor}"):
            sponsored(world, sponsor, "pr_a", 0)


def test_of_two_changes_by_different_clocks_the_later_stored_one_wins() -> None:
    world = chain_world()
    sponsored(world, CY, ANA, 1)
    assert sponsored(world, CY, BO, 0).sponsor_at(T0 + days(1)) == BO
    suspended(world, CY, 1)
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=CY, status=PromoterStatus.ACTIVE, reason="cleared"
    )
    assert change_status(command, world.catalog, T0).earns_at(T0 + days(1))


def test_a_chain_too_long_to_climb_is_refused() -> None:
    world = World()
    names = [f"pr_{number}" for number in range(MAX_DEPTH + 2)]
    for name, sponsor in zip(names, [None, *names], strict=False):
        world.catalog.add_promoter(make.promoter(name, sponsor))
    world.catalog.add_promoter(make.promoter("pr_new"))
    sponsored(world, "pr_new", names[MAX_DEPTH - 1], 0)
    with pytest.raises(InvalidInputError, match=f"more than {MAX_DEPTH} promoters above"):
        sponsored(world, "pr_new", names[MAX_DEPTH], 1)


def test_edge_46_a_change_on_top_of_another_is_refused_by_the_store() -> None:
    catalog = MemoryCatalog()
    catalog.add_promoter(make.promoter("pr_a"))
    changed = make.promoter("pr_a").with_sponsor("pr_x", T0)
    catalog.change_promoter(changed, 0)
    with pytest.raises(NetworkMovedError):
        catalog.change_promoter(changed, 0)


def test_edge_47_a_later_change_of_the_upline_leaves_earlier_orders_alone() -> None:
    world = chain_world()
    world.catalog.add_promoter(make.promoter("pr_dee"))
    sponsored(world, CY, "pr_dee", 2)
    assert posted(world) == {CY: 1333, BO: 400, ANA: 133}
    refund = make.refunded("r1", minutes(60), ("a", 10_000), ("b", 3_333))
    world.append(refund)
    world.post(T0 + minutes(61))
    assert earned(world) == {}


def test_edge_47_an_earlier_change_counts_also_when_the_clicks_hint_is_stale() -> None:
    world = chain_world()
    world.catalog.add_promoter(make.promoter("pr_dee"))
    sponsored(world, CY, "pr_dee", -1)
    assert posted(world) == {CY: 1333, "pr_dee": 400}


@pytest.mark.parametrize(
    ("vacancy", "expected"),
    [
        (Vacancy.HOUSE, {CY: 1333, "house": 400, ANA: 133}),
        (Vacancy.COMPRESS, {CY: 1333, ANA: 400}),
        (Vacancy.DEFAULT_SPONSOR, {CY: 1333, "pr_dee": 400, ANA: 133}),
    ],
)
def test_edge_48_a_vacant_level_goes_where_the_plan_says(vacancy: Vacancy, expected: dict[str, int]) -> None:
    default = "pr_dee" if vacancy is Vacancy.DEFAULT_SPONSOR else None
    world = chain_world(make.plan(1000, 300, 100, vacancy=vacancy, default_sponsor_id=default))
    world.catalog.add_promoter(make.promoter("pr_dee"))
    suspended(world, BO, -1)
    assert posted(world) == expected


def test_edge_48_a_default_sponsor_who_cannot_earn_leaves_it_to_the_house() -> None:
    plan = make.plan(1000, 300, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id="pr_dee")
    world = chain_world(plan)
    world.catalog.add_promoter(make.promoter("pr_dee"))
    suspended(world, "pr_dee", -2)
    suspended(world, BO, -1)
    assert posted(world) == {CY: 1333, "house": 400}


def test_what_the_house_alone_has_is_not_waited_for() -> None:
    world = chain_world()
    suspended(world, CY, -10)
    posted(world)
    world.sweep(T0 + days(40))
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert (entry.due_at, entry.released) == (T0 + minutes(60), False)


def test_the_house_gives_back_with_a_refund() -> None:
    world = chain_world()
    suspended(world, BO, -1)
    posted(world)
    world.append(make.refunded("r1", minutes(60), ("a", 10_000), ("b", 3_333)))
    world.post(T0 + minutes(61))
    world.fold()
    assert earned(world) == {}
    assert world.proof().faults == ()


def test_edge_49_open_orders_keep_the_plan_that_was_in_force() -> None:
    world = chain_world()
    lower = make.plan(500, effective_at=T0 + minutes(30))
    publish_plan(PublishPlan(PROGRAM_ID, lower), world.catalog, T0)
    assert posted(world) == {CY: 1333, BO: 400, ANA: 133}
    world.append(make.refunded("r1", minutes(60), ("a", 10_000)))
    world.post(T0 + minutes(61))
    assert earned(world) == {CY: 333, BO: 100, ANA: 33}


def test_edge_57_the_paid_time_selects_the_plan() -> None:
    world = chain_world()
    publish_plan(PublishPlan(PROGRAM_ID, make.plan(500, effective_at=T0 + minutes(30))), world.catalog, T0)
    world.append(make.fact(FactKind.PAID, minutes(30)))
    world.post(T0 + minutes(31))
    assert earned(world) == {CY: 667}


def test_a_plan_is_published_ahead_and_numbered_in_turn() -> None:
    world = chain_world()
    soon = replace(make.plan(500), effective_at=T0 + LEAD_TIME)
    assert publish_plan(PublishPlan(PROGRAM_ID, soon), world.catalog, T0).version == 2
    with pytest.raises(AlreadyExistsError):
        world.catalog.add_plan(PROGRAM_ID, replace(soon, version=2))
    faulty = make.plan(
        9000, 9000, effective_at=T0, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id="pr_nobody"
    )
    with pytest.raises(InvalidProgramError) as refused:
        publish_plan(PublishPlan(PROGRAM_ID, faulty), world.catalog, T0)
    assert {fault.where for fault in refused.value.faults} == {
        "rate_bps",
        "effective_at",
        "default_sponsor_id",
    }


def test_a_change_of_nobody_or_to_nobody_known_is_refused() -> None:
    world = chain_world()
    with pytest.raises(NotFoundError, match="pr_x"):
        sponsored(world, "pr_x", ANA, 0)
    with pytest.raises(InvalidInputError, match="no promoter 'pr_x'"):
        sponsored(world, CY, "pr_x", 0)
    with pytest.raises(InvalidInputError, match="reason"):
        change_status(
            ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=PromoterStatus.SUSPENDED, reason=" "),
            world.catalog,
            T0,
        )


def test_a_change_that_changes_nothing_is_not_stored() -> None:
    world = chain_world()
    assert sponsored(world, CY, BO, 0).sponsor_changes == ()
    assert suspended(world, CY, 0) == suspended(world, CY, 1)
    assert world.catalog.network_version(PROGRAM_ID) == 1
