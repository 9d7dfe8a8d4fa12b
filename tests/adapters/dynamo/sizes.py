"""How many bytes DynamoDB counts for an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNIT = 1024
"""Bytes of a write unit."""


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The bytes of all names and values, as DynamoDB documents them."""
    return sum(_text(name) + _value_size(value) for name, value in item.items())


def _text(text: str) -> int:
    return len(text.encode())


def _value_size(value: Mapping[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return _text(content)
        case "SS":
            return sum(map(_text, content))
        case "B":
            return len(content)
        case "N":
            # About a byte for two digits, one more, and one for a sign.
            digits = content.lstrip("-").strip("0")
            return (len(digits) + 1) // 2 + 1 + int(content.startswith("-"))
        case _:
            return 1
