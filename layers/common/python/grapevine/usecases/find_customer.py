"""Find everything that is kept of a customer: by the keyed hash of their address, or by their orders.

A customer's bodies are found by the marks that were kept with them, guests' too; their visits by the click
that an order came from. Whoever a plan looks back at has a history as well, which names older orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import OrderKey
from grapevine.domain.ids import is_id, visitor_of
from grapevine.domain.people import CUSTOMER_KEY, EMAIL, subject_key
from grapevine.domain.privacy import record_id
from grapevine.ports import (
    BodyMark,
    BodyStore,
    CatalogLists,
    ClickStore,
    CustomerReader,
    FactReader,
    Files,
    PersonalData,
    PrivacyRecords,
    SecretStore,
    StorefrontLists,
)

UNKNOWN_GROUPS = ("malformed", "asked")
"""Bodies of which nobody can say whose they are: unreadable ones, and requests like this one."""


class CustomerCatalog(CatalogLists, CustomerReader, StorefrontLists, Protocol):
    """Programs, their storefronts, and what is known of customers."""


@dataclass(frozen=True, slots=True)
class CustomerPrivacyPorts:
    """Everywhere that something of a customer may be."""

    catalog: CustomerCatalog
    secrets: SecretStore
    raw_bodies: BodyStore
    facts: FactReader
    clicks: ClickStore
    personal_data: PersonalData
    records: PrivacyRecords
    files: Files


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCustomer:
    """Whom a request is about: by e-mail addresses or the keys that stand for them, and by orders."""

    customers: tuple[str, ...] = field(default=(), repr=False)
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A program, and those of its storefronts that a request is about."""

    program_id: str
    storefront_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What there is of a customer at a storefront, by name."""

    storefront_id: str
    marks: tuple[BodyMark, ...]
    orders: tuple[OrderKey, ...]
    visitors: tuple[str, ...]


def places_of(merchant_id: str, catalog: CustomerCatalog) -> tuple[Place, ...]:
    """Return all programs of a merchant with all their storefronts: a customer is the merchant's."""
    programs = [program.id for program in catalog.programs(merchant_id)]
    return tuple(
        Place(
            program_id=name,
            storefront_ids=tuple(storefront.id for storefront in catalog.storefronts(name)),
        )
        for name in programs
    )


def checked_customer(text: str, where: str) -> str:
    """Return an e-mail address or a customer's key as it is; InvalidInputError for anything else."""
    if not EMAIL.fullmatch(text) and not CUSTOMER_KEY.fullmatch(text):
        raise InvalidInputError("is neither an e-mail address nor a customer's key", where)
    return text


def keys_at(program_id: str, asked: AskedCustomer, ports: CustomerPrivacyPorts) -> tuple[str, ...]:
    """Return every key that the person has in a program, those they were joined with too."""
    key = ports.secrets.subject_key(program_id) if asked.customers else b""
    keys = [
        customer if CUSTOMER_KEY.fullmatch(customer) else subject_key(key, customer)
        for customer in asked.customers
    ]
    known = dict.fromkeys(keys)
    while keys:
        history = ports.catalog.customer(program_id, keys.pop())
        others = [same.seen_from(same.customer_key) for same in history.identities]
        keys += [other for other in others if other not in known]
        known.update(dict.fromkeys(others))
    return tuple(known)


def subject_at(keys: Sequence[str], asked: AskedCustomer) -> str:
    """Return what stands for whom a request is about, in its evidence: a key, or a hash of the orders."""
    return keys[0] if keys else record_id("orders", *sorted(asked.order_ids)).replace("pq_", "orders_")


def trace_customer(
    place: Place,
    storefront_id: str,
    keys: Sequence[str],
    asked: AskedCustomer,
    marks: Iterable[BodyMark],
    ports: CustomerPrivacyPorts,
) -> Trace:
    """Return what there is of a customer at a storefront; `marks` are those of their bodies."""
    found = tuple(marks)
    histories = (ports.catalog.customer(place.program_id, key) for key in keys)
    told = (one.order for history in histories for one in history.orders)
    orders = tuple(
        dict.fromkeys(
            (
                *(OrderKey(storefront_id, mark.group) for mark in found),
                *(OrderKey(storefront_id, name) for name in asked.order_ids if is_id(name)),
                *(order for order in told if order.storefront_id == storefront_id),
            )
        )
    )
    visitors = dict.fromkeys(visitor for order in orders for visitor in _visitors(order, ports.facts))
    return Trace(storefront_id=storefront_id, marks=found, orders=orders, visitors=tuple(visitors))


def _visitors(order: OrderKey, facts: FactReader) -> Iterable[str]:
    snapshots = (fact.snapshot for fact in facts.facts_of(order))
    clicks = (snapshot.click_id for snapshot in snapshots if snapshot and snapshot.click_id)
    return [visitor for click_id in clicks if (visitor := visitor_of(click_id))]


def about(keys: Iterable[str], orders: Iterable[OrderKey]) -> set[str]:
    """Return the names by which a collected document says whom it is about."""
    return {*keys, *map(str, orders)}
