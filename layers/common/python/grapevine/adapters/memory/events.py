"""The log of events, who listens to it, and the queue between them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock

from standardwebhooks.webhooks import Webhook

from grapevine.domain.errors import AlreadyExistsError, LogMovedError, SubscriptionMovedError
from grapevine.domain.events import SLOTS, Aggregate, Cursor, Logged, LogHead, Placed
from grapevine.domain.subscriptions import Answer, DeadLetter, Lane, Parked, Subscription, SubscriptionState


class MemoryEventLog:
    """Events by program and slot."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._heads: dict[Aggregate, LogHead] = {}
        self.logs: dict[tuple[str, int], list[Placed]] = {}

    def heads(self, aggregates: Sequence[Aggregate]) -> dict[Aggregate, LogHead]:
        with self._lock:
            return {name: self._heads[name] for name in aggregates if name in self._heads}

    def append(self, program_id: str, slot: int, logged: Sequence[Logged]) -> None:
        with self._lock:
            for one in logged:
                if self._heads.get(one.before.aggregate, LogHead(one.before.aggregate)) != one.before:
                    raise LogMovedError(str(one.before.aggregate))
            log = self.logs.setdefault((program_id, slot), [])
            for one in logged:
                self._heads[one.after.aggregate] = one.after
                log += [Placed(number, event) for number, event in enumerate(one.events, start=len(log) + 1)]

    def ends(self, program_id: str) -> Cursor:
        return tuple(len(self.logs.get((program_id, slot), ())) for slot in range(SLOTS))

    def events(self, program_id: str, slot: int, after: int, limit: int) -> tuple[Placed, ...]:
        return tuple(self.logs.get((program_id, slot), ())[after : after + limit])

    def events_at(self, program_id: str, slot: int, positions: Sequence[int]) -> dict[int, Placed]:
        log = self.logs.get((program_id, slot), [])
        return {number: log[number - 1] for number in positions if 0 < number <= len(log)}


class MemorySubscriptions:
    """Subscriptions, their lanes, what waits and what was given up."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.stored: dict[str, Subscription] = {}
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._parked: dict[tuple[str, int, str], Parked] = {}
        self._dead: dict[tuple[str, str], DeadLetter] = {}

    def add(self, subscription: Subscription, cursor: Cursor) -> None:
        with self._lock:
            if subscription.id in self.stored:
                raise AlreadyExistsError("subscription", subscription.id)
            self.stored[subscription.id] = subscription
            for slot, position in enumerate(cursor):
                self._lanes[subscription.id, slot] = Lane(subscription.id, slot, position)

    def change(self, subscription: Subscription) -> None:
        with self._lock:
            if self.stored[subscription.id].version != subscription.version - 1:
                raise SubscriptionMovedError(subscription.id)
            self.stored[subscription.id] = subscription

    def subscription(self, program_id: str, subscription_id: str) -> Subscription | None:
        found = self.stored.get(subscription_id)
        return found if found and found.program_id == program_id and _is_there(found) else None

    def subscriptions(self, program_id: str) -> tuple[Subscription, ...]:
        found = [one for one in self.stored.values() if one.program_id == program_id and _is_there(one)]
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    def enabled(self) -> Iterator[Subscription]:
        yield from [one for one in self.stored.values() if one.is_enabled]

    def lanes(self, subscription_id: str) -> Cursor:
        return tuple(self._lanes[subscription_id, slot].position for slot in range(SLOTS))

    def take_lane(self, subscription_id: str, slot: int, now: datetime, until: datetime) -> Lane | None:
        with self._lock:
            lane = self._lanes[subscription_id, slot]
            if lane.leased_until and lane.leased_until > now:
                return None
            self._lanes[subscription_id, slot] = replace(lane, leased_until=until)
            return self._lanes[subscription_id, slot]

    def keep_lane(self, lane: Lane, position: int, until: datetime | None) -> Lane:
        with self._lock:
            if self._lanes[lane.subscription_id, lane.slot] != lane:
                raise SubscriptionMovedError(f"{lane.subscription_id} {lane.slot}")
            kept = Lane(lane.subscription_id, lane.slot, position, until)
            self._lanes[lane.subscription_id, lane.slot] = kept
            return kept

    def parked(self, subscription_id: str, slot: int | None = None) -> tuple[Parked, ...]:
        found = [p for p in self._parked.values() if p.subscription_id == subscription_id]
        return tuple(
            sorted((p for p in found if slot in (None, p.slot)), key=lambda p: (p.slot, p.aggregate))
        )

    def park(self, parked: Parked) -> None:
        self._parked[parked.subscription_id, parked.slot, parked.aggregate] = parked

    def unpark(self, parked: Parked) -> None:
        self._parked.pop((parked.subscription_id, parked.slot, parked.aggregate), None)

    def bury(self, letter: DeadLetter) -> None:
        self._dead.setdefault((letter.subscription_id, letter.event_id), letter)

    def dead_letters(self, subscription_id: str, limit: int) -> tuple[DeadLetter, ...]:
        found = [letter for letter in self._dead.values() if letter.subscription_id == subscription_id]
        newest = sorted(found, key=lambda letter: (letter.recorded_at, letter.event_id), reverse=True)
        return tuple(newest[:limit])


def _is_there(subscription: Subscription) -> bool:
    return subscription.state is not SubscriptionState.REMOVED


class MemoryWebhookQueue:
    """Work on lanes, in the order it was sent."""

    def __init__(self) -> None:
        self.lanes: list[tuple[str, str, int, int]] = []
        self.replays: list[tuple[str, str, Cursor]] = []
        self.again: list[tuple[str, str, int, tuple[int, ...]]] = []

    def send_lanes(
        self, program_id: str, subscription_id: str, slots: Sequence[int], delay_seconds: int = 0
    ) -> None:
        self.lanes.extend((program_id, subscription_id, slot, delay_seconds) for slot in slots)

    def send_replay(self, program_id: str, subscription_id: str, cursor: Cursor) -> None:
        self.replays.append((program_id, subscription_id, cursor))

    def send_again(self, program_id: str, subscription_id: str, slot: int, positions: Sequence[int]) -> None:
        self.again.append((program_id, subscription_id, slot, tuple(positions)))


class MemorySender:
    """Requests as they were sent; what `answers` says comes back, else 204."""

    def __init__(self, answers: Callable[[Mapping[str, str], bytes], Answer] | None = None) -> None:
        self._answers = answers or (lambda _headers, _body: Answer(204))
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []

    def signature(self, secret: str, event_id: str, now: datetime, text: str) -> str:
        return Webhook(secret).sign(event_id, now, text)

    def fault(self, url: str) -> str | None:
        return None if url.startswith("https://") else "must begin with https://"

    def send(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        whole_seconds: float | None = None,  # noqa: ARG002 - memory is quick
    ) -> Answer:
        self.sent.append((url, headers, body))
        return self._answers(headers, body)
