"""A body against our schema: every place where it breaks it, at once.

It knows the words that our schema uses and no others. Whole numbers may be written `3.0`, as JSON
Schema has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import InvalidInputError

_MOST_DIGITS = 20
_TYPES: dict[str, type] = {"string": str, "array": list, "object": dict, "boolean": bool}


def faults(node: Node, schema: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    """Yield everything that is wrong with a value, and within it."""
    expected = schema.get("type", "string")
    if expected == "integer":
        yield from _number_faults(node, schema)
    elif not isinstance(node.value, _TYPES[expected]):
        yield InvalidInputError(f"must be {'an' if expected[0] in 'ao' else 'a'} {expected}", node.path)
    elif expected == "string":
        yield from _text_faults(node, str(node.value), schema)
    elif expected == "array":
        yield from _list_faults(node, schema)
    elif expected == "object":
        yield from _object_faults(node, schema)


def integer(value: object) -> int | None:
    """Return a whole number, however it is written; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() > _MOST_DIGITS:
        return None
    return int(value) if value == value.to_integral_value() else None


def _number_faults(node: Node, schema: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    number, least, most = integer(node.value), schema["minimum"], schema["maximum"]
    if number is None:
        yield InvalidInputError("must be a whole number", node.path)
    elif not least <= number <= most:
        yield InvalidInputError(f"must be {least} to {most}", node.path)


def _text_faults(node: Node, text: str, schema: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    if "const" in schema and text != schema["const"]:
        yield InvalidInputError(f"must be {schema['const']!r}", node.path)
    if "enum" in schema and text not in schema["enum"]:
        yield InvalidInputError(f"not one of those it may be: {text[:40]!r}", node.path)
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if len(text) < least or (most is not None and len(text) > most):
        yield InvalidInputError(f"must have {least} to {most} letters", node.path)
    elif "pattern" in schema and re.fullmatch(schema["pattern"], text) is None:
        yield InvalidInputError(f"does not match {schema['pattern']}", node.path)
    elif schema.get("format") == "date-time":
        yield from _instant_faults(node)


def _instant_faults(node: Node) -> Iterator[InvalidInputError]:
    try:
        node.instant()
    except InvalidInputError as error:
        yield InvalidInputError(error.what, node.path)


def _list_faults(node: Node, schema: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    parts, least = node.items(), schema.get("minItems", 0)
    if not least <= len(parts) <= schema["maxItems"]:
        yield InvalidInputError(f"must have {least} to {schema['maxItems']} items", node.path)
        return
    for part in parts:
        yield from faults(part, schema["items"])


def _object_faults(node: Node, schema: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    members: dict[str, Any] = node.value if isinstance(node.value, dict) else {}
    properties = schema["properties"]
    for name in schema["required"]:
        if name not in members:
            yield InvalidInputError("is missing", node[name].path)
    for name in members:
        if name in properties:
            yield from faults(node[name], properties[name])
        else:
            yield InvalidInputError("is no name of ours", node[name[:60]].path)
