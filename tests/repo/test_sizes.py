"""Functions are short and modules are one idea."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.house import ROOT

FOLDERS = ("layers", "functions", "infra", "cli", "simulator")
MOST_BODY_LINES = 40
MOST_MODULE_LINES = 300
MOST_APP_LINES = 100
MOST_LISTING_LINES = 200
"""The console's: one route is five lines, and it lists every one (ADR 0015)."""

FILES = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(file: Path) -> Iterator[Function]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return (node for node in nodes if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Return the lines of a body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_no_body_is_long() -> None:
    long = [
        f"{name_of(file)}:{function.lineno} {function.name}: {body_lines(function)}"
        for file in FILES
        for function in functions_of(file)
        if body_lines(function) > MOST_BODY_LINES
    ]
    assert long == []


def test_nine_bodies_in_ten_are_under_twenty_lines() -> None:
    lengths = sorted(body_lines(function) for file in FILES for function in functions_of(file))
    assert lengths[len(lengths) * 9 // 10] < 20


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_module_is_one_idea(file: Path) -> None:
    most = MOST_APP_LINES if file.name == "app.py" else MOST_MODULE_LINES
    if file.parent.name == "console":
        most = MOST_LISTING_LINES
    assert len(file.read_text().splitlines()) <= most
