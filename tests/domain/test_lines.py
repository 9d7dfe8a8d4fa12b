"""What refunds take of an order's lines, by name and of the whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.facts import WHOLE_ORDER, Line, RefundLine
from grapevine.domain.lines import order_lines
from tests import builders as make

CART = (make.line("a", 9_00), make.line("b", 20_00), make.line("c", 10_00))


def taken(*parts: tuple[str, int], lines: tuple[Line, ...] = CART) -> list[int]:
    return [item.refunded_minor for item in order_lines(lines, (make.refund("1", *parts),))]


def test_money_back_of_no_line_is_shared_in_proportion() -> None:
    assert taken((WHOLE_ORDER, 10_00)) == [2_31, 5_13, 2_56]


def test_a_line_that_went_back_by_name_takes_no_part() -> None:
    assert taken(("a", 9_00), (WHOLE_ORDER, 3_00)) == [9_00, 2_00, 1_00]


def test_all_of_it_leaves_nothing_and_takes_the_units_along() -> None:
    found = order_lines(CART, (make.refund("1", (WHOLE_ORDER, 39_00)),))

    assert [item.refunded_minor for item in found] == [item.base_minor for item in found]
    assert [item.refunded_milli for item in found] == [1000, 1000, 1000]


def test_a_part_takes_no_units() -> None:
    found = order_lines(CART, (make.refund("1", (WHOLE_ORDER, 38_99)),))

    assert sum(item.refunded_milli for item in found) <= 2000
    assert sum(item.refunded_minor for item in found) == 38_99


def test_more_than_was_paid_takes_what_there_is() -> None:
    assert taken((WHOLE_ORDER, 99_00)) == [9_00, 20_00, 10_00]


def test_two_of_the_whole_add_up_and_one_that_was_taken_back_is_none() -> None:
    refunds = (make.refund("1", (WHOLE_ORDER, 10_00)), make.refund("2", (WHOLE_ORDER, 0)))

    assert [item.refunded_minor for item in order_lines(CART, refunds)] == [2_31, 5_13, 2_56]
    assert taken((WHOLE_ORDER, 0)) == [0, 0, 0]


def test_a_part_of_it_is_tax() -> None:
    """110.00 were paid, a tenth of that came back, and a tenth of the tax with it."""
    (item,) = order_lines(
        (make.line("a", 100_00, added_tax_minor=10_00),), (make.refund("1", (WHOLE_ORDER, 11_00)),)
    )

    assert (item.refunded_minor, item.refunded_tax_minor) == (10_00, 1_00)


def test_tax_inside_the_price_is_not_taken_for_the_net() -> None:
    (item,) = order_lines(
        (make.line("a", 120_00, tax_minor=20_00),), (make.refund("1", (WHOLE_ORDER, 12_00)),)
    )

    assert (item.base_minor, item.refunded_minor, item.refunded_tax_minor) == (100_00, 10_00, 2_00)


def test_what_was_given_away_has_nothing_to_give_back() -> None:
    lines = (make.line("a", 10_00, discount_minor=10_00), make.line("b", 10_00))

    assert taken((WHOLE_ORDER, 5_00), lines=lines) == [0, 5_00]
    assert taken((WHOLE_ORDER, 5_00), lines=lines[:1]) == [0]


amounts = st.integers(0, 10**9)


@given(
    st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=6),
    st.lists(st.tuples(st.sampled_from(["0", "1", WHOLE_ORDER]), amounts, amounts), max_size=5),
)
def test_nothing_gives_back_more_than_its_net_and_all_of_it_gives_back_exactly(
    told: list[tuple[int, int, int, int]], parts: list[tuple[str, int, int]]
) -> None:
    lines = tuple(
        make.line(str(index), gross, discount_minor=off, tax_minor=tax, added_tax_minor=added)
        for index, (gross, off, tax, added) in enumerate(told)
    )
    some = make.refund("1")
    back = tuple(
        RefundLine(line_id=name, quantity_milli=500, subtotal_minor=minor, tax_minor=tax)
        for name, minor, tax in parts
    )
    everything = RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=10**12)

    for item in order_lines(lines, (replace(some, lines=back),)):
        assert 0 <= item.refunded_minor <= item.line.net_minor
    for item in order_lines(lines, (replace(some, lines=(*back, everything)),)):
        assert item.refunded_minor == item.line.net_minor
