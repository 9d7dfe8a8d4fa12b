"""The queues on SQS: orders that wait, settlement's work, and what shops' webhooks asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from grapevine.domain.entries import Postable, named_key
from grapevine.domain.errors import InvalidInputError, UnavailableError
from grapevine.domain.settlements import PageName
from grapevine.ports import PrivacyRequest, Waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

BATCH = 10
"""Messages that SQS takes, or gives, in one request."""
MAX_REASON = 2000
"""Characters of a reason that are kept; the order is what a redrive needs."""
WAIT_SECONDS = 1
"""A waiting request asks all of SQS's servers; one that does not may miss what is there."""


class SqsFailures:
    """Orders and bonuses that could not be processed, as `{"order": …, "reason": …}`."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, order: Postable, reason: str) -> None:
        """Queue an order with the reason."""
        body = json.dumps({"order": str(order), "reason": reason[:MAX_REASON]})
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)
        except _refusals() as error:
            raise UnavailableError(f"order {order} not queued: {error}") from error

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        """Return some of what waits; the queue hides it from others for a while.

        A message that is not ours is passed over: it stays, and so does the alarm on the queue.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(limit, BATCH),
                WaitTimeSeconds=WAIT_SECONDS,
            )
        except _refusals() as error:
            raise UnavailableError(f"failure queue not read: {error}") from error
        found = (_waiting(message) for message in answer.get("Messages", ()))
        return tuple(waiting for waiting in found if waiting)

    def done(self, waiting: Waiting) -> None:
        """Take an order out for good."""
        try:
            self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=waiting.receipt)
        except _refusals() as error:
            raise UnavailableError(f"order {waiting.order} not taken out: {error}") from error


class SqsShopQueue:
    """What webhooks asked for: `{"fetch": …}`, `{"privacy": …}`, `{"coupon": …}`, `{"reconcile": …}`."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send_fetch(self, storefront_id: str, order_id: str) -> None:
        """Queue that a storefront is asked for an order; twice is harmless."""
        self._send({"fetch": {"storefront_id": storefront_id, "order_id": order_id}})

    def send_privacy(self, storefront_id: str, request: PrivacyRequest) -> None:
        """Queue a person's request; twice is harmless."""
        self._send({"privacy": {"storefront_id": storefront_id, **asdict(request)}})

    def send_coupon(self, storefront_id: str, code: str) -> None:
        """Queue that a shop is told whether a coupon counts; twice is harmless."""
        self._send({"coupon": {"storefront_id": storefront_id, "code": code}})

    def send_reconcile(self, storefront_id: str) -> None:
        """Queue that a shop is asked what changed; twice is harmless."""
        self._send({"reconcile": {"storefront_id": storefront_id}})

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))
        except _refusals() as error:
            raise UnavailableError(f"shop queue not written: {error}") from error


class SqsSettlementQueue:
    """Runs to list, pages to settle, payouts to send, bans, points to tend: one message each."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send_list(self, name: PageName) -> None:
        """Queue that a run's promoters are listed from a place on; twice is harmless."""
        self._send([{"Id": "list", "MessageBody": json.dumps({"list": asdict(name)})}])

    def send_pages(self, names: Sequence[PageName]) -> None:
        """Queue pages to settle, ten in a request; twice is harmless."""
        for start in range(0, len(names), BATCH):
            self._send([_page(n, name) for n, name in enumerate(names[start : start + BATCH])])

    def send_points(self, program_id: str, promoter_ids: Sequence[str]) -> None:
        """Queue that promoters' points are tended; twice is harmless."""
        values = {"points": {"program_id": program_id, "promoter_ids": list(promoter_ids)}}
        self._send([{"Id": "points", "MessageBody": json.dumps(values)}])

    def send_payouts(self, program_id: str) -> None:
        """Queue that a program's payouts are formed into batches; twice is harmless."""
        self._send([{"Id": "send", "MessageBody": json.dumps({"send": program_id})}])

    def send_transfers(self, program_id: str, batch_ids: Sequence[str]) -> None:
        """Queue batches to bring as far as they go, ten in a request; twice is harmless."""
        for start in range(0, len(batch_ids), BATCH):
            names = enumerate(batch_ids[start : start + BATCH])
            self._send([_transfers(number, program_id, name) for number, name in names])

    def send_void(self, program_id: str, promoter_id: str) -> None:
        """Queue that what is held for a banned promoter is voided; twice is harmless."""
        values = {"void": {"program_id": program_id, "promoter_id": promoter_id}}
        self._send([{"Id": "void", "MessageBody": json.dumps(values)}])

    def _send(self, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except _refusals() as error:
            raise UnavailableError(f"settlement messages not queued: {error}") from error
        failed = [f"{entry['Id']}: {entry['Code']}" for entry in answer.get("Failed", ())]
        if failed:
            raise UnavailableError(f"settlement messages not queued: {', '.join(failed)}")


def _waiting(message: MessageTypeDef) -> Waiting | None:
    try:
        values = json.loads(message["Body"])
        return Waiting(named_key(values["order"]), str(values["reason"]), message["ReceiptHandle"])
    except (ValueError, KeyError, TypeError, AttributeError, InvalidInputError):
        return None


def _transfers(number: int, program_id: str, batch_id: str) -> SendMessageBatchRequestEntryTypeDef:
    values = {"transfers": {"program_id": program_id, "batch_id": batch_id}}
    return {"Id": str(number), "MessageBody": json.dumps(values)}


def _page(number: int, name: PageName) -> SendMessageBatchRequestEntryTypeDef:
    return {"Id": str(number), "MessageBody": json.dumps({"page": asdict(name)})}


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
