"""Settle a page of a run's promoters: each once, whatever else fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import GrapevineError, NotFoundError, reason_of
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Terms
from grapevine.domain.settlements import (
    LONGEST_REASON,
    AccountOutcome,
    PageName,
    Settled,
    SettlementPage,
)
from grapevine.domain.transfers import Payee
from grapevine.ports import DecisionCatalog, PayeeStore, Rails, SettlementStore, Treasury
from grapevine.usecases.close_settlement import ClosePorts, close_settlement
from grapevine.usecases.rail_limits import LimitsOfRails
from grapevine.usecases.settle_account import Holder, settle_account

TRIES = 3
"""How often a page comes before the run goes on without those who failed."""


class SettlementIncompleteError(GrapevineError):
    """Some promoters of a page could not be settled; settling the page again is safe."""


@dataclass(frozen=True, slots=True)
class SettlePorts:
    """Programs and their people, accounts, runs, what closing one needs, and how people are paid."""

    catalog: DecisionCatalog
    treasury: Treasury
    settlements: SettlementStore
    closing: ClosePorts
    payees: PayeeStore
    rails: Rails


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
    SettlementIncompleteError names who is missing; at the last try, made twice, they are recorded as
    failed, and the run goes on without them: their money stays payable. NotFoundError for a page that nobody
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
    holders = _Holders.of(page, ports)

    def settled(name: str) -> AccountOutcome:
        return _settled(name, holders, page.settlement_id, ports.treasury, now)

    outcomes = {name: settled(name) for name in page.promoter_ids}
    failed = [outcome for outcome in outcomes.values() if outcome.settled is Settled.FAILED]
    if failed and tries < TRIES:
        raise SettlementIncompleteError("; ".join(f"{one.promoter_id}: {one.reason}" for one in failed))
    # The page came for somebody else's sake, maybe: who fails for the first time now has one more try.
    again = {one.promoter_id: settled(one.promoter_id) for one in failed}
    return tuple((outcomes | again).values())


def _settled(
    name: str, holders: _Holders, settlement_id: str, treasury: Treasury, now: datetime
) -> AccountOutcome:
    try:
        return settle_account(holders.holder(name), settlement_id, treasury, now)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others get their money
        reason = reason_of(error)[:LONGEST_REASON]
        return AccountOutcome(promoter_id=name, settled=Settled.FAILED, reason=reason)


@dataclass(frozen=True, slots=True)
class _Holders:
    """A page's promoters with what settling them needs, all of it read at once."""

    terms: Terms
    people: Mapping[str, Promoter]
    payees: Mapping[str, Payee]
    limits: LimitsOfRails
    ignores_minimum: bool

    @classmethod
    def of(cls, page: SettlementPage, ports: SettlePorts) -> _Holders:
        terms = ports.catalog.terms(page.program_id)
        people = ports.catalog.promoters(page.program_id, page.promoter_ids)
        payees = ports.payees.payees(page.program_id, page.promoter_ids)
        limits = LimitsOfRails(page.program_id, ports.rails)
        return cls(terms, people, payees, limits, page.ignores_minimum)

    def holder(self, name: str) -> Holder:
        payee = self.payees.get(name)
        return Holder(
            name, self.people.get(name), self.terms, payee, self.ignores_minimum, self.limits.of(payee)
        )
