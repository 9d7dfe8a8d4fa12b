"""Threads that move only when they are told to, one store call at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from threading import Semaphore, Thread
from typing import Any


class Turns:
    """Lets one of several threads move at a time, one store call each."""

    def __init__(self) -> None:
        self._go = Semaphore(0)
        self._stopped = Semaphore(0)
        self.finished = False
        self._free = False

    def before_call(self) -> None:
        if not self._free:
            self._stopped.release()
            self._go.acquire()

    def step(self) -> None:
        """Let the thread do its next call and wait until it stops before the one after."""
        if not self.finished:
            self._go.release()
            self._stopped.acquire()

    def start(self, run: Callable[[], object]) -> Thread:
        def body() -> None:
            try:
                run()
            finally:
                self.finished = True
                self._stopped.release()

        thread = Thread(target=body)
        thread.start()
        self._stopped.acquire()
        return thread

    def set_free(self) -> None:
        self._free = True
        if not self.finished:
            self._go.release()


@dataclass(frozen=True)
class Stepped:
    """A store whose every call waits for its turn."""

    store: Any
    turns: Turns

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.store, name)

        def called(*args: object, **kwargs: object) -> object:
            self.turns.before_call()
            return method(*args, **kwargs)

        return called


def schedules(calls: int) -> Iterator[tuple[int, ...]]:
    """Yield every order in which two writers can take that many turns each."""
    for first in combinations(range(2 * calls), calls):
        chosen = set(first)
        yield tuple(0 if turn in chosen else 1 for turn in range(2 * calls))
