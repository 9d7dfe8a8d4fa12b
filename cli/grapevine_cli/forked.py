"""A replay in several processes: orders of each share nothing with those of the others, or only counters."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import process_time
from typing import Protocol, cast

import click

from grapevine.domain.errors import reason_of
from grapevine.domain.programs import Terms
from grapevine.domain.ties import Trace
from grapevine.domain.what_if import Tally
from grapevine.usecases.replay_groups import grouped, replayed_apart
from grapevine.usecases.replay_guesses import Ask
from grapevine.usecases.replay_orders import STAGE, Part, Readers, Records
from grapevine.usecases.verify_program import Progress
from grapevine.usecases.what_if import PutRight, put_right, replayed

FEWEST = 2_000
"""Fewer orders than this are replayed before another process has started."""
Connect = Callable[[], Readers]


Again = frozenset[int]
"""Groups that were made again elsewhere, so that nobody else counts them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a process says of its orders once they are replayed: what they share with others."""

    trace: Trace
    asks: Sequence[Ask]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a process says in the end: how its orders compare, and the CPU seconds that took."""

    tally: Tally
    seconds: float


Said = Told | Counted | tuple[int, int]


class Done(Protocol):
    """A part that is replayed, here or in another process."""

    @property
    def trace(self) -> Trace:
        """What its orders shared."""

    @property
    def asks(self) -> Sequence[Ask]:
        """What they were told of counters that other parts share."""

    def end(self, again: Again) -> None:
        """Say that it stays, but for some groups."""

    def counted(self, again: Again) -> Counted:
        """Return how it compares without them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all processes counted together, and the CPU seconds of each, the one that asked left out."""

    tally: Tally
    seconds: tuple[float, ...]


def processes_for(records: Records, wanted: int) -> int:
    """Return in how many processes orders may be replayed, as far as they do not rest on each other."""
    # What was read is shared by forking; elsewhere it would have to be copied.
    alone = sys.platform != "linux" or len(records.orders) < FEWEST
    return 1 if alone else max(wanted, 1)


def replayed_in(
    processes: int, records: Records, terms: Terms, connect: Connect, progress: Progress
) -> Outcome:
    """Replay every order; `connect` is called in each process, since none may share another's connections."""
    if not records.orders:
        return Outcome(Tally(), ())
    work = _Work(records, terms, connect, progress)
    with _nothing_collected(), closing(work):
        if processes == 1:
            return _united(work.replay([Part(records.orders)]), None)
        grouping = grouped(records, terms, connect())
        return _united(*replayed_apart(records.orders, grouping, processes, work.replay, work.put_right))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Look for no cycles meanwhile: what was read and what is posted stays, and has none."""
    was = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was:
            gc.enable()


def _united(done: Sequence[Done], right: PutRight | None) -> Outcome:
    again = right.again if right else Again()
    for one in done:
        one.end(again)
    tally = right.tally if right else Tally()
    counted = [one.counted(again) for one in done]
    for each in counted:
        tally.merge(each.tally)
    return Outcome(tally, tuple([each.seconds for each in counted]))


class _Work:
    """Replays parts of the orders: one part here, several each in a process of its own."""

    def __init__(self, records: Records, terms: Terms, connect: Connect, progress: Progress) -> None:
        self._records, self._terms, self._connect, self._progress = records, terms, connect, progress
        self._started: list[_Forked] = []

    def replay(self, parts: list[Part]) -> list[Done]:
        """Return what came of each part; what was replayed before is forgotten."""
        self.close()
        if len(parts) == 1:
            return [_Here(self._records, parts[0], self._terms, self._connect, self._progress)]
        self._started = [_Forked(self._records, part, self._terms, self._connect) for part in parts]
        _wait(self._started, self._progress)
        return [*self._started]

    def put_right(self, units: Sequence[int], done: Sequence[Done]) -> PutRight:
        """Make every order again that was misled by what its part had guessed of the others."""
        asks = [one.asks for one in done]
        return put_right(self._records, self._terms, self._connect(), units, asks)

    def close(self) -> None:
        """End every process."""
        for one in self._started:
            one.close()
        self._started = []


class _Here:
    """A part that was replayed in this process."""

    def __init__(
        self, records: Records, part: Part, terms: Terms, connect: Connect, progress: Progress
    ) -> None:
        before = process_time()
        self._replayed = replayed(records, part, terms, connect(), progress)
        self._seconds = process_time() - before
        self.trace, self.asks = self._replayed.trace, self._replayed.asks

    def end(self, again: Again) -> None:
        """Nobody waits for it."""

    def counted(self, again: Again) -> Counted:
        """Return how it compares."""
        before = process_time()
        tally = self._replayed.tally(again)
        return Counted(tally, self._seconds + process_time() - before)


class _Forked:
    """A part that is replayed in a process of its own, which stays until it is told what else to count."""

    def __init__(self, records: Records, part: Part, terms: Terms, connect: Connect) -> None:
        context = get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.far = (0, 0)
        self._told = Told(Trace(), ())
        self._process = context.Process(
            target=_work, args=(theirs, records, part, terms, connect), daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def trace(self) -> Trace:
        """What its orders shared."""
        return self._told.trace

    @property
    def asks(self) -> Sequence[Ask]:
        """What they were told of counters that other parts share."""
        return self._told.asks

    def has_told(self) -> bool:
        """Hear the next thing that it says, and return whether its orders are replayed."""
        said = _heard(self.pipe)
        if isinstance(said, Told):
            self._told = said
            return True
        self.far = cast("tuple[int, int]", said)
        return False

    def end(self, again: Again) -> None:
        """Say that it stays, but for some groups."""
        self.pipe.send(again)

    def counted(self, again: Again) -> Counted:  # noqa: ARG002 - it was told
        """Return how it compares."""
        return cast("Counted", _heard(self.pipe))

    def close(self) -> None:
        """End the process, if it has not ended."""
        self.pipe.close()
        self._process.terminate()
        self._process.join()


def _work(pipe: Connection, records: Records, part: Part, terms: Terms, connect: Connect) -> None:
    before = process_time()
    try:
        done = replayed(records, part, terms, connect(), lambda _, done, total: pipe.send((done, total)))
        pipe.send(Told(done.trace, done.asks))
        tally = done.tally(pipe.recv())
        pipe.send(Counted(tally, process_time() - before))
    except Exception as error:  # noqa: BLE001 - whatever it is, the process that waits for us must hear it
        pipe.send(reason_of(error))


def _wait(started: Sequence[_Forked], progress: Progress) -> None:
    """Return when each process has replayed its orders, and tell how far they have come together."""
    running = {one.pipe: one for one in started}
    while running:
        for pipe in cast("list[Connection]", wait(list(running))):
            if running[pipe].has_told():
                del running[pipe]
        progress(STAGE, sum(one.far[0] for one in started), sum(one.far[1] for one in started))


def _heard(pipe: Connection) -> Said:
    """Return what a process says; ClickException where it failed."""
    try:
        said: Said | str = pipe.recv()
    except EOFError:
        said = "a process ended before it was done"
    if isinstance(said, str):
        raise click.ClickException(said)
    return said
