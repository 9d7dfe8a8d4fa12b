"""The proof from the entries alone: what stored balances, heads and payouts must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.campaign_grants import BUDGET
from grapevine.domain.entries import AccountKey, BonusKey, Entry, EntryReason, grants_of, standing
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey, held
from grapevine.domain.heads import Head, head_of
from grapevine.domain.money import Rounding
from grapevine.domain.pages import Page, PageKey, merged, pages_of
from grapevine.domain.payouts import OPEN, Payout, PayoutState, payout_id


@dataclass(frozen=True, slots=True)
class Fault:
    """Something stored that the entries do not prove."""

    check: str
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofMark:
    """One proof of a program: when it was begun and finished, its faults, and the first few of them in words.

    `finished_at` and `faults` are those of the last proof that came to an end.
    """

    program_id: str
    started_at: datetime
    finished_at: datetime | None = None
    faults: int = 0
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything that a proof reads, entries grouped by key in their sequence.

    Entries recorded after `moving_since` may still be on their way to pages, heads and payouts,
    which were read before them; what they touch is proven the next time. None: the books rest.
    """

    orders: Mapping[OrderKey, Sequence[Entry]] = field(default_factory=dict)
    accounts: Mapping[AccountKey, Sequence[Entry]] = field(default_factory=dict)
    bonuses: Mapping[BonusKey, Sequence[Entry]] = field(default_factory=dict)
    pages: Mapping[PageKey, Page] = field(default_factory=dict)
    heads: Mapping[AccountKey, Head] = field(default_factory=dict)
    payouts: Mapping[str, Payout] = field(default_factory=dict)
    counters: Mapping[GrantKey, int] = field(default_factory=dict)
    moving_since: datetime | None = None

    def is_moving(self, entry: Entry) -> bool:
        """Say whether an entry is so new that what follows from it may not be there yet."""
        return self.moving_since is not None and entry.recorded_at > self.moving_since


def verify(books: Books) -> tuple[Fault, ...]:
    """Return every fault in the books; none is the proof."""
    checks = (_chains, _sums, _pages, _heads, _payouts, _grants, _budgets)
    return tuple(fault for check in checks for fault in check(books))


def totals(books: Books) -> dict[tuple[str, str], int]:
    """Return the sum per account kind and currency over all entries; each currency's sums add to zero."""
    total: dict[tuple[str, str], int] = {}
    for entry in _entries(books):
        for (account, currency), minor in net(entry.postings).items():
            name = (account.leaf.value, currency)
            total[name] = total.get(name, 0) + minor
    return total


def _entries(books: Books) -> Iterable[Entry]:
    for chain in (*books.orders.values(), *books.accounts.values(), *books.bonuses.values()):
        yield from chain


def _chains(books: Books) -> Iterable[Fault]:
    for key, chain in (*books.orders.items(), *books.accounts.items(), *books.bonuses.items()):
        previous = ""
        for position, entry in enumerate(chain, start=1):
            if entry.sequence != position:
                yield Fault("sequence", str(key), f"entry {entry.sequence} stands at {position}")
            if entry.previous_hash != previous:
                yield Fault("hash chain", entry.id, "does not carry the hash of the entry before it")
            previous = entry.hash


def _sums(books: Books) -> Iterable[Fault]:
    by_currency: dict[str, int] = {}
    for (_, currency), minor in totals(books).items():
        by_currency[currency] = by_currency.get(currency, 0) + minor
    for currency, minor in by_currency.items():
        if minor:
            yield Fault("zero sum", currency, f"entries add up to {minor}")
    for currency, minor in _transferred(books).items():
        if minor:
            yield Fault("transfer", currency, f"{minor} left one account and came to no other")
    for name, currencies in _charged(books).items():
        if len(currencies) != 2:
            yield Fault("charge", name, f"is of {sorted(currencies)}, not of points and cash")


def _charged(books: Books) -> dict[str, list[str]]:
    """Return the currencies of entries that turned points owed into cash owed, by the pair's name."""
    found: dict[str, list[str]] = {}
    for entry in (entry for chain in books.accounts.values() for entry in chain):
        if entry.reason is EntryReason.CHARGED and not books.is_moving(entry):
            names = found.setdefault(entry.purpose or entry.id, [])
            names += [posting.amount.currency for posting in entry.postings]
    return found


def _transferred(books: Books) -> dict[str, int]:
    """Return what is between two accounts, by currency: nothing, where both entries were read.

    They are written at once but read one after the other, so moving ones say nothing yet.
    """
    total: dict[str, int] = {}
    for entry in _entries(books):
        if entry.reason is EntryReason.MERGED and not books.is_moving(entry):
            for (account, currency), minor in net(entry.postings).items():
                if account.leaf is Leaf.TRANSFER:
                    total[currency] = total.get(currency, 0) + minor
    return total


def _pages(books: Books) -> Iterable[Fault]:
    proven = {page.key: page for page in merged(_additions(books))}
    for key in proven.keys() | books.pages.keys():
        expected, stored = proven.get(key), books.pages.get(key)
        name = f"{key.subject} {key.day} slot {key.slot}"
        if _amounts(expected) != _amounts(stored):
            yield Fault("balance", name, f"stored {_amounts(stored)}, entries say {_amounts(expected)}")
        elif (expected and expected.marks) != (stored and stored.marks):
            yield Fault("balance", name, "its marks are not the entries that are in it")


def _additions(books: Books) -> Iterable[Page]:
    """Yield what entries must have added to pages; a moving one's additions only where they are there."""
    for entry in _entries(books):
        for addition in pages_of(entry):
            stored = books.pages.get(addition.key)
            if not books.is_moving(entry) or (stored and addition.marks <= stored.marks):
                yield addition


def _amounts(page: Page | None) -> dict[str, int]:
    return {name: minor for name, minor in page.amounts.items() if minor} if page else {}


def _heads(books: Books) -> Iterable[Fault]:
    for key in books.accounts.keys() | books.heads.keys():
        expected, stored = head_of(key, books.accounts.get(key, ())), books.heads.get(key)
        is_moving = any(books.is_moving(entry) for entry in books.accounts.get(key, ()))
        if stored != expected and not is_moving:
            yield Fault("head", str(key), f"stored {stored}, entries say {expected}")


def _payouts(books: Books) -> Iterable[Fault]:
    legs: dict[str, list[Entry]] = {}
    for entry in _entries(books):
        if entry.payout_id:
            legs.setdefault(entry.payout_id, []).append(entry)
    for name in legs.keys() | books.payouts.keys():
        fault = _payout_fault(books.payouts.get(name), legs.get(name, []))
        if fault and not any(books.is_moving(entry) for entry in legs.get(name, ())):
            yield Fault("payout", name, fault)


def _payout_fault(payout: Payout | None, entries: Sequence[Entry]) -> str | None:
    """Return what the entries of a payout say otherwise than what is stored of it."""
    if payout is None:
        return "has entries and is not stored"
    reasons = [entry.reason for entry in entries]
    if reasons[:1] != [EntryReason.RESERVED] or EntryReason.RESERVED in reasons[1:]:
        return f"is {payout.state} with the entries {[reason.value for reason in reasons]}"
    if payout.id != payout_id(payout.settlement_id, payout.key):
        return f"is not what {payout.settlement_id} pays to {payout.key}"
    if {entry.key for entry in entries} != {payout.key}:
        return f"is of {payout.key}, its entries are of another account"
    return _amount_fault(payout, entries)


def _amount_fault(payout: Payout, entries: Sequence[Entry]) -> str | None:
    """Return which amount of a payout its entries do not add up to."""
    if payout.minor_in(*PayoutState) != payout.amount_minor:
        return f"is {payout.amount_minor} in legs of {payout.minor_in(*PayoutState)}"
    if {entry.tax_period or "" for entry in entries} != {payout.tax_period}:
        return f"is taxed in {payout.tax_period or 'no period'}, its entries are not"
    taken = {Leaf.RESERVED: payout.amount_minor, Leaf.FEES: payout.fee_minor, Leaf.TAX: payout.tax_minor}
    stands = {
        Leaf.RESERVED: {payout.minor_in(*OPEN)},
        Leaf.PAID: {payout.minor_in(PayoutState.COMPLETED)},
        # A program rounds one way for good; which one nobody says here.
        Leaf.FEES: {payout.taken_beside(rounding)[0] for rounding in Rounding},
        Leaf.TAX: {payout.taken_beside(rounding)[1] for rounding in Rounding},
    }
    first = _unlike(payout, entries[:1], {leaf: {minor} for leaf, minor in taken.items()})
    return first or _unlike(payout, entries, stands)


def _unlike(
    payout: Payout, entries: Sequence[Entry], expected: Mapping[Leaf, AbstractSet[int]]
) -> str | None:
    """Return the first account in which entries come to another amount than a payout says."""
    told = {(account.leaf, currency): minor for (account, currency), minor in standing(entries).items()}
    for leaf, minors in expected.items():
        found = told.get((leaf, payout.key.currency), 0)
        if found not in minors:
            return f"is {payout.state} with {min(minors)} {leaf}, its entries say {found}"
    return None


def _grants(books: Books) -> Iterable[Fault]:
    """Yield what orders and bonuses say they were granted and the counters do not, and the reverse."""
    proven: dict[GrantKey, int] = {}
    granted = (*books.orders.items(), *books.bonuses.items())
    moving = {g.key for _, chain in granted for e in chain if books.is_moving(e) for g in e.grants}
    for order, chain in granted:
        for key, has in held(grants_of(chain)).items():
            proven[key] = proven.get(key, 0) + has.granted
            if has.most > has.wanted:
                yield Fault("grant", str(order), f"has more of {key} than it ever wanted")
    for key in sorted((proven.keys() | books.counters.keys()) - moving):
        expected, stored = proven.get(key, 0), books.counters.get(key, 0)
        if stored != expected:
            yield Fault("grant", str(key), f"stored {stored}, entries say {expected}")


def _budgets(books: Books) -> Iterable[Fault]:
    """Yield orders for which a campaign with a budget paid another amount than they were granted of it."""
    granted = [(order, key) for order, chain in books.orders.items() for key in held(grants_of(chain))]
    limited = {key.scarce.removeprefix(BUDGET) for _, key in granted if key.scarce.startswith(BUDGET)}
    for order, chain in books.orders.items() if limited else ():
        has, stands = held(grants_of(chain)), standing(chain)
        paid = {account.owner: -m for (account, _), m in stands.items() if account.leaf is Leaf.BUDGET}
        for name in sorted(limited):
            used = sum(one.granted for key, one in has.items() if key.scarce == BUDGET + name)
            if used != paid.get(name, 0):
                yield Fault("budget", str(order), f"{name} paid {paid.get(name, 0)}, {used} were granted")
