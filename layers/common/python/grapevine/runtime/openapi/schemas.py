"""JSON Schema from what the code reads with: dataclasses by `from_plain`, and a few words for the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
AMOUNT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"]}
"""A decimal string; its currency is beside it."""
ANY: Schema = {}


def or_null(schema: Schema) -> Schema:
    """Return what may also be null."""
    if set(schema) == {"type"} and isinstance(schema["type"], str):
        return {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Schema) -> Schema:
    """Return a list of these."""
    return {"type": "array", "items": schema}


def by_name(schema: Schema) -> Schema:
    """Return an object whose names are anybody's."""
    return {"type": "object", "additionalProperties": schema}


def one_of(kind: type[StrEnum]) -> Schema:
    """Return one of an enumeration's words."""
    return {"type": "string", "enum": [word.value for word in kind]}


def answer(**fields: Schema) -> Schema:
    """Return an object that comes out: every field is there, and more may be added."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def sent(needed: Mapping[str, Schema] | None = None, /, **optional: Schema) -> Schema:
    """Return an object that goes in: what is needed, what may be left out, and nothing else."""
    needed = needed or {}
    schema: Schema = {
        "type": "object",
        "properties": {**needed, **optional},
        "additionalProperties": False,
    }
    return {**schema, "required": list(needed)} if needed else schema


def page_of(name: str, schema: Schema) -> Schema:
    """Return a page of a list."""
    return answer(**{name: listed(schema), "next": or_null(TEXT)})


def schema_of(kind: Any, *left_out: str, is_sent: bool = True) -> Schema:  # noqa: ANN401 - any type
    """Return what `from_plain` reads for a type, or what `to_plain` writes; fields may be left out."""
    if get_origin(kind) is UnionType:
        (wanted,) = (option for option in get_args(kind) if option is not NoneType)
        return or_null(schema_of(wanted, is_sent=is_sent))
    if get_origin(kind) is tuple:
        return listed(schema_of(get_args(kind)[0], is_sent=is_sent))
    if dataclasses.is_dataclass(kind):
        return _record(kind, left_out, is_sent=is_sent)
    if issubclass(kind, StrEnum):
        return one_of(kind)
    return {int: WHOLE, str: TEXT, bool: FLAG, datetime: INSTANT}[kind]


def _record(kind: Any, left_out: tuple[str, ...], *, is_sent: bool) -> Schema:  # noqa: ANN401
    hints = get_type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if field.name not in left_out]
    found = {field.name: schema_of(hints[field.name], is_sent=is_sent) for field in fields}
    needed = [field.name for field in fields if not is_sent or field.default is dataclasses.MISSING]
    schema: Schema = {"type": "object", "properties": found}
    if is_sent:
        schema["additionalProperties"] = False
    return {**schema, "required": needed} if needed else schema
