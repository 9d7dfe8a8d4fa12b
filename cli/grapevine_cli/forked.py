"""A replay in several processes: where orders do not rest on each other, each process has some of them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import cast

import click

from grapevine.domain.drafts import ties_orders
from grapevine.domain.errors import reason_of
from grapevine.domain.programs import Terms
from grapevine.domain.what_if import Tally
from grapevine.usecases.replay_books import OrderRecord
from grapevine.usecases.replay_orders import STAGE, Readers, Records
from grapevine.usecases.verify_program import Progress
from grapevine.usecases.what_if import replayed

FEWEST = 2_000
"""Fewer orders than this are replayed before another process has started."""
Connect = Callable[[], Readers]


def processes_for(records: Records, terms: Terms, wanted: int) -> int:
    """Return in how many processes orders may be replayed: one, where they rest on each other."""
    tied = ties_orders(terms, records.span) or ties_orders(records.terms, records.span)
    # What was read is shared by forking; elsewhere it would have to be copied.
    alone = tied or sys.platform != "linux" or len(records.orders) < FEWEST
    return 1 if alone else max(wanted, 1)


def replayed_in(
    processes: int, records: Records, terms: Terms, connect: Connect, progress: Progress
) -> Tally:
    """Replay every order; `connect` is called in each process, since none may share another's connections."""
    # What was read stays: nobody need look through it again and again for what can go.
    gc.freeze()
    if processes == 1:
        return replayed(records, records.orders, terms, connect(), progress)
    parts = [records.orders[number::processes] for number in range(processes)]
    started = [_started(records, part, terms, connect) for part in parts]
    try:
        return _gathered([pipe for _, pipe in started], progress)
    finally:
        for process, pipe in started:
            pipe.close()
            process.join()


def _started(
    records: Records, part: Sequence[OrderRecord], terms: Terms, connect: Connect
) -> tuple[ForkProcess, Connection]:
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, records, part, terms, connect), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _work(
    pipe: Connection, records: Records, part: Sequence[OrderRecord], terms: Terms, connect: Connect
) -> None:
    try:
        pipe.send(replayed(records, part, terms, connect(), lambda _, done, total: pipe.send((done, total))))
    except Exception as error:  # noqa: BLE001 - whatever it is, the process that waits for us must hear it
        pipe.send(reason_of(error))


def _gathered(pipes: Sequence[Connection], progress: Progress) -> Tally:
    """Return what all processes counted together, and tell how far they have come together."""
    tally, far = Tally(), dict.fromkeys(pipes, (0, 0))
    running = list(pipes)
    while running:
        for pipe in cast("list[Connection]", wait(running)):
            said = _heard(pipe)
            if isinstance(said, Tally):
                tally.merge(said)
                running.remove(pipe)
            else:
                far[pipe] = said
                progress(
                    STAGE, sum(done for done, _ in far.values()), sum(total for _, total in far.values())
                )
    return tally


def _heard(pipe: Connection) -> Tally | tuple[int, int]:
    """Return what a process says; ClickException where it failed."""
    try:
        said: Tally | tuple[int, int] | str = pipe.recv()
    except EOFError:
        said = "a process ended before it was done"
    if isinstance(said, str):
        raise click.ClickException(said)
    return said
