"""Values out of a JSON body, each with the path it was found at.

A missing key and a null say the same: nothing. A float never appears: numbers with a point are
Decimal, and what a platform could write to hurt us (a number with a million digits, half a
character) ends here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.instants import parse_instant

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Outside of these an instant is a mistake, and adding a hold to it could leave the calendar."""

_WALL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")
_IDENTIFIER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and where it is, such as `line_items[2].price`.

    With `odd` set, amounts that cannot be right but can be counted are read too, for a person to
    accept; the inside of a node is read as the node is.
    """

    value: object
    path: str = ""
    odd: bool = False

    def __getitem__(self, name: str) -> Node:
        """The member of that name; a node of None where there is no such thing."""
        member = self.value.get(name) if isinstance(self.value, dict) else None
        return Node(member, f"{self.path}.{name}" if self.path else name, self.odd)

    @property
    def is_missing(self) -> bool:
        """Whether the body says nothing here."""
        return self.value is None

    @property
    def is_true(self) -> bool:
        """Whether it is the JSON word true, and not something that looks like it."""
        return self.value is True

    def items(self) -> tuple[Node, ...]:
        """Return a list's items, none where it is missing; InvalidInputError for anything else."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            self.refuse("not a list")
        return tuple(Node(item, f"{self.path}[{index}]", self.odd) for index, item in enumerate(self.value))

    def listed(self) -> tuple[Node, ...]:
        """Return a list's items, none for anything else: for what shops are known to send broken."""
        return self.items() if isinstance(self.value, list) else ()

    def text(self) -> str | None:
        """Return a text that is not empty; half a character pair in it becomes a question mark."""
        if not isinstance(self.value, str):
            return None
        return self.value.strip().encode("utf-8", "replace").decode() or None

    def identifier(self) -> str | None:
        """Return a numeric id as text: ids exceed 2^53, and nobody counts with them."""
        if self.value is None:
            return None
        digits = str(self.value) if isinstance(self.value, (int, str)) else ""
        if isinstance(self.value, bool) or _IDENTIFIER.fullmatch(digits) is None:
            self.refuse("not an id")
        return digits

    def instant(self) -> datetime | None:
        """Return an instant between EARLIEST and LATEST."""
        if self.value is None:
            return None
        instant = self._parsed(str(self.value)[:64])
        if not EARLIEST <= instant < LATEST:
            self.refuse("an instant out of range")
        return instant

    def utc(self) -> datetime | None:
        """Return an instant that is in UTC and may not say so: `2026-11-11T09:00:00`."""
        text = self.text() or ""
        zoned = replace(self, value=f"{text}Z") if _WALL_TIME.fullmatch(text) else self
        return zoned.instant()

    def unix(self) -> datetime | None:
        """Return an instant that is told in whole seconds since 1970."""
        if self.value is None:
            return None
        return datetime.fromtimestamp(self.whole(int(LATEST.timestamp()) - 1), UTC)

    def whole(self, largest: int) -> int:
        """Return a whole number from 0 to `largest`; it must be there."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.refuse("missing" if self.value is None else "not a whole number")
        if not 0 <= self.value <= largest:
            self.refuse(f"must be 0 to {largest}")
        return self.value

    def refuse(self, what: str) -> NoReturn:
        """Raise InvalidInputError with this place."""
        raise InvalidInputError(what, self.path)

    def _parsed(self, text: str) -> datetime:
        try:
            return parse_instant(text, self.path)
        except OverflowError:
            self.refuse("an instant out of range")


def parse_object(raw: bytes) -> Node:
    """Read a JSON object in UTF-8; MalformedBodyError when the bytes are anything else."""
    try:
        value = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedBodyError("not JSON text in UTF-8") from None
    if not isinstance(value, dict):
        raise MalformedBodyError("not a JSON object")
    return Node(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
