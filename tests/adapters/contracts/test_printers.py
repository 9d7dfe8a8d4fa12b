"""What every printer of statements promises: one statement is one file, and another one another."""

from __future__ import annotations

import pytest

from grapevine.adapters.memory.outside import MemoryPrinter
from grapevine.adapters.pdf.statements import StatementPdf
from grapevine.domain.wording import Language
from grapevine.ports import StatementPrinter
from tests.usecases.test_issue_statement import issue
from tests.usecases.test_make_statement import paid_world

PRINTERS: dict[str, StatementPrinter] = {"memory": MemoryPrinter(), "reportlab": StatementPdf()}
each_printer = pytest.mark.parametrize("printer", PRINTERS.values(), ids=PRINTERS)
each_language = pytest.mark.parametrize("language", Language)


@each_printer
@each_language
def test_a_statement_is_one_file_however_often_it_is_printed(
    printer: StatementPrinter, language: Language
) -> None:
    document = issue(paid_world(), language=language).document
    printed = printer.pdf(document)
    assert printed == printer.pdf(dict(reversed(document.items())))
    assert printed.startswith(b"%PDF-")
    assert printed.rstrip().endswith(b"%%EOF")


@each_printer
def test_another_statement_is_another_file(printer: StatementPrinter) -> None:
    document = issue(paid_world()).document
    other = {**document, "closing": {**document["closing"], "balance": "99.99"}}
    assert printer.pdf(document) != printer.pdf(other)
