"""Raw bodies and personal data: the only table that may name a person."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute

from grapevine.adapters.dynamo import keys, private_keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.keys import META, SEPARATOR
from grapevine.adapters.dynamo.private_keys import Mark
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, expiry, row, rows
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.clicks import CLICK_LIFE
from grapevine.ports import BodyMark, KeptBody

RAW_LIFE = timedelta(days=90)
MARK_LIFE = CLICK_LIFE
"""Marks outlive the bodies: a customer's visits are found by them too."""
DROP_LAG = timedelta(days=14)
"""For how long DynamoDB may keep what has expired; it says a few days."""
PART_SIZE = 350_000
"""Bytes of one item's share of a body; with keys and headers it stays under DynamoDB's 400 KB."""


class RawBodyRow(Row, discriminator="raw_body"):
    """`RAW#storefront#order` / name: a body, compressed, with its headers."""

    body = BinaryAttribute(legacy_encoding=False)
    headers = Json()
    parts = WholeNumber()
    expires_at = WholeNumber()


class RawBodyPartRow(Row, discriminator="raw_body_part"):
    """A further part of a body that hardly compresses: nobody's order, but it may come signed."""

    body = BinaryAttribute(legacy_encoding=False)
    expires_at = WholeNumber()


class BodyMarkRow(Row, discriminator="body_mark"):
    """`BY#storefront#week#shard` / `customer#order`: that there are bodies of the order."""

    kept_at = Instant()
    expires_at = WholeNumber()


class PersonRow(Row, discriminator="person"):
    """`PII#subject` / `META`: what we know of a person, replaced as a whole."""

    data = Json()


class DynamoRawBodies:
    """Bodies by storefront and name, found by the customers that they are about."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def keep(
        self,
        storefront_id: str,
        name: str,
        body: bytes,
        headers: Mapping[str, str],
        now: datetime,
        subjects: Collection[str] = (),
    ) -> None:
        """Keep a body for ninety days; a repeat changes nothing but its marks' age.

        Marks are written before the body, and further parts before the first, so that a first part
        means a whole body that is found.
        """
        first, expires_at = keys.raw_body(storefront_id, name), expiry(now, RAW_LIFE)
        group = keys.last_part(first.pk)
        for subject in subjects or (None,):
            marked = private_keys.mark(storefront_id, Mark(private_keys.week_of(now), subject, group))
            self._private.put(BodyMarkRow(*marked, kept_at=now, expires_at=expiry(now, MARK_LIFE)))
        packed = zlib.compress(body)
        parts = [packed[start : start + PART_SIZE] for start in range(0, len(packed), PART_SIZE)]
        for number, part in enumerate(parts[1:], start=2):
            further = keys.raw_body_part(first, number)
            self._private.put_new(RawBodyPartRow(*further, body=part, expires_at=expires_at))
        self._private.put_new(
            RawBodyRow(*first, body=parts[0], headers=dict(headers), parts=len(parts), expires_at=expires_at)
        )

    def marks(self, storefront_id: str, now: datetime, subject: str | None = None) -> Iterator[BodyMark]:
        """Yield the marks of a customer, or all of a storefront's, the oldest week first."""
        for week in private_keys.weeks_between(now - MARK_LIFE - DROP_LAG, now + timedelta(days=1)):
            for item in self._marks(storefront_id, week, subject):
                stored = row(BodyMarkRow, item)
                key = private_keys.mark_of(stored.key)
                yield BodyMark(subject=key.subject, group=key.group, week=key.week, kept_at=stored.kept_at)

    def _marks(self, storefront_id: str, week: str, subject: str | None) -> Iterator[Item]:
        if subject is not None:
            only = Row.sk.startswith(private_keys.marks_of(subject))
            yield from self._private.query(private_keys.marks_with(storefront_id, week, subject), only)
            return
        for partition in private_keys.marks_in(storefront_id, week):
            yield from self._private.query(partition)

    def bodies(self, storefront_id: str, group: str, now: datetime) -> Iterator[KeptBody]:
        """Yield a group's bodies, byte for byte; what has expired and is still there is not ours any more."""
        items = list(self._private.query(private_keys.bodies(storefront_id, group)))
        further = {stored.sk: stored.body for stored in rows(RawBodyPartRow, items)}
        for stored in rows(RawBodyRow, items):
            if stored.expires_at <= now.timestamp():
                continue
            names = (keys.raw_body_part(stored.key, number).sk for number in range(2, stored.parts + 1))
            packed = b"".join((stored.body, *(further.get(name, b"") for name in names)))
            name = group if stored.sk == META else f"{group}{SEPARATOR}{stored.sk}"
            yield KeptBody(name=name, body=zlib.decompress(packed), headers=stored.headers)

    def erase(self, storefront_id: str, group: str) -> int:
        """Erase a group's bodies with all their parts; return how many bodies there were."""
        items = list(self._private.query(private_keys.bodies(storefront_id, group)))
        for item in items:
            self._private.delete(keys.Key(item["pk"]["S"], item["sk"]["S"]))
        return sum(1 for _ in rows(RawBodyRow, items))

    def forget(self, storefront_id: str, marks: Sequence[BodyMark]) -> None:
        """Erase marks, but those that were renewed since they were read."""
        for mark in marks:
            key = private_keys.mark(storefront_id, Mark(mark.week, mark.subject, mark.group))
            try:
                self._private.delete(key, BodyMarkRow.kept_at == mark.kept_at)
            except ConditionFailedError:
                continue


class DynamoPersonalData:
    """Personal data by subject."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def remember(self, subject: str, data: Mapping[str, str]) -> None:
        """Keep a person's data, replacing what was there."""
        self._private.put(PersonRow(*keys.person(subject), data=dict(data)))

    def person(self, subject: str) -> dict[str, str] | None:
        """Return what is known of a person, or None."""
        item = self._private.get(keys.person(subject))
        return dict(row(PersonRow, item).data) if item else None

    def forget(self, subject: str) -> None:
        """Erase what is known of a person."""
        self._private.delete(keys.person(subject))
