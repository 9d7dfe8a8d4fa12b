"""A program's events on their way to subscribers, with a clock, a queue that delays, and the sweep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from grapevine.adapters.memory.events import (
    MemoryEventLog,
    MemorySender,
    MemorySubscriptions,
    MemoryWebhookQueue,
)
from grapevine.adapters.memory.outside import MemoryBus, MemorySecrets
from grapevine.domain.errors import GrapevineError
from grapevine.domain.events import Aggregate, AggregateKind, Change, Draft
from grapevine.domain.subscriptions import Answer, SigningSecrets, Subscription
from grapevine.ports import WebhookSender
from grapevine.usecases.deliver_events import Delivered, DeliverEvents, DeliverPorts, deliver_events
from grapevine.usecases.log_events import EventPorts, log_changes
from grapevine.usecases.sweep_webhooks import sweep_webhooks
from tests.builders import PROGRAM_ID, T0

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
SWEEP = timedelta(minutes=5)


def step(aggregate: str, version: int) -> Change:
    """One change with one event."""

    def fold(seen: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[Draft, ...]]:
        return seen, (Draft("payout.sent", T0, {"number": version}),)

    return Change(Aggregate(PROGRAM_ID, AggregateKind.PAYOUT, aggregate), version, fold)


@dataclass
class Post:
    """Everything between a change and a subscriber; time passes in `until` alone."""

    sender: WebhookSender = field(default_factory=MemorySender)
    clock: datetime = T0
    log: MemoryEventLog = field(default_factory=MemoryEventLog)
    subscriptions: MemorySubscriptions = field(default_factory=MemorySubscriptions)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    queue: MemoryWebhookQueue = field(default_factory=MemoryWebhookQueue)
    bus: MemoryBus = field(default_factory=MemoryBus)
    versions: dict[str, int] = field(default_factory=dict)
    delayed: list[tuple[datetime, int, DeliverEvents]] = field(default_factory=list)
    done: list[Delivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._swept_at = self.clock
        self._number = 0

    @property
    def ports(self) -> DeliverPorts:
        return DeliverPorts(self.log, self.subscriptions, self.secrets, self.sender, self.queue)

    def now(self) -> datetime:
        return self.clock

    def subscribe(
        self, name: str = "wh_1", url: str = "https://one.example/", types: tuple[str, ...] = ()
    ) -> Subscription:
        made = Subscription(id=name, program_id=PROGRAM_ID, url=url, created_at=T0, types=types)
        self.secrets.put_signing_secrets(PROGRAM_ID, name, SigningSecrets(SECRET))
        self.subscriptions.add(made, self.log.ends(PROGRAM_ID))
        return made

    def stored(self, name: str = "wh_1") -> Subscription:
        return self.subscriptions.stored[name]

    def tell(self, aggregate: str, times: int = 1) -> None:
        """Let something change."""
        for _ in range(times):
            version = self.versions[aggregate] = self.versions.get(aggregate, 0) + 1
            ports = EventPorts(self.log, self.bus, self.subscriptions, self.queue)
            log_changes((step(aggregate, version),), ports, self.clock)

    def until(self, instant: datetime) -> None:
        """Work off what is queued, and sweep, until an instant."""
        while True:
            self._take_in()
            following = min((due for due, _, _ in self.delayed), default=instant)
            following = max(min(following, self._swept_at + SWEEP), self.clock)
            if following > instant:
                self.clock = instant
                return
            self.clock = following
            if not self._next() and self.clock >= self._swept_at + SWEEP:
                self._swept_at = self.clock
                sweep_webhooks(self.log, self.subscriptions, self.queue, self.clock)
            elif not self.delayed and following >= instant:
                return

    def soon(self, **span: float) -> None:
        """Let some time pass, one second unless told."""
        self.until(self.clock + timedelta(**(span or {"seconds": 1})))

    def _next(self) -> bool:
        ready = sorted(one for one in self.delayed if one[0] <= self.clock)
        if not ready:
            return False
        self.delayed.remove(ready[0])
        command = ready[0][2]
        try:
            self.done.append(deliver_events(command, self.ports, self.now))
        except GrapevineError:
            # As a queue does: it comes again.
            self._put(command, 60)
        return True

    def _take_in(self) -> None:
        for program_id, name, slot, delay in self.queue.lanes:
            self._put(DeliverEvents(program_id, name, slot), delay)
        for program_id, name, cursor in self.queue.replays:
            for slot, position in enumerate(cursor):
                self._put(DeliverEvents(program_id, name, slot, replay_from=position), 0)
        for program_id, name, slot, positions in self.queue.again:
            self._put(DeliverEvents(program_id, name, slot, again=positions), 0)
        self.queue.lanes.clear()
        self.queue.replays.clear()
        self.queue.again.clear()

    def _put(self, command: DeliverEvents, delay: int) -> None:
        self._number += 1
        self.delayed.append((self.clock + timedelta(seconds=delay), self._number, command))


Place = tuple[str, int]
"""An aggregate and the number of one of its events."""


class Listener:
    """What a subscriber heard and said, by a rule that a test may change."""

    def __init__(self, answer: Callable[[Place], int] = lambda _: 204) -> None:
        self.answer = answer
        self.retry_after_seconds: int | None = None
        self.heard: list[tuple[Place, int]] = []

    def __call__(self, _headers: Mapping[str, str], body: bytes) -> Answer:
        event = json.loads(body)
        place = (event["aggregate"]["id"], event["sequence"])
        status = self.answer(place)
        self.heard.append((place, status))
        return Answer(status, retry_after_seconds=self.retry_after_seconds if status >= 300 else None)

    @property
    def arrived(self) -> list[Place]:
        return [place for place, status in self.heard if status < 300]


def post_to(listener: Listener) -> Post:
    """A post whose one sender the listener answers."""
    return Post(sender=MemorySender(listener))
