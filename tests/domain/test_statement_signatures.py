"""A statement is signed as a whole, and a file is sealed to the last byte: whatever is changed is found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.statement_signatures import (
    FileFormat,
    check,
    sealed_csv,
    sealed_pdf,
    signed,
    statement_key,
)

KEY = statement_key(b"k" * 32)
OTHER = statement_key(b"o" * 32)
DOCUMENT: dict[str, Any] = {
    "promoter": "陈雨",
    "final": True,
    "opening": {"balance": "1.00"},
    "lines": [{"amount": "13.33", "entry": "sf_test/1/1"}, {"amount": "-0.05", "entry": None}],
}
TABLE = "row,amount\r\nline,13.33\r\nsignature,v1=abc\r\n"


def files(key: bytes = KEY) -> dict[FileFormat, bytes]:
    return {
        FileFormat.JSON: json.dumps(signed(DOCUMENT, key), indent=1, ensure_ascii=False).encode(),
        FileFormat.CSV: sealed_csv(TABLE, key),
        FileFormat.PDF: sealed_pdf(b"%PDF-1.4\n13.33\n%%EOF\n", key),
    }


each_format = pytest.mark.parametrize("kind", FileFormat)


@each_format
def test_a_file_that_was_signed_is_valid(kind: FileFormat) -> None:
    found = check(files()[kind], KEY)
    assert (found.format, found.is_valid) == (kind, True)


@each_format
def test_another_programs_key_finds_nothing_valid(kind: FileFormat) -> None:
    assert not check(files()[kind], OTHER).is_valid
    assert not check(files(OTHER)[kind], KEY).is_valid


@each_format
@given(data=st.data())
def test_a_byte_that_was_changed_is_found(kind: FileFormat, data: st.DataObject) -> None:
    file = files()[kind]
    figures = [place for place, byte in enumerate(file) if chr(byte).isdigit()]
    place = data.draw(st.sampled_from(figures))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda one: ord(one) != file[place]))
    assert not check(file[:place] + digit.encode() + file[place + 1 :], KEY).is_valid


@each_format
def test_a_figure_that_was_added_or_left_out_is_found(kind: FileFormat) -> None:
    file = files()[kind]
    assert not check(file.replace(b"13.33", b"113.33"), KEY).is_valid
    assert not check(file.replace(b"13.33", b""), KEY).is_valid
    assert not check(file.replace(b"v1=", b""), KEY).is_valid
    assert not check(file + file, KEY).is_valid


def test_json_may_be_written_in_any_way_but_says_the_same() -> None:
    document = signed(DOCUMENT, KEY)
    assert check(json.dumps(dict(reversed(document.items()))).encode(), KEY).is_valid
    assert not check(json.dumps({**document, "more": 1}).encode(), KEY).is_valid
    assert not check(json.dumps({**document, "final": 1}).encode(), KEY).is_valid


def test_a_spreadsheet_may_change_its_line_ends_on_the_way() -> None:
    file = files()[FileFormat.CSV]
    assert check(file.replace(b"\r\n", b"\n"), KEY).is_valid
    assert check(file.rstrip(b"\r\n"), KEY).is_valid


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"{",
        b"{}",
        b'{"signature": 1}',
        b"[]",
        b"%PDF",
        b"seal,v1=",
        b"\xff\xfe",
        b"{" * 100_000,
        b"a,b\r\n",
    ],
)
def test_what_is_no_statement_is_not_valid(file: bytes) -> None:
    assert not check(file, KEY).is_valid


def test_one_formats_seal_is_no_others() -> None:
    seal = files()[FileFormat.PDF].rpartition(b" ")[2]
    assert not check(b"%PDF-1.4\n13.33\n%%EOF\nseal," + seal, KEY).is_valid


def test_the_key_is_not_the_programs() -> None:
    assert statement_key(b"k" * 32) != b"k" * 32
    assert len(statement_key(b"k" * 32)) == 32
