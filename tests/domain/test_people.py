"""Promoters: chains that end, and names that hide."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.people import Promoter, missing_above, subject_key, upline_of
from tests import builders as make

KEY = b"k" * 32
names = st.sampled_from("abcdef")
networks = st.dictionaries(names, st.one_of(st.none(), names), max_size=6).map(
    lambda sponsors: {name: make.promoter(name, sponsor) for name, sponsor in sponsors.items()}
)


def chain_of_three() -> dict[str, Promoter]:
    return {p.id: p for p in (make.promoter("a"), make.promoter("b", "a"), make.promoter("c", "b"))}


@given(networks, names, st.integers(0, 8))
def test_edge_45_a_chain_ends_and_names_nobody_twice(
    known: dict[str, Promoter], first: str, levels: int
) -> None:
    """Also in a network with cycles, which setting a sponsor refuses."""
    chain = upline_of(first, levels, known)
    assert len(set(chain)) == len(chain) <= levels
    assert all(known[below].sponsor_id == above for below, above in pairwise(chain))


@given(networks, names, st.integers(1, 3))
def test_looking_up_what_is_missing_ends_in_the_whole_chain(
    everybody: dict[str, Promoter], first: str, levels: int
) -> None:
    known = {first: everybody[first]} if first in everybody else {}
    for _ in range(levels):
        missing = missing_above(upline_of(first, levels, known), levels, known)
        if missing in everybody:
            known[missing] = everybody[missing]
    assert upline_of(first, levels, known) == upline_of(first, levels, everybody)


def test_the_promoter_comes_first_and_the_chain_stops_at_the_levels() -> None:
    known = chain_of_three()
    assert [upline_of("c", levels, known) for levels in (0, 1, 2, 3, 4)] == [
        (),
        ("c",),
        ("c", "b"),
        ("c", "b", "a"),
        ("c", "b", "a"),
    ]


def test_nothing_is_missing_above_a_whole_chain_or_nobody() -> None:
    known = chain_of_three()
    assert missing_above((), 3, known) is None
    assert missing_above(("c", "b"), 2, known) is None
    assert missing_above(("c", "b", "a"), 4, known) is None
    assert missing_above(("c",), 3, {"c": known["c"]}) == "b"


def test_edge_90_one_address_is_one_key_and_says_nothing() -> None:
    key = subject_key(KEY, "Cy@Shop.Example ")
    assert key == subject_key(KEY, "cy@shop.example")
    assert key == subject_key(KEY, "CY@SHOP.EXAMPLE")
    assert key != subject_key(b"l" * 32, "cy@shop.example")
    assert len(key) == 24
    assert "cy" not in key


@given(st.emails(), st.emails())
def test_two_addresses_are_two_keys(one: str, other: str) -> None:
    same = one.strip().casefold() == other.strip().casefold()
    assert (subject_key(KEY, one) == subject_key(KEY, other)) == same
