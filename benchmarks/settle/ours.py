"""Our settlement on the memory adapters: the schedule's start, the list, every page, the close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from benchmarks.engine.measuring import Work
from benchmarks.settle.accounts import (
    CURRENCY,
    MINIMUM_MINOR,
    NOW,
    OPENED_AT,
    PROGRAM_ID,
    all_commissions,
    promoter_id,
)
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.outside import MemorySettlementQueue
from grapevine.adapters.memory.rails import MemoryPayees
from grapevine.adapters.memory.settlements import MemorySettlements
from grapevine.adapters.memory.state import MemoryPages, MemoryTreasury
from grapevine.domain.errors import NotFoundError
from grapevine.domain.pages import Page, PageKey
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program
from grapevine.domain.settlements import Settlement
from grapevine.domain.transfers import RailName
from grapevine.ports import Rail
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements

T = TypeVar("T")
Each = Callable[[Callable[[], object]], object]
"""How a message is handled; whoever measures wraps each."""


def program() -> Program:
    """Return the program that settles."""
    return Program(
        id=PROGRAM_ID,
        merchant_id="mc_bench",
        name="Bench",
        currency=CURRENCY,
        time_zone="UTC",
        allowed_hosts=("shop.example",),
        created_at=OPENED_AT,
        payouts=PayoutTerms(minimum_payout_minor=MINIMUM_MINOR),
    )


def promoter(number: int) -> Promoter:
    """Return one of its promoters."""
    name = promoter_id(number)
    return Promoter(id=name, program_id=PROGRAM_ID, name=name, sponsor_id=None, joined_at=OPENED_AT)


def commission_pages(numbers: range) -> Iterator[Page]:
    """Yield what commissions have folded into: a page per promoter and day."""
    for name, part, day, minor in all_commissions(numbers):
        key = PageKey(f"{PROGRAM_ID}/{name}/{CURRENCY}", day, 0)
        yield Page(key, {"payable": minor}, frozenset({f"sf/{name}-{part}/1"}))


class NoRails:
    """A program that pays from a file: no rail limits anybody."""

    def rail(self, program_id: str, name: RailName) -> Rail:
        """Return none, ever."""
        raise NotFoundError("rail", f"{program_id}/{name}")


@dataclass(slots=True)
class Shop:
    """A program with its promoters' money, in memory."""

    numbers: range
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    pages: MemoryPages = field(default_factory=MemoryPages)
    settlements: MemorySettlements = field(default_factory=MemorySettlements)
    queue: MemorySettlementQueue = field(default_factory=MemorySettlementQueue)
    payees: MemoryPayees = field(default_factory=MemoryPayees)
    treasury: MemoryTreasury = field(init=False)

    def __post_init__(self) -> None:
        """Fill the accounts."""
        self.treasury = MemoryTreasury(self.ledger, self.pages)
        self.catalog.add_program(program(), Plan(version=1, effective_at=OPENED_AT, rate_bps=(1000,)))
        for number in self.numbers:
            self.catalog.add_promoter(promoter(number))
        self.pages.fold(tuple(commission_pages(self.numbers)))

    def settle(self, each: Each = lambda handle: handle()) -> Settlement:
        """Run the settlement to its end, message by message, and return the run."""
        closing = ClosePorts(self.settlements, self.queue)
        listing = ListPorts(self.catalog, self.settlements, self.queue, closing)
        settling = SettlePorts(self.catalog, self.treasury, self.settlements, closing, self.payees, NoRails())
        starting = StartSettlementsPorts(self.catalog, self.settlements, self.queue)
        each(partial(start_settlements, starting, NOW))
        while self.queue.lists or self.queue.pages:
            while self.queue.lists:
                each(partial(list_promoters, self.queue.lists.pop(0), listing, NOW))
            while self.queue.pages:
                each(partial(settle_page, SettlePage(self.queue.pages.pop(0)), settling, NOW))
        (run,) = self.settlements.runs_of(PROGRAM_ID, 1)
        return run

    def paid(self) -> dict[str, int]:
        """Return who is paid how much."""
        return {payout.key.promoter_id: payout.amount_minor for payout in self.treasury.stored.values()}


class Ours:
    """The contender; each turn settles a new shop."""

    size = 2_000

    def __init__(self) -> None:
        self._next = 1

    def turn(self) -> Iterator[Work]:
        """Yield a settlement; filling the accounts does not count."""
        numbers = range(self._next, self._next + self.size)
        self._next = numbers.stop
        yield Shop(numbers).settle

    def paid(self, numbers: range) -> dict[str, int]:
        """Return who is paid how much, settled twice."""
        shop = Shop(numbers)
        shop.settle()
        shop.settle()
        return shop.paid()
