"""Settle a batch of promoters: net, carry or reserve; the last batch writes the payout file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import (
    AlreadyExistsError,
    GrapevineError,
    HeadMovedError,
    NotFoundError,
    reason_of,
)
from grapevine.domain.money import format_minor
from grapevine.domain.pages import balance
from grapevine.domain.payouts import Payout, available, payout_id, reserve, shortfall
from grapevine.domain.programs import Program
from grapevine.ports import (
    DecisionCatalog,
    Files,
    Settlement,
    SettlementBatch,
    SettlementStore,
    Treasury,
)

ATTEMPTS = 5
PAYOUT_COLUMNS = ("payout_id", "promoter_id", "amount", "currency", "settlement_id")


class Settled(StrEnum):
    """What became of one promoter in a run."""

    PAID = "paid"
    CARRIED = "carried"
    KNOWN = "known"
    SUSPENDED = "suspended"


class SettlementIncompleteError(GrapevineError):
    """Some promoters of a batch could not be settled; settling the batch again is safe."""


@dataclass(frozen=True, slots=True)
class SettlePorts:
    """Programs and their people, accounts, runs and the bucket for the payout file."""

    catalog: DecisionCatalog
    treasury: Treasury
    settlements: SettlementStore
    files: Files


def settle_promoters(batch: SettlementBatch, ports: SettlePorts, now: datetime) -> dict[str, Settled]:
    """Settle each promoter of a batch once, however often the batch comes.

    A batch that was finished settles nobody again: its payout file may be with the rail, and what
    was folded since carries to the next run. A suspended promoter's money waits.

    A promoter that fails does not stop the others; then the batch is not finished and
    SettlementIncompleteError names who is missing. NotFoundError for a run that nobody started.
    """
    if _is_finished(batch, ports.settlements):
        _finish(batch, ports)
        return {}
    program = ports.catalog.terms(batch.program_id).program
    people = ports.catalog.promoters(program.id, batch.promoter_ids)
    outcomes = {name: Settled.SUSPENDED for name, person in people.items() if not person.earns_at(now)}
    faults: list[str] = []
    for promoter_id in (name for name in batch.promoter_ids if name not in outcomes):
        try:
            key = AccountKey(program.id, promoter_id, program.currency)
            outcomes[promoter_id] = settle_account(key, batch.settlement_id, program, ports.treasury, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others get their money
            faults.append(f"{promoter_id}: {reason_of(error)}")
    if faults:
        raise SettlementIncompleteError("; ".join(faults))
    _finish(batch, ports)
    return outcomes


def settle_account(
    key: AccountKey, settlement_id: str, program: Program, treasury: Treasury, now: datetime
) -> Settled:
    """Reserve what one account can be paid, or carry it; HeadMovedError when it never stood still."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _settle_once(key, settlement_id, program, treasury, now)
        except HeadMovedError:
            continue
    return _settle_once(key, settlement_id, program, treasury, now)


def _settle_once(
    key: AccountKey, settlement_id: str, program: Program, treasury: Treasury, now: datetime
) -> Settled:
    pages, head = treasury.account(key)
    amount = available(balance(pages).get(Leaf.PAYABLE, 0), head)
    if shortfall(amount, program):
        known = treasury.payout(settlement_id, payout_id(settlement_id, key)) if head.sequence else None
        return Settled.KNOWN if known else Settled.CARRIED
    try:
        treasury.move(reserve(head, amount, settlement_id, now), head)
    except AlreadyExistsError:
        return Settled.KNOWN
    return Settled.PAID


def _is_finished(batch: SettlementBatch, settlements: SettlementStore) -> bool:
    run = settlements.settlement(batch.settlement_id)
    if run is None:
        raise NotFoundError("settlement", batch.settlement_id)
    return str(batch.number) in run.finished


def _finish(batch: SettlementBatch, ports: SettlePorts) -> None:
    run = ports.settlements.finish_batch(batch.settlement_id, batch.number)
    if run.is_done:
        export_payouts(run, ports)


def export_payouts(run: Settlement, ports: SettlePorts) -> str:
    """Write the run's payout file and return its name; writing it again gives the same bytes."""
    name = f"payouts/{run.program_id}/{run.id}.csv"
    ports.files.put(name, payout_file(ports.treasury.payouts_of(run.id)), "text/csv")
    return name


def payout_file(payouts: Iterable[Payout]) -> bytes:
    """Return payouts as CSV by id, amounts as decimal strings."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PAYOUT_COLUMNS)
    for payout in sorted(payouts, key=lambda payout: payout.id):
        writer.writerow(_row(payout))
    return text.getvalue().encode()


def _row(payout: Payout) -> tuple[str, str, str, str, str]:
    amount = format_minor(payout.amount_minor, payout.key.currency)
    return payout.id, payout.key.promoter_id, amount, payout.key.currency, payout.settlement_id
