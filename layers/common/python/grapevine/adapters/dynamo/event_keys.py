"""Keys of the log of events and of subscriptions, in the state table.

Aggregates' names hold what other keys hold, and slashes; never the separator.
"""

from __future__ import annotations

from grapevine.adapters.dynamo.keys import HEAD, SEPARATOR, Key, joined
from grapevine.domain.events import Aggregate

PLACE = f"N{SEPARATOR}"
LANE = f"LANE{SEPARATOR}"
PARKED = f"PARKED{SEPARATOR}"
DEAD = f"DEAD{SEPARATOR}"
ENABLED = "WEBHOOKS"
"""Where the index has every subscription that is enabled."""


def log(program_id: str, slot: int) -> str:
    """Return the partition of one of a program's logs."""
    return joined("EV", program_id, str(slot))


def log_head(program_id: str, slot: int) -> Key:
    """Return the row that says how long a log is."""
    return Key(log(program_id, slot), HEAD)


def event(program_id: str, slot: int, position: int) -> Key:
    """Return an event's row: digits of one width, so that text sorts as numbers do."""
    return Key(log(program_id, slot), f"{PLACE}{position:015d}")


def position_in(sk: str) -> int:
    """Read back an event's position."""
    return int(sk.removeprefix(PLACE))


def aggregate(named: Aggregate) -> Key:
    """Return the row that says how far an aggregate is logged."""
    return Key(joined("EH", named.program_id, named.kind, named.id), HEAD)


def subscriptions(program_id: str) -> str:
    """Return the partition of a program's subscriptions."""
    return joined("WH", program_id)


def subscription(program_id: str, subscription_id: str) -> Key:
    """Return a subscription's row."""
    return Key(subscriptions(program_id), joined(subscription_id))


def progress(subscription_id: str) -> str:
    """Return the partition of how far a subscription has come."""
    return joined("WS", subscription_id)


def lane(subscription_id: str, slot: int) -> Key:
    """Return a lane's row."""
    return Key(progress(subscription_id), f"{LANE}{slot}")


def parked(subscription_id: str, slot: int, aggregate_name: str) -> Key:
    """Return the row of what waits of an aggregate."""
    return Key(progress(subscription_id), f"{PARKED}{joined(str(slot), aggregate_name)}")


def dead(subscription_id: str, event_id: str) -> Key:
    """Return the row of an event that was given up."""
    return Key(progress(subscription_id), f"{DEAD}{joined(event_id)}")
