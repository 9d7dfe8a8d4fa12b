"""Plays of one settlement: undisturbed, and with one call that goes wrong, each to its end."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.cloud import Cloud, Contents, Kept
from tests.faults.driver import MOST_STEPS, Driver, Position
from tests.faults.wire import How


@dataclass(frozen=True, slots=True)
class Step:
    """One handler's turn in the undisturbed play: how everything was before it, and its calls."""

    kept: Kept
    position: Position
    calls: tuple[str, ...]


class Plays:
    """Where every play ends.

    Between two handlers there is nothing but what AWS has and what waits in the queue. So a play
    that comes to be where another one was ends as that one did, and is not followed further.
    """

    def __init__(self, driver: Driver, cloud: Cloud) -> None:
        self._driver, self._cloud = driver, cloud
        self._ends: dict[str, Contents] = {}
        self.steps = tuple(self._undisturbed())
        self.expected = driver.end()

    @property
    def calls(self) -> tuple[str, ...]:
        """The calls of the undisturbed play."""
        return tuple(call for step in self.steps for call in step.calls)

    def disturbed(self, number: int, how: How, *, to_the_end: bool = False) -> Contents:
        """Return the end of a play whose call of that number, from 1, goes wrong."""
        known = {} if to_the_end else self._ends
        for step in self.steps:
            if number <= len(step.calls):
                self._cloud.put_back(step.kept)
                self._driver.position = step.position
                self._cloud.wire.listen(number, how)
                self._driver.step()
                assert self._cloud.wire.has_failed
                return self._end(known)
            number -= len(step.calls)
        raise AssertionError("no such call")

    def _undisturbed(self) -> list[Step]:
        steps: list[Step] = []
        met: list[str] = []
        while not self._driver.is_over():
            kept, position = self._cloud.kept(), self._driver.position
            met.append(self._driver.state())
            self._cloud.wire.listen()
            self._driver.step()
            steps.append(Step(kept, position, tuple(self._cloud.wire.calls)))
            assert len(steps) < MOST_STEPS
        met.append(self._driver.state())
        self._ends = dict.fromkeys(met, self._driver.end())
        return steps

    def _end(self, known: dict[str, Contents]) -> Contents:
        met: list[str] = []
        while (state := self._driver.state()) not in known:
            met.append(state)
            assert len(met) < MOST_STEPS
            if self._driver.is_over():
                known[state] = self._driver.end()
                break
            self._cloud.wire.listen()
            self._driver.step()
        known.update(dict.fromkeys(met, known[state]))
        return known[state]
