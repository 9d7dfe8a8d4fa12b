"""What the run says: tables of plain text, and whether the goals are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.engine.growth import Growth
from benchmarks.engine.measuring import Cost


@dataclass(frozen=True, slots=True)
class Goal:
    """How many times the work of `other` ours must do in the same time, and what we aim for."""

    other: str
    short: str
    least: int
    aim: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a goal is reached, in words too."""

    is_reached: bool
    text: str

    def __str__(self) -> str:
        return f"{'reached' if self.is_reached else 'MISSED '}  {self.text}"


def table_of(costs: Mapping[str, Cost], goals: tuple[Goal, ...], each: str = "order") -> Iterator[str]:
    """Yield a line per contender: how many per CPU second, µs of each with its range, and the ratios."""
    yield _row("", f"{each}s/s", f"µs/{each}", "range", *(f"× {goal.short}" for goal in goals))
    for name, cost in costs.items():
        ratios = (f"{costs[goal.other].median / cost.median:.1f}" for goal in goals)
        low, high = (f"{1e6 * seconds:.1f}" for seconds in (min(cost.seconds), max(cost.seconds)))
        yield _row(name, f"{1 / cost.median:,.0f}", f"{1e6 * cost.median:.1f}", f"{low}-{high}", *ratios)


def line_of(growth: Growth) -> str:
    """Return one line: the cost at each size, and how many times the first one that is."""
    first = growth.seconds[0]
    points = (
        f"{size:,}: {1e6 * seconds:,.1f} (×{seconds / first:.1f})"
        for size, seconds in zip(growth.sizes, growth.seconds, strict=True)
    )
    return f"  {growth.name:<32}" + "   ".join(points)


def verdicts(costs: Mapping[str, Cost], ours: str, goals: tuple[Goal, ...]) -> Iterator[Verdict]:
    """Yield what became of the goals against the others."""
    for goal in goals:
        ratio = costs[goal.other].median / costs[ours].median
        text = f"{ratio:.1f} × {goal.other} (at least {goal.least}, aim {goal.aim})"
        yield Verdict(ratio >= goal.least, text)


def verdict_of(growth: Growth) -> Verdict:
    """Return what became of a growth's goal."""
    text = f"{growth.name}: grows with exponent {growth.exponent:.2f} (at most {growth.limit})"
    return Verdict(growth.exponent <= growth.limit, text)


def _row(name: str, *cells: str) -> str:
    return f"  {name:<32}" + "".join(f"{cell:>17}" for cell in cells)
