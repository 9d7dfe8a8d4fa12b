"""Whatever order one order's facts arrive in, and however often, the books end the same."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import standing
from grapevine.domain.facts import Fact, FactKind, Outcome, Payment
from tests import builders as make
from tests.builders import T0, days, minutes
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
END = T0 + days(60)
"""Beyond the hold and the screening deadline."""


def play(steps: tuple[Fact | datetime, ...]) -> World:
    """Post after every step; an instant among the facts is time passing."""
    world, now = chain_world(), T0 + minutes(2)
    for step in steps:
        if isinstance(step, datetime):
            now = max(now, step)
        else:
            world.append(step)
        world.post(now)
        world.fold()
    world.post(END)
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


def check(story: tuple[Fact, ...], steps: tuple[Fact | datetime, ...]) -> None:
    expected = ends_as(play(story))
    world = play(steps)
    assert ends_as(world) == expected
    assert world.proof().faults == ()


@given(arrivals((*STORY, make.verdict(Outcome.ALLOW))))
@settings(max_examples=300, deadline=None)
def test_an_allowed_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, make.verdict(Outcome.ALLOW)), steps)


@given(arrivals((*STORY, make.verdict(Outcome.BLOCK))))
@settings(max_examples=300, deadline=None)
def test_a_blocked_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, make.verdict(Outcome.BLOCK)), steps)


@given(arrivals((*STORY, CANCELLED, make.verdict(Outcome.ALLOW))))
@settings(max_examples=300, deadline=None)
def test_a_cancelled_order_ends_the_same(steps: tuple[Fact | datetime, ...]) -> None:
    check((*STORY, CANCELLED, make.verdict(Outcome.ALLOW)), steps)


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
