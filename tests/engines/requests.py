"""Counts what a job asks of DynamoDB: requests and capacity units, by operation and table.

Attach one counter to any number of clients, run a job, print the report, and assert on the counts:

    counter = RequestCounter()
    counter.attach(client.meta.events)                                  # boto3 or botocore
    counter.attach(Model._get_connection().connection.client.meta.events)  # PynamoDB
    with counter.job("order webhook") as job:
        ...
    print(job.report())
    assert len(job.requests) <= 2

Every attempt on the wire counts, so a hidden retry shows. DynamoDB bills a failed condition too but does not
say how much in the error, so such a request is listed with its error and no units.

Units are right on MiniStack only: moto's are wrong, and DynamoDB Local 2.6 says 4 for any number of small
transactional writes in a table and 0 for an empty query. MiniStack in turn says nothing for BatchGetItem, so
that is worked out here by DynamoDB's own rule.
"""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"})
WRITES = frozenset({"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"})
NO_ANSWER = "NoAnswer"
READ_UNIT_BYTES = 4_096

# Where a request's parameters wait in botocore's context for the answer.
_PARAMETERS = "grapevine_parameters"


class CapacityUnknownError(Exception):
    """An engine answered without saying how much capacity that took."""


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt on the wire; ``units`` are capacity units by physical table name."""

    operation: str
    units: Mapping[str, float]
    error: str | None = None

    @classmethod
    def from_answer(
        cls, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any] | None
    ) -> Request:
        """Reads DynamoDB's answer, successful or not; None when there was none."""
        if answer is None:
            return cls(operation, {}, NO_ANSWER)
        if error := answer.get("Error"):
            return cls(operation, {}, error["Code"])
        if operation == "BatchGetItem" and "ConsumedCapacity" not in answer:
            return cls(operation, batch_get_units(parameters, answer))
        return cls(operation, _reported_units(operation, answer))

    @property
    def total_units(self) -> float:
        """Units over all tables the request touched."""
        return sum(self.units.values())


def _reported_units(operation: str, answer: Mapping[str, Any]) -> dict[str, float]:
    consumed = answer.get("ConsumedCapacity")
    if consumed is None:
        # Taken for zero, it would let a job look cheaper than it is.
        raise CapacityUnknownError(f"the engine did not say what {operation} consumed")
    per_table = [consumed] if isinstance(consumed, Mapping) else consumed
    return {str(entry["TableName"]): float(entry["CapacityUnits"]) for entry in per_table}


def batch_get_units(parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, float]:
    """What reading these keys costs: each item rounded up by itself, missing ones like the smallest.

    Item sizes are taken from their JSON, which is a little longer than what DynamoDB bills.
    """
    items, unread = answer["Responses"], answer.get("UnprocessedKeys", {})
    return {
        table: _table_units(asked, items.get(table, ()), unread.get(table, {"Keys": ()}))
        for table, asked in parameters["RequestItems"].items()
    }


def _table_units(asked: Mapping[str, Any], items: Sequence[object], unread: Mapping[str, Any]) -> float:
    sizes = [math.ceil(len(json.dumps(item, default=str)) / READ_UNIT_BYTES) for item in items]
    missing = len(asked["Keys"]) - len(unread["Keys"]) - len(items)
    return (sum(sizes) + missing) * (1.0 if asked.get("ConsistentRead") else 0.5)


@dataclass(frozen=True, slots=True)
class Job:
    """The requests of one piece of work, in the order they were answered."""

    title: str
    requests: list[Request]

    @property
    def reads(self) -> int:
        """How many requests only read."""
        return sum(request.operation in READS for request in self.requests)

    @property
    def writes(self) -> int:
        """How many requests may write."""
        return sum(request.operation in WRITES for request in self.requests)

    def read_units(self, *tables: str) -> float:
        """Read capacity on these physical tables, or on all of them."""
        return self._units(READS, tables)

    def write_units(self, *tables: str) -> float:
        """Write capacity on these physical tables, or on all of them; transactions count double."""
        return self._units(WRITES, tables)

    def by_operation(self) -> Counter[str]:
        """Requests per operation."""
        return Counter(request.operation for request in self.requests)

    def report(self) -> str:
        """A few lines to print: what was asked, how often and what it cost."""
        units = f"{self.write_units():g} write and {self.read_units():g} read units"
        lines = [self._line(operation, count) for operation, count in sorted(self.by_operation().items())]
        return "\n".join([f"{self.title}: {len(self.requests)} requests, {units}", *lines])

    def _units(self, operations: frozenset[str], tables: tuple[str, ...]) -> float:
        return sum(
            units
            for request in self.requests
            if request.operation in operations
            for table, units in request.units.items()
            if not tables or table in tables
        )

    def _line(self, operation: str, count: int) -> str:
        mine = [request for request in self.requests if request.operation == operation]
        errors = Counter(request.error for request in mine if request.error)
        noted = "".join(f", {number} {error}" for error, number in sorted(errors.items()))
        return f"  {operation:<20} {count:>3}  {sum(request.total_units for request in mine):g} units{noted}"


class RequestCounter:
    """Notes every DynamoDB request of the clients it is attached to; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def attach(self, events: BaseEventHooks) -> None:
        """Listens on a client (``client.meta.events``); attaching twice counts once."""
        events.register(
            "before-parameter-build.dynamodb", _on_request, unique_id="grapevine-request-parameters"
        )
        events.register("response-received.dynamodb", self._on_answer, unique_id=f"grapevine-{id(self)}")

    def note(self, request: Request) -> None:
        """Adds a request seen by other means, such as the counting proxy."""
        with self._lock:
            self._requests.append(request)

    @contextmanager
    def job(self, title: str) -> Iterator[Job]:
        """Collects the requests made while the block runs, and no earlier ones."""
        started, job = len(self._requests), Job(title, [])
        try:
            yield job
        finally:
            job.requests.extend(self._requests[started:])

    # botocore calls this once per attempt, successful, refused or lost.
    def _on_answer(
        self,
        event_name: str,
        context: Mapping[str, Any],
        parsed_response: Mapping[str, Any] | None,
        **_: object,
    ) -> None:
        operation = event_name.rsplit(".", 1)[-1]
        if operation in READS | WRITES:
            self.note(Request.from_answer(operation, context[_PARAMETERS], parsed_response))


def _on_request(params: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: object) -> None:
    context[_PARAMETERS] = params
    # PynamoDB asks by itself; a bare client does not.
    if model.input_shape is not None and "ReturnConsumedCapacity" in model.input_shape.members:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")
