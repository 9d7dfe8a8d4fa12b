"""Grants: who may use how much of what is scarce.

What is left of a scarce thing depends on who came first, so an entry records what was wanted and what
was granted, and from then on that is an input like any other. Three rules make it fair and quiet:

- only what is wanted above the highest ever wanted is asked for anew;
- a fall below what was granted gives the difference back at once, for others to use;
- what was given back may be taken again as far as it is still there, up to the most ever offered: what
  another limit refused is not lost for good, or the end would depend on which of two came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class GrantKey(NamedTuple):
    """What is scarce: `scarce` says which thing, of whom (`subject`) and in which period.

    A tuple, because amounts are looked up by it again and again, and a tuple's hash is quick.
    """

    program_id: str
    scarce: str
    subject: str
    period: str

    def __str__(self) -> str:
        return f"{self.scarce}/{self.subject}/{self.period}"

    @classmethod
    def parse(cls, program_id: str, text: str) -> GrantKey:
        """Read back a key's text, which its program's entries keep."""
        scarce, subject, period = text.split("/")
        return cls(program_id, scarce, subject, period)


@dataclass(frozen=True, slots=True)
class Grant:
    """What an order wanted of something scarce and has of it, in its units: minor units, or times.

    `offered` is what it could have had, where another limit left it less; None where it has all of that.
    """

    key: GrantKey
    wanted: int
    granted: int
    offered: int | None = None


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What an entry changes in a counter: `change` units, in the entry's own transaction.

    A rise must leave the counter at `limit` at most; a fall has no condition.
    """

    key: GrantKey
    change: int
    limit: int


@dataclass(frozen=True, slots=True)
class Held:
    """What an order's entries say about one key: the highest wanted, the most offered, what it has now."""

    wanted: int = 0
    most: int = 0
    granted: int = 0

    def target(self, wanted: int) -> int:
        """Return what the order may have at best: all of a new height, else no more than was ever offered."""
        return wanted if wanted > self.wanted else min(wanted, self.most)


NOTHING = Held()


@dataclass(frozen=True, slots=True)
class Holdings:
    """An order's grants by its entries; `taken` is what all orders together have, where it was asked.

    Of a counter that was not read nothing is left; who only looks for those to read is `hopeful`: all is.
    """

    held: Mapping[GrantKey, Held] = field(default_factory=dict)
    taken: Mapping[GrantKey, int] = field(default_factory=dict)
    hopeful: bool = False

    def of(self, key: GrantKey) -> Held:
        """Return what the order has of one key."""
        return self.held.get(key, NOTHING)

    def asks(self, key: GrantKey, wanted: int) -> bool:
        """Say whether wanting so much means taking from what is left."""
        held = self.of(key)
        return held.target(wanted) > held.granted

    def room(self, key: GrantKey, wanted: int, limit: int) -> int:
        """Return the most that the order may have: what it has, and of what is left what it may ask for."""
        unread = 0 if self.hopeful else limit
        held, left = self.of(key), max(limit - self.taken.get(key, unread), 0)
        return held.granted + min(max(held.target(wanted) - held.granted, 0), left)


NO_HOLDINGS = Holdings()
"""What an order has that never asked for anything."""
NOTHING_TAKEN: Mapping[GrantKey, int] = {}


@dataclass(frozen=True, slots=True)
class Use:
    """What an order wants of something scarce now, what it gets, and what it could have, if more."""

    wanted: int
    granted: int
    offered: int | None = None


Uses = Mapping[GrantKey, Use]
NO_USES: Uses = {}


def held(grants: Iterable[Grant]) -> dict[GrantKey, Held]:
    """Return what an order has by the grants of its entries, in their sequence."""
    found: dict[GrantKey, Held] = {}
    for grant in grants:
        before = found.get(grant.key, NOTHING)
        most = grant.granted if grant.offered is None else grant.offered
        found[grant.key] = Held(max(before.wanted, grant.wanted), max(before.most, most), grant.granted)
    return found


def holdings(grants: Sequence[Grant], taken: Mapping[GrantKey, int]) -> Holdings:
    """Return what an order has by its grants; mostly nothing, and then nothing is made."""
    return Holdings(held(grants), taken) if grants or taken else NO_HOLDINGS


def to_record(holdings: Holdings, uses: Uses) -> tuple[Grant, ...]:
    """Return what is new: a grant that changed, or more wanted than ever; what is not used is given back."""
    if not (uses or holdings.held):
        return ()
    unused = {key: Use(0, 0) for key in holdings.held if key not in uses}
    return tuple(
        Grant(key, use.wanted, use.granted, use.offered)
        for key, use in sorted({**uses, **unused}.items(), key=lambda item: item[0])
        if _is_news(use, holdings.of(key))
    )


def _is_news(use: Use, before: Held) -> bool:
    return use.granted != before.granted or use.wanted > before.wanted or (use.offered or 0) > before.most


def offered(wanted: int, granted: int, room: int) -> Use:
    """Return the use of what was offered up to `room`, of which other limits left `granted`."""
    most = min(wanted, room)
    return Use(wanted, granted, most if most > granted else None)
