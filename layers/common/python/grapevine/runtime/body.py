"""A request's JSON: every field by name and type, what is wrong with its path, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from grapevine.domain.plain import (
    choice_of,
    flag_of,
    from_plain,
    refuse_unknown,
    text_of,
    typed,
    whole_of,
)

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object whose fields are asked for by name and type; what is wrong is said with its path."""

    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: Any) -> Body:  # noqa: ANN401 - whatever the caller sent
        """Take a request's parsed body."""
        return cls(typed(value, dict, "a JSON object", "body"))

    def text(self, name: str) -> str:
        """Return a required string."""
        return text_of(self.values.get(name), self.path + name)

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None where it is absent or null."""
        return self.text(name) if self.values.get(name) is not None else None

    def choice(self, name: str, kind: type[E], default: E | None = None) -> E:
        """Return one of an enumeration's words; required unless there is a default."""
        if default is not None and self.values.get(name) is None:
            return default
        chosen: E = choice_of(kind, self.values.get(name), self.path + name)
        return chosen

    def integer(self, name: str, default: int) -> int:
        """Return a whole number."""
        return whole_of(self.values.get(name, default), self.path + name)

    def boolean(self, name: str) -> bool:
        """Return true or false; absent is false."""
        return flag_of(self.values.get(name, False), self.path + name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a required list of strings."""
        return from_plain(tuple[str, ...], self.values.get(name), self.path + name)

    def section(self, name: str) -> Body:
        """Return an object inside; absent is empty."""
        values = typed(self.values.get(name, {}), dict, "an object", self.path + name)
        return Body(values, f"{self.path}{name}.")

    def refuse_unknown(self, *known: str) -> Body:
        """Refuse names that mean nothing: a misspelt setting must not be dropped in silence."""
        refuse_unknown(self.values, known, self.path)
        return self
