"""What a level earns by the short way is what it earns line by line; parts keep what they are parts of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.candidates import Reason
from grapevine.domain.commissions import level_commission, level_totals, split
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import earned_by_promoter, levels
from grapevine.domain.facts import FactKind, Line
from grapevine.domain.lines import OrderLine, order_line
from grapevine.domain.money import Rounding
from grapevine.domain.orders import fold
from grapevine.domain.rates import LineRate, RateRule, line_rate
from tests import builders as make
from tests.strategies import PATIENT, carts, rates, roundings, rules


def rated(
    cart: tuple[Line, ...], plan_bps: tuple[int, ...], ladder: tuple[RateRule, ...] = ()
) -> list[tuple[OrderLine, LineRate]]:
    items = [order_line(line, ()) for line in cart]
    return [(item, line_rate(item, make.CY, plan_bps, ladder, 8000, 3000)) for item in items]


@given(carts(), rates(), rules(), roundings)
@settings(PATIENT)
def test_while_nothing_went_back_a_levels_total_is_what_its_lines_add_up_to(
    cart: tuple[Line, ...], plan_bps: tuple[int, ...], ladder: tuple[RateRule, ...], rounding: Rounding
) -> None:
    lines = rated(cart, plan_bps, ladder)
    totals = level_totals(lines, rounding)
    assert len(totals) == len(plan_bps)
    for level, total in enumerate(totals, start=1):
        found = level_commission(lines, level, 0, rounding)
        assert total == found.earned_minor == found.total_minor


def test_a_levels_total_rounds_as_the_program_does() -> None:
    lines = rated((make.line("a", 1_999),), (1000,))
    assert level_totals(lines, Rounding.HALF_EVEN) == [200]
    assert level_totals(lines, Rounding.FLOOR) == [199]


def test_levels_beyond_what_a_rule_names_earn_nothing() -> None:
    tea = make.line("a", 10_000, sku="TEA-1")
    for rule in (
        RateRule(id="percent", sku="TEA-1", rate_bps=(1000,)),
        RateRule(id="each", sku="TEA-1", per_unit_minor=(1000,)),
    ):
        found = line_rate(order_line(tea, ()), make.CY, (1000, 200, 100), (rule,), 8000, 3000)
        assert [scaled / found.scale for scaled in found.scaled] == [1000, 0, 0]


@given(carts(), st.integers(0, 3000), st.integers(1, 10), roundings)
@settings(PATIENT)
def test_parts_add_up_line_by_line_and_keep_the_rate(
    cart: tuple[Line, ...], bps: int, parts: int, rounding: Rounding
) -> None:
    whole = level_commission(rated(cart, (bps,)), 1, bps, rounding)
    dealt = split(whole, parts)
    assert whole.rate_bps == bps
    assert {part.rate_bps for part in dealt} == {bps}
    assert all(sum(share.share_minor for share in part.shares) == part.total_minor for part in dealt)
    for number, share in enumerate(whole.shares):
        minors = [part.shares[number].share_minor for part in dealt]
        assert sum(minors) == share.share_minor
        assert max(minors) - min(minors) <= 1


@given(carts(), rates(), rules(), roundings)
@settings(PATIENT)
def test_the_short_way_and_the_levels_agree_on_everybody(
    cart: tuple[Line, ...], plan_bps: tuple[int, ...], ladder: tuple[RateRule, ...], rounding: Rounding
) -> None:
    plan = make.plan(*plan_bps, rules=ladder)
    order = fold((make.fact(FactKind.PAID, snapshot=make.snapshot(lines=cart)),))
    decision = Decision(
        basis="", reason=Reason.LAST_CLICK, plan_version=1, promoter_ids=(make.CY, make.BO), candidates=()
    )
    terms = make.terms(plan, rounding=rounding)
    found = [(earner, commission.earned_minor) for _, earner, commission in levels(order, decision, terms)]
    assert earned_by_promoter(order, decision, terms) == {name: minor for name, minor in found if minor}
