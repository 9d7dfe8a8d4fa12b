"""One seed, from its script to what is wrong afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.drawing import script_of
from tests.simulation.invariants import Violation, audit, violations
from tests.simulation.play import EndlessError, played
from tests.simulation.scripts import Script
from tests.simulation.stores import Kinds
from tests.simulation.storm import BUDGETS, OVER_POINTS, calm, storm_of
from tests.simulation.town import Town

MOST_STRIKES = max(BUDGETS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to: its violations, and the town where there is one to look at."""

    script: Script
    violations: tuple[Violation, ...]
    town: Town | None = None
    strikes: tuple[str, ...] = ()


def outcome_of(
    seed: int, kinds: Kinds | None = None, most: int | None = None, front: frozenset[str] = frozenset()
) -> Outcome:
    """Return what a seed comes to, with at most that many strikes, in a storm over some stores or any."""
    script, kinds = script_of(seed), kinds or Kinds()
    if script.points and seed % 2:
        front = front or OVER_POINTS
    storm = storm_of(seed, most, front)
    found: list[Violation] = []
    try:
        undisturbed = played(script, calm(), kinds, lambda _: None)
        town = played(script, storm, kinds, lambda town: found.extend(audit(town)))
        found += violations(town, undisturbed)
    except EndlessError as error:
        return Outcome(script, (*found, Violation("work ends", str(error))), strikes=tuple(storm.notes))
    except Exception as error:  # noqa: BLE001 - a world that breaks is a violation like any other
        return Outcome(script, (*found, Violation("nothing breaks", repr(error))), strikes=tuple(storm.notes))
    return Outcome(script, tuple(found), town, tuple(storm.notes))


def fewest_strikes(seed: int) -> int:
    """Return after how many strikes a seed's world is wrong: the first ones are always the same."""
    return next(most for most in range(MOST_STRIKES + 1) if outcome_of(seed, most=most).violations)
