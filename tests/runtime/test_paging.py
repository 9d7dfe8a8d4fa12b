"""Lists in pages: nothing twice, nothing left out, and only cursors of the list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.runtime.paging import MOST, cursor_of, page_asked, paged


def walked(items: list[str], limit: int) -> tuple[list[str], int]:
    """Return what all pages of a list have, and how many there were."""
    seen: list[str] = []
    query = {"limit": str(limit)}
    for number in range(1, len(items) + 2):
        page = page_asked("/list", query)
        found = paged("items", (one for one in items if one > page.after), page, str, str)
        seen += found["items"]
        if found["next"] is None:
            return seen, number
        query["cursor"] = found["next"]
    raise AssertionError("the pages never end")


@given(st.sets(st.text(min_size=1, max_size=5)), st.integers(1, MOST))
def test_all_pages_together_are_the_list(names: set[str], limit: int) -> None:
    items = sorted(name for name in names if name.encode("utf-8", "ignore").decode() == name)
    seen, pages = walked(items, limit)
    assert seen == items
    assert pages == max(1, -(-len(items) // limit))


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.0", "٣", "9" * 400])
def test_a_limit_is_1_to_100(limit: str) -> None:
    with pytest.raises(InvalidInputError) as fault:
        page_asked("/list", {"limit": limit})
    assert fault.value.where == "limit"


@given(st.text(max_size=40))
def test_what_nobody_was_given_is_no_cursor(text: str) -> None:
    if not text:
        assert page_asked("/list", {"cursor": text}).after == ""
        return
    with pytest.raises(InvalidInputError) as fault:
        page_asked("/list", {"cursor": text})
    assert fault.value.where == "cursor"


def test_a_cursor_is_one_of_its_list_and_of_what_was_asked_of_it() -> None:
    page = page_asked("/list", {"state": "paid", "limit": "5"})
    cursor = cursor_of(page.listing, "place 1")
    assert page_asked("/list", {"state": "paid", "limit": "7", "cursor": cursor}).after == "place 1"
    for other in ({"state": "requested"}, {}):
        with pytest.raises(InvalidInputError):
            page_asked("/list", {**other, "cursor": cursor})
    with pytest.raises(InvalidInputError):
        page_asked("/another", {"state": "paid", "cursor": cursor})
    with pytest.raises(InvalidInputError):
        page_asked("/list", {"state": "paid", "cursor": "A" * 2000})
