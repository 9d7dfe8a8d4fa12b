"""Folding: in any batches, any order, any number of times, the balances are the same."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.entries import Entry
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from tests.builders import T0, days
from tests.reference import Story
from tests.strategies import play, stories, world_of

FOUR_DAYS = tuple(T0 + timedelta(hours=24 * number) for number in range(40))


@given(stories(), st.data())
@settings(max_examples=30)
def test_a_stream_in_any_order_and_repeated_folds_to_the_same(story: Story, data: st.DataObject) -> None:
    world = world_of(story)
    play(story, world, FOUR_DAYS)
    entries: list[Entry] = list(world.ledger.appended)
    repeats = data.draw(st.lists(st.sampled_from(entries), max_size=5)) if entries else []
    again = MemoryPages()
    new = 0
    for entry in data.draw(st.permutations([*entries, *repeats])):
        new += fold_entries(FoldEntries((entry,)), again)
    assert again.stored == world.pages.stored
    assert new == sum(len(page.marks) for page in again.stored.values())
    assert fold_entries(FoldEntries(tuple(entries)), again) == 0


def test_nothing_to_fold_is_nothing() -> None:
    pages = MemoryPages()
    assert fold_entries(FoldEntries(()), pages) == 0
    assert pages.stored == {}
    assert days(0) == timedelta(0)
