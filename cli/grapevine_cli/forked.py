"""A replay in several processes: each has orders that share nothing with those of the others."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from time import process_time
from typing import cast

import click

from grapevine.domain.errors import reason_of
from grapevine.domain.programs import Terms
from grapevine.domain.ties import Trace
from grapevine.domain.what_if import Tally
from grapevine.usecases.replay_groups import grouped, replayed_apart
from grapevine.usecases.replay_orders import STAGE, Part, Readers, Records
from grapevine.usecases.verify_program import Progress
from grapevine.usecases.what_if import Replayed, replayed

FEWEST = 2_000
"""Fewer orders than this are replayed before another process has started."""
Connect = Callable[[], Readers]


@dataclass(frozen=True, slots=True)
class Done:
    """What a process says when it is done: what came of its orders, and the CPU seconds that took."""

    replayed: Replayed
    seconds: float

    @property
    def trace(self) -> Trace:
        """What its orders shared."""
        return self.replayed.trace


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
    with _nothing_collected():
        if processes == 1:
            return _united([_alone(records, Part(records.orders), terms, connect, progress)])
        groups = grouped(records, terms, connect())
        run = partial(_each_in_its_own, records, terms, connect, progress)
        return _united(replayed_apart(records.orders, groups, processes, run))


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


def _united(found: Sequence[Done]) -> Outcome:
    tally = Tally()
    for done in found:
        tally.merge(done.replayed.tally)
    return Outcome(tally, tuple(done.seconds for done in found))


def _alone(records: Records, part: Part, terms: Terms, connect: Connect, progress: Progress) -> Done:
    before = process_time()
    return Done(replayed(records, part, terms, connect(), progress), process_time() - before)


def _each_in_its_own(
    records: Records, terms: Terms, connect: Connect, progress: Progress, parts: list[Part]
) -> list[Done]:
    if len(parts) == 1:
        return [_alone(records, parts[0], terms, connect, progress)]
    started = [_started(records, part, terms, connect) for part in parts]
    try:
        return _gathered([pipe for _, pipe in started], progress)
    finally:
        for process, pipe in started:
            pipe.close()
            process.join()


def _started(records: Records, part: Part, terms: Terms, connect: Connect) -> tuple[ForkProcess, Connection]:
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, records, part, terms, connect), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _work(pipe: Connection, records: Records, part: Part, terms: Terms, connect: Connect) -> None:
    try:
        pipe.send(_alone(records, part, terms, connect, lambda _, done, total: pipe.send((done, total))))
    except Exception as error:  # noqa: BLE001 - whatever it is, the process that waits for us must hear it
        pipe.send(reason_of(error))


def _gathered(pipes: Sequence[Connection], progress: Progress) -> list[Done]:
    """Return what each process has to say in the end, and tell how far they have come together."""
    found, far = list[Done](), dict.fromkeys(pipes, (0, 0))
    running = list(pipes)
    while running:
        for pipe in cast("list[Connection]", wait(running)):
            said = _heard(pipe)
            if isinstance(said, Done):
                found.append(said)
                running.remove(pipe)
            else:
                far[pipe] = said
                progress(
                    STAGE, sum(done for done, _ in far.values()), sum(total for _, total in far.values())
                )
    return found


def _heard(pipe: Connection) -> Done | tuple[int, int]:
    """Return what a process says; ClickException where it failed."""
    try:
        said: Done | tuple[int, int] | str = pipe.recv()
    except EOFError:
        said = "a process ended before it was done"
    if isinstance(said, str):
        raise click.ClickException(said)
    return said
