"""The stream of a real engine goes through the simulator like a made-up one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.streams.reader import written_to
from tests.streams.records import Event, inserts, sequence_of
from tests.streams.simulator import StreamMapping, StreamSimulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.endpoint import DynamoEndpoint


@pytest.mark.engines("ministack", "dynamodb-local")
def test_what_was_written_is_read_in_order_and_delivered(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, table = dynamo_endpoint.client(), dynamo_endpoint.tables["orders"]
    order = unique_id("order")
    for n in (0, 1, 2, 3, 4, 0):
        client.put_item(
            TableName=table, Item={"pk": {"S": order}, "sk": {"S": f"E#{n}"}, "body": {"B": b"\x00\xff"}}
        )

    mine = [r for r in written_to(dynamo_endpoint, "orders") if r["dynamodb"]["Keys"]["pk"]["S"] == order]
    delivered: set[str] = set()

    def handler(event: Event) -> None:
        delivered.update(map(sequence_of, event["Records"]))

    StreamSimulator(StreamMapping(), seed=1).deliver(mine, handler)

    # An unchanged write, the sixth, emits nothing.
    assert [record["dynamodb"]["NewImage"]["sk"]["S"] for record in mine] == [f"E#{n}" for n in range(5)]
    assert {record["dynamodb"]["NewImage"]["body"]["B"] for record in mine} == {"AP8="}
    assert delivered == {sequence_of(record) for record in mine}
    [made_up] = inserts([{"pk": {"S": "a"}, "sk": {"S": "b"}}])
    assert set(made_up) <= set(mine[0])
    assert set(made_up["dynamodb"]) <= set(mine[0]["dynamodb"])
