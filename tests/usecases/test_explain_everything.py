"""One order with everything in it: split, raised by tiers, partly refunded, foreign, and told to the unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import FactKind
from grapevine.domain.fx import Rate
from grapevine.domain.plans import AttributionModel
from grapevine.domain.tiers import Tier, Volume
from grapevine.usecases.publish_rate import PublishRate, publish_rate
from tests import builders as make
from tests.builders import BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.worlds import World, chain_world

TIERS = (
    Tier(id="base", threshold=0, add_bps=0),
    Tier(id="silver", threshold=10_000, add_bps=200),
    Tier(id="gold", threshold=50_000, add_bps=500),
)
RATE = Rate(base="EUR", quote="USD", text="1.0835", source="ECB", effective_at=T0 - days(1))


def told(world: World) -> dict[str, Any]:
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    return explanation(explained(entries, facts, world.catalog.terms(PROGRAM_ID)))


def everything() -> World:
    plan = make.plan(1000, 300, attribution_model=AttributionModel.LINEAR, tiers=TIERS)
    world = chain_world(plan)
    world.clicks.record(
        make.click(
            id=make.CLICK_ID[:-1] + "9", promoter_id=BO, occurred_at=T0 - days(2), recorded_at=T0 - days(2)
        )
    )
    world.catalog.close_month(PROGRAM_ID, CY, "2026-10", Volume(12_345, 3))
    world.catalog.close_month(PROGRAM_ID, BO, "2026-10", Volume(60_000, 9))
    publish_rate(PublishRate(PROGRAM_ID, RATE), world.catalog)
    lines = (make.line("a", 9_999), make.line("b", 3_334))
    snapshot = make.snapshot(currency="EUR", lines=lines)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=snapshot))
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(30), ("a", 3_333)))
    world.post(T0 + minutes(31))
    return world


def test_a_split_raised_refunded_foreign_order_re_adds_to_the_unit() -> None:
    world = everything()
    found = told(world)
    assert found["re_adds"] is True
    assert [tier["tier"] for tier in found["tiers"]] == ["gold", "silver"]
    assert (found["order"]["currency"], found["rate"]["rate"]) == ("EUR", "1.0835")
    owed: dict[str, Decimal] = {}
    for level in found["levels"]:
        lines, back = level["lines"], Decimal(level["reversed"])
        assert sum(Decimal(line["share"]) for line in lines) == Decimal(level["total"])
        assert sum(Decimal(line["reversed"]) for line in lines) == back > 0
        assert Decimal(level["total"]) - back == Decimal(level["earned"])
        owed[level["promoter"]] = owed.get(level["promoter"], Decimal(0)) + Decimal(level["earned"])
    assert owed == {name: Decimal(minor) / 100 for name, minor in earned(world).items()}


def test_it_is_told_to_each_of_them_and_a_full_refund_leaves_nothing() -> None:
    world = everything()
    assert set(earned(world)) == {CY, BO, make.ANA}
    world.append(make.refunded("r2", minutes(40), ("a", 6_666), ("b", 3_334)))
    world.post(T0 + minutes(41))
    assert earned(world) == {}
    assert told(world)["re_adds"] is True
