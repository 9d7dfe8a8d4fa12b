"""Stores that fail at one chosen call: before it is made, or after it took effect and was not answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from grapevine.domain.errors import UnavailableError


class Crash(BaseException):
    """The process ended here: nothing catches that."""


class How(Enum):
    """What goes wrong at the chosen call."""

    CRASH_BEFORE = "the process ends before the call"
    CRASH_AFTER = "the process ends after the call took effect"
    NO_ANSWER_BEFORE = "the store is away"
    NO_ANSWER_AFTER = "the answer is lost"

    @property
    def is_after(self) -> bool:
        return self in (How.CRASH_AFTER, How.NO_ANSWER_AFTER)

    def fail(self, name: str) -> None:
        if self in (How.CRASH_BEFORE, How.CRASH_AFTER):
            raise Crash(name)
        raise UnavailableError(f"{name}: {self.value}")


@dataclass
class Plug:
    """Counts the calls of all stores it is plugged into, and lets the chosen one fail, once."""

    fail_at: int | None = None
    how: How = How.CRASH_BEFORE
    calls: list[str] = field(default_factory=list)

    def call(self, name: str, made: Callable[[], object]) -> object:
        self.calls.append(name)
        fails = len(self.calls) == self.fail_at
        if fails and not self.how.is_after:
            self.how.fail(name)
        answer = made()
        if fails:
            self.how.fail(name)
        return answer


@dataclass(frozen=True)
class Plugged:
    """A store whose every call goes through a plug; what it would yield later is fetched at once."""

    store: Any
    plug: Plug

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.store, name)

        def called(*args: object, **kwargs: object) -> object:
            return self.plug.call(
                f"{type(self.store).__name__}.{name}", lambda: fetched(method(*args, **kwargs))
            )

        return called


def fetched(answer: object) -> object:
    return iter(tuple(answer)) if isinstance(answer, Iterator) else answer


def until_done(step: Callable[[], object]) -> None:
    """Run a step as Lambda does: again after a crash or an error, until it ends well."""
    if not any(_ends_well(step) for _ in range(3)):
        raise AssertionError("did not end well in three runs")


def _ends_well(step: Callable[[], object]) -> bool:
    try:
        step()
    except (Crash, Exception):  # noqa: BLE001 - whatever ended it, it is run again
        return False
    return True
