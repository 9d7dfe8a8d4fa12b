"""Void what is held for a promoter who was banned, now instead of when each hold ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import AccountKey, Entry, Postable, named_key
from grapevine.domain.errors import InvalidInputError, NotFoundError, reason_of
from grapevine.domain.money import POINTS
from grapevine.domain.pages import balance_subject
from grapevine.domain.people import Promoter
from grapevine.ports import FailureQueue, PageReader
from grapevine.usecases.post_bounty import post_key
from grapevine.usecases.post_order import PostOrderPorts


@dataclass(frozen=True, slots=True)
class VoidParts:
    """A promoter who was banned."""

    program_id: str
    promoter_id: str


@dataclass(frozen=True, slots=True)
class VoidPorts:
    """The pages that name the promoter's orders, the orders, and where those wait that fail."""

    pages: PageReader
    orders: PostOrderPorts
    failures: FailureQueue


def void_parts(command: VoidParts, ports: VoidPorts, now: datetime) -> tuple[Entry, ...]:
    """Post every order and bounty that the promoter has anything from, looking at who was banned.

    Return what is new. Doing it again posts nothing. What this run misses, because it is not folded
    yet, goes when its hold ends: nothing is ever released to who was banned while it was held.
    NotFoundError for nobody, InvalidInputError for somebody who was never banned.
    """
    name, catalog = command.promoter_id, ports.orders.catalog
    promoter = catalog.promoters(command.program_id, (name,)).get(name)
    if promoter is None:
        raise NotFoundError("promoter", name)
    if promoter.banned_between(promoter.joined_at, now) is None:
        raise InvalidInputError("was never banned", "promoter_id")
    posted = [_post(order, ports, now) for order in _orders(promoter, ports, now)]
    return tuple(entry for entry in posted if entry)


def _orders(promoter: Promoter, ports: VoidPorts, now: datetime) -> tuple[Postable, ...]:
    """Return the orders and bonuses that have touched any of a promoter's accounts."""
    currency = ports.orders.catalog.terms(promoter.program_id).program.currency
    names = (promoter.id, *promoter.duplicates_at(now))
    keys = [AccountKey(promoter.program_id, name, code) for name in names for code in (currency, POINTS)]
    pages = [page for key in keys for page in ports.pages.pages(balance_subject(key))]
    orders = {mark.rpartition("/")[0] for page in pages for mark in page.marks}
    return tuple(named_key(order) for order in sorted(orders))


def _post(order: Postable, ports: VoidPorts, now: datetime) -> Entry | None:
    try:
        return post_key(order, ports.orders, now, asks_people=True)
    except Exception as error:  # noqa: BLE001 - one order that cannot be posted must not keep the others' money
        ports.failures.send(order, f"void: {reason_of(error)}")
        return None
