"""Promoters: chains that end, and names that hide."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.chains import paid_chain, people_needed
from grapevine.domain.people import TICK, Promoter, PromoterStatus, subject_key, upline_of
from grapevine.domain.plans import Vacancy
from tests import builders as make
from tests.builders import T0, minutes

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


@given(networks, names, st.integers(1, 3), st.sampled_from(Vacancy), st.data())
def test_looking_up_who_is_needed_ends_in_everybody_who_is_paid(
    everybody: dict[str, Promoter], first: str, levels: int, vacancy: Vacancy, data: st.DataObject
) -> None:
    """Also where a plan looks further up, past who is suspended, and where the network has circles."""
    out = data.draw(st.sets(names))
    everybody = {n: make.suspended(p) if n in out - {first} else p for n, p in everybody.items()}
    plan = make.plan(*(100,) * levels, vacancy=vacancy)
    known = {first: everybody[first]} if first in everybody else {}
    while (needed := people_needed(first, T0, plan, known)) in everybody:
        assert needed not in known
        known[needed] = everybody[needed]
    assert upline_of(first, levels, known, T0) == upline_of(first, levels, everybody, T0)
    if known:
        assert paid_chain(first, T0, plan, known) == paid_chain(first, T0, plan, everybody)


def test_the_promoter_comes_first_and_the_chain_stops_at_the_levels() -> None:
    known = chain_of_three()
    assert [upline_of("c", levels, known, T0) for levels in (0, 1, 2, 3, 4)] == [
        (),
        ("c",),
        ("c", "b"),
        ("c", "b", "a"),
        ("c", "b", "a"),
    ]


def test_nobody_is_needed_above_a_whole_chain_or_nobody() -> None:
    known, below = chain_of_three(), chain_of_three()
    del below["b"]
    assert people_needed("x", T0, make.plan(100), known) is None
    assert people_needed("c", T0, make.plan(100), below) is None
    assert people_needed("c", T0, make.plan(100, 100), below) == "b"
    assert people_needed("c", T0, make.plan(100, 100, 100), known) is None


def test_only_a_plan_that_closes_ranks_looks_above_who_is_suspended() -> None:
    known = chain_of_three()
    del known["a"]
    known["b"] = make.suspended(known["b"])
    assert people_needed("c", T0, make.plan(100, 100), known) is None
    assert people_needed("c", T0, make.plan(100, 100, vacancy=Vacancy.COMPRESS), known) == "a"


def test_edge_47_the_sponsor_and_the_status_are_those_of_the_instant() -> None:
    cy = make.promoter("c", "b").with_sponsor("a", T0).with_sponsor(None, T0 + minutes(5))
    sponsors = [cy.sponsor_at(at) for at in (T0 - TICK, T0, T0 + minutes(5) - TICK, T0 + minutes(5))]
    assert sponsors == ["b", "a", "a", None]
    back = make.suspended(cy, minutes(0)).with_status(PromoterStatus.ACTIVE, "cleared", T0 + minutes(5))
    assert [back.earns_at(at) for at in (T0 - TICK, T0, T0 + minutes(5))] == [True, False, True]


def test_of_two_changes_of_one_instant_or_of_a_clock_behind_the_later_one_wins() -> None:
    cy = make.promoter("c").with_sponsor("a", T0).with_sponsor("b", T0).with_sponsor("d", T0 - minutes(1))
    assert cy.sponsor_at(T0 + 2 * TICK) == "d"
    assert [change.effective_at for change in cy.sponsor_changes] == [T0, T0 + TICK, T0 + 2 * TICK]


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
