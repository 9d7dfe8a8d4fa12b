"""Settlement: everybody once, never twice, whatever breaks, and the rail's answers taken as they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.payouts import Payout, PayoutState
from grapevine.domain.people import PromoterStatus
from grapevine.ports import SettlementBatch
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.import_results import ImportResults, ResultReport, import_results
from grapevine.usecases.settle_promoters import (
    Settled,
    SettlementIncompleteError,
    SettlePorts,
    export_payouts,
    settle_account,
    settle_promoters,
)
from grapevine.usecases.start_settlements import (
    BATCH,
    StartSettlementsPorts,
    settlement_id,
    start_settlements,
)
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.turns import Stepped, Turns, schedules
from tests.worlds import World, chain_world

DAY_ONE = datetime(2027, 1, 10, 4, tzinfo=UTC)
DAY_TWO = datetime(2027, 2, 10, 4, tzinfo=UTC)
RUN_ONE, RUN_TWO = (settlement_id(PROGRAM_ID, day) for day in ("2027-01-10", "2027-02-10"))
FILE_ONE = f"payouts/{PROGRAM_ID}/{RUN_ONE}.csv"


def released(world: World, number: int, base_minor: int = 13_333) -> OrderKey:
    """Let an order go all the way to payable."""
    order = OrderKey(make.STOREFRONT_ID, str(number))
    cart = make.snapshot(lines=(make.line("a", base_minor),))
    world.append(make.fact(FactKind.PAID, minutes(1), order=order, snapshot=cart))
    verdict = make.verdict(Outcome.ALLOW).verdict
    world.append(make.fact(FactKind.VERDICT, order=order, verdict=verdict))
    world.post(T0 + minutes(2), order)
    world.post(T0 + days(31), order)
    world.fold()
    return order


def refund(world: World, order: OrderKey, minor: int, now: datetime) -> None:
    world.append(
        make.fact(FactKind.REFUNDED, days(40), order=order, refunds=(make.refund("r", ("a", minor)),))
    )
    world.post(now, order)
    world.fold()


def ports(world: World) -> SettlePorts:
    return SettlePorts(world.catalog, world.treasury, world.settlements, world.files)


def paid_out(world: World, run: str = RUN_ONE) -> dict[str, int]:
    return {payout.key.promoter_id: payout.amount_minor for payout in world.treasury.payouts_of(run)}


def payout_of(world: World, promoter_id: str, run: str = RUN_ONE) -> Payout:
    return next(p for p in world.treasury.payouts_of(run) if p.key.promoter_id == promoter_id)


def results(*rows: tuple[str, str, str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows((("payout_id", "status", "detail"), *rows))
    return text.getvalue().encode()


def take(
    world: World, *rows: tuple[str, str, str], run: str = RUN_ONE, now: datetime = DAY_ONE
) -> ResultReport:
    return import_results(ImportResults(run, results(*rows)), world.treasury, now + days(1))


def settled_world() -> World:
    """Return a world whose first run pays Cy and Bo and carries Ana, who is below the minimum."""
    world = chain_world()
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    return world


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
    put_status(world, CY, PromoterStatus.SUSPENDED, DAY_ONE)
    world.settle(DAY_ONE)
    assert paid_out(world) == {BO: 1_500}
    assert world.balance(CY).payable_minor == 5_000
    put_status(world, CY, PromoterStatus.ACTIVE, DAY_TWO)
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {CY: 5_000}


def put_status(world: World, promoter_id: str, status: PromoterStatus, now: datetime) -> None:
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=promoter_id, status=status, reason="asked to")
    change_status(command, world.catalog, now)


def test_what_became_of_everybody_is_told() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    put_status(world, BO, PromoterStatus.SUSPENDED, DAY_ONE)
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


def start(world: World, now: datetime) -> Sequence[Any]:
    return start_settlements(
        StartSettlementsPorts(world.catalog, world.settlements, world.settlement_queue), now
    )


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
    export_payouts(run, ports(world))
    assert world.files.get(FILE_ONE) == body


# --- the rail's answer ---------------------------------------------------------------------------


def test_a_confirmed_payout_is_paid_and_a_failed_one_is_payable_again() -> None:
    world = settled_world()
    cy, bo = payout_of(world, CY).id, payout_of(world, BO).id
    report = take(world, (cy, "completed", "ref 1"), (bo, "failed", "account closed"))
    assert (report.completed, report.failed, report.unchanged, report.rejected) == ((cy,), (bo,), (), ())
    assert (world.balance(CY).paid_minor, world.balance(CY).reserved_minor) == (5_000, 0)
    assert (world.balance(BO).payable_minor, world.balance(BO).reserved_minor) == (1_500, 0)
    assert payout_of(world, BO).detail == "account closed"
    assert world.proof().faults == ()


def test_what_a_rail_could_not_pay_is_paid_by_the_next_run_not_by_this_one() -> None:
    world = settled_world()
    take(world, (payout_of(world, BO).id, "failed", "account closed"))
    world.settle(DAY_ONE + days(2))
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {BO: 1_500}
    assert world.proof().faults == ()


def test_importing_twice_changes_nothing_and_says_so() -> None:
    world = settled_world()
    rows = ((payout_of(world, CY).id, "completed", ""), (payout_of(world, BO).id, "failed", ""))
    take(world, *rows)
    before = state(world)
    report = take(world, *rows, now=DAY_ONE + days(9))
    assert set(report.unchanged) == {row[0] for row in rows}
    assert state(world) == before


def test_a_row_that_comes_twice_counts_once_and_one_that_contradicts_is_rejected() -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    report = take(world, (cy, "completed", ""), (cy, "completed", ""), (cy, "failed", "no"))
    assert (report.completed, report.unchanged) == ((cy,), (cy,))
    assert report.rejected == (f"line 4: {cy} is completed already, the file says failed",)
    assert world.balance(CY).paid_minor == 5_000


def test_what_nobody_knows_is_rejected_with_its_line_and_the_rest_is_taken() -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    report = take(
        world, ("po_unknown", "completed", ""), (cy, "COMPLETED", ""), ("", "", ""), (cy, "completed", "")
    )
    assert report.completed == (cy,)
    assert [text.split(":")[0] for text in report.rejected] == ["line 2", "line 3", "line 4"]


def test_a_payout_of_another_run_is_rejected() -> None:
    world = settled_world()
    report = take(world, (payout_of(world, CY).id, "completed", ""), run=RUN_TWO)
    assert len(report.rejected) == 1
    assert world.balance(CY).reserved_minor == 5_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"id,state\n1,completed\n",
        b"payout_id;status;detail\n",
        b'payout_id,status,detail\nx,completed,"' + b"y" * 200_000,
        b"<html><body>Service unavailable</body></html>",
    ],
)
def test_a_file_that_is_none_is_refused_whole(body: bytes) -> None:
    world = settled_world()
    before = state(world)
    with pytest.raises(InvalidInputError):
        import_results(ImportResults(RUN_ONE, body), world.treasury, DAY_ONE)
    assert state(world) == before


def test_a_file_that_breaks_off_in_the_middle_moves_nothing() -> None:
    world = settled_world()
    before = state(world)
    body = results((payout_of(world, CY).id, "completed", "")) + b"x,completed," + b"y" * 200_000
    with pytest.raises(InvalidInputError):
        import_results(ImportResults(RUN_ONE, body), world.treasury, DAY_ONE)
    assert state(world) == before


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start_of_file", ["", "\ufeff"])
def test_a_spreadsheets_own_ways_are_understood(newline: str, start_of_file: str) -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    rows = ("status,payout_id,amount,detail", f' completed , {cy} ,50.00,"paid, at last"', "")
    body = (start_of_file + newline.join(rows)).encode()
    report = import_results(ImportResults(RUN_ONE, body), world.treasury, DAY_ONE)
    assert report.completed == (cy,)
    assert payout_of(world, CY).detail == "paid, at last"


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_garbage_never_moves_money(body: bytes) -> None:
    world = settled_world()
    before = state(world)
    for garbage in (body, b"payout_id,status,detail\n" + body):
        try:
            import_results(ImportResults(RUN_ONE, garbage), world.treasury, DAY_ONE)
        except InvalidInputError:
            continue
    assert state(world) == before


# --- two at once ---------------------------------------------------------------------------------

SETTLE_CALLS = 3
"""Store calls of settling one account: account, move, and one more where somebody was first."""


def at_once(world: World, schedule: Sequence[int], *jobs: Callable[[Any], object]) -> None:
    """Let two jobs take their turns at the treasury, one call each."""
    turns = [Turns() for _ in jobs]
    threads = [
        turn.start(lambda job=job, turn=turn: job(Stepped(world.treasury, turn)))  # type: ignore[misc]
        for job, turn in zip(jobs, turns, strict=True)
    ]
    for mover in schedule:
        turns[mover].step()
    for turn, thread in zip(turns, threads, strict=True):
        turn.set_free()
        thread.join(timeout=10)
        assert not thread.is_alive()


def settling(run: str) -> Callable[[Any], object]:
    key = AccountKey(PROGRAM_ID, CY, "USD")
    return lambda treasury: settle_account(key, run, make.program(), treasury, DAY_ONE)


def answering(payout: Payout, status: str) -> Callable[[Any], object]:
    command = ImportResults(payout.settlement_id, results((payout.id, status, "")))
    return lambda treasury: import_results(command, treasury, DAY_ONE)


def test_edge_84_two_at_once_in_one_run_pay_once() -> None:
    for schedule in schedules(SETTLE_CALLS):
        world = chain_world()
        released(world, 1, 50_000)
        at_once(world, schedule, settling(RUN_ONE), settling(RUN_ONE))
        assert paid_out(world) == {CY: 5_000}
        assert world.proof().faults == ()


def test_edge_84_two_runs_at_once_pay_once_between_them() -> None:
    for schedule in schedules(SETTLE_CALLS):
        world = chain_world()
        released(world, 1, 50_000)
        at_once(world, schedule, settling(RUN_ONE), settling(RUN_TWO))
        assert [payout.amount_minor for payout in world.treasury.stored.values()] == [5_000]
        assert world.proof().faults == ()


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_run_while_the_rail_answers_pays_what_is_there_and_loses_nothing(status: str) -> None:
    for schedule in schedules(SETTLE_CALLS):
        world = settled_world()
        released(world, 2, 20_000)
        at_once(world, schedule, settling(RUN_TWO), answering(payout_of(world, CY), status))
        found, back = paid_out(world, RUN_TWO)[CY], status == "failed"
        assert found in ({2_000, 7_000} if back else {2_000})
        assert world.balance(CY).earned_minor == 7_000
        assert world.balance(CY).payable_minor == (7_000 - found if back else 0)
        assert world.proof().faults == ()


def test_one_answer_imported_twice_at_once_counts_once() -> None:
    for schedule in schedules(SETTLE_CALLS):
        world = settled_world()
        payout = payout_of(world, CY)
        at_once(world, schedule, answering(payout, "completed"), answering(payout, "failed"))
        balance = world.balance(CY)
        assert (balance.paid_minor, balance.payable_minor) in ((5_000, 0), (0, 5_000))
        assert balance.reserved_minor == 0
        assert world.proof().faults == ()


# --- months of it --------------------------------------------------------------------------------

months = st.lists(
    st.tuples(
        st.integers(0, 40_000),
        st.integers(0, 40_000),
        st.sampled_from(("completed", "failed", "silence")),
    ),
    max_size=5,
)


@given(months, st.integers(1, 3_000))
@settings(max_examples=40)
def test_money_is_neither_lost_nor_paid_twice_over_months(
    story: list[tuple[int, int, str]], minimum: int
) -> None:
    world = World()
    world.catalog.add_program(make.program(minimum_payout_minor=minimum), make.plan(1000))
    world.catalog.add_promoter(make.promoter(CY))
    world.clicks.record(make.click(upline=()))
    now, earned = DAY_ONE, 0
    for number, (base, back, answer) in enumerate(story, start=1):
        order = released(world, number, base + 1)
        refund(world, order, min(back, base), now)
        earned += world.balance(CY).earned_minor - earned
        world.settle(now)
        run = settlement_id(PROGRAM_ID, now.date().isoformat())
        rows = [(p.id, answer, "") for p in world.treasury.payouts_of(run) if answer != "silence"]
        take(world, *rows, run=run, now=now)
        balance = world.balance(CY)
        assert balance.earned_minor == earned
        assert balance.payable_minor < minimum or answer == "failed"
        assert min(balance.reserved_minor, balance.paid_minor) >= 0
        now = (now.replace(day=1) + days(32)).replace(day=10)
    assert world.proof().faults == ()


# --- faults --------------------------------------------------------------------------------------


def state(world: World) -> dict[str, Any]:
    """Return everything that a settlement changes; equal hashes mean equal entries, one by one."""
    keys = [AccountKey(PROGRAM_ID, name, "USD") for name in (ANA, BO, CY)]
    return {
        "entries": [(entry.id, entry.hash) for key in keys for entry in world.ledger.entries_of(key)],
        "heads": dict(world.treasury.heads),
        "payouts": dict(world.treasury.stored),
        "files": dict(world.files.stored),
        "runs": [world.settlements.settlement(run) for run in (RUN_ONE, RUN_TWO)],
        "faults": world.proof().faults,
    }


def months_of(plug: Plug) -> World:
    """Two runs with the rail's answers in between, every step again until it ends well."""
    world = chain_world()
    first = released(world, 1, 50_000)
    run_through(world, plug, DAY_ONE)
    body = results(
        (payout_of(world, CY).id, "completed", "ok"), (payout_of(world, BO).id, "failed", "closed")
    )
    answer(world, plug, RUN_ONE, body, DAY_ONE)
    refund(world, first, 20_000, DAY_ONE + days(2))
    released(world, 2, 50_000)
    run_through(world, plug, DAY_TWO)
    rows = [(payout.id, "completed", "") for payout in world.treasury.payouts_of(RUN_TWO)]
    answer(world, plug, RUN_TWO, results(*rows), DAY_TWO)
    return world


def run_through(world: World, plug: Plug, now: datetime) -> None:
    starting = StartSettlementsPorts(
        Plugged(world.catalog, plug),
        Plugged(world.settlements, plug),
        Plugged(world.settlement_queue, plug),
    )
    settling = SettlePorts(
        Plugged(world.catalog, plug),
        Plugged(world.treasury, plug),
        Plugged(world.settlements, plug),
        Plugged(world.files, plug),
    )
    until_done(lambda: start_settlements(starting, now))
    while world.settlement_queue.sent:
        batch = world.settlement_queue.sent[0]
        until_done(lambda batch=batch: settle_promoters(batch, settling, now))  # type: ignore[misc]
        world.settlement_queue.sent.pop(0)


def answer(world: World, plug: Plug, run: str, body: bytes, now: datetime) -> None:
    treasury: Any = Plugged(world.treasury, plug)
    until_done(lambda: import_results(ImportResults(run, body), treasury, now + days(1)))


UNDISTURBED = Plug()
EXPECTED = state(months_of(UNDISTURBED))


def test_the_undisturbed_months_are_worth_disturbing() -> None:
    assert EXPECTED["faults"] == ()
    assert [payout.state for payout in EXPECTED["payouts"].values()].count(PayoutState.COMPLETED) == 3
    assert [payout.state for payout in EXPECTED["payouts"].values()].count(PayoutState.FAILED) == 1
    assert {call.split(".")[0] for call in UNDISTURBED.calls} == {
        *("MemoryCatalog", "MemorySettlements", "MemorySettlementQueue"),
        *("MemoryTreasury", "MemoryFiles"),
    }


@pytest.mark.parametrize("how", How)
def test_edge_77_a_fault_at_any_call_changes_nothing_in_the_end(how: How) -> None:
    for number in range(1, len(UNDISTURBED.calls) + 1):
        found = state(months_of(Plug(fail_at=number, how=how)))
        assert found == EXPECTED, f"call {number}, {UNDISTURBED.calls[number - 1]}: {how.value}"
    print(f"{len(UNDISTURBED.calls)} fault points in two settlement runs and their imports: {how.value}")


def test_edge_82_one_failing_promoter_stops_nobody() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    start(world, DAY_ONE)
    at = 1 + next(n for n, call in enumerate(settling_calls(world, Plug())) if call.endswith(".account"))
    world = chain_world()
    released(world, 1, 50_000)
    start(world, DAY_ONE)
    with pytest.raises(SettlementIncompleteError, match=ANA):
        settling_calls(world, Plug(fail_at=at, how=How.NO_ANSWER_BEFORE))
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert world.files.stored == {}


def settling_calls(world: World, plug: Plug) -> list[str]:
    plugged = SettlePorts(world.catalog, Plugged(world.treasury, plug), world.settlements, world.files)
    settle_promoters(world.settlement_queue.sent[0], plugged, DAY_ONE)
    return plug.calls
