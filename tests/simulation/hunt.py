"""Finds the seeds that show what each mutant lacks: `python -m tests.simulation.hunt [part of a name]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.universe import universe

MOST_SEEDS = 10_000
"""Worlds in which a mutant may hide; most are found in the first few hundred."""


@dataclass(frozen=True, slots=True)
class Find:
    """The first seed at which a mutant was found (None: it survived), and the invariant that it breaks."""

    name: str
    seed: int | None
    violation: str = ""


def hunted(mutant: Mutant, most: int = MOST_SEEDS) -> Find:
    """Return where a mutant was found."""
    with universe(mutant.edits) as load:
        outcome_of = load("tests.simulation.run").outcome_of
        kinds = getattr(load("tests.simulation.weak"), mutant.kinds)()
        for seed in range(most):
            found = outcome_of(seed, kinds, None, mutant.front).violations
            if found:
                return Find(mutant.name, seed, str(found[0]))
    return Find(mutant.name, None)


def described(find: Find) -> str:
    """Return a find as a line."""
    where = "SURVIVED" if find.seed is None else f"seed {find.seed:>4}"
    return f"{find.name:32} {where:>10}  {find.violation[:110]}"


def main(names: Sequence[str]) -> int:
    """Hunt mutants on two cores; the status says whether one survived."""
    chosen = [mutant for mutant in MUTANTS if not names or any(name in mutant.name for name in names)]
    survived = 0
    with ProcessPoolExecutor(2) as pool:
        for find in pool.map(hunted, chosen):
            print(described(find), flush=True)
            survived += find.seed is None
    print(f"{len(chosen)} mutants, {survived} survived")
    return min(survived, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
