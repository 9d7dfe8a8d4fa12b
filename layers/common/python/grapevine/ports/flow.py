"""What is asked of clicks, orders, and the list of those that wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from grapevine.domain.clicks import Click, Interest, InterestKind
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.waits import Wait


class ClickWriter(Protocol):
    """Where clicks are recorded."""

    def record(self, click: Click) -> None:
        """Store a click; its id is unique, so a repeat changes nothing."""


class ClickReader(Protocol):
    """Clicks by the id that an order carries."""

    def click(self, click_id: str) -> Click | None:
        """Return a click in one read, or None."""

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        """Return a visitor's latest clicks in one request, oldest first, at most `limit`."""
        ...


class ClickStore(ClickReader, Protocol):
    """Clicks, with what tells of their visitor's machine erasable."""

    def forget_visitor(self, visitor_id: str) -> int:
        """Erase what tells of a visitor in their clicks: the user agent, and what they looked at.

        Return how many clicks had one. The visits stay.
        """
        ...


class InterestWriter(Protocol):
    """Where it is noted what a click's visitor looked at."""

    def note_interest(self, click_id: str, kind: InterestKind, product_id: str) -> bool:
        """Add a product to a click; a repeat changes nothing.

        False where there is no such click, where its visitor was forgotten, or where it has
        MAX_INTEREST of that kind.
        """
        ...


class InterestReader(Protocol):
    """What a click's visitor looked at."""

    def interest(self, click_id: str) -> Interest:
        """Return it in one read; empty where nothing is known."""
        ...


class FactWriter(Protocol):
    """Where facts are appended."""

    def append(self, fact: Fact) -> bool:
        """Append a fact if absent; return whether it was new."""


class FactReader(Protocol):
    """An order's facts."""

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return all facts of an order."""


class FactScan(Protocol):
    """Every order's facts, for the proof."""

    def scan(self, program_id: str) -> Iterator[Fact]:
        """Yield every fact of a program, in no order."""
        ...


class FactStore(FactReader, FactWriter, Protocol):
    """Facts, both ways."""


class WaitWriter(Protocol):
    """The list of orders that wait, as those write it who post orders."""

    def keep(self, wait: Wait) -> None:
        """List an order that waits, replacing what was said about it."""

    def forget(self, program_id: str, order: OrderKey) -> None:
        """Take an order off the list; one that is not there stays so."""


class WaitStore(WaitWriter, Protocol):
    """The whole list. It may name orders that have just stopped waiting, so readers look again."""

    def waiting(self, program_id: str) -> Iterator[Wait]:
        """Yield a program's orders that wait, by name."""
        ...

    def waiting_since(self, instant: datetime) -> Iterator[Wait]:
        """Yield orders of all programs that have waited since before an instant; eventually consistent."""
        ...
