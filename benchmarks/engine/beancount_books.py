"""The same postings for beancount: the ledger that plain-text accountants use reads and checks them.

It works nothing out: the amounts stand in the file. What counts is `load_file`, that is to parse, to
book and to validate; writing the file does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from beancount import loader
from beancount.core.data import Transaction

from benchmarks.engine.beans_text import text_of
from benchmarks.engine.measuring import Work
from benchmarks.engine.sales import Books, Sale, first_sales, people


class Beancount:
    """The contender; its cache of parsed files is off."""

    size = 10_000

    def __init__(self, folder: str) -> None:
        loader.initialize(use_cache=False)
        self._file = Path(folder, "sales.beancount")
        self._sponsors = {(program_id, name): sponsor for program_id, name, sponsor in people()}

    def turn(self) -> Iterator[Work]:
        """Yield the loading of the first sales."""
        yield partial(_load, self._write(first_sales(self.size)))

    def books(self, some: tuple[Sale, ...]) -> Books:
        """Return what these sales come to."""
        books: Books = {}
        for posting in (part for found in _load(self._write(some)) for part in found.postings):
            kind, program, *promoter = posting.account.split(":")
            if kind == "Liabilities" and posting.units is not None and posting.units.number is not None:
                key = f"pg_{program[2:]}", f"pr_{promoter[0][2:]}"
                books[key] = books.get(key, 0) - int(posting.units.number.scaleb(2))
        return books

    def _write(self, some: tuple[Sale, ...]) -> str:
        self._file.write_text("\n".join(text_of(some, self._sponsors)))
        return str(self._file)


def _load(file: str) -> list[Transaction]:
    entries, errors, _ = loader.load_file(file)
    if errors:
        raise ValueError(f"beancount found {len(errors)} faults, the first: {errors[0]}")
    return [entry for entry in entries if isinstance(entry, Transaction)]
