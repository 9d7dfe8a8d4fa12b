"""What all commands share: help without a stage, errors in one line, tables that scripts can read."""

from __future__ import annotations

import io
from collections.abc import Iterator

import click
import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner
from rich.console import Console

from grapevine.domain.errors import NotFoundError
from grapevine_cli.commands import Group
from grapevine_cli.main import main
from grapevine_cli.tables import table_of


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_help_needs_no_stage(words: tuple[str, ...]) -> None:
    done = CliRunner(env={"GRAPEVINE_STAGE": "", "GRAPEVINE_ENDPOINT": ""}).invoke(main, [*words, "--help"])
    assert (done.exit_code, done.output.splitlines()[0].split()[0]) == (0, "Usage:")


def test_a_stage_must_be_named() -> None:
    done = CliRunner().invoke(main, ["settle", "pg_tea"], env={"GRAPEVINE_STAGE": None})
    assert done.exit_code == 2
    assert "say --stage NAME" in done.output


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotFoundError("program", "pg_x"), f"Error: {NotFoundError('program', 'pg_x')}"),
        (NoCredentialsError(), "Error: Unable to locate credentials"),
    ],
)
def test_an_error_is_one_line_without_a_trace(error: Exception, said: str) -> None:
    @click.group(cls=Group)
    def group() -> None:
        """Stand for the stage."""

    @group.command()
    def fail() -> None:
        raise error

    done = CliRunner().invoke(group, ["fail"])
    assert (done.exit_code, done.output.splitlines()) == (1, [said])


def test_a_table_on_a_terminal_folds_its_last_column_and_runs_no_markup() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=40)
    screen.print(table_of(("payout", "sum>", "why"), [("po_1", "5.00", "[red]" + "long " * 12)]))
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert all(len(line) <= 40 for line in lines[1:])
    assert "[red]" in lines[1]
    assert len(lines) > 2
