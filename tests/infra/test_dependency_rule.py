"""What import-linter cannot say: the domain imports nothing that does not come with Python."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from infra.layers import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PURE = ("domain", "ports", "usecases")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def test_domain_and_use_cases_need_no_package_but_ours() -> None:
    allowed = sys.stdlib_module_names | {"grapevine"}
    files = [file for folder in PURE for file in (PACKAGE / folder).rglob("*.py")]
    assert files
    strangers = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files
        for name in _imported(file)
        if name.partition(".")[0] not in allowed
    }
    assert strangers == set()
