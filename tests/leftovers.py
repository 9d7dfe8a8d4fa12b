"""Whatever is stored, in whatever form, searched for what names a person."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote, quote_plus


def texts_in(value: Any, seen: set[int] | None = None) -> Iterator[bytes]:  # noqa: ANN401
    """Yield every text and every run of bytes that an object holds, however deep, packed ones unpacked."""
    seen = set() if seen is None else seen
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes | bytearray):
        yield bytes(value)
        yield unpacked(bytes(value))
    elif id(value) not in seen:
        seen.add(id(value))
        for part in _parts(value):
            yield from texts_in(part, seen)


def _parts(value: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return chain(value.keys(), value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    return vars(value).values() if hasattr(value, "__dict__") else ()


def unpacked(body: bytes) -> bytes:
    """Return what a compressed body says, nothing for any other."""
    try:
        return zlib.decompress(body)
    except zlib.error:
        return b""


def forms_of(text: str) -> set[bytes]:
    """Return how a text may be written: as it is, as JSON or a URL has it, in UTF-16, and in base64."""
    plain = {text, text.casefold(), quote(text), quote_plus(text), text.encode("unicode_escape").decode()}
    written = {form.encode() for form in plain} | {text.encode("utf-16-le"), text.encode("utf-16-be")}
    return written | {part for form in (text, text.casefold()) for part in _base64(form.encode())}


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield what every base64 text has that has these bytes in it, whatever stands around them."""
    for lead in range(3):
        padded = b"\x00" * lead + raw
        whole = base64.b64encode(padded[: len(padded) // 3 * 3])
        yield whole[4 if lead else 0 :]


def found_in(stored: Iterable[bytes], names: Iterable[str]) -> set[str]:
    """Return which of some texts are in anything that is stored, in any form."""
    blob = b"\n".join(part for body in stored for part in (body, body.lower(), unpacked(body)))
    return {name for name in names if any(form in blob for form in forms_of(name))}
