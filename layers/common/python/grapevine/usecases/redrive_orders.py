"""Try again what could not be processed: post the order, fold its entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import Postable
from grapevine.domain.errors import reason_of
from grapevine.domain.evidence import bounties_touched
from grapevine.ports import FailureReader, PageFolder, Waiting
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_bounty import post_bounty, post_key
from grapevine.usecases.post_order import PostOrderPorts

BATCH = 10
"""Orders asked for at a time; the queue's own limit."""
MOST = 1000
"""Orders tried in one run; the next run takes the rest."""


@dataclass(frozen=True, slots=True)
class RedrivePorts:
    """The queue, the orders, the pages."""

    waiting: FailureReader
    orders: PostOrderPorts
    pages: PageFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """What a run did, in orders; those that failed again wait on, with the reason of this time."""

    done: int
    still_waiting: tuple[str, ...]


def redrive_orders(ports: RedrivePorts, now: datetime) -> Redriven:
    """Redrive what waits; an order that fails again stays in the queue and stops no other."""
    done, faults = 0, dict[str, str]()
    for _ in range(MOST // BATCH):
        waiting = ports.waiting.receive(BATCH)
        if not waiting:
            break
        # The same order may wait many times; others may wait behind it.
        for item in (item for item in waiting if str(item.order) not in faults):
            fault = _redrive(item, ports, now)
            if fault:
                faults[str(item.order)] = fault
            done += fault is None
    return Redriven(done=done, still_waiting=tuple(f"{order}: {why}" for order, why in faults.items()))


def redrive_order(order: Postable, ports: RedrivePorts, now: datetime) -> None:
    """Post one order or bonus again and fold all of its entries: where all is well, both change nothing.

    The bounties that an order counts for are posted after that, as they are behind the stream.

    Entries that stand are folded also when the order cannot be posted: it may wait for long.
    """
    try:
        post_key(order, ports.orders, now)
    finally:
        entries = ports.orders.ledger.entries_of(order)
        fold_entries(FoldEntries(entries), ports.pages)
        for bounty in bounties_touched(entries):
            post_bounty(bounty, ports.orders, now)


def _redrive(item: Waiting, ports: RedrivePorts, now: datetime) -> str | None:
    try:
        redrive_order(item.order, ports, now)
    except Exception as error:  # noqa: BLE001 - one order that nobody foresaw must not keep the others waiting
        return reason_of(error)
    ports.waiting.done(item)
    return None
