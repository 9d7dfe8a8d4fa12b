"""Secrets, queues, files and the bus of an engine, with a look behind the ports that only write."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from grapevine.adapters.eventbridge import EventBridgeBus
from grapevine.adapters.memory.events import MemoryWebhookQueue
from grapevine.adapters.memory.outside import (
    MemoryBus,
    MemoryFailures,
    MemoryFiles,
    MemorySecrets,
    MemorySettlementQueue,
)
from grapevine.adapters.s3 import S3Files
from grapevine.adapters.secrets_manager import SecretsManager
from grapevine.adapters.sqs import SqsFailures, SqsSettlementQueue
from grapevine.adapters.webhook_queue import SqsWebhookQueue
from grapevine.domain.settlements import PageName
from grapevine.ports import EventBus, Files, SecretStore, SettlementQueue, WebhookQueue
from grapevine.runtime.stores import FailuresPart
from grapevine.usecases.deliver_events import DeliverEvents
from tests.engines import ministack
from tests.engines.endpoint import ACCESS_KEY, REGION
from tests.engines.processes import LOOPBACK, free_port, server

_SERVICES = "events,s3,secretsmanager,sqs"

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outside:
    """One engine's outside things; the last ones read what was queued, published, and ever written."""

    secrets: SecretStore
    failures: FailuresPart
    settlement_queue: SettlementQueue
    files: Files
    bus: EventBus
    webhook_queue: WebhookQueue
    lanes: Callable[[], list[DeliverEvents]]
    lists: Callable[[], list[PageName]]
    pages: Callable[[], list[PageName]]
    voids: Callable[[], list[tuple[str, str]]]
    points: Callable[[], list[tuple[str, tuple[str, ...]]]]
    payouts: Callable[[], list[str]]
    transfers: Callable[[], list[tuple[str, str]]]
    published: Callable[[], list[Event]]
    versions: Callable[[str], list[bytes]]


def in_memory() -> Outside:
    """Everything in memory."""
    queue, bus, files = MemorySettlementQueue(), MemoryBus(), MemoryFiles()
    webhook_queue = MemoryWebhookQueue()
    return Outside(
        secrets=MemorySecrets(),
        failures=MemoryFailures(),
        settlement_queue=queue,
        files=files,
        bus=bus,
        webhook_queue=webhook_queue,
        lanes=lambda: _lanes(webhook_queue),
        lists=lambda: list(queue.lists),
        pages=lambda: list(queue.pages),
        voids=lambda: list(queue.voids),
        points=lambda: list(queue.points),
        payouts=lambda: list(queue.payouts),
        transfers=lambda: list(queue.transfers),
        published=lambda: list(bus.published),
        versions=files.versions,
    )


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Runs a MiniStack with these services; enters with its address."""
    port = free_port()
    environment = os.environ | ministack._settings(port, directory) | {"SERVICES": _SERVICES}
    command = [sys.executable, "-m", "ministack"]
    with server(command, port=port, environment=environment, log=directory / "outside.log"):
        yield f"http://{LOOPBACK}:{port}"


def on_ministack(url: str, name: str) -> Outside:
    """Queues, a bucket and a bus of their own on a running MiniStack."""
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=REGION
    )
    sqs = session.client("sqs", endpoint_url=url)
    events = session.client("events", endpoint_url=url)
    s3 = session.client("s3", endpoint_url=url)
    # What is received is seen again at once, so that no test has to wait for it.
    failures, settle, heard, webhooks = (
        sqs.create_queue(QueueName=f"{name}-{kind}", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
        for kind in ("failures", "settle", "heard", "webhooks")
    )
    s3.create_bucket(Bucket=f"bucket-{name}")
    s3.put_bucket_versioning(Bucket=f"bucket-{name}", VersioningConfiguration={"Status": "Enabled"})
    events.create_event_bus(Name=name)
    events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["grapevine"]}))
    heard_arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "1", "Arn": heard_arn}])
    return Outside(
        secrets=SecretsManager(session.client("secretsmanager", endpoint_url=url), f"grapevine/{name}/"),
        failures=SqsFailures(sqs, failures),
        settlement_queue=SqsSettlementQueue(sqs, settle),
        files=S3Files(s3, f"bucket-{name}"),
        bus=EventBridgeBus(events, name),
        webhook_queue=SqsWebhookQueue(sqs, webhooks),
        lanes=lambda: [_lane(body) for body in _drained(sqs, webhooks)],
        lists=lambda: [PageName(**body["list"]) for body in _drained(sqs, settle)],
        pages=lambda: [PageName(**body["page"]) for body in _drained(sqs, settle)],
        voids=lambda: [_void(body) for body in _drained(sqs, settle)],
        points=lambda: [_points(body) for body in _drained(sqs, settle)],
        payouts=lambda: [body["send"] for body in _drained(sqs, settle)],
        transfers=lambda: [tuple(body["transfers"].values()) for body in _drained(sqs, settle)],
        published=lambda: [_event(body) for body in _drained(sqs, heard)],
        versions=lambda file: _versions(s3, f"bucket-{name}", file),
    )


def _versions(s3: S3Client, bucket: str, name: str) -> list[bytes]:
    """Return everything that a file ever was and still is, the latest last."""
    found = s3.list_object_versions(Bucket=bucket, Prefix=name).get("Versions", [])
    versions = [one["VersionId"] for one in reversed(found) if one["Key"] == name]
    return [s3.get_object(Bucket=bucket, Key=name, VersionId=one)["Body"].read() for one in versions]


def _drained(sqs: SQSClient, queue_url: str) -> list[dict[str, Any]]:
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def _lane(values: dict[str, Any]) -> DeliverEvents:
    lane = values["lane"]
    return DeliverEvents(**{**lane, "again": tuple(lane.get("again", ()))})


def _lanes(queue: MemoryWebhookQueue) -> list[DeliverEvents]:
    return [
        *(DeliverEvents(*lane[:3]) for lane in queue.lanes),
        *(DeliverEvents(*lane) for lane in queue.again),
        *(
            DeliverEvents(program_id, name, slot, replay_from=position)
            for program_id, name, cursor in queue.replays
            for slot, position in enumerate(cursor)
        ),
    ]


def _void(values: dict[str, Any]) -> tuple[str, str]:
    return values["void"]["program_id"], values["void"]["promoter_id"]


def _points(values: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return values["points"]["program_id"], tuple(values["points"]["promoter_ids"])


def _event(values: dict[str, Any]) -> Event:
    return values["detail-type"], values["detail"]
