"""What a line earns: the plan's rate, its rules, their ladder, and the caps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, Line, Refund, RefundLine
from grapevine.domain.lines import order_line
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import Plan
from grapevine.domain.rates import SCALE, RateRule, line_rate
from tests import builders as make
from tests.builders import BO, CY, T0, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

TEA = make.line("tea", 10_000, sku="TEA-1", product_id="77", quantity_milli=4000)
MUG = make.line("mug", 3_333, sku="MUG-1", product_id="88")


def posted(plan: Plan, *lines: Line, refunds: tuple[Refund, ...] = ()) -> World:
    world = chain_world(plan)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=lines)))
    world.post(T0 + minutes(2))
    for number, refund in enumerate(refunds):
        world.append(returned(number, refund))
        world.post(T0 + minutes(20 + number))
    world.fold()
    assert world.proof().faults == ()
    return world


def returned(number: int, refund: Refund) -> Fact:
    return make.fact(FactKind.REFUNDED, minutes(10 + number), refunds=(refund,))


def units(refund_id: str, line: str, milli: int, subtotal_minor: int) -> Refund:
    part = RefundLine(line_id=line, quantity_milli=milli, subtotal_minor=subtotal_minor)
    return Refund(id=refund_id, created_at=T0 + minutes(10), lines=(part,))


def test_edge_16_an_order_that_costs_nothing_earns_nothing_and_is_decided() -> None:
    world = posted(make.plan(1000), make.line("free", 5_000, discount_minor=5_000))
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.postings == ()
    assert entry.decision is not None
    assert entry.decision.promoter_ids == (CY,)


def test_edge_20_a_fixed_commission_larger_than_the_price_is_capped_and_flagged() -> None:
    rule = RateRule(id="tea", sku="TEA-1", per_unit_minor=(3_000,))
    world = posted(make.plan(1000, rules=(rule,), pool_cap_bps=9000), TEA)
    assert earned(world) == {CY: 8_000}
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    told = explanation(explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)))
    assert told["levels"][0]["lines"] == [
        {
            "line": "tea",
            "rule": "tea",
            "component": "item",
            "capped": True,
            "base": "100.00",
            "taken_out": "0.00",
            "refunded": "0.00",
            "share": "80.00",
            "reversed": "0.00",
        }
    ]


def test_edge_21_a_fixed_commission_goes_back_by_units_whatever_was_paid_back() -> None:
    plan = make.plan(1000, 200, rules=(RateRule(id="tea", sku="TEA-1", per_unit_minor=(150, 30)),))
    assert earned(posted(plan, TEA)) == {CY: 600, BO: 120}
    one = units("r1", "tea", 1000, 1)
    assert earned(posted(plan, TEA, refunds=(one,))) == {CY: 450, BO: 90}
    assert earned(posted(plan, TEA, refunds=(one, units("r2", "tea", 3000, 9_999)))) == {}


@pytest.mark.parametrize(
    ("rules", "tea_bps"),
    [
        ((), 1000),
        ((RateRule(id="p", promoter_id=CY, rate_bps=(1200,)),), 1200),
        ((RateRule(id="p", promoter_id=BO, rate_bps=(1200,)),), 1000),
        (
            (
                RateRule(id="d", product_id="77", rate_bps=(500,)),
                RateRule(id="p", promoter_id=CY, rate_bps=(1200,)),
            ),
            500,
        ),
        (
            (
                RateRule(id="s", sku="TEA-1", rate_bps=(400,)),
                RateRule(id="d", product_id="77", rate_bps=(500,)),
            ),
            400,
        ),
        (
            (
                RateRule(id="dp", product_id="77", promoter_id=CY, rate_bps=(300,)),
                RateRule(id="d", product_id="77", rate_bps=(500,)),
            ),
            300,
        ),
        (
            (
                RateRule(id="sp", sku="TEA-1", promoter_id=CY, rate_bps=(100,)),
                RateRule(id="s", sku="TEA-1", rate_bps=(900,)),
            ),
            100,
        ),
    ],
)
def test_edge_58_the_most_precise_rule_decides(rules: tuple[RateRule, ...], tea_bps: int) -> None:
    world = posted(make.plan(1000, rules=rules), TEA)
    assert earned(world) == {CY: tea_bps}


def test_edge_58_of_equally_precise_rules_the_one_that_pays_more_then_the_lower_id() -> None:
    fixed = RateRule(id="b", sku="TEA-1", per_unit_minor=(100,))
    percent = RateRule(id="a", sku="TEA-1", rate_bps=(300,))
    plan = make.plan(1000, rules=(percent, fixed))
    assert earned(posted(plan, TEA)) == {CY: 400}
    dearer = make.line("tea", 20_000, sku="TEA-1", quantity_milli=4000)
    assert earned(posted(plan, dearer)) == {CY: 600}
    same = make.line("tea", 13_332, sku="TEA-1", quantity_milli=4000)
    tie = line_rate(
        order_line(same, ()),
        CY,
        (1000,),
        (RateRule(id="b", sku="TEA-1", rate_bps=(300,)), percent),
        8000,
        3000,
    )
    assert tie.rule_id == "a"


def test_all_levels_together_stay_within_the_pool_and_the_furthest_gives_way() -> None:
    rule = RateRule(id="tea", sku="TEA-1", per_unit_minor=(600, 200, 200))
    world = posted(make.plan(1000, 300, 100, rules=(rule,)), TEA)
    assert earned(world) == {CY: 2_400, BO: 600}


@given(
    bases=st.lists(st.integers(1, 99_999), min_size=1, max_size=5),
    bps=st.integers(0, 3000),
    each=st.integers(1, 500),
)
def test_a_levels_total_is_the_exact_sum_rounded_once(bases: list[int], bps: int, each: int) -> None:
    rules = (
        RateRule(id="odd", sku="ODD", per_unit_minor=(each,)),
        RateRule(id="p", promoter_id=CY, rate_bps=(bps,)),
    )
    lines = [
        make.line(str(n), base, sku="ODD" if n % 2 else "EVEN", quantity_milli=1500)
        for n, base in enumerate(bases)
    ]
    exact = sum(
        min(Fraction(each * 3, 2) if n % 2 else Fraction(base * bps, 10_000), Fraction(base * 3, 10))
        for n, base in enumerate(bases)
    )
    rated = [line_rate(order_line(line, ()), CY, (1000,), rules, 8000, 3000) for line in lines]
    assert Fraction(sum(rate.scaled[0] for rate in rated), SCALE) == exact
    world = posted(make.plan(1000, rules=rules), *lines)
    assert earned(world).get(CY, 0) == round(exact)


def test_every_fault_of_every_rule_is_named() -> None:
    plan = make.plan(
        1000,
        rules=(
            RateRule(id="both", sku="A", rate_bps=(1,), per_unit_minor=(1,)),
            RateRule(id="none", sku="A"),
            RateRule(id="two", sku="A", product_id="1", rate_bps=(1,)),
            RateRule(id="all", rate_bps=(1,)),
            RateRule(id="levels", sku="A", rate_bps=(1, 1)),
            RateRule(id="below", sku="A", rate_bps=(-1,)),
            RateRule(id="pool", sku="A", rate_bps=(3001,)),
        ),
    )
    assert [fault.where for fault in plan_faults(plan)] == [
        f"rules.{name}" for name in ("both", "none", "two", "all", "levels", "below", "pool")
    ]


def test_a_refund_of_everything_clears_every_kind_of_rate() -> None:
    rules = (RateRule(id="tea", sku="TEA-1", per_unit_minor=(133, 7)),)
    back = (units("r1", "tea", 4000, 10_000), units("r2", "mug", 1000, 3_333))
    assert earned(posted(make.plan(999, 111, rules=rules), TEA, MUG, refunds=back)) == {}
