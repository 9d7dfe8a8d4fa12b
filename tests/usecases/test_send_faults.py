"""Sending under faults: one at every call of every store and of the rail, and two runs at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError, UnavailableError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, TransferBatch, TransferResult
from grapevine.ports import RailUnavailableError
from grapevine.usecases.apply_results import ResultPorts, apply_results
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.form_batches import form_batches
from grapevine.usecases.send_batch import send_batch
from grapevine.usecases.send_payouts import send_payouts
from tests.builders import ANA, BO, CY, PROGRAM_ID
from tests.rails.fake import FakeRail, FakeRails
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.sending import (
    in_batches,
    later,
    live_world,
    paid,
    paid_by,
    released_again,
    transfer_of,
)
from tests.usecases.settling import DAY_ONE, RUN_ONE, payout_of
from tests.usecases.turns import Stepped, Turns, schedules
from tests.worlds import World

HOURS = 8
"""Enough for whatever a fault left behind to be found and finished."""


@dataclass
class PluggedRail:
    """The fake rail, whose every request goes through a plug: it may not come, or not be answered."""

    rail: FakeRail
    plug: Plug
    name = RailName.PAYPAL

    @property
    def limits(self) -> RailLimits:
        return self.rail.limits

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return self.rail.faults(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return self._asked("send", lambda: self.rail.send(batch))

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return self._asked("query", lambda: self.rail.query(batch))

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        return self.rail.received(headers, body, now)

    def _asked(self, name: str, made: Callable[[], Sequence[TransferResult]]) -> Sequence[TransferResult]:
        try:
            return cast("Sequence[TransferResult]", self.plug.call(f"Rail.{name}", made))
        except UnavailableError as error:
            raise RailUnavailableError(str(error)) from error


def plugged(world: World, rail: FakeRail, plug: Plug) -> SendPorts:
    """Return the ports with a plug in every store and in the rail."""
    catalog, treasury, payees, batches = (
        Plugged(store, plug) for store in (world.catalog, world.treasury, world.payees, world.batches)
    )
    rails = FakeRails({RailName.PAYPAL: PluggedRail(rail, plug)}, world.rails)
    return SendPorts(catalog, treasury, payees, batches, rails)


def days_of(plug: Plug) -> tuple[World, FakeRail]:
    """Send by the hour: Cy is paid and it comes back, Bo fails; each step again until it ends well."""
    world, rail = live_world(FakeRail(limits=RailLimits(batch=1)))
    ports = plugged(world, rail, plug)
    fates = {transfer_of(world, CY): PayoutState.COMPLETED, transfer_of(world, BO): PayoutState.FAILED}
    for hour in range(HOURS):
        until_done(partial(send_payouts, PROGRAM_ID, ports, later(hour)))
        for name, fate in fates.items():
            if name in rail.seen and rail.seen[name].state is PayoutState.SENT:
                rail.decide(name, fate, "so it is")
    back = rail.decide(transfer_of(world, CY), PayoutState.RETURNED, "no such account")
    taking = ResultPorts(world.catalog, ports.treasury)
    until_done(lambda: apply_results(PROGRAM_ID, [back], taking, later(99)))
    return world, rail


def told(world: World, rail: FakeRail) -> dict[str, Any]:
    """Return what must be so whatever happened on the way."""
    return {
        "moved": dict(rail.moved),
        "gone": rail.gone,
        "paid": paid(world),
        "states": {name: payout_of(world, name).state for name in (CY, BO)},
        "details": {name: payout_of(world, name).detail for name in (CY, BO)},
        "payable": {name: world.balance(name).payable_minor for name in (ANA, BO, CY)},
        "batches": dict(in_batches(world)),
        "open": world.batches.open_batches(PROGRAM_ID),
        "faults": world.proof().faults,
    }


@cache
def undisturbed() -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return how it ends without a fault, and its calls."""
    plug = Plug()
    return told(*days_of(plug)), tuple(plug.calls)


def test_the_undisturbed_days_are_worth_disturbing() -> None:
    ends, calls = undisturbed()
    world, _ = live_world()
    assert ends["moved"] == {transfer_of(world, CY): 5_000, transfer_of(world, BO): 1_500}
    assert ends["states"] == {CY: PayoutState.RETURNED, BO: PayoutState.FAILED}
    assert ends["payable"] == {ANA: 500, BO: 1_500, CY: 5_000}
    assert (ends["gone"], ends["paid"], ends["open"], ends["faults"]) == (0, 0, [], ())
    assert set(ends["batches"].values()) == {1}
    stores = {"MemoryCatalog", "MemoryTreasury", "MemoryPayees", "MemoryBatches", "Rail"}
    assert {call.split(".")[0] for call in calls} == stores
    assert {"MemoryTreasury.change", "MemoryTreasury.move", "MemoryBatches.keep"} <= set(calls)


@pytest.mark.parametrize("how", How)
def test_edge_79_a_fault_at_any_call_moves_each_amount_once_and_ends_the_same(how: How) -> None:
    ends, calls = undisturbed()
    for number, call in enumerate(calls, start=1):
        found = told(*days_of(Plug(fail_at=number, how=how)))
        assert found == ends, f"call {number}, {call}: {how.value}"
    print(f"{len(calls)} fault points in sending and taking results: {how.value}")


# --- two at once ---------------------------------------------------------------------------------

FORM_CALLS = 6
"""Turns that two runs share before both run free: enough for each to be at every call of the other."""


def at_once(schedule: Sequence[int], turns: Sequence[Turns], *jobs: Callable[[], object]) -> None:
    """Let jobs take their turns, one call each, then run free."""
    threads = [turn.start(job) for turn, job in zip(turns, jobs, strict=True)]
    for mover in schedule:
        turns[mover].step()
    for turn, thread in zip(turns, threads, strict=True):
        turn.set_free()
        thread.join(timeout=10)
        assert not thread.is_alive()


def stepped(ports: SendPorts, turn: Turns) -> SendPorts:
    """Return the ports of one run, which waits for its turn at the calls that decide."""
    treasury: Any = Stepped(ports.treasury, turn)
    batches: Any = Stepped(ports.batches, turn)
    return replace(ports, treasury=treasury, batches=batches)


def test_two_runs_at_once_send_each_amount_once() -> None:
    for schedule in schedules(FORM_CALLS):
        world, rail = live_world()
        turns = [Turns() for _ in range(2)]
        jobs = [partial(form_batches, PROGRAM_ID, stepped(world.sending, turn), DAY_ONE) for turn in turns]
        at_once(schedule, turns, *jobs)
        for hour in range(3):
            world.send(later(hour))
        assert rail.gone == 6_500, schedule
        assert set(in_batches(world).values()) == {1}, schedule
        assert {payout.state for payout in world.treasury.payouts_of(RUN_ONE)} == {PayoutState.SENT}


def test_one_batch_sent_by_two_at_once_moves_each_amount_once() -> None:
    for schedule in schedules(3):
        world, rail = live_world(FakeRail(outcome=PayoutState.COMPLETED))
        form_batches(PROGRAM_ID, world.sending, DAY_ONE)
        (batch,) = world.batches.open_batches(PROGRAM_ID)
        turns = [Turns() for _ in range(2)]
        jobs = [partial(send_batch, batch, stepped(world.sending, turn), DAY_ONE) for turn in turns]
        at_once(schedule, turns, *jobs)
        world.send(later(1))
        assert rail.gone == paid(world) == 6_500, schedule
        assert set(rail.moved.values()) == {5_000, 1_500}
        assert world.proof().faults == ()


# --- weeks of it ---------------------------------------------------------------------------------

fates = st.sampled_from((PayoutState.SENT, PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.RETURNED))
weathers = st.tuples(st.integers(0, 2), st.booleans(), st.lists(fates, min_size=2, max_size=2))


@given(st.lists(weathers, min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_edges_79_80_what_the_rail_moved_is_what_the_books_say_whatever_the_weather(
    weeks: list[tuple[int, bool, list[PayoutState]]], size: int
) -> None:
    world, rail = live_world(FakeRail(limits=RailLimits(batch=size)))
    paid_by(world, ANA)
    for number, (away, after, outcomes) in enumerate(weeks, start=1):
        released_again(world, number)
        rail.away, rail.after = away, after
        for hour in range(3):
            world.send(later(24 * number + hour))
        for name, fate in zip(sorted(rail.seen), outcomes * len(rail.seen), strict=False):
            is_later = rail.seen[name].state is PayoutState.COMPLETED and fate is PayoutState.RETURNED
            if rail.seen[name].state is PayoutState.SENT or is_later:
                apply_results(PROGRAM_ID, [rail.decide(name, fate)], world.results, later(24 * number + 5))
    rail.away = 0
    world.send(later(24 * len(weeks) + 20))
    world.send(later(24 * len(weeks) + 21))
    completed = {name for name, told in rail.seen.items() if told.state is PayoutState.COMPLETED}
    assert paid(world) == sum(rail.moved[name] for name in completed)
    batches = world.batches.stored.values()
    assert dict(rail.moved) == {one.id: one.amount.minor for batch in batches for one in batch.transfers}
    assert set(in_batches(world).values()) == {1}
    assert world.proof().faults == ()
