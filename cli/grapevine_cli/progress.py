"""How far a long command has come: bars on a terminal, one line per stage in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from grapevine.domain.settlements import Settlement, SettlementState
from grapevine.usecases.verify_program import Progress as Told


@contextmanager
def shown(console: Console | None = None) -> Iterator[Told]:
    """Yield what shows progress while the block runs; it goes to stderr, so that results can be piped."""
    screen = console or Console(stderr=True)
    if not screen.is_terminal:
        with _lines(screen) as told:
            yield told
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen) as bars:
        yield _bars(bars)


def _bars(bars: Progress) -> Told:
    """Return what shows a bar per stage; where nobody knows the end, a bar that moves."""
    tasks: dict[str, TaskID] = {}

    def told(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            _end(bars)
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return told


def _end(bars: Progress) -> None:
    """Let bars stand still whose end nobody knew: their stage is over."""
    for task in bars.tasks:
        bars.update(task.id, total=task.completed)


@contextmanager
def _lines(screen: Console) -> Iterator[Told]:
    """Yield what says, at the end of each stage, how much there was."""
    stages: dict[str, int] = {}

    def told(stage: str, done: int, _total: int | None) -> None:
        if stage not in stages and stages:
            _line(screen, stages)
        stages[stage] = done

    yield told
    if stages:
        _line(screen, stages)


def _line(screen: Console, stages: dict[str, int]) -> None:
    stage, done = list(stages.items())[-1]
    screen.print(f"{stage}: {done}")


@contextmanager
def run_shown(console: Console | None = None) -> Iterator[Callable[[Settlement], None]]:
    """Yield what shows how far a settlement run has come: `settling 12 400 / 50 000`, and a bar."""
    screen = console or Console(stderr=True)
    if not screen.is_terminal:
        yield _run_lines(screen)
        return
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen) as bars:
        task = bars.add_task("", total=None)

        def told(run: Settlement) -> None:
            total = run.promoters if run.listed else None
            # Nobody to settle is all of it.
            done, total = (1, 1) if total == 0 else (run.settled, total)
            bars.update(task, description=run.progress, completed=done, total=total)

        yield told


def _run_lines(screen: Console) -> Callable[[Settlement], None]:
    """Return what says a line when a run is in another state than before."""
    states: list[SettlementState] = []

    def told(run: Settlement) -> None:
        if run.state not in states:
            states.append(run.state)
            screen.print(run.progress, highlight=False)

    return told
