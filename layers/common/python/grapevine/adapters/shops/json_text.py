"""Parts of a JSON text as they stand there: an amount that is parsed and written again may be another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_DECODER = json.JSONDecoder()
_BLANKS = " \t\r\n"


def items(text: str) -> tuple[str, ...]:
    """Return the texts of a list's items; none for any other JSON text.

    >>> items('[{"total": 10.799999999999999}, 1.10]')
    ('{"total": 10.799999999999999}', '1.10')
    """
    return tuple(value for _, value in _parts(text, "[", "]"))


def members(text: str) -> dict[str, str]:
    """Return the texts of an object's members by name; none for any other JSON text.

    >>> members('{"id": 1, "price": 1.10}')
    {'id': '1', 'price': '1.10'}
    """
    return dict(_parts(text, "{", "}"))


def written(values: Mapping[str, str]) -> str:
    """Return an object of members' texts.

    >>> written({"id": "1", "price": "1.10"})
    '{"id":1,"price":1.10}'
    """
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in values.items()) + "}"


def _parts(text: str, opening: str, closing: str) -> Iterator[tuple[str, str]]:
    at = _blank(text, 0)
    if text[at : at + 1] != opening:
        return
    at = _blank(text, at + 1)
    while text[at : at + 1] != closing:
        name = ""
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _blank(text, _blank(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield name, text[at:end]
        at = _blank(text, end)
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
