"""The one gateway to DynamoDB: a connection and the tables' names.

PynamoDB's models would open a client per row class; here all tables share one, because the first
client is most of a cold start. Several databases may be open in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.constants import ALL_NEW, ITEM
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from grapevine.adapters.dynamo.failures import ConditionFailedError, answered
from grapevine.adapters.dynamo.keys import Key
from grapevine.adapters.dynamo.rows import ABSENT, Item, Row
from grapevine.domain.errors import UnavailableError

BY_PROGRAM, BY_STATE, DUE = "by_program", "by_state", "due"
_INDEX_KEYS = {BY_PROGRAM: ("gpk", "gsk"), BY_STATE: ("gpk", "gsk"), DUE: ("due_shard", "due_at")}
BATCH_GET_LIMIT = 100
"""What DynamoDB takes in one request."""
BATCH_GET_ROUNDS = 5
"""How often what was left unprocessed is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How DynamoDB is reached; without region or endpoint the standard AWS environment says.

    Short timeouts: PynamoDB's own (15 and 30 s) outlive a visitor and most functions.
    """

    region: str | None = None
    endpoint_url: str | None = None
    connect_timeout_seconds: float = 1.0
    read_timeout_seconds: float = 3.0
    retries: int = 2
    connections: int = 10


class Put(NamedTuple):
    """One write of a transaction."""

    table: Table
    row: Row
    condition: Condition | None = ABSENT


class Change(NamedTuple):
    """One change in place of a transaction."""

    table: Table
    key: Key
    actions: Sequence[Action]
    condition: Condition | None = None


class Database:
    """Our six tables behind one connection, by their logical names."""

    def __init__(self, tables: Mapping[str, str], access: Access | None = None) -> None:
        self.connection = _connection(access or Access())
        self.catalog = Table(self.connection, tables["catalog"], BY_PROGRAM)
        self.clicks = Table(self.connection, tables["clicks"])
        self.orders = Table(self.connection, tables["orders"])
        self.ledger = Table(self.connection, tables["ledger"], DUE)
        self.state = Table(self.connection, tables["state"], BY_STATE)
        self.private = Table(self.connection, tables["private"])

    def put_all(self, *puts: Put, changes: Sequence[Change] = ()) -> None:
        """Do all of the writes or none; CancelledError says which condition failed, the puts' first."""
        operations = [put.table.put_operation(put.row, put.condition) for put in puts]
        updates = [change.table.update_operation(change) for change in changes]
        with answered():
            self.connection.transact_write_items((), (), operations, updates)


class Table:
    """One table: items in, items out."""

    def __init__(self, connection: Connection, name: str, *indexes: str) -> None:
        self.name = name
        self._connection = connection
        connection.add_meta_table(MetaTable(_schema(name, indexes)))

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """Return an item, or None."""
        with answered():
            answer = self._connection.get_item(self.name, key.pk, key.sk, consistent_read=consistent)
        item: Item | None = answer.get("Item")
        return item

    def get_all(self, keys: Sequence[Key]) -> Iterator[Item]:
        """Yield the items that exist, in no order."""
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), BATCH_GET_LIMIT):
            yield from self._get_chunk([key._asdict() for key in distinct[start : start + BATCH_GET_LIMIT]])

    def _get_chunk(self, wanted: list[Any]) -> Iterator[Item]:
        for _ in range(BATCH_GET_ROUNDS):
            with answered():
                answer = self._connection.batch_get_item(self.name, wanted, consistent_read=True)
            yield from answer["Responses"].get(self.name, ())
            wanted = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not wanted:
                return
        raise UnavailableError(f"{self.name}: {len(wanted)} items not read in {BATCH_GET_ROUNDS} rounds")

    def query(
        self, pk: str, condition: Condition | None = None, *, index: str | None = None
    ) -> Iterator[Item]:
        """Yield a partition's items in the order of their keys: consistent, but from an index never."""
        return _paged(
            lambda start: self._connection.query(
                self.name,
                pk,
                condition,
                index_name=index,
                consistent_read=index is None,
                exclusive_start_key=start,
            )
        )

    def latest(
        self, pk: str, limit: int, condition: Condition | None = None, *, index: str | None = None
    ) -> Sequence[Item]:
        """Return a partition's last items, the last first, in one request: consistent but from an index."""
        with answered():
            answer = self._connection.query(
                self.name,
                pk,
                condition,
                index_name=index,
                consistent_read=index is None,
                scan_index_forward=False,
                limit=limit,
            )
        items: Sequence[Item] = answer["Items"]
        return items

    def scan(self, condition: Condition | None = None) -> Iterator[Item]:
        """Yield every item of the table that meets a condition; each one read is paid for."""
        return _paged(
            lambda start: self._connection.scan(
                self.name, condition, consistent_read=True, exclusive_start_key=start
            )
        )

    def put(self, row: Row, condition: Condition | None = None) -> None:
        """Write an item; ConditionFailedError when the condition does not hold."""
        item = row.serialize()
        with answered():
            self._connection.put_item(self.name, row.pk, row.sk, attributes=item, condition=condition)

    def put_new(self, row: Row) -> bool:
        """Write an item if there is none under its key; return whether it was written."""
        try:
            self.put(row, ABSENT)
        except ConditionFailedError:
            return False
        return True

    def put_operation(self, row: Row, condition: Condition | None) -> dict[str, Any]:
        """Return a write as a transaction takes it."""
        item = row.serialize()
        return self._connection.get_operation_kwargs(
            self.name, row.pk, row.sk, key=ITEM, attributes=item, condition=condition
        )

    def update_operation(self, change: Change) -> dict[str, Any]:
        """Return a change in place as a transaction takes it."""
        return self._connection.get_operation_kwargs(
            self.name, change.key.pk, change.key.sk, actions=change.actions, condition=change.condition
        )

    def delete(self, key: Key, condition: Condition | None = None) -> None:
        """Remove an item; without a condition nothing happens where there is none."""
        with answered():
            self._connection.delete_item(self.name, key.pk, key.sk, condition=condition)

    def update(self, key: Key, actions: Sequence[Action], condition: Condition) -> None:
        """Change an item in place; ConditionFailedError when the condition does not hold."""
        with answered():
            self._connection.update_item(self.name, key.pk, key.sk, actions=actions, condition=condition)

    def updated(self, key: Key, actions: Sequence[Action], condition: Condition | None = None) -> Item:
        """Change an item in place and return it as it is then."""
        with answered():
            answer = self._connection.update_item(
                self.name, key.pk, key.sk, actions=actions, condition=condition, return_values=ALL_NEW
            )
        item: Item = answer["Attributes"]
        return item


def _connection(access: Access) -> Connection:
    return Connection(
        region=access.region,
        host=access.endpoint_url,
        connect_timeout_seconds=access.connect_timeout_seconds,
        read_timeout_seconds=access.read_timeout_seconds,
        max_retry_attempts=access.retries,
        max_pool_connections=access.connections,
    )


def _schema(name: str, indexes: Sequence[str]) -> dict[str, Any]:
    """Return what writing requests takes, so that nobody has to ask DynamoDB for it."""
    pairs = [("pk", "sk"), *(_INDEX_KEYS[index] for index in indexes)]
    attributes = sorted({attribute for pair in pairs for attribute in pair})
    return {
        "TableName": name,
        "KeySchema": _key_schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _key_schema(*_INDEX_KEYS[index])} for index in indexes
        ],
    }


def _key_schema(partition: str, place: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": place, "KeyType": "RANGE"},
    ]


def _paged(ask: Callable[[Any], dict[str, Any]]) -> Iterator[Item]:
    start = None
    while True:
        with answered():
            page = ask(start)
        yield from page["Items"]
        start = page.get("LastEvaluatedKey")
        if start is None:
            return
