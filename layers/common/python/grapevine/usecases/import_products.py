"""Take products from a CSV file, each row for itself: what is wrong is named with its line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.ids import checked_id
from grapevine.domain.listings import ListingRules, ListingTerms, listing_of
from grapevine.ports import ProductReading, ShopCatalog
from grapevine.usecases.take_listing import Listed, TakeListing, take_listing

COLUMNS = (
    "id",
    "title",
    "price",
    "currency",
    "compare_at",
    "picture_url",
    "page",
    "category",
    "collections",
    "stock",
    "gone",
)
"""What a file may have, in any order; `id` and `title` it must. Collections are separated by `|`."""
NEEDED = ("id", "title")
_SAID = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
_LONGEST_NUMBER = 12
_MORE = ""
"""Under which a row has how many columns it has more than the first line."""
Progress = Callable[[int], None]
"""Is told how many rows were read."""


@dataclass(frozen=True, slots=True)
class ImportProducts:
    """A program, and the lines of a file."""

    program_id: str
    lines: Iterable[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken, by the line it ends on, and everything wrong with it."""

    line: int
    faults: tuple[InvalidInputError, ...]

    def __str__(self) -> str:
        return f"line {self.line}: {'; '.join(map(str, self.faults))}"


@dataclass(slots=True)
class ProductsImported:
    """How many rows were read, how many were news, and those that could not be taken."""

    read: int = 0
    listed: int = 0
    bad: list[BadRow] = field(default_factory=list)


def import_products(
    command: ImportProducts, catalog: ShopCatalog, now: datetime, progress: Progress = lambda _: None
) -> ProductsImported:
    """Take every row that can be right; the same file again changes nothing.

    InvalidInputError before anything is taken where its first line does not name the columns.
    """
    program = catalog.terms(command.program_id).program
    rules = ListingRules.of(program.currency, program.allowed_hosts)
    found, lines = ProductsImported(), dict[str, int]()
    for line, row in _rows(command.lines):
        found.read += 1
        try:
            reading = _reading(row, line, lines, rules, now)
        except _BadRowError as error:
            found.bad.append(BadRow(line, error.faults))
        else:
            taken = take_listing(TakeListing(program_id=program.id, reading=reading), catalog, now)
            found.listed += taken.listed is Listed.LISTED
        progress(found.read)
    return found


class _BadRowError(Exception):
    def __init__(self, faults: tuple[InvalidInputError, ...]) -> None:
        super().__init__()
        self.faults = faults


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        names = [name.strip().lower().removeprefix("\ufeff") for name in next(reader, [])]
        _check_columns(names)
        for values in reader:
            if any(value.strip() for value in values):
                told = [value.strip() for value in values]
                yield (
                    reader.line_num,
                    {**dict(zip(names, told, strict=False)), "": str(len(values) - len(names))},
                )
    except csv.Error as error:
        raise InvalidInputError(f"not CSV: {error}", f"line {reader.line_num}") from None


def _check_columns(names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown or len(set(names)) < len(names):
        raise InvalidInputError(
            f"must name the columns: {', '.join(NEEDED)}, and any of {', '.join(COLUMNS[2:])}, each once",
            "line 1",
        )


def _reading(
    row: Mapping[str, str], line: int, lines: dict[str, int], rules: ListingRules, now: datetime
) -> ProductReading:
    faults: list[InvalidInputError] = []
    if row[_MORE] != "0":
        faults.append(InvalidInputError("has another number of columns than the first line"))
    first = lines.setdefault(row.get("id", ""), line)
    if first != line:
        faults.append(InvalidInputError(f"is on line {first} already", "id"))
    try:
        checked_id(row.get("id", ""), "id")
    except InvalidInputError as error:
        faults.append(error)
    terms = _terms(row, faults)
    faults += listing_of(terms, now, rules)[1]
    if faults:
        raise _BadRowError(tuple(faults))
    groups = tuple(name.strip() for name in row.get("collections", "").split("|") if name.strip())
    return ProductReading(
        product_id=row["id"],
        version=None,
        listing=terms,
        category=row.get("category") or None,
        collections=groups or None,
    )


def _terms(row: Mapping[str, str], faults: list[InvalidInputError]) -> ListingTerms:
    gone, stock = _SAID.get(row.get("gone", "").lower()), row.get("stock", "")
    if gone is None:
        faults.append(InvalidInputError("must be true or false", "gone"))
    if stock and not (stock.isascii() and stock.isdecimal() and len(stock) <= _LONGEST_NUMBER):
        faults.append(InvalidInputError("must be a whole number", "stock"))
        stock = ""
    return ListingTerms(
        title=row.get("title") or None,
        price=row.get("price") or None,
        currency=row.get("currency") or None,
        compare_at=row.get("compare_at") or None,
        picture_url=row.get("picture_url") or None,
        page=row.get("page") or None,
        stock=int(stock) if stock else None,
        gone=bool(gone),
    )
