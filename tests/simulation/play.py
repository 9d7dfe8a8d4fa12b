"""Plays a script: phase by phase the town's processes run, in the order that the storm likes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from zlib import crc32

from grapevine.domain.instants import day_of
from grapevine.domain.plans import WHOLE_BPS
from tests.simulation.scripts import LAST_GAPS, Phase, Script
from tests.simulation.stores import Kinds, stores_of
from tests.simulation.storm import Storm
from tests.simulation.streams import Stream
from tests.simulation.town import Town

Process = Callable[[], object]
REPEATED = 0.08
"""How often somebody does again what was done: a storefront, a schedule, a queue."""
NEWS = 0.7
"""How often a process that runs while another one is stopped is one that has not been done yet."""
FOLLOWED = 0.75
"""How often a stream brings on at once what a process wrote."""
MOST_STEPS = 2000
"""Processes in one stretch of work; what takes longer never ends."""


class EndlessError(Exception):
    """Work that was tried again and again did not come to an end."""


class Player:
    """Plays one script in one town."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._waiting: list[Process] = []
        self._done: list[Process] = []
        self._streams: Sequence[Stream[Any]] = ()
        self._imported: set[str] = set()
        town.storm.rival = self._rival

    def play(self, audit: Callable[[Town], None]) -> None:
        """Play the visits and every phase; the storm is over before the last two.

        `audit` looks at what was struck, after each phase.
        """
        script, storm = self.town.script, self.town.storm
        self._work([partial(self.town.visit, visit) for visit in script.visits])
        for number, phase in enumerate(script.phases):
            if number == len(script.phases) - len(LAST_GAPS):
                storm.end()
                self._catch_up()
            struck, self.town.clock = storm.struck, phase.at
            self._lagging(phase) if script.lags and storm.rages else self._prompt(phase)
            if storm.struck > struck and not script.lags:
                self._look_again()
                with storm.pause():
                    audit(self.town)
        self._work(self._results(are_in=True))
        self._look_again()

    def _look_again(self) -> None:
        """Let those who are short of a budget have what others gave back, until nobody takes any more.

        Nobody is told that there is more, so whoever is looked at next has it: that is no fixed point
        before everybody was looked at.
        """
        ledger, known = self.town.stores.ledger, -1
        while self.town.script.scarce and known != len(ledger.appended):
            known = len(ledger.appended)
            with self.town.storm.pause():
                self._work([self.town.look_again], self._books)

    def _prompt(self, phase: Phase) -> None:
        """Let everything that one step of a phase brings about be done before the next step."""
        town = self.town
        self._work([town.sweep], self._books)
        self._redrive()
        if town.script.points:
            self._work([town.tend, *self._spends(phase)], self._books)
        if phase.settles:
            self._settle()
        self._work([partial(town.arrive, arrival) for arrival in phase.arrivals], self._books)
        self._work([partial(town.arrive, click) for click in phase.late], self._books)
        self._redrive()

    def _spends(self, phase: Phase) -> list[Process]:
        return [partial(self.town.spend, spend) for spend in phase.spends]

    def _settle(self) -> None:
        """Import results and settle; at once where every payout succeeds: nothing comes back to settle."""
        town, results = self.town, self._results()
        if town.script.completes_bps < WHOLE_BPS:
            self._work(results)
            results = []
        self._work([town.start, *results], [town.lists, town.settlement_pages, town.payouts])

    def _lagging(self, phase: Phase) -> None:
        """Let everything happen at once, and streams hold back what they like; screening alone is prompt."""
        town = self.town
        arrivals = [partial(town.arrive, arrival) for arrival in (*phase.arrivals, *phase.late)]
        start = [town.start] if phase.settles else []
        points = [town.tend, *self._spends(phase)] if town.script.points else []
        processes: list[Process] = [town.sweep, town.redrive, *points, *start, *self._results(), *arrivals]
        self._work(processes, [*self._books, town.lists, town.settlement_pages, town.payouts], drains=False)
        self._work([], [town.screened] if town.script.screens else [])

    def _catch_up(self) -> None:
        self._work([], [*self._books, self.town.lists, self.town.settlement_pages, self.town.payouts])
        self._redrive()

    @property
    def _books(self) -> list[Stream[Any]]:
        town = self.town
        return (
            [town.screened, town.facts, town.entries] if town.script.screens else [town.facts, town.entries]
        )

    def _results(self, *, are_in: bool = False) -> list[Process]:
        """Return the imports of what the rail has answered since; now and then it answers again.

        Whether it has answered by now follows from the file's name and the day, unless all `are_in`.
        """
        storm, names = self.town.storm, tuple(self.town.stores.files.stored)
        new = [name for name in names if name not in self._imported and (are_in or self._is_in(name))]
        old = [name for name in names if name in self._imported and storm.chance(REPEATED)]
        self._imported.update(new)
        return [partial(self.town.bring_results, name) for name in (*new, *old)]

    def _is_in(self, name: str) -> bool:
        return crc32(f"{name} {day_of(self.town.clock)}".encode()) % 2 == 0

    def _redrive(self) -> None:
        """Redrive what waits, and once more with nobody in the way: only what no one can post waits on."""
        town = self.town
        if town.stores.failures.waiting:
            self._work([town.redrive], self._books)
            with town.storm.pause():
                self._work([town.redrive], self._books)

    def _work(
        self, processes: Sequence[Process], streams: Sequence[Stream[Any]] = (), *, drains: bool = True
    ) -> None:
        """Run processes until each has come to its end, and the streams until they are drained."""
        self._waiting, self._done, self._streams = list(processes), [], streams
        for _ in range(MOST_STEPS):
            flowing = [stream for stream in streams if not stream.is_drained]
            if not self._waiting and not (drains and flowing):
                return
            count = len(self._waiting) + len(flowing)
            self._run(self.town.storm.random.randrange(count) if self.town.storm.rages else 0, flowing)
        raise EndlessError(f"after {MOST_STEPS} processes: {len(self._waiting)} wait")

    def _run(self, number: int, flowing: Sequence[Stream[Any]]) -> None:
        """Run a process by its number, those that wait first; one that comes to its end waits no longer."""
        if number >= len(self._waiting):
            self.town.attempt(flowing[number - len(self._waiting)].deliver)
        elif self.town.attempt(self._waiting[number]) and not self.town.storm.chance(REPEATED):
            self._done.append(self._waiting.pop(number))

    def _rival(self) -> None:
        """Run some other process of this stretch, rather a new one, and mostly what it leads to."""
        town, chance = self.town, self.town.storm.chance
        others = [*self._done, *(stream.deliver for stream in self._streams)]
        ready = self._waiting if self._waiting and chance(NEWS) else others
        if ready:
            town.attempt(town.storm.random.choice(ready))
        for stream in self._streams:
            if not stream.is_drained and chance(FOLLOWED):
                town.attempt(stream.deliver)


def played(script: Script, storm: Storm, kinds: Kinds, audit: Callable[[Town], None]) -> Town:
    """Return the town after a script was played in it under a storm."""
    town = Town(script, stores_of(script, kinds, storm), storm)
    Player(town).play(audit)
    return town
