"""Tend a promoter's points: what is due expires, what was lost twice comes back, debts are charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import GrapevineError, HeadMovedError, reason_of
from grapevine.domain.instants import day_of
from grapevine.domain.people import Promoter
from grapevine.domain.plans import PointsDebt
from grapevine.domain.point_steps import charge, expire, may_be_restored, restorations, restore
from grapevine.domain.points import SETTLES, PointsAccount, gives_points, next_expiry, points_key
from grapevine.domain.programs import Terms
from grapevine.ports import CatalogLists, DecisionCatalog, EntryReader, SettlementQueue, TermsReader, Treasury
from grapevine.usecases.settle_account import take_in
from grapevine.usecases.starting_over import ATTEMPTS

BATCH = 100
"""Promoters per queue message."""


class PointsNotTendedError(GrapevineError):
    """Some promoters' points could not be looked at; doing it again is safe."""


class PointsCatalog(CatalogLists, TermsReader, Protocol):
    """Programs, their promoters, and whether they give points."""


@dataclass(frozen=True, slots=True)
class TendPoints:
    """A batch of a program's promoters."""

    program_id: str
    promoter_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PointsPorts:
    """Programs and people, the accounts, and the ledger behind them."""

    catalog: DecisionCatalog
    treasury: Treasury
    ledger: EntryReader


def start_points(catalog: PointsCatalog, queue: SettlementQueue) -> int:
    """Queue every promoter of every program that gives points; return how many.

    There is nothing to remember: what a run missed, the next one does.
    """
    queued = 0
    for program in catalog.programs():
        if gives_points(catalog.terms(program.id)):
            names = [promoter.id for promoter in catalog.promoters_of(program.id)]
            for start in range(0, len(names), BATCH):
                queue.send_points(program.id, names[start : start + BATCH])
            queued += len(names)
    return queued


def tend_points(command: TendPoints, ports: PointsPorts, now: datetime) -> int:
    """Tend each promoter's points; return how many steps were posted. Doing it again posts nothing.

    A promoter that fails does not stop the others; then PointsNotTendedError names who and why.
    """
    terms = ports.catalog.terms(command.program_id)
    people = ports.catalog.promoters(command.program_id, command.promoter_ids)
    steps, faults = 0, list[str]()
    for promoter in people.values():
        try:
            steps += tend_account(promoter, terms, ports, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others' points are looked at
            faults.append(f"{promoter.id}: {reason_of(error)}")
    if faults:
        raise PointsNotTendedError("; ".join(faults))
    return steps


def tend_account(promoter: Promoter, terms: Terms, ports: PointsPorts, now: datetime) -> int:
    """Post what time and refunds have made of one promoter's points; return how many steps it took.

    Points of a duplicate go to whose they are. HeadMovedError when the account never stood still.
    """
    if promoter.alias_at(now):
        return 0
    key, steps, misses = points_key(terms.program.id, promoter.id), 0, 0
    for duplicate in promoter.duplicates_at(now):
        take_in(points_key(terms.program.id, duplicate), key, ports.treasury, now)
    while misses < ATTEMPTS:
        try:
            if not _stepped(key, terms, ports, now):
                return steps
            steps += 1
        except HeadMovedError:
            misses += 1
    raise HeadMovedError(str(key))


def read_account(key: AccountKey, treasury: Treasury, ledger: EntryReader) -> PointsAccount:
    """Return an account with its own entries; who has taken nothing yet has none, and costs one request.

    HeadMovedError when somebody stepped in between the two.
    """
    pages, head = treasury.account(key)
    entries = ledger.entries_of(key) if head.sequence else ()
    if len(entries) != head.sequence:
        raise HeadMovedError(str(key))
    return PointsAccount(pages, head, entries)


def _stepped(key: AccountKey, terms: Terms, ports: PointsPorts, now: datetime) -> bool:
    """Post the next step that there is; say whether there was one."""
    account, treasury = read_account(key, ports.treasury, ports.ledger), ports.treasury
    if expiry := next_expiry(account, terms, now):
        treasury.step((expire(account.head, expiry, now),), (account.head,))
        return True
    chains = [ports.ledger.entries_of(name) for name in may_be_restored(account)]
    if back := restorations(account, chains):
        treasury.step((restore(account.head, back[0], now),), (account.head,))
        return True
    return _charged(account, terms, treasury, now)


def _charged(account: PointsAccount, terms: Terms, treasury: Treasury, now: datetime) -> bool:
    """Charge to cash what has been owed since before the day began: younger debts may be half of a news."""
    plan, missing = terms.plan_at(now), account.missing_since(day_of(now - SETTLES))
    if plan.points_debt is not PointsDebt.CASH or not missing:
        return False
    key = account.head.key
    _, cash = treasury.account(AccountKey(key.program_id, key.promoter_id, terms.program.currency))
    steps = charge(account.head, cash, missing, plan.cash_per_point_minor, now)
    treasury.step(steps, (account.head, cash))
    return True
