"""Events out through Chalice: one per promoter whose commission rose, named so that repeats are seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest
from chalice.test import Client

from grapevine.adapters.dynamo.rows_customers import customer_order_row
from grapevine.adapters.dynamo.rows_people import promoter_row, volume_row
from grapevine.adapters.dynamo.rows_settlements import settlement_row
from grapevine.adapters.dynamo.rows_treasury import payout_row
from grapevine.adapters.memory.events import MemorySender
from grapevine.adapters.memory.outside import MemoryBus
from grapevine.domain.bindings import CustomerNote, CustomerOrder
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import UnavailableError
from grapevine.domain.events import FROM_THE_START
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.heads import Head
from grapevine.domain.plans import BindingPolicy
from grapevine.domain.settlements import Settlement
from grapevine.domain.subscriptions import SigningSecrets, Subscription
from grapevine.domain.tiers import Tier, Volume
from grapevine.runtime import observe
from grapevine.runtime.parts import install
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, minutes
from tests.functions.images import entry_records
from tests.paying import reserve
from tests.runtime.observed import Line, counted, invocations
from tests.streams.records import Image, Record, inserts, sequence_of
from tests.streams.simulator import StreamMapping, StreamSimulator, Weather
from tests.usecases.delivering import SECRET
from tests.worlds import World, chain_world

if TYPE_CHECKING:
    from grapevine.adapters.dynamo.rows import Row

Clients = Callable[[str], Client]
ORDERS = tuple(OrderKey(make.STOREFRONT_ID, str(number)) for number in range(1, 6))


def publish(client: Clients, records: list[Record]) -> list[str]:
    answer = client("notify").lambda_.invoke("publish_entries", {"Records": records}).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def accrued(world: World, *orders: OrderKey) -> list[Record]:
    for order in orders:
        world.append(make.fact(order=order))
        world.post(T0 + minutes(2), order)
    return entry_records(world.ledger.appended)


def test_an_event_per_promoter(world: World, client: Clients, lines: list[Line]) -> None:
    assert publish(client, accrued(world, make.ORDER)) == []
    assert {kind for kind, _ in world.bus.published} == {"commission.accrued"}
    events = {event["data"]["promoter_id"]: event for _, event in world.bus.published}
    assert {name: (event["data"]["level"], event["data"]["amount"]) for name, event in events.items()} == {
        CY: (1, "13.33"),
        BO: (2, "4.00"),
        ANA: (3, "1.33"),
    }
    assert events[BO] == {
        "id": events[BO]["id"],
        "type": "commission.accrued",
        "schema_version": 2,
        "occurred_at": "2026-11-11T09:02:00.000Z",
        "recorded_at": "2026-11-11T09:00:00.000Z",
        "program_id": make.PROGRAM_ID,
        "aggregate": {"kind": "order", "id": str(make.ORDER)},
        "sequence": 2,
        "data": {
            "promoter_id": BO,
            "level": 2,
            "order": str(make.ORDER),
            "bonus": None,
            "entry": f"{make.ORDER}/1",
            "reason": "accrued",
            "amount": "4.00",
            "amount_minor": 400,
            "currency": "USD",
            "held_minor": 400,
            "payable_minor": 0,
            "blocked_minor": 0,
        },
    }
    assert json.loads(json.dumps(events)) == events
    (line,) = invocations(lines)
    assert (line["handler"], line["entries"]) == ("publish_entries", [f"{make.ORDER}/1"])


def test_what_fell_or_moved_is_told_too_and_payouts_tell_of_themselves(world: World, client: Clients) -> None:
    world.append(make.fact())
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    world.append(make.fact(FactKind.CANCELLED, minutes(90), snapshot=make.snapshot(cancelled_at=T0)))
    world.post(T0 + minutes(91))
    records = entry_records(world.ledger.appended)
    movement = reserve(Head(key=AccountKey(make.PROGRAM_ID, CY, "USD")), 100, "run", T0)
    assert publish(client, [*records, *entry_records([movement.entry], first_number=9)]) == []
    kinds = [kind for kind, _ in world.bus.published]
    assert kinds == ["commission.accrued"] * 3 + ["commission.adjusted"] * 3 + ["commission.voided"] * 3
    assert [event["sequence"] for _, event in world.bus.published] == list(range(1, 10))


def test_entries_that_were_missed_are_caught_up_with_in_their_order(world: World, client: Clients) -> None:
    world.append(make.fact())
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    first, second = entry_records(world.ledger.appended)
    assert publish(client, [second]) == []
    told = [(kind, event["sequence"]) for kind, event in world.bus.published]
    assert told == [
        *(("commission.accrued", number) for number in (1, 2, 3)),
        *(("commission.adjusted", number) for number in (4, 5, 6)),
    ]
    assert publish(client, [first, second]) == []
    assert len(world.bus.published) == 6


@pytest.mark.parametrize("seed", range(6))
def test_weather_repeats_events_under_the_same_names(world: World, client: Clients, seed: int) -> None:
    records, app = accrued(world, *ORDERS), client("notify")
    simulator = StreamSimulator(
        StreamMapping(batch_size=3), seed=seed, weather=Weather(redelivery=0.6, splits=2)
    )

    def answer(event: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it answers
        return app.lambda_.invoke("publish_entries", event).payload

    assert simulator.deliver(records, answer).destination == []
    by_id = {detail["id"]: detail for _, detail in world.bus.published}
    assert {(event["data"]["order"], event["data"]["promoter_id"]) for event in by_id.values()} == {
        (str(order), name) for order in ORDERS for name in (ANA, BO, CY)
    }
    assert all(by_id[detail["id"]] == detail for _, detail in world.bus.published)


class BrokenBus(MemoryBus):
    """A bus that refuses one order's events while `refuses` is set."""

    refuses: OrderKey | None = ORDERS[1]

    def publish(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        if any(detail["data"]["order"] == str(self.refuses) for _, detail in events):
            raise UnavailableError("events not accepted")
        super().publish(events)


def test_what_the_bus_refused_comes_again_alone(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    world.bus = bus = BrokenBus()
    records = accrued(world, *ORDERS)
    spoilt = {**records[2], "dynamodb": {**records[2]["dynamodb"], "NewImage": {"pk": {"S": "?"}}}}
    sent = [*records[:2], spoilt, *records[3:]]
    assert publish(client, sent) == [sequence_of(record) for record in sent[1:3]]
    assert len(bus.published) == 3 * 3
    assert counted(capsys.readouterr().out) == {observe.RECORD_FAILED: 2}
    bus.refuses = None
    assert publish(client, records[1:3]) == []
    assert len({detail["id"] for _, detail in bus.published}) == len(ORDERS) * 3


def row_record(stored: Row, number: int) -> Record:
    """A stream's record of a row of the catalog or the state table."""
    (record,) = inserts([cast("Image", stored.serialize())], table="state", first_number=number)
    return record


def invoke(client: Clients, name: str, records: list[Record]) -> list[str]:
    answer = client("notify").lambda_.invoke(name, {"Records": records}).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_rows_tell_of_payouts_promoters_months_and_customers(world: World, client: Clients) -> None:
    payout = reserve(Head(key=AccountKey(make.PROGRAM_ID, CY, "USD")), 100, "run", T0).payout
    told = CustomerOrder(
        program_id=make.PROGRAM_ID,
        order=make.ORDER,
        sequence=1,
        recorded_at=T0,
        placed_at=T0,
        note=CustomerNote("hash", BO, earned=True),
    )
    promoter = world.catalog.promoters(make.PROGRAM_ID, (BO,))[BO]
    run = Settlement(id="run", program_id=make.PROGRAM_ID, started_at=T0)
    assert (
        invoke(
            client, "publish_payouts", [row_record(payout_row(payout), 1), row_record(settlement_row(run), 2)]
        )
        == []
    )
    people = [
        promoter_row(promoter),
        volume_row(make.PROGRAM_ID, BO, "2026-10", Volume(10**9, 9)),
        customer_order_row(told),
    ]
    records = [row_record(one, number) for number, one in enumerate(people, start=3)]
    assert invoke(client, "publish_people", records) == []
    kinds = [kind for kind, _ in world.bus.published]
    assert kinds == ["payout.requested", "settlement.started", "promoter.joined"]
    assert invoke(client, "publish_people", records) == []
    assert len(world.bus.published) == 3


def test_a_tier_and_a_tie_are_told_where_the_plan_has_them(client: Clients) -> None:
    tiers = (Tier(id="base", threshold=0, add_bps=0), Tier(id="gold", threshold=100, add_bps=100))
    plan = make.plan(tiers=tiers, binding=BindingPolicy.ALWAYS)
    world = chain_world(plan)
    install(world)
    told = CustomerOrder(
        program_id=make.PROGRAM_ID,
        order=make.ORDER,
        sequence=1,
        recorded_at=T0,
        placed_at=T0,
        note=CustomerNote("hash", BO, earned=True),
    )
    world.catalog.put_order(told)
    people = [volume_row(make.PROGRAM_ID, BO, "2026-10", Volume(100, 1)), customer_order_row(told)]
    records = [row_record(one, number) for number, one in enumerate(people, start=1)]
    assert invoke(client, "publish_people", records) == []
    assert [kind for kind, _ in world.bus.published] == ["tier.changed", "binding.changed"]
    assert world.bus.published[1][1]["data"]["promoter_id"] == BO


def test_rows_of_other_kinds_tell_nothing(world: World, client: Clients) -> None:
    record = row_record(settlement_row(Settlement(id="run", program_id=make.PROGRAM_ID, started_at=T0)), 1)
    other = {**record, "dynamodb": {**record["dynamodb"], "NewImage": {"kind": {"S": "newer"}}}}
    removed = {**record, "dynamodb": {k: v for k, v in record["dynamodb"].items() if k != "NewImage"}}
    assert invoke(client, "publish_payouts", [other, removed]) == []
    assert world.bus.published == []


def test_what_is_logged_goes_to_who_subscribed(world: World, client: Clients) -> None:
    made = Subscription(id="wh_1", program_id=make.PROGRAM_ID, url="https://one.example/", created_at=T0)
    world.secrets.put_signing_secrets(make.PROGRAM_ID, made.id, SigningSecrets(SECRET))
    world.subscriptions.add(made, FROM_THE_START)
    assert publish(client, accrued(world, make.ORDER)) == []
    (message,) = world.webhook_queue.lanes
    body = json.dumps(
        {"lane": dict(zip(("program_id", "subscription_id", "slot"), message[:3], strict=True))}
    )
    event = client("notify").events.generate_sqs_event([body])
    assert client("notify").lambda_.invoke("deliver_webhooks", event).payload == {"batchItemFailures": []}
    assert isinstance(world.webhook_sender, MemorySender)
    assert len(world.webhook_sender.sent) == 3
    world.webhook_queue.lanes.clear()
    tick = client("notify").events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    assert client("notify").lambda_.invoke("sweep_webhooks", tick).payload == {"lanes": 0}


def test_edge_87_a_message_that_cannot_be_read_comes_again_until_it_is_dead(client: Clients) -> None:
    lane = {"program_id": make.PROGRAM_ID, "subscription_id": "wh_none", "slot": 0}
    bodies = ["not JSON", "{}", json.dumps({"lane": {"slot": 0}}), json.dumps({"lane": lane})]
    event = client("notify").events.generate_sqs_event(bodies)
    for number, record in enumerate(event["Records"]):
        record["messageId"] = str(number)
    answer = client("notify").lambda_.invoke("deliver_webhooks", event).payload
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1", "2"]
