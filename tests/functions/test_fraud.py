"""Screening through Chalice: a verdict is a fact, given once, whatever the stream does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryClicks
from grapevine.domain.clicks import Click
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome
from grapevine.domain.ids import visitor_of
from grapevine.runtime import observe
from tests import builders as make
from tests.builders import ANA, CLICK_ID, CY, T0, days, minutes
from tests.functions.images import fact_records
from tests.runtime.observed import Line, counted, invocations
from tests.streams.records import Record, sequence_of
from tests.streams.simulator import StreamMapping, StreamSimulator, Weather
from tests.worlds import World

Clients = Callable[[str], Client]
HASH = "a" * 24
ORDERS = tuple(OrderKey(make.STOREFRONT_ID, str(number)) for number in range(1, 6))


def buys(world: World, buyer: str, *, click: str = CLICK_ID, order: OrderKey = make.ORDER) -> Fact:
    fact = make.fact(order=order, snapshot=make.snapshot(customer_key=buyer, click_id=click))
    world.append(fact)
    return fact


def screen(client: Clients, records: list[Record]) -> list[str]:
    answer = client("fraud").lambda_.invoke("screen_facts", {"Records": records}).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def outcomes(world: World, order: OrderKey = make.ORDER) -> list[Outcome]:
    return [fact.verdict.outcome for fact in world.facts.facts_of(order) if fact.verdict]


@pytest.fixture
def dee(world: World) -> Click:
    """Return a click of Dee's link; Dee is known by her own customer hash."""
    world.catalog.add_promoter(make.promoter("pr_dee", ANA, customer_key=HASH))
    click = make.click(id="7" * 22 + "-" + "8" * 20, promoter_id="pr_dee", upline=(ANA,))
    world.clicks.record(click)
    return click


def test_buying_through_ones_own_link_is_blocked(
    world: World, client: Clients, dee: Click, lines: list[Line]
) -> None:
    world.clock = T0 + minutes(7)
    assert screen(client, fact_records([buys(world, HASH, click=dee.id)])) == []
    (verdict,) = [fact for fact in world.facts.facts_of(make.ORDER) if fact.kind is FactKind.VERDICT]
    assert verdict.verdict
    assert (verdict.verdict.outcome, verdict.verdict.rule) == (Outcome.BLOCK, "self_referral")
    assert (verdict.version, verdict.recorded_at) == (T0, T0 + minutes(7))
    (line,) = invocations(lines)
    assert (line["handler"], line["orders"]) == ("screen_facts", [str(make.ORDER)])


def test_somebody_else_is_allowed(world: World, client: Clients, dee: Click) -> None:
    screen(client, fact_records([buys(world, "b" * 24, click=dee.id)]))
    assert outcomes(world) == [Outcome.ALLOW]


def test_a_promoter_without_a_hash_is_not_everybody_without_one(world: World, client: Clients) -> None:
    """Neither is known by an address: two unknowns are not one person."""
    fact = make.fact()
    world.append(fact)
    assert world.catalog.promoters(make.PROGRAM_ID, (CY,))[CY].customer_key is None
    screen(client, fact_records([fact]))
    assert outcomes(world) == [Outcome.ALLOW]


@pytest.mark.parametrize(
    "fact",
    [
        make.verdict(Outcome.REVIEW),
        make.refunded("r1", minutes(60), ("a", 100)),
        make.fact(snapshot=make.snapshot(click_id=None)),
        make.fact(snapshot=make.snapshot(click_id="9" * 22 + "-" + "9" * 20)),
        make.fact(snapshot=make.snapshot(placed_at=None)),
        make.fact(snapshot=None, problem="line_items: not a list"),
    ],
    ids=["a verdict", "a refund", "no click", "an unknown click", "no instant", "a problem"],
)
def test_what_tells_nothing_gets_no_verdict(world: World, client: Clients, fact: Fact) -> None:
    assert screen(client, fact_records([fact])) == []
    assert outcomes(world) == []


def test_the_address_that_comes_later_still_blocks(world: World, client: Clients, dee: Click) -> None:
    """Some bodies lack the address: of two verdicts on one instant the more severe stands."""
    later = make.snapshot(customer_key=HASH, click_id=dee.id)
    facts = [
        make.fact(FactKind.PLACED, snapshot=make.snapshot(click_id=dee.id)),
        make.fact(FactKind.PAID, minutes(1), snapshot=later),
    ]
    world.append(*facts)
    screen(client, fact_records(facts))
    world.post(T0 + minutes(2))
    world.fold()
    assert set(outcomes(world)) == {Outcome.ALLOW, Outcome.BLOCK}
    assert (world.balance("pr_dee").blocked_minor, world.balance("pr_dee").held_minor) == (1_333, 0)


@pytest.mark.parametrize("seed", range(6))
def test_weather_gives_each_order_one_verdict_and_accrue_blocks(
    world: World, client: Clients, dee: Click, seed: int
) -> None:
    facts = [buys(world, HASH, click=dee.id, order=order) for order in ORDERS]
    app, accrue = client("fraud"), client("accrue")
    simulator = StreamSimulator(
        StreamMapping(batch_size=3), seed=seed, weather=Weather(redelivery=0.6, splits=2)
    )

    def answer(event: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it answers
        return app.lambda_.invoke("screen_facts", event).payload

    assert simulator.deliver(fact_records(facts), answer).destination == []
    assert [outcomes(world, order) for order in ORDERS] == [[Outcome.BLOCK]] * len(ORDERS)
    verdicts = [fact for order in ORDERS for fact in world.facts.facts_of(order)]
    accrue.lambda_.invoke("on_facts", {"Records": fact_records(verdicts)})
    world.fold()
    assert world.balance("pr_dee").blocked_minor == 1_333 * len(ORDERS)
    world.clock = T0 + days(60)
    world.sweep(world.clock)
    world.fold()
    assert world.balance("pr_dee").payable_minor == 0


class BrokenClicks(MemoryClicks):
    """A store that cannot answer for one visitor."""

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        if visitor_id == visitor_of(CLICK_ID):
            raise UnavailableError("no answer")
        return super().clicks_of(visitor_id, limit)


def test_what_cannot_be_screened_comes_again_alone(
    world: World, client: Clients, dee: Click, capsys: pytest.CaptureFixture[str]
) -> None:
    clicks = BrokenClicks()
    clicks.record(dee)
    world.clicks = clicks
    records = fact_records(
        [buys(world, HASH, order=ORDERS[0]), buys(world, HASH, click=dee.id, order=ORDERS[1])]
    )
    spoilt = fact_records([buys(world, HASH, click=dee.id, order=ORDERS[2])], first_number=3)
    spoilt[0]["dynamodb"]["NewImage"] = {"pk": {"S": "?"}}
    assert screen(client, [*records, *spoilt]) == [sequence_of(records[0]), sequence_of(spoilt[0])]
    assert [outcomes(world, order) for order in ORDERS[:3]] == [[], [Outcome.BLOCK], []]
    assert counted(capsys.readouterr().out) == {observe.RECORD_FAILED: 2}


def test_a_verdict_that_says_something_is_told_outside_and_every_other_is_not(
    world: World, client: Clients
) -> None:
    facts = [
        make.verdict(Outcome.ALLOW, minutes(1)),
        make.verdict(Outcome.REVIEW, minutes(2)),
        make.verdict(Outcome.BLOCK, minutes(3)),
    ]
    world.append(*facts)
    records = fact_records(facts)
    assert screen(client, records) == []
    assert screen(client, records) == []
    assert [kind for kind, _ in world.bus.published] == ["risk.opened", "risk.decided"]
    assert [event["sequence"] for _, event in world.bus.published] == [1, 2]
