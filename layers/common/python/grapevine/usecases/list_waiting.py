"""The orders that wait, looked at again: what is listed may have stopped waiting since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import fold
from grapevine.domain.quarantine import rulings_of
from grapevine.domain.waits import OVERDUE, Wait, wait_of
from grapevine.ports import FactReader, WaitStore


@dataclass(frozen=True, slots=True)
class Doubt:
    """An order that waits, with the facts that a person has to rule on."""

    wait: Wait
    facts: tuple[Fact, ...]


def list_waiting(program_id: str, waits: WaitStore, facts: FactReader, after: str = "") -> Iterator[Doubt]:
    """Yield a program's orders that wait now, by name, all or those after one.

    Its list may hold some that do not wait any more.
    """
    for listed in waits.waiting(program_id):
        if after and listed.order <= OrderKey.parse(after):
            continue
        told = facts.facts_of(listed.order)
        wait = _still(told)
        if wait:
            yield Doubt(wait, _unruled(told))


def overdue_waits(waits: WaitStore, facts: FactReader, now: datetime) -> tuple[Wait, ...]:
    """Return the orders of all programs that have waited too long, and unlist those that wait no more."""
    found: list[Wait] = []
    for listed in waits.waiting_since(now - OVERDUE):
        wait = _still(facts.facts_of(listed.order))
        if wait is None:
            waits.forget(listed.program_id, listed.order)
        elif wait.since <= now - OVERDUE:
            found.append(wait)
    return tuple(found)


def _still(told: tuple[Fact, ...]) -> Wait | None:
    order = fold(told)
    return wait_of(order, told, may_earn=order.earns)


def _unruled(told: tuple[Fact, ...]) -> tuple[Fact, ...]:
    ruled = {ruling.fact for ruling in rulings_of(told)}
    return tuple(fact for fact in told if fact.problem and fact.digest not in ruled)
