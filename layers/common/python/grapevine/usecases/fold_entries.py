"""Fold the ledger's new entries into the balances' pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.entries import Entry
from grapevine.domain.pages import pages_of
from grapevine.ports import PageFolder


@dataclass(frozen=True, slots=True)
class FoldEntries:
    """Entries as a stream brings them: repeated, reordered, split, it is all the same."""

    entries: Sequence[Entry]


def fold_entries(command: FoldEntries, pages: PageFolder) -> int:
    """Fold entries; return how many additions were new."""
    return pages.fold([page for entry in command.entries for page in pages_of(entry)])
