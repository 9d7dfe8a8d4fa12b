"""Fair turns: every contender alone in a process, all of them once per round, and CPU time only.

Wall-clock time on a shared machine says who else was there. CPU time of the contender's own process
(and of children it has waited for), compared within one run, says what the work costs.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import Any, Protocol, TypeVar

from benchmarks.engine.sales import Books, Sale

T = TypeVar("T")
Work = Callable[[], object]


class Contender(Protocol):
    """One way to do some work."""

    size: int
    """How many a turn does: about a second of them, so that nobody is luckier than the others."""

    def turn(self) -> Iterator[Work]:
        """Yield a turn's work in pieces; what happens between them makes them ready and does not count."""


class Accrual(Contender, Protocol):
    """One way to accrue sales."""

    def books(self, some: tuple[Sale, ...]) -> Books:
        """Return what these sales come to."""


Ask = Callable[[Any], T]
"""A question to a contender, of whatever kind it is."""
Make = Callable[[], Contender]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one of what a turn does, one number per round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return median(self.seconds)


def cpu_seconds() -> float:
    """Return what this process and the children it has waited for have used, user and system."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def take_turn(contender: Contender) -> float:
    """Return the CPU seconds of each of what one turn does."""
    return seconds_of(contender.turn()) / contender.size


def books_by(some: tuple[Sale, ...], contender: Accrual) -> Books:
    """Return what a contender makes of these sales."""
    return contender.books(some)


def seconds_of(pieces: Iterable[Work]) -> float:
    """Return the CPU seconds of some work; what was there before it is no burden for the collector."""
    gc.collect()
    gc.freeze()
    total = sum(map(_timed, pieces))
    gc.unfreeze()
    return total


def _timed(work: Work) -> float:
    before = cpu_seconds()
    work()
    return cpu_seconds() - before


class Bench:
    """A process in which one contender waits for its turn."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ask(self, question: Ask[T]) -> T:
        """Return what a function says about the contender over there."""
        self._pipe.send(question)
        answer: T = self._pipe.recv()
        return answer


@contextmanager
def bench(make: Make) -> Iterator[Bench]:
    """Start a process around a contender; it ends with the block."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(make, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Bench(ours)
    finally:
        # Without anybody to listen to, it stops by itself.
        ours.close()
        process.join()


def _serve(make: Make, pipe: Connection) -> None:
    contender = make()
    while True:
        try:
            question: Ask[object] = pipe.recv()
            pipe.send(question(contender))
        except (EOFError, BrokenPipeError):
            return


@contextmanager
def benches(contenders: Mapping[str, Make]) -> Iterator[dict[str, Bench]]:
    """Start all of them."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(bench(make)) for name, make in contenders.items()}


def interleaved(started: Mapping[str, Bench], rounds: int) -> dict[str, Cost]:
    """Return everybody's costs after A, B, C, A, B, C …; the first round warms up and does not count."""
    turns = [{name: one.ask(take_turn) for name, one in started.items()} for _ in range(rounds + 1)]
    return {name: Cost(tuple(turn[name] for turn in turns[1:])) for name in started}


def least_of_each(turns: Sequence[Callable[[], Iterable[Work]]], rounds: int) -> list[float]:
    """Return the least CPU seconds of each, interleaved: for shapes, where noise only ever adds."""
    times = [[seconds_of(turn()) for turn in turns] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]
