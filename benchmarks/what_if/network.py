"""A network as shops have them: many trees of sponsors, most of them small, one large; some sell much more.

Ten thousand promoters. The large tree has three in ten of them. All other trees are as large as they happen
to be: half have one or two people, a few have hundreds. Whoever joins a tree joins under anybody in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from random import Random

from benchmarks.engine.sales import Sale, name_of

PROMOTERS = 10_000
LARGEST = 3_000
NEXT_LARGEST = 600


def sponsors(*, one_tree: bool = False) -> dict[str, str | None]:
    """Return every promoter with who introduced them; `one_tree` is the worst case, where all are related."""
    random, found = Random(5), dict[str, str | None]()
    for size in (PROMOTERS,) if one_tree else _sizes(random):
        first = len(found)
        for place in range(first, first + size):
            found[name_of(place)] = name_of(random.randrange(first, place)) if place > first else None
    return found


def _sizes(random: Random) -> Iterator[int]:
    yield LARGEST
    left = PROMOTERS - LARGEST
    while left:
        size = min(left, NEXT_LARGEST, int(random.paretovariate(0.9)))
        yield size
        left -= size


def by_sellers(sales: Iterator[Sale]) -> Iterator[Sale]:
    """Yield sales of promoters of whom a few sell far more than most: a tenth sells about half."""
    random = Random(7)
    names = [name_of(place) for place in range(PROMOTERS)]
    weights = list(accumulate(random.paretovariate(1.3) for _ in names))
    for sale in sales:
        yield replace(sale, promoter_id=random.choices(names, cum_weights=weights)[0])
