"""Settle a page of a run's promoters: each once, whatever else fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import GrapevineError, NotFoundError, reason_of
from grapevine.domain.programs import Terms
from grapevine.domain.settlements import (
    LONGEST_REASON,
    AccountOutcome,
    PageName,
    Settled,
    SettlementPage,
)
from grapevine.domain.transfers import Payee
from grapevine.ports import DecisionCatalog, SettlementStore, Treasury
from grapevine.ports.rails import PayeeStore
from grapevine.usecases.close_settlement import ClosePorts, close_settlement
from grapevine.usecases.settle_account import Holder, settle_account

TRIES = 3
"""How often a page comes before the run goes on without those who failed."""


class SettlementIncompleteError(GrapevineError):
    """Some promoters of a page could not be settled; settling the page again is safe."""


@dataclass(frozen=True, slots=True)
class SettlePorts:
    """Programs and their people, accounts, runs, where people are paid, and what closing a run needs."""

    catalog: DecisionCatalog
    treasury: Treasury
    settlements: SettlementStore
    closing: ClosePorts
    payees: PayeeStore


@dataclass(frozen=True, slots=True)
class SettlePage:
    """A page to settle; `tries` counts how often it has come, this time included."""

    name: PageName
    tries: int = 1


def settle_page(command: SettlePage, ports: SettlePorts, now: datetime) -> SettlementPage | None:
    """Settle each promoter of a page once, however often it comes; return it as it is done.

    None for one that was done before: it settles nobody again, since what was folded meanwhile
    carries to the next run. A suspended promoter's money waits; what a duplicate has goes to whose
    it is, and is settled with theirs.

    A promoter that fails does not stop the others. Then the page is not done and
    SettlementIncompleteError names who is missing; at the last try they are recorded as failed, and
    the run goes on without them: their money stays payable. NotFoundError for a page that nobody
    listed.
    """
    page = ports.settlements.page(command.name)
    if page is None:
        raise NotFoundError("settlement page", f"{command.name.settlement_id}/{command.name.after}")
    done = None if page.is_done else page.done(_outcomes(page, command.tries, ports, now))
    if done and not ports.settlements.finish_page(done):
        done = None
    close_settlement(page.settlement_id, ports.closing, now)
    return done


def _outcomes(
    page: SettlementPage, tries: int, ports: SettlePorts, now: datetime
) -> tuple[AccountOutcome, ...]:
    outcomes = tuple(
        _settled(holder, page.settlement_id, ports.treasury, now) for holder in _holders(page, ports)
    )
    faults = [f"{o.promoter_id}: {o.reason}" for o in outcomes if o.settled is Settled.FAILED]
    if faults and tries < TRIES:
        raise SettlementIncompleteError("; ".join(faults))
    return outcomes


def _settled(holder: Holder, settlement_id: str, treasury: Treasury, now: datetime) -> AccountOutcome:
    try:
        return settle_account(holder, settlement_id, treasury, now)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others get their money
        reason = reason_of(error)[:LONGEST_REASON]
        return AccountOutcome(promoter_id=holder.promoter_id, settled=Settled.FAILED, reason=reason)


def _holders(page: SettlementPage, ports: SettlePorts) -> Iterator[Holder]:
    """Yield a page's promoters with what settling them needs, all of it read at once."""
    terms = ports.catalog.terms(page.program_id)
    people = ports.catalog.promoters(page.program_id, page.promoter_ids)
    payees = _payees(page, terms, ports.payees)
    for name in page.promoter_ids:
        yield Holder(name, people.get(name), terms, payees.get(name), page.ignores_minimum)


def _payees(page: SettlementPage, terms: Terms, payees: PayeeStore) -> Mapping[str, Payee]:
    """Return where a page's promoters are paid, in one request and only where the terms ask for it."""
    is_asked = bool(terms.program.payouts.required_details)
    return payees.payees(page.program_id, page.promoter_ids) if is_asked else {}
