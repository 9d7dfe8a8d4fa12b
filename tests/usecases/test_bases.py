"""What commission is counted on: components of the price, and what it was paid with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.bases import counted_lines
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import (
    Component,
    FactKind,
    Line,
    Refund,
    RefundLine,
    Snapshot,
    Tender,
    TenderKind,
)
from grapevine.domain.orders import fold
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import Plan
from tests import builders as make
from tests.builders import CY, T0, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

TEA = make.line("tea", 10_000, added_tax_minor=800)
SHIPPING = make.line("shipping", 1_000, quantity_milli=0, component=Component.SHIPPING, added_tax_minor=100)
TIP = make.line("tip", 500, quantity_milli=0, component=Component.TIP)
CARD = make.line("card", 5_000, gift_card=True)
BY_CARD = TenderKind.GIFT_CARD


def back(line_id: str, subtotal_minor: int, tax_minor: int = 0, milli: int = 0) -> Refund:
    part = RefundLine(
        line_id=line_id, quantity_milli=milli, subtotal_minor=subtotal_minor, tax_minor=tax_minor
    )
    return Refund(id=f"{line_id}-{subtotal_minor}-{tax_minor}", created_at=T0, lines=(part,))


def told(*lines: Line, **changes: object) -> Snapshot:
    """An order of lines, of which those that are no items are charges."""
    items = tuple(line for line in lines if line.component is Component.ITEM)
    charges = tuple(line for line in lines if line.component is not Component.ITEM)
    return make.snapshot(lines=items, charges=charges, **{"tenders": (), **changes})


def posted(plan: Plan, snapshot: Snapshot, *refunds: Refund) -> World:
    world = chain_world(plan)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=snapshot))
    world.post(T0 + minutes(2))
    for number, refund in enumerate(refunds):
        world.append(make.fact(FactKind.REFUNDED, minutes(10 + number), refunds=(refund,)))
        world.post(T0 + minutes(20 + number))
    world.fold()
    assert world.proof().faults == ()
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    assert explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)).re_adds
    return world


@pytest.mark.parametrize(
    ("base", "minor"),
    [
        ((Component.ITEM,), 1_000),
        ((Component.ITEM, Component.TAX), 1_080),
        ((Component.ITEM, Component.SHIPPING), 1_100),
        ((Component.ITEM, Component.SHIPPING, Component.TAX), 1_190),
        ((Component.ITEM, Component.TIP), 1_050),
        ((Component.SHIPPING,), 100),
    ],
)
def test_edge_10_only_the_components_of_the_base_earn(base: tuple[Component, ...], minor: int) -> None:
    assert earned(posted(make.plan(1000, base=base), told(TEA, SHIPPING, TIP, CARD))) == {CY: minor}


def test_edge_10_a_refund_of_shipping_or_tax_counts_where_it_is_in_the_base_only() -> None:
    order, refunds = told(TEA, SHIPPING), (back("shipping", 1_000, 100), back("tea", 0, 800))
    assert earned(posted(make.plan(1000), order, *refunds)) == {CY: 1_000}
    with_shipping = make.plan(1000, base=(Component.ITEM, Component.SHIPPING))
    assert earned(posted(with_shipping, order, *refunds)) == {CY: 1_000}
    with_tax = make.plan(1000, base=(Component.ITEM, Component.TAX))
    assert earned(posted(with_tax, order, *refunds)) == {CY: 1_000}
    with_both = make.plan(1000, base=(Component.ITEM, Component.SHIPPING, Component.TAX))
    assert earned(posted(with_both, order, *refunds)) == {CY: 1_000}


def test_edge_10_tax_goes_back_with_the_net_that_does_also_where_nobody_tells_it() -> None:
    plan = make.plan(1000, base=(Component.ITEM, Component.TAX))
    assert earned(posted(plan, told(TEA), back("tea", 5_000))) == {CY: 540}
    assert earned(posted(plan, told(TEA), back("tea", 5_000), back("tea", 0, 600))) == {CY: 520}
    assert earned(posted(plan, told(TEA), back("tea", 10_000))) == {}
    inside = make.line("tea", 10_800, tax_minor=800, quantity_milli=2000)
    assert earned(posted(plan, told(inside), back("tea", 5_400, milli=1000))) == {CY: 540}


def test_edge_18_a_gift_card_that_is_sold_earns_where_the_base_lists_it() -> None:
    base = (Component.ITEM, Component.GIFT_CARD)
    plan = make.plan(1000, base=base, excluded_tenders=(BY_CARD,))
    assert earned(posted(plan, told(TEA, CARD))) == {CY: 1_500}
    assert earned(posted(make.plan(1000), told(TEA, CARD))) == {CY: 1_000}


def test_edge_18_what_an_excluded_tender_paid_is_out_of_the_base_in_proportion() -> None:
    """Of 100.00 + 8.00 tax + 10.00 shipping + 1.00 tax, 59.50 are paid with a card: half of everything."""
    order = told(TEA, SHIPPING, tenders=(Tender(kind=BY_CARD, minor=5_950),))
    assert earned(posted(make.plan(1000), order)) == {CY: 1_000}
    plan = make.plan(1000, excluded_tenders=(BY_CARD,))
    assert earned(posted(plan, order)) == {CY: 500}
    assert earned(posted(plan, order, back("tea", 2_500))) == {CY: 375}
    assert earned(posted(plan, order, back("tea", 2_500), back("tea", 7_500))) == {}
    points = make.plan(1000, excluded_tenders=(TenderKind.POINTS,))
    assert earned(posted(points, order)) == {CY: 1_000}


def test_edge_18_an_order_that_is_paid_with_excluded_tenders_alone_earns_nothing() -> None:
    order = told(TEA, tenders=(Tender(kind=BY_CARD, minor=99_999),))
    assert earned(posted(make.plan(1000, excluded_tenders=(BY_CARD,)), order)) == {}


def test_edge_18_the_explanation_says_what_was_taken_out() -> None:
    world = posted(
        make.plan(1000, excluded_tenders=(BY_CARD,)),
        told(TEA, tenders=(Tender(kind=BY_CARD, minor=5_400),)),
    )
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    found = explanation(explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)))
    assert (found["order"]["base"], found["order"]["taken_out"]) == ("50.00", "50.00")
    (line,) = found["levels"][0]["lines"]
    assert (line["base"], line["taken_out"], line["share"]) == ("50.00", "50.00", "5.00")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"tenders": None}, "how it was paid"),
        ({"tenders": (Tender(kind=BY_CARD, minor=None),)}, "how much was paid with gift_card"),
        ({"charges": None}, "its shipping and tips"),
    ],
)
def test_what_the_base_needs_and_nobody_tells_is_not_nothing(changes: dict[str, object], what: str) -> None:
    plan = make.plan(1000, excluded_tenders=(BY_CARD,), base=(Component.ITEM, Component.SHIPPING))
    world = chain_world(plan)
    silent = make.snapshot(**{"lines": (TEA,), "charges": (), "tenders": (), **changes})
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=silent))
    with pytest.raises(OrderUnprocessableError, match=f"no body tells {what}"):
        world.post(T0 + minutes(2))
    world.append(make.fact(FactKind.EDITED, minutes(3), snapshot=told(TEA)))
    world.post(T0 + minutes(4))
    assert earned(world) == {CY: 1_000}


@given(
    nets=st.lists(st.integers(0, 9_999), min_size=1, max_size=5),
    taxes=st.lists(st.integers(0, 999), min_size=5, max_size=5),
    paid=st.integers(0, 99_999),
)
def test_edge_18_what_is_counted_and_what_is_taken_out_are_the_whole(
    nets: list[int], taxes: list[int], paid: int
) -> None:
    lines = [
        make.line(str(number), net, added_tax_minor=tax)
        for number, (net, tax) in enumerate(zip(nets, taxes, strict=False))
    ]
    whole = sum(nets) + sum(taxes[: len(nets)])
    plan = make.plan(base=(Component.ITEM, Component.TAX), excluded_tenders=(BY_CARD,))
    snapshot = told(*lines, tenders=(Tender(kind=BY_CARD, minor=paid),))
    counted = counted_lines(fold((make.fact(snapshot=snapshot),)), plan)
    assert sum(item.taken_out_minor for item in counted) == min(paid, whole)
    for item, net, tax in zip(counted, nets, taxes, strict=False):
        assert item.base_minor + item.taken_out_minor == net + tax
        assert item.base_minor >= 0


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"base": ()}, ["base"]),
        ({"base": (Component.TAX,)}, ["base"]),
        ({"base": (Component.ITEM, Component.ITEM)}, ["base"]),
        ({"base": (Component.ITEM, Component.GIFT_CARD)}, ["base"]),
        ({"excluded_tenders": (BY_CARD, BY_CARD)}, ["excluded_tenders"]),
        ({"base": (Component.GIFT_CARD,), "excluded_tenders": (BY_CARD,)}, []),
        (
            {"base": (Component.TAX, Component.TAX), "excluded_tenders": (BY_CARD, BY_CARD)},
            ["base", "base", "excluded_tenders"],
        ),
    ],
)
def test_a_base_that_contradicts_itself_is_refused(changes: dict[str, object], faults: list[str]) -> None:
    assert [fault.where for fault in plan_faults(make.plan(**changes))] == faults
