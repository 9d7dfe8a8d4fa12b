"""Work on subscriptions' lanes, on SQS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grapevine.domain.errors import UnavailableError
from grapevine.domain.events import Cursor

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH = 10
"""Messages that SQS takes in one request."""


class SqsWebhookQueue:
    """One message for each lane: `{"lane": {program_id, subscription_id, slot, …}}`."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send_lanes(
        self, program_id: str, subscription_id: str, slots: Sequence[int], delay_seconds: int = 0
    ) -> None:
        """Queue that a subscription's lanes are brought as far as they go, after at most 900 seconds."""
        self._send([_lane(program_id, subscription_id, slot) for slot in slots], delay_seconds)

    def send_replay(self, program_id: str, subscription_id: str, cursor: Cursor) -> None:
        """Queue that a subscription is put back, or forward, to a cursor."""
        lanes = enumerate(cursor)
        self._send(
            [_lane(program_id, subscription_id, slot, replay_from=position) for slot, position in lanes]
        )

    def send_again(self, program_id: str, subscription_id: str, slot: int, positions: Sequence[int]) -> None:
        """Queue that events of one log are sent again."""
        self._send([_lane(program_id, subscription_id, slot, again=list(positions))])

    def _send(self, bodies: Sequence[dict[str, Any]], delay_seconds: int = 0) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": json.dumps({"lane": body}), "DelaySeconds": delay_seconds}
            for number, body in enumerate(bodies)
        ]
        for start in range(0, len(entries), BATCH):
            self._batch(entries[start : start + BATCH])

    def _batch(self, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except _refusals() as error:
            raise UnavailableError(f"webhook messages not queued: {error}") from error
        failed = [f"{entry['Id']}: {entry['Code']}" for entry in answer.get("Failed", ())]
        if failed:
            raise UnavailableError(f"webhook messages not queued: {', '.join(failed)}")


def _lane(program_id: str, subscription_id: str, slot: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"program_id": program_id, "subscription_id": subscription_id, "slot": slot, **more}


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
