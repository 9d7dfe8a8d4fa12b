"""One lane of a subscription while it is ours: what is new is sent, what waited is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from grapevine.domain.errors import SubscriptionMovedError
from grapevine.domain.events import SLOTS, Event, Placed
from grapevine.domain.subscriptions import (
    GONE,
    MOST_BYTES,
    Answer,
    DeadLetter,
    Lane,
    Parked,
    Subscription,
)
from grapevine.ports import EventReader, SecretStore, SubscriptionStore, WebhookQueue, WebhookSender
from grapevine.usecases.sign_events import body_of, signed_headers

WORK = timedelta(seconds=30)
"""How long one run begins something new; the last request may take 15 seconds more."""
PAGE = 20
MOST_READ = 100
"""Events that are read by their places at once."""
MOST_DELAY_SECONDS = 900
"""What a queue delays at most; what waits longer is found by the sweep."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DeliverEvents:
    """One log of one subscription; `replay_from` puts it there first, `again` sends events again."""

    program_id: str
    subscription_id: str
    slot: int
    again: tuple[int, ...] = ()
    replay_from: int | None = None


@dataclass(frozen=True, slots=True)
class DeliverPorts:
    """What delivering needs."""

    log: EventReader
    subscriptions: SubscriptionStore
    secrets: SecretStore
    sender: WebhookSender
    queue: WebhookQueue


@dataclass(slots=True)
class Delivered:
    """What came of a run, in events."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    disabled: bool = False


class LaneRun:
    """One lane while it is ours."""

    def __init__(
        self, subscription: Subscription, lane: Lane, ports: DeliverPorts, clock: Clock, done: Delivered
    ) -> None:
        self._subscription = subscription
        self._lane = lane
        self._position = lane.position
        self._ports = ports
        self._clock = clock
        self._done = done
        self._ends_at = clock() + WORK
        self._stopped = False
        parked = ports.subscriptions.parked(subscription.id, lane.slot)
        self._parked = {one.aggregate: one for one in parked}

    def prepare(self, command: DeliverEvents) -> None:
        """Do what was asked before anything is sent: put the lane elsewhere, or park what goes again."""
        if command.replay_from is not None:
            for parked in self._parked.values():
                self._ports.subscriptions.unpark(parked)
            self._parked.clear()
            self._position = command.replay_from
            self._keep()
        for placed in self._at(command.again).values():
            parked = self._parked.get(str(placed.event.aggregate)) or self._waiting(placed, due=self._clock())
            self._park(replace(parked.behind(placed.position), attempts=0, due_at=self._clock()))

    def work(self) -> None:
        """Send what is new, then what waited for another try: so one bad event holds up no other thing's."""
        while self._goes_on() and (page := self._page()):
            for placed in page:
                if not self._goes_on():
                    break
                self._new(placed)
            self._keep()
        for parked in sorted(self._parked.values(), key=lambda one: one.due_at):
            self._due(parked)

    def leave(self) -> None:
        """Say how far it came, and give the lane back; where it is somebody else's by now, that is theirs."""
        try:
            self._ports.subscriptions.keep_lane(self._lane, self._position, None)
        except SubscriptionMovedError:
            self._stopped = True

    def look_again(self) -> None:
        """Wake the lane for what came while others were sent away, or what time was too short for."""
        now = self._clock()
        is_behind = self._ports.log.ends(self._subscription.program_id)[self._lane.slot] > self._position
        is_due = any(one.due_at <= now for one in self._parked.values())
        if not self._stopped and (is_behind or is_due):
            self._wake((self._lane.slot,), now)

    # --- one event -------------------------------------------------------------------------------

    def _new(self, placed: Placed) -> None:
        """Send an event that was not tried before; behind one that waits it waits too."""
        event, parked = placed.event, self._parked.get(str(placed.event.aggregate))
        if self._subscription.wants(event.type):
            if parked:
                self._park(parked.behind(placed.position))
            elif len(body_of(event)) >= MOST_BYTES:
                self._bury(placed, f"larger than {MOST_BYTES} bytes")
            else:
                answer = self._send(event)
                if not answer.is_success:
                    first = self._waiting(placed, due=self._clock())
                    self._retry(first.behind(placed.position), answer, is_first=True)
        self._position = placed.position

    def _due(self, parked: Parked) -> None:
        """Send what waits of one thing, in order, as long as it goes; what is too old is passed over."""
        asked = parked.pending[:MOST_READ]
        found = self._at(asked)
        while parked.pending[:1] and parked.pending[0] in asked and self._goes_on():
            if parked.due_at > self._clock():
                return
            placed = found.get(parked.pending[0])
            answer = self._send(placed.event) if placed else Answer(200)
            if not answer.is_success:
                self._retry(parked, answer, placed=placed)
                return
            parked = parked.without_first(self._clock())
            self._park(parked)

    def _send(self, event: Event) -> Answer:
        now = self._clock()
        secrets = self._ports.secrets.signing_secrets(self._subscription.program_id, self._subscription.id)
        if secrets is None:
            answer = Answer(None, "has no secret to sign with")
        else:
            body = body_of(event)
            in_force, sign = secrets.in_force(now), self._ports.sender.signature
            headers = signed_headers(event.id, body, in_force, now, sign)
            answer = self._ports.sender.send(self._subscription.url, headers, body)
        if answer.is_success:
            self._done.sent += 1
            self._recovered()
        else:
            self._done.failed += 1
        return answer

    def _retry(
        self, parked: Parked, answer: Answer, *, is_first: bool = False, placed: Placed | None = None
    ) -> None:
        """Let an event wait that failed, or give it up; count it where others did not arrive either."""
        after = parked.failed(answer, self._clock())
        if after.is_given_up and placed:
            self._bury(placed, answer.told)
            after = after.without_first(self._clock())
        self._park(after)
        self._wake((self._lane.slot,), after.due_at)
        arrived = self._subscription.arrived_at
        if is_first or answer.status == GONE or arrived is None or arrived <= parked.since:
            self._count_failure(answer)

    def _bury(self, placed: Placed, error: str) -> None:
        letter = DeadLetter(
            subscription_id=self._subscription.id,
            slot=self._lane.slot,
            position=placed.position,
            event_id=placed.event.id,
            type=placed.event.type,
            error=error,
            recorded_at=self._clock(),
        )
        self._ports.subscriptions.bury(letter)
        self._done.dead += 1

    # --- the subscription ------------------------------------------------------------------------

    def _count_failure(self, answer: Answer) -> None:
        """Count a failure of the whole subscription; of two who failed at once one counts."""
        self._stopped = True
        after = self._subscription.failed(answer, self._clock())
        try:
            self._ports.subscriptions.change(after)
        except SubscriptionMovedError:
            if answer.status != GONE or not self._refreshed().is_enabled:
                return
            after = self._subscription.failed(answer, self._clock())
            self._ports.subscriptions.change(after)
        self._subscription = after
        self._done.disabled = not after.is_enabled
        if after.is_enabled and after.due_at:
            self._wake(tuple(range(SLOTS)), after.due_at)

    def _recovered(self) -> None:
        """Forget the failures once something arrives, and wake the other lanes, which waited for that."""
        if not self._subscription.failures:
            return
        after = self._subscription.arrived(self._clock())
        try:
            self._ports.subscriptions.change(after)
        except SubscriptionMovedError:
            self._refreshed()
            return
        self._subscription = after
        others = tuple(slot for slot in range(SLOTS) if slot != self._lane.slot)
        self._wake(others, self._clock())

    def _refreshed(self) -> Subscription:
        one = self._subscription
        found = self._ports.subscriptions.subscription(one.program_id, one.id)
        self._stopped = self._stopped or found is None
        self._subscription = found or one
        return self._subscription

    def _goes_on(self) -> bool:
        return not self._stopped and self._clock() < self._ends_at and self._subscription.is_enabled

    # --- the lane --------------------------------------------------------------------------------

    def _page(self) -> tuple[Placed, ...]:
        """Return what comes next, if it may still be tried: others may have failed meanwhile."""
        if not self._refreshed().may_try(self._clock()):
            return ()
        one = self._subscription
        return self._ports.log.events(one.program_id, self._lane.slot, self._position, PAGE)

    def _at(self, positions: tuple[int, ...]) -> dict[int, Placed]:
        return self._ports.log.events_at(self._subscription.program_id, self._lane.slot, positions)

    def _waiting(self, placed: Placed, due: datetime) -> Parked:
        name = str(placed.event.aggregate)
        return Parked(self._subscription.id, self._lane.slot, name, (), 0, due, due)

    def _park(self, parked: Parked) -> None:
        if parked.pending:
            self._ports.subscriptions.park(parked)
            self._parked[parked.aggregate] = parked
        else:
            self._ports.subscriptions.unpark(parked)
            self._parked.pop(parked.aggregate, None)

    def _keep(self) -> None:
        """Say how far the lane has come."""
        until = self._lane.leased_until
        self._lane = self._ports.subscriptions.keep_lane(self._lane, self._position, until)

    def _wake(self, slots: tuple[int, ...], due_at: datetime) -> None:
        """Queue lanes for an instant that a queue can wait for; the sweep finds the others."""
        seconds = max(0, round((due_at - self._clock()).total_seconds() + 0.5))
        if seconds <= MOST_DELAY_SECONDS and self._subscription.is_enabled:
            one = self._subscription
            self._ports.queue.send_lanes(one.program_id, one.id, slots, seconds)
