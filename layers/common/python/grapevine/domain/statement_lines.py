"""The lines of statements: what one entry changes in one account, by kind, in each place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, BonusKey, Entry, EntryReason
from grapevine.domain.settlements import AccountOutcome

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
    TAKEN_OVER = "taken_over"
    """A balance from another system."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What a settlement left for the next one, of one promoter; `at` is when the settlement started."""

    settlement_id: str
    at: datetime
    outcome: AccountOutcome


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
    EntryReason.OPENED: LineKind.TAKEN_OVER,
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


def in_order(line: Line) -> tuple[datetime, bool, str, int, bool, int]:
    """Return what sorts lines: their instants, then their entries, then a fee or tax beside one."""
    entry, rank = line.entry, list(LineKind).index(line.kind)
    if entry is None:
        return line.at, line.carry is not None, line.account_id, 0, False, rank
    return line.at, False, str(entry.key), entry.sequence, line.kind in _BESIDE.values(), rank
