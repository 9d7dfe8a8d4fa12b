"""Who is told of events over webhooks: how far each has come, when it is tried again, when it is given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zlib import crc32

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.event_entries import (
    ACCRUED,
    ADJUSTED,
    BALANCE_CHANGED,
    BLOCKED,
    CLAWED_BACK,
    RELEASED,
    UNBLOCKED,
    VOIDED,
)
from grapevine.domain.event_rows import (
    BINDING_CHANGED,
    DUPLICATE_ADDED,
    JOINED,
    MERGED,
    PAYEE_CHANGED,
    PAYOUT_APPROVED,
    RISK_DECIDED,
    RISK_OPENED,
    SETTLEMENT_CLOSED,
    SETTLEMENT_STARTED,
    SPONSOR_CHANGED,
    STATUS_CHANGED,
    TIER_CHANGED,
    payout_type,
)
from grapevine.domain.payouts import PayoutState

PING = "webhook.ping"
TYPES = (
    *(ACCRUED, ADJUSTED, RELEASED, BLOCKED, UNBLOCKED, VOIDED, CLAWED_BACK, BALANCE_CHANGED),
    *(payout_type(state) for state in PayoutState),
    *(PAYOUT_APPROVED, SETTLEMENT_STARTED, SETTLEMENT_CLOSED, TIER_CHANGED, BINDING_CHANGED),
    *(RISK_OPENED, RISK_DECIDED),
    *(JOINED, SPONSOR_CHANGED, STATUS_CHANGED, PAYEE_CHANGED, MERGED, DUPLICATE_ADDED),
)
"""Every type of event; a test wants each on the page about events."""

FIRST_WAIT_SECONDS = 12
LONGEST_WAIT_SECONDS = 24 * 60 * 60
JITTER = 5
"""A wait is up to a fifth longer, so that what failed together is not tried again together."""
MOST_FAILURES = 20
"""Failures in a row after which a subscription is disabled."""
MOST_ATTEMPTS = 15
"""Tries after which one event that alone fails is given up: some two days."""
SECRET_LIFE = timedelta(hours=24)
"""How long the secret before the newest still signs."""
MOST_BYTES = 20_000
"""A body must be smaller, as Standard Webhooks has it."""
GONE = 410


class SubscriptionState(StrEnum):
    """Whether events are sent."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    REMOVED = "removed"


class DisabledReason(StrEnum):
    """Why they are not."""

    BY_MERCHANT = "by_merchant"
    FAILING = "failing"
    """Twenty failures in a row."""
    GONE = "gone"
    """The subscriber answered 410."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a status, or why there is none; how long to leave them alone."""

    status: int | None
    error: str = ""
    retry_after_seconds: int | None = None

    @property
    def is_success(self) -> bool:
        """Whether the event arrived: 2xx and nothing else; a redirect is followed by nobody."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def told(self) -> str:
        """What to say of it."""
        return self.error or f"answered {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A URL that events go to. `types` empty is all of them.

    `failures` counts those in a row; until `due_at` nothing is sent. `arrived_at` is when something
    first arrived again after the last failure. Of two writers of one `version` one wins.
    """

    id: str
    program_id: str
    url: str
    created_at: datetime
    types: tuple[str, ...] = ()
    state: SubscriptionState = SubscriptionState.ENABLED
    reason: DisabledReason | None = None
    failures: int = 0
    due_at: datetime | None = None
    last_error: str = ""
    arrived_at: datetime | None = None
    version: int = 1

    @property
    def is_enabled(self) -> bool:
        """Whether events are sent."""
        return self.state is SubscriptionState.ENABLED

    def may_try(self, now: datetime) -> bool:
        """Say whether something may be sent now."""
        return self.is_enabled and (self.due_at is None or self.due_at <= now)

    def wants(self, kind: str) -> bool:
        """Say whether a type of event is among those asked for, by name or as `payout.*`."""
        return not self.types or kind in self.types or f"{kind.partition('.')[0]}.*" in self.types

    def changed(self, **changes: Any) -> Subscription:  # noqa: ANN401 - its fields
        """Return the subscription's next version."""
        return replace(self, version=self.version + 1, **changes)

    def failed(self, answer: Answer, now: datetime) -> Subscription:
        """Return it after a failure: it waits longer each time, and is disabled in the end."""
        failures = self.failures + 1
        after = self.changed(
            failures=failures, due_at=now + wait_after(self.id, failures, answer), last_error=answer.told
        )
        if answer.status == GONE:
            return replace(after, state=SubscriptionState.DISABLED, reason=DisabledReason.GONE)
        if failures >= MOST_FAILURES:
            return replace(after, state=SubscriptionState.DISABLED, reason=DisabledReason.FAILING)
        return after

    def arrived(self, now: datetime) -> Subscription:
        """Return it after something arrived again."""
        return self.changed(failures=0, due_at=None, arrived_at=now)

    def enabled(self) -> Subscription:
        """Return it enabled, with nothing held against it."""
        return self.changed(
            state=SubscriptionState.ENABLED, reason=None, failures=0, due_at=None, last_error=""
        )


def wait_after(name: str, failures: int, answer: Answer) -> timedelta:
    """Return how long to wait: 12 s, twice as long each time up to 24 h, and no less than was asked for.

    >>> [int(wait_after("x", n, Answer(500)).total_seconds()) // 10 * 10 for n in (1, 2, 14)]
    [10, 20, 86400]
    """
    grown = min(FIRST_WAIT_SECONDS << min(failures - 1, 20), LONGEST_WAIT_SECONDS)
    jitter = grown * (crc32(f"{name}/{failures}".encode()) % 1000) // (1000 * JITTER)
    asked = min(answer.retry_after_seconds or 0, LONGEST_WAIT_SECONDS)
    return timedelta(seconds=max(min(grown + jitter, LONGEST_WAIT_SECONDS), asked))


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a subscription has come in one of its program's logs; who has it until `leased_until` works."""

    subscription_id: str
    slot: int
    position: int
    leased_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """An aggregate whose event failed: it and those behind it wait, the others go on.

    `pending` has their positions; `attempts` counts the tries of the first, `since` is its first failure.
    """

    subscription_id: str
    slot: int
    aggregate: str
    pending: tuple[int, ...]
    attempts: int
    due_at: datetime
    since: datetime
    error: str = ""

    def behind(self, position: int) -> Parked:
        """Return it with an event behind the others; one that is there already is there once."""
        return replace(self, pending=tuple(sorted({*self.pending, position})))

    def failed(self, answer: Answer, now: datetime) -> Parked:
        """Return it after one more try."""
        attempts = self.attempts + 1
        wait = wait_after(f"{self.subscription_id}/{self.aggregate}", attempts, answer)
        return replace(self, attempts=attempts, due_at=now + wait, error=answer.told)

    def without_first(self, now: datetime) -> Parked:
        """Return it with the next event first, due at once."""
        return replace(self, pending=self.pending[1:], attempts=0, due_at=now, since=now, error="")

    @property
    def is_given_up(self) -> bool:
        """Whether its first event was tried often enough."""
        return self.attempts >= MOST_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that was given up; it can be sent again as long as it is in the log."""

    subscription_id: str
    slot: int
    position: int
    event_id: str
    type: str
    error: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What a subscription's events are signed with: the newest, and for a day the one before it."""

    newest: str = field(repr=False)
    previous: str = field(default="", repr=False)
    previous_until: datetime | None = None

    def in_force(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign at an instant."""
        still = self.previous_until is not None and now < self.previous_until
        return (self.newest, self.previous) if still else (self.newest,)

    def rotated(self, newest: str, now: datetime) -> SigningSecrets:
        """Return them with a new one; the one before it signs for another day."""
        return SigningSecrets(newest, self.newest, now + SECRET_LIFE)


def type_faults(types: Sequence[str], where: str) -> tuple[InvalidInputError, ...]:
    """Return what is wrong with a list of event types."""
    known = {*TYPES, *(f"{kind.partition('.')[0]}.*" for kind in TYPES)}
    return tuple(
        InvalidInputError(f"is no type of event: {kind[:80]!r}", f"{where}[{number}]")
        for number, kind in enumerate(types)
        if kind not in known
    )


def retry_after_of(headers: Mapping[str, str]) -> int | None:
    """Return how long an answer asks to be left alone, None where it does not say so in seconds."""
    text = headers.get("retry-after", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
