"""What an engine's own stream says about a table, as records for the simulator."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

    from tests.engines.endpoint import DynamoEndpoint
    from tests.streams.records import Record


def written_to(endpoint: DynamoEndpoint, table: str) -> list[Record]:
    """Everything the stream of a table (``ledger``) holds now, in the order it was written."""
    described = endpoint.client().describe_table(TableName=endpoint.tables[table])["Table"]
    stream_arn, client = described["LatestStreamArn"], endpoint.streams_client()
    records = [record for shard in _shards(client, stream_arn) for record in _read(client, stream_arn, shard)]
    ordered = sorted(records, key=lambda record: int(record["dynamodb"]["SequenceNumber"]))
    return [_as_lambda_sends(record, stream_arn) for record in ordered]


def _shards(client: DynamoDBStreamsClient, stream_arn: str) -> list[str]:
    described = client.describe_stream(StreamArn=stream_arn)["StreamDescription"]
    return [shard["ShardId"] for shard in described["Shards"]]


def _read(client: DynamoDBStreamsClient, stream_arn: str, shard: str) -> Iterator[Any]:
    """A local engine has every record at once, so an empty page is the end of an open shard."""
    iterator: str | None = client.get_shard_iterator(
        StreamArn=stream_arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator:
        page = client.get_records(ShardIterator=iterator)
        if not page["Records"]:
            return
        yield from page["Records"]
        iterator = page.get("NextShardIterator")


def _as_lambda_sends(record: Any, stream_arn: str) -> Record:  # noqa: ANN401  # boto3's record, to be made JSON
    found: Record = _as_json(record)
    return {**found, "eventSourceARN": stream_arn}


def _as_json(value: Any) -> Any:  # noqa: ANN401  # any JSON value and what boto3 makes of it
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value
