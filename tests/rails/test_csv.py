"""The rail that a person is, held to what every rail must do."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.rails.csv_file import CsvRail
from grapevine.domain.money import parse_minor
from tests.rails.contract import Driven, RailContract


class TestCsv(RailContract):
    @pytest.fixture
    def driven(self) -> Driven:
        files = MemoryFiles()
        return Driven(
            rail=CsvRail(files),
            again=lambda: CsvRail(files),
            moved=lambda: in_files(files),
            good={"bank": "DE89370400440532013000"},
            bad={"two words": "x", "note": "n" * 201},
            faults=frozenset({"two words", "note"}),
            unpayable=None,
            needs_details=False,
        )


def in_files(files: MemoryFiles) -> dict[str, int]:
    """What somebody would pay who pays every row of every file."""
    moved: Counter[str] = Counter()
    for body, _ in files.stored.values():
        for row in csv.DictReader(body.decode("utf-8-sig").splitlines()):
            moved[row["transfer_id"]] += parse_minor(row["amount"], row["currency"])
    return dict(moved)
