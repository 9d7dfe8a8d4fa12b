"""The table of edge cases and the tests that have a number in their name agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from infra.house import ROOT
from tests.repo.documents import coded, named, rows_of

ROWS = rows_of(named("docs/edge-cases.md").read_text())
NUMBERED = re.compile(r"test_edges?_((?:\d+_)+)")


def numbers_in(name: str) -> set[int]:
    """Return the numbers of a test's name: `test_edges_7_75_a_clawback` has two."""
    found = NUMBERED.match(name)
    return {int(number) for number in found.group(1).split("_") if number} if found else set()


def numbered() -> Iterator[tuple[int, str]]:
    """Yield every number with the name of a test that has it."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                yield from ((number, node.name) for number in numbers_in(node.name))


def test_the_table_has_every_numbered_test_and_no_other() -> None:
    said = {(int(row["number"]), name) for row in ROWS for name in coded(row["tests"])}
    assert said == set(numbered())


def test_each_number_has_one_rule() -> None:
    numbers = [int(row["number"]) for row in ROWS]
    assert all(before < after for before, after in pairwise(numbers))
    assert [row["number"] for row in ROWS if not row["rule"]] == []


def test_numbers_are_read_from_names() -> None:
    assert numbers_in("test_edge_24_the_window_of_30_days") == {24}
    assert numbers_in("test_edges_7_75_a_clawback") == {7, 75}
    assert numbers_in("test_edges_of_the_table") == set()
