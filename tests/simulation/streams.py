"""A stream or queue as its readers see it: in no order, in batches cut anywhere, at least once.

The books' records are all items of their own, so DynamoDB promises no order among any of them. Settings,
bisecting and partial answers are in `tests/streams`; here is what they come to, a thousand times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from tests.simulation.storm import Storm

R = TypeVar("R")
Handler = Callable[[Sequence[R]], Sequence[R]]
"""Handles a batch and returns the records that failed; a crash fails all of them."""
MOST_IN_A_BATCH = 4
REDELIVERED = 0.2
CHECKPOINT_LOST = 0.1


class Stream(Generic[R]):
    """What was `written` and has not been answered for by one reader."""

    def __init__(self, written: list[R], storm: Storm, handle: Handler[R]) -> None:
        self._written = written
        self._storm = storm
        self._handle = handle
        self._read = 0
        self._waiting: dict[int, R] = {}

    @property
    def is_drained(self) -> bool:
        """Whether everything that was written has been answered for."""
        return not self._waiting and self._read == len(self._written)

    def deliver(self) -> None:
        """Hand a batch to the reader; what it answers for is not delivered again, as a rule."""
        batch = self._batch()
        failed = self._handle(tuple(batch.values()))
        for number, record in batch.items():
            if record not in failed and not self._storm.chance(CHECKPOINT_LOST):
                self._waiting.pop(number, None)

    def replay(self) -> None:
        """Hand over everything that was ever written, in one batch."""
        self._handle(tuple(self._written))

    def _batch(self) -> dict[int, R]:
        for number in range(self._read, len(self._written)):
            self._waiting[number] = self._written[number]
        self._read = len(self._written)
        if not self._storm.rages:
            return dict(self._waiting)
        return self._cut()

    def _cut(self) -> dict[int, R]:
        random = self._storm.random
        most = min(len(self._waiting), MOST_IN_A_BATCH)
        numbers = random.sample(tuple(self._waiting), random.randint(min(most, 1), most))
        if self._written and (not numbers or random.random() < REDELIVERED):
            numbers.append(random.randrange(len(self._written)))
        # Whoever is handed a record again must answer for it again: if they end, it comes once more.
        return {number: self._waiting.setdefault(number, self._written[number]) for number in numbers}
