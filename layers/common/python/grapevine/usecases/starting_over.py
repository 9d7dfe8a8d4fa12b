"""Steps of which another writer may have been first: who was not starts over, for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from grapevine.domain.errors import ConcurrencyError, HeadMovedError

ATTEMPTS = 5
"""How often an account is tried that others move."""
T = TypeVar("T")


def moved(step: Callable[[], T]) -> T:
    """Move an account; HeadMovedError when it never stood still."""
    return starting_over(step, HeadMovedError, ATTEMPTS)


def starting_over(step: Callable[[], T], fault: type[ConcurrencyError], attempts: int) -> T:
    """Take a step until nobody was first; the last attempt's fault is the caller's."""
    for _ in range(attempts - 1):
        try:
            return step()
        except fault:
            continue
    return step()
