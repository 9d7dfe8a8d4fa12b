"""Every link in the docs leads to something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.house import ROOT
from tests.repo.documents import DOCUMENTS, anchors_of, links_of, named

ELSEWHERE = re.compile(r"[a-z]+:")


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in anchors_of(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_resolve(document: Path) -> None:
    ours = [link for link in links_of(document) if not ELSEWHERE.match(link)]
    assert [link for link in ours if not leads_somewhere(document, link)] == []


def test_every_page_is_reachable_from_the_readme() -> None:
    found, waiting = set[Path](), [named("README.md")]
    while waiting:
        document = waiting.pop()
        found.add(document)
        pages = ((document.parent / link.partition("#")[0]).resolve() for link in links_of(document))
        waiting += [page for page in pages if page.suffix == ".md" and page not in found]
    assert [str(document.relative_to(ROOT)) for document in DOCUMENTS if document not in found] == []


def test_every_decision_says_how_to_undo_it() -> None:
    parts = ("**Context.**", "**Decision.**", "**Consequences.**", "**How to undo it.**")
    pages = [page for page in DOCUMENTS if page.parent.name == "adr" and page.name != "README.md"]
    assert pages
    assert [page.name for page in pages if any(part not in page.read_text() for part in parts)] == []


def test_decisions_are_numbered_and_listed() -> None:
    index = named("docs/adr/README.md")
    pages = sorted(page.name for page in index.parent.glob("0*.md"))
    numbers = [page[:4] for page in pages]
    # A number is given when a decision is begun, so one may be missing; none is given twice.
    assert sorted(set(numbers)) == numbers
    assert sorted(links_of(index)) == pages
