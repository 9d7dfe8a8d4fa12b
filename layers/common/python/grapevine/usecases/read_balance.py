"""What a promoter's money is doing, and the entries behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.heads import available
from grapevine.domain.instants import to_text
from grapevine.domain.pages import Page, balance, balance_subject
from grapevine.ports import AccountReader, EntryLists, PageReader

PAGE_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A promoter's money by where it is, in minor units; payable may be negative."""

    currency: str
    held_minor: int
    payable_minor: int
    blocked_minor: int
    reserved_minor: int
    paid_minor: int

    @property
    def earned_minor(self) -> int:
        """Everything that stands, wherever it is."""
        return (
            self.held_minor + self.payable_minor + self.blocked_minor + self.reserved_minor + self.paid_minor
        )

    def __add__(self, other: Balance) -> Balance:
        """Return what both are together; they are of one currency."""
        return Balance(
            currency=self.currency,
            held_minor=self.held_minor + other.held_minor,
            payable_minor=self.payable_minor + other.payable_minor,
            blocked_minor=self.blocked_minor + other.blocked_minor,
            reserved_minor=self.reserved_minor + other.reserved_minor,
            paid_minor=self.paid_minor + other.paid_minor,
        )


def read_person(keys: Sequence[AccountKey], accounts: AccountReader) -> Balance:
    """Return what somebody has in all of their accounts together, one request each."""
    first, *others = (read_balance(key, accounts) for key in keys)
    return sum(others, first)


def read_balance(key: AccountKey, accounts: AccountReader) -> Balance:
    """Return an account's balance in one request."""
    pages, head = accounts.account(key)
    sums = balance(pages)
    return Balance(
        currency=key.currency,
        held_minor=sums.get(Leaf.HELD, 0),
        payable_minor=available(sums.get(Leaf.PAYABLE, 0), head),
        blocked_minor=sums.get(Leaf.BLOCKED, 0),
        reserved_minor=head.reserved_minor,
        paid_minor=head.paid_minor,
    )


def place_of(entry: Entry) -> str:
    """Return where an entry stands in a list by when it was recorded."""
    return f"{to_text(entry.recorded_at)} {entry.id}"


def list_of_person(
    keys: Sequence[AccountKey],
    pages: PageReader,
    ledger: EntryLists,
    limit: int = PAGE_LIMIT,
    before: str = "",
) -> tuple[Entry, ...]:
    """Return the newest entries of all of somebody's accounts, or those before a place, newest first."""
    found = {entry.id: entry for key in keys for entry in list_entries(key, pages, ledger, limit, before)}
    return tuple(sorted(found.values(), key=place_of, reverse=True)[:limit])


def list_entries(
    key: AccountKey, pages: PageReader, ledger: EntryLists, limit: int = PAGE_LIMIT, before: str = ""
) -> tuple[Entry, ...]:
    """Return a promoter's newest entries, those of orders and those of payouts, or those before a place.

    The newest come first.
    """
    names = _names(pages.pages(balance_subject(key)), limit, before.partition("T")[0])
    entries = (*ledger.entries_named(sorted(names)), *ledger.entries_of(key))
    earlier = (entry for entry in entries if not before or place_of(entry) < before)
    return tuple(sorted(earlier, key=place_of, reverse=True)[:limit])


def _names(found: Sequence[Page], limit: int, day: str) -> Sequence[str]:
    """Return enough of the newest entries' names, those of a day and before it where one is given.

    A day is whole or not there, so that the newest are truly the newest; of the given day itself some
    may be too new, so it does not count.
    """
    names: list[str] = []
    days: set[str] = set()
    counted = 0
    for page in sorted(found, key=lambda page: page.key.day, reverse=True):
        if day and page.key.day > day:
            continue
        if counted >= limit and page.key.day not in days:
            break
        days.add(page.key.day)
        names.extend(page.marks)
        counted += 0 if page.key.day == day else len(page.marks)
    return names
