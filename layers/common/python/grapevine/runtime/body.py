"""A request's JSON: every field by name and type, what is wrong with its path, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from grapevine.domain.errors import InvalidInputError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object whose fields are asked for by name and type; what is wrong is said with its path."""

    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: Any) -> Body:  # noqa: ANN401 - whatever the caller sent
        """Take a request's parsed body."""
        if not isinstance(value, dict):
            raise InvalidInputError("must be a JSON object", "body")
        return cls(value)

    def text(self, name: str) -> str:
        """Return a required string."""
        return self._text(name, self.values.get(name))

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None where it is absent or null."""
        return self.text(name) if self.values.get(name) is not None else None

    def choice(self, name: str, kind: type[E], default: E | None = None) -> E:
        """Return one of an enumeration's words; required unless there is a default."""
        if default is not None and self.values.get(name) is None:
            return default
        text = self.text(name)
        if text not in list(kind):
            raise InvalidInputError(f"must be one of {', '.join(kind)}", self.path + name)
        return kind(text)

    def integer(self, name: str, default: int) -> int:
        """Return a whole number."""
        return self._whole(name, self.values.get(name, default))

    def boolean(self, name: str) -> bool:
        """Return true or false; absent is false."""
        return self._typed(name, self.values.get(name, False), bool, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a required list of strings."""
        value = self._typed(name, self.values.get(name), list, "a list of strings")
        return tuple(self._text(f"{name}[{n}]", item) for n, item in enumerate(value))

    def integers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self._typed(name, self.values.get(name, list(default)), list, "a list of whole numbers")
        return tuple(self._whole(f"{name}[{n}]", item) for n, item in enumerate(value))

    def section(self, name: str) -> Body:
        """Return an object inside; absent is empty."""
        return Body(self._typed(name, self.values.get(name, {}), dict, "an object"), f"{self.path}{name}.")

    def sections(self, name: str) -> tuple[Body, ...]:
        """Return a list of objects; absent is empty."""
        values = self._typed(name, self.values.get(name, []), list, "a list of objects")
        return tuple(
            Body(self._typed(f"{name}[{n}]", value, dict, "an object"), f"{self.path}{name}[{n}].")
            for n, value in enumerate(values)
        )

    def refuse_unknown(self, *known: str) -> Body:
        """Refuse names that mean nothing: a misspelt setting must not be dropped in silence."""
        for name in self.values:
            if name not in known:
                raise InvalidInputError("is not a field of this request", self.path + _sendable(name))
        return self

    def _text(self, name: str, value: Any) -> str:  # noqa: ANN401
        """Return a string; JSON can write half a character, which nobody can store or send back."""
        text = self._typed(name, value, str, "a string")
        if _sendable(text) != text:
            raise InvalidInputError("has half of a character pair", self.path + name)
        return text

    def _whole(self, name: str, value: Any) -> int:  # noqa: ANN401
        """Return a whole number; true and false are not numbers."""
        return self._typed(name, None if isinstance(value, bool) else value, int, "a whole number")

    def _typed(self, name: str, value: Any, kind: type[T], what: str) -> T:  # noqa: ANN401
        if not isinstance(value, kind):
            raise InvalidInputError(f"must be {what}", self.path + name)
        return value


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
