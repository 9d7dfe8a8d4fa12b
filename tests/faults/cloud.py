"""AWS inside this process: tables, a bucket and the queue, which are kept and put back in no time."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from grapevine.adapters.dynamo.table import Access, Database
from grapevine.domain.settlements import ListSizes
from grapevine.runtime.settings import Settings
from grapevine.runtime.wiring import AwsParts
from tests.engines import moto
from tests.engines.endpoint import REGION
from tests.engines.tables import create_tables, table_definitions
from tests.faults.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = ListSizes(promoters=3, pages=2)
"""So that a few promoters are on several pages, and several messages list them."""
Contents = dict[str, Any]
"""Every row by table and key, and every file by name."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything in the tables and the bucket at some instant."""

    rows: bytes
    files: Mapping[str, bytes]


class Cloud:
    """What a settlement runs on. Its own clients go by the wire; ours here do not."""

    def __init__(self, wire: Wire, now: datetime) -> None:
        self.wire, self.now = wire, now
        self._session: Any = boto3.Session(region_name=REGION)
        self._clients: dict[str, Any] = {}
        self._sqs, self._s3 = self._session.client("sqs"), self._session.client("s3")
        name = f"faults-{uuid4().hex[:8]}"
        self.settings = self._made(name)
        self.database = Database(self.settings.tables, Access(region=REGION, retries=0))
        wire.watch(self.database.connection.client)

    def _made(self, name: str) -> Settings:
        self._s3.create_bucket(Bucket=name)
        # Their streams would be copied with every transaction, and nobody reads them here.
        definitions = tuple(
            replace(table, properties={k: v for k, v in table.properties.items() if k[:6] != "Stream"})
            for table in table_definitions()
        )
        return Settings(
            stage="test",
            service="settle",
            tables=create_tables(self._session.client("dynamodb"), f"{name}-", definitions),
            bucket=name,
            bus=name,
            failures_queue_url=self._sqs.create_queue(QueueName=f"{name}-failures")["QueueUrl"],
            settle_queue_url=self._sqs.create_queue(QueueName=f"{name}-settle")["QueueUrl"],
            shop_queue_url=self._sqs.create_queue(QueueName=f"{name}-shop")["QueueUrl"],
            webhook_queue_url=self._sqs.create_queue(QueueName=f"{name}-webhook")["QueueUrl"],
            secrets_prefix=f"{name}/",
            clock_offset=timedelta(0),
            region=REGION,
        )

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Return the client of a service that goes by the wire and asks once only."""
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "total_max_attempts": 1})
            self._clients[service] = self.wire.watch(self._session.client(service, config=config))
        return self._clients[service]

    # --- what is there -----------------------------------------------------------------------

    def _tables(self) -> dict[str, Any]:
        backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
        return {name: backend.tables[table] for name, table in self.settings.tables.items()}

    def files(self) -> dict[str, bytes]:
        """Return every file by name."""
        bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.settings.bucket]
        return {key.name: key.value for key in bucket.keys.values()}

    def contents(self) -> Contents:
        """Return everything in the tables and the bucket."""
        rows = {
            f"{name} {pk.value} {sk.value}": {k: plain(v.to_json()) for k, v in item.attrs.items()}
            for name, table in self._tables().items()
            for pk, items in table.items.items()
            for sk, item in items.items()
        }
        return rows | {f"file {name}": body.decode() for name, body in self.files().items()}

    def kept(self) -> Kept:
        """Keep everything as it is."""
        rows = {name: table.items for name, table in self._tables().items()}
        return Kept(pickle.dumps(rows), self.files())

    def put_back(self, kept: Kept) -> None:
        """Make everything as it was; the queue is empty then."""
        for name, items in pickle.loads(kept.rows).items():  # noqa: S301 - our own
            self._tables()[name].items = items
        found = self.files()
        for name in found.keys() - kept.files.keys():
            self._s3.delete_object(Bucket=self.settings.bucket, Key=name)
        for name, body in kept.files.items():
            if found.get(name) != body:
                self.put_file(name, body)
        self.queued()

    def put_file(self, name: str, body: bytes) -> None:
        """Put a file into the bucket, as people do."""
        self._s3.put_object(Bucket=self.settings.bucket, Key=name, Body=body)

    def file_names(self, folder: str) -> list[str]:
        """Return the names of a folder's files in order."""
        return sorted(name for name in self.files() if name.startswith(folder))

    def queued(self) -> list[str]:
        """Take what was put on the settlement queue."""
        url, bodies = self.settings.settle_queue_url, []
        while found := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                bodies.append(message["Body"])
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


class Process(AwsParts):
    """A process that has just started: real parts, and nothing cached. The clock stands, pages are small."""

    list_sizes = SMALL

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.settings)
        self._cloud = cloud

    def now(self) -> datetime:
        return self._cloud.now

    @cached_property
    def _database(self) -> Database:
        return self._cloud.database

    def _client(self, service: str) -> Any:  # noqa: ANN401 - as its parent's
        return self._cloud.client(service)


@contextmanager
def opened(now: datetime) -> Iterator[Cloud]:
    """An empty cloud in which it is some instant."""
    with moto.running():
        yield Cloud(Wire(), now)


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever DynamoDB stores
    """Return a stored value with its sets in order."""
    ((kind, content),) = value.items()
    return {kind: sorted(content)} if kind in ("SS", "NS") else value


def text_of(contents: object) -> str:
    """Return what is equal for equal contents."""
    return json.dumps(contents, sort_keys=True)
