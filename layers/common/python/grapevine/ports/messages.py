"""What is asked of messages to promoters: notes that wait, how somebody is reached, and the ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.errors import GrapevineError, UnavailableError
from grapevine.domain.messages import Channel, Contact, Message, Note


class MessageRefusedError(GrapevineError):
    """The way out will not take this message to this address, however often it is asked."""


class MessengerUnavailableError(UnavailableError):
    """The way out does not answer, or not now: the message waits."""


@dataclass(frozen=True, slots=True)
class DueNotes:
    """A promoter whose notes are due, as they were found: since when."""

    program_id: str
    promoter_id: str
    due_at: datetime


class NoteWriter(Protocol):
    """Where notes are taken."""

    def add(self, note: Note) -> None:
        """Keep a note if absent, and see to it that somebody looks when it is due, at the latest."""
        ...


class NoteStore(NoteWriter, Protocol):
    """Notes that wait, both ways; one that was told is remembered for a week, so that none is told twice."""

    def due(self, now: datetime, limit: int) -> Sequence[DueNotes]:
        """Return promoters whose notes are due, longest first; eventually consistent."""
        ...

    def claim(self, found: DueNotes, until: datetime) -> DueNotes | None:
        """Keep a promoter's notes to oneself until an instant; None where somebody else was first."""
        ...

    def notes(self, claimed: DueNotes, limit: int) -> tuple[Note, ...]:
        """Return some of a promoter's notes that were not told yet."""
        ...

    def tell(self, notes: Sequence[Note], now: datetime) -> None:
        """Remember that these were told."""
        ...

    def release(self, claimed: DueNotes, due_at: datetime | None) -> None:
        """Give a claim back: nobody looks again before `due_at`, or before the next note where it is None.

        Where a note came meanwhile that is due earlier, that stays.
        """
        ...


class ContactStore(Protocol):
    """How promoters are reached, apart from everything else so that it can be erased."""

    def contact(self, program_id: str, promoter_id: str) -> Contact | None:
        """Return how somebody is reached, or None."""
        ...

    def put_contact(self, program_id: str, promoter_id: str, contact: Contact | None) -> None:
        """Keep it in place of what was there; None forgets it."""
        ...


class Messenger(Protocol):
    """One way out."""

    def send(self, address: str, message: Message) -> str:
        """Hand a message over; return what the other side calls it.

        MessageRefusedError where it never will, MessengerUnavailableError where it may later.
        """
        ...


class Messengers(Protocol):
    """The ways out of a program."""

    def messenger(self, program_id: str, channel: Channel) -> Messenger | None:
        """Return a way out, None where the program has none of that kind."""
        ...
