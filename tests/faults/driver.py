"""What calls the settle app: Lambda's schedules and queue, the operator, and the bank that pays the files."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

from chalice.test import Client

from grapevine.domain.entries import AccountKey
from grapevine.domain.payouts import payout_id
from grapevine.runtime.parts import install
from tests.builders import BO, PROGRAM_ID
from tests.faults.cloud import Cloud, Contents, Process, text_of
from tests.faults.wire import Stopped

SCHEDULES = ("start_settlements", "send_payouts")
"""What EventBridge fires every hour, in this order; what is due otherwise has nothing to do with payouts."""
MOST_RECEIVES = 5
"""How often a message comes before it is put aside: `infra/platform.yaml`."""
MOST_STEPS = 200
RUN = f"{PROGRAM_ID}.2027-01-10"
UNPAID = payout_id(RUN, AccountKey(PROGRAM_ID, BO, "USD")).replace("_", "") + "x1"
"""What the bank does not pay: Bo's."""


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
    before: str = ""
    """How everything that AWS has was when the hour began."""
    imported: tuple[str, ...] = ()


class Driver:
    """Calls one handler at a time, each in a process of its own: nothing is left but what AWS has."""

    def __init__(self, cloud: Cloud, client: Client) -> None:
        self.cloud = cloud
        self.position = Position()
        self._client = client

    def state(self) -> str:
        """Return what everything that comes depends on: the clock stands, and there is no chance in it."""
        return digest([self.cloud.contents(), asdict(self.position)])

    def end(self) -> Contents:
        """Return everything that is there, with what was put aside for a person."""
        return self.cloud.contents() | {"dead": self.position.dead}

    def is_over(self) -> bool:
        """Whether nothing is left to do: an hour has passed and changed nothing."""
        position = self.position
        is_idle = not position.waiting and position.fired == len(SCHEDULES) and not self._unanswered()
        return is_idle and position.before == digest(self.cloud.contents())

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
            self.position = replace(position, fired=0, before=digest(self.cloud.contents()))
            return
        if any("Send" in call for call in self.cloud.wire.calls):
            found = tuple(map(Message, self.cloud.queued()))
            self.position = replace(self.position, waiting=(*self.position.waiting, *found))

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
        """Return the first transfer in the payout files of which nobody has imported what became of it."""
        sent = (row["transfer_id"] for name in self.cloud.file_names("payouts/") for row in self._rows(name))
        return next((name for name in sent if name not in self.position.imported), None)

    def _rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.cloud.files()[name].decode())))

    def _answer(self, transfer_id: str) -> None:
        """Let the bank pay a transfer, and the operator import what it says, until that works."""
        results = f"results/{transfer_id}.csv"
        self.cloud.put_file(results, result_of(transfer_id))
        event = {"program_id": PROGRAM_ID, "file": results}
        if self._invoke("import_results", event) is not None:
            imported = (*self.position.imported, transfer_id)
            self.position = replace(self.position, imported=imported)


def digest(everything: object) -> str:
    """Return what is equal for what is equal."""
    return blake2b(text_of(everything).encode(), digest_size=16).hexdigest()


def result_of(transfer_id: str) -> bytes:
    """Return what the bank says of a transfer."""
    said = ("failed", "account closed") if transfer_id == UNPAID else ("completed", "")
    return f"transfer_id,status,detail\n{transfer_id},{said[0]},{said[1]}\n".encode()
