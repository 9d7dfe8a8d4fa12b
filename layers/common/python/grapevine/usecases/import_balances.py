"""Take over promoters' balances from another system: one entry each, with the evidence that it rests on.

The orders behind them are not told again, so nothing is earned twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import GrapevineError, HeadMovedError, InvalidInputError
from grapevine.domain.heads import opened
from grapevine.domain.ids import checked_id
from grapevine.domain.money import MAX_MINOR, parse_minor
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Program
from grapevine.ports import EntryReader, PromoterReader, TermsReader, Treasury
from grapevine.usecases.starting_over import moved

COLUMNS = ("promoter_id", "amount", "evidence")
LONGEST_EVIDENCE = 500
Progress = Callable[[int, int], None]
"""Is told how many rows are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBalances:
    """A CSV file of balances, and the import's name: the same name is the same import."""

    program_id: str
    import_id: str
    body: bytes


class BalanceCatalog(TermsReader, PromoterReader, Protocol):
    """The program, and who its promoters are."""


@dataclass(frozen=True, slots=True)
class BalancePorts:
    """The program and its people, and the accounts."""

    catalog: BalanceCatalog
    treasury: Treasury
    ledger: EntryReader


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceReport:
    """What became of the rows, by promoter; `rejected` says which line could not be used and why."""

    opened: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    promoter_id: str
    amount: str
    evidence: str
    currency: str


def silent(done: int, total: int) -> None:
    """Tell nobody how far an import is."""


def import_balances(
    command: ImportBalances, ports: BalancePorts, now: datetime, progress: Progress = silent
) -> BalanceReport:
    """Open each row's balance unless this import has done so; what cannot be used is reported by its line.

    Importing again changes nothing, and takes up what broke off or was mended. InvalidInputError for a file
    without our columns, or an import's name that is none; NotFoundError without the program.
    """
    checked_id(command.import_id, "import_id")
    program = ports.catalog.terms(command.program_id).program
    rows = tuple(read_rows(command.body))
    told: dict[str, list[str]] = {"opened": [], "known": [], "rejected": []}
    seen: set[str] = set()
    for done, row in enumerate(rows, start=1):
        try:
            if row.promoter_id in seen:
                raise InvalidInputError("is in the file twice", "promoter_id")
            seen.add(row.promoter_id)
            is_new = _is_opened(row, command.import_id, program, ports, now)
            told["opened" if is_new else "known"].append(row.promoter_id)
        except HeadMovedError:
            told["rejected"].append(f"line {row.line}: {row.promoter_id!r}: is moving; import again")
        except GrapevineError as error:
            told["rejected"].append(f"line {row.line}: {row.promoter_id!r}: {error}")
        progress(done, len(rows))
    return BalanceReport(**{name: tuple(texts) for name, texts in told.items()})


def read_rows(body: bytes) -> Iterator[_Row]:
    """Yield a file's rows with their lines; InvalidInputError when it is not CSV with our columns."""
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=None))
        _refuse_missing(reader.fieldnames or ())
        for values in reader:
            yield _Row(reader.line_num, *(_cell(values, name) for name in (*COLUMNS, "currency")))
    except UnicodeDecodeError:
        raise InvalidInputError("is not UTF-8 text", "balances") from None
    except csv.Error as error:
        raise InvalidInputError(f"is not CSV: {error}", "balances") from None


def _refuse_missing(names: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InvalidInputError(f"has no column {', '.join(missing)}", "balances")


def _cell(values: Mapping[str, str | None], name: str) -> str:
    return (values.get(name) or "").strip()


def _is_opened(row: _Row, import_id: str, program: Program, ports: BalancePorts, now: datetime) -> bool:
    """Post a row's entry; False where this import has posted it. Whatever is wrong with the row is raised."""
    minor = _checked(row, program)
    promoter = _promoter(row.promoter_id, program.id, ports, now)
    key = AccountKey(program.id, promoter.id, program.currency)

    def step() -> bool:
        _, head = ports.treasury.account(key)
        entries = ports.ledger.entries_of(key) if head.sequence else ()
        if len(entries) != head.sequence:
            raise HeadMovedError(str(key))
        if known := _known(entries, import_id):
            _refuse_other(known, row.evidence, minor)
            return False
        taken = opened(head, minor, import_id, row.evidence, now)
        ports.treasury.step((taken,), (head,))
        return True

    return moved(step)


def _checked(row: _Row, program: Program) -> int:
    """Return a row's amount in minor units; everything wrong with the row is said at once."""
    faults: list[str] = []
    minor = 0
    try:
        minor = parse_minor(row.amount, program.currency)
    except GrapevineError as error:
        faults.append(f"amount: {error}")
    else:
        if not 0 < abs(minor) <= MAX_MINOR:
            faults.append("amount: must be another than zero, and no more than is counted")
    if row.currency and row.currency != program.currency:
        faults.append(f"currency: must be {program.currency}")
    if not 0 < len(row.evidence) <= LONGEST_EVIDENCE:
        faults.append(f"evidence: must have 1 to {LONGEST_EVIDENCE} characters")
    if faults:
        raise InvalidInputError("; ".join(faults))
    return minor


def _promoter(promoter_id: str, program_id: str, ports: BalancePorts, now: datetime) -> Promoter:
    promoter = ports.catalog.promoters(program_id, (promoter_id,)).get(promoter_id)
    if promoter is None:
        raise InvalidInputError("no such promoter", "promoter_id")
    if alias := promoter.alias_at(now):
        raise InvalidInputError(f"is a duplicate of {alias}", "promoter_id")
    return promoter


def _known(entries: Sequence[Entry], import_id: str) -> Entry | None:
    """Return the entry that an import has posted, None where it has not."""
    for entry in entries:
        if entry.reason is EntryReason.OPENED and entry.purpose == import_id:
            return entry
    return None


def _refuse_other(known: Entry, evidence: str, minor: int) -> None:
    before = sum(
        leg.amount.minor if leg.destination.is_promoters else -leg.amount.minor for leg in known.postings
    )
    if (before, known.note) != (minor, evidence):
        raise InvalidInputError("this import has opened it with another amount or evidence")
