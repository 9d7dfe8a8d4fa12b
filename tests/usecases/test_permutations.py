"""Whatever order one order's facts arrive in, and however often, the books end the same."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.campaigns import Campaign, Clock, Pays, Stacking
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.entries import standing
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import Fact, FactKind, Outcome, Payment, Ruling
from grapevine.domain.plans import Plan
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.strategies import PATIENT
from tests.usecases.boosting import day_of
from tests.worlds import World, chain_world

FIRST = make.refund("r1", ("a", 2_345))
SECOND = make.refund("r2", ("a", 1_111), ("b", 3_333))

STORY: tuple[Fact, ...] = (
    make.fact(FactKind.PLACED, minutes(0), snapshot=make.snapshot(payment=Payment.PENDING)),
    make.fact(FactKind.PAID, minutes(1)),
    make.fact(
        FactKind.EDITED,
        minutes(20),
        snapshot=make.snapshot(lines=(make.line("a", 9_000), make.line("b", 3_333))),
    ),
    make.fact(FactKind.REFUNDED, minutes(60), refunds=(FIRST,)),
    make.fact(FactKind.REFUNDED, minutes(90), refunds=(SECOND,)),
    make.fact(
        FactKind.EDITED,
        minutes(90),
        snapshot=make.snapshot(
            lines=(make.line("a", 9_000), make.line("b", 3_333)), payment=Payment.PARTIALLY_REFUNDED
        ),
        refunds=(FIRST, SECOND),
    ),
)
CANCELLED = make.fact(
    FactKind.CANCELLED,
    minutes(120),
    snapshot=make.snapshot(
        lines=(make.line("a", 9_000), make.line("b", 3_333)), cancelled_at=T0 + minutes(120)
    ),
)
LINES = (make.line("a", 9_000), make.line("b", 3_333))
TEST = make.fact(FactKind.EDITED, minutes(100), snapshot=make.snapshot(lines=LINES, test=True))
OTHER_CLICK = make.fact(
    FactKind.EDITED, days(2), snapshot=make.snapshot(lines=LINES, click_id="8" * 22 + "-" + "8" * 20)
)
END = T0 + days(60)
"""Beyond the hold and the screening deadline."""


ON_TIME, LATE = make.click(), make.click(recorded_at=T0 + minutes(30))
"""The click that the order names, and the same one recorded late, within the grace period."""


def play(
    steps: tuple[Fact | datetime, ...],
    click: Click = ON_TIME,
    *plans: Plan,
    campaigns: Sequence[Campaign] = (),
) -> World:
    """Post after every step; an instant among the facts is time passing."""
    world, now = chain_world(*plans), T0 + minutes(2)
    for number, campaign in enumerate(campaigns, start=1):
        world.catalog.add_campaign(make.PROGRAM_ID, campaign, number)
    world.clicks.stored.clear()
    for step in (*steps, END):
        if isinstance(step, datetime):
            now = max(now, step)
        else:
            world.append(step)
        if click.recorded_at <= now:
            world.clicks.record(click)
        with suppress(OrderUnprocessableError):
            world.post(now)
        world.fold()
    return world


def ends_as(world: World) -> dict[tuple[str, str], int]:
    return {(str(a), c): minor for (a, c), minor in standing(world.ledger.entries_of(make.ORDER)).items()}


@st.composite
def arrivals(draw: st.DrawFn, story: tuple[Fact, ...]) -> tuple[Fact | datetime, ...]:
    """Any permutation of the story with repeats, and time passing anywhere up to the end of the hold."""
    repeats = draw(st.lists(st.sampled_from(story), max_size=4))
    instants = draw(st.lists(st.integers(0, 32), max_size=3))
    return tuple(draw(st.permutations([*story, *repeats, *(T0 + days(number) for number in instants)])))


def check(
    story: tuple[Fact, ...], steps: tuple[Fact | datetime, ...], click: Click = ON_TIME, *plans: Plan
) -> None:
    expected = ends_as(play(story, ON_TIME, *plans))
    world = play(steps, click, *plans)
    assert ends_as(world) == expected
    assert world.proof().faults == ()


@given(arrivals((*STORY, make.verdict(Outcome.ALLOW))))
@settings(PATIENT, max_examples=80)
def test_an_allowed_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, make.verdict(Outcome.ALLOW)), steps)


@given(arrivals((*STORY, make.verdict(Outcome.BLOCK))))
@settings(PATIENT, max_examples=80)
def test_a_blocked_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, make.verdict(Outcome.BLOCK)), steps)


@given(arrivals((*STORY, CANCELLED, make.verdict(Outcome.ALLOW))))
@settings(PATIENT, max_examples=80)
def test_a_cancelled_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, CANCELLED, make.verdict(Outcome.ALLOW)), steps)


@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.BLOCK])
@given(data=st.data())
@settings(PATIENT, max_examples=40)
def test_edge_23_a_click_recorded_late_ends_as_one_recorded_on_time(
    outcome: Outcome, data: st.DataObject
) -> None:
    story = (*STORY, make.verdict(outcome))
    check(story, data.draw(arrivals(story)), LATE)


SCARCE = make.plan(
    1000,
    300,
    100,
    caps=(
        Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=500),
        Cap(id="month", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=1_300),
        Cap(id="order", per=CapPer.ORDER, amount_minor=700),
    ),
    recruit_bonus_minor=500,
)
"""What is left does not change while one order's facts come, so neither may where they lead."""


BUDGETED = (
    day_of("cm_1", multiplier_bps=15_000, bonus=77, budget=555),
    day_of("cm_2", multiplier_bps=20_000, stacking=Stacking.MULTIPLY, order_cap=800, promoter_cap=700),
    day_of("cm_3", pays=Pays.POINTS, add_points_per_unit=2, bonus=5, budget=200),
    day_of("cm_4", pays=Pays.POINTS, multiplier_bps=25_000, stacking=Stacking.MAX, clock=Clock.PLACED),
)
"""In money and in points, with budgets that do not last for all of it."""
POINTED = replace(SCARCE, points_per_unit=1, caps=SCARCE.caps[1:2], pool_cap_bps=6_000)


@pytest.mark.parametrize("more", [(), (CANCELLED,), (make.verdict(Outcome.BLOCK),)])
@given(data=st.data())
@settings(PATIENT, max_examples=60)
def test_an_order_with_campaigns_and_points_ends_the_same(
    more: tuple[Fact, ...], data: st.DataObject
) -> None:
    story = (*STORY, *(more or (make.verdict(Outcome.ALLOW),)))
    world = play(data.draw(arrivals(story)), ON_TIME, POINTED, campaigns=BUDGETED)
    assert ends_as(world) == ends_as(play(story, ON_TIME, POINTED, campaigns=BUDGETED))
    assert world.proof().faults == ()


@pytest.mark.parametrize("more", [(), (CANCELLED,)])
@given(data=st.data())
@settings(PATIENT, max_examples=60)
def test_an_order_that_is_capped_and_recruits_ends_the_same(
    more: tuple[Fact, ...], data: st.DataObject
) -> None:
    story = (*STORY, *more, make.verdict(Outcome.ALLOW))
    check(story, data.draw(arrivals(story)), ON_TIME, SCARCE)


FESTIVE = (
    day_of("cm_1", multiplier_bps=15_000, add_bps=100),
    day_of("cm_2", multiplier_bps=20_000, stacking=Stacking.MULTIPLY, order_cap=2_000),
    day_of("cm_3", pays=Pays.POINTS, add_points_per_unit=3, bonus=10, clock=Clock.PLACED),
    day_of("cm_4", add_bps=500, budget=600, promoter_cap=5_000),
)
"""In every stacking but alone; the last has too little for the whole order, and nobody else wants it."""


@pytest.mark.parametrize("more", [(), (CANCELLED,)])
@given(data=st.data())
@settings(PATIENT, max_examples=40)
def test_an_order_with_campaigns_ends_the_same(more: tuple[Fact, ...], data: st.DataObject) -> None:
    story = (*STORY, *more, make.verdict(Outcome.ALLOW))
    steps = data.draw(arrivals(story))
    plan = make.plan(1000, 300, pool_cap_bps=10_000, points_per_unit=2)
    one, other = (play(each, ON_TIME, plan, campaigns=FESTIVE) for each in (story, steps))
    assert ends_as(one) == ends_as(other)
    assert other.proof().faults == ()


def test_what_the_capped_story_comes_to() -> None:
    world = play((*STORY, make.verdict(Outcome.ALLOW)), ON_TIME, SCARCE)
    allowed = ends_as(world)
    assert allowed[(f"program/{make.PROGRAM_ID}/promoter/{make.CY}/payable", "USD")] == 500
    # Of the order's cap 554 are Cy's, of which the day leaves 500; 146 are left for Bo, and the bonus.
    assert allowed[(f"program/{make.PROGRAM_ID}/promoter/{make.BO}/payable", "USD")] == 146 + 500
    assert (f"program/{make.PROGRAM_ID}/promoter/{make.ANA}/payable", "USD") not in allowed


@given(arrivals((*STORY, TEST, make.verdict(Outcome.ALLOW))))
@settings(PATIENT, max_examples=40)
def test_edge_91_an_order_that_is_a_test_ends_with_nothing(steps: tuple[Fact | datetime, ...]) -> None:
    assert ends_as(play(steps)) == {}


@given(arrivals((*STORY, OTHER_CLICK, make.verdict(Outcome.ALLOW))))
@settings(PATIENT, max_examples=40)
def test_edge_23_a_body_that_names_another_click_after_the_grace_moves_nobodys_money(
    steps: tuple[Fact | datetime, ...],
) -> None:
    """The named click is nobody's, so whoever followed it would take the commission back."""
    assert ends_as(play(steps)) == ends_as(play((*STORY, make.verdict(Outcome.ALLOW))))


def ruled(fact: Fact, *, accepted: bool) -> tuple[Fact, ...]:
    """Return the story with one of its facts quarantined and ruled on."""
    ruling = Ruling(fact=fact.digest, accepted=accepted, by="Mei", why="asked the shop")
    kind = FactKind.ACCEPTED if accepted else FactKind.REJECTED
    said = make.fact(kind, minutes(95), snapshot=None, ruling=ruling)
    doubted = tuple(replace(other, problem="odd") if other is fact else other for other in STORY)
    return (*doubted, said, make.verdict(Outcome.ALLOW))


@pytest.mark.parametrize("number", range(len(STORY)))
@given(data=st.data())
@settings(PATIENT, max_examples=25)
def test_edge_17_an_accepted_fact_ends_as_one_that_nobody_doubted(number: int, data: st.DataObject) -> None:
    steps = data.draw(arrivals(ruled(STORY[number], accepted=True)))
    assert ends_as(play(steps)) == ends_as(play((*STORY, make.verdict(Outcome.ALLOW))))


@pytest.mark.parametrize("number", range(len(STORY)))
@given(data=st.data())
@settings(PATIENT, max_examples=25)
def test_edge_17_a_rejected_fact_ends_as_one_that_never_came(number: int, data: st.DataObject) -> None:
    steps = data.draw(arrivals(ruled(STORY[number], accepted=False)))
    without = tuple(fact for fact in STORY if fact is not STORY[number])
    assert ends_as(play(steps)) == ends_as(play((*without, make.verdict(Outcome.ALLOW))))


def test_what_the_story_comes_to() -> None:
    """The permutations agree on the right numbers, worked out by hand.

    Lines 90.00 and 33.33 less refunds 34.56 and 33.33 at 10 %, 3 % and 1 %. Level one:
    12.33 is split 9.00 + 3.33; of line a 9.00 × 34.56 / 90.00 = 3.46 goes back, of b all.
    """
    allowed = ends_as(play((*STORY, make.verdict(Outcome.ALLOW))))
    assert allowed[(f"program/{make.PROGRAM_ID}/promoter/{make.CY}/payable", "USD")] == 554
    assert allowed[(f"program/{make.PROGRAM_ID}/promoter/{make.BO}/payable", "USD")] == 270 - 104
    assert allowed[(f"program/{make.PROGRAM_ID}/promoter/{make.ANA}/payable", "USD")] == 90 - 35
    assert sum(allowed.values()) == 0
    blocked = ends_as(play((*STORY, make.verdict(Outcome.BLOCK))))
    assert blocked[(f"program/{make.PROGRAM_ID}/promoter/{make.CY}/blocked", "USD")] == 554
    assert ends_as(play((*STORY, CANCELLED))) == {}
