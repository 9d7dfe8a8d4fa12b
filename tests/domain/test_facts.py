"""Facts: what a line is worth, how states rank, how orders are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Line, OrderKey, Payment
from tests import builders as make
from tests.strategies import lines

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True)


@given(ids, ids)
def test_an_orders_name_reads_back(storefront_id: str, order_id: str) -> None:
    key = OrderKey(storefront_id, order_id)
    assert OrderKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "sf", "sf/", "/1", "sf/1/2", "s f/1", "sf/1#2", "sf//1"])
def test_what_names_no_order_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        OrderKey.parse(text)


def test_edge_3_one_id_in_two_storefronts_is_two_orders() -> None:
    assert OrderKey("sf_a", "1") != OrderKey("sf_b", "1")


def test_states_rank_by_how_far_the_money_is() -> None:
    assert [state.rank for state in Payment] == [*range(7)]
    assert Payment.PENDING.rank < Payment.PAID.rank < Payment.REFUNDED.rank < Payment.VOIDED.rank


def test_only_what_was_paid_in_full_earns() -> None:
    assert {state for state in Payment if state.earns} == {
        *(Payment.PAID, Payment.PARTIALLY_REFUNDED),
        Payment.REFUNDED,
    }


@given(st.booleans().flatmap(lambda tax: lines("a", tax_inside=tax)))
def test_a_lines_base_is_what_was_paid_for_it_and_never_negative(line: Line) -> None:
    assert 0 <= line.base_minor <= line.gross_minor
    paid = line.gross_minor - line.discount_minor - line.tax_minor
    assert line.base_minor == (0 if line.gift_card else paid)


def test_edges_16_17_18_a_base_has_a_floor_and_gift_cards_are_money() -> None:
    assert make.line("a", 1000, discount_minor=1000).base_minor == 0
    assert make.line("a", 1000, discount_minor=1001).base_minor == 0
    assert make.line("a", 1000, discount_minor=900, tax_minor=200).base_minor == 0
    assert make.line("a", 1000, gift_card=True).base_minor == 0
