"""Settlement: everybody once, never twice, and what is below the minimum carried."""

from __future__ import annotations

from datetime import datetime

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.domain.payout_terms import Schedule
from grapevine.domain.people import PromoterStatus
from grapevine.domain.settlements import (
    PAGE_SIZE,
    AccountOutcome,
    CarryReason,
    PageName,
    Settled,
    SettlementState,
    scheduled_id,
)
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.list_promoters import list_promoters
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.settling import (
    DAY_ONE,
    DAY_TWO,
    RUN_ONE,
    RUN_TWO,
    listed,
    outcome_of,
    paid_out,
    refund,
    released,
    run_of,
    settle_named,
    settled_world,
    start,
    state,
)
from tests.worlds import World, chain_world

# --- a run ---------------------------------------------------------------------------------------


def test_a_run_pays_what_is_payable_and_carries_what_is_below_the_minimum() -> None:
    world = settled_world()
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    balance = world.balance(CY)
    assert (balance.payable_minor, balance.reserved_minor, balance.paid_minor) == (0, 5_000, 0)
    assert world.balance(ANA).payable_minor == 500
    assert world.proof().faults == ()


def test_edge_77_settling_twice_changes_nothing() -> None:
    world = settled_world()
    before = state(world)
    world.settle(DAY_ONE)
    world.settle(DAY_ONE + days(5))
    assert state(world) == before


def test_edge_74_what_was_carried_is_paid_by_the_run_that_reaches_the_minimum() -> None:
    world = settled_world()
    released(world, 2, 50_000)
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {CY: 5_000, BO: 1_500, ANA: 1_000}
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert world.proof().faults == ()


def test_the_minimum_itself_is_paid() -> None:
    world = chain_world(make.plan(1000))
    released(world, 1, 9_990)
    world.settle(DAY_ONE)
    assert paid_out(world) == {}
    released(world, 2, 10)
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {CY: 1_000}


def test_edges_7_75_a_clawback_after_the_payout_is_carried_and_netted() -> None:
    world = chain_world(make.plan(1000))
    order = released(world, 1, 50_000)
    world.settle(DAY_ONE)
    refund(world, order, 50_000, DAY_ONE + days(1))
    assert world.balance(CY).payable_minor == -5_000
    released(world, 2, 50_000)
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {}
    released(world, 3, 30_000)
    world.settle(DAY_TWO + days(30))
    assert paid_out(world, scheduled_id(PROGRAM_ID, "2027-03-10")) == {CY: 3_000}
    assert world.balance(CY).payable_minor == 0
    assert world.proof().faults == ()


def test_edge_78_what_is_folded_after_a_page_was_done_carries_to_the_next_run() -> None:
    world = chain_world(make.plan(100))
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    released(world, 2, 500_000)
    assert settle_named(world, PageName(RUN_ONE, ""), DAY_ONE + days(2)) is None
    assert paid_out(world) == {}
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {CY: 5_500}


def test_edge_42_a_suspended_promoters_money_waits_and_stops_nobody() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    suspend(world, CY, PromoterStatus.SUSPENDED, DAY_ONE - days(1))
    world.settle(DAY_ONE)
    assert paid_out(world) == {BO: 1_500}
    assert world.balance(CY).payable_minor == 5_000
    suspend(world, CY, PromoterStatus.ACTIVE, DAY_ONE + days(1))
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {CY: 5_000}


def suspend(world: World, promoter_id: str, status: PromoterStatus, now: datetime) -> None:
    """Suspend a promoter, or let them earn again."""
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=promoter_id, status=status, reason="looked into"
    )
    change_status(command, world.catalog, now)


def test_what_became_of_everybody_is_told() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    suspend(world, BO, PromoterStatus.SUSPENDED, DAY_ONE - days(1))
    world.settle(DAY_ONE)
    run = run_of(world)
    assert run.counts == {Settled.PAID: 1, Settled.SUSPENDED: 1, Settled.CARRIED: 1}
    assert (run.paid_minor, run.pages, run.promoters, run.closed_at) == (5_000, 1, 3, DAY_ONE)
    assert run.progress == "closed 3 / 3"
    assert outcome_of(world, BO) == AccountOutcome(promoter_id=BO, settled=Settled.SUSPENDED)
    assert outcome_of(world, CY) is None


def test_a_run_that_nobody_started_pays_nobody() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    with pytest.raises(NotFoundError):
        settle_named(world, PageName("pg.never", ""), DAY_ONE)
    with pytest.raises(NotFoundError):
        list_promoters(PageName("pg.never", ""), world.listing, DAY_ONE)
    assert world.treasury.stored == {}


def test_edge_74_what_is_below_the_minimum_is_told_with_what_is_missing() -> None:
    world = settled_world()
    assert outcome_of(world, ANA) == AccountOutcome(
        promoter_id=ANA,
        settled=Settled.CARRIED,
        amount_minor=500,
        missing_minor=500,
        reason=CarryReason.BELOW_MINIMUM,
    )


def test_edge_75_a_negative_balance_is_told_as_carried() -> None:
    world = chain_world(make.plan(1000))
    order = released(world, 1, 50_000)
    world.settle(DAY_ONE)
    refund(world, order, 50_000, DAY_ONE + days(1))
    world.settle(DAY_TWO)
    assert outcome_of(world, CY, RUN_TWO) == AccountOutcome(
        promoter_id=CY, settled=Settled.CARRIED, amount_minor=-5_000, reason=CarryReason.NEGATIVE
    )


# --- the run and its pages -----------------------------------------------------------------------


def test_a_run_has_one_name_and_is_sent_again_until_it_is_done() -> None:
    world = chain_world()
    assert [run.id for run in start(world, DAY_ONE)] == [RUN_ONE]
    assert [run.id for run in start(world, DAY_ONE + days(1))] == [RUN_ONE]
    assert world.settlement_queue.lists == [PageName(RUN_ONE, "")] * 2
    world.work_off(DAY_ONE + days(1))
    assert start(world, DAY_ONE + days(2)) == ()


def test_before_the_first_settlement_day_nothing_starts() -> None:
    world = World()
    world.catalog.add_program(make.program(created_at=T0), make.plan())
    assert start(world, T0 + days(1)) == ()


def test_a_program_without_promoters_is_settled_and_writes_no_file() -> None:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    world.settle(DAY_ONE)
    world.send(DAY_ONE)
    assert run_of(world).state is SettlementState.CLOSED
    assert world.files.stored == {}


@pytest.mark.parametrize(
    ("count", "pages"), [(0, 0), (1, 1), (PAGE_SIZE, 1), (PAGE_SIZE + 1, 2), (60 * PAGE_SIZE, 60)]
)
def test_promoters_are_spread_over_pages_each_once(count: int, pages: int) -> None:
    world = many_promoters(count)
    names = listed(world, DAY_ONE)
    stored = list(world.settlements.pages_from(PageName(RUN_ONE, "")))
    assert [page.number for page in stored] == [*range(1, pages + 2)]
    assert [page.name for page in stored if not page.ends] == names
    assert [name for page in stored for name in page.promoter_ids] == [f"pr_{n:04}" for n in range(count)]
    run = run_of(world)
    assert (run.state is SettlementState.CLOSED) is (count == 0)
    assert (run.pages, run.promoters) == (pages, count)


def test_who_joins_while_a_run_is_on_is_not_in_it() -> None:
    world = many_promoters(PAGE_SIZE)
    start(world, DAY_ONE)
    world.catalog.add_promoter(make.promoter("pr_aaa", joined_at=DAY_ONE + minutes(1)))
    listed(world, DAY_ONE + minutes(60))
    assert run_of(world).promoters == PAGE_SIZE
    assert world.settlements.page_with(RUN_ONE, "pr_aaa") is None


def test_the_page_that_ends_the_run_queues_its_payouts_and_closes_it() -> None:
    world = many_promoters(PAGE_SIZE + 1)
    first, second = listed(world, DAY_ONE)
    settle_named(world, second, DAY_ONE)
    assert world.settlement_queue.payouts == []
    assert run_of(world).progress == "settling 1 / 101"
    settle_named(world, first, DAY_ONE + minutes(1))
    assert world.settlement_queue.payouts == [PROGRAM_ID]
    assert run_of(world).closed_at == DAY_ONE + minutes(1)


def test_edge_77_starting_again_queues_what_is_not_done_and_the_rest_of_the_list() -> None:
    world = many_promoters(60 * PAGE_SIZE)
    start(world, DAY_ONE)
    list_promoters(world.settlement_queue.lists.pop(0), world.listing, DAY_ONE)
    names = list(world.settlement_queue.pages)
    for name in names[:30]:
        settle_named(world, name, DAY_ONE)
    world.settlement_queue.pages, world.settlement_queue.lists = [], []
    assert run_of(world).progress == "listing 3 000 / …"
    start(world, DAY_ONE + minutes(60))
    assert world.settlement_queue.pages == names[30:]
    world.work_off(DAY_ONE + minutes(61))
    assert run_of(world).progress == "closed 6 000 / 6 000"


def test_edge_77_a_run_that_only_lacks_its_close_is_closed_by_the_next_start() -> None:
    world = many_promoters(1)
    (name,) = listed(world, DAY_ONE)
    page = world.settlements.page(name)
    assert page
    world.settlements.finish_page(page.done(()))
    world.settle(DAY_ONE + minutes(60))
    assert run_of(world).closed_at == DAY_ONE + minutes(60)
    assert world.settlement_queue.payouts == [PROGRAM_ID]


def test_a_run_under_way_is_finished_after_its_schedule_has_moved_on() -> None:
    world = chain_world(schedule=Schedule.DAILY)
    released(world, 1, 50_000)
    start(world, DAY_ONE)
    assert [run.id for run in start(world, DAY_ONE + days(1))] == [
        RUN_ONE,
        scheduled_id(PROGRAM_ID, "2027-01-11"),
    ]
    world.work_off(DAY_ONE + days(1))
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert start(world, DAY_ONE + days(1)) == ()


def many_promoters(count: int) -> World:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    for number in range(count):
        world.catalog.add_promoter(make.promoter(f"pr_{number:04}"))
    return world
