"""`grapevine statement …`: a promoter's signed statement as a file, and whether a file is one."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from grapevine.domain.statement_signatures import FileFormat
from grapevine.domain.statement_spans import month_days
from grapevine.domain.wording import Language
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.issue_statement import (
    IssuePorts,
    IssueStatement,
    check_statement,
    issue_statement,
)
from grapevine.usecases.make_statement import StatementBooks
from grapevine_cli.commands import FILE, LANGUAGE, pass_parts

DAY = click.DateTime(["%Y-%m-%d"])
TO = click.Path(dir_okay=False, writable=True, path_type=Path)
FORMATS = click.Choice([one.value for one in FileFormat])


class Asked(TypedDict):
    """Which days, and how they are shown, as options say it."""

    month: str | None
    days: tuple[datetime, datetime] | None
    shape: str
    language: str
    currency: str | None


@click.group()
def statement() -> None:
    """Promoters' statements."""


@statement.command("show")
@click.argument("program_id")
@click.argument("promoter_id")
@click.option("--month", help="A month of the program's calendar, for example 2026-11.")
@click.option("--days", type=(DAY, DAY), help="The first and the last day, instead of a month.")
@click.option("--format", "shape", type=FORMATS, default=FileFormat.JSON.value, show_default=True)
@click.option("--language", type=LANGUAGE, default=Language.EN.value, show_default=True)
@click.option("--currency", help="POINTS for a statement of points; without it the program's currency.")
@click.option("-o", "--output", type=TO, help="The file to write; without it standard output.")
@pass_parts
def statement_show(
    parts: AwsParts, program_id: str, promoter_id: str, output: Path | None, **asked: Unpack[Asked]
) -> None:
    """Write a promoter's statement, signed with the program's key.

    The same days, once they are final, give the same bytes.
    """
    if asked["shape"] == FileFormat.PDF and output is None:
        raise click.UsageError("a PDF goes into a file: say -o FILE")
    body = _issued(_command(promoter_id, asked), program_id, parts)
    if output is None:
        click.echo(body, nl=False)
        return
    output.write_bytes(body)
    click.echo(f"{output}: {len(body):,} bytes")


@statement.command("verify")
@click.argument("program_id")
@click.argument("file", type=FILE)
@pass_parts
def statement_verify(parts: AwsParts, program_id: str, file: Path) -> None:
    """Say whether FILE is a statement as the program gave it out; exits 1 where it is not."""
    program = parts.catalog.terms(program_id).program
    found = check_statement(program.id, file.read_bytes(), parts.secrets)
    kind = found.format.value.upper()
    if not found.is_valid:
        click.echo(f"NOT VALID: this {kind} is no statement of {program.id}, or it was changed")
        raise click.exceptions.Exit(1)
    click.echo(f"valid: {kind}, as {program.id} gave it out")


def _command(promoter_id: str, asked: Asked) -> IssueStatement:
    first, last = _days(asked["month"], asked["days"])
    return IssueStatement(
        promoter_id=promoter_id,
        first=first,
        last=last,
        language=Language(asked["language"]),
        format=FileFormat(asked["shape"]),
        currency=asked["currency"],
    )


def _days(month: str | None, days: tuple[datetime, datetime] | None) -> tuple[date, date]:
    if month and not days:
        return month_days(month)
    if days and not month:
        return days[0].date(), days[1].date()
    raise click.UsageError("say --month, or --days with the first and the last day")


def _issued(command: IssueStatement, program_id: str, parts: AwsParts) -> bytes:
    """Return a statement's bytes; ClickException for a PDF where nothing can print it."""
    books = StatementBooks(parts.pages, parts.ledger, parts.settlements)
    terms = parts.catalog.terms(program_id)
    try:
        printer = parts.printer
    except ImportError as error:
        raise click.ClickException(f"no PDF on this machine: {error}; ask for csv or json") from error
    issued = issue_statement(
        command, terms, IssuePorts(parts.catalog, books, parts.secrets, printer), parts.now()
    )
    if issued.body is not None:
        return issued.body
    return (json.dumps(issued.document, indent=2, ensure_ascii=False) + "\n").encode()
