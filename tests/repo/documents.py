"""Our Markdown, read as the tests want it: fenced blocks, tables, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.house import ROOT

DOCUMENTS = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))
_FENCE = re.compile(r"^ *```(.*)$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words after it, where it starts, and its text."""

    document: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """Where to find it."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def named(name: str) -> Path:
    """Return a document by its path in the repository."""
    return ROOT / name


def blocks_of(document: Path) -> tuple[Block, ...]:
    """Return a document's fenced blocks in their order."""
    return tuple(_blocks(document))


def _blocks(document: Path) -> Iterator[Block]:
    lines = iter(enumerate(document.read_text().splitlines(), start=1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            continue
        language, *words = fence.group(1).split() or [""]
        inside = []
        for _, text in lines:
            if _FENCE.match(text):
                break
            inside.append(text)
        yield Block(document, number, language, tuple(words), "\n".join(inside) + "\n")


def prose_of(document: Path) -> str:
    """Return a document without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def section(document: Path, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its rank or above."""
    text = document.read_text()
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert start, f"{document.name} has no heading {heading!r}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start.group(1))}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows_of(text: str) -> tuple[dict[str, str], ...]:
    """Return the rows of all tables in a text by their column names."""
    rows: list[dict[str, str]] = []
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = []
        elif not header:
            header = _cells(line)
        elif not set(line) <= set("|-: "):
            rows.append(dict(zip(header, _cells(line), strict=True)))
    return tuple(rows)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line.strip())[1:-1]]


def coded(text: str) -> tuple[str, ...]:
    """Return what a text has in code font."""
    return tuple(re.findall(r"`([^`]+)`", text))


def links_of(document: Path) -> tuple[str, ...]:
    """Return where a document's links and images lead."""
    return tuple(_LINK.findall(prose_of(document)))


def anchors_of(document: Path) -> frozenset[str]:
    """Return the anchors that a document's headings make, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return frozenset(text.replace(" ", "-") for text in words)
