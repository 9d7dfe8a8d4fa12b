"""What calls the settle app: Lambda's schedules and queue, the operator, and the bank that pays the files."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

from chalice.test import Client

from grapevine.runtime.parts import install
from tests.builders import PROGRAM_ID
from tests.faults.cloud import Cloud, Contents, Process, text_of
from tests.faults.wire import WRITES, Stopped

SCHEDULES = ("start_settlements",)
"""What EventBridge fires every hour, in this order; what is due otherwise has nothing to do with payouts."""
MOST_RECEIVES = 5
"""How often a message comes before it is put aside: `infra/platform.yaml`."""
MOST_STEPS = 200
UNPAID = "pr_bo"
"""Whom the bank does not pay."""


@dataclass(frozen=True, slots=True)
class Message:
    """A body in the queue, and how often it comes, next time included."""

    body: str
    receives: int = 1


@dataclass(frozen=True, slots=True)
class Position:
    """What everybody knows who is not in a process of ours."""

    waiting: tuple[Message, ...] = ()
    dead: tuple[str, ...] = ()
    fired: int = len(SCHEDULES)
    """How many of this hour's schedules have fired."""
    is_over: bool = False
    """Whether nothing was written in this hour: then it ends the play."""
    imported: tuple[str, ...] = ()


class Driver:
    """Calls one handler at a time, each in a process of its own: nothing is left but what AWS has."""

    def __init__(self, cloud: Cloud, client: Client) -> None:
        self.cloud = cloud
        self.position = Position()
        self._client = client

    def state(self) -> str:
        """Return what everything that comes depends on: the clock stands, and there is no chance in it."""
        everything = [self.cloud.contents(), asdict(self.position)]
        return blake2b(text_of(everything).encode(), digest_size=16).hexdigest()

    def end(self) -> Contents:
        """Return everything that is there, with what was put aside for a person."""
        return self.cloud.contents() | {"dead": self.position.dead}

    def is_over(self) -> bool:
        """Whether nothing is left to do: an hour has passed and wrote nothing."""
        position = self.position
        is_idle = not position.waiting and position.fired == len(SCHEDULES) and not self._unanswered()
        return is_idle and position.is_over

    def step(self) -> None:
        """Call one handler, or let the next hour begin."""
        position = self.position
        if position.waiting:
            self._deliver(position.waiting[0])
        elif position.fired < len(SCHEDULES):
            self._fire(SCHEDULES[position.fired])
        elif file := self._unanswered():
            self._answer(file)
        else:
            self.position = replace(position, fired=0, is_over=True)
            return
        calls = [call.partition(".")[2] for call in self.cloud.wire.calls]
        found = tuple(map(Message, self.cloud.queued())) if any("Send" in call for call in calls) else ()
        self.position = replace(
            self.position,
            waiting=(*self.position.waiting, *found),
            is_over=self.position.is_over and not any(call.startswith(WRITES) for call in calls),
        )

    def _invoke(self, handler: str, event: Any) -> Any:  # noqa: ANN401 - whatever it answers
        """Return a handler's answer, None where it failed or its process ended."""
        install(Process(self.cloud))
        try:
            return self._client.lambda_.invoke(handler, event).payload
        except (Stopped, Exception):  # noqa: BLE001 - whatever it was, it is called again
            return None

    def _fire(self, schedule: str) -> None:
        """Fire a schedule; EventBridge calls again where that failed."""
        event = self._client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        if self._invoke(schedule, event) is not None:
            self.position = replace(self.position, fired=self.position.fired + 1)

    def _deliver(self, message: Message) -> None:
        """Deliver a message; what is not done comes again, after the others, until it is put aside."""
        event = self._client.events.generate_sqs_event([message.body])
        event["Records"][0]["messageId"] = "1"
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(message.receives)
        answer = self._invoke("settle_promoters", event)
        rest, dead = self.position.waiting[1:], self.position.dead
        if answer is None or answer["batchItemFailures"]:
            if message.receives < MOST_RECEIVES:
                rest = (*rest, replace(message, receives=message.receives + 1))
            else:
                dead = (*dead, message.body)
        self.position = replace(self.position, waiting=rest, dead=dead)

    def _unanswered(self) -> str | None:
        files = (name for name in self.cloud.file_names() if name.startswith("payouts/"))
        return next((name for name in files if name not in self.position.imported), None)

    def _answer(self, name: str) -> None:
        """Let the bank pay a file, and the operator import what it says, until that works."""
        payouts = self.cloud.file(name)
        assert payouts is not None
        results = name.replace("payouts/", "results/")
        rows = list(csv.DictReader(io.StringIO(payouts.decode())))
        self.cloud.put_file(results, results_of(rows))
        event = {"program_id": PROGRAM_ID, "file": results}
        if self._invoke("import_results", event) is not None:
            self.position = replace(self.position, imported=(*self.position.imported, name))


def results_of(rows: list[dict[str, str]]) -> bytes:
    """Return what the bank says of the rows of a payout file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("payout_id", "status", "detail"))
    for row in rows:
        is_paid = row["promoter_id"] != UNPAID
        writer.writerow((row["payout_id"], *(("completed", "") if is_paid else ("failed", "account closed"))))
    return text.getvalue().encode()
