"""Signatures of statements: of what a statement says, and of a file as it was given out.

The key is derived from the program's by a label, so that nothing else that is hashed with the program's
key can be taken for a signature. Whoever has it is the program; others ask the program (ADR 0029).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LABEL = b"grapevine/statement/v1"
SIGNATURE = "signature"
PREFIX = "v1="
PDF_MARK = b"%grapevine-seal "
CSV_MARK = b"seal,"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FileFormat(StrEnum):
    """What a statement is given out as."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a file is as the program gave it out, and as what it was read."""

    format: FileFormat
    is_valid: bool


def statement_key(program_key: bytes) -> bytes:
    """Return the key that signs a program's statements."""
    return hmac.digest(program_key, LABEL, "sha256")


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one text of a statement that is signed: all of it but the signature."""
    told = {name: value for name, value in document.items() if name != SIGNATURE}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def signed(document: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """Return a statement with its signature."""
    return {**document, SIGNATURE: _mac(key, FileFormat.JSON, canonical(document))}


def sealed_csv(text: str, key: bytes) -> bytes:
    """Return a CSV file with a last row that seals every row before; line ends may change on the way."""
    body = text.encode()
    return _BYTE_ORDER_MARK + body + CSV_MARK + _mac(key, FileFormat.CSV, _unix(body)).encode() + b"\r\n"


def sealed_pdf(body: bytes, key: bytes) -> bytes:
    """Return a PDF with a comment after its end that seals every byte before; readers skip it."""
    return body + PDF_MARK + _mac(key, FileFormat.PDF, body).encode() + b"\n"


def check(file: bytes, key: bytes) -> Checked:
    """Say whether a file is one that was signed with this key, unchanged."""
    if file.startswith(b"%PDF"):
        body, mark, seal = file.rpartition(PDF_MARK)
        return Checked(FileFormat.PDF, _is(seal, key, FileFormat.PDF, body) and bool(mark))
    if file.lstrip().startswith(b"{"):
        return Checked(FileFormat.JSON, _is_signed(file, key))
    body, mark, seal = _unix(file.removeprefix(_BYTE_ORDER_MARK)).rpartition(b"\n" + CSV_MARK)
    return Checked(FileFormat.CSV, _is(seal, key, FileFormat.CSV, body + b"\n") and bool(mark))


def _is_signed(file: bytes, key: bytes) -> bool:
    try:
        document = json.loads(file)
        given = document.get(SIGNATURE)
        return isinstance(given, str) and _is(given.encode(), key, FileFormat.JSON, canonical(document))
    except (ValueError, RecursionError, AttributeError):
        return False


def _is(given: bytes, key: bytes, kind: FileFormat, body: bytes) -> bool:
    return hmac.compare_digest(given.strip(), _mac(key, kind, body).encode())


def _mac(key: bytes, kind: FileFormat, body: bytes) -> str:
    return PREFIX + hmac.new(key, kind.value.encode() + b"\n" + body, "sha256").hexdigest()


def _unix(body: bytes) -> bytes:
    return body.replace(b"\r\n", b"\n")
