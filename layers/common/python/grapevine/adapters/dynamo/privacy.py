"""Who asked to see or erase a person's data: in the private table, and for good."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys, private_keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, RecordState, Whose


class PrivacyRecordRow(Row, discriminator="privacy_record"):
    """`ASKED#program` / id."""

    act = UnicodeAttribute()
    whose = UnicodeAttribute()
    subject = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    asked_at = Instant()
    state = UnicodeAttribute()
    done_at = Instant(null=True)
    counts = Json(null=True)


class DynamoPrivacyRecords:
    """Records by program and id."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def put_record(self, record: PrivacyRecord) -> None:
        """Keep a record in place of what was there."""
        self._private.put(
            PrivacyRecordRow(
                *private_keys.record(record.program_id, record.id),
                act=record.act.value,
                whose=record.whose.value,
                subject=record.subject,
                asked_by=record.asked_by,
                asked_at=record.asked_at,
                state=record.state.value,
                done_at=record.done_at,
                counts=dict(record.counts) or None,
            )
        )

    def record(self, program_id: str, record_id: str) -> PrivacyRecord | None:
        """Return a record, or None."""
        if not keys.is_usable(record_id):
            return None
        item = self._private.get(private_keys.record(program_id, record_id))
        return _record(item) if item else None

    def records(self, program_id: str) -> Iterator[PrivacyRecord]:
        """Yield a program's records by id."""
        return (_record(item) for item in self._private.query(private_keys.records(program_id)))


def _record(item: Item) -> PrivacyRecord:
    stored = row(PrivacyRecordRow, item)
    return PrivacyRecord(
        id=stored.sk,
        program_id=keys.last_part(stored.pk),
        act=PrivacyAct(stored.act),
        whose=Whose(stored.whose),
        subject=stored.subject,
        asked_by=stored.asked_by,
        asked_at=stored.asked_at,
        state=RecordState(stored.state),
        done_at=stored.done_at,
        counts=stored.counts or {},
    )
