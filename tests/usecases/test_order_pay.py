"""Flat pay for an order: whose, how much, what of it goes back."""

from __future__ import annotations

import pytest

from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import FactKind, Refund
from grapevine.domain.fx import Rate
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import AttributionModel
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, minutes
from tests.usecases.amounts import earned
from tests.usecases.test_bases import back, posted, told
from tests.worlds import World, chain_world

TEA = make.line("tea", 10_000, quantity_milli=2000)
FREE = make.line("tea", 5_000, discount_minor=5_000, quantity_milli=4000)


def lines_of(world: World) -> list[dict[str, object]]:
    """Return level one's lines as the explanation has them."""
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    found = explanation(explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)))
    lines: list[dict[str, object]] = found["levels"][0]["lines"]
    return lines


def test_flat_pay_comes_on_top_of_the_lines_at_each_level() -> None:
    plan = make.plan(1000, 300, 100, per_order_minor=(250, 100))
    world = posted(plan, told(TEA))
    assert earned(world) == {CY: 1_250, BO: 400, ANA: 100}
    assert [(line["line"], line["component"], line["share"]) for line in lines_of(world)] == [
        ("tea", "item", "10.00"),
        (None, "per_order", "2.50"),
    ]


def test_flat_pay_goes_back_in_proportion_and_all_of_it_in_the_end() -> None:
    plan = make.plan(0, per_order_minor=(250,))
    half, rest = back("tea", 3_333), back("tea", 6_667)
    assert earned(posted(plan, told(TEA), half)) == {CY: 250 - 83}
    assert earned(posted(plan, told(TEA), half, rest)) == {}


def test_a_cancelled_order_keeps_no_flat_pay() -> None:
    world = posted(make.plan(0, per_order_minor=(250,)), told(TEA))
    cancelled = told(TEA, cancelled_at=T0 + minutes(30))
    world.append(make.fact(FactKind.CANCELLED, minutes(30), snapshot=cancelled))
    world.post(T0 + minutes(31))
    assert earned(world) == {}


def test_edge_16_an_order_of_nothing_has_flat_pay_only_where_the_plan_says_so() -> None:
    silent = posted(make.plan(1000, per_order_minor=(250,)), told(FREE))
    assert earned(silent) == {}
    (entry,) = silent.ledger.entries_of(make.ORDER)
    assert entry.decision
    assert entry.decision.promoter_ids == (CY,)
    plan = make.plan(1000, 200, per_order_minor=(250, 50), per_order_if_free=True)
    assert earned(posted(plan, told(FREE))) == {CY: 250, BO: 50}


def test_edge_16_flat_pay_for_nothing_goes_back_by_units() -> None:
    plan = make.plan(1000, per_order_minor=(250,), per_order_if_free=True)
    one: Refund = back("tea", 0, milli=1000)
    assert earned(posted(plan, told(FREE), one)) == {CY: 250 - 62}
    assert earned(posted(plan, told(FREE), back("tea", 0, milli=4000))) == {}


def test_edge_16_an_order_without_lines_has_no_flat_pay() -> None:
    plan = make.plan(1000, per_order_minor=(250,), per_order_if_free=True)
    assert earned(posted(plan, told())) == {}


def test_edge_20_flat_pay_larger_than_the_price_is_capped_and_the_furthest_gives_way() -> None:
    small = make.line("tea", 300)
    world = posted(make.plan(0, 0, per_order_minor=(200, 200)), told(small))
    assert earned(world) == {CY: 200, BO: 40}
    world = posted(make.plan(0, per_order_minor=(250,)), told(small))
    assert earned(world) == {CY: 240}
    (line,) = lines_of(world)
    assert (line["component"], line["capped"], line["base"]) == ("per_order", True, "3.00")


def test_edge_66_promoters_who_share_an_order_share_its_flat_pay_exactly() -> None:
    plan = make.plan(0, attribution_model=AttributionModel.LINEAR, per_order_minor=(251,))
    world = chain_world(plan)
    other = make.CLICK_ID[:22] + "-" + "5" * 20
    earlier = T0 - minutes(60)
    world.clicks.record(make.click(id=other, promoter_id=ANA, occurred_at=earlier, recorded_at=earlier))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=told(TEA)))
    world.post(T0 + minutes(2))
    assert earned(world) == {ANA: 126, CY: 125}


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"per_order_minor": (1, 1, 1)}, ["per_order_minor"]),
        ({"per_order_minor": (-1,)}, ["per_order_minor"]),
        ({"per_order_if_free": True}, ["per_order_if_free"]),
        ({"per_order_minor": (0, -1, 10**16), "per_order_if_free": True}, ["per_order_minor"] * 2),
    ],
)
def test_flat_pay_that_contradicts_the_plan_is_refused(changes: dict[str, object], faults: list[str]) -> None:
    assert [fault.where for fault in plan_faults(make.plan(**changes))] == faults


def test_edge_68_flat_pay_is_in_the_programs_currency_and_its_cap_in_the_orders() -> None:
    """100.00 EUR at 1.25 are 125.00 USD, of which at most 1 % is flat pay: 1.25 of 2.00."""
    world = chain_world(make.plan(0, per_order_minor=(200,), line_cap_bps=100))
    rate = Rate(base="EUR", quote="USD", text="1.25", source="the bank", effective_at=T0)
    world.catalog.add_rate(make.PROGRAM_ID, rate)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=told(TEA, currency="EUR")))
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 125}
    world.append(make.fact(FactKind.REFUNDED, minutes(10), refunds=(back("tea", 5_000),)))
    world.post(T0 + minutes(11))
    assert earned(world) == {CY: 125 - 62}
