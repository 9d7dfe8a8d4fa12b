"""Promoters' statements through the API: as JSON, or as files for spreadsheets and for people."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Any

from chalice.app import Response

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plain import choice_of
from grapevine.domain.statement_signatures import FileFormat
from grapevine.domain.statement_spans import day_named, month_days
from grapevine.runtime.caller import Caller
from grapevine.runtime.http import file_response
from grapevine.usecases import issue_statement as issuing
from grapevine.usecases.make_statement import StatementBooks

CONTENT_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.PDF: "application/pdf"}


def issue_statement(caller: Caller, program_id: str, promoter_id: str) -> dict[str, Any] | Response:
    """Return a promoter's signed statement of a month, or of some days, in the format asked for."""
    terms, parts, query = caller.terms(program_id), caller.parts, caller.query
    first, last = _days(query.get("month"), query.get("from"), query.get("to"))
    chosen: FileFormat = choice_of(FileFormat, query.get("format", FileFormat.JSON), "format")
    command = issuing.IssueStatement(
        promoter_id=promoter_id,
        first=first,
        last=last,
        language=caller.language(),
        format=chosen,
        currency=query.get("currency"),
    )
    books = StatementBooks(parts.pages, parts.ledger, parts.settlements)
    ports = issuing.IssuePorts(parts.catalog, books, parts.secrets, parts.printer)
    issued = issuing.issue_statement(command, terms, ports, parts.now())
    if issued.body is None:
        return issued.document
    return file_response(issued.body, CONTENT_TYPES[chosen], issued.name)


def verify_statement(caller: Caller, program_id: str) -> dict[str, Any]:
    """Say whether a file is a statement as the program gave it out."""
    program, body = caller.terms(program_id).program, caller.body().refuse_unknown("file_base64")
    found = issuing.check_statement(program.id, _file(body.text("file_base64")), caller.parts.secrets)
    return {"format": found.format.value, "valid": found.is_valid}


def _days(month: str | None, first: str | None, last: str | None) -> tuple[date, date]:
    if month is not None and first is None and last is None:
        return month_days(month)
    if month is None and first is not None and last is not None:
        return day_named(first, "from"), day_named(last, "to")
    raise InvalidInputError("name a month, or the days from and to", "month")


def _file(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("is not base64", "file_base64") from None
