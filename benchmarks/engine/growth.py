"""How the cost of one post grows: with the order's own facts and lines, and with the promoters around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import pairwise, repeat
from math import log

from benchmarks.engine.measuring import least_of_each
from benchmarks.engine.ours import NOON, Told, UseCases, accrue, promoters, terms_of, told
from benchmarks.engine.sales import Sale, name_of, program_ids
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact, FactKind, Refund, RefundLine

ROUNDS = 5
SIZES = (1, 10, 100)
CROWDS = (1_000, 10_000, 100_000, 1_000_000)
UNITS = 3_000
"""Posts times their size: every point takes about as long."""
POSTS = 2_000
PROGRAM = program_ids()[0]
SOLD = Sale(1, PROGRAM, name_of(100), 1_000_000)
LINEAR, FLAT = 1.1, 0.2
"""Exponents: ten times the size costs 10 ** exponent as much. Caches and neighbours cost a little of each."""


@dataclass(frozen=True, slots=True)
class Growth:
    """CPU seconds of one post at each size, and the exponent that they may grow with."""

    name: str
    sizes: Sequence[int]
    seconds: Sequence[float]
    limit: float

    @property
    def exponent(self) -> float:
        """The steepest step's: 0 is flat, 1 is linear."""
        points = zip(self.sizes, self.seconds, strict=True)
        return max(
            log(later / before) / log(more / less) for (less, before), (more, later) in pairwise(points)
        )


def growths() -> tuple[Growth, ...]:
    """Measure all of them."""
    return (
        _of_one_order("facts", [_with_facts(size) for size in SIZES]),
        _of_one_order("facts, all but the last posted", [_with_history(size) for size in SIZES]),
        _of_one_order("lines", [(told(SOLD, lines=size), ()) for size in SIZES]),
        _of_crowds(),
    )


def _of_one_order(name: str, cases: Sequence[tuple[Told, tuple[Entry, ...]]]) -> Growth:
    """Measure the same pure post again and again."""
    terms = terms_of(PROGRAM)
    known = {promoter.id: promoter for promoter in promoters() if promoter.program_id == PROGRAM}
    repeats = [UNITS // size for size in SIZES]
    turns = [
        partial(repeat, partial(accrue, sold, terms, known, entries), times)
        for times, (sold, entries) in zip(repeats, cases, strict=True)
    ]
    totals = least_of_each(turns, ROUNDS)
    return Growth(name, SIZES, [total / times for total, times in zip(totals, repeats, strict=True)], LINEAR)


def _of_crowds() -> Growth:
    """Measure the same number of posts among more and more promoters."""
    crowds = [UseCases(number, orders=POSTS) for number in CROWDS]
    totals = least_of_each([crowd.turn for crowd in crowds], ROUNDS)
    return Growth("promoters", CROWDS, [total / POSTS for total in totals], FLAT)


def _with_facts(number: int) -> tuple[Told, tuple[Entry, ...]]:
    """Return an order about which that many facts have come and nothing has been posted."""
    paid = told(SOLD)
    return replace(paid, facts=(*paid.facts, *(_refunded(paid, n) for n in range(1, number)))), ()


def _with_history(number: int) -> tuple[Told, tuple[Entry, ...]]:
    """Return the same order when every fact but the last one has been posted by itself."""
    sold, _ = _with_facts(number)
    terms, known = terms_of(PROGRAM), {promoter.id: promoter for promoter in promoters()}
    entries: tuple[Entry, ...] = ()
    for told_so_far in range(1, number):
        entry = accrue(replace(sold, facts=sold.facts[:told_so_far]), terms, known, entries)
        assert entry is not None, "each refund takes something back"
        entries = (*entries, entry)
    return sold, entries


def _refunded(paid: Told, number: int) -> Fact:
    at = NOON + timedelta(minutes=number)
    part = RefundLine(line_id="l0", quantity_milli=0, subtotal_minor=1_000)
    return Fact(
        order=paid.key,
        program_id=paid.program_id,
        kind=FactKind.REFUNDED,
        version=at,
        digest=f"r{number:015x}",
        recorded_at=at,
        refunds=(Refund(id=f"r{number}", created_at=at, lines=(part,)),),
    )
