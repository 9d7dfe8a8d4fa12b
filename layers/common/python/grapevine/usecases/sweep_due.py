"""Post every order and every bounty at which time alone may have changed something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from grapevine.domain.entries import BonusKey, BonusKind, EntryKey, Postable
from grapevine.domain.errors import reason_of
from grapevine.domain.facts import OrderKey
from grapevine.ports import CatalogLists, DueReader, FailureQueue, SweepMark
from grapevine.usecases.post_bounty import post_key
from grapevine.usecases.post_order import PostOrderPorts

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
    """What a sweep did, in orders and bounties."""

    looked_at: int
    posted: int
    failed: int


def sweep_due(ports: SweepPorts, now: datetime) -> Swept:
    """Post what is due up to now; what fails waits in the queue and stops no other.

    The mark moves when everything before it was posted or queued. Sweeping twice posts nothing.
    """
    due = ports.due.due(_start(ports, now), now)
    found = tuple(dict.fromkeys(key for key in due if _is_posted(key)))
    outcomes = [_post(key, ports, now) for key in found]
    ports.mark.set_swept_until(now)
    return Swept(looked_at=len(found), posted=outcomes.count(True), failed=outcomes.count(None))


def _start(ports: SweepPorts, now: datetime) -> datetime:
    """Return where to look from: behind the last sweep, or for the first one, the oldest program's start."""
    since = ports.mark.swept_until()
    if since:
        return since - OVERLAP
    return min((program.created_at for program in ports.catalog.programs()), default=now)


def _is_posted(key: EntryKey) -> TypeGuard[Postable]:
    """Say whether something due is an order or a bounty: accounts are settlement's."""
    return isinstance(key, OrderKey) or (isinstance(key, BonusKey) and key.kind is BonusKind.BOUNTY)


def _post(key: Postable, ports: SweepPorts, now: datetime) -> bool | None:
    try:
        return post_key(key, ports.orders, now) is not None
    except Exception as error:  # noqa: BLE001 - one order that nobody foresaw must not end every sweep
        ports.failures.send(key, f"sweep: {reason_of(error)}")
        return None
