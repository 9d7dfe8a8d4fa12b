"""Events out, on an EventBridge bus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grapevine.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "grapevine"
BATCH = 10
"""Events that EventBridge takes in one request."""

Event = tuple[str, dict[str, Any]]


class EventBridgeBus:
    """Our bus; a reader drops repeats by the id in an event's detail."""

    def __init__(self, client: EventBridgeClient, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, events: Sequence[Event]) -> None:
        """Publish (type, detail) pairs; where one is not accepted, all may come again."""
        for start in range(0, len(events), BATCH):
            self._put([self._entry(event) for event in events[start : start + BATCH]])

    def _put(self, entries: list[PutEventsRequestEntryTypeDef]) -> None:
        try:
            answer = self._client.put_events(Entries=entries)
        except _refusals() as error:
            raise UnavailableError(f"events not published: {error}") from error
        if answer["FailedEntryCount"]:
            codes = {entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry}
            raise UnavailableError(f"{answer['FailedEntryCount']} events not published: {sorted(codes)}")

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        name, detail = event
        return {
            "Source": SOURCE,
            "DetailType": name,
            "Detail": json.dumps(detail, ensure_ascii=False),
            "EventBusName": self._bus,
        }


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
