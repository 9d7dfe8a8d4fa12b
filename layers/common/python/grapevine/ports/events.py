"""What is asked of the log of events, of who listens to it, and of how they are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from grapevine.domain.events import Aggregate, Cursor, Logged, LogHead, Placed
from grapevine.domain.subscriptions import (
    Answer,
    DeadLetter,
    Lane,
    Parked,
    SigningSecrets,
    Subscription,
)


class EventReader(Protocol):
    """A program's logs, one for each slot."""

    def ends(self, program_id: str) -> Cursor:
        """Return the last position of each of a program's logs."""
        ...

    def events(self, program_id: str, slot: int, after: int, limit: int) -> tuple[Placed, ...]:
        """Return a log's events behind a position, in order, at most `limit`; what is too old is left out."""
        ...

    def events_at(self, program_id: str, slot: int, positions: Sequence[int]) -> dict[int, Placed]:
        """Return those of these events that are still there, at most a hundred asked for."""
        ...


class EventLog(EventReader, Protocol):
    """The logs, both ways."""

    def heads(self, aggregates: Sequence[Aggregate]) -> dict[Aggregate, LogHead]:
        """Return how far these aggregates are logged; those of which nothing is, are left out."""
        ...

    def append(self, program_id: str, slot: int, logged: Sequence[Logged]) -> None:
        """Append aggregates' events to the log of their slot, with their heads, all or nothing.

        LogMovedError where somebody else appended since a head was read, or at the same time.
        At most ninety events and aggregates in all.
        """
        ...


class SubscriptionReader(Protocol):
    """Who listens."""

    def subscription(self, program_id: str, subscription_id: str) -> Subscription | None:
        """Return a subscription, None where there is none or it was removed."""
        ...

    def subscriptions(self, program_id: str) -> tuple[Subscription, ...]:
        """Return a program's subscriptions, oldest first."""
        ...

    def lanes(self, subscription_id: str) -> Cursor:
        """Return how far a subscription has come in each log."""
        ...

    def parked(self, subscription_id: str, slot: int | None = None) -> tuple[Parked, ...]:
        """Return what waits for another try, of one log or of all."""
        ...

    def dead_letters(self, subscription_id: str, limit: int) -> tuple[DeadLetter, ...]:
        """Return what was given up, the newest first."""
        ...


class SubscriptionStore(SubscriptionReader, Protocol):
    """Who listens, both ways."""

    def add(self, subscription: Subscription, cursor: Cursor) -> None:
        """Store a subscription that has come this far; AlreadyExistsError for a name that is taken."""
        ...

    def change(self, subscription: Subscription) -> None:
        """Put the next version of a subscription; SubscriptionMovedError where it is not the next."""
        ...

    def enabled(self) -> Iterator[Subscription]:
        """Yield every program's subscriptions that are enabled, eventually consistent."""
        ...

    def take_lane(self, subscription_id: str, slot: int, now: datetime, until: datetime) -> Lane | None:
        """Take a lane for a while, None where somebody else has it."""
        ...

    def keep_lane(self, lane: Lane, position: int, until: datetime | None) -> Lane:
        """Say how far a lane that was taken has come, and keep it until then, or leave it.

        SubscriptionMovedError where somebody else has it by now.
        """
        ...

    def park(self, parked: Parked) -> None:
        """Store what waits, replacing what was there of its aggregate."""
        ...

    def unpark(self, parked: Parked) -> None:
        """Forget what waited of an aggregate; again changes nothing."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Store what was given up; again changes nothing."""
        ...


class SigningSecretStore(Protocol):
    """What subscriptions' events are signed with."""

    def signing_secrets(self, program_id: str, subscription_id: str) -> SigningSecrets | None:
        """Return a subscription's secrets, or None."""

    def put_signing_secrets(self, program_id: str, subscription_id: str, secrets: SigningSecrets) -> None:
        """Store a subscription's secrets."""


class WebhookSender(Protocol):
    """Requests to addresses that somebody else named."""

    def signature(self, secret: str, event_id: str, now: datetime, text: str) -> str:
        """Return a body's signature as Standard Webhooks has it, with its version before it."""
        ...

    def fault(self, url: str) -> str | None:
        """Return why nothing may ever be sent to a URL, None where it may: its name is not looked up."""
        ...

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, whole_seconds: float | None = None
    ) -> Answer:
        """Send once, follow nothing; what did not work is in the answer.

        `whole_seconds` is for who cannot wait as long as usual.
        """
        ...


class WebhookQueue(Protocol):
    """Work on lanes: each message may come twice, and too early."""

    def send_lanes(
        self, program_id: str, subscription_id: str, slots: Sequence[int], delay_seconds: int = 0
    ) -> None:
        """Queue that a subscription's lanes are brought as far as they go, after at most 900 seconds."""

    def send_replay(self, program_id: str, subscription_id: str, cursor: Cursor) -> None:
        """Queue that a subscription is put back, or forward, to a cursor."""

    def send_again(self, program_id: str, subscription_id: str, slot: int, positions: Sequence[int]) -> None:
        """Queue that events of one log are sent again."""
