"""Any history, cut anywhere: every statement adds up, goes on from the last, and ends in the balance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, PointsCoupon
from grapevine.domain.heads import available, hand_over, void, write_off
from grapevine.domain.money import POINTS, Rounding
from grapevine.domain.pages import balance
from grapevine.domain.payouts import (
    OPEN,
    Leg,
    LegOutcome,
    PayoutState,
    Reservation,
    conclude,
    reserve,
)
from grapevine.domain.people import Promoter
from grapevine.domain.point_steps import charge as charge_points
from grapevine.domain.point_steps import spend
from grapevine.domain.statement_lines import NOTHING, entry_lines
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days
from tests.reference import Story
from tests.strategies import DEE, PATIENT, play, stories, sweeps_of, world_of
from tests.usecases.stating import balance_of, stated
from tests.worlds import World

NAMES = (make.ANA, make.BO, make.CY, DEE)
END = T0 + days(80)
"""After everything that a story and its payouts do."""


@dataclass(frozen=True)
class Act:
    """What is done to an account on a day: `outcome` is what becomes of a leg."""

    kind: str
    name: str
    day: int
    part: int
    outcome: PayoutState


acts = st.lists(
    st.builds(
        Act,
        kind=st.sampled_from(("pay", "pay", "conclude", "conclude", "conclude", "points", "gone", "hand")),
        name=st.sampled_from(NAMES),
        day=st.integers(0, 70),
        part=st.integers(1, 97),
        outcome=st.sampled_from(PayoutState),
    ),
    max_size=14,
).map(lambda found: sorted(found, key=lambda act: act.day))
cuts = st.lists(st.integers(-30, 79 * 24 * 4), max_size=7, unique=True).map(
    lambda found: [T0 - days(40), *(T0 + number * timedelta(minutes=15) for number in sorted(found)), END]
)


def as_merged(promoters: tuple[Promoter, ...]) -> tuple[Promoter, ...]:
    """Leave out chains of merges that `merge_promoters` refuses, or writes otherwise."""
    is_chain = any(one.alias and one.duplicates for one in promoters)
    return tuple(replace(one, alias=None, duplicates=()) for one in promoters) if is_chain else promoters


def do(world: World, act: Act, number: int) -> None:
    """Do something to an account where it is possible at all."""
    now = T0 + days(act.day) + timedelta(minutes=number, seconds=7)
    key = AccountKey(PROGRAM_ID, act.name, POINTS if act.kind == "points" else "USD")
    pages, head = world.treasury.account(key)
    has = available(balance(pages).get(Leaf.PAYABLE, 0), head)
    if act.kind == "conclude":
        _conclude(world, act, now)
    elif act.kind == "pay" and has > 3:
        taken = Reservation(
            amount_minor=has - 3,
            fee_minor=act.part % 2,
            tax_minor=act.part % 3 and 1,
            tax_period="2026",
            legs=tuple(Leg(number=n, amount_minor=m, due_at=now) for n, m in _halves(has - 3)),
        )
        world.treasury.move(reserve(head, taken, f"run{number}", now), head)
    elif act.kind == "gone" and has:
        step = void(head, has, now) if has > 0 else write_off(head, -has, now)
        world.treasury.step((step,), (head,))
    elif act.kind == "points" and has > 0:
        world.treasury.step((spend(head, min(has, act.part), PointsCoupon("TEN", 5), "r", now),), (head,))
    elif act.kind == "points" and has < 0:
        cash = world.treasury.account(AccountKey(PROGRAM_ID, act.name, "USD"))[1]
        world.treasury.step(charge_points(head, cash, -has, 2, now), (head, cash))
    elif act.kind == "hand" and has and act.name != make.ANA:
        taking = world.treasury.account(AccountKey(PROGRAM_ID, make.ANA, "USD"))[1]
        world.treasury.step(hand_over(head, taking, has, now), (head, taking))


def _halves(minor: int) -> list[tuple[int, int]]:
    return [(1, minor // 2), (2, minor - minor // 2)] if minor > 1 else [(1, minor)]


def _conclude(world: World, act: Act, now: object) -> None:
    open_legs = [
        (payout, leg)
        for payout in world.treasury.stored.values()
        for leg in payout.legs
        if leg.state in (*OPEN, PayoutState.COMPLETED) and payout.key.promoter_id == act.name
    ]
    for payout, leg in open_legs[:1]:
        wanted = PayoutState.RETURNED if leg.state is PayoutState.COMPLETED else act.outcome
        if wanted in (PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.STOPPED, PayoutState.RETURNED):
            if leg.state is PayoutState.REQUESTED and wanted is PayoutState.RETURNED:
                wanted = PayoutState.FAILED
            head = world.treasury.account(payout.key)[1]
            outcome = LegOutcome(number=leg.number, state=wanted)
            world.treasury.move(conclude(head, payout, outcome, Rounding.HALF_EVEN, now), head)  # type: ignore[arg-type]


@settings(PATIENT, max_examples=60)
@given(story=stories(orders=2), acts=acts, cuts=cuts)
def test_every_statement_of_any_history_adds_up_and_goes_on_from_the_last(
    story: Story, acts: list[Act], cuts: list[object]
) -> None:
    story = replace(story, promoters=as_merged(story.promoters))
    world = world_of(story)
    play(story, world, sweeps_of(story, T0 + days(45))[::8])
    for number, act in enumerate(acts):
        do(world, act, number)
    world.fold()
    assert world.proof().faults == ()
    for currency in ("USD", POINTS):
        everybody, everything = NOTHING, NOTHING
        for promoter in story.promoters:
            found = stated(world, promoter.id, cuts, currency)  # type: ignore[arg-type]
            assert found[0].opening == NOTHING
            names = (promoter.id, *(merge.promoter_id for merge in promoter.duplicates))
            has = NOTHING if promoter.alias else balance_of(world, names, currency)
            assert found[-1].closing == has
            everybody += has
            everything += balance_of(world, (promoter.id,), currency)
        assert everybody == everything
        _each_entry_is_in_one_statement(world, story, currency)


def _each_entry_is_in_one_statement(world: World, story: Story, currency: str) -> None:
    """Every line of every entry is told to exactly one person."""
    wanted = [
        (entry.id, line.kind, promoter.id)
        for promoter in story.promoters
        for entry in world.ledger.appended
        for line in entry_lines(entry, AccountKey(PROGRAM_ID, promoter.id, currency))
    ]
    told = [
        (line.entry.id, line.kind, line.account_id)
        for promoter in story.promoters
        for statement in stated(world, promoter.id, [T0 - days(40), END], currency)
        for line in statement.lines
        if line.entry
    ]
    assert sorted(told) == sorted(wanted)
