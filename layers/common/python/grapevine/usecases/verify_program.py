"""Prove a program's books from its entries alone."""

from __future__ import annotations

from dataclasses import dataclass

from grapevine.domain.entries import AccountKey, Entry, EntryKey
from grapevine.domain.facts import OrderKey
from grapevine.domain.verification import Books, Fault, totals, verify
from grapevine.ports import EntryScan, StateScan


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


def verify_program(program_id: str, ledger: EntryScan, state: StateScan) -> Proof:
    """Read a program's ledger and everything derived from it, and compare.

    Only true while nothing is in flight: an entry that is not folded yet is a fault here.
    """
    chains: dict[EntryKey, list[Entry]] = {}
    for entry in ledger.scan(program_id):
        chains.setdefault(entry.key, []).append(entry)
    books = Books(
        orders={key: chain for key, chain in chains.items() if isinstance(key, OrderKey)},
        accounts={key: chain for key, chain in chains.items() if isinstance(key, AccountKey)},
        pages={page.key: page for page in state.all_pages(program_id)},
        heads={head.key: head for head in state.all_heads(program_id)},
        payouts={payout.id: payout for payout in state.all_payouts(program_id)},
        counters=dict(state.all_counters(program_id)),
    )
    return _proof(program_id, books)


def _proof(program_id: str, books: Books) -> Proof:
    chains = (*books.orders.values(), *books.accounts.values())
    return Proof(
        program_id=program_id,
        faults=verify(books),
        entries=sum(len(chain) for chain in chains),
        orders=len(books.orders),
        accounts=len(books.accounts),
        pages=len(books.pages),
        payouts=len(books.payouts),
        totals=totals(books),
    )
