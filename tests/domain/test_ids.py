"""Identifiers: safe in keys, sortable by time, made from somebody else's randomness."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import OrderKey
from grapevine.domain.ids import (
    LINK_CODE_LENGTH,
    VISITOR_LENGTH,
    RandomBytes,
    checked_id,
    new_click_id,
    new_id,
    new_link_code,
    new_visitor_id,
    visitor_of,
)
from tests.strategies import instants
from tests.worlds import counting_bytes

random_bytes = st.integers(0, 255).map(lambda byte: lambda size: bytes([byte]) * size)
VISITOR = "2" * VISITOR_LENGTH
ARABIC_THREE = "\u0663"


@given(random_bytes)
def test_what_is_made_is_long_and_clean(source: RandomBytes) -> None:
    assert re.fullmatch(r"pr_[0-9A-Za-z]{12}", new_id("pr", source))
    assert re.fullmatch(rf"[0-9A-Za-z]{{{LINK_CODE_LENGTH}}}", new_link_code(source))
    assert re.fullmatch(rf"[0-9A-Za-z]{{{VISITOR_LENGTH}}}", new_visitor_id(source))
    assert checked_id(new_id("pr", source), "id") == new_id("pr", source)


def test_a_link_code_never_spells_and_is_never_misread() -> None:
    source = counting_bytes()
    letters = set("".join(new_link_code(source) for _ in range(2000)))
    assert not letters & set("aeiouyAEIOUY01lIO") - {"y"}
    assert len(letters) == 48


def test_ids_differ_as_their_bytes_do() -> None:
    source = counting_bytes()
    made = [new_id("x", source) for _ in range(2000)]
    assert len(set(made)) == len(made)


@given(instants, random_bytes)
def test_a_click_id_names_its_visitor(instant: datetime, source: RandomBytes) -> None:
    click_id = new_click_id(VISITOR, instant, source)
    assert visitor_of(click_id) == VISITOR


@given(instants, instants)
def test_a_visitors_clicks_sort_by_time(one: datetime, other: datetime) -> None:
    first, second = (new_click_id(VISITOR, instant, counting_bytes()) for instant in sorted((one, other)))
    assert first <= second


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "abc",
            f"{VISITOR}-",
            f"{VISITOR}-{'3' * 19}",
            f"{VISITOR}-{'3' * 21}",
            f"{VISITOR}_{'3' * 20}",
        ),
        *(f"{VISITOR}-{'3' * 20}\n", f"{'é' * 22}-{'3' * 20}", f"{VISITOR}-{'#' * 20}"),
        f"{VISITOR}-{ARABIC_THREE * 20}",
    ],
)
def test_what_is_not_ours_names_nobody(text: str) -> None:
    assert visitor_of(text) is None


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True))
def test_a_clean_outside_id_is_kept(text: str) -> None:
    assert checked_id(text, "order_id") == text
    assert OrderKey.parse(f"sf/{text}") == OrderKey("sf", text)


@pytest.mark.parametrize(
    "text", ["", "-a", "a b", "a/b", "a#b", "a\n", "é", ARABIC_THREE, "x" * 65, "a\0", ".."]
)
def test_anything_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        checked_id(text, "order_id")
    assert refusal.value.where == "order_id"
