"""`grapevine statement`: a signed file of a promoter's days, and whether a file is one."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from grapevine.adapters.pdf.statements import StatementPdf
from grapevine.ports import StatementPrinter
from grapevine_cli.statements import statement_show, statement_verify
from tests.builders import ANA, CY, PROGRAM_ID, T0, days
from tests.cli.running import run
from tests.usecases.settling import released
from tests.worlds import World, chain_world

NOVEMBER = (PROGRAM_ID, CY, "--month", "2026-11")


@pytest.fixture
def world() -> World:
    """Return a world in which Cy earned 50.00 in November; it is February."""
    world = chain_world()
    released(world, 1, 50_000)
    world.printer = StatementPdf()
    world.clock = T0 + days(90)
    return world


def test_a_statement_is_json_on_standard_output(world: World) -> None:
    code, said = run(statement_show, world, *NOVEMBER)
    document = json.loads("\n".join(said))
    assert code == 0
    assert (document["promoter_id"], document["signature"][:3]) == (CY, "v1=")


@pytest.mark.parametrize("shape", ["json", "csv", "pdf"])
def test_a_file_is_a_statement_until_somebody_changes_it(world: World, tmp_path: Path, shape: str) -> None:
    file = tmp_path / f"cy.{shape}"
    wanted = ("--format", shape, "--language", "zh", "-o", str(file))
    code, said = run(statement_show, world, *NOVEMBER, *wanted)
    body = file.read_bytes()
    assert (code, said) == (0, [f"{file}: {len(body):,} bytes"])
    assert run(statement_show, world, *NOVEMBER, *wanted) == (code, said)
    assert file.read_bytes() == body
    name = shape.upper()
    assert run(statement_verify, world, PROGRAM_ID, str(file)) == (
        0,
        [f"valid: {name}, as {PROGRAM_ID} gave it out"],
    )
    file.write_bytes(body.replace(b"2026", b"2027"))
    assert run(statement_verify, world, PROGRAM_ID, str(file)) == (
        1,
        [f"NOT VALID: this {name} is no statement of {PROGRAM_ID}, or it was changed"],
    )


def test_days_may_be_said_instead_of_a_month(world: World) -> None:
    code, said = run(statement_show, world, PROGRAM_ID, CY, "--days", "2026-11-01", "2026-11-30")
    assert (code, said) == run(statement_show, world, *NOVEMBER)
    assert run(statement_show, world, PROGRAM_ID, CY)[0] == 2
    assert run(statement_show, world, *NOVEMBER, "--days", "2026-11-01", "2026-11-30")[0] == 2


def test_csv_goes_through_a_pipe_as_it_is(world: World) -> None:
    _, said = run(statement_show, world, *NOVEMBER, "--format", "csv")
    rows = list(csv.reader(io.StringIO("\n".join(said))))
    assert rows[-1][0] == "seal"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((PROGRAM_ID, "pr_nobody", "--month", "2026-11"), 1, "pr_nobody"),
        ((PROGRAM_ID, ANA, "--month", "November"), 1, "month: not a month, YYYY-MM: 'November'"),
        ((*NOVEMBER, "--currency", "EUR"), 1, "currency: must be one of USD"),
        ((*NOVEMBER, "--format", "pdf"), 2, "say -o FILE"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_line(
    world: World, words: tuple[str, ...], code: int, said: str
) -> None:
    found, lines = run(statement_show, world, *words)
    assert found == code
    assert said in lines[-1]


def test_a_machine_without_the_library_prints_no_pdf(world: World, tmp_path: Path) -> None:
    class Bare(World):
        @property
        def printer(self) -> StatementPrinter:
            raise ModuleNotFoundError("No module named 'reportlab'")

        @printer.setter
        def printer(self, given: StatementPrinter) -> None:
            """Take none."""

    bare = Bare()
    bare.catalog, bare.clock = world.catalog, world.clock + timedelta(0)
    code, said = run(statement_show, bare, *NOVEMBER, "--format", "pdf", "-o", str(tmp_path / "cy.pdf"))
    assert code == 1
    assert said == ["Error: no PDF on this machine: No module named 'reportlab'; ask for csv or json"]
