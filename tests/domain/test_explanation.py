"""Explanations: derived again from the facts, an amount is what stands, and every part adds up."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings

from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.people import PromoterStatus
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.reference import Story
from tests.strategies import PATIENT, play, stories, sweeps_of, world_of
from tests.worlds import World, chain_world

END = T0 + days(3)


def told(world: World, order: OrderKey, number: int) -> dict[str, Any]:
    entries, facts = world.ledger.entries_of(order)[:number], world.facts.facts_of(order)
    return explanation(explained(entries, facts, world.catalog.terms(make.PROGRAM_ID)))


@given(stories())
@settings(PATIENT, max_examples=30)
def test_every_entry_of_any_order_re_adds_in_all_its_parts(story: Story) -> None:
    world = world_of(story)
    play(story, world, sweeps_of(story, END))
    for order in story.orders:
        for number in range(1, len(world.ledger.entries_of(order)) + 1):
            check(told(world, order, number))


def check(found: dict[str, Any]) -> None:
    assert found["re_adds"] is True
    assert json.loads(json.dumps(found)) == found
    owed: dict[str, Decimal] = {}
    standing = {name: Decimal(amount) for name, amount in found["standing"].items()}
    for level in found["levels"]:
        lines, total, back = level["lines"], Decimal(level["total"]), Decimal(level["reversed"])
        assert sum(Decimal(line["share"]) for line in lines) == total
        assert sum(Decimal(line["reversed"]) for line in lines) == back
        earned = Decimal(level["earned"])
        assert earned in (total - back, 0) or (0 <= earned <= total - back and found["caps"])
        owed[level["promoter"]] = owed.get(level["promoter"], Decimal(0)) + earned
    points = check_extras(found, owed)
    for bonus in found["recruit_bonuses"]:
        owed[bonus["promoter"]] = owed.get(bonus["promoter"], Decimal(0)) + Decimal(bonus["amount"])
    assert standing == {name: amount for name, amount in owed.items() if amount}
    assert {name: Decimal(amount) for name, amount in found["points"].items()} == points
    for cap in found["caps"]:
        wanted, granted = Decimal(cap["wanted"]), Decimal(cap["granted"])
        assert granted <= min(wanted, Decimal(cap["limit"]))
        assert cap["capped"] is (granted < wanted)


def check_extras(found: dict[str, Any], owed: dict[str, Decimal]) -> dict[str, Decimal]:
    """Add what campaigns give to what is owed; return what is owed in points."""
    points: dict[str, Decimal] = {}
    for extra in found["campaigns"]:
        assert sum(Decimal(line["share"]) for line in extra["lines"]) == Decimal(extra["total"])
        assert Decimal(extra["granted"]) <= Decimal(extra["wanted"]) <= Decimal(extra["total"])
        sums = points if extra["currency"] == "PTS" else owed
        sums[extra["promoter"]] = sums.get(extra["promoter"], Decimal(0)) + Decimal(extra["granted"])
    return {name: amount for name, amount in points.items() if amount}


def test_an_explanation_tells_the_whole_story() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)), make.verdict(Outcome.ALLOW))
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    found = told(world, make.ORDER, 2)
    assert (found["entry"], found["reason"]) == (f"{make.ORDER}/2", "refunded")
    assert found["order"]["base"] == "133.33"
    assert found["order"]["refunded"] == "23.45"
    assert found["attribution"]["promoters"] == [[make.CY, make.BO, make.ANA]]
    assert found["attribution"]["candidates"][0]["reason"] == "eligible"
    assert [level["total"] for level in found["levels"]] == ["13.33", "4.00", "1.33"]
    assert found["levels"][0]["lines"][0] == {
        "line": "a",
        "component": "item",
        "rule": None,
        "capped": False,
        "base": "100.00",
        "taken_out": "0.00",
        "refunded": "23.45",
        "share": "10.00",
        "reversed": "2.34",
    }
    assert found["standing"] == {make.CY: "10.99", make.BO: "3.30", make.ANA: "1.10"}
    assert (found["verdict"], found["released"], found["plan_version"]) == ("allow", False, 1)
    assert found["hold_ends_at"] == "2026-12-11T09:01:00.000Z"
    assert told(world, make.ORDER, 1)["standing"] == {make.CY: "13.33", make.BO: "4.00", make.ANA: "1.33"}


def test_nothing_is_left_of_the_level_of_somebody_whose_part_was_voided() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    banned = make.promoter(make.BO, make.ANA).with_status(PromoterStatus.BANNED, "cheated", T0 + days(1))
    world.catalog.change_promoter(banned, 0)
    world.fold()
    world.void(make.BO, T0 + days(1))
    found = told(world, make.ORDER, 2)
    assert found["voided"] == [make.BO]
    assert [level["earned"] for level in found["levels"]] == ["13.33", "0.00", "1.33"]
    check(found)


def test_what_does_not_add_up_says_so() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    entries = world.ledger.entries_of(make.ORDER)
    other = make.snapshot(lines=(make.line("a", 1),))
    fact = make.fact(FactKind.PAID, minutes(1), digest=entries[0].facts[0], snapshot=other)
    assert not explained(entries, (fact,), world.catalog.terms(make.PROGRAM_ID)).re_adds
