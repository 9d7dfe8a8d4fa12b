"""`grapevine privacy …`: see or erase what is kept of a person, and the evidence of it."""

from __future__ import annotations

import getpass
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, Unpack

import click

from grapevine.domain.ids import new_id
from grapevine.domain.instants import to_text
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord
from grapevine.runtime.privacy import customer_ports, promoter_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.documents import read_document
from grapevine.usecases.serve_person import ServePerson, known_record, list_records, serve_person
from grapevine_cli.commands import pass_parts
from grapevine_cli.tables import show

COLUMNS = ("request", "act", "whose", "subject", "asked at", "state", "asked by", "counts")
TO = click.Path(dir_okay=False, writable=True, path_type=Path)
Command = Callable[..., None]


class Asked(TypedDict):
    """Whom a request is about, and who asks, as options say it."""

    customer: str | None
    promoter_id: str | None
    asked_by: str | None
    request_id: str | None


@click.group()
def privacy() -> None:
    """What is kept of people, for whom it is about."""


def person_options(command: Command) -> Command:
    """Add the options that say who it is about, who asks, and what the request is called."""
    options = (
        click.option("--customer", help="A customer's e-mail address, or the key that stands for it."),
        click.option("--promoter", "promoter_id", help="A promoter's id."),
        click.option("--by", "asked_by", help="Who asks; without it whoever runs this."),
        click.option("--request", "request_id", help="Your name for it; the same again is the same request."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@privacy.command("export")
@click.argument("program_id")
@person_options
@click.option("-o", "--output", type=TO, help="The file to write; without it standard output.")
@pass_parts
def privacy_export(parts: AwsParts, program_id: str, output: Path | None, **asked: Unpack[Asked]) -> None:
    """Write everything that is kept of a person as one JSON document.

    It stays in the bucket for 30 days too.
    """
    record = _served(PrivacyAct.EXPORT, program_id, parts, asked)
    document = read_document(record.program_id, record.id, parts.files)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: request {record.id}, {_counted(record)}")


@privacy.command("erase")
@click.argument("program_id")
@person_options
@click.option("--even-if-owed", is_flag=True, help="A promoter wants it although there is money for them.")
@pass_parts
def privacy_erase(parts: AwsParts, program_id: str, even_if_owed: bool, **asked: Unpack[Asked]) -> None:
    """Erase what names a person; what they bought or earned stays, under a key.

    It cannot be undone. Doing it again goes on where it broke off.
    """
    record = _served(PrivacyAct.ERASE, program_id, parts, asked, even_if_owed=even_if_owed)
    click.echo(f"erased: request {record.id}, {_counted(record)}")


@privacy.command("list")
@click.argument("program_id")
@pass_parts
def privacy_list(parts: AwsParts, program_id: str) -> None:
    """List who asked for what, the newest first."""
    program = parts.catalog.terms(program_id).program
    show(COLUMNS, [_row(record) for record in list_records(program.id, parts.privacy_records)])


@privacy.command("document")
@click.argument("program_id")
@click.argument("request_id")
@pass_parts
def privacy_document(parts: AwsParts, program_id: str, request_id: str) -> None:
    """Write what was collected for a request, a shop's for example, to standard output."""
    record = known_record(program_id, request_id, parts.privacy_records)
    document = read_document(record.program_id, record.id, parts.files)
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _served(
    act: PrivacyAct,
    program_id: str,
    parts: AwsParts,
    asked: Asked,
    *,
    even_if_owed: bool = False,
) -> PrivacyRecord:
    program = parts.catalog.terms(program_id).program
    command = ServePerson(
        act=act,
        asked_by=asked["asked_by"] or f"{getpass.getuser()}, by hand",
        request_id=asked["request_id"] or new_id("rq", secrets.token_bytes),
        customer=asked["customer"],
        promoter_id=asked["promoter_id"],
        even_if_owed=even_if_owed,
    )
    return serve_person(command, program, customer_ports(parts), promoter_ports(parts), parts.now())


def _row(record: PrivacyRecord) -> tuple[str, ...]:
    whose = (record.act.value, record.whose.value, record.subject)
    return (
        record.id,
        *whose,
        to_text(record.asked_at),
        record.state.value,
        record.asked_by,
        _counted(record),
    )


def _counted(record: PrivacyRecord) -> str:
    return ", ".join(f"{number} {name}" for name, number in record.counts.items()) or "nothing found"
