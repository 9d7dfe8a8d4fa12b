"""Issue a promoter's statement as a signed file, and say whether a file is one that was issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.money import POINTS
from grapevine.domain.points import gives_points
from grapevine.domain.programs import Terms
from grapevine.domain.statement_documents import About, csv_of, document_of
from grapevine.domain.statement_signatures import (
    Checked,
    FileFormat,
    check,
    sealed_csv,
    sealed_pdf,
    signed,
    statement_key,
)
from grapevine.domain.statement_spans import span_of_days
from grapevine.domain.wording import Language
from grapevine.ports import PromoterReader, SecretStore, StatementPrinter
from grapevine.usecases.make_statement import StatementBooks, make_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueStatement:
    """Whose statement, of which days of the program's calendar, both included, and how it is shown."""

    promoter_id: str
    first: date
    last: date
    language: Language
    format: FileFormat = FileFormat.JSON
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class IssuePorts:
    """People, what statements are made of, the program's key, and what prints."""

    people: PromoterReader
    books: StatementBooks
    secrets: SecretStore
    printer: StatementPrinter


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A signed statement: as JSON values, and as a file where one was asked for; `name` is the file's."""

    document: dict[str, Any]
    body: bytes | None
    name: str


def issue_statement(command: IssueStatement, terms: Terms, ports: IssuePorts, now: datetime) -> Issued:
    """Return the signed statement. The same days, once they are final, give the same bytes."""
    program = terms.program
    span = span_of_days(command.first, command.last, ZoneInfo(program.time_zone))
    promoter = ports.people.promoters(program.id, (command.promoter_id,)).get(command.promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", command.promoter_id)
    currency = _currency(command.currency, terms)
    statement = make_statement(promoter, currency, span, ports.books, now)
    about = About(
        program=program,
        promoter_name=promoter.name,
        first=command.first,
        last=command.last,
        language=command.language,
    )
    key = statement_key(ports.secrets.subject_key(program.id))
    document = signed(document_of(statement, about), key)
    return Issued(document=document, body=_file(document, command, ports, key), name=_name(command, currency))


def check_statement(program_id: str, file: bytes, secrets: SecretStore) -> Checked:
    """Say whether a file is a statement of a program as it was issued, to the last figure."""
    return check(file, statement_key(secrets.subject_key(program_id)))


def _file(document: dict[str, Any], command: IssueStatement, ports: IssuePorts, key: bytes) -> bytes | None:
    if command.format is FileFormat.CSV:
        return sealed_csv(csv_of(document), key)
    if command.format is FileFormat.PDF:
        return sealed_pdf(ports.printer.pdf(document), key)
    return None


def _currency(asked: str | None, terms: Terms) -> str:
    known = (terms.program.currency, POINTS) if gives_points(terms) else (terms.program.currency,)
    if asked and asked not in known:
        raise InvalidInputError(f"must be one of {', '.join(known)}", "currency")
    return asked or terms.program.currency


def _name(command: IssueStatement, currency: str) -> str:
    """Return a file's name; ids and days have no letter that a header must hide."""
    days = f"{command.first.isoformat()}_{command.last.isoformat()}"
    return f"statement_{command.promoter_id}_{currency}_{days}_{command.language}.{command.format}"
