"""How far a program's settlements have come, and what became of a promoter in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import NotFoundError
from grapevine.domain.payouts import payout_id
from grapevine.domain.programs import Program
from grapevine.domain.settlements import AccountOutcome, PageName, Settled, Settlement
from grapevine.ports import PayoutReader, SettlementReader

MOST_RUNS = 1000
"""Runs of a listing: of a daily schedule almost three years."""
MOST_FAILED = 100
"""Promoters who failed that one answer names."""


@dataclass(frozen=True, slots=True)
class SettlementReport:
    """A run, and the first promoters who failed in it."""

    run: Settlement
    failed: tuple[AccountOutcome, ...]


def list_settlements(program_id: str, settlements: SettlementReader) -> Sequence[Settlement]:
    """Return a program's runs, those under way first, then the newest."""
    return settlements.runs_of(program_id, MOST_RUNS)


def read_settlement(program_id: str, settlement_id: str, settlements: SettlementReader) -> SettlementReport:
    """Return a run as it is now; NotFoundError where the program has none of that name.

    Its pages are read only where somebody failed.
    """
    run = settlements.settlement(settlement_id)
    if run is None or run.program_id != program_id:
        raise NotFoundError("settlement", settlement_id)
    failed = _failed(run, settlements) if run.counts.get(Settled.FAILED) else iter(())
    return SettlementReport(run, tuple(islice(failed, MOST_FAILED)))


def read_outcome(
    program: Program,
    settlement_id: str,
    promoter_id: str,
    settlements: SettlementReader,
    payouts: PayoutReader,
) -> AccountOutcome | None:
    """Return what became of a promoter in a run, None while their page is not done.

    NotFoundError for a promoter who is not in the run, and for a run that is none of the program's.
    """
    page = settlements.page_with(settlement_id, promoter_id)
    if page is None or page.program_id != program.id:
        raise NotFoundError("promoter in this settlement", promoter_id)
    if told := page.outcome_of(promoter_id):
        return told
    key = AccountKey(program.id, promoter_id, program.currency)
    payout = payouts.payout(settlement_id, payout_id(settlement_id, key))
    if payout:
        return AccountOutcome(promoter_id=promoter_id, settled=Settled.PAID, amount_minor=payout.amount_minor)
    return AccountOutcome(promoter_id=promoter_id, settled=Settled.EMPTY) if page.is_done else None


def _failed(run: Settlement, settlements: SettlementReader) -> Iterator[AccountOutcome]:
    for page in settlements.pages_from(PageName(run.id, "")):
        yield from (told for told in page.outcomes if told.settled is Settled.FAILED)
