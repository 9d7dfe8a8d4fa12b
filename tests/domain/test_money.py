"""Money: texts in and out, rounding, splits that lose nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import MoneyError
from grapevine.domain.money import (
    EXPONENTS,
    MAX_MINOR,
    POINTS,
    Money,
    Rounding,
    allocate,
    exponent,
    format_minor,
    parse_minor,
    prorate,
    round_ratio,
)
from tests.strategies import currencies, minor_amounts, roundings

totals = st.integers(0, MAX_MINOR)
weights = st.lists(st.integers(0, MAX_MINOR), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_every_currency_reads_what_it_writes(currency: str) -> None:
    for minor in (0, 1, -1, 9, 10, 99, 100, -100, 999, 1000, 12_345, MAX_MINOR, -MAX_MINOR):
        assert parse_minor(format_minor(minor, currency), currency) == minor


@given(minor_amounts, currencies)
def test_any_amount_reads_back_and_is_the_decimal_it_says(minor: int, currency: str) -> None:
    text = format_minor(minor, currency)
    assert Money.parse(text, currency) == Money(minor, currency)
    assert Decimal(text).scaleb(exponent(currency)) == minor
    assert str(Money(minor, currency)) == f"{text} {currency}"


@given(minor_amounts, currencies, st.integers(0, 12))
def test_zeros_after_the_last_decimal_say_nothing(minor: int, currency: str, zeros: int) -> None:
    text = format_minor(minor, currency)
    padded = text + ("" if "." in text else ".0") + "0" * zeros
    assert parse_minor(padded, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "-", "+1", "1.", ".5", "1,50", "1 000", "1_000", "1e3", "NaN", "Infinity", "0x10"),
        *(
            "--1",
            "1.0.0",
            " 1",
            "1 ",
            "1\n",
            "\uff11\uff12",
            "\u0661\u0662",
            "1.\u0665",
            "\u22121",
            "1" * 19,
            "1.0" + "0" * 18,
            "12½",
        ),
    ],
)
def test_edge_70_only_canonical_decimals_are_read(text: str) -> None:
    with pytest.raises(MoneyError, match="not a decimal amount"):
        parse_minor(text, "USD")


@pytest.mark.parametrize(("text", "currency"), [("1.001", "USD"), ("0.1", "JPY"), ("1.2345", "KWD")])
def test_edge_67_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(MoneyError, match="decimals"):
        parse_minor(text, currency)


def test_edge_67_currencies_have_their_own_exponents() -> None:
    names = ("JPY", "KRW", POINTS, "USD", "CNY", "KWD", "TND")
    assert [exponent(name) for name in names] == [0, 0, 0, 2, 2, 3, 3]


@pytest.mark.parametrize("currency", ["", "usd", "US", "XXX", "BTC", "USD "])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(MoneyError, match="unknown currency"):
        exponent(currency)
    with pytest.raises(MoneyError, match="unknown currency"):
        parse_minor("1", currency)


@pytest.mark.parametrize("sign", ["", "-"])
def test_edge_71_an_absurd_amount_is_refused(sign: str) -> None:
    assert parse_minor(f"{sign}10000000000000.00", "USD") == int(f"{sign}{MAX_MINOR}")
    with pytest.raises(MoneyError, match="over the limit"):
        parse_minor(f"{sign}10000000000000.01", "USD")


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(MoneyError, match="do not add"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(MoneyError, match="do not add"):
        Money(1, "USD") - Money(1, POINTS)
    assert Money(3, "USD") - Money(5, "USD") == Money(-2, "USD")


@given(minor_amounts, st.integers(1, 10**9), roundings)
def test_edge_65_rounding_is_pythons_own(numerator: int, denominator: int, rounding: Rounding) -> None:
    exact = Fraction(numerator, denominator)
    expected = floor(exact) if rounding is Rounding.FLOOR else round(exact)
    assert round_ratio(numerator, denominator, rounding) == expected


@given(totals, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any), roundings)
def test_edge_6_what_is_reversed_grows_to_exactly_the_total(
    total: int, parts: list[int], rounding: Rounding
) -> None:
    whole = sum(parts)
    reversed_so_far = [
        prorate(total, sum(parts[:number]), whole, rounding) for number in range(len(parts) + 1)
    ]
    assert reversed_so_far == sorted(reversed_so_far)
    assert (reversed_so_far[0], reversed_so_far[-1]) == (0, total)


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (0, 0), (-1, 5), (6, 5), (1, -5)])
def test_a_share_that_cannot_be_is_refused(part: int, whole: int) -> None:
    with pytest.raises(MoneyError, match="no share"):
        prorate(100, part, whole, Rounding.HALF_EVEN)


@given(totals, weights)
def test_edge_66_a_split_loses_nothing_and_nobody_gets_a_unit_more_than_due(
    total: int, shares: list[int]
) -> None:
    parts = allocate(total, shares)
    assert sum(parts) == total
    for part, weight in zip(parts, shares, strict=True):
        due = Fraction(total * weight, sum(shares))
        assert abs(part - due) < 1
        assert part >= 0
        assert weight or part == 0


@given(totals, weights)
def test_edge_66_a_split_is_the_same_whatever_the_scale(total: int, shares: list[int]) -> None:
    assert allocate(total, shares) == allocate(total, [7 * weight for weight in shares])


@given(st.integers(0, 1000), st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any))
def test_edge_66_equal_remainders_go_to_whom_comes_first(total: int, shares: list[int]) -> None:
    for (one, part), (other, following) in zip(
        zip(shares, allocate(total, shares), strict=True),
        list(zip(shares, allocate(total, shares), strict=True))[1:],
        strict=False,
    ):
        assert one != other or part >= following


@pytest.mark.parametrize(("total", "shares"), [(-1, [1]), (5, []), (5, [0, 0]), (5, [2, -1]), (0, [0])])
def test_a_split_that_cannot_be_is_refused(total: int, shares: list[int]) -> None:
    with pytest.raises(MoneyError, match="cannot split"):
        allocate(total, shares)


def test_one_part_is_the_whole() -> None:
    assert allocate(7, (1,)) == (7,)


def test_an_amount_over_the_limit_is_named() -> None:
    with pytest.raises(MoneyError, match=r"^'99999999999999999\.00' is over the limit"):
        parse_minor("99999999999999999.00", "USD")
