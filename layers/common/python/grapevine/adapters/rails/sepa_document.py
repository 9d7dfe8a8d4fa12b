"""A batch as ISO 20022 `pain.001.001.09`, written and validated by sepaxml; the same batch is the same bytes.

The library writes when it was asked and an id of chance into each file. Both are the batch's own here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError

from grapevine.adapters.rails.iban import compact
from grapevine.adapters.rails.sepa import Debtor
from grapevine.adapters.rails.sepa_text import sepa_text
from grapevine.domain.transfers import Transfer, TransferBatch
from grapevine.ports.rails import RailRefusedError

SCHEMA = "pain.001.001.09"


def document(debtor: Debtor, batch: TransferBatch, transfers: Sequence[Transfer]) -> bytes:
    """Return the file for some transfers of a batch; RailRefusedError where the schema does not take it."""
    writer = _Writer(debtor, batch)
    for transfer in transfers:
        writer.add_payment(_payment(debtor, batch, transfer))
    try:
        written: bytes = writer.export(validate=True)
    except ValidationError as error:
        raise RailRefusedError(f"{batch.id} is not {SCHEMA}: {error}") from error
    return written


class _Writer(SepaTransfer):  # type: ignore[misc]  # sepaxml ships no types
    def __init__(self, debtor: Debtor, batch: TransferBatch) -> None:
        self._batch = batch
        super().__init__(_config(debtor, batch), schema=SCHEMA, clean=False)

    def _create_header(self) -> None:
        super()._create_header()
        self._write("MsgId", self._batch.id)
        self._write("CreDtTm", self._batch.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        self._write("PmtInfId", self._batch.id)

    def _write(self, tag: str, text: str) -> None:
        for node in self._xml.iter(tag):
            node.text = text


def _config(debtor: Debtor, batch: TransferBatch) -> dict[str, Any]:
    return {
        "name": sepa_text(debtor.name),
        "IBAN": compact(debtor.iban),
        "BIC": compact(debtor.bic),
        "currency": batch.currency,
        "batch": True,
    }


def _payment(debtor: Debtor, batch: TransferBatch, transfer: Transfer) -> dict[str, Any]:
    details: Mapping[str, str] = transfer.details
    bank = {"BIC": compact(details["bic"])} if details.get("bic", "").strip() else {}
    return {
        "name": sepa_text(details["name"]),
        "IBAN": compact(details["iban"]),
        **bank,
        "amount": transfer.amount.minor,
        "execution_date": batch.execution_day,
        "description": f"{sepa_text(debtor.words)} {transfer.id}",
        "endtoend_id": transfer.id,
    }
