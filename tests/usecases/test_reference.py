"""Random programs and orders, hour by hour: the ledger stands where a second calculator says."""

from __future__ import annotations

from hypothesis import given, settings

from grapevine.domain.explanation import explained
from grapevine.domain.facts import OrderKey
from tests.builders import PROGRAM_ID, T0, days
from tests.reference import Story, stand
from tests.strategies import PATIENT, play, stories, sweeps_of, world_of
from tests.usecases.amounts import standing_of
from tests.worlds import World

END = T0 + days(90)
"""Beyond the last arrival and every hold."""


def check_order(story: Story, world: World, order: OrderKey) -> None:
    """Compare amounts, accounts, and the very sweep that released."""
    entries = world.ledger.entries_of(order)
    expected = stand(story, order, sweeps_of(story, END))
    assert standing_of(entries) == expected.amounts
    released = [entry.recorded_at for entry in entries if entry.released]
    assert released[:1] == ([expected.released_at] if expected.released_at else [])


def check_explanations(world: World, order: OrderKey) -> None:
    entries, facts = world.ledger.entries_of(order), world.facts.facts_of(order)
    terms = world.catalog.terms(PROGRAM_ID)
    for number in range(1, len(entries) + 1):
        assert explained(entries[:number], facts, terms).re_adds, number


def check(story: Story) -> None:
    world = world_of(story)
    play(story, world, sweeps_of(story, END))
    assert all("no body tells" in reason for _, reason in world.failures.sent)
    for order in story.orders:
        check_order(story, world, order)
        check_explanations(world, order)
    assert world.proof().faults == ()


@given(stories())
@settings(PATIENT, max_examples=100)
def test_the_ledger_stands_where_the_reference_does(story: Story) -> None:
    check(story)
