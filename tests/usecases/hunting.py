"""Promoters after bounties: a shop whose program has some, in weeks of November in Shanghai."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.accounts import Leaf
from grapevine.domain.bounties import Bounty
from grapevine.domain.bounty_posting import earned
from grapevine.domain.entries import BonusKey, BonusKind, Entry
from grapevine.domain.facts import FactKind, Outcome
from grapevine.domain.plans import Plan
from grapevine.usecases.post_bounty import post_bounty
from tests import builders as make
from tests.builders import CY, minutes
from tests.usecases.selling import Selling, key, local

WEEK = "bt_week:2026-W46"
"""From Monday 9 to Sunday 15 November."""
WEEK_ENDS = local(11, 16, 0)
HELD_UNTIL = local(12, 16, 0)
"""Thirty days after the week."""


def bounty(**changes: object) -> Bounty:
    """Return "2 orders this week: 50.00", for a year."""
    year = {"starts_at": local(1, 1, 0), "ends_at": local(12, 31, 0)}
    return make.bounty(**{"bounty_id": "bt_week", "name": "Two a week", "target": 2, **year, **changes})  # type: ignore[arg-type]


class Hunting(Selling):
    """A shop with bounties, whose streams are never behind."""

    def __init__(self, *bounties: Bounty, plan: Plan | None = None, **changes: object) -> None:
        super().__init__(plan or make.plan(1000, tiers=()), **changes)
        for number, one in enumerate(bounties or (bounty(),), start=1):
            self.world.catalog.add_bounty(make.PROGRAM_ID, one, number)

    def post(self, name: str, now: datetime) -> Entry:
        entry = self.world.post(now, key(name))
        self.world.fold_and_post(now)
        assert entry
        return entry

    def back(self, name: str, at: datetime, minor: int) -> Entry:
        """Let money go back to the customer, and post it a minute later."""
        self.give_back(name, at, minor)
        return self.post(name, at + minutes(1))

    def judge(self, name: str, at: datetime, outcome: Outcome) -> None:
        """Let a verdict be told, and look a minute later what it changes."""
        told = make.fact(
            FactKind.VERDICT,
            order=key(name),
            version=at,
            recorded_at=at,
            verdict=make.verdict(outcome).verdict,
        )
        self.world.append(told)
        self.world.post(at + minutes(1), key(name))
        self.world.fold_and_post(at + minutes(1))

    def sweep(self, now: datetime) -> None:
        self.world.sweep(now)
        self.world.fold_and_post(now)

    def look(self, now: datetime, name: str = WEEK, promoter: str = CY) -> Entry | None:
        posted = post_bounty(bonus(name, promoter), self.world.orders, now)
        self.world.fold()
        return posted

    def chain(self, name: str = WEEK, promoter: str = CY) -> tuple[Entry, ...]:
        return self.world.ledger.entries_of(bonus(name, promoter))

    def stands(self, name: str = WEEK, promoter: str = CY) -> dict[Leaf, int]:
        """Return what stands of a bounty, by where it is."""
        return {account.leaf: minor for (account, _), minor in earned(self.chain(name, promoter)).items()}


def bonus(name: str = WEEK, promoter: str = CY) -> BonusKey:
    return BonusKey(make.PROGRAM_ID, promoter, BonusKind.BOUNTY, name)
