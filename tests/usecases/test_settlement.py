"""Settlement: everybody once, never twice, and what is below the minimum carried."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.domain.people import PromoterStatus
from grapevine.ports import SettlementBatch
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.export_payouts import export_payouts
from grapevine.usecases.settle_account import Settled
from grapevine.usecases.settle_promoters import settle_promoters
from grapevine.usecases.start_settlements import (
    BATCH,
    settlement_id,
)
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.settling import (
    DAY_ONE,
    DAY_TWO,
    FILE_ONE,
    RUN_ONE,
    RUN_TWO,
    paid_out,
    payout_of,
    ports,
    refund,
    released,
    settled_world,
    start,
    state,
    take,
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
    assert paid_out(world, settlement_id(PROGRAM_ID, "2027-03-10")) == {CY: 3_000}
    assert world.balance(CY).payable_minor == 0
    assert world.proof().faults == ()


def test_edge_78_what_is_folded_after_a_batch_was_finished_carries_to_the_next_run() -> None:
    """Its payout file may be with the rail: a delivery of the same message must not add to it."""
    world = chain_world(make.plan(100))
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    file = world.files.get(FILE_ONE)
    released(world, 2, 500_000)
    batch = SettlementBatch(
        settlement_id=RUN_ONE, program_id=PROGRAM_ID, number=1, promoter_ids=(ANA, BO, CY)
    )
    settle_promoters(batch, ports(world), DAY_ONE + days(2))
    assert paid_out(world) == {}
    assert world.files.get(FILE_ONE) == file
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
    start(world, DAY_ONE)
    outcomes = settle_promoters(world.settlement_queue.sent[0], ports(world), DAY_ONE)
    assert outcomes == {CY: Settled.PAID, BO: Settled.SUSPENDED, ANA: Settled.CARRIED}


def test_a_run_that_nobody_started_pays_nobody() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    batch = SettlementBatch(settlement_id="pg.never", program_id=PROGRAM_ID, number=1, promoter_ids=(CY,))
    with pytest.raises(NotFoundError):
        settle_promoters(batch, ports(world), DAY_ONE)
    assert world.treasury.stored == {}


# --- the run and its batches ---------------------------------------------------------------------


def test_a_run_has_one_name_and_is_sent_again_until_it_is_done() -> None:
    world = chain_world()
    assert [run.id for run in start(world, DAY_ONE)] == [RUN_ONE]
    assert [run.id for run in start(world, DAY_ONE + days(1))] == [RUN_ONE]
    assert len(world.settlement_queue.sent) == 2
    assert len(set(world.settlement_queue.sent)) == 1
    settle_promoters(world.settlement_queue.sent[0], ports(world), DAY_ONE)
    assert start(world, DAY_ONE + days(2)) == ()


def test_before_the_first_settlement_day_nothing_starts() -> None:
    world = World()
    world.catalog.add_program(make.program(created_at=T0), make.plan())
    assert start(world, T0 + days(1)) == ()


def test_a_program_without_promoters_is_settled_with_an_empty_file() -> None:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    world.settle(DAY_ONE)
    assert world.files.get(FILE_ONE) == b"payout_id,promoter_id,amount,currency,settlement_id\r\n"


@pytest.mark.parametrize(("count", "batches"), [(1, 1), (BATCH, 1), (BATCH + 1, 2), (2 * BATCH + 1, 3)])
def test_promoters_are_spread_over_batches_each_once(count: int, batches: int) -> None:
    world = many_promoters(count)
    start(world, DAY_ONE)
    sent = world.settlement_queue.sent
    assert [batch.number for batch in sent] == [*range(1, batches + 1)]
    names = [name for batch in sent for name in batch.promoter_ids]
    assert len(names) == len(set(names)) == count


def test_who_joins_while_a_run_is_on_is_not_in_it() -> None:
    world = many_promoters(BATCH)
    start(world, DAY_ONE)
    world.catalog.add_promoter(make.promoter("pr_aaa", joined_at=DAY_ONE + minutes(1)))
    start(world, DAY_ONE + minutes(60))
    first, again = world.settlement_queue.sent
    assert first == again


def test_the_file_is_written_by_the_batch_that_ends_the_run() -> None:
    world = many_promoters(BATCH + 1)
    start(world, DAY_ONE)
    first, second = world.settlement_queue.sent
    settle_promoters(second, ports(world), DAY_ONE)
    assert world.files.stored == {}
    settle_promoters(first, ports(world), DAY_ONE)
    assert FILE_ONE in world.files.stored


def many_promoters(count: int) -> World:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    for number in range(count):
        world.catalog.add_promoter(make.promoter(f"pr_{number:04}"))
    return world


# --- the payout file -----------------------------------------------------------------------------


def test_the_payout_file_names_every_payout_and_is_always_the_same() -> None:
    world = settled_world()
    body, content_type = world.files.stored[FILE_ONE]
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert content_type == "text/csv"
    assert {(row["promoter_id"], row["amount"], row["currency"], row["settlement_id"]) for row in rows} == {
        (CY, "50.00", "USD", RUN_ONE),
        (BO, "15.00", "USD", RUN_ONE),
    }
    assert [row["payout_id"] for row in rows] == sorted(row["payout_id"] for row in rows)
    run = world.settlements.settlement(RUN_ONE)
    assert run
    take(world, (payout_of(world, CY).id, "completed", ""), (payout_of(world, BO).id, "failed", "closed"))
    export_payouts(run, world.catalog, world.treasury, world.files, DAY_ONE)
    assert world.files.get(FILE_ONE) == body
