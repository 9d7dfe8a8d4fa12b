"""Events: what changed, told to the outside in the order in which it changed.

An aggregate is the thing that changes: an order, a payout, a promoter. Its events are numbered without a
gap, and are a pure function of its changes in the order of their own versions, so that whoever derives them
again comes to the same events under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from zlib import crc32

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.tiers import Volume

SCHEMA_VERSION = 2
"""1 was the flat `commission.accrued` of before there was a log."""
SLOTS = 8
"""Into so many logs a program's events are cut by aggregate, so that no row is touched by every order."""
LIFE = timedelta(days=30)
"""How long an event can be read and sent again."""
MOST_AT_ONCE = 30
"""Events of one aggregate that are logged together, and those of one change more."""
COUNTED = 1000
"""Changes that are told apart within a millisecond, where a time is all the version there is."""

Data = Mapping[str, Any]


class AggregateKind(StrEnum):
    """What kind of thing changes."""

    ORDER = "order"
    """`storefront/order`: its commissions."""
    BONUS = "bonus"
    """`program/promoter/bounty/name`: a bounty, or a share's points."""
    ACCOUNT = "account"
    """`program/promoter/currency`: what moves in it that is no payout."""
    PAYOUT = "payout"
    SETTLEMENT = "settlement"
    PROMOTER = "promoter"
    TIER = "tier"
    """A promoter's months."""
    CUSTOMER = "customer"
    """A customer's keyed hash."""
    RISK = "risk"
    """`storefront/order`: its verdicts."""
    WEBHOOK = "webhook"
    """A subscription, in tests of it."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The thing that changes."""

    program_id: str
    kind: AggregateKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"

    @property
    def slot(self) -> int:
        """Which of the program's logs its events are in."""
        return crc32(f"{self.program_id}/{self}".encode()) % SLOTS


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a number."""

    type: str
    occurred_at: datetime
    data: Data


Fold = Callable[[Data], tuple[Data, tuple[Draft, ...]]]
"""Takes what readers know of an aggregate; returns what they know after a change, and the events."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an aggregate. The higher version is the later; one seen twice says nothing more."""

    aggregate: Aggregate
    version: int
    fold: Fold = field(compare=False)


@dataclass(frozen=True, slots=True)
class LogHead:
    """How far an aggregate's events are logged: its last version, the last number, what readers know."""

    aggregate: Aggregate
    version: int = 0
    sequence: int = 0
    seen: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that changed. `recorded_at` is when it was logged."""

    type: str
    aggregate: Aggregate
    sequence: int
    occurred_at: datetime
    recorded_at: datetime
    data: Data

    @property
    def id(self) -> str:
        """The event's name: the same whoever derives it, and without a dot, which signatures do not allow."""
        text = f"{self.aggregate.program_id}|{self.aggregate}|{self.sequence}"
        return "ev_" + blake2b(text.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Placed:
    """An event in its log; positions count from 1 without a gap."""

    position: int
    event: Event


@dataclass(frozen=True, slots=True)
class Logged:
    """An aggregate's next events: the head they follow, and the head after them."""

    before: LogHead
    after: LogHead
    events: tuple[Event, ...]

    @property
    def says_nothing(self) -> bool:
        """Whether it would be the same had it not been looked at."""
        return not self.events and not self.after.seen and not self.before.version


def followed(head: LogHead, changes: Sequence[Change], now: datetime) -> Logged | None:
    """Return what an aggregate's changes add to its log, None where all of them are in it.

    Once it comes to some thirty events the rest is left for the next time.
    """
    after, events = head, list[Event]()
    for change in sorted(changes, key=lambda change: change.version):
        if change.version > after.version and len(events) < MOST_AT_ONCE:
            seen, drafts = change.fold(after.seen)
            events += _numbered(drafts, after, now)
            after = replace(after, version=change.version, sequence=after.sequence + len(drafts), seen=seen)
    return None if after is head else Logged(head, after, tuple(events))


def _numbered(drafts: Sequence[Draft], head: LogHead, now: datetime) -> list[Event]:
    return [
        Event(
            type=draft.type,
            aggregate=head.aggregate,
            sequence=number,
            occurred_at=draft.occurred_at,
            recorded_at=now,
            data=draft.data,
        )
        for number, draft in enumerate(drafts, start=head.sequence + 1)
    ]


def version_of_time(instant: datetime, name: str) -> int:
    """Return a version of what has nothing but a time; the name tells those of one millisecond apart."""
    return round(instant.timestamp() * 1000) * COUNTED + crc32(name.encode()) % COUNTED


def event_to_dict(event: Event) -> dict[str, Any]:
    """Return an event as it is sent."""
    return {
        "id": event.id,
        "type": event.type,
        "schema_version": SCHEMA_VERSION,
        "occurred_at": to_text(event.occurred_at),
        "recorded_at": to_text(event.recorded_at),
        "program_id": event.aggregate.program_id,
        "aggregate": {"kind": event.aggregate.kind.value, "id": event.aggregate.id},
        "sequence": event.sequence,
        "data": dict(event.data),
    }


def event_from_dict(values: Mapping[str, Any]) -> Event:
    """Read back what `event_to_dict` wrote."""
    named = values["aggregate"]
    return Event(
        type=values["type"],
        aggregate=Aggregate(values["program_id"], AggregateKind(named["kind"]), named["id"]),
        sequence=values["sequence"],
        occurred_at=from_text(values["occurred_at"]),
        recorded_at=from_text(values["recorded_at"]),
        data=values["data"],
    )


Cursor = tuple[int, ...]
"""How far a reader has come in each of a program's logs."""
FROM_THE_START: Cursor = (0,) * SLOTS


def cursor_to_text(cursor: Cursor) -> str:
    """Return a cursor as readers hold it.

    >>> cursor_to_text((3, 0, 0, 0, 12, 0, 0, 1))
    '3-0-0-0-12-0-0-1'
    """
    return "-".join(map(str, cursor))


def cursor_of(text: str, where: str) -> Cursor:
    """Read a cursor back, none for the start; InvalidInputError for what is none of ours."""
    if not text:
        return FROM_THE_START
    parts = text.split("-")
    if len(parts) != SLOTS or not all(
        part.isascii() and part.isdecimal() and len(part) < 16 for part in parts
    ):
        raise InvalidInputError("is no cursor of ours", where)
    return tuple(map(int, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonth:
    """A promoter's month was closed, with what was sold in it."""

    program_id: str
    promoter_id: str
    month: str
    volume: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTold:
    """Something new is known of a customer; `name` tells those of one instant apart."""

    program_id: str
    customer_key: str
    recorded_at: datetime
    name: str
