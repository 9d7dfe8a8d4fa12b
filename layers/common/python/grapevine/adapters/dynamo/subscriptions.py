"""Who listens to events, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pynamodb.expressions.condition import Condition

from grapevine.adapters.dynamo import event_keys, keys
from grapevine.adapters.dynamo.failures import CancelledError, ConditionFailedError
from grapevine.adapters.dynamo.rows import Row, rows
from grapevine.adapters.dynamo.rows_events import (
    DeadLetterRow,
    LaneRow,
    ParkedRow,
    SubscriptionRow,
    dead_letter_of,
    dead_letter_row,
    lane_of,
    parked_of,
    parked_row,
    subscription_of,
    subscription_row,
)
from grapevine.adapters.dynamo.table import BY_STATE, Database, Put
from grapevine.domain.errors import AlreadyExistsError, NotFoundError, SubscriptionMovedError
from grapevine.domain.events import Cursor
from grapevine.domain.subscriptions import DeadLetter, Lane, Parked, Subscription, SubscriptionState


class DynamoSubscriptions:
    """Subscriptions in the state table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state

    def add(self, subscription: Subscription, cursor: Cursor) -> None:
        """Store a subscription with its lanes, all or nothing."""
        lanes = [
            LaneRow(*event_keys.lane(subscription.id, slot), position=position)
            for slot, position in enumerate(cursor)
        ]
        puts = [Put(self._state, one) for one in (subscription_row(subscription), *lanes)]
        try:
            self._database.put_all(*puts)
        except CancelledError as error:
            raise AlreadyExistsError("subscription", subscription.id) from error

    def change(self, subscription: Subscription) -> None:
        """Put a subscription over the version before it."""
        try:
            self._state.put(
                subscription_row(subscription), SubscriptionRow.version == subscription.version - 1
            )
        except ConditionFailedError as error:
            raise SubscriptionMovedError(f"subscription {subscription.id}") from error

    def subscription(self, program_id: str, subscription_id: str) -> Subscription | None:
        """Return a subscription that was not removed, or None."""
        if not keys.is_usable(subscription_id):
            return None
        item = self._state.get(event_keys.subscription(program_id, subscription_id))
        found = subscription_of(item) if item else None
        return found if found and found.state is not SubscriptionState.REMOVED else None

    def subscriptions(self, program_id: str) -> tuple[Subscription, ...]:
        """Return a program's subscriptions, oldest first."""
        found = map(subscription_of, self._state.query(event_keys.subscriptions(program_id)))
        there = [one for one in found if one.state is not SubscriptionState.REMOVED]
        return tuple(sorted(there, key=lambda one: (one.created_at, one.id)))

    def enabled(self) -> Iterator[Subscription]:
        """Yield every program's subscriptions that are enabled, eventually consistent."""
        return map(subscription_of, self._state.query(event_keys.ENABLED, index=BY_STATE))

    def lanes(self, subscription_id: str) -> Cursor:
        """Return how far a subscription has come in each log."""
        pk, lane = event_keys.progress(subscription_id), Row.sk.startswith(event_keys.LANE)
        found = map(lane_of, self._state.query(pk, lane))
        return tuple(one.position for one in sorted(found, key=lambda one: one.slot))

    def take_lane(self, subscription_id: str, slot: int, now: datetime, until: datetime) -> Lane | None:
        """Take a lane for a while, None where somebody else has it."""
        key = event_keys.lane(subscription_id, slot)
        item = self._state.get(key)
        if item is None:
            raise NotFoundError("lane", f"{subscription_id} {slot}")
        lane = lane_of(item)
        if lane.leased_until and lane.leased_until > now:
            return None
        try:
            return self.keep_lane(lane, lane.position, until)
        except SubscriptionMovedError:
            return None

    def keep_lane(self, lane: Lane, position: int, until: datetime | None) -> Lane:
        """Say how far a lane has come, if it is as it was taken."""
        key = event_keys.lane(lane.subscription_id, lane.slot)
        try:
            self._state.put(LaneRow(*key, position=position, leased_until=until), _as_it_was(lane))
        except ConditionFailedError as error:
            raise SubscriptionMovedError(f"lane {lane.subscription_id} {lane.slot}") from error
        return Lane(lane.subscription_id, lane.slot, position, until)

    def parked(self, subscription_id: str, slot: int | None = None) -> tuple[Parked, ...]:
        """Return what waits for another try, of one log or of all."""
        begin = event_keys.PARKED if slot is None else f"{event_keys.PARKED}{slot}{keys.SEPARATOR}"
        items = self._state.query(event_keys.progress(subscription_id), Row.sk.startswith(begin))
        return tuple(map(parked_of, rows(ParkedRow, items)))

    def park(self, parked: Parked) -> None:
        """Store what waits, replacing what was there of its aggregate."""
        self._state.put(parked_row(parked))

    def unpark(self, parked: Parked) -> None:
        """Forget what waited of an aggregate."""
        self._state.delete(event_keys.parked(parked.subscription_id, parked.slot, parked.aggregate))

    def bury(self, letter: DeadLetter) -> None:
        """Store what was given up; again changes nothing."""
        self._state.put_new(dead_letter_row(letter))

    def dead_letters(self, subscription_id: str, limit: int) -> tuple[DeadLetter, ...]:
        """Return what was given up, the newest first."""
        pk = event_keys.progress(subscription_id)
        items = self._state.query(pk, Row.sk.startswith(event_keys.DEAD))
        found = map(dead_letter_of, rows(DeadLetterRow, items))
        newest = sorted(found, key=lambda letter: (letter.recorded_at, letter.event_id), reverse=True)
        return tuple(newest[:limit])


def _as_it_was(lane: Lane) -> Condition:
    leased = (
        LaneRow.leased_until.does_not_exist()
        if lane.leased_until is None
        else LaneRow.leased_until == lane.leased_until
    )
    condition: Condition = (LaneRow.position == lane.position) & leased
    return condition
