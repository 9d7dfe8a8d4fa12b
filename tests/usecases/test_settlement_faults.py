"""Settlement under faults: two at once, months of it, and a fault at every store call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import AccountKey
from grapevine.domain.payouts import Payout, PayoutState
from grapevine.domain.settlements import AccountOutcome, PageName, Settled, scheduled_id
from grapevine.ports import Treasury
from grapevine.usecases.apply_results import ResultPorts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.import_results import ImportResults, import_results
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_account import Holder, settle_account
from grapevine.usecases.settle_page import (
    TRIES,
    SettlementIncompleteError,
    SettlePage,
    SettlePorts,
    settle_page,
)
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, days
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.settling import (
    DAY_ONE,
    DAY_TWO,
    RUN_ONE,
    RUN_TWO,
    listed,
    outcome_of,
    paid_out,
    payout_of,
    refund,
    released,
    results,
    run_of,
    settle_named,
    settled_world,
    state,
    take,
)
from tests.usecases.turns import Stepped, Turns, schedules
from tests.worlds import World, chain_world

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
    holder = Holder(CY, make.promoter(CY, BO), make.terms())
    return lambda treasury: settle_account(holder, run, treasury, DAY_ONE)


def answering(payout: Payout, status: str) -> Callable[[Any], object]:
    command = ImportResults(PROGRAM_ID, results((payout.id, status, "")))
    catalog = chain_world().catalog
    return lambda treasury: import_results(command, ResultPorts(catalog, treasury), DAY_ONE)


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
        run = scheduled_id(PROGRAM_ID, now.date().isoformat())
        rows = [(p.id, answer, "") for p in world.treasury.payouts_of(run) if answer != "silence"]
        take(world, *rows, now=now)
        balance = world.balance(CY)
        assert balance.earned_minor == earned
        assert balance.payable_minor < minimum or answer == "failed"
        assert min(balance.reserved_minor, balance.paid_minor) >= 0
        now = (now.replace(day=1) + days(32)).replace(day=10)
    assert world.proof().faults == ()


# --- faults --------------------------------------------------------------------------------------


def months_of(plug: Plug) -> World:
    """Two runs with the rail's answers in between, every step again until it ends well."""
    world = chain_world()
    first = released(world, 1, 50_000)
    run_through(world, plug, DAY_ONE)
    body = results(
        (payout_of(world, CY).id, "completed", "ok"), (payout_of(world, BO).id, "failed", "closed")
    )
    answer(world, plug, body, DAY_ONE)
    refund(world, first, 20_000, DAY_ONE + days(2))
    released(world, 2, 50_000)
    run_through(world, plug, DAY_TWO)
    rows = [(payout.id, "completed", "") for payout in world.treasury.payouts_of(RUN_TWO)]
    answer(world, plug, results(*rows), DAY_TWO)
    return world


def run_through(world: World, plug: Plug, now: datetime) -> None:
    catalog, settlements, treasury = (
        Plugged(store, plug) for store in (world.catalog, world.settlements, world.treasury)
    )
    queue: Any = Plugged(world.settlement_queue, plug)
    closing = ClosePorts(settlements, queue)
    starting = StartSettlementsPorts(catalog, settlements, queue)
    listing = ListPorts(catalog, settlements, queue, closing)
    settling = SettlePorts(catalog, treasury, settlements, closing, world.payees, world.rails)
    until_done(lambda: start_settlements(starting, now))
    sent = world.settlement_queue
    while sent.lists or sent.pages:
        # What a message queues comes behind it, so that a message is taken out only once it ended well.
        if sent.lists:
            until_done(lambda name=sent.lists[0]: list_promoters(name, listing, now))  # type: ignore[misc]
            sent.lists.pop(0)
        else:
            until_done(lambda name=sent.pages[0]: settle_page(SettlePage(name), settling, now))  # type: ignore[misc]
            sent.pages.pop(0)


def answer(world: World, plug: Plug, body: bytes, now: datetime) -> None:
    ports = ResultPorts(world.catalog, Plugged(world.treasury, plug))
    until_done(lambda: import_results(ImportResults(PROGRAM_ID, body), ports, now + days(1)))


@cache
def undisturbed() -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return how a run without a fault ends, and its calls."""
    plug = Plug()
    ends = state(months_of(plug))
    return ends, tuple(plug.calls)


def test_the_undisturbed_months_are_worth_disturbing() -> None:
    ends, calls = undisturbed()
    states = [payout.state for payout in ends["payouts"].values()]
    assert ends["faults"] == ()
    assert (states.count(PayoutState.COMPLETED), states.count(PayoutState.FAILED)) == (3, 1)
    assert {call.split(".")[0] for call in calls} == {
        *("MemoryCatalog", "MemorySettlements", "MemorySettlementQueue"),
        "MemoryTreasury",
    }


@pytest.mark.parametrize("how", How)
def test_edge_77_a_fault_at_any_call_changes_nothing_in_the_end(how: How) -> None:
    ends, calls = undisturbed()
    for number, call in enumerate(calls, start=1):
        found = state(months_of(Plug(fail_at=number, how=how)))
        assert found == ends, f"call {number}, {call}: {how.value}"
    print(f"{len(calls)} fault points in two settlement runs and their imports: {how.value}")


class Failing:
    """A treasury that cannot read one promoter's account, for ever or so many times."""

    def __init__(self, world: World, promoter_id: str, times: int = 10**6) -> None:
        self._treasury, self._promoter_id, self._times = world.treasury, promoter_id, times

    def account(self, key: AccountKey) -> object:
        if key.promoter_id == self._promoter_id and self._times:
            self._times -= 1
            raise KeyError("pages")
        return self._treasury.account(key)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a treasury does
        return getattr(self._treasury, name)


def failing_world(times: int = 10**6) -> tuple[World, PageName, SettlePorts]:
    """Return a world with a page on which Bo cannot be settled, for ever or so many times."""
    world = chain_world()
    released(world, 1, 50_000)
    (name,) = listed(world, DAY_ONE)
    return world, name, replace(world.settling, treasury=cast("Treasury", Failing(world, BO, times)))


def test_edge_82_one_failing_promoter_stops_nobody_and_is_tried_again() -> None:
    world, name, ports = failing_world()
    for tries in range(1, TRIES):
        with pytest.raises(SettlementIncompleteError, match=f"{BO}: KeyError: 'pages'"):
            settle_page(SettlePage(name, tries), ports, DAY_ONE)
    assert paid_out(world) == {CY: 5_000}
    assert world.files.stored == {}
    settle_named(world, name, DAY_ONE, TRIES)
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert run_of(world).counts == {Settled.PAID: 2, Settled.CARRIED: 1}


def test_edge_82_who_fails_for_the_first_time_at_the_last_try_has_one_more() -> None:
    world, name, ports = failing_world(times=1)
    settle_page(SettlePage(name, TRIES), ports, DAY_ONE)
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert run_of(world).counts == {Settled.PAID: 2, Settled.CARRIED: 1}


def test_edge_82_the_run_closes_without_who_fails_for_good_and_their_money_stays_payable() -> None:
    world, name, ports = failing_world()
    done = settle_page(SettlePage(name, TRIES), ports, DAY_ONE)
    assert done
    failed = AccountOutcome(promoter_id=BO, settled=Settled.FAILED, reason="KeyError: 'pages'")
    assert outcome_of(world, BO) == done.outcome_of(BO) == failed
    run = run_of(world)
    assert run.counts == {Settled.PAID: 1, Settled.CARRIED: 1, Settled.FAILED: 1}
    assert run.closed_at == DAY_ONE
    assert world.balance(BO).payable_minor == 1_500
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {BO: 1_500}
    assert world.proof().faults == ()


def test_edge_77_a_page_that_comes_again_after_a_crash_tells_what_it_had_reserved() -> None:
    """The page is done by whoever comes last; its counts are of everything that the run did."""
    world = chain_world()
    released(world, 1, 50_000)
    (name,) = listed(world, DAY_ONE)
    settle_account(Holder(CY, None, make.terms()), RUN_ONE, world.treasury, DAY_ONE)
    released(world, 2, 50_000)
    settle_named(world, name, DAY_ONE + days(1))
    assert paid_out(world) == {CY: 5_000, BO: 3_000, ANA: 1_000}
    assert run_of(world).counts == {Settled.PAID: 3}
    assert run_of(world).paid_minor == 9_000
