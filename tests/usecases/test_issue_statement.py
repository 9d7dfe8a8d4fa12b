"""A statement as JSON, as a spreadsheet, as a PDF: the same figures, signed, in both languages."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from grapevine.adapters.memory.outside import MemoryPrinter
from grapevine.adapters.pdf.statements import StatementPdf
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.money import POINTS, format_minor, parse_minor
from grapevine.domain.statement_lines import PLACES, LineKind
from grapevine.domain.statement_signatures import FileFormat
from grapevine.domain.statement_texts import COLUMNS, KINDS, LABELS, LINE_NAMES, PLACE_NAMES, Label
from grapevine.domain.wording import Language
from grapevine.ports import StatementPrinter
from grapevine.usecases.issue_statement import (
    Issued,
    IssuePorts,
    IssueStatement,
    check_statement,
    issue_statement,
)
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, days
from tests.usecases.stating import ports
from tests.usecases.test_make_statement import paid_world
from tests.worlds import World, chain_world

NAMES = ("=HYPERLINK(1)", "-5+cmd", "@SUM(1)", "\tx", "\uff1d1", "+1 \U0001f600 \u0e44\u0e17\u0e22 \u202ex")
LATER = T0 + days(99)
each_language = pytest.mark.parametrize("language", Language)


def named(world: World, name: str) -> World:
    """Let Cy have another name."""
    promoter = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    world.catalog.change_promoter(replace(promoter, name=name), world.catalog.network_version(PROGRAM_ID))
    return world


def issue(
    world: World,
    kind: FileFormat = FileFormat.JSON,
    language: Language = Language.EN,
    *,
    last: date = date(2027, 1, 31),
    now: datetime = LATER,
    currency: str | None = None,
    promoter_id: str = CY,
    printer: StatementPrinter | None = None,
) -> Issued:
    command = IssueStatement(
        promoter_id=promoter_id,
        first=date(2026, 11, 1),
        last=last,
        language=language,
        format=kind,
        currency=currency,
    )
    found = IssuePorts(world.catalog, ports(world), world.secrets, printer or StatementPdf())
    return issue_statement(command, world.catalog.terms(PROGRAM_ID), found, now)


def rows(issued: Issued) -> list[list[str]]:
    return list(csv.reader(io.StringIO((issued.body or b"").decode("utf-8-sig"), newline="")))


def is_valid(world: World, file: bytes | None) -> bool:
    return check_statement(PROGRAM_ID, file or b"", world.secrets).is_valid


# --- what it says --------------------------------------------------------------------------------


@each_language
def test_every_name_is_there_in_every_language(language: Language) -> None:
    assert set(LABELS[language]) == set(Label)
    assert set(KINDS[language]) == set(LINE_NAMES[language]) == set(LineKind)
    assert set(PLACE_NAMES[language]) == set(PLACES)
    for names in (LABELS[language], KINDS[language], PLACE_NAMES[language]):
        assert len(set(names.values())) == len(names)
    assert len(COLUMNS[language]) == 10 + len(PLACES)


@each_language
def test_the_document_adds_up_for_whoever_reads_it(language: Language) -> None:
    document = issue(paid_world(), language=language).document

    def minor(text: str) -> int:
        return parse_minor(text, "USD")

    opening, closing = document["opening"], document["closing"]
    for told in (document["lines"], document["totals"]):
        changed = sum(minor(one["amount"]) for one in told)
        assert minor(opening["balance"]) + changed == minor(closing["balance"])
        for leaf in PLACES:
            moved = sum(minor(one["changes"].get(leaf.value, "0.00")) for one in told)
            assert minor(opening["places"][leaf.value]) + moved == minor(closing["places"][leaf.value])
    assert (closing["balance"], closing["places"]["paid"]) == ("32.50", "90.00")
    assert {line["name"] for line in document["lines"]} <= set(LINE_NAMES[language].values())


def test_the_document_says_whose_and_when_it_is() -> None:
    document = issue(paid_world()).document
    assert (document["promoter_id"], document["program_id"], document["currency"]) == (CY, PROGRAM_ID, "USD")
    assert (document["first_day"], document["last_day"]) == ("2026-11-01", "2027-01-31")
    assert (document["as_of"], document["final"]) == (document["ends_at"], True)
    line = document["lines"][0]
    assert (line["kind"], line["amount"], line["reason"]) == ("accrual", "133.33", "accrued")
    assert line["entry"] == f"{line['about']}/1"


def test_a_final_statement_is_the_same_whenever_it_is_issued() -> None:
    world = paid_world()
    first, again = issue(world, FileFormat.PDF), issue(world, FileFormat.PDF, now=T0 + days(400))
    assert first == again
    early = issue(world, now=T0 + days(50)).document
    assert (early["final"], early["as_of"]) == (False, "2026-12-31T09:00:00.000Z")


def test_points_have_a_statement_where_the_program_gives_them() -> None:
    world = chain_world(make.plan(1000, points_per_unit=3))
    document = issue(world, currency=POINTS).document
    assert (document["currency"], document["closing"]["balance"]) == (POINTS, format_minor(0, POINTS))
    assert issue(world, FileFormat.PDF, currency=POINTS).body
    for currency in (POINTS, "EUR"):
        with pytest.raises(InvalidInputError, match="must be one of USD"):
            issue(chain_world(), currency=currency)


def test_nobody_has_no_statement() -> None:
    with pytest.raises(NotFoundError):
        issue(chain_world(), promoter_id="pr_x")


# --- the spreadsheet -----------------------------------------------------------------------------


@each_language
def test_the_spreadsheet_has_the_documents_figures(language: Language) -> None:
    issued = issue(paid_world(), FileFormat.CSV, language)
    header, *found = rows(issued)
    document, seal = issued.document, found.pop()
    assert tuple(header) == COLUMNS[language]
    assert {len(row) for row in found} == {len(header)}
    assert [row[8] for row in found if row[0] == "line"] == [line["amount"] for line in document["lines"]]
    assert [row[-1] for row in found if row[0] == "line"] == [line["sentence"] for line in document["lines"]]
    assert [row[8:14] for row in found if row[0] == "closing"] == [
        ["32.50", *(document["closing"]["places"][leaf.value] for leaf in PLACES)]
    ]
    assert [row[-1] for row in found if row[0] == "signature"] == [document["signature"]]
    assert seal[0] == "seal"


@pytest.mark.parametrize("name", NAMES)
def test_no_cell_is_a_formula(name: str) -> None:
    world = named(paid_world(), name)
    for row in rows(issue(world, FileFormat.CSV)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\uff1d")), row
            assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit()


# --- signatures ----------------------------------------------------------------------------------


@each_language
def test_what_was_issued_is_found_valid_and_what_was_changed_is_not(language: Language) -> None:
    world = paid_world()
    document = json.dumps(issue(world, language=language).document).encode()
    table = issue(world, FileFormat.CSV, language).body or b""
    print_ = issue(world, FileFormat.PDF, language).body or b""
    assert all(is_valid(world, file) for file in (document, table, print_))
    for file in (document, table):
        for figure in (b"133.33", b"32.50", b"-90.00", b"2.50"):
            assert figure in file
            assert not is_valid(world, file.replace(figure, b"9" + figure, 1))
    assert not is_valid(world, print_.replace(b"/Title", b"/Tutle", 1))
    world.secrets.put_subject_key("pg_other", b"o" * 32)
    assert not check_statement("pg_other", document, world.secrets).is_valid


def test_every_format_shows_the_same_signature() -> None:
    world = paid_world()
    signatures = {issue(world, kind).document["signature"] for kind in FileFormat}
    assert len(signatures) == 1


def test_a_files_name_says_what_it_is() -> None:
    name = issue(paid_world(), FileFormat.PDF, Language.ZH).name
    assert name == f"statement_{CY}_USD_2026-11-01_2027-01-31_zh.pdf"


# --- the PDF -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "", "x" * 300, "陈雨" * 60])
@each_language
def test_any_name_can_be_printed(language: Language, name: str) -> None:
    assert (issue(named(paid_world(), name), FileFormat.PDF, language).body or b"").startswith(b"%PDF-")


def many(document: dict[str, Any], times: int) -> dict[str, Any]:
    return {**document, "lines": document["lines"] * times}


@pytest.mark.parametrize(("times", "pages"), [(0, 1), (1, 1), (40, 18)])
def test_lines_go_on_over_as_many_pages_as_it_takes(times: int, pages: int) -> None:
    document = many(issue(paid_world()).document, times)
    printed = StatementPdf().pdf(document)
    assert printed.count(b"/Type /Page\n") == pages


def test_memory_prints_what_it_says() -> None:
    issued = issue(paid_world(), FileFormat.PDF, printer=MemoryPrinter())
    assert issued.document["signature"].encode() in (issued.body or b"")
