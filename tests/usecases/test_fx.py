"""Orders in another currency: an exact rate of the order's instant, frozen, or a wait for it."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.entries import canonical, entry_of_text
from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, MoneyError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, Line
from grapevine.domain.fx import MAX_AGE, Rate
from grapevine.domain.money import MAX_MINOR, exponent
from grapevine.domain.plans import AttributionModel
from grapevine.domain.rates import RateRule
from grapevine.usecases.publish_rate import PublishRate, publish_rate
from tests import builders as make
from tests.builders import BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

YESTERDAY = T0 - days(1)


def rate(text: str, base: str = "EUR", at: datetime = YESTERDAY) -> Rate:
    return Rate(base=base, quote="USD", text=text, source="ECB", effective_at=at)


def published(world: World, *rates: Rate) -> None:
    for one in rates:
        publish_rate(PublishRate(PROGRAM_ID, one), world.catalog)


def paid(currency: str, *lines: Line) -> Fact:
    told = make.snapshot(currency=currency, lines=lines or (make.line("a", 10_000),))
    return make.fact(FactKind.PAID, minutes(1), snapshot=told)


def test_edge_68_a_foreign_order_earns_in_the_programs_currency_at_its_own_rate() -> None:
    world = chain_world(make.plan(1000, 300))
    published(world, rate("1.0835"), rate("9.99", at=T0 + minutes(1)))
    world.append(paid("EUR"))
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 1084, BO: 325}
    world.append(make.refunded("r1", minutes(30), ("a", 3_333)))
    world.post(T0 + minutes(31))
    assert earned(world) == {CY: 1084 - 361, BO: 325 - 108}
    world.append(make.refunded("r2", minutes(40), ("a", 6_667)))
    world.post(T0 + minutes(41))
    assert earned(world) == {}


def test_edge_68_the_rate_is_kept_with_its_source_and_explained() -> None:
    world = chain_world(make.plan(1000))
    published(world, rate("1.0835"))
    world.append(paid("EUR"))
    world.post(T0 + minutes(2))
    entries = world.ledger.entries_of(make.ORDER)
    assert entry_of_text(canonical(entries[0]), make.ORDER) == entries[0]
    found = explained(entries, world.facts.facts_of(make.ORDER), world.catalog.terms(PROGRAM_ID))
    told = explanation(found)
    assert told["re_adds"]
    assert (told["rate"]["rate"], told["rate"]["source"]) == ("1.0835", "ECB")
    assert (told["order"]["currency"], told["order"]["base"]) == ("EUR", "100.00")
    assert told["levels"][0]["total"] == "10.84"


def test_edge_68_decimals_of_the_currencies_may_differ() -> None:
    world = chain_world(make.plan(1000))
    published(world, rate("0.0065", "JPY"))
    world.append(paid("JPY"))
    world.post(T0 + minutes(2))
    assert earned(world) == {CY: 650}
    assert exponent("JPY") == 0


def test_edge_69_a_missing_rate_makes_the_commission_wait_and_nothing_is_lost() -> None:
    world = chain_world(make.plan(1000))
    world.append(paid("EUR"))
    world.post(T0 + minutes(2))
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.decision is not None
    assert entry.decision.reason.value == "rate_pending"
    assert (earned(world), world.failures.sent) == ({}, [])
    assert world.sweep(T0 + days(2)).posted == 1
    assert earned(world) == {}
    published(world, rate("1.1"))
    assert world.sweep(T0 + days(4)).posted == 1
    assert earned(world) == {CY: 1100}
    world.fold()
    assert world.proof().faults == ()


def test_edge_69_an_old_rate_is_none() -> None:
    world = chain_world(make.plan(1000))
    published(world, rate("1.1", at=T0 - MAX_AGE - minutes(1)))
    world.append(paid("EUR"))
    world.post(T0 + minutes(2))
    assert earned(world) == {}


def test_a_foreign_order_that_nobody_earns_from_asks_for_no_rate() -> None:
    world = chain_world(make.plan(1000))
    told = make.snapshot(currency="EUR", click_id=None)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=told))
    assert world.post(T0 + minutes(2)) is None


@given(
    text=st.integers(1, 10**12).map(lambda number: f"{number // 10**6}.{number % 10**6:06d}"),
    bases=st.lists(st.integers(1, 10**7), min_size=1, max_size=3),
    parts=st.sampled_from(["0.25", "0.5", "1"]),
)
def test_any_rate_is_exact_and_clears_to_zero(text: str, bases: list[int], parts: str) -> None:
    rule = RateRule(id="each", sku="EACH", per_unit_minor=(50,))
    world = chain_world(make.plan(1000, rules=(rule,), attribution_model=AttributionModel.LAST_CLICK))
    published(world, rate(text))
    lines = tuple(make.line(str(n), base, sku="EACH" if n == 1 else None) for n, base in enumerate(bases))
    world.append(paid("EUR", *lines))
    world.post(T0 + minutes(2))
    worth = Fraction(text)
    exact = sum(
        min(Fraction(50), base * worth * Fraction(3, 10)) if n == 1 else base * worth / 10
        for n, base in enumerate(bases)
    )
    assert earned(world).get(CY, 0) == round(exact) <= MAX_MINOR
    for step, share in enumerate((parts, "1")):
        back = tuple((str(n), int(base * Fraction(share))) for n, base in enumerate(bases))
        refund = make.refunded(f"r{step}", minutes(10 + step), *back)
        world.append(refund)
        world.post(T0 + minutes(20 + step))
        entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
        assert explained(entries, facts, world.catalog.terms(PROGRAM_ID)).re_adds


@pytest.mark.parametrize("text", ["0", "0.000", "-1", "1,1", "", "1e3", "NaN", "1" * 13])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        rate(text)


def test_a_rate_leads_into_the_programs_currency_and_is_not_rewritten() -> None:
    world = chain_world()
    published(world, rate("1.1"))
    with pytest.raises(AlreadyExistsError):
        published(world, rate("1.2"))
    other = Rate(base="USD", quote="EUR", text="1", source="ECB", effective_at=T0)
    with pytest.raises(InvalidInputError, match="USD"):
        publish_rate(PublishRate(PROGRAM_ID, other), world.catalog)
    with pytest.raises(MoneyError, match="to itself"):
        rate("1", "USD")
    with pytest.raises(MoneyError, match="unknown currency"):
        rate("1", "ZZZ")
