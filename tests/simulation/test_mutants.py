"""Every mutant is found, and the ways to make one do what they say."""

from __future__ import annotations

import sys

import pytest

from grapevine.domain import money
from tests.simulation.hunt import described, hunted
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.run import outcome_of
from tests.simulation.universe import PREFIX, Edit, OutdatedEditError, universe

WORLDS = 100


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_missing_protection_is_found(mutant: Mutant) -> None:
    find = hunted(mutant)
    print(described(find))
    assert find.seed is not None, mutant.lacks


def test_names_are_unique() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)


def test_a_universe_without_edits_is_ours() -> None:
    """What finds mutants is their edit, not that they are loaded apart."""
    unchanged = Mutant(name="unchanged", lacks="nothing")
    assert hunted(unchanged, WORLDS).seed is None
    with universe(()) as load:
        for seed in range(WORLDS // 10):
            assert load("tests.simulation.run").outcome_of(seed).strikes == outcome_of(seed).strikes


def test_an_edit_stays_in_its_universe() -> None:
    edit = Edit("domain/money.py", "MAX_MINOR = 10**15", "MAX_MINOR = 7")
    with universe((edit,)) as load:
        assert load("grapevine.domain.money").MAX_MINOR == 7
        assert load("grapevine.domain.lines").prorate is load("grapevine.domain.money").prorate
    assert money.MAX_MINOR == 10**15
    assert not [name for name in sys.modules if name.startswith(PREFIX)]


def test_an_edit_of_what_is_no_longer_there_is_refused() -> None:
    with (
        pytest.raises(OutdatedEditError, match="0 times"),
        universe((Edit("domain/money.py", "no such text", ""),)),
    ):
        pass
