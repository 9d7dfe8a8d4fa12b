"""Batches from streams and queues: one bad record never stops the others.

Powertools' batch processor keeps the books of a partial answer. It is given the event as a plain
dictionary, because Chalice's own record class wants fields that may be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from grapevine.domain.errors import reason_of
from grapevine.runtime import observe

Record = dict[str, Any]
Image = dict[str, Any]
Answer = dict[str, Any]


def new_images(event: Record) -> list[Image]:
    """Return the items that a batch of stream records wrote, in DynamoDB's JSON."""
    return [record["dynamodb"]["NewImage"] for record in event["Records"] if _wrote(record)]


def answer_images(handler: str, event: Record, handle: Callable[[Image], object]) -> Answer:
    """Hand over each new item of a stream's batch; see `_answer`."""

    def each(record: Record) -> object:
        return handle(record["dynamodb"]["NewImage"]) if _wrote(record) else None

    return _answer(handler, event, EventType.DynamoDBStreams, each)


def answer_rows(handler: str, event: Record, handle: Callable[[Record], object]) -> Answer:
    """Hand over each record that has a new item, of a table whose items change too; see `_answer`."""

    def each(record: Record) -> object:
        return handle(record) if "NewImage" in record["dynamodb"] else None

    return _answer(handler, event, EventType.DynamoDBStreams, each)


def answer_messages(handler: str, event: Record, handle: Callable[[str, int], object]) -> Answer:
    """Hand over each body of a queue's batch, and how often it has come; see `_answer`."""

    def each(record: Record) -> object:
        receives = record.get("attributes", {}).get("ApproximateReceiveCount", "1")
        return handle(record["body"], int(receives))

    return _answer(handler, event, EventType.SQS, each)


def _answer(handler: str, event: Record, kind: EventType, handle: Callable[[Record], object]) -> Answer:
    """Return the answer that names the records that failed, so that only they come again."""
    with observe.invocation(handler) as fields:
        processor = BatchProcessor(kind, raise_on_entire_batch_failure=False)
        failures = process_partial_response(event, lambda record: handle(record.raw_event), processor)[
            "batchItemFailures"
        ]
        fields.update(records=len(event["Records"]), failed=len(failures))
        if failures:
            fields["outcome"] = "partial"
            fields["errors"] = [_reason(error) for _, error, _ in processor.exceptions]
            observe.count(observe.RECORD_FAILED, len(failures))
        return {"batchItemFailures": list(failures)}


def _reason(error: BaseException | None) -> str:
    return reason_of(error) if isinstance(error, Exception) else repr(error)


def _wrote(record: Record) -> bool:
    """Say whether a record is a new item; our tables' streams carry things that never change."""
    return bool(record["eventName"] == "INSERT")
