"""Events out through Chalice: one per promoter whose commission rose, named so that repeats are seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.outside import MemoryBus
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.heads import Head
from grapevine.runtime import observe
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, minutes
from tests.functions.images import entry_records
from tests.paying import reserve
from tests.runtime.observed import Line, counted, invocations
from tests.streams.records import Record, sequence_of
from tests.streams.simulator import StreamMapping, StreamSimulator, Weather
from tests.worlds import World

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
    details = {detail["promoter_id"]: detail for _, detail in world.bus.published}
    assert {name: detail["amount"] for name, detail in details.items()} == {
        CY: "13.33",
        BO: "4.00",
        ANA: "1.33",
    }
    assert details[BO] == {
        "id": f"{make.ORDER}/1/{BO}",
        "schema_version": 1,
        "occurred_at": "2026-11-11T09:02:00.000Z",
        "program_id": make.PROGRAM_ID,
        "promoter_id": BO,
        "level": 2,
        "order": str(make.ORDER),
        "entry": f"{make.ORDER}/1",
        "reason": "accrued",
        "amount": "4.00",
        "amount_minor": 400,
        "currency": "USD",
    }
    assert json.loads(json.dumps(details)) == details
    (line,) = invocations(lines)
    assert (line["handler"], line["entries"]) == ("publish_entries", [f"{make.ORDER}/1"])


def test_nothing_is_said_of_what_fell_or_moved(world: World, client: Clients) -> None:
    world.append(make.fact())
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    world.append(make.fact(FactKind.CANCELLED, minutes(90), snapshot=make.snapshot(cancelled_at=T0)))
    world.post(T0 + minutes(91))
    _, *falling = entry_records(world.ledger.appended)
    assert len(falling) == 2
    movement = reserve(Head(key=AccountKey(make.PROGRAM_ID, CY, "USD")), 100, "run", T0)
    assert publish(client, [*falling, *entry_records([movement.entry], first_number=9)]) == []
    assert world.bus.published == []


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
    assert set(by_id) == {f"{order}/1/{name}" for order in ORDERS for name in (ANA, BO, CY)}
    assert all(by_id[detail["id"]] == detail for _, detail in world.bus.published)


class BrokenBus(MemoryBus):
    """A bus that refuses one order's events while `refuses` is set."""

    refuses: OrderKey | None = ORDERS[1]

    def publish(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        if any(detail["order"] == str(self.refuses) for _, detail in events):
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
