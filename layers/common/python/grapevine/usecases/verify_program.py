"""Prove a program's books from its entries alone, and that no facts were left without an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from grapevine.domain.entries import AccountKey, BonusKey, Entry, EntryKey
from grapevine.domain.facts import OrderKey
from grapevine.domain.verification import Books, Fault, totals, verify
from grapevine.ports import EntryScan, FactScan, StateScan
from grapevine.usecases.find_unposted import Span, Suspects, find_unposted
from grapevine.usecases.find_wrong_bounties import find_wrong_bounties
from grapevine.usecases.post_order import PostOrderPorts

T = TypeVar("T")
SETTLED = timedelta(hours=1)
"""What is younger than this may still be on its way, while orders arrive."""

Progress = Callable[[str, int, int | None], None]
"""Is told what is being read or tried, how many so far, and of how many where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The outcome: no faults is the proof; the rest says how much was looked at.

    `totals` has the sum per account kind and currency, in minor units; each currency's add to zero.
    """

    program_id: str
    faults: tuple[Fault, ...]
    entries: int
    orders: int
    accounts: int
    pages: int
    payouts: int
    totals: dict[tuple[str, str], int]
    facts: int = 0
    bonuses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProof:
    """What it takes to prove that every order was posted: all facts, what posting reads, and now.

    Facts recorded until `since` were proven before. `settled` is how long things may be on their
    way; nothing, where nobody orders meanwhile.
    """

    facts: FactScan
    orders: PostOrderPorts
    now: datetime
    since: datetime | None = None
    settled: timedelta = SETTLED

    @property
    def span(self) -> Span:
        """Which facts are looked at."""
        until, overdue = self.now - self.settled, self.now - 2 * self.settled
        return Span(since=self.since, until=until, overdue=overdue, now=self.now)


def silent(stage: str, done: int, total: int | None) -> None:
    """Tell nobody how far a proof has come."""


def verify_program(
    program_id: str,
    ledger: EntryScan,
    state: StateScan,
    orders: OrderProof | None = None,
    progress: Progress = silent,
) -> Proof:
    """Read a program's ledger and everything derived from it, and compare.

    Without `orders` only true while nothing is in flight: an entry that is not folded yet is a
    fault here. With them every order is proven to be posted too, and what is younger than
    `settled` is left for the next proof.
    """
    # What is derived first, entries after it: whatever was derived has its entry then.
    books = Books(
        pages={page.key: page for page in counted(state.all_pages(program_id), "pages", progress)},
        heads={head.key: head for head in counted(state.all_heads(program_id), "heads", progress)},
        payouts={po.id: po for po in counted(state.all_payouts(program_id), "payouts", progress)},
        counters=dict(state.all_counters(program_id)),
        moving_since=orders.span.until if orders else None,
    )
    chains: dict[EntryKey, list[Entry]] = {}
    for entry in counted(ledger.scan(program_id), "entries", progress):
        chains.setdefault(entry.key, []).append(entry)
    books = replace(
        books,
        orders={key: chain for key, chain in chains.items() if isinstance(key, OrderKey)},
        accounts={key: chain for key, chain in chains.items() if isinstance(key, AccountKey)},
        bonuses={key: chain for key, chain in chains.items() if isinstance(key, BonusKey)},
    )
    seen, unposted = _unposted(program_id, books, orders, progress) if orders else (0, ())
    bounties = tuple(find_wrong_bounties(program_id, books, orders.orders, orders.span)) if orders else ()
    return _proof(program_id, books, (*unposted, *bounties), seen)


def _unposted(
    program_id: str, books: Books, orders: OrderProof, progress: Progress
) -> tuple[int, tuple[Fault, ...]]:
    """Return how many facts there are, and the faults of orders that should have been posted."""
    plans = orders.orders.catalog.terms(program_id).plans
    untouched = any(plan.product_bound or plan.needs_history for plan in plans)
    suspects, seen = Suspects(books.orders, orders.span, untouched=untouched), 0
    for fact in counted(orders.facts.scan(program_id), "facts", progress):
        suspects.look_at(fact)
        seen += 1
    found = suspects.found()
    watched = counted(found, "orders", progress, len(found))
    return seen, tuple(find_unposted(watched, orders.orders, orders.span))


def counted(items: Iterable[T], stage: str, progress: Progress, total: int | None = None) -> Iterator[T]:
    """Yield items and tell how many have gone by."""
    done = 0
    progress(stage, done, total)
    for done, item in enumerate(items, start=1):
        yield item
        progress(stage, done, total)


def _proof(program_id: str, books: Books, unposted: tuple[Fault, ...], facts: int) -> Proof:
    chains = (*books.orders.values(), *books.accounts.values(), *books.bonuses.values())
    return Proof(
        program_id=program_id,
        faults=(*verify(books), *unposted),
        entries=sum(len(chain) for chain in chains),
        orders=len(books.orders),
        accounts=len(books.accounts),
        pages=len(books.pages),
        payouts=len(books.payouts),
        totals=totals(books),
        facts=facts,
        bonuses=len(books.bonuses),
    )
