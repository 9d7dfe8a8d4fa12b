"""Keys of notes to promoters and of how promoters are reached; see `keys`."""

from __future__ import annotations

from datetime import datetime
from zlib import crc32

from grapevine.adapters.dynamo.keys import META, Key, joined
from grapevine.domain.instants import to_text

NOTE = "N#"
"""How the place of a note that waits begins."""
SHARDS = 4


def notes(program_id: str, promoter_id: str) -> str:
    """Return the partition of a promoter's notes."""
    return joined("NT", program_id, promoter_id)


def note(program_id: str, promoter_id: str, at: datetime, note_id: str) -> Key:
    """Return a note's row; they sort by time."""
    return Key(notes(program_id, promoter_id), f"{NOTE}{joined(to_text(at), note_id)}")


def told(program_id: str, promoter_id: str, note_id: str) -> Key:
    """Return the row that says that a note was told."""
    return Key(notes(program_id, promoter_id), joined("T", note_id))


def notes_due(program_id: str, promoter_id: str) -> Key:
    """Return the row that says when somebody looks at a promoter's notes."""
    return Key(notes(program_id, promoter_id), "DUE")


def note_shard(promoter_id: str) -> str:
    """Return where the index has when a promoter's notes are due."""
    return joined("NOTES", str(crc32(promoter_id.encode()) % SHARDS))


def note_shards() -> tuple[str, ...]:
    """Return every such place."""
    return tuple(joined("NOTES", str(shard)) for shard in range(SHARDS))


def contact(program_id: str, promoter_id: str) -> Key:
    """Return the row with how a promoter is written to."""
    return Key(joined("CONTACT", program_id, promoter_id), META)
