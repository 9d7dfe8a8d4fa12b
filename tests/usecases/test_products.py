"""Products: rates by category and collection, and lines that belong to whom their product is bound."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.candidates import Reason
from grapevine.domain.chains import HOUSE
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, Line, Outcome
from grapevine.domain.plans import Plan, SelfPurchase
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.rates import RateRule
from grapevine.usecases.put_products import ProductTerms, PutProducts, put_products, read_product
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

DEE = "pr_dee"
TEA = make.line("tea", 10_000, sku="TEA-1", product_id="77", quantity_milli=4000)
MUG = make.line("mug", 2_000, sku="MUG-1", product_id="88")
BOUND = {"product_bound": True}


def put(world: World, product_id: str = "77", at: int = -10, **terms: object) -> None:
    change = ProductTerms(id=product_id, **terms)  # type: ignore[arg-type]
    put_products(PutProducts(PROGRAM_ID, (change,)), world.catalog, T0 + days(at))


def world_of(plan: Plan) -> World:
    world = chain_world(plan)
    world.catalog.add_promoter(make.promoter(DEE, ANA))
    return world


def buy(world: World, *lines: Line, **changes: object) -> None:
    fact = make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=lines, **changes))
    world.append(fact)
    world.post(T0 + minutes(2))
    world.fold()
    assert world.proof().faults == ()
    if entries := world.ledger.entries_of(make.ORDER):
        facts = world.facts.facts_of(make.ORDER)
        assert explained(entries, facts, world.catalog.terms(PROGRAM_ID)).re_adds


# --- groups --------------------------------------------------------------------------------------

LADDER = (
    RateRule(id="s", sku="TEA-1", rate_bps=(100,)),
    RateRule(id="d", product_id="77", rate_bps=(200,)),
    RateRule(id="o", collection_id="sale", rate_bps=(300,)),
    RateRule(id="c", category="tea", rate_bps=(400,)),
)
FOR_CY = tuple(
    RateRule(
        id=f"{rule.id}p",
        promoter_id=CY,
        rate_bps=(rule.rate_bps[0] + 1,),
        sku=rule.sku,
        product_id=rule.product_id,
        collection_id=rule.collection_id,
        category=rule.category,
    )
    for rule in LADDER
)
EVERYTHING = RateRule(id="p", promoter_id=CY, rate_bps=(500,))
RUNGS = [rule for pair in zip(FOR_CY, LADDER, strict=True) for rule in pair] + [EVERYTHING]


@pytest.mark.parametrize("number", range(len(RUNGS)))
def test_edge_58_the_ladder_has_its_rungs_in_this_order(number: int) -> None:
    """Whatever is below, in whatever order the plan has it, the most precise of what is left decides."""
    world = world_of(make.plan(1000, rules=tuple(reversed(RUNGS[number:]))))
    put(world, category="tea", collections=("sale", "gifts"))
    buy(world, TEA)
    assert earned(world) == {CY: RUNGS[number].rate_bps[0]}


def test_edge_58_of_two_collections_the_one_that_pays_more() -> None:
    rules = (
        RateRule(id="a", collection_id="sale", rate_bps=(300,)),
        RateRule(id="b", collection_id="gifts", per_unit_minor=(100,)),
    )
    world = world_of(make.plan(1000, rules=rules))
    put(world, collections=("sale", "gifts"))
    buy(world, TEA)
    assert earned(world) == {CY: 400}


def test_a_product_is_in_the_groups_that_it_was_in_when_the_order_was_placed() -> None:
    world = world_of(make.plan(1000, rules=LADDER[3:]))
    put(world, category="tea")
    put(world, category="mugs", at=1)
    put(world, "88", category="tea", at=1)
    buy(world, TEA, MUG)
    assert earned(world) == {CY: 400 + 200}


def test_a_plan_without_groups_reads_no_product() -> None:
    world = world_of(make.plan(1000, rules=LADDER[:2]))
    put(world, category="tea", promoter_id=DEE)
    buy(world, TEA)
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.decision
    assert entry.decision.products == ()


def test_an_order_that_gets_another_product_is_decided_with_it() -> None:
    world = world_of(make.plan(1000, rules=LADDER[3:]))
    put(world, "88", category="tea")
    buy(world, TEA)
    assert earned(world) == {CY: 1_000}
    edited = make.snapshot(lines=(TEA, MUG))
    world.append(make.fact(FactKind.EDITED, days(1), snapshot=edited))
    world.post(T0 + days(2))
    assert earned(world) == {CY: 1_000 + 80}


# --- lines that are bound ------------------------------------------------------------------------


def test_edge_19_lines_of_a_bound_product_belong_to_its_promoter_and_upline() -> None:
    world = world_of(make.plan(1000, 300, **BOUND))
    put(world, promoter_id=DEE)
    buy(world, TEA, MUG)
    assert earned(world) == {DEE: 1_000, ANA: 300, CY: 200, BO: 60}
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    why = explanation(explained(entries, facts, world.catalog.terms(PROGRAM_ID)))
    assert why["attribution"]["products"] == [
        {"product": "77", "category": None, "collections": [], "promoters": [DEE, ANA]}
    ]
    assert [(level["promoter"], [line["line"] for line in level["lines"]]) for level in why["levels"]] == [
        (CY, ["mug"]),
        (BO, ["mug"]),
        (DEE, ["tea"]),
        (ANA, ["tea"]),
    ]


def test_edge_19_a_bound_product_earns_without_any_touch() -> None:
    world = world_of(make.plan(1000, 300, **BOUND))
    put(world, promoter_id=DEE)
    buy(world, TEA, MUG, click_id=None)
    assert earned(world) == {DEE: 1_000, ANA: 300}
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.decision
    assert (entry.decision.reason, entry.decision.claims) == (Reason.NO_TOUCH, ())
    assert entry.due_at


def test_edge_19_an_order_without_a_touch_or_a_bound_product_leaves_no_entry() -> None:
    world = world_of(make.plan(1000, **BOUND))
    buy(world, TEA, click_id=None)
    assert world.ledger.entries_of(make.ORDER) == ()


def test_edge_19_a_product_that_was_bound_later_belongs_to_the_winner() -> None:
    world = world_of(make.plan(1000, **BOUND))
    put(world, promoter_id=DEE, at=1)
    buy(world, TEA)
    assert earned(world) == {CY: 1_000}


def test_edge_19_without_the_setting_nothing_is_bound() -> None:
    world = world_of(make.plan(1000))
    put(world, promoter_id=DEE)
    buy(world, TEA)
    assert earned(world) == {CY: 1_000}


def test_edge_19_lines_of_a_suspended_promoter_are_the_houses() -> None:
    world = chain_world(make.plan(1000, 300, **BOUND))
    world.catalog.add_promoter(make.suspended(make.promoter(DEE, ANA)))
    put(world, promoter_id=DEE)
    buy(world, TEA, MUG)
    assert earned(world) == {"house": 1_000, CY: 200, BO: 60}
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.decision
    assert entry.decision.products[0].earners == (HOUSE,)


def test_edge_19_a_promoter_who_is_bound_and_wins_has_both() -> None:
    world = world_of(make.plan(1000, **BOUND))
    put(world, promoter_id=CY)
    buy(world, TEA, MUG)
    assert earned(world) == {CY: 1_200}


def test_edge_19_a_refund_takes_from_whose_line_it_is() -> None:
    world = world_of(make.plan(1000, **BOUND))
    put(world, promoter_id=DEE)
    buy(world, TEA, MUG)
    world.append(make.refunded("r1", minutes(10), ("tea", 5_000)))
    world.post(T0 + minutes(11))
    assert earned(world) == {DEE: 500, CY: 200}
    world.append(make.refunded("r2", minutes(12), ("tea", 5_000), ("mug", 2_000)))
    world.post(T0 + minutes(13))
    assert earned(world) == {}


def test_edge_19_ten_promoters_share_an_order_at_most() -> None:
    """Nine who are bound and the winner; lines of the others are the winner's."""
    world = world_of(make.plan(1000, **BOUND))
    lines = []
    for number in range(12):
        name = f"pr_{number:02d}"
        world.catalog.add_promoter(make.promoter(name))
        put(world, f"p{number}", promoter_id=name)
        lines.append(make.line(str(number), 1_000, product_id=f"p{number}"))
    buy(world, *lines)
    assert earned(world) == {CY: 300, **{f"pr_{number:02d}": 100 for number in range(9)}}


OWN = "c" * 24


@pytest.mark.parametrize(
    ("policy", "amounts", "outcome"),
    [
        (SelfPurchase.BLOCK, {DEE: 1_000, ANA: 300, CY: 200, BO: 60}, Outcome.BLOCK),
        (SelfPurchase.REBATE, {DEE: 1_000, CY: 200, BO: 60}, Outcome.ALLOW),
        (SelfPurchase.DISCOUNT_ONLY, {CY: 200, BO: 60}, Outcome.ALLOW),
    ],
)
def test_edge_33_who_buys_what_is_bound_to_them(
    policy: SelfPurchase, amounts: dict[str, int], outcome: Outcome
) -> None:
    world = chain_world(make.plan(1000, 300, self_purchase=policy, **BOUND))
    world.catalog.add_promoter(make.promoter(DEE, ANA, customer_key=OWN))
    put(world, promoter_id=DEE)
    buy(world, TEA, MUG, customer_key=OWN)
    assert earned(world) == amounts
    (fact,) = world.facts.facts_of(make.ORDER)
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    found = screen_order(ScreenOrder(fact), ports, T0 + minutes(3))
    assert found
    assert found.verdict
    assert found.verdict.outcome is outcome


def test_an_order_that_only_a_bound_product_makes_somebodys_is_screened() -> None:
    world = world_of(make.plan(1000, **BOUND))
    put(world, promoter_id=DEE)
    buy(world, TEA, click_id=None)
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    found = screen_order(ScreenOrder(world.facts.facts_of(make.ORDER)[0]), ports, T0 + minutes(3))
    assert found
    assert found.verdict
    assert (found.verdict.outcome, found.verdict.evidence) == (Outcome.ALLOW, f"{DEE} 77")


# --- in any order --------------------------------------------------------------------------------

STORY = (
    make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(TEA,), click_id=None)),
    make.fact(FactKind.EDITED, minutes(30), snapshot=make.snapshot(lines=(TEA, MUG))),
    make.fact(FactKind.EDITED, days(2), snapshot=make.snapshot(lines=(MUG,))),
    make.refunded("r1", days(3), ("mug", 500)),
)


def told_in(steps: Sequence[Fact]) -> dict[str, int]:
    rules = (RateRule(id="c", category="tea", per_unit_minor=(100,)),)
    world = world_of(make.plan(1000, 300, rules=rules, per_order_minor=(111,), **BOUND))
    put(world, category="tea", promoter_id=DEE)
    put(world, "88", promoter_id=BO)
    put(world, "88", promoter_id=CY, at=1)
    for number, fact in enumerate(steps):
        world.append(fact)
        world.post(T0 + days(4) + minutes(number))
    world.post(T0 + days(90))
    world.fold()
    assert world.proof().faults == ()
    return earned(world)


@given(st.permutations(STORY * 2))
def test_edge_19_an_order_with_bound_products_ends_the_same_in_any_order(steps: list[Fact]) -> None:
    """The mug was Bo's when it was placed: 10 % of 15.00; Cy brought the order: 1.11 less a quarter."""
    assert told_in(steps) == {BO: 150, ANA: 45, CY: 83}


# --- putting -------------------------------------------------------------------------------------


def test_putting_the_same_again_changes_nothing() -> None:
    world = world_of(make.plan())
    for at in (-10, -9, -9):
        put(world, category="tea", collections=("b", "a", "b"), at=at)
    found = read_product(PROGRAM_ID, "77", world.catalog)
    change = ProductChange(effective_at=T0 - days(10), category="tea", collections=("a", "b"))
    assert found == Product(program_id=PROGRAM_ID, id="77", changes=(change,))


def test_a_history_never_goes_back_whatever_a_clock_says() -> None:
    world = world_of(make.plan())
    put(world, category="tea", at=-5)
    put(world, category="mugs", at=-9)
    found = read_product(PROGRAM_ID, "77", world.catalog)
    assert [change.effective_at for change in found.changes] == [T0 - days(5)] * 2
    known = found.at(T0)
    assert known
    assert known.category == "mugs"
    assert found.at(T0 - days(6)) is None


@pytest.mark.parametrize(
    ("products", "where"),
    [
        ((), "products"),
        (tuple(ProductTerms(id=str(n)) for n in range(101)), "products"),
        ((ProductTerms(id="1"), ProductTerms(id="1")), "products"),
        ((ProductTerms(id="a#b"),), "products[0].id"),
        ((ProductTerms(id="1"), ProductTerms(id="2", category="")), "products[1].category"),
        ((ProductTerms(id="1", collections=("",)),), "products[0].collections"),
        ((ProductTerms(id="1", collections=tuple(map(str, range(51)))),), "products[0].collections"),
        ((ProductTerms(id="1", promoter_id="pr_nobody"),), "products[0].promoter_id"),
    ],
)
def test_a_wrong_product_is_refused_and_nothing_is_stored(
    products: tuple[ProductTerms, ...], where: str
) -> None:
    world = world_of(make.plan())
    with pytest.raises(InvalidInputError) as refusal:
        put_products(PutProducts(PROGRAM_ID, products), world.catalog, T0)
    assert refusal.value.where == where
    with pytest.raises(NotFoundError):
        read_product(PROGRAM_ID, "1", world.catalog)
