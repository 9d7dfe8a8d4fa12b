"""The evidence of a request to see or erase a person's data, kept before and after the work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, RecordState, Whose, record_id
from grapevine.ports import PrivacyRecords


def begin_record(wanted: PrivacyRecord, records: PrivacyRecords) -> PrivacyRecord:
    """Keep that somebody asked, before anything is done; return what is kept.

    The same request again is the one that is there, however far it came. One like it that never ended is
    gone on with: who asks again after a crash leaves no request open for ever.
    """
    known = records.record(wanted.program_id, wanted.id) or _unfinished(wanted, records)
    if known:
        return known
    records.put_record(wanted)
    return wanted


def _unfinished(wanted: PrivacyRecord, records: PrivacyRecords) -> PrivacyRecord | None:
    like = (wanted.act, wanted.whose, wanted.subject)
    return next(
        (
            record
            for record in records.records(wanted.program_id)
            if record.state is RecordState.OPEN and (record.act, record.whose, record.subject) == like
        ),
        None,
    )


def end_record(
    record: PrivacyRecord, counts: Mapping[str, int], records: PrivacyRecords, now: datetime
) -> PrivacyRecord:
    """Keep that a request is done, and how much it found or erased in all of its runs.

    One that was done before stays as it is where there was nothing more to do.
    """
    if record.state is RecordState.DONE and not any(counts.values()):
        return record
    done = record.done(record.summed(counts), now)
    records.put_record(done)
    return done


def wanted_record(
    program_id: str,
    act: PrivacyAct,
    whose: Whose,
    subject: str,
    asked_by: str,
    request_id: str,
    now: datetime,
) -> PrivacyRecord:
    """Return the record of a request; what it asks is part of its id, whatever its own name is."""
    return PrivacyRecord(
        id=record_id(program_id, act, whose, subject, request_id),
        program_id=program_id,
        act=act,
        whose=whose,
        subject=subject,
        asked_by=asked_by,
        asked_at=now,
    )
