"""What is asked of clicks, orders, raw bodies, personal data, and of the shops that send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.clicks import Click
from grapevine.domain.facts import Fact, FactKind, OrderKey, Refund, Snapshot
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


class RawBodies(Protocol):
    """Bodies exactly as they came, for ninety days."""

    def keep(
        self, storefront_id: str, name: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> None:
        """Keep a body under its storefront and name; a repeat changes nothing."""


class PersonalData(Protocol):
    """What names a person, apart from everything else so that it can be erased."""

    def remember(self, subject: str, data: Mapping[str, str]) -> None:
        """Keep a person's data under their keyed hash, replacing what was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one webhook body says, before we say whose program and customer it is.

    `problem` says what in the body cannot be right, and where; the amounts are there all the same
    where they can be counted, for a person to accept.
    """

    order_id: str
    kind: FactKind
    version: datetime
    snapshot: Snapshot | None = None
    refunds: tuple[Refund, ...] = ()
    customer_email: str | None = None
    problem: str | None = None


class StorefrontAdapter(Protocol):
    """One platform's webhooks; pure."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], domain: str) -> None:
        """Check the signature over the raw bytes, and that the shop named is ours.

        Header names are in lower case. UnauthenticatedError, without detail, when either fails.
        """

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the delivery's topic, empty where it names none."""

    def normalise(self, raw: bytes, topic: str) -> Reading | None:
        """Return what the body says, None for a topic that says nothing about orders.

        MalformedBodyError when the text is not what the platform sends.
        """
