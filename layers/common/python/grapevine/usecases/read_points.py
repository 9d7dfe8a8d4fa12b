"""What a promoter's points are doing, and what of them expires when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.pages import balance
from grapevine.domain.points import NEVER, Lot, PointsAccount, lots_left, payable_change
from grapevine.domain.programs import Terms
from grapevine.ports import EntryReader, Treasury
from grapevine.usecases.tend_points import read_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A promoter's points by where they are; payable may be negative, `lots` is what of it expires when."""

    held: int = 0
    payable: int = 0
    blocked: int = 0
    spent: int = 0
    expired: int = 0
    charged: int = 0
    lots: tuple[Lot, ...] = ()

    @property
    def next(self) -> Lot | None:
        """All that expires on the next day on which anything does; None where nothing will."""
        due = min((lot.due for lot in self.lots if lot.due != NEVER), default=None)
        lots = [lot for lot in self.lots if lot.due == due]
        return Lot(lots[0].day, sum(lot.points for lot in lots), lots[0].due) if lots else None

    def __add__(self, other: Points) -> Points:
        """Return what both are together."""
        return Points(
            held=self.held + other.held,
            payable=self.payable + other.payable,
            blocked=self.blocked + other.blocked,
            spent=self.spent + other.spent,
            expired=self.expired + other.expired,
            charged=self.charged + other.charged,
            lots=tuple(sorted((*self.lots, *other.lots), key=lambda lot: (lot.due, lot.day))),
        )


def read_points(keys: Sequence[AccountKey], terms: Terms, treasury: Treasury, ledger: EntryReader) -> Points:
    """Return somebody's points in all of their accounts, at most two requests each.

    HeadMovedError in the moment in which points are taken.
    """
    return sum((_points(read_account(key, treasury, ledger), terms) for key in keys), Points())


def _points(account: PointsAccount, terms: Terms) -> Points:
    sums, name = balance(account.pages), account.head.key.promoter_id
    return Points(
        held=sums.get(Leaf.HELD, 0),
        payable=account.available,
        blocked=sums.get(Leaf.BLOCKED, 0),
        spent=-_sum(account.entries, name, EntryReason.SPENT),
        expired=-_sum(account.entries, name, EntryReason.EXPIRED, EntryReason.RESTORED),
        charged=_sum(account.entries, name, EntryReason.CHARGED),
        lots=lots_left(account, terms),
    )


def _sum(entries: Sequence[Entry], promoter_id: str, *reasons: EntryReason) -> int:
    return sum(payable_change(entry, promoter_id) for entry in entries if entry.reason in reasons)
