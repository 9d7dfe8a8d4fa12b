"""Statements: what moved one person's money in a span of time, as lines that add up.

Everything is a fold of entries by the instant they were recorded at: opening and every line come to the
closing, in each place and in total, and the closing is the next statement's opening wherever time is cut.
A statement that was given out stays as it was: what is learnt later is recorded later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, BonusKey, Entry, EntryReason
from grapevine.domain.people import Promoter
from grapevine.domain.statement_spans import Span

PLACES = (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED, Leaf.RESERVED, Leaf.PAID)
"""Where a promoter's money can be."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Minor units by place, in the order of PLACES; sums and changes alike."""

    minor: tuple[int, ...] = (0,) * len(PLACES)

    @classmethod
    def of(cls, by_place: Mapping[Leaf, int]) -> Amounts:
        """Return amounts by place; what is no place of a promoter's is left out."""
        return cls(tuple(by_place.get(leaf, 0) for leaf in PLACES))

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(tuple(one + another for one, another in zip(self.minor, other.minor, strict=True)))

    def __neg__(self) -> Amounts:
        return Amounts(tuple(-minor for minor in self.minor))

    def __bool__(self) -> bool:
        return any(self.minor)

    def by_place(self) -> dict[Leaf, int]:
        """Return every place with its amount."""
        return dict(zip(PLACES, self.minor, strict=True))

    @property
    def total_minor(self) -> int:
        """What is in all places, what was paid among it."""
        return sum(self.minor)

    @property
    def balance_minor(self) -> int:
        """What is not paid yet, wherever it is."""
        return self.total_minor - self.by_place()[Leaf.PAID]


NOTHING = Amounts()


class LineKind(StrEnum):
    """What a line of a statement is, in the order in which they are summed up."""

    ACCRUAL = "accrual"
    """What an order earned, what a campaign or an invitation added to it too."""
    REVERSAL = "reversal"
    """What an order, or a ban, took back."""
    BONUS = "bonus"
    """A bounty or a product's first share, and what was taken back of one."""
    POINTS = "points"
    """Points that were spent, expired or came back, or were charged to cash."""
    TRANSFER = "transfer"
    """Between two accounts that are one person's, or came to be."""
    WRITE_OFF = "write_off"
    FEE = "fee"
    TAX = "tax"
    PAYOUT = "payout"
    """Money out: reserved, paid, or back again."""
    MOVE = "move"
    """From one place to another: released, blocked, unblocked."""
    CARRY = "carry"
    """That a settlement left something for the next one; it moves nothing."""


class CarryReason(StrEnum):
    """Why a settlement carried a balance forward."""

    NEGATIVE = "negative"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What a settlement carried forward for one promoter; `missing_minor` is what it takes to the minimum."""

    settlement_id: str
    at: datetime
    amount_minor: int
    reason: CarryReason
    missing_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: when, what of which account it is, and what it changes where.

    One entry has a line for itself and one each for the fee and the tax beside it. `other_id` is the
    account that somebody's account was joined with; then there is no entry.
    """

    kind: LineKind
    at: datetime
    account_id: str
    changes: Amounts = NOTHING
    entry: Entry | None = None
    carry: Carry | None = None
    other_id: str | None = None

    @property
    def about(self) -> str:
        """What it is about: the order, the bonus, the payout, the settlement, or the other account."""
        if self.entry is None:
            return self.carry.settlement_id if self.carry else self.other_id or ""
        key = self.entry.key
        if isinstance(key, AccountKey):
            coupon = self.entry.coupon
            return self.entry.payout_id or (coupon.code if coupon else "")
        return f"{key.kind}/{key.name}" if isinstance(key, BonusKey) else str(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """An account and while it is a person's: from `since` up to before `until`; None has no such end."""

    account: AccountKey
    since: datetime | None = None
    until: datetime | None = None
    heir_id: str | None = None

    def within(self, span: Span) -> Span | None:
        """Return the part of a span in which it is theirs, None where there is none.

        A tenure that ends as the span begins has the line that says so in it.
        """
        starts_at, ends_at = max(self.since or span.starts_at, span.starts_at), span.ends_at
        if self.until is not None:
            if self.until < span.starts_at:
                return None
            ends_at = min(self.until, ends_at)
        if self.since is not None and self.since >= span.ends_at:
            return None
        return Span(starts_at=starts_at, ends_at=max(starts_at, ends_at))


def tenures(promoter: Promoter, currency: str) -> tuple[Tenure, ...]:
    """Return the accounts of one person: their own, and each duplicate's from when it was joined with theirs.

    They end when the promoter becomes somebody's duplicate: from then on all of it is in the other's
    statements, so that no line is in two.
    """
    alias = promoter.alias
    until, heir_id = (alias.effective_at, alias.promoter_id) if alias else (None, None)
    joined = [(merge.promoter_id, merge.effective_at) for merge in promoter.duplicates]
    return tuple(
        Tenure(
            account=AccountKey(promoter.program_id, name, currency), since=since, until=until, heir_id=heir_id
        )
        for name, since in ((promoter.id, None), *joined)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBook:
    """An account's entries from some instant on, in any order, and what it had before the first of them."""

    tenure: Tenure
    before: Amounts
    entries: tuple[Entry, ...]

    def at(self, instant: datetime) -> Amounts:
        """Return what the account had just before an instant that is not before its entries."""
        account = self.tenure.account
        earlier = (changes(entry, account) for entry in self.entries if entry.recorded_at < instant)
        return sum(earlier, self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one person had, what moved it in a span, and so what they have at its end.

    `as_of` is the span's end, or the instant it was read at where that is earlier. `is_final` says that
    nothing will be added any more.
    """

    promoter_id: str
    program_id: str
    currency: str
    span: Span
    opening: Amounts
    lines: tuple[Line, ...]
    as_of: datetime
    is_final: bool

    @property
    def closing(self) -> Amounts:
        """What was there at the end."""
        return sum((line.changes for line in self.lines), self.opening)

    @property
    def totals(self) -> dict[LineKind, Amounts]:
        """What the lines of each kind come to; kinds without lines are left out."""
        found: dict[LineKind, Amounts] = {}
        for line in self.lines:
            found[line.kind] = found.get(line.kind, NOTHING) + line.changes
        return {kind: found[kind] for kind in LineKind if kind in found}


def opening_of(books: Sequence[AccountBook], span: Span) -> Amounts:
    """Return what a person had just before a span: in the accounts that were theirs."""
    return sum((book.at(span.starts_at) for book in books if _had_before(book.tenure, span)), NOTHING)


def lines_of(books: Sequence[AccountBook], span: Span, carries: Sequence[Carry] = ()) -> tuple[Line, ...]:
    """Return what happened to a person's accounts in a span, oldest first."""
    found = [line for book in books for line in _lines(book, span)]
    found += [
        Line(kind=LineKind.CARRY, at=carry.at, account_id=books[0].tenure.account.promoter_id, carry=carry)
        for carry in carries
        if span.starts_at <= carry.at < span.ends_at
    ]
    return tuple(sorted(found, key=_in_order))


def changes(entry: Entry, account: AccountKey) -> Amounts:
    """Return what an entry changes in an account, all in all."""
    return sum(_parts(entry, account).values(), NOTHING)


def entry_lines(entry: Entry, account: AccountKey) -> Iterator[Line]:
    """Yield an entry's lines in an account: what it is itself, then the fee and the tax beside it."""
    for kind, part in _parts(entry, account).items():
        if part:
            yield Line(
                kind=kind or _kind(entry, part),
                at=entry.recorded_at,
                account_id=account.promoter_id,
                changes=part,
                entry=entry,
            )


_BESIDE = {Leaf.FEES: LineKind.FEE, Leaf.TAX: LineKind.TAX}
_OF_ACCOUNTS = {
    EntryReason.RESERVED: LineKind.PAYOUT,
    EntryReason.PAID: LineKind.PAYOUT,
    EntryReason.RETURNED: LineKind.PAYOUT,
    EntryReason.MERGED: LineKind.TRANSFER,
    EntryReason.WRITTEN_OFF: LineKind.WRITE_OFF,
    EntryReason.SPENT: LineKind.POINTS,
    EntryReason.EXPIRED: LineKind.POINTS,
    EntryReason.RESTORED: LineKind.POINTS,
    EntryReason.CHARGED: LineKind.POINTS,
}


def _parts(entry: Entry, account: AccountKey) -> dict[LineKind | None, Amounts]:
    """Return what an entry changes in an account, by what is beside it; None is what it is about itself."""
    sums: dict[LineKind | None, dict[Leaf, int]] = {None: {}}
    for posting in entry.postings:
        if posting.amount.currency != account.currency:
            continue
        ends = ((posting.source, posting.destination, -1), (posting.destination, posting.source, 1))
        for own, other, sign in ends:
            if own.owner == account.promoter_id:
                part = sums.setdefault(_BESIDE.get(other.leaf), {})
                part[own.leaf] = part.get(own.leaf, 0) + sign * posting.amount.minor
    return {kind: Amounts.of(part) for kind, part in sums.items()}


def _kind(entry: Entry, part: Amounts) -> LineKind:
    if isinstance(entry.key, AccountKey) and entry.reason in _OF_ACCOUNTS:
        return _OF_ACCOUNTS[entry.reason]
    if not part.total_minor:
        return LineKind.MOVE
    if isinstance(entry.key, BonusKey):
        return LineKind.BONUS
    return LineKind.ACCRUAL if part.total_minor > 0 else LineKind.REVERSAL


def _had_before(tenure: Tenure, span: Span) -> bool:
    is_theirs = tenure.since is None or tenure.since < span.starts_at
    return is_theirs and (tenure.until is None or tenure.until >= span.starts_at)


def _lines(book: AccountBook, span: Span) -> Iterator[Line]:
    tenure = book.tenure
    part = tenure.within(span)
    if part is None:
        return
    for entry in book.entries:
        if part.starts_at <= entry.recorded_at < part.ends_at:
            yield from entry_lines(entry, tenure.account)
    if tenure.since and span.starts_at <= tenure.since < span.ends_at:
        yield _joined(book, tenure.since, book.at(tenure.since), tenure.account.promoter_id)
    if tenure.until and span.starts_at <= tenure.until < span.ends_at:
        yield _joined(book, tenure.until, -book.at(tenure.until), tenure.heir_id)


def _joined(book: AccountBook, at: datetime, moved: Amounts, other_id: str | None) -> Line:
    name = book.tenure.account.promoter_id
    return Line(kind=LineKind.TRANSFER, at=at, account_id=name, changes=moved, other_id=other_id)


def _in_order(line: Line) -> tuple[datetime, bool, str, int, bool, int]:
    entry, rank = line.entry, list(LineKind).index(line.kind)
    if entry is None:
        return line.at, line.carry is not None, line.account_id, 0, False, rank
    return line.at, False, str(entry.key), entry.sequence, line.kind in _BESIDE.values(), rank
