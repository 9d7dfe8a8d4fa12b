from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.domain.errors import InvalidInputError, MalformedBodyError


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_not_a_json_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        parse_object(raw)


def test_numbers_with_a_point_are_decimal() -> None:
    assert parse_object(b'{"a": 10.799999999999999}')["a"].value == Decimal("10.799999999999999")


def test_a_path_leads_to_the_place() -> None:
    body = parse_object(b'{"a": [{"b": 1}, {"b": 2}]}')

    assert [node["b"].path for node in body["a"].items()] == ["a[0].b", "a[1].b"]


def test_missing_and_null_say_nothing() -> None:
    body = parse_object(b'{"a": null}')

    for node in (body["a"], body["b"], body["b"]["c"], body["a"]["c"]):
        assert node.is_missing
        assert (node.text(), node.identifier(), node.instant(), node.items()) == (None, None, None, ())


def test_a_list_must_be_one_unless_it_is_known_to_be_broken() -> None:
    with pytest.raises(InvalidInputError, match="a: not a list"):
        Node({}, "a").items()
    assert Node({}, "a").listed() == ()


@pytest.mark.parametrize("value", [1, 820982911946154508, "7", 10**19])
def test_ids_are_text(value: object) -> None:
    assert Node(value).identifier() == str(value)


@pytest.mark.parametrize("value", [True, -1, "", "x", "1 ", "\u0661", 10**20, Decimal("1.0"), [], {}])
def test_what_is_not_an_id_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match="id: not an id"):
        Node(value, "id").identifier()


@pytest.mark.parametrize("value", [None, True, "1", Decimal("1.5"), -1, 11])
def test_a_whole_number_is_bounded(value: object) -> None:
    with pytest.raises(InvalidInputError):
        Node(value).whole(10)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        5,
        "2026-11-11",
        "2026-11-11T09:00:00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_what_is_no_instant_of_our_time_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^at: "):
        Node(value, "at").instant()


def test_an_instant_is_in_utc() -> None:
    assert Node("2026-11-11T09:00:00-05:00").instant() == datetime(2026, 11, 11, 14, tzinfo=UTC)


def test_half_a_character_does_not_get_through() -> None:
    text = parse_object(b'{"a": "x\\ud83d"}')["a"].text()

    assert text == "x?"


@given(st.binary(max_size=300))
def test_any_bytes_are_an_object_or_malformed(raw: bytes) -> None:
    with suppress(MalformedBodyError):
        assert isinstance(parse_object(raw).value, dict)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_every_reader_gives_a_value_or_names_the_place(value: object) -> None:
    node = Node(value, "here")
    for reader in (node.items, node.listed, node.text, node.identifier, node.instant, lambda: node.whole(5)):
        assert refused_at(reader) in (None, "here")


def refused_at(reader: Callable[[], object]) -> str | None:
    """Where a reader says that a value cannot be used, None when it gave one."""
    try:
        reader()
    except InvalidInputError as error:
        return error.where
    return None
