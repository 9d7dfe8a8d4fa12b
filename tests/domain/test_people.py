"""Promoters: chains that end, and names that hide."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.people import Promoter, PromoterStatus, subject_key, upline_of
from tests import builders as make
from tests.builders import T0, days

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
    chain = upline_of(first, levels, known, T0)
    assert len(set(chain)) == len(chain) <= levels
    assert all(known[below].sponsor_id == above for below, above in pairwise(chain))


def test_the_promoter_comes_first_and_the_chain_stops_at_the_levels() -> None:
    known = chain_of_three()
    assert [upline_of("c", levels, known, T0) for levels in (0, 1, 2, 3, 4)] == [
        (),
        ("c",),
        ("c", "b"),
        ("c", "b", "a"),
        ("c", "b", "a"),
    ]


def test_what_was_true_at_an_instant_stays_true_of_it() -> None:
    promoter = make.promoter("c", "b").with_sponsor("a", T0).with_sponsor(None, T0 + days(1))
    promoter = promoter.with_status(PromoterStatus.SUSPENDED, "asked to", T0)
    assert [promoter.sponsor_at(T0 + days(n)) for n in (-1, 0, 1)] == ["b", "a", None]
    assert [promoter.earns_at(T0 + days(n)) for n in (-1, 0, 1)] == [True, False, False]


def test_of_two_changes_of_one_instant_the_later_wins() -> None:
    promoter = make.promoter("c", "b").with_sponsor("a", T0).with_sponsor("b", T0)
    assert promoter.sponsor_at(T0 + days(1)) == "b"


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
