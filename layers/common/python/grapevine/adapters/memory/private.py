"""Raw bodies, personal data, and who asked for it, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from grapevine.domain.privacy import PrivacyRecord
from grapevine.ports import BodyMark, KeptBody

RAW_LIFE = timedelta(days=90)
MarkKey = tuple[str, str, str | None, str]


class MemoryRawBodies:
    """Bodies by storefront and name, and whose they are."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[bytes, dict[str, str], datetime]] = {}
        self._marks: dict[MarkKey, datetime] = {}

    def keep(
        self,
        storefront_id: str,
        name: str,
        body: bytes,
        headers: Mapping[str, str],
        now: datetime,
        subjects: Collection[str] = (),
    ) -> None:
        week = (now - timedelta(days=now.weekday())).date().isoformat()
        for subject in subjects or (None,):
            self._marks[storefront_id, week, subject, _group(name)] = now
        self.kept.setdefault((storefront_id, name), (body, dict(headers), now))

    def marks(self, storefront_id: str, now: datetime, subject: str | None = None) -> Iterator[BodyMark]:  # noqa: ARG002
        for (storefront, week, whose, group), kept_at in tuple(self._marks.items()):
            if storefront == storefront_id and subject in (None, whose):
                yield BodyMark(subject=whose, group=group, week=week, kept_at=kept_at)

    def bodies(self, storefront_id: str, group: str, now: datetime) -> Iterator[KeptBody]:
        for name in self._names(storefront_id, group):
            body, headers, kept_at = self.kept[storefront_id, name]
            if kept_at + RAW_LIFE > now:
                yield KeptBody(name=name, body=body, headers=headers)

    def erase(self, storefront_id: str, group: str) -> int:
        names = self._names(storefront_id, group)
        for name in names:
            del self.kept[storefront_id, name]
        return len(names)

    def forget(self, storefront_id: str, marks: Sequence[BodyMark]) -> None:
        for mark in marks:
            key = (storefront_id, mark.week, mark.subject, mark.group)
            if self._marks.get(key) == mark.kept_at:
                del self._marks[key]

    def _names(self, storefront_id: str, group: str) -> list[str]:
        return sorted(name for place, name in self.kept if place == storefront_id and _group(name) == group)


def _group(name: str) -> str:
    return name.partition("#")[0]


class MemoryPersonalData:
    """Personal data by subject."""

    def __init__(self) -> None:
        self.remembered: dict[str, dict[str, str]] = {}

    def remember(self, subject: str, data: Mapping[str, str]) -> None:
        self.remembered[subject] = dict(data)

    def person(self, subject: str) -> dict[str, str] | None:
        return self.remembered.get(subject)

    def forget(self, subject: str) -> None:
        self.remembered.pop(subject, None)


class MemoryPrivacyRecords:
    """Records by program and id."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], PrivacyRecord] = {}

    def put_record(self, record: PrivacyRecord) -> None:
        self.kept[record.program_id, record.id] = record

    def record(self, program_id: str, record_id: str) -> PrivacyRecord | None:
        return self.kept.get((program_id, record_id))

    def records(self, program_id: str) -> Iterator[PrivacyRecord]:
        yield from sorted(
            (record for (program, _), record in self.kept.items() if program == program_id),
            key=lambda record: record.id,
        )
