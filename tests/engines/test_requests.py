"""Requests and capacity are counted for boto3, for PynamoDB and for clients that offer no hook."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from pynamodb.connection import Connection

from tests.engines.proxy import counting_proxy
from tests.engines.requests import (
    NO_ANSWER,
    CapacityUnknownError,
    Job,
    Request,
    RequestCounter,
    batch_get_units,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.engines.endpoint import DynamoEndpoint

# moto answers in this process and counts capacity wrongly.
pytestmark = pytest.mark.engines("ministack", "dynamodb-local")


def item(item_id: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": item_id}, "sk": {"S": "META"}}


def test_a_boto3_client_is_counted_with_its_units(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, tables = dynamo_endpoint.client(), dynamo_endpoint.tables
    key = item(unique_id("order"))
    counter = RequestCounter()
    counter.attach(client.meta.events)
    counter.attach(client.meta.events)

    with counter.job("a put and two reads") as job:
        client.put_item(TableName=tables["orders"], Item=key)
        client.get_item(TableName=tables["orders"], Key=key, ConsistentRead=True)
        client.get_item(TableName=tables["orders"], Key=key)

    assert job.by_operation() == {"PutItem": 1, "GetItem": 2}
    assert (job.reads, job.writes) == (2, 1)
    assert job.write_units() == job.write_units(tables["orders"]) == 1
    assert job.read_units() == 1.5
    assert job.write_units(tables["ledger"]) == 0


@pytest.mark.engines("ministack")
def test_a_transaction_costs_double_in_every_table(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, tables = dynamo_endpoint.client(), dynamo_endpoint.tables
    counter = RequestCounter()
    counter.attach(client.meta.events)

    with counter.job("a transaction") as job:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": tables["ledger"], "Item": item(unique_id("entry"))}},
                {"Put": {"TableName": tables["state"], "Item": item(unique_id("head"))}},
            ]
        )

    assert len(job.requests) == 1
    assert job.write_units(tables["ledger"]) == job.write_units(tables["state"]) == 2


def test_a_refused_condition_is_counted_with_its_error(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, table = dynamo_endpoint.client(), dynamo_endpoint.tables["orders"]
    key = item(unique_id("order"))
    client.put_item(TableName=table, Item=key)
    counter = RequestCounter()
    counter.attach(client.meta.events)

    with (
        counter.job("a second put") as job,
        pytest.raises(client.exceptions.ConditionalCheckFailedException),
    ):
        client.put_item(TableName=table, Item=key, ConditionExpression="attribute_not_exists(pk)")

    assert [request.error for request in job.requests] == ["ConditionalCheckFailedException"]
    assert "1 ConditionalCheckFailedException" in job.report()


def test_a_pynamodb_connection_is_counted(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    connection = Connection(region=dynamo_endpoint.region, host=dynamo_endpoint.endpoint_url)
    counter = RequestCounter()
    counter.attach(connection.client.meta.events)
    put = {"TableName": dynamo_endpoint.tables["orders"], "Item": item(unique_id("order"))}

    with counter.job("a put") as job:
        connection.dispatch("PutItem", put)

    assert job.by_operation() == {"PutItem": 1}
    assert job.write_units() == 1


def test_a_client_without_hooks_is_counted_by_the_proxy(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    counter = RequestCounter()
    put = {"TableName": dynamo_endpoint.tables["clicks"], "Item": item(unique_id("click"))}
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}

    with counting_proxy(dynamo_endpoint.endpoint_url, counter) as url, counter.job("a click") as job:
        statuses = [post(url, "PutItem", body) for body in (put, put | condition)]

    assert statuses == [200, 400]
    assert job.requests == [
        Request("PutItem", {dynamo_endpoint.tables["clicks"]: 1.0}),
        Request("PutItem", {}, "ConditionalCheckFailedException"),
    ]


def post(url: str, operation: str, body: Mapping[str, object]) -> int:
    """What a hand-written client sends; the signature is as made up as the key."""
    scope = "testing/20260101/us-east-1/dynamodb/aws4_request"
    signature = f"Credential={scope}, SignedHeaders=host, Signature=0"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(
            "POST",
            "/",
            body=json.dumps(body),
            headers={
                "Authorization": f"AWS4-HMAC-SHA256 {signature}",
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            },
        )
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_threads_share_a_counter(dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]) -> None:
    client, table = dynamo_endpoint.client(), dynamo_endpoint.tables["orders"]
    counter = RequestCounter()
    counter.attach(client.meta.events)

    with counter.job("forty puts") as job, ThreadPoolExecutor(8) as threads:
        puts = [
            threads.submit(client.put_item, TableName=table, Item=item(unique_id("order"))) for _ in range(40)
        ]
        for put in puts:
            put.result()

    assert job.by_operation() == {"PutItem": 40}


@pytest.mark.engines("ministack")
def test_a_batch_of_reads_is_worked_out_where_the_engine_does_not_say(
    dynamo_endpoint: DynamoEndpoint, unique_id: Callable[[str], str]
) -> None:
    client, table = dynamo_endpoint.client(), dynamo_endpoint.tables["catalog"]
    found, missing = item(unique_id("promoter")), item(unique_id("promoter"))
    client.put_item(TableName=table, Item=found)
    counter = RequestCounter()
    counter.attach(client.meta.events)

    with counter.job("two batches") as job:
        client.batch_get_item(RequestItems={table: {"Keys": [found, missing]}})
        client.batch_get_item(RequestItems={table: {"Keys": [found, missing], "ConsistentRead": True}})

    assert [request.units for request in job.requests] == [{table: 1.0}, {table: 2.0}]


def test_each_item_of_a_batch_is_rounded_up_by_itself() -> None:
    large = {"pk": {"S": "a"}, "text": {"S": "x" * 5_000}}
    parameters = {"RequestItems": {"t": {"Keys": [{}, {}, {}], "ConsistentRead": True}}}
    answer = {"Responses": {"t": [large]}, "UnprocessedKeys": {"t": {"Keys": [{}]}}}

    assert batch_get_units(parameters, answer) == {"t": 3.0}


def test_an_answer_without_units_is_not_taken_for_free() -> None:
    with pytest.raises(CapacityUnknownError, match="PutItem"):
        Request.from_answer("PutItem", {}, {})


def test_a_report_adds_up() -> None:
    job = Job(
        "an order",
        [
            Request("PutItem", {"orders": 1.0}),
            Request("TransactWriteItems", {"ledger": 2.0, "state": 2.0}),
            Request("GetItem", {"catalog": 0.5}),
            Request("GetItem", {}, NO_ANSWER),
        ],
    )

    assert job.report().splitlines() == [
        "an order: 4 requests, 5 write and 0.5 read units",
        "  GetItem                2  0.5 units, 1 NoAnswer",
        "  PutItem                1  1 units",
        "  TransactWriteItems     1  4 units",
    ]
