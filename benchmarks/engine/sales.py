"""The workload `accrue-3`: sales in ten programs with ten thousand promoters, up to three levels each.

Plain values that every contender translates into its own, and the amounts as a team would work them
out that never heard of our engine. Nothing here imports Grapevine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count, islice
from random import Random

PROGRAMS = 10
PROMOTERS = 10_000
RATES_BPS = (1000, 300, 100)
CURRENCY = "USD"
RECRUITS = 4
"""How many people everybody brings in: nearly all sales have three levels, a few have one or two."""

Books = dict[tuple[str, str], int]
"""What each promoter (by program and name) has earned, in minor units."""
Sponsors = Mapping[tuple[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Sale:
    """One paid order: what it was worth in minor units, and through whose link it came."""

    number: int
    program_id: str
    promoter_id: str
    total_minor: int

    @property
    def order_id(self) -> str:
        """The order's name in its shop."""
        return f"o{self.number:08d}"


def program_ids() -> tuple[str, ...]:
    """Return the names of the programs."""
    return tuple(f"pg_{number}" for number in range(PROGRAMS))


def people(promoters: int = PROMOTERS) -> Iterator[tuple[str, str, str | None]]:
    """Yield every promoter as program, name and sponsor, sponsors first."""
    for program_id in program_ids():
        for position in range(promoters // PROGRAMS):
            yield program_id, name_of(position), name_of((position - 1) // RECRUITS) if position else None


def name_of(position: int) -> str:
    """Return the name of the promoter at a position of a program's tree."""
    return f"pr_{position}"


def sales(promoters: int = PROMOTERS, *, seed: int = 3) -> Iterator[Sale]:
    """Yield sales without end, the same in every process."""
    random, programs = Random(seed), program_ids()
    for number in count(1):
        promoter_id = name_of(random.randrange(promoters // PROGRAMS))
        yield Sale(number, random.choice(programs), promoter_id, random.randint(1_000, 50_000))


def first_sales(number: int) -> tuple[Sale, ...]:
    """Return that many sales from the beginning."""
    return tuple(islice(sales(), number))


def level_amounts(total_minor: int) -> tuple[int, ...]:
    """Return what each level earns from a total, in minor units."""
    return tuple(
        int((Decimal(total_minor) * rate / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN))
        for rate in RATES_BPS
    )


def books_of(some: tuple[Sale, ...]) -> Books:
    """Return what the sales come to together, by the obvious way."""
    sponsors = {(program_id, name): sponsor for program_id, name, sponsor in people()}
    books: Books = {}
    for sale in some:
        for promoter_id, minor in shares(sale, sponsors):
            key = sale.program_id, promoter_id
            books[key] = books.get(key, 0) + minor
    return books


def shares(sale: Sale, sponsors: Sponsors) -> Iterator[tuple[str, int]]:
    """Yield who earns how much from a sale, up the tree until it or the plan ends."""
    promoter_id: str | None = sale.promoter_id
    for minor in level_amounts(sale.total_minor):
        if promoter_id is None:
            return
        yield promoter_id, minor
        promoter_id = sponsors[sale.program_id, promoter_id]
