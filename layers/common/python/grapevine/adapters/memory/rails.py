"""Payees and batches in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from threading import Lock

from grapevine.domain.transfers import Payee, RailName, TransferBatch, without_details


class MemoryPayees:
    """Payees by program and promoter."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Payee] = {}

    def payees(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Payee]:
        found = ((name, self.stored.get((program_id, name))) for name in promoter_ids)
        return {name: payee for name, payee in found if payee}

    def put_payee(self, program_id: str, promoter_id: str, payee: Payee | None) -> None:
        if payee is None:
            self.stored.pop((program_id, promoter_id), None)
        else:
            self.stored[program_id, promoter_id] = payee


class MemoryBatches:
    """Batches by program and id, and which are open."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.stored: dict[tuple[str, str], TransferBatch] = {}
        self.opened: set[tuple[str, str]] = set()

    def keep(self, batch: TransferBatch) -> bool:
        key = (batch.program_id, batch.id)
        with self._lock:
            if key in self.stored:
                return False
            self.stored[key] = batch
            self.opened.add(key)
            return True

    def batch(self, program_id: str, batch_id: str) -> TransferBatch | None:
        return self.stored.get((program_id, batch_id))

    def open_batches(self, program_id: str) -> Sequence[TransferBatch]:
        found = [self.stored[key] for key in tuple(self.opened) if key[0] == program_id]
        return sorted(found, key=lambda batch: (batch.created_at, batch.id))

    def batches_since(self, program_id: str, rail: RailName, instant: datetime) -> Iterator[TransferBatch]:
        found = [batch for (name, _), batch in tuple(self.stored.items()) if name == program_id]
        of_rail = (batch for batch in found if batch.rail is rail and batch.created_at >= instant)
        yield from sorted(of_rail, key=lambda batch: (batch.created_at, batch.id))

    def close(self, program_id: str, batch_id: str) -> None:
        self.opened.discard((program_id, batch_id))

    def forget_details(
        self, program_id: str, promoter_ids: Collection[str], batch_ids: Collection[str]
    ) -> Sequence[TransferBatch]:
        found = []
        for key, batch in tuple(self.stored.items()):
            is_named = key[0] == program_id and batch.id in batch_ids
            if is_named and any(one.promoter_id in promoter_ids for one in batch.transfers):
                self.stored[key] = without_details(batch, promoter_ids)
                found.append(self.stored[key])
        return sorted(found, key=lambda batch: batch.id)
