"""Settle a batch of promoters: each once, whatever else fails; the last batch writes the payout file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import GrapevineError, NotFoundError, reason_of
from grapevine.ports import DecisionCatalog, Files, SettlementBatch, SettlementStore, Treasury
from grapevine.usecases.export_payouts import export_payouts
from grapevine.usecases.settle_account import Holder, Settled, settle_account


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
    was folded since carries to the next run. A suspended promoter's money waits; what a duplicate
    has goes to whose it is, and is settled with theirs.

    A promoter that fails does not stop the others; then the batch is not finished and
    SettlementIncompleteError names who is missing. NotFoundError for a run that nobody started.
    """
    if _is_finished(batch, ports.settlements):
        _finish(batch, ports, now)
        return {}
    terms = ports.catalog.terms(batch.program_id)
    people = ports.catalog.promoters(terms.program.id, batch.promoter_ids)
    outcomes: dict[str, Settled] = {}
    faults: list[str] = []
    for promoter_id in batch.promoter_ids:
        try:
            holder = Holder(promoter_id, people.get(promoter_id), terms)
            outcomes[promoter_id] = settle_account(holder, batch.settlement_id, ports.treasury, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others get their money
            faults.append(f"{promoter_id}: {reason_of(error)}")
    if faults:
        raise SettlementIncompleteError("; ".join(faults))
    _finish(batch, ports, now)
    return outcomes


def _is_finished(batch: SettlementBatch, settlements: SettlementStore) -> bool:
    run = settlements.settlement(batch.settlement_id)
    if run is None:
        raise NotFoundError("settlement", batch.settlement_id)
    return str(batch.number) in run.finished


def _finish(batch: SettlementBatch, ports: SettlePorts, now: datetime) -> None:
    run = ports.settlements.finish_batch(batch.settlement_id, batch.number)
    if run.is_done:
        export_payouts(run, ports.catalog, ports.treasury, ports.files, now)
