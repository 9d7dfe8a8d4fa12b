"""Take a rail's result file: a confirmed payout is paid, a failed one goes back to payable."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import HeadMovedError, InvalidInputError
from grapevine.domain.heads import Head
from grapevine.domain.money import Rounding
from grapevine.domain.payouts import LegOutcome, Movement, Payout, PayoutState, conclude
from grapevine.ports import Treasury

ATTEMPTS = 5
COLUMNS = ("payout_id", "status", "detail")
COMPLETED, FAILED = "completed", "failed"


@dataclass(frozen=True, slots=True)
class ImportResults:
    """A result file of one settlement: CSV with payout_id, status (completed or failed), detail."""

    settlement_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReport:
    """What became of a file's rows; `rejected` says which row could not be used and why."""

    completed: tuple[str, ...]
    failed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    payout_id: str
    status: str
    detail: str


def import_results(command: ImportResults, treasury: Treasury, now: datetime) -> ResultReport:
    """Move the payouts a file names; an unknown one is reported, never guessed.

    Importing a file again changes nothing. InvalidInputError when the file has not our columns.
    """
    outcomes: dict[str, list[str]] = {"completed": [], "failed": [], "unchanged": [], "rejected": []}
    for row in tuple(_rows(command.body)):
        outcome, text = _apply(row, command.settlement_id, treasury, now)
        outcomes[outcome].append(text)
    return ResultReport(**{name: tuple(texts) for name, texts in outcomes.items()})


def _rows(body: bytes) -> Iterator[_Row]:
    try:
        # Universal newlines: spreadsheets on some machines end their lines with a bare return.
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=None))
        missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
        if missing:
            raise InvalidInputError(f"has no column {', '.join(missing)}", "results")
        for values in reader:
            yield _Row(reader.line_num, *((values.get(name) or "").strip() for name in COLUMNS))
    except UnicodeDecodeError:
        raise InvalidInputError("is not UTF-8 text", "results") from None
    except csv.Error as error:
        raise InvalidInputError(f"is not CSV: {error}", "results") from None


def _apply(row: _Row, settlement_id: str, treasury: Treasury, now: datetime) -> tuple[str, str]:
    payout = treasury.payout(settlement_id, row.payout_id)
    if payout is None:
        return "rejected", f"line {row.line}: no payout {row.payout_id!r} in {settlement_id}"
    if row.status not in (COMPLETED, FAILED):
        return "rejected", f"line {row.line}: status {row.status!r} is neither {COMPLETED} nor {FAILED}"
    if payout.state is not PayoutState.REQUESTED:
        return _settled_before(row, payout)
    if not _moved(row, payout, treasury, now):
        return "unchanged", payout.id
    return row.status, payout.id


def _settled_before(row: _Row, payout: Payout) -> tuple[str, str]:
    if payout.state.value == row.status:
        return "unchanged", payout.id
    return "rejected", f"line {row.line}: {payout.id} is {payout.state} already, the file says {row.status}"


def _moved(row: _Row, payout: Payout, treasury: Treasury, now: datetime) -> bool:
    """Move a payout; False when another import did it first."""
    for _ in range(ATTEMPTS):
        _, head = treasury.account(payout.key)
        try:
            treasury.move(_step(row, head, payout, now), head)
        except HeadMovedError:
            current = treasury.payout(payout.settlement_id, payout.id)
            if current and current.state is not PayoutState.REQUESTED:
                return False
            continue
        return True
    raise HeadMovedError(f"{payout.key} moved {ATTEMPTS} times")


def _step(row: _Row, head: Head, payout: Payout, now: datetime) -> Movement:
    state = PayoutState.COMPLETED if row.status == COMPLETED else PayoutState.FAILED
    outcome = LegOutcome(number=1, state=state, detail=row.detail)
    return conclude(head, payout, outcome, Rounding.HALF_EVEN, now)
