"""An order as its facts tell it, and what its entries made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, standing
from grapevine.domain.errors import NotFoundError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import Order, fold
from grapevine.ports import EntryReader, FactReader


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order with its facts and its entries."""

    key: OrderKey
    order: Order
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has from an order, in minor units of a currency."""

    promoter_id: str
    currency: str
    minor_by_leaf: dict[Leaf, int]


def read_order(program_id: str, key: OrderKey, facts: FactReader, ledger: EntryReader) -> SeenOrder:
    """Return an order; NotFoundError where the program has heard of none of that name."""
    entries = ledger.entries_of(key)
    told = facts.facts_of(key)
    if not told or told[0].program_id != program_id:
        raise NotFoundError("order", str(key))
    return SeenOrder(key, fold(told), told, entries)


def read_entries(program_id: str, key: OrderKey, ledger: EntryReader) -> tuple[Entry, ...]:
    """Return an order's entries in their sequence; NotFoundError where the program has none."""
    entries = ledger.entries_of(key)
    if not entries or entries[0].program_id != program_id:
        raise NotFoundError("order", str(key))
    return entries


def standings(entries: Sequence[Entry]) -> tuple[Standing, ...]:
    """Return what each promoter has from an order, by name and currency."""
    found: dict[tuple[str, str], dict[Leaf, int]] = {}
    for (account, currency), minor in standing(entries).items():
        if account.is_promoters:
            found.setdefault((account.owner, currency), {})[account.leaf] = minor
    return tuple(Standing(*key, leaves) for key, leaves in sorted(found.items()))
