"""The accrual's Lambda side: orders from a stream or the queue, and what cannot be processed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from grapevine.domain.entries import BonusKey, Entry, Postable
from grapevine.domain.errors import InvalidInputError, reason_of
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import OrderKey
from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images, new_images
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.redrive_orders import RedrivePorts, redrive_orders


def post_facts(event: Record, parts: Parts) -> Answer:
    """Post the orders of a batch of facts, each once: what is posted is read from the tables."""
    poster = OrderPoster(parts)
    return answer_images("on_facts", event, lambda image: poster.post(_order_of(image, parts)))


def fold_images(event: Record, parts: Parts) -> Answer:
    """Fold a batch of entries in one write per page and post their bounties; failing that, record by record.

    What fails then is queued by its order, named by its key; what names no order fails, and comes again.
    """
    _count_modified(event)
    folder = EntryFolder(parts)
    folder.try_all(event)
    return answer_images("on_entries", event, folder.fold)


def redrive(parts: Parts) -> dict[str, Any]:
    """Try again what waits in the queue; the answer says what still waits, and why."""
    with observe.invocation("redrive") as fields:
        ports = RedrivePorts(parts.failures, order_ports(parts), parts.pages)
        redriven = asdict(redrive_orders(ports, parts.now()))
        fields.update(redriven)
        return redriven


def order_ports(parts: Parts) -> PostOrderPorts:
    """Return what posting an order needs."""
    return PostOrderPorts(parts.ledger, parts.facts, parts.clicks, parts.catalog, parts.pages, parts.waits)


def _order_of(image: Image, parts: Parts) -> OrderKey:
    """Return the order by its key: the tables are read anyway, and what cannot be read there is queued."""
    order = parts.order_of(image)
    if order is None:
        raise InvalidInputError("names no order", "pk")
    return order


def _count_modified(event: Record) -> None:
    """Raise the alarm when an entry was changed or removed: nobody may, so somebody did."""
    names = [record.get("eventName") for record in event["Records"]]
    if len(names) > names.count("INSERT"):
        observe.logger().error("the ledger was modified", extra={"records": event["Records"]})
        observe.count(observe.LEDGER_MODIFIED, len(names) - names.count("INSERT"))


class OrderPoster:
    """Posts each order once per batch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._now = parts.now()
        self._done: set[OrderKey] = set()

    def post(self, order: OrderKey) -> None:
        """Post an order; what stops it goes to the queue with its reason; only if that fails, it raises."""
        observe.note_each(orders=str(order))
        if order in self._done:
            return
        try:
            post_order(PostOrder(order), order_ports(self._parts), self._now)
        except Exception as error:  # noqa: BLE001 - nothing stops the shard; the queue keeps order and reason
            queue_order(order, error, self._parts)
        self._done.add(order)


class EntryFolder:
    """Folds a batch's entries, together if that works."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folded_all = False
        self._done: set[BonusKey] = set()

    def try_all(self, event: Record) -> None:
        """Fold everything at once; a failure is found again, and named, record by record."""
        try:
            entries = tuple(self._parts.entry_of(image) for image in new_images(event))
            self._fold(entries)
            self._folded_all = True
        except Exception:  # noqa: BLE001 - one poison record must not cost the batch
            observe.logger().exception("folding the batch failed; record by record now")

    def fold(self, image: Image) -> None:
        """Fold one entry, again if it must be: that adds nothing. What stops it is queued by its order."""
        order = self._parts.order_of(image)
        if order:
            observe.note_each(orders=str(order))
        if self._folded_all:
            return
        try:
            self._fold((self._parts.entry_of(image),))
        except Exception as error:
            if order is None:
                raise
            queue_order(order, error, self._parts)

    def _fold(self, entries: Sequence[Entry]) -> None:
        """Fold entries; after that the bounties that look at them, each once."""
        fold_entries(FoldEntries(entries), self._parts.pages)
        for bounty in bounties_touched(entries):
            if bounty not in self._done:
                self._post(bounty)
                self._done.add(bounty)

    def _post(self, bounty: BonusKey) -> None:
        """Post a bounty; what stops it goes to the queue with its reason; only if that fails, it raises."""
        observe.note_each(bounties=str(bounty))
        try:
            post_bounty(bounty, order_ports(self._parts), self._parts.now())
        except Exception as error:  # noqa: BLE001 - the entries are folded; the queue keeps bounty and reason
            queue_order(bounty, error, self._parts)


def queue_order(order: Postable, error: Exception, parts: Parts) -> None:
    """Put an order, or a bounty, aside with the reason, and say so where an alarm looks."""
    reason = reason_of(error)
    parts.failures.send(order, reason)
    observe.logger().warning("order queued", extra={"order": str(order), "reason": reason}, exc_info=error)
    observe.count(observe.ORDER_QUEUED)
