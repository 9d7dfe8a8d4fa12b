"""Raw bodies and personal data: the only table that may name a person."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.keys import Key
from grapevine.adapters.dynamo.rows import Json, Row, WholeNumber, expiry, row
from grapevine.adapters.dynamo.table import Database

RAW_LIFE = timedelta(days=90)
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


class PersonRow(Row, discriminator="person"):
    """`PII#subject` / `META`: what we know of a person, replaced as a whole."""

    data = Json()


class DynamoRawBodies:
    """Bodies by storefront and name."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def keep(
        self, storefront_id: str, name: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> None:
        """Keep a body for ninety days; a repeat changes nothing.

        Further parts are written before the first, so that a first part means a whole body.
        """
        packed = zlib.compress(body)
        parts = [packed[start : start + PART_SIZE] for start in range(0, len(packed), PART_SIZE)]
        first, expires_at = keys.raw_body(storefront_id, name), expiry(now, RAW_LIFE)
        for number, part in enumerate(parts[1:], start=2):
            further = keys.raw_body_part(first, number)
            self._private.put_new(RawBodyPartRow(*further, body=part, expires_at=expires_at))
        self._private.put_new(
            RawBodyRow(*first, body=parts[0], headers=dict(headers), parts=len(parts), expires_at=expires_at)
        )

    def kept(self, storefront_id: str, name: str) -> tuple[bytes, dict[str, str]] | None:
        """Return a kept body, byte for byte, with its headers; None when there is none."""
        first = keys.raw_body(storefront_id, name)
        item = self._private.get(first)
        if item is None:
            return None
        stored = row(RawBodyRow, item)
        further = (self._part(keys.raw_body_part(first, number)) for number in range(2, stored.parts + 1))
        return zlib.decompress(b"".join((stored.body, *further))), stored.headers

    def _part(self, key: Key) -> bytes:
        item = self._private.get(key)
        return row(RawBodyPartRow, item).body if item else b""


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
