"""What all rows share: the keys, the discriminator, and attributes that refuse what they cannot hold.

Rows say how an item looks and know no table: tables get their names when a database is opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER, STRING
from pynamodb.models import Model

from grapevine.adapters.dynamo.keys import Key
from grapevine.domain.errors import MoneyError
from grapevine.domain.instants import from_text, to_text

Item = Mapping[str, Mapping[str, Any]]
"""An item in DynamoDB's JSON, as requests answer and as stream records carry it."""


class WholeNumber(Attribute[int]):
    """A number for money and counts: PynamoDB's own takes floats."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        """Return the digits; MoneyError for anything but a whole number."""
        if type(value) is not int:
            raise MoneyError(f"{self.attr_name} is no whole number: {value!r}")
        return str(value)

    def deserialize(self, value: str) -> int:
        """Read whole digits back; a fraction raises ValueError."""
        return int(value)


class Instant(Attribute[datetime]):
    """An instant as our text of one width, so that it sorts as time does."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Return the text."""
        return to_text(value)

    def deserialize(self, value: str) -> datetime:
        """Read the text back."""
        return from_text(value)


class Json(Attribute[Any]):
    """JSON as one text: a tenth of the bytes that DynamoDB's maps and lists of small things take."""

    attr_type = STRING

    def serialize(self, value: object) -> str:
        """Return compact text."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    def deserialize(self, value: str) -> Any:  # noqa: ANN401 - whatever was stored
        """Read the text back."""
        return json.loads(value)


class Row(Model):
    """An item of any of our tables; `kind` says which subclass it is."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()

    @property
    def key(self) -> Key:
        """Where the row is."""
        return Key(self.pk, self.sk)


R = TypeVar("R", bound=Row)

ABSENT = Row.pk.does_not_exist()
"""The condition of every put that demands absence."""


def row(kind: type[R], item: Item) -> R:
    """Return an item as the row it must be; ValueError when it is of another kind."""
    return kind.from_raw_data(dict(item))


def rows(kind: type[R], items: Iterable[Item]) -> Iterator[R]:
    """Yield the rows of a kind; others are left out, so that a newer writer's kinds disturb nobody."""
    name = Row.kind.get_discriminator(kind)
    return (row(kind, item) for item in items if item["kind"][STRING] == name)


def expiry(instant: datetime, life: timedelta) -> int:
    """Return when DynamoDB may drop an item, in the seconds that it counts."""
    return int((instant + life).timestamp())
