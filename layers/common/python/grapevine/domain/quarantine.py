"""Facts that cannot be right as they are: left out until a person rules, then used or ignored for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grapevine.domain.facts import Fact, Ruling


def as_ruled(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return facts as people left them: accepted whole, rejected gone, others with their problem only.

    A set of rulings says the same in any order: one rejection is enough, whoever accepted.
    """
    if not [fact for fact in facts if fact.problem or fact.ruling]:
        return tuple(facts)
    ruled = {ruling.fact: ruling.accepted for ruling in rulings_of(facts)}
    kept = (fact for fact in facts if ruled.get(fact.digest) is not False)
    return tuple(_usable(fact, is_accepted=fact.digest in ruled) for fact in kept)


def rulings_of(facts: Sequence[Fact]) -> tuple[Ruling, ...]:
    """Return one ruling for each fact that was ruled on: the rejection where there is one."""
    rulings = [fact.ruling for fact in facts if fact.ruling]
    rulings.sort(key=lambda r: (r.fact, not r.accepted, r.by, r.why))
    return tuple({ruling.fact: ruling for ruling in rulings}.values())


def _usable(fact: Fact, *, is_accepted: bool) -> Fact:
    if fact.problem is None:
        return fact
    return replace(fact, problem=None) if is_accepted else replace(fact, snapshot=None, refunds=())
