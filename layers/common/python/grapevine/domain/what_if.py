"""What a draft would have changed: what stands for a period's orders beside what would have stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from grapevine.domain.accounts import PROGRAM, Account, Leaf
from grapevine.domain.campaigns import CAMPAIGN_PREFIX

Amounts = Mapping[tuple[Account, str], int]


class By(StrEnum):
    """What differences are added up by."""

    TOTAL = "total"
    """Everything that promoters have; its name is empty."""
    PROMOTER = "promoter"
    DAY = "day"
    """The day on which orders were paid, on the program's calendar; what promoters have of them."""
    STATE = "state"
    """Where promoters' money is: held, payable or blocked."""
    HOUSE = "house"
    """What the program has itself at vacant levels; its name is empty."""
    BUDGET = "budget"
    """What each campaign has paid, a positive number."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was posted and what would have been, in minor units."""

    name: str
    currency: str
    posted: int
    drafted: int

    @property
    def minor(self) -> int:
        """What the draft adds, below zero where it takes away."""
        return self.drafted - self.posted


Sums = dict[tuple[By, str, str], tuple[int, int]]


@dataclass(slots=True)
class Tally:
    """Sums over some orders; those of different orders add up. `waiting` have to wait under the draft."""

    orders: int = 0
    changed: int = 0
    waiting: int = 0
    sums: Sums = field(default_factory=dict)

    def count(self, day: str, posted: Amounts, drafted: Amounts) -> None:
        """Count an order that was paid on a day, by what stands for it in both."""
        self.orders += 1
        self.changed += posted != drafted
        for key in {*posted, *drafted}:
            self._add(*key, day, (posted.get(key, 0), drafted.get(key, 0)))

    def merge(self, other: Tally) -> None:
        """Add what others counted."""
        self.orders += other.orders
        self.changed += other.changed
        self.waiting += other.waiting
        for (by, name, currency), both in other.sums.items():
            self._put(by, name, currency, both)

    def _add(self, account: Account, currency: str, day: str, both: tuple[int, int]) -> None:
        if account.is_promoters:
            self._put(By.TOTAL, "", currency, both)
            self._put(By.PROMOTER, account.owner, currency, both)
            self._put(By.DAY, day, currency, both)
            self._put(By.STATE, account.leaf.value, currency, both)
        elif account.owner.startswith(CAMPAIGN_PREFIX):
            self._put(By.BUDGET, account.owner, currency, (-both[0], -both[1]))
        elif account.owner == PROGRAM and account.leaf is Leaf.HOUSE:
            self._put(By.HOUSE, "", currency, both)

    def _put(self, by: By, name: str, currency: str, both: tuple[int, int]) -> None:
        posted, drafted = self.sums.get((by, name, currency), (0, 0))
        self.sums[by, name, currency] = posted + both[0], drafted + both[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfReport:
    """The outcome for the orders paid from `starts_at` until before `ends_at`, as of `until`.

    `changed` orders stand otherwise, `waiting` ones could not be posted under the draft before a
    person looks. Promoters come with the largest difference first, days in their order.
    """

    program_id: str
    starts_at: datetime
    ends_at: datetime
    until: datetime
    orders: int
    changed: int
    waiting: int
    totals: tuple[Difference, ...]
    promoters: tuple[Difference, ...]
    days: tuple[Difference, ...]
    states: tuple[Difference, ...]
    house: tuple[Difference, ...]
    budgets: tuple[Difference, ...]

    @property
    def winners(self) -> tuple[Difference, ...]:
        """Those who would have more."""
        return tuple(one for one in self.promoters if one.minor > 0)

    @property
    def losers(self) -> tuple[Difference, ...]:
        """Those who would have less."""
        return tuple(one for one in self.promoters if one.minor < 0)


def differences(tally: Tally, by: By) -> tuple[Difference, ...]:
    """Return the sums of one kind by name and currency."""
    found = (Difference(*key[1:], *both) for key, both in tally.sums.items() if key[0] is by)
    return tuple(sorted(found, key=lambda one: (one.name, one.currency)))


def by_size(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Return differences with the largest first, whether more or less; those of one size by name."""
    return tuple(sorted(found, key=lambda one: (-abs(one.minor), one.name, one.currency)))
