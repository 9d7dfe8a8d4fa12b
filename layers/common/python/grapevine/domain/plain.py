"""Values as JSON and back: one reading for what a caller sends and for what a row holds.

A record is an object with the names of its fields; a missing name has the field's default. What is
wrong is said with its path.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import parse_instant, to_text

T = TypeVar("T")


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any value there is
    """Return a value as JSON has it.

    >>> to_plain((datetime(2026, 11, 11),))
    ['2026-11-11T00:00:00.000Z']
    """
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, StrEnum):
        return value.value
    return [to_plain(item) for item in value] if isinstance(value, tuple) else value


def from_plain(kind: type[T], plain: Any, where: str = "") -> T:  # noqa: ANN401 - whatever was sent
    """Read back what `to_plain` returns; InvalidInputError with the path of the first thing wrong."""
    value: T = _read(kind, plain, where)
    return value


def whole_of(plain: Any, where: str) -> int:  # noqa: ANN401
    """Return a whole number; true and false are not numbers."""
    return typed(None if isinstance(plain, bool) else plain, int, "a whole number", where)


def text_of(plain: Any, where: str) -> str:  # noqa: ANN401
    """Return a string; JSON can write half a character, which nobody can store or send back."""
    text = typed(plain, str, "a string", where)
    if sendable(text) != text:
        raise InvalidInputError("has half of a character pair", where)
    return text


def flag_of(plain: Any, where: str) -> bool:  # noqa: ANN401
    """Return true or false."""
    return typed(plain, bool, "true or false", where)


def choice_of(kind: type[StrEnum], plain: Any, where: str) -> Any:  # noqa: ANN401
    """Return one of an enumeration's words."""
    text = text_of(plain, where)
    if text not in list(kind):
        raise InvalidInputError(f"must be one of {', '.join(kind)}", where)
    return kind(text)


def typed(plain: Any, kind: type[T], what: str, where: str) -> T:  # noqa: ANN401
    """Return a value of that type as it is."""
    if not isinstance(plain, kind):
        raise InvalidInputError(f"must be {what}", where)
    return plain


def refuse_unknown(values: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Refuse names that mean nothing: a misspelt setting must not be dropped in silence."""
    for name in values:
        if name not in known:
            raise InvalidInputError("is not a field of this request", where + sendable(name))


def sendable(text: str) -> str:
    """Return a text that can be stored and sent, whatever JSON had in it."""
    return text.encode("utf-8", "replace").decode()


def _read(kind: Any, plain: Any, where: str) -> Any:  # noqa: ANN401
    if get_origin(kind) is UnionType:
        (wanted,) = (option for option in get_args(kind) if option is not NoneType)
        return None if plain is None else _read(wanted, plain, where)
    if get_origin(kind) is tuple:
        items = typed(plain, list, _plural(get_args(kind)[0]), where)
        return tuple(_read(get_args(kind)[0], item, f"{where}[{n}]") for n, item in enumerate(items))
    if dataclasses.is_dataclass(kind):
        return _record(kind, typed(plain, dict, "an object", where), f"{where}." if where else "")
    if issubclass(kind, StrEnum):
        return choice_of(kind, plain, where)
    return _READERS[kind](plain, where)


def _record(kind: Any, values: Mapping[str, Any], prefix: str) -> Any:  # noqa: ANN401
    fields = _fields(kind)
    refuse_unknown(values, fields, prefix)
    wanted = {name for name, (_, is_needed) in fields.items() if is_needed or name in values}
    return kind(**{name: _read(fields[name][0], values.get(name), prefix + name) for name in wanted})


@cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:  # noqa: ANN401
    hints = get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    }


def _plural(kind: Any) -> str:  # noqa: ANN401
    named = {int: "a list of whole numbers", str: "a list of strings"}
    return named.get(kind, "a list of objects" if dataclasses.is_dataclass(kind) else "a list")


_READERS: dict[type, Callable[[Any, str], Any]] = {
    int: whole_of,
    str: text_of,
    bool: flag_of,
    datetime: lambda plain, where: parse_instant(text_of(plain, where), where),
}
