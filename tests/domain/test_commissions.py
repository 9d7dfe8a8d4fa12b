"""Commissions: rounded once a level, dealt out exactly, taken back to exactly nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.commissions import LevelCommission, level_commission
from grapevine.domain.facts import Line
from grapevine.domain.lines import OrderLine, order_line
from grapevine.domain.money import Rounding
from grapevine.domain.rates import line_rate
from tests import builders as make
from tests.reference import commission
from tests.strategies import PATIENT, carts, roundings

rate_bps = st.integers(0, 10_000)


def with_refunds(cart: Sequence[Line], refunded: Sequence[int]) -> tuple[OrderLine, ...]:
    """Return lines of which so much went back, whatever refund it was."""
    pairs = zip(cart, refunded, strict=True)
    return tuple(replace(order_line(line, ()), refunded_minor=part) for line, part in pairs)


def untouched(cart: Sequence[Line]) -> tuple[OrderLine, ...]:
    return with_refunds(cart, [0] * len(cart))


def flat(lines: Sequence[OrderLine], rate: int, rounding: Rounding) -> LevelCommission:
    """Return what one level earns where every line has the same rate and no cap is in the way."""
    rated = [(item, line_rate(item, make.CY, (rate,), (), 10_000, 10_000)) for item in lines]
    return level_commission(rated, 1, rate, rounding)


@given(carts(), rate_bps, roundings)
@settings(PATIENT)
def test_the_lines_shares_are_the_total_and_the_total_is_the_rate(
    cart: tuple[Line, ...], rate: int, rounding: Rounding
) -> None:
    found = flat(untouched(cart), rate, rounding)
    exact = Fraction(sum(line.base_minor for line in cart) * rate, 10_000)
    assert sum(share.share_minor for share in found.shares) == found.total_minor == found.earned_minor
    assert found.total_minor == (floor(exact) if rounding is Rounding.FLOOR else round(exact))
    assert found.reversed_minor == 0


@given(carts(), rate_bps, roundings, st.data())
@settings(PATIENT)
def test_edge_9_refunds_in_any_steps_only_take_and_end_at_exactly_nothing(
    cart: tuple[Line, ...], rate: int, rounding: Rounding, data: st.DataObject
) -> None:
    refunded = [0] * len(cart)
    earned = [flat(untouched(cart), rate, rounding).earned_minor]
    for _ in range(data.draw(st.integers(0, 4))):
        refunded = [
            data.draw(st.integers(so_far, line.base_minor))
            for so_far, line in zip(refunded, cart, strict=True)
        ]
        earned.append(flat(with_refunds(cart, refunded), rate, rounding).earned_minor)
    everything = with_refunds(cart, [line.base_minor for line in cart])
    earned.append(flat(everything, rate, rounding).earned_minor)
    assert earned == sorted(earned, reverse=True)
    assert earned[-1] == 0


@given(carts(), rate_bps, roundings, st.data())
@settings(PATIENT, max_examples=100)
def test_what_stands_is_what_the_reference_says(
    cart: tuple[Line, ...], rate: int, rounding: Rounding, data: st.DataObject
) -> None:
    refunded = [data.draw(st.integers(0, line.base_minor)) for line in cart]
    found = flat(with_refunds(cart, refunded), rate, rounding)
    pairs = [(line.base_minor, back) for line, back in zip(cart, refunded, strict=True)]
    assert found.earned_minor == commission(pairs, rate, rounding)


def test_a_program_that_rounds_down_gives_back_rounded_down_too() -> None:
    """Of 10 cents commission on 100 cents, 55 cents go back: 5.5 cents, 5 or (to the even) 6."""
    lines = with_refunds((make.line("a", 100),), (55,))
    assert flat(lines, 1000, Rounding.FLOOR).earned_minor == 5
    assert flat(lines, 1000, Rounding.HALF_EVEN).earned_minor == 4


@given(carts(), rate_bps, roundings, st.data())
@settings(PATIENT)
def test_a_refund_of_one_line_leaves_the_others_alone(
    cart: tuple[Line, ...], rate: int, rounding: Rounding, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(cart) - 1))
    refunded = [line.base_minor if number == index else 0 for number, line in enumerate(cart)]
    before = flat(untouched(cart), rate, rounding)
    after = flat(with_refunds(cart, refunded), rate, rounding)
    assert after.reversed_minor == sum(s.share_minor for s in before.shares if s.line_id == cart[index].id)
    assert [s.share_minor for s in after.shares] == [s.share_minor for s in before.shares]


def test_an_order_of_free_lines_and_gift_cards_earns_nothing() -> None:
    lines = untouched((make.line("a", 0), make.line("b", 500, gift_card=True)))
    found = flat(lines, 1000, Rounding.HALF_EVEN)
    assert (found.total_minor, found.earned_minor, found.shares) == (0, 0, ())
    assert flat((), 1000, Rounding.HALF_EVEN).earned_minor == 0


def test_edge_65_half_a_cent() -> None:
    for base, even, down in ((5, 0, 0), (15, 2, 1), (25, 2, 2)):
        lines = untouched((make.line("a", base),))
        assert flat(lines, 1000, Rounding.HALF_EVEN).total_minor == even
        assert flat(lines, 1000, Rounding.FLOOR).total_minor == down


def test_nine_lines_of_a_cents_commission_are_rounded_together() -> None:
    """Each line alone would earn nothing."""
    lines = untouched([make.line(f"l{number}", 4) for number in range(9)])
    found = flat(lines, 1000, Rounding.HALF_EVEN)
    assert found.total_minor == 4
    assert [share.share_minor for share in found.shares] == [1, 1, 1, 1, 0, 0, 0, 0, 0]
