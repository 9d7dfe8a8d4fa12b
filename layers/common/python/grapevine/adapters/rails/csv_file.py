"""The rail that a person is: a file to pay from, and a result file that comes back by import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from grapevine.domain.errors import InvalidInputError, NotFoundError, faults_of
from grapevine.domain.money import format_minor
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, Transfer, TransferBatch, TransferResult
from grapevine.ports import Files, RailNeeds

COLUMNS = ("transfer_id", "payout_id", "promoter_id", "amount", "currency", "settlement_id")
"""What every file has; where its payees have details, a column `payee_…` for each follows."""
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets know wide ones
"""How a text begins that a spreadsheet would run as a formula."""
MOST_DETAILS = 20
LONGEST_NAME, LONGEST_DETAIL = 40, 200


def open_rail(needs: RailNeeds) -> CsvRail:
    """Return the rail, which needs nothing but the bucket."""
    return CsvRail(needs.files)


class CsvRail:
    """Batches as files in the bucket; what became of them a person says."""

    name = RailName.CSV
    limits = RailLimits(batch=5000)

    def __init__(self, files: Files) -> None:
        self._files = files

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:  # noqa: ARG002 - pays any
        """Return what would not fit into a file; no detail at all is fine, the file names the promoter."""
        checks = [(len(details) <= MOST_DETAILS, f"more than {MOST_DETAILS}", "details")]
        for name, value in details.items():
            is_name = name.isascii() and name.isidentifier() and len(name) <= LONGEST_NAME
            checks.append((is_name, "must be a name of letters, digits and _", name[:LONGEST_NAME]))
            checks.append((len(value) <= LONGEST_DETAIL, f"over {LONGEST_DETAIL} characters", name))
        return faults_of(checks)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Write the batch's file; the same batch is the same bytes."""
        self._files.put(file_of(batch), file_body(batch), "text/csv")
        return tuple(_sent(batch))

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Return that the file is there, which is all that anybody here knows; none where it is not."""
        try:
            self._files.get(file_of(batch))
        except NotFoundError:
            return ()
        return tuple(_sent(batch))

    def received(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Sequence[TransferResult]:
        """Return nothing: a file sends no webhooks."""
        return ()


def file_of(batch: TransferBatch) -> str:
    """Return where a batch's file is in the bucket."""
    return f"payouts/{batch.program_id}/{batch.id}.csv"


def file_body(batch: TransferBatch) -> bytes:
    """Return a batch as CSV in UTF-8, every value quoted and none a formula."""
    names = sorted({name for transfer in batch.transfers for name in transfer.details})
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow((*COLUMNS, *(f"payee_{name}" for name in names)))
    for transfer in batch.transfers:
        writer.writerow([harmless(value) for value in (*_values(transfer), *_details(transfer, names))])
    return text.getvalue().encode()


def harmless(value: str) -> str:
    """Return a value that no spreadsheet runs: what would be a formula gets an apostrophe before it."""
    return f"'{value}" if value.startswith(ACTIVE) else value


def _values(transfer: Transfer) -> tuple[str, ...]:
    amount = format_minor(transfer.amount.minor, transfer.amount.currency)
    who = (transfer.id, transfer.payout_id, transfer.promoter_id)
    return (*who, amount, transfer.amount.currency, transfer.settlement_id)


def _details(transfer: Transfer, names: Sequence[str]) -> Iterator[str]:
    return (transfer.details.get(name, "") for name in names)


def _sent(batch: TransferBatch) -> Iterator[TransferResult]:
    name = file_of(batch)
    return (TransferResult(transfer_id=t.id, state=PayoutState.SENT, reference=name) for t in batch.transfers)
