"""Tables: as wide as the terminal, or, in a pipe, as wide as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns of what is no terminal: nothing is folded, so that a script finds whole ids."""


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], console: Console | None = None) -> None:
    """Print a table; a column whose name ends with `>` has numbers."""
    screen = console or Console()
    if not screen.is_terminal:
        screen = Console(width=WIDE)
    with screen.capture() as said:
        screen.print(table_of(columns, rows))
    click.echo("\n".join(line.rstrip() for line in said.get().splitlines()))


def table_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table whose last column folds where there is no room; no text in it is markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            Text(name.rstrip(">")),
            justify="right" if name.endswith(">") else "left",
            no_wrap=name != columns[-1],
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
