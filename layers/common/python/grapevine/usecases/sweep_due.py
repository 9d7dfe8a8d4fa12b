"""Post every order at which time alone may have changed something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from grapevine.domain.errors import reason_of
from grapevine.domain.facts import OrderKey
from grapevine.ports import CatalogLists, DueReader, FailureQueue, SweepMark
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order

OVERLAP = timedelta(hours=2)
"""How far behind the last sweep the next one starts: the index is eventually consistent."""


@dataclass(frozen=True, slots=True)
class SweepPorts:
    """What is due, how far we came, since when, the orders, and where those wait that fail."""

    due: DueReader
    mark: SweepMark
    catalog: CatalogLists
    orders: PostOrderPorts
    failures: FailureQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did, in orders."""

    looked_at: int
    posted: int
    failed: int


def sweep_due(ports: SweepPorts, now: datetime) -> Swept:
    """Post what is due up to now; an order that fails waits in the queue and stops no other.

    The mark moves when everything before it was posted or queued. Sweeping twice posts nothing.
    """
    due = ports.due.due(_start(ports, now), now)
    orders = tuple(dict.fromkeys(key for key in due if isinstance(key, OrderKey)))
    outcomes = [_post(order, ports, now) for order in orders]
    ports.mark.set_swept_until(now)
    return Swept(looked_at=len(orders), posted=outcomes.count(True), failed=outcomes.count(None))


def _start(ports: SweepPorts, now: datetime) -> datetime:
    """Return where to look from: behind the last sweep, or for the first one, the oldest program's start."""
    since = ports.mark.swept_until()
    if since:
        return since - OVERLAP
    return min((program.created_at for program in ports.catalog.programs()), default=now)


def _post(order: OrderKey, ports: SweepPorts, now: datetime) -> bool | None:
    try:
        return post_order(PostOrder(order), ports.orders, now) is not None
    except Exception as error:  # noqa: BLE001 - one order that nobody foresaw must not end every sweep
        ports.failures.send(order, f"sweep: {reason_of(error)}")
        return None
