"""A sample of the worlds that `make simulate` plays, and that playing them is worth something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from grapevine.domain.entries import EntryReason
from tests.simulation.run import MOST_STRIKES, outcome_of
from tests.simulation.storm import Strike

WORLDS = 2500
ROUND = 100


@dataclass
class Sample:
    """What the worlds of the sample came to."""

    violations: dict[int, list[str]] = field(default_factory=dict)
    reasons: set[str] = field(default_factory=set)
    strikes: set[str] = field(default_factory=set)
    most_struck: int = 0

    def play(self, seed: int) -> None:
        outcome = outcome_of(seed)
        if outcome.violations:
            self.violations[seed] = [str(violation) for violation in outcome.violations]
        if outcome.town:
            self.reasons |= {entry.reason.value for entry in outcome.town.stores.ledger.appended}
        self.strikes |= set(outcome.strikes)
        self.most_struck = max(self.most_struck, len(outcome.strikes))


@pytest.fixture(scope="module")
def sample() -> Sample:
    found = Sample()
    for seed in range(WORLDS):
        found.play(seed)
    return found


def test_no_world_violates_an_invariant(sample: Sample) -> None:
    """A seed named here is played again with `python -m tests.simulation --seed N`."""
    assert sample.violations == {}


NOT_PLAYED = {
    EntryReason.VOIDED,
    EntryReason.MERGED,
    EntryReason.WRITTEN_OFF,
    EntryReason.TIERED,
    EntryReason.OPENED,
}
"""In these worlds nobody is banned, leaves, or has two accounts (`test_reference.py` draws such people), and
nobody comes with a balance from elsewhere.

What a month's sales are when it closes depends on what was folded by then, so a disturbed town and the
undisturbed one that it is compared with may rightly record two volumes. `test_tiers` has months.
"""


def test_everything_that_can_happen_happens(sample: Sample) -> None:
    assert sample.reasons == {reason.value for reason in EntryReason if reason not in NOT_PLAYED}
    assert sample.most_struck == MOST_STRIKES


@pytest.mark.parametrize("strike", Strike, ids=lambda strike: strike.name.lower())
def test_it_strikes_before_and_after_the_calls_that_matter(sample: Sample, strike: Strike) -> None:
    assert set(expected_strikes(strike)) - sample.strikes == set()


def expected_strikes(strike: Strike) -> Iterator[str]:
    calls = (
        "ledger.entries_of",
        "ledger.append",
        "facts.facts_of",
        "treasury.account",
        "treasury.move",
        "points.account",
        "points.step",
        "pages.fold",
    )
    for call in calls:
        yield f"{strike.name.lower()} before {call}"
        yield f"{strike.name.lower()} after {call}"


def test_a_seed_is_the_same_world_every_time() -> None:
    for seed in range(ROUND):
        one, other = outcome_of(seed), outcome_of(seed)
        assert one.strikes == other.strikes
        assert one.town is not None
        assert other.town is not None
        assert one.town.stores.ledger.appended == other.town.stores.ledger.appended


def test_fewer_strikes_are_the_first_of_them() -> None:
    for seed in range(ROUND):
        all_of_them = outcome_of(seed).strikes
        assert outcome_of(seed, most=3).strikes == all_of_them[:3]
        assert outcome_of(seed, most=0).strikes == ()
