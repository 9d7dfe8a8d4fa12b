"""Clicks and facts in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

from grapevine.domain.clicks import MAX_INTEREST, Click, Interest, InterestKind
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import visitor_of


class MemoryClicks:
    """Clicks by id, and the ids by visitor."""

    def __init__(self) -> None:
        self.stored: dict[str, Click] = {}
        self._ids: dict[str | None, dict[str, None]] = {}
        self._interests: dict[tuple[str, InterestKind], set[str]] = {}

    def record(self, click: Click) -> None:
        self.stored.setdefault(click.id, click)
        self._ids.setdefault(visitor_of(click.id), {})[click.id] = None

    def click(self, click_id: str) -> Click | None:
        return self.stored.get(click_id)

    def note_interest(self, click_id: str, kind: InterestKind, product_id: str) -> bool:
        click = self.stored.get(click_id)
        noted = self._interests.get((click_id, kind), set())
        if not (click and click.user_agent) or (product_id not in noted and len(noted) >= MAX_INTEREST):
            return False
        self._interests[click_id, kind] = noted | {product_id}
        return True

    def interest(self, click_id: str) -> Interest:
        viewed, carted = (self._interests.get((click_id, kind), ()) for kind in InterestKind)
        return Interest(frozenset(viewed), frozenset(carted))

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        found = sorted(self._ids.get(visitor_id, ()))[-limit:]
        return tuple(self.stored[click_id] for click_id in found if click_id in self.stored)

    def forget_visitor(self, visitor_id: str) -> int:
        found = [
            self.stored[click_id] for click_id in self._ids.get(visitor_id, ()) if click_id in self.stored
        ]
        told = [click for click in found if click.user_agent]
        self.stored.update({click.id: replace(click, user_agent="") for click in told})
        for click in told:
            for kind in InterestKind:
                self._interests.pop((click.id, kind), None)
        return len(told)


class MemoryFacts:
    """Facts by order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._facts: dict[OrderKey, dict[str, Fact]] = {}

    def append(self, fact: Fact) -> bool:
        with self._lock:
            facts = self._facts.setdefault(fact.order, {})
            is_new = fact.digest not in facts
            facts.setdefault(fact.digest, fact)
            return is_new

    def scan(self, program_id: str) -> Iterator[Fact]:
        with self._lock:
            facts = [fact for told in self._facts.values() for fact in told.values()]
        yield from (fact for fact in facts if fact.program_id == program_id)

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        with self._lock:
            facts = self._facts.get(order, {}).values()
            return tuple(sorted(facts, key=lambda fact: (fact.version, fact.digest)))
