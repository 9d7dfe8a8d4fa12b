"""Orders that wait for a person, or for their own beginning: listed, ruled on, posted, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from grapevine.domain.entries import EntryReason
from grapevine.domain.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    OrderUnprocessableError,
)
from grapevine.domain.facts import Fact, FactKind, OrderKey, Ruling
from grapevine.domain.waits import WaitReason
from grapevine.usecases.explain_entry import ExplainEntry, ExplainPorts, explain_entry
from grapevine.usecases.list_waiting import Doubt, list_waiting, overdue_waits
from grapevine.usecases.rule_order import RuleOrder, rule_order
from tests import builders as make
from tests.builders import CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.usecases.posting import HELD, stands
from tests.usecases.test_edges import deliver
from tests.usecases.webhooks import line, order_body, refund_body
from tests.worlds import World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))
NEGATIVE = [line(11, "100.00"), line(12, "-20.00")]
"""Some shops write a discount as a line of its own."""


def waiting(world: World) -> list[Doubt]:
    return list(list_waiting(PROGRAM_ID, world.waits, world.facts))


def quarantined(lines: list[Any] | None = None) -> tuple[World, Fact]:
    """Return a world in which an order has come that cannot be right, with the fact that says so."""
    world = chain_world(make.plan(1000))
    assert deliver(world, order_body("1001", line_items=lines or NEGATIVE)).problem
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(3))
    (fact,) = world.facts.facts_of(ORDER)
    return world, fact


def rule(world: World, fact: Fact | str, *, accepted: bool, by: str = "Mei", **changes: Any) -> Ruling:  # noqa: ANN401
    name = fact if isinstance(fact, str) else fact.digest
    values = {"program_id": PROGRAM_ID, "order": ORDER, "fact": name, "accepted": accepted, "by": by}
    command = RuleOrder(**{**values, "why": "I asked the shop", **changes})
    return rule_order(command, world.facts, T0 + minutes(10))


# --- the list ------------------------------------------------------------------------------------


def test_edge_17_a_negative_amount_is_listed_with_its_place_and_what_could_be_read() -> None:
    world, fact = quarantined()
    (doubt,) = waiting(world)
    assert (doubt.wait.order, doubt.wait.reason) == (ORDER, WaitReason.QUARANTINED)
    assert doubt.wait.what == "line_items[1].price: negative"
    assert doubt.wait.since == fact.recorded_at
    assert doubt.facts == (fact,)
    assert fact.snapshot
    assert fact.snapshot.lines
    assert [line.gross_minor for line in fact.snapshot.lines] == [10_000, -2_000]
    assert world.ledger.entries_of(ORDER) == ()


def test_an_order_that_is_fine_is_never_listed_nor_taken_off() -> None:
    world = chain_world()
    world.append(PAID)
    world.post(T0 + minutes(2))
    assert waiting(world) == []
    assert world.waits.listed == {}


def test_a_later_body_that_tells_the_whole_order_takes_it_off_the_list() -> None:
    world, _ = quarantined()
    deliver(world, order_body("1001", updated_at="2026-11-11T09:30:00Z"), "orders/updated")
    world.post(T0 + minutes(40))
    assert world.waits.listed == {}
    assert world.ledger.entries_of(ORDER)


def test_an_order_of_which_too_little_was_told_is_listed() -> None:
    world = chain_world()
    bare = make.snapshot(lines=None)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=bare))
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(2))
    (doubt,) = waiting(world)
    assert (doubt.wait.reason, doubt.wait.what) == (WaitReason.INCOMPLETE, "no body tells its lines")
    assert doubt.facts == ()


def test_what_is_listed_and_waits_no_more_is_not_shown() -> None:
    """Two who post at once may leave a row behind; the order's own facts are what counts."""
    world, fact = quarantined()
    (listed,) = world.waits.listed.values()
    rule(world, fact, accepted=False)
    world.waits.keep(listed)
    assert waiting(world) == []


# --- accepting and rejecting ---------------------------------------------------------------------


def test_edge_17_an_accepted_order_is_counted_as_it_is() -> None:
    world, fact = quarantined()
    rule(world, fact, accepted=True)
    entry = world.post(T0 + minutes(11))
    assert entry
    assert entry.reason is EntryReason.ACCRUED
    # A line below nothing earns nothing; it does not take from the others.
    assert stands(world) == {f"{CY}:held": 1_000}
    assert world.waits.listed == {}
    assert waiting(world) == []


def test_edge_17_a_rejected_fact_is_ignored_for_good() -> None:
    world = chain_world()
    world.append(PAID)
    world.post(T0 + minutes(2))
    deliver(world, order_body("1001", line_items=NEGATIVE, updated_at="2026-11-11T09:30:00Z"))
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(31))
    fact = next(fact for fact in world.facts.facts_of(ORDER) if fact.problem)
    rule(world, fact, accepted=False)
    assert world.post(T0 + minutes(32)) is None
    assert stands(world) == HELD
    assert waiting(world) == []


def test_edge_71_a_giant_quantity_can_be_accepted_and_earns() -> None:
    world, fact = quarantined([line(11, "0.01", 2_000_000)])
    rule(world, fact, accepted=True)
    world.post(T0 + minutes(11))
    assert stands(world) == {f"{CY}:held": 200_000}


@pytest.mark.parametrize(
    "lines",
    [
        [line(11, "99999999999999999.00")],
        [line(11, "1.00", 1_000_000_001)],
        [line(11, "9000000000.00", 1_000_000)],
        [line(11, "12,50")],
        [line(11, "-9000000000.00", 1_000_000)],
    ],
    ids=["price", "quantity", "together", "comma", "far below"],
)
def test_edge_71_what_cannot_be_counted_can_only_be_rejected(lines: list[Any]) -> None:
    world, fact = quarantined(lines)
    with pytest.raises(InvalidInputError, match="can only be rejected"):
        rule(world, fact, accepted=True)
    rule(world, fact, accepted=False)
    assert world.post(T0 + minutes(11)) is None
    assert waiting(world) == []


@pytest.mark.parametrize(
    "price",
    ["12,50", "1.234,56", "1 234.56", "1'234.56", "\uff11\uff12.5", "\u0661\u0662\u066b\u0665", "12.5.0"],
)
def test_edge_70_decimal_commas_and_other_digits_are_refused_with_their_place(price: str) -> None:
    world, _ = quarantined([line(11, price)])
    (doubt,) = waiting(world)
    assert doubt.wait.what.startswith("line_items[0].price: not a decimal amount")
    assert price[:3] in doubt.wait.what


def test_edge_17_a_negative_refund_that_is_accepted_takes_nothing_and_gives_nothing() -> None:
    world = chain_world(make.plan(1000))
    deliver(world, order_body("1001"))
    world.post(T0 + minutes(3))
    before = stands(world)
    deliver(world, refund_body("1001", "61", ("11", "-5.00")), "refunds/create")
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(61))
    fact = next(fact for fact in world.facts.facts_of(ORDER) if fact.problem)
    rule(world, fact, accepted=True)
    world.post(T0 + minutes(62))
    assert stands(world) == before


def test_edge_17_facts_and_rulings_mean_the_same_in_any_order() -> None:
    world, fact = quarantined()
    rule(world, fact, accepted=True)
    refund = make.refunded("r1", minutes(60), ("11", 2_500))
    facts = (*world.facts.facts_of(ORDER), refund)
    ends = {tuple(sorted(posted_one_by_one(order).items())) for order in permutations(facts)}
    assert ends == {((f"{CY}:held", 750),)}


def test_edge_17_of_two_opposite_rulings_at_once_the_rejection_counts() -> None:
    """Two people decide at the same moment: neither sees the other's ruling."""
    one, fact = quarantined()
    other, _ = quarantined()
    rule(one, fact, accepted=True)
    rule(other, fact, accepted=False)
    facts = {f.digest: f for world in (one, other) for f in world.facts.facts_of(ORDER)}
    assert {str(posted_one_by_one(order)) for order in permutations(facts.values())} == {"{}"}


def posted_one_by_one(facts: Sequence[Fact]) -> dict[str, int]:
    world = chain_world(make.plan(1000))
    for number, fact in enumerate(facts):
        world.append(fact)
        try:
            world.post(T0 + minutes(61 + number))
        except OrderUnprocessableError:
            continue
    return stands(world)


def test_ruling_the_same_again_changes_nothing_and_says_who_did_first() -> None:
    world, fact = quarantined()
    first = rule(world, fact, accepted=True)
    before = world.facts.facts_of(ORDER)
    assert rule(world, fact, accepted=True, by="Somebody else") == first
    assert world.facts.facts_of(ORDER) == before


def test_ruling_the_opposite_later_is_refused() -> None:
    world, fact = quarantined()
    rule(world, fact, accepted=True)
    with pytest.raises(AlreadyExistsError):
        rule(world, fact, accepted=False)


@pytest.mark.parametrize(
    "changes",
    [{"fact": "0" * 16}, {"order": OrderKey(make.STOREFRONT_ID, "9")}, {"program_id": "pg_other"}],
    ids=["fact", "order", "program"],
)
def test_what_does_not_wait_cannot_be_ruled_on(changes: dict[str, Any]) -> None:
    world, fact = quarantined()
    with pytest.raises(NotFoundError):
        rule(world, **{"fact": fact, "accepted": True, **changes})


def test_an_order_that_is_fine_cannot_be_ruled_on() -> None:
    world = chain_world()
    world.append(PAID)
    for accepted in (True, False):
        with pytest.raises(NotFoundError):
            rule(world, PAID, accepted=accepted)


def test_of_bodies_in_two_currencies_one_can_be_rejected() -> None:
    world = chain_world()
    euros = make.fact(FactKind.EDITED, minutes(5), snapshot=make.snapshot(currency="EUR"))
    world.append(PAID, euros)
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(6))
    with pytest.raises(NotFoundError):
        rule(world, euros, accepted=True)
    rule(world, euros, accepted=False)
    world.post(T0 + minutes(11))
    assert stands(world) == HELD


@pytest.mark.parametrize(
    ("changes", "where"), [({"by": " "}, "by"), ({"why": ""}, "why"), ({"why": "x" * 501}, "why")]
)
def test_a_ruling_names_a_person_and_a_reason(changes: dict[str, str], where: str) -> None:
    world, fact = quarantined()
    with pytest.raises(InvalidInputError) as refusal:
        rule(world, fact, accepted=True, **changes)
    assert refusal.value.where == where


def test_an_explanation_shows_the_ruling() -> None:
    world, fact = quarantined()
    rule(world, fact, accepted=True)
    world.post(T0 + minutes(11))
    ports = ExplainPorts(world.ledger, world.facts, world.catalog)
    found = explain_entry(ExplainEntry(PROGRAM_ID, ORDER, 1), ports)
    assert found["rulings"] == [
        {"fact": fact.digest, "accepted": True, "by": "Mei", "why": "I asked the shop"}
    ]
    assert found["re_adds"] is True
    told = "Mei looked at odd amounts of the order and accepted them: I asked the shop."
    assert told in found["sentences"][CY]


# --- a refund before its order -------------------------------------------------------------------


def test_edge_4_a_refund_without_its_order_is_listed_and_overdue_after_a_day() -> None:
    world = chain_world()
    refund = make.refunded("r1", minutes(60), ("a", 2_345))
    world.append(refund)
    assert world.post(T0 + minutes(61)) is None
    (doubt,) = waiting(world)
    assert (doubt.wait.reason, doubt.wait.since) == (WaitReason.REFUND_FIRST, refund.recorded_at)
    assert overdue_waits(world.waits, world.facts, refund.recorded_at + days(1)) == ()
    late = refund.recorded_at + days(1) + minutes(1)
    assert overdue_waits(world.waits, world.facts, late) == (doubt.wait,)


def test_edge_4_when_the_order_comes_the_refund_waits_no_more() -> None:
    world = chain_world()
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    world.append(make.fact(FactKind.PAID, minutes(1), recorded_at=T0 + minutes(70)))
    world.post(T0 + minutes(71))
    assert world.waits.listed == {}
    assert stands(world)[f"{CY}:held"] == 1_099


def test_edge_4_a_row_left_behind_is_no_alarm_and_is_taken_off() -> None:
    world = chain_world()
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    (listed,) = world.waits.listed.values()
    world.append(make.fact(FactKind.PAID, minutes(1), recorded_at=T0 + minutes(70)))
    world.post(T0 + minutes(71))
    world.waits.keep(listed)
    assert overdue_waits(world.waits, world.facts, T0 + days(3)) == ()
    assert world.waits.listed == {}


def test_a_quarantined_order_is_overdue_after_a_day_too() -> None:
    world, fact = quarantined()
    late = fact.recorded_at + days(1) + minutes(1)
    assert [wait.order for wait in overdue_waits(world.waits, world.facts, late)] == [ORDER]
