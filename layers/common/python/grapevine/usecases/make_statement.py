"""Make a promoter's statement of a span: from pages what was before, from entries what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry
from grapevine.domain.errors import GrapevineError, InvalidInputError
from grapevine.domain.instants import day_of
from grapevine.domain.money import POINTS
from grapevine.domain.pages import Page, balance, balance_subject
from grapevine.domain.people import TICK, Promoter
from grapevine.domain.settlements import Settled, Settlement
from grapevine.domain.statement_lines import NOTHING, Amounts, Carry, changes
from grapevine.domain.statement_spans import Span
from grapevine.domain.statements import AccountBook, Statement, Tenure, lines_of, opening_of, tenures
from grapevine.ports import EntryLists, PageReader, SettlementReader

MOST_ENTRIES = 3_000
"""The orders' entries of one statement at most: what a function makes a PDF of in its seconds."""
MOST_RUNS = 1_000
"""The newest runs of a program that are looked through: almost three years of daily ones."""
MARGIN = timedelta(hours=1)
"""How long after a span its statement is final: until then an entry of its last moment may not be folded."""


class StatementUnsoundError(GrapevineError):
    """The entries of some days do not come to what their pages say; `verify` says where."""


@dataclass(frozen=True, slots=True)
class StatementBooks:
    """Pages, the ledger, and what settlements left."""

    pages: PageReader
    ledger: EntryLists
    settlements: SettlementReader


@dataclass(frozen=True, slots=True)
class _Days:
    """An account, the UTC days of it whose entries are read, and the sum of all days before."""

    tenure: Tenure
    before: Amounts
    pages: tuple[Page, ...]

    @property
    def names(self) -> set[str]:
        return {mark for page in self.pages for mark in page.marks}


def make_statement(
    promoter: Promoter, currency: str, span: Span, ports: StatementBooks, now: datetime
) -> Statement:
    """Return what one person had before a span, what happened in it, and what they have at its end.

    For each of their accounts one query of pages and one of the account's own entries; the orders' and
    bonuses' entries of the span's days by name, a hundred at a time; two queries of the program's runs and
    one for each run of the span. InvalidInputError for more than
    can be put on one statement; StatementUnsoundError where pages and entries differ.
    """
    found = [_days(t, span, ports.pages) for t in tenures(promoter, currency) if t.within(span)]
    names = sorted({name for days in found for name in days.names})
    if len(names) > MOST_ENTRIES:
        raise InvalidInputError(f"{len(names)} entries; {MOST_ENTRIES} at most: ask for fewer days", "period")
    named = {entry.id: entry for entry in ports.ledger.entries_named(names)}
    books = [_book(days, named, ports.ledger) for days in found]
    runs = _runs(promoter, currency, span, ports.settlements)
    carries = tuple(_carries(promoter, runs, ports.settlements))
    return Statement(
        promoter_id=promoter.id,
        program_id=promoter.program_id,
        currency=currency,
        span=span,
        opening=opening_of(books, span),
        lines=lines_of(books, span, carries),
        as_of=min(now, span.ends_at),
        is_final=now >= span.ends_at + MARGIN and all(run.closed_at for run in runs),
    )


def _runs(promoter: Promoter, currency: str, span: Span, settlements: SettlementReader) -> list[Settlement]:
    """Return the runs that started in a span; points are not settled."""
    if currency == POINTS:
        return []
    runs = settlements.runs_of(promoter.program_id, MOST_RUNS)
    return [run for run in runs if span.starts_at <= run.started_at < span.ends_at]


def _carries(
    promoter: Promoter, runs: Iterable[Settlement], settlements: SettlementReader
) -> Iterator[Carry]:
    for run in runs:
        page = settlements.page_with(run.id, promoter.id)
        outcome = page.outcome_of(promoter.id) if page else None
        if outcome and outcome.settled is Settled.CARRIED:
            yield Carry(settlement_id=run.id, at=run.started_at, outcome=outcome)


def _days(tenure: Tenure, span: Span, reader: PageReader) -> _Days:
    part = tenure.within(span) or span
    first, last = day_of(part.starts_at), day_of(max(part.starts_at, part.ends_at - TICK))
    pages = reader.pages(balance_subject(tenure.account))
    before = _summed(page for page in pages if page.key.day < first)
    return _Days(tenure, before, tuple(page for page in pages if first <= page.key.day <= last))


def _book(days: _Days, named: Mapping[str, Entry], ledger: EntryLists) -> AccountBook:
    account = days.tenure.account
    entries = tuple(named[name] for name in sorted(days.names) if name in named)
    if sum((changes(entry, account) for entry in entries), NOTHING) != _summed(days.pages):
        raise StatementUnsoundError(f"{account}: pages and entries differ")
    own = ledger.entries_of(account)
    return AccountBook(tenure=days.tenure, before=days.before, entries=(*entries, *own))


def _summed(pages: Iterable[Page]) -> Amounts:
    sums: Mapping[Leaf, int] = balance(pages)
    return Amounts.of(sums)
