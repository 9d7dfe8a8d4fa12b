"""Notes and contacts in memory, and a way out that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from grapevine.domain.messages import Channel, Contact, Message, Note
from grapevine.ports import DueNotes, Messenger


class MemoryNotes:
    """Notes by id, with those that were told, and when whose are due."""

    def __init__(self) -> None:
        self.kept: dict[str, Note] = {}
        self.told: dict[str, datetime] = {}
        self.dues: dict[tuple[str, str], datetime] = {}

    def add(self, note: Note) -> None:
        if note.id in self.told:
            return
        self.kept.setdefault(note.id, note)
        whose = note.program_id, note.promoter_id
        self.dues[whose] = min(self.dues.get(whose, note.due_at), note.due_at)

    def due(self, now: datetime, limit: int) -> Sequence[DueNotes]:
        found = sorted((at, whose) for whose, at in self.dues.items() if at <= now)
        return [DueNotes(*whose, at) for at, whose in found[:limit]]

    def claim(self, found: DueNotes, until: datetime) -> DueNotes | None:
        whose = found.program_id, found.promoter_id
        if self.dues.get(whose) != found.due_at:
            return None
        self.dues[whose] = until
        return DueNotes(*whose, until)

    def notes(self, claimed: DueNotes, limit: int) -> tuple[Note, ...]:
        whose = claimed.program_id, claimed.promoter_id
        waiting = (
            note
            for note in sorted(self.kept.values(), key=lambda note: (note.at, note.id))
            if (note.program_id, note.promoter_id) == whose and note.id not in self.told
        )
        return tuple(waiting)[:limit]

    def tell(self, notes: Sequence[Note], now: datetime) -> None:
        self.told |= {note.id: now for note in notes}

    def release(self, claimed: DueNotes, due_at: datetime | None) -> None:
        whose = claimed.program_id, claimed.promoter_id
        if self.dues.get(whose) != claimed.due_at:
            return
        if due_at is None:
            del self.dues[whose]
        else:
            self.dues[whose] = due_at


class MemoryContacts:
    """Contacts by program and promoter."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Contact] = {}

    def contact(self, program_id: str, promoter_id: str) -> Contact | None:
        return self.kept.get((program_id, promoter_id))

    def put_contact(self, program_id: str, promoter_id: str, contact: Contact | None) -> None:
        if contact is None:
            self.kept.pop((program_id, promoter_id), None)
        else:
            self.kept[program_id, promoter_id] = contact


class MemoryMessenger:
    """A way out that keeps what it is given; `before` may refuse first."""

    def __init__(self, before: Callable[[str], None] = lambda _: None) -> None:
        self.sent: list[tuple[str, Message]] = []
        self._before = before

    def send(self, address: str, message: Message) -> str:
        self._before(address)
        self.sent.append((address, message))
        return str(len(self.sent))


class MemoryMessengers:
    """The same way out for every program and channel; none for the channels that are closed."""

    def __init__(self, messenger: Messenger, closed: Sequence[Channel] = ()) -> None:
        self._messenger = messenger
        self._closed = closed

    def messenger(self, program_id: str, channel: Channel) -> Messenger | None:  # noqa: ARG002 - all are one
        return None if channel in self._closed else self._messenger
