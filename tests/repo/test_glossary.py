"""One word per thing: the glossary's other words are in no name of the code that ships."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from infra.house import ROOT
from tests.repo.documents import coded, named, rows_of

ROWS = rows_of(named("docs/glossary.md").read_text())
CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> set[str]:
    """Return the words of a name: `MaxBuyer_id` has max, buyer and id."""
    return {word.lower() for part in name.split("_") for word in CAPITALS.split(part) if word}


def forbidden() -> set[str]:
    return {word for row in ROWS if row.get("not") for word in coded(row["not"])}


def with_plural(words: set[str]) -> set[str]:
    return words | {f"{word}s" for word in words}


def shipped() -> Iterator[Path]:
    for folder in ("functions", "layers"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def names_in(file: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def test_names_have_the_glossarys_words() -> None:
    wrong = with_plural(forbidden())
    assert "affiliate" in wrong
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in shipped()
        for line, name in names_in(file)
        if words_of(name) & wrong
    ]
    assert found == []


def test_a_word_means_one_thing() -> None:
    defined = [word.strip("` ") for row in ROWS for word in row["word"].split(",")]
    assert sorted(word for word in set(defined) if defined.count(word) > 1) == []
    assert sorted(set(defined) & forbidden()) == []


def test_every_row_says_what_it_is() -> None:
    assert [row["word"] for row in ROWS if not row["what it is"]] == []
