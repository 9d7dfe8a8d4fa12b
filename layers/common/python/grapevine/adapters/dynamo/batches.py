"""Batches of transfers: whole in the bucket, and a row that says which of the bodies there is the batch.

A body's name has its digest in it, and the row that names it is put if absent. So of two writers one
is the batch, and what the other wrote is never read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import CONDITION_FAILED, CancelledError
from grapevine.adapters.dynamo.rows import Item, Row, row, rows
from grapevine.adapters.dynamo.table import BY_STATE, Database, Put
from grapevine.domain.errors import UnavailableError
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.money import Money
from grapevine.domain.transfers import RailName, Transfer, TransferBatch, without_details
from grapevine.ports import Files


class BatchRow(Row, discriminator="batch"):
    """`BATCHES#program` / id, in the index by rail and time."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    digest = UnicodeAttribute()


class OpenBatchRow(Row, discriminator="open_batch"):
    """`OPEN#program` / id."""


class DynamoBatches:
    """Batches by program and id."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._state = database.state
        self._files = files

    def keep(self, batch: TransferBatch) -> bool:
        """Keep a batch, open, if absent: the body first, so that a row means that it is there."""
        body = batch_body(batch)
        digest = blake2b(body, digest_size=16).hexdigest()
        self._files.put(_name(batch.program_id, batch.id, digest), body, "application/json")
        kept = BatchRow(
            *keys.batch(batch.program_id, batch.id),
            gpk=keys.batches_by(batch.program_id, batch.rail),
            gsk=keys.batch_made(batch.created_at, batch.id),
            digest=digest,
        )
        is_open = OpenBatchRow(*keys.open_batch(batch.program_id, batch.id))
        try:
            self._database.put_all(Put(self._state, kept), Put(self._state, is_open, None))
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                return False
            raise UnavailableError(f"batch {batch.id} not kept: {error}") from error
        return True

    def batch(self, program_id: str, batch_id: str) -> TransferBatch | None:
        """Return a batch, or None."""
        if not keys.is_usable(batch_id):
            return None
        item = self._state.get(keys.batch(program_id, batch_id))
        return self._whole(program_id, item) if item else None

    def open_batches(self, program_id: str) -> Sequence[TransferBatch]:
        """Return the batches whose results are not all known, oldest first."""
        opened = rows(OpenBatchRow, self._state.query(keys.open_batches(program_id)))
        found = [keys.batch(program_id, stored.sk) for stored in opened]
        batches = (self._whole(program_id, item) for item in self._state.get_all(found))
        return sorted(batches, key=lambda batch: (batch.created_at, batch.id))

    def batches_since(self, program_id: str, rail: RailName, instant: datetime) -> Iterator[TransferBatch]:
        """Yield a rail's batches made from an instant on, oldest first, eventually consistent."""
        place, later = keys.batches_by(program_id, rail), BatchRow.gsk >= keys.batch_made(instant)
        return (self._whole(program_id, item) for item in self._state.query(place, later, index=BY_STATE))

    def close(self, program_id: str, batch_id: str) -> None:
        """Say that everything is known of a batch; again changes nothing."""
        self._state.delete(keys.open_batch(program_id, batch_id))

    def forget_details(
        self, program_id: str, promoter_ids: Collection[str], batch_ids: Collection[str]
    ) -> Sequence[TransferBatch]:
        """Write the batches' bodies once more without these promoters' details, and erase what they were.

        A body that no row names was written by somebody who was not the first, or ended before the row:
        nobody reads it, and it is erased where any of them is in it.
        """
        names = tuple(self._files.names(_folder(program_id)))
        rows_of = [keys.batch(program_id, name) for name in dict.fromkeys(map(_batch_in, names))]
        stored = (row(BatchRow, item) for item in self._state.get_all(rows_of))
        current = {_name(program_id, one.sk, one.digest) for one in stored}
        for name in names:
            if name not in current and _has(self._body(name), promoter_ids):
                self._files.erase(name)
        wanted = (name for name in names if name in current and _batch_in(name) in batch_ids)
        bodies = ((name, self._body(name)) for name in wanted)
        return [
            self._forgotten(name, body, promoter_ids) for name, body in bodies if _has(body, promoter_ids)
        ]

    def _body(self, name: str) -> TransferBatch:
        return batch_of(self._files.get(name))

    def _forgotten(self, name: str, batch: TransferBatch, promoter_ids: Collection[str]) -> TransferBatch:
        after = without_details(batch, promoter_ids)
        if after != batch:
            self._files.put(name, batch_body(after), "application/json")
        self._files.erase_older(name)
        return after

    def _whole(self, program_id: str, item: Item) -> TransferBatch:
        stored = row(BatchRow, item)
        return batch_of(self._files.get(_name(program_id, stored.sk, stored.digest)))


def batch_body(batch: TransferBatch) -> bytes:
    """Return a batch as JSON."""
    values = {
        "id": batch.id,
        "program_id": batch.program_id,
        "rail": batch.rail,
        "currency": batch.currency,
        "created_at": to_text(batch.created_at),
        "execution_day": batch.execution_day.isoformat(),
        "transfers": [_values(transfer) for transfer in batch.transfers],
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def batch_of(body: bytes) -> TransferBatch:
    """Read back what `batch_body` wrote."""
    values = json.loads(body)
    return TransferBatch(
        id=values["id"],
        program_id=values["program_id"],
        rail=RailName(values["rail"]),
        currency=values["currency"],
        created_at=from_text(values["created_at"]),
        execution_day=date.fromisoformat(values["execution_day"]),
        transfers=tuple(_transfer(item, values["currency"]) for item in values["transfers"]),
    )


def _name(program_id: str, batch_id: str, digest: str) -> str:
    return f"{_folder(program_id)}{batch_id}.{digest}.json"


def _folder(program_id: str) -> str:
    return f"batches/{program_id}/"


def _values(transfer: Transfer) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "payout_id": transfer.payout_id,
        "settlement_id": transfer.settlement_id,
        "promoter_id": transfer.promoter_id,
        "amount_minor": transfer.amount.minor,
        "details": dict(transfer.details),
    }


def _transfer(values: dict[str, Any], currency: str) -> Transfer:
    return Transfer(
        id=values["id"],
        payout_id=values["payout_id"],
        settlement_id=values["settlement_id"],
        promoter_id=values["promoter_id"],
        amount=Money(values["amount_minor"], currency),
        details=values["details"],
    )


def _batch_in(name: str) -> str:
    """Return the batch that a body's name says it is of."""
    return name.rpartition("/")[2].partition(".")[0]


def _has(batch: TransferBatch, promoter_ids: Collection[str]) -> bool:
    return any(one.promoter_id in promoter_ids for one in batch.transfers)
