"""What a promoter has from each order: where it is now, read from the entries behind their account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from grapevine.domain.accounts import Account, Leaf
from grapevine.domain.entries import AccountKey, Entry, named_key, standing
from grapevine.domain.facts import OrderKey
from grapevine.domain.pages import Page, balance_subject
from grapevine.ports import CatalogLists, EntriesByName, PageReader

CHUNK = 50
"""Orders whose entries are read together."""
MOST_PROMOTERS = 100
"""Promoters whose commissions one page of a program's looks through."""


class CommissionState(StrEnum):
    """Where what stands of a commission is."""

    HELD = "held"
    PAYABLE = "payable"
    BLOCKED = "blocked"
    VOIDED = "voided"
    """Nothing of it stands any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """What one promoter has from one order, all levels together, in minor units.

    `day` is the UTC day on which it was first recorded, which never changes.
    """

    promoter_id: str
    order: OrderKey
    currency: str
    day: str
    held_minor: int
    payable_minor: int
    blocked_minor: int
    first_at: datetime
    last_at: datetime
    entries: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it stands in a promoter's list, which is newest first."""
        return f"{self.day} {self.order}"

    @property
    def earned_minor(self) -> int:
        """What stands of it."""
        return self.held_minor + self.payable_minor + self.blocked_minor

    @property
    def state(self) -> CommissionState:
        """Where it is; what is both payable and not yet is told as the latter."""
        if self.blocked_minor:
            return CommissionState.BLOCKED
        if self.held_minor:
            return CommissionState.HELD
        return CommissionState.PAYABLE if self.payable_minor else CommissionState.VOIDED


def commissions_of(
    key: AccountKey, pages: PageReader, ledger: EntriesByName, before: str = ""
) -> Iterator[Commission]:
    """Yield what an account has from each order, newest first, all or those before a place."""
    days, marks = _by_order(pages.pages(balance_subject(key)))
    places = sorted(((f"{days[order]} {order}", order) for order in marks), reverse=True)
    left = iter([order for place, order in places if not before or place < before])
    while chunk := tuple(islice(left, CHUNK)):
        found = ledger.entries_named(sorted(mark for order in chunk for mark in marks[order]))
        for order in chunk:
            entries = [entry for entry in found if entry.key == order]
            if entries:
                yield _commission(key, order, days[order], entries)


def program_commissions(
    program_id: str,
    currency: str,
    catalog: CatalogLists,
    pages: PageReader,
    ledger: EntriesByName,
    after: str = "",
) -> Iterator[tuple[str, Commission | None]]:
    """Yield a program's commissions by promoter, each with its place, all or those after a place.

    A hundred promoters are looked through; after the last of them its place comes without a commission,
    so that a list can go on there.
    """
    promoter_id, _, before = after.partition(" ")
    if promoter_id and before:
        yield from _of_one(AccountKey(program_id, promoter_id, currency), pages, ledger, before)
    found = tuple(islice(catalog.promoters_of(program_id, promoter_id), MOST_PROMOTERS))
    for promoter in found:
        yield from _of_one(AccountKey(program_id, promoter.id, currency), pages, ledger, "")
    if len(found) == MOST_PROMOTERS:
        yield found[-1].id, None


def _of_one(
    key: AccountKey, pages: PageReader, ledger: EntriesByName, before: str
) -> Iterator[tuple[str, Commission]]:
    for one in commissions_of(key, pages, ledger, before):
        yield f"{key.promoter_id} {one.place}", one


def _by_order(found: Sequence[Page]) -> tuple[Mapping[OrderKey, str], Mapping[OrderKey, list[str]]]:
    """Return each order's first day and the names of its entries; what rests on no order is left out."""
    days: dict[OrderKey, str] = {}
    marks: dict[OrderKey, list[str]] = {}
    for page in sorted(found, key=lambda page: page.key.day):
        for mark in page.marks:
            key = named_key(mark.rpartition("/")[0])
            if isinstance(key, OrderKey):
                days.setdefault(key, page.key.day)
                marks.setdefault(key, []).append(mark)
    return days, marks


def _commission(key: AccountKey, order: OrderKey, day: str, entries: Sequence[Entry]) -> Commission:
    ordered = sorted(entries, key=lambda entry: entry.sequence)
    stands = standing(ordered)

    def at(leaf: Leaf) -> int:
        return stands.get((Account(key.program_id, key.promoter_id, leaf), key.currency), 0)

    return Commission(
        promoter_id=key.promoter_id,
        order=order,
        currency=key.currency,
        day=day,
        held_minor=at(Leaf.HELD),
        payable_minor=at(Leaf.PAYABLE),
        blocked_minor=at(Leaf.BLOCKED),
        first_at=ordered[0].recorded_at,
        last_at=ordered[-1].recorded_at,
        entries=tuple(entry.id for entry in ordered),
    )
