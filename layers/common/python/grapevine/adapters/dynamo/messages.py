"""Notes to promoters that wait, and how promoters are reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import message_keys as keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.keys import SEPARATOR, joined
from grapevine.adapters.dynamo.rows import ABSENT, Instant, Item, Json, Row, WholeNumber, expiry, row, rows
from grapevine.adapters.dynamo.table import BY_STATE, Database
from grapevine.domain.instants import to_text
from grapevine.domain.messages import Contact, Note
from grapevine.domain.plain import from_plain, to_plain
from grapevine.ports import DueNotes

WAITS = timedelta(days=30)
"""How long a note that nobody can be told of is kept."""
REMEMBERED = timedelta(days=7)
"""A stream brings an entry again within a day; a redrive within some."""


class NoteRow(Row, discriminator="note"):
    """`NT#program#promoter` / `N#time#id`: a thing to tell."""

    body = Json()
    expires_at = WholeNumber()


class ToldRow(Row, discriminator="told"):
    """`NT#program#promoter` / `T#id`: a note that was told, and must not come again."""

    expires_at = WholeNumber()


class DueRow(Row, discriminator="notes_due"):
    """`NT#program#promoter` / `DUE`: when somebody looks, in the index by shard and instant."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    due_at = Instant()


class DynamoNotes:
    """Notes in the state table."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def add(self, note: Note) -> None:
        """Keep a note if absent, then see to it that somebody looks; a crash between comes again."""
        if self._state.get(keys.told(note.program_id, note.promoter_id, note.id)) is not None:
            return
        key = keys.note(note.program_id, note.promoter_id, note.at, note.id)
        self._state.put_new(NoteRow(*key, body=to_plain(note), expires_at=expiry(note.at, WAITS)))
        self._look(DueNotes(note.program_id, note.promoter_id, note.due_at))

    def due(self, now: datetime, limit: int) -> Sequence[DueNotes]:
        """Return promoters whose notes are due by the index, shard by shard."""
        until = DueRow.gsk < to_text(now + timedelta(milliseconds=1))
        shards = (self._state.query(shard, until, index=BY_STATE) for shard in keys.note_shards())
        return [_due(item) for item in islice(chain.from_iterable(shards), limit)]

    def claim(self, found: DueNotes, until: datetime) -> DueNotes | None:
        """Keep them to oneself: whoever finds the row as it was wins."""
        claimed = DueNotes(found.program_id, found.promoter_id, until)
        try:
            self._state.put(_due_row(claimed), DueRow.due_at == found.due_at)
        except ConditionFailedError:
            return None
        return claimed

    def notes(self, claimed: DueNotes, limit: int) -> tuple[Note, ...]:
        """Return the oldest notes that were not told yet."""
        pk = keys.notes(claimed.program_id, claimed.promoter_id)
        found = self._state.query(pk, Row.sk.startswith(keys.NOTE))
        return tuple(from_plain(Note, stored.body) for stored in islice(rows(NoteRow, found), limit))

    def tell(self, notes: Sequence[Note], now: datetime) -> None:
        """Remember them as told, then take them out."""
        for note in notes:
            told = keys.told(note.program_id, note.promoter_id, note.id)
            self._state.put(ToldRow(*told, expires_at=expiry(now, REMEMBERED)))
            self._state.delete(keys.note(note.program_id, note.promoter_id, note.at, note.id))

    def release(self, claimed: DueNotes, due_at: datetime | None) -> None:
        """Look no more, or later; a note that is due earlier has changed the row, and it stays."""
        unchanged = DueRow.due_at == claimed.due_at
        try:
            if due_at is None:
                self._state.delete(keys.notes_due(claimed.program_id, claimed.promoter_id), unchanged)
            else:
                later = DueNotes(claimed.program_id, claimed.promoter_id, due_at)
                self._state.put(_due_row(later), unchanged)
        except ConditionFailedError:
            return

    def _look(self, wanted: DueNotes) -> None:
        try:
            self._state.put(_due_row(wanted), ABSENT | (DueRow.due_at > wanted.due_at))
        except ConditionFailedError:
            return  # Somebody looks earlier.


class ContactRow(Row, discriminator="contact"):
    """`CONTACT#program#promoter` / `META`: how a promoter is written to."""

    body = Json()


class DynamoContacts:
    """Contacts, in the one table that may name a person."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def contact(self, program_id: str, promoter_id: str) -> Contact | None:
        """Return how somebody is reached, or None."""
        item = self._private.get(keys.contact(program_id, promoter_id))
        return from_plain(Contact, row(ContactRow, item).body) if item else None

    def put_contact(self, program_id: str, promoter_id: str, contact: Contact | None) -> None:
        """Keep it in place of what was there; None forgets it."""
        key = keys.contact(program_id, promoter_id)
        if contact is None:
            self._private.delete(key)
        else:
            self._private.put(ContactRow(*key, body=to_plain(contact)))


def _due_row(due: DueNotes) -> DueRow:
    key = keys.notes_due(due.program_id, due.promoter_id)
    place = joined(to_text(due.due_at), due.program_id, due.promoter_id)
    return DueRow(*key, gpk=keys.note_shard(due.promoter_id), gsk=place, due_at=due.due_at)


def _due(item: Item) -> DueNotes:
    stored = row(DueRow, item)
    _, program_id, promoter_id = stored.pk.split(SEPARATOR)
    return DueNotes(program_id, promoter_id, stored.due_at)
