"""A statement as JSON values in one language, which every format shows, and as rows of a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.entries import Entry
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.programs import Program
from grapevine.domain.statement_lines import PLACES, Amounts, Line
from grapevine.domain.statement_signatures import SIGNATURE
from grapevine.domain.statement_texts import COLUMNS, KINDS, LABELS, LINE_NAMES, Label, line_sentence
from grapevine.domain.statements import Statement
from grapevine.domain.wording import Language
from grapevine.domain.wordings import WORDINGS

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What spreadsheets take for the beginning of a formula; the last four are as wide as Chinese letters."""
HEAD = (
    *("version", "language", "program_id", "program", "promoter_id", "promoter", "currency"),
    *("first_day", "last_day", "time_zone", "starts_at", "ends_at", "as_of", "final"),
)
"""What a statement says of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose statement it is, for which days of the program's calendar, and in which language."""

    program: Program
    promoter_name: str
    first: date
    last: date
    language: Language


def document_of(statement: Statement, about: About) -> dict[str, Any]:
    """Return a statement as JSON values; `amount` is what the balance changes by."""
    currency, program = statement.currency, about.program
    return {
        "version": 1,
        "language": about.language.value,
        "program_id": statement.program_id,
        "program": program.name,
        "promoter_id": statement.promoter_id,
        "promoter": about.promoter_name,
        "currency": currency,
        "first_day": about.first.isoformat(),
        "last_day": about.last.isoformat(),
        "time_zone": program.time_zone,
        "starts_at": to_text(statement.span.starts_at),
        "ends_at": to_text(statement.span.ends_at),
        "as_of": to_text(statement.as_of),
        "final": statement.is_final,
        "opening": _all_of(statement.opening, currency),
        "totals": [
            {"kind": kind.value, "name": KINDS[about.language][kind], **_changed(amounts, currency)}
            for kind, amounts in statement.totals.items()
        ],
        "closing": _all_of(statement.closing, currency),
        "lines": [_line(line, about, currency) for line in statement.lines],
    }


def _line(line: Line, about: About, currency: str) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "name": LINE_NAMES[about.language][line.kind],
        "at": to_text(line.at),
        "local_time": _local(line.at, about.program),
        "account_id": line.account_id,
        "about": line.about,
        "entry": line.entry.id if line.entry else None,
        "reason": _reason(line.entry, line),
        **_changed(line.changes, currency),
        "sentence": line_sentence(line, currency, WORDINGS[about.language]),
    }


def _reason(entry: Entry | None, line: Line) -> str:
    if entry:
        return entry.reason.value
    return line.carry.outcome.reason if line.carry else "joined"


def _local(at: datetime, program: Program) -> str:
    return at.astimezone(ZoneInfo(program.time_zone)).isoformat(timespec="seconds")


def _all_of(amounts: Amounts, currency: str) -> dict[str, Any]:
    places = {leaf.value: format_minor(minor, currency) for leaf, minor in amounts.by_place().items()}
    return {"balance": format_minor(amounts.balance_minor, currency), "places": places}


def _changed(amounts: Amounts, currency: str) -> dict[str, Any]:
    changed = {leaf.value: format_minor(n, currency) for leaf, n in amounts.by_place().items() if n}
    return {"amount": format_minor(amounts.balance_minor, currency), "changes": changed}


def csv_of(document: Mapping[str, Any]) -> str:
    """Return a signed statement as a spreadsheet that runs no formula, every row of one width."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS[Language(document["language"])])
    writer.writerows([_cell(cell) for cell in row] for row in _rows(document))
    return out.getvalue()


def _rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    labels = LABELS[Language(document["language"])]
    for name in HEAD:
        yield _row("about", name, told=str(document[name]))
    yield _row("opening", "", labels[Label.OPENING], figures=_places(document["opening"]))
    for line in document["lines"]:
        what = [str(line[name] or "") for name in ("local_time", "account_id", "about", "entry", "reason")]
        yield _row("line", line["kind"], line["name"], *what, figures=_changes(line), told=line["sentence"])
    for total in document["totals"]:
        yield _row("total", total["kind"], total["name"], figures=_changes(total))
    yield _row("closing", "", labels[Label.CLOSING], figures=_places(document["closing"]))
    yield _row(SIGNATURE, "", told=document[SIGNATURE])


def _row(*texts: str, figures: Sequence[str] = (), told: str = "") -> list[str]:
    """Return a row: eight texts, what the balance changes by and each place, and a sentence."""
    return [
        *texts,
        *[""] * (8 - len(texts)),
        *(figures or [""] * (1 + len(PLACES))),
        told,
    ]


def _places(sums: Mapping[str, Any]) -> list[str]:
    return [sums["balance"], *(sums["places"][leaf.value] for leaf in PLACES)]


def _changes(line: Mapping[str, Any]) -> list[str]:
    return [line["amount"], *(line["changes"].get(leaf.value, "") for leaf in PLACES)]


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; a number stays one."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
