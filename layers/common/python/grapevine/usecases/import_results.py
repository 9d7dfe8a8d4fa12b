"""Take a rail's result file: a confirmed transfer is paid, a failed or returned one is payable again."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payout_results import TOLD, Applied, Told
from grapevine.domain.payouts import PayoutState, transfer_id
from grapevine.domain.transfers import TransferResult
from grapevine.ports import PayoutReader
from grapevine.usecases.apply_results import ResultPorts, apply_results

NAMES = ("transfer_id", "payout_id")
"""A file names each transfer, or the payout it is all of."""
COLUMNS = (*NAMES, "status", "detail", "reference")


@dataclass(frozen=True, slots=True)
class ImportResults:
    """A result file of a program.

    CSV with transfer_id or payout_id, status (completed, failed, returned or sent), and, where there
    are any, detail and reference.
    """

    program_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReport:
    """What became of a file's rows, by transfer; `rejected` says which row could not be used and why."""

    completed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    transfer_id: str
    payout_id: str
    status: str
    detail: str
    reference: str

    @property
    def name(self) -> str:
        """What the row is about, as it says so."""
        return self.transfer_id or self.payout_id


def import_results(command: ImportResults, ports: ResultPorts, now: datetime) -> ResultReport:
    """Move the transfers a file names; an unknown one is reported, never guessed.

    Importing a file again changes nothing. InvalidInputError when the file has not our columns.
    """
    rows = tuple(_rows(command.body))
    results = {row: _result(row, command.program_id, ports.treasury) for row in rows}
    known = [result for result in results.values() if isinstance(result, TransferResult)]
    told = iter(apply_results(command.program_id, known, ports, now))
    outcomes: dict[str, list[str]] = defaultdict(list)
    for row, result in results.items():
        applied, why = (Applied.REJECTED, result) if isinstance(result, str) else _outcome(next(told))
        outcomes[applied].append(f"line {row.line}: {row.name!r}: {why}" if why else row.name)
    return ResultReport(**{name: tuple(texts) for name, texts in outcomes.items()})


def _outcome(told: Told) -> tuple[Applied, str]:
    return told.applied, told.why


def _result(row: _Row, program_id: str, treasury: PayoutReader) -> TransferResult | str:
    """Return what a row says of a transfer, or why it says nothing."""
    if row.status not in TOLD:
        return f"status {row.status!r} is none of {', '.join(TOLD)}"
    if row.transfer_id:
        return _says(row, row.transfer_id)
    payout = treasury.payout_named(program_id, row.payout_id)
    if payout is None:
        return "no such payout"
    if len(payout.legs) > 1:
        return f"goes in {len(payout.legs)} transfers: name each by its transfer_id"
    return _says(row, transfer_id(payout, payout.legs[0].number))


def _says(row: _Row, name: str) -> TransferResult:
    state = PayoutState(row.status)
    return TransferResult(transfer_id=name, state=state, detail=row.detail, reference=row.reference)


def _rows(body: bytes) -> Iterator[_Row]:
    try:
        # Universal newlines: spreadsheets on some machines end their lines with a bare return.
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=None))
        names = reader.fieldnames or ()
        missing = [] if any(name in names for name in NAMES) else [" or ".join(NAMES)]
        missing += [] if "status" in names else ["status"]
        if missing:
            raise InvalidInputError(f"has no column {', '.join(missing)}", "results")
        for values in reader:
            yield _Row(reader.line_num, *((values.get(name) or "").strip() for name in COLUMNS))
    except UnicodeDecodeError:
        raise InvalidInputError("is not UTF-8 text", "results") from None
    except csv.Error as error:
        raise InvalidInputError(f"is not CSV: {error}", "results") from None
