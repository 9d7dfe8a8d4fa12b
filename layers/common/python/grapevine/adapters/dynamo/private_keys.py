"""The keys of the private table that are not in `keys`: whose bodies there are, and who asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from grapevine.adapters.dynamo.keys import SEPARATOR, Key, joined
from grapevine.domain.instants import day_of, days_between

NOBODY = "-"
"""Where a customer's hash stands, for bodies that do not say whose they are."""
SHARDS = 8
"""Over which a storefront's marks of a week are spread: a thousand deliveries a second each."""


def bodies(storefront_id: str, group: str) -> str:
    """Return the partition of a group's bodies."""
    return joined("RAW", storefront_id, group)


class Mark(NamedTuple):
    """What a mark's key says."""

    week: str
    subject: str | None
    group: str


def mark(storefront_id: str, mark: Mark) -> Key:
    """Return the row that says whose bodies a group has.

    Marks of a customer are in one partition a week, those of nobody are spread by their groups.
    """
    shard = shard_of(mark.subject or mark.group)
    return Key(_marks(storefront_id, mark.week, shard), joined(mark.subject or NOBODY, mark.group))


def mark_of(key: Key) -> Mark:
    """Read back a mark's key."""
    week = key.pk.split(SEPARATOR)[2]
    subject, group = key.sk.split(SEPARATOR)
    return Mark(week, None if subject == NOBODY else subject, group)


def marks_in(storefront_id: str, week: str) -> tuple[str, ...]:
    """Return every partition of a week's marks."""
    return tuple(_marks(storefront_id, week, shard) for shard in range(SHARDS))


def marks_with(storefront_id: str, week: str, subject: str) -> str:
    """Return the partition that has a customer's marks of a week."""
    return _marks(storefront_id, week, shard_of(subject))


def marks_of(subject: str) -> str:
    """Return how a customer's marks begin in their partition."""
    return joined(subject, "")


def shard_of(text: str) -> int:
    """Return the shard of a mark."""
    return crc32(text.encode()) % SHARDS


def _marks(storefront_id: str, week: str, shard: int) -> str:
    return joined("BY", storefront_id, week, str(shard))


def week_of(instant: datetime) -> str:
    """Return the week of an instant, as the UTC day of its Monday."""
    return day_of(instant - timedelta(days=instant.weekday()))


def weeks_between(first: datetime, last: datetime) -> tuple[str, ...]:
    """Return every week from the first instant's to the last one's."""
    monday = first - timedelta(days=first.weekday())
    return days_between(monday, last)[::7]


def record(program_id: str, record_id: str) -> Key:
    """Return the row of a request to see or erase a person's data."""
    return Key(records(program_id), joined(record_id))


def records(program_id: str) -> str:
    """Return the partition of a program's requests."""
    return joined("ASKED", program_id)
