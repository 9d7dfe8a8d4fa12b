"""What goes wrong, drawn from a seed: around a store call a process ends, a store is away, others run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

from grapevine.domain.errors import (
    ConcurrencyError,
    EntryExistsError,
    HeadMovedError,
    NetworkMovedError,
    UnavailableError,
)


class Crash(BaseException):
    """The process ended here."""


class Strike(Enum):
    """What happens right before a store call takes effect, or right after."""

    CRASH = "the process ends"
    AWAY = "the store does not answer"
    RACE = "the write is refused as if somebody else had been first"
    RIVAL = "other processes run"
    RESUME = "the process that was stopped for this one makes its call"


RACES: dict[str, type[ConcurrencyError]] = {
    "ledger.append": EntryExistsError,
    "treasury.move": HeadMovedError,
    "points.step": HeadMovedError,
    "catalog.change_promoter": NetworkMovedError,
}
"""Which calls can lose a race. Lost after its effect, it is the retry of a client that missed the answer."""
KEEN = frozenset(
    {*RACES, "ledger.entries_of", "ledger.taken", "facts.facts_of", "treasury.account", "points.account"}
)
"""Where who writes begins and ends: what happens in between is what matters, so these are struck more."""
MORE = 3
BEFORE = 0.6
"""How often a call is struck before it takes effect, not after."""
OVERTAKEN = 0.7
"""How often who was stopped before a write makes it right before the same write of another process."""
MIXES = (
    (Strike.CRASH, Strike.AWAY, Strike.RACE, Strike.RIVAL, Strike.RIVAL, Strike.RESUME),
    (Strike.RIVAL,) * 5 + (Strike.RESUME,),
    (Strike.CRASH, Strike.RIVAL),
    (Strike.AWAY, Strike.RACE),
)
"""What a storm is made of: a bit of everything, or much of little, which reaches what everything hides."""
WIDE_RATES, NARROW_RATES = (0.02, 0.06, 0.15), (0.1, 0.3, 0.6)
"""Shares of calls that are struck, in a storm over all stores and in one over a few of them."""
BUDGETS = (3, 10, 25, 50)
FRONTS = (
    frozenset({"ledger"}),
    frozenset({"ledger", "facts"}),
    frozenset({"ledger", "facts", "clicks", "catalog"}),
    frozenset({"treasury"}),
    frozenset({"treasury", "settlements", "files", "queue"}),
    frozenset({"treasury", "batches", "files"}),
    frozenset({"pages", "failures"}),
)
"""The stores that a narrow storm is over."""
OVER_POINTS = frozenset({"points"})
"""The store that half of the storms are over in worlds in which points are spent."""
DEEPEST = 2
"""How many processes may be stopped at a call while another one runs."""
MOST_RIVALS = 3


@dataclass(slots=True)
class Call:
    """A store call that takes effect once, by the process that makes it or while that one is stopped."""

    name: str
    make: Callable[[], Any]
    is_made: bool = False
    answer: Any = None
    error: Exception | None = None

    def take_effect(self) -> None:
        """Make the call, and keep the answer for who waits for it."""
        if self.is_made:
            return
        self.is_made = True
        try:
            answer = self.make()
            self.answer = iter(tuple(answer)) if isinstance(answer, Iterator) else answer
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits for the answer
            self.error = error

    def outcome(self) -> Any:  # noqa: ANN401 - any store's answer
        """Return the answer, after making the call where that was not done yet."""
        self.take_effect()
        if self.error:
            raise self.error
        return self.answer


@dataclass
class Storm:
    """The disturbances of one run: about `rate` of some stores' calls, until `budget` of them were struck.

    `rival` runs another process to its end; `is_dead` says that the process that runs now has crashed, so
    that nothing that it still does has an effect.
    """

    random: Random
    rate: float = 0.0
    budget: int = 0
    mix: tuple[Strike, ...] = ()
    stores: frozenset[str] = frozenset()
    rival: Callable[[], None] | None = None
    is_dead: bool = False
    struck: int = 0
    notes: list[str] = field(default_factory=list)
    _stopped: list[Call] = field(default_factory=list)

    @property
    def rages(self) -> bool:
        """Whether anything may still go wrong."""
        return self.rate > 0

    def chance(self, share: float) -> bool:
        """Say whether something happens that the platform may do; never when all is calm."""
        return self.rate > 0 and self.random.random() < share

    def end(self) -> None:
        """Nothing goes wrong from now on."""
        self.rate = 0.0

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let nothing go wrong for a while."""
        rate, self.rate = self.rate, 0.0
        try:
            yield
        finally:
            self.rate = rate

    def share_of(self, store: str, name: str) -> int:
        """Return how much more than others this call is struck; not at all where the storm is elsewhere."""
        if self.stores and store not in self.stores:
            return 0
        return MORE if name in KEEN else 1

    def meets(self, name: str) -> bool:
        """Say whether who was stopped at such a call overtakes the process that is about to make it."""
        return self.rate > 0 and self._stopped_at(name) and self.random.random() < OVERTAKEN

    def _stopped_at(self, name: str) -> bool:
        return bool(self._stopped) and self._stopped[-1].name == name and not self._stopped[-1].is_made

    def strike(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - any store's answer
        """Make a store call with something going wrong right before or right after it."""
        if self.is_dead:
            raise Crash(name)
        call = Call(name, make)
        strike, is_before = self.random.choice(self.mix), self.random.random() < BEFORE
        if self._stopped_at(name):
            strike, is_before = Strike.RESUME, True
        self._count(f"{strike.name.lower()} {'before' if is_before else 'after'} {name}")
        if is_before:
            self._do(strike, call)
        answer = call.outcome()
        if not is_before:
            self._do(strike, call)
        return answer

    def point(self, name: str) -> None:
        """Let things go wrong between two writes of one call."""
        if self.is_dead or self.chance(self.rate * MORE):
            self.strike(name, bool)

    def _count(self, what: str) -> None:
        self.notes.append(what)
        self.struck += 1
        self.budget -= 1
        if self.budget <= 0:
            self.end()

    def _do(self, strike: Strike, call: Call) -> None:
        if strike is Strike.RIVAL:
            self._run_rivals(call)
        elif strike is Strike.RESUME:
            self._resume()
        elif strike is Strike.CRASH:
            self.is_dead = True
            raise Crash(call.name)
        elif strike is Strike.RACE and call.name in RACES:
            raise RACES[call.name](call.name)
        else:
            raise UnavailableError(call.name)

    def _run_rivals(self, call: Call) -> None:
        """Stop at a call and let others run; one of them may find that the call has been made."""
        if self.rival is None or len(self._stopped) == DEEPEST:
            return
        self._stopped.append(call)
        try:
            for _ in range(self.random.randint(1, MOST_RIVALS)):
                self.rival()
        finally:
            self._stopped.pop()

    def _resume(self) -> None:
        if self._stopped:
            self._stopped[-1].take_effect()


def storm_of(seed: int, most: int | None = None, front: frozenset[str] = frozenset()) -> Storm:
    """Return the storm of a seed, with at most that many strikes; over those stores where some are named."""
    random = Random(~seed)
    is_wide = random.random() < 0.3 and not front
    storm = Storm(
        random=random,
        rate=random.choice(WIDE_RATES if is_wide else NARROW_RATES),
        budget=random.choice(BUDGETS),
        mix=random.choice(MIXES),
        stores=front or (frozenset() if is_wide else random.choice(FRONTS)),
    )
    if most is not None:
        storm.budget = min(storm.budget, most)
        storm.rate = storm.rate if most else 0.0
    return storm


def calm() -> Storm:
    """Return a storm in which nothing happens."""
    return Storm(Random(0))


class Exposed:
    """A store as processes see it: every call of it goes through the storm."""

    def __init__(self, name: str, store: Any, storm: Storm) -> None:  # noqa: ANN401 - any store
        self._name = name
        self._store = store
        self._storm = storm

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return a store's method as it is called from outside; made once, then an attribute."""
        made, storm, name = getattr(self._store, method), self._storm, f"{self._name}.{method}"
        draw, share, races = storm.random.random, storm.share_of(self._name, name), name in RACES

        def called(*args: Any) -> Any:  # noqa: ANN401 - any store's answer
            if storm.is_dead or draw() < storm.rate * share or (races and storm.meets(name)):
                return storm.strike(name, lambda: made(*args))
            return made(*args)

        setattr(self, method, called)
        return called
