"""What every engine must do before a contract suite may believe it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.engines.endpoint import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.engines.endpoint import DynamoEndpoint, Engine

THREADS = 8
ABSENT = "attribute_not_exists(pk)"


def key(item_id: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": item_id}, "sk": {"S": "META"}}


def put_if_absent(client: DynamoDBClient, table: str, item_id: str) -> bool:
    """Puts a bare item; False if another one was there."""
    try:
        client.put_item(TableName=table, Item=key(item_id), ConditionExpression=ABSENT)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def exists(client: DynamoDBClient, table: str, item_id: str) -> bool:
    return "Item" in client.get_item(TableName=table, Key=key(item_id), ConsistentRead=True)


def test_memory_has_no_endpoint_and_everything_else_has(engine: Engine) -> None:
    assert (engine.dynamo is None) == (engine.name == MEMORY)


def test_names_are_those_of_the_engine(dynamo_endpoint: DynamoEndpoint) -> None:
    tables = dynamo_endpoint.tables

    assert set(tables) == {"catalog", "clicks", "orders", "ledger", "state", "private"}
    assert dynamo_endpoint.environment()["GRAPEVINE_TABLE_LEDGER"] == tables["ledger"]
    assert all(dynamo_endpoint.engine in name for name in tables.values())


def test_the_ledger_has_its_keys_its_sparse_index_and_its_stream(dynamo_endpoint: DynamoEndpoint) -> None:
    table = dynamo_endpoint.client().describe_table(TableName=dynamo_endpoint.tables["ledger"])["Table"]
    [due] = table["GlobalSecondaryIndexes"]

    assert [part["AttributeName"] for part in table["KeySchema"]] == ["pk", "sk"]
    assert [part["AttributeName"] for part in due["KeySchema"]] == ["due_shard", "due_at"]
    assert due["Projection"]["ProjectionType"] == "KEYS_ONLY"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_clicks_expire(dynamo_endpoint: DynamoEndpoint) -> None:
    answer = dynamo_endpoint.client().describe_time_to_live(TableName=dynamo_endpoint.tables["clicks"])

    assert answer["TimeToLiveDescription"]["AttributeName"] == "expires_at"


def test_an_item_is_put_once(dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]) -> None:
    client, table, item_id = dynamo_endpoint.client(), dynamo_endpoint.tables["ledger"], unique_id("entry")

    assert [put_if_absent(client, table, item_id) for _ in range(2)] == [True, False]


def test_a_cancelled_transaction_says_why_and_leaves_nothing(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, tables = dynamo_endpoint.client(), dynamo_endpoint.tables
    fresh, taken = unique_id("fresh"), unique_id("taken")
    put_if_absent(client, tables["state"], taken)

    with pytest.raises(ClientError) as refusal:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": tables["ledger"], "Item": key(fresh), "ConditionExpression": ABSENT}},
                {"Put": {"TableName": tables["state"], "Item": key(taken), "ConditionExpression": ABSENT}},
            ]
        )

    reasons = refusal.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert not exists(client, tables["ledger"], fresh)


@pytest.mark.engines("ministack", "dynamodb-local")
@pytest.mark.concurrent
def test_of_eight_threads_one_wins(dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]) -> None:
    client, table = dynamo_endpoint.client(), dynamo_endpoint.tables["ledger"]
    start = Barrier(THREADS)

    def contend(item_id: str) -> bool:
        start.wait()
        return put_if_absent(client, table, item_id)

    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(10):
            assert sum(threads.map(contend, [unique_id("entry")] * THREADS)) == 1
