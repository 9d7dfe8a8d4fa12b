"""Statements: what moved one person's money in a span of time, as lines that add up.

Everything is a fold of entries by the instant they were recorded at: opening and every line come to the
closing, in each place and in total, and the closing is the next statement's opening wherever time is cut.
A statement that was given out stays as it was: what is learnt later is recorded later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.people import Promoter
from grapevine.domain.statement_lines import (
    NOTHING,
    Amounts,
    Carry,
    Line,
    LineKind,
    changes,
    entry_lines,
    in_order,
)
from grapevine.domain.statement_spans import Span


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
    return tuple(sorted(found, key=in_order))


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
