"""What is asked of the one table that may name a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from grapevine.domain.privacy import PrivacyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBody:
    """A delivery as it came: its name in its storefront, its bytes, and its headers."""

    name: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyMark:
    """That bodies of a group, an order's mostly, are about a customer.

    `subject` is the customer's keyed hash, None where no body says whose it is. `week` is the one in which
    a body came, `kept_at` when the last of that week did.
    """

    subject: str | None
    group: str
    week: str
    kept_at: datetime


class RawBodies(Protocol):
    """Bodies exactly as they came, for ninety days."""

    def keep(
        self,
        storefront_id: str,
        name: str,
        body: bytes,
        headers: Mapping[str, str],
        now: datetime,
        subjects: Collection[str] = (),
    ) -> None:
        """Keep a body under its storefront and name; a repeat changes nothing.

        Whom it is about is marked before it, so that there is no body that nobody finds.
        """


class BodyStore(RawBodies, Protocol):
    """Bodies, both ways: found by whom they are about, and erased."""

    def marks(self, storefront_id: str, now: datetime, subject: str | None = None) -> Iterator[BodyMark]:
        """Yield the marks of one customer, or of everybody and nobody, those of expired bodies too."""
        ...

    def bodies(self, storefront_id: str, group: str, now: datetime) -> Iterator[KeptBody]:
        """Yield a group's bodies by name, but those that have expired."""
        ...

    def erase(self, storefront_id: str, group: str) -> int:
        """Erase a group's bodies, expired ones too; return how many there were."""
        ...

    def forget(self, storefront_id: str, marks: Sequence[BodyMark]) -> None:
        """Erase marks whose bodies are erased; one that another body has renewed since stays."""
        ...


class PersonalData(Protocol):
    """What names a person, apart from everything else so that it can be erased."""

    def remember(self, subject: str, data: Mapping[str, str]) -> None:
        """Keep a person's data under their keyed hash, replacing what was there."""

    def person(self, subject: str) -> dict[str, str] | None:
        """Return what is known of a person, or None."""

    def forget(self, subject: str) -> None:
        """Erase what is known of a person; where there is nothing, nothing happens."""


class PrivacyRecords(Protocol):
    """That a person's data was asked for, or erased: who asked and when, never the data itself."""

    def put_record(self, record: PrivacyRecord) -> None:
        """Keep a record in place of what was there."""

    def record(self, program_id: str, record_id: str) -> PrivacyRecord | None:
        """Return a record, or None."""

    def records(self, program_id: str) -> Iterator[PrivacyRecord]:
        """Yield a program's records by id."""
        ...
