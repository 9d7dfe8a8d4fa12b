"""The docs' examples are run or checked; a block of code that is neither is refused."""

from __future__ import annotations

import ast
import json
import re
import shlex
from contextlib import chdir
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click
import pytest

from grapevine_cli.main import main as grapevine
from infra.__main__ import infra
from infra.house import ROOT
from tests.repo.documents import DOCUMENTS, Block, blocks_of, named
from tests.repo.house_server import APPS, house
from tests.repo.shell import comparable, missing_tools, run

CODE = ("bash", "python")
MARKS = {("runnable",), ("checked",)}
BLOCKS = [block for document in DOCUMENTS for block in blocks_of(document)]
BEFORE = {"docs/api.md": (), "README.md": ("docs/api.md",)}
"""What must have been run before a document's session: the README asks about what the other made."""
HANDED_ON = 'PROMOTER="${BO:-}" ENTRY="${STOREFRONT:-}/1001/1"'
TARGETS = re.findall(r"^([a-z.][\w.-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
PROGRAMS = ("cd", "curl", "export", "git", "make")


def marked(language: str, mark: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and mark in block.words]


def named_after(block: Block) -> str:
    return block.name


def test_every_block_of_code_says_how_it_is_tested() -> None:
    unmarked = [block.name for block in BLOCKS if block.language in CODE and block.words not in MARKS]
    assert unmarked == []


def test_what_is_runnable_is_run() -> None:
    documents = {str(block.document.relative_to(ROOT)) for block in marked("bash", "runnable")}
    assert documents == set(BEFORE)


@pytest.mark.parametrize("document", BEFORE)
def test_a_session_says_what_the_document_says(document: str, tmp_path: Path) -> None:
    if missing := missing_tools():
        pytest.skip(f"{document} was not run: no {', '.join(missing)} on this machine")
    said = session([*BEFORE[document], document], tmp_path)
    blocks = [block for block in blocks_of(named(document)) if block.words in {("runnable",), ("answer",)}]
    for script, answer in pairwise(blocks):
        if answer.words == ("answer",):
            assert comparable(json.loads(said[script])) == comparable(json.loads(answer.text)), script.name
    assert '"code":"internal"' not in "".join(said.values())


def session(documents: list[str], folder: Path) -> dict[Block, str]:
    """Run what is runnable in documents, one after the other; return what each block says."""
    scripts = [
        block for name in documents for block in blocks_of(named(name)) if block.words == ("runnable",)
    ]
    with house() as (server, api_key):
        variables = {**{name: server.url(app) for name, app in APPS.items()}, "KEY": api_key}
        said = run([f"{HANDED_ON}\n{script.text}" for script in scripts], folder, variables)
    return dict(zip(scripts, said, strict=True))


@pytest.mark.parametrize("block", marked("python", "runnable"), ids=named_after)
def test_python_runs(block: Block) -> None:
    exec(compile(block.text, block.name, "exec"), {"__name__": "__docs__"})  # noqa: S102 - our own text


@pytest.mark.parametrize("block", marked("python", "checked"), ids=named_after)
def test_python_names_what_exists(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom):
            module = import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize("block", marked("bash", "checked"), ids=named_after)
def test_commands_exist(block: Block, tmp_path: Path) -> None:
    for name in (
        "results.csv",
        "pain.002.xml",
        "november.pdf",
        "draft.json",
        "c.json",
        "products.csv",
        "orders_export.csv",
        "oldshop.csv",
    ):
        (tmp_path / name).touch()
    with chdir(tmp_path):
        for line in block.text.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                check_command(words)


def check_command(words: list[str]) -> None:
    program = Path(words[0]).name
    if program == "make":
        assert [word for word in words[1:] if "=" not in word and word not in TARGETS] == []
    elif program == "grapevine":
        check_click(grapevine, words[1:])
    elif program == "python":
        assert words[1:3] == ["-m", "infra"]
        check_click(infra, words[3:])
    else:
        assert program in PROGRAMS


def check_click(group: click.Group, words: list[str]) -> None:
    """Parse a command line as Click would, without running it."""
    context: click.Context | None = None
    command: click.Command = group
    while True:
        context = command.make_context(str(command.name), list(words), parent=context)
        if not isinstance(command, click.Group):
            return
        name, found, words = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None, name
        command = found
