"""A world with one order, posted step by step."""

from __future__ import annotations

from datetime import timedelta

from grapevine.domain.entries import Entry, EntryReason, standing
from grapevine.domain.facts import Fact, FactKind, Outcome
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, T0, minutes
from tests.worlds import World, chain_world

OTHER_CLICK = "4" * 22 + "-" + "5" * 20
PAID = make.fact(FactKind.PAID, minutes(1))
ALLOW, REVIEW, BLOCK = (make.verdict(outcome) for outcome in (Outcome.ALLOW, Outcome.REVIEW, Outcome.BLOCK))


def body(at: timedelta, **told: object) -> Fact:
    return make.fact(FactKind.EDITED, at, snapshot=make.snapshot(**told))


def stands(world: World) -> dict[str, int]:
    found = standing(world.ledger.entries_of(ORDER))
    return {f"{a.owner}:{a.leaf}": minor for (a, _), minor in found.items() if a.owner != "program"}


def posted(world: World, at: timedelta, *facts: Fact) -> Entry:
    world.append(*facts)
    entry = world.post(T0 + at)
    assert entry
    assert world.post(T0 + at) is None
    return entry


def accrued() -> World:
    world = chain_world()
    assert posted(world, minutes(2), PAID).reason is EntryReason.ACCRUED
    return world


HELD = {f"{CY}:held": 1333, f"{BO}:held": 400, f"{ANA}:held": 133}
