"""Take a storefront's webhook: verify, keep the body, append what it says; products are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.errors import (
    InvalidInputError,
    MalformedBodyError,
    TooLargeError,
    UnauthenticatedError,
)
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import checked_id
from grapevine.domain.instants import to_text
from grapevine.domain.people import subject_key
from grapevine.domain.programs import Storefront
from grapevine.ports import (
    FactWriter,
    Ignored,
    NeedsFetch,
    PrivacyRequest,
    ProductReading,
    RawBodies,
    Reading,
    Reply,
    SecretStore,
    ShopCatalog,
    ShopEvent,
    ShopKeys,
    ShopQueue,
    StorefrontAdapter,
    StorefrontSecrets,
)
from grapevine.usecases.known_storefront import known_shop
from grapevine.usecases.take_listing import Listed, TakeListing, take_listing

MAX_BODY = 1_000_000
"""Bytes; what a storefront may send in one delivery."""

Told = Fact | ProductReading | NeedsFetch | PrivacyRequest | Ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Which shop sent a delivery, where the channel it came by proves that and there is no signature."""

    platform: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """One delivery as it came; header names in lower case, and the query's with a `?` before each.

    `sender` is None where the delivery has to prove by itself where it came from.
    """

    storefront_id: str
    raw: bytes
    headers: Mapping[str, str]
    sender: Sender | None = None


class Receipt(StrEnum):
    """What became of a delivery."""

    APPENDED = "appended"
    QUEUED = "queued"
    LISTED = "listed"
    KNOWN = "known"
    IGNORED = "ignored"
    GREETED = "greeted"
    """It was no delivery: the platform asked whether we are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The outcome, with the orders that the delivery was about, and what was wrong with any.

    `reply` is what the platform wants to read, None where any 200 will do.
    """

    receipt: Receipt
    topic: str
    orders: tuple[OrderKey, ...] = ()
    problem: str | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrderPorts:
    """Who knows the storefront and its program's products, and where its deliveries are kept."""

    storefronts: ShopCatalog
    secrets: SecretStore
    adapters: Mapping[str, StorefrontAdapter]
    raw_bodies: RawBodies
    facts: FactWriter
    queue: ShopQueue


def place_order(command: PlaceOrder, ports: PlaceOrderPorts, now: datetime) -> Placed:
    """Return what became of a delivery once its body and all that it says are durable.

    Raises NotFoundError, UnauthenticatedError, TooLargeError, and MalformedBodyError with the
    body kept.
    """
    if len(command.raw) > MAX_BODY:
        raise TooLargeError(len(command.raw), MAX_BODY)
    storefront, secrets = known_shop(command.storefront_id, ports.storefronts, ports.secrets)
    adapter = ports.adapters[storefront.platform]
    keys = ShopKeys(secrets=secrets.webhook_secrets, domain=storefront.domain, access=secrets.access)
    if command.sender is None:
        greeting = adapter.greet(command.raw, command.headers, keys, now)
        if greeting is not None:
            return Placed(receipt=Receipt.GREETED, topic="", reply=greeting)
        adapter.verify(command.raw, command.headers, keys, now)
    elif command.sender != Sender(platform=storefront.platform, domain=storefront.domain.lower()):
        raise UnauthenticatedError("not authenticated")
    topic = adapter.topic(command.headers)
    said = _opened(command, adapter, keys, ports, now)
    digest = digest_of(topic, said)
    events = _read(command, said, adapter, topic, ports, now)
    told = [_told(event, storefront, secrets, digest, now) for event in events]
    return replace(_kept(command, storefront, told, topic, digest, ports, now), reply=adapter.accepted)


def _kept(
    command: PlaceOrder,
    storefront: Storefront,
    told: Sequence[Told],
    topic: str,
    digest: str,
    ports: PlaceOrderPorts,
    now: datetime,
) -> Placed:
    """Make a delivery's body and all that it says durable, and nothing of one that says nothing."""
    if all(isinstance(event, Ignored) for event in told):
        return Placed(receipt=Receipt.IGNORED, topic=topic)
    _keep(command, body_name(told, topic, digest), ports, now, subjects_of(told))
    done = [_taken(event, storefront, ports, now) for event in told]
    receipts = {receipt for receipt, _ in done}
    facts = [event for event in told if isinstance(event, Fact)]
    return Placed(
        receipt=next(receipt for receipt in Receipt if receipt in receipts),
        topic=topic,
        orders=tuple(dict.fromkeys(fact.order for fact in facts)),
        problem=next((problem for _, problem in done if problem), None),
    )


def _taken(
    event: Told, storefront: Storefront, ports: PlaceOrderPorts, now: datetime
) -> tuple[Receipt, str | None]:
    """Make one thing that was said durable; return what was wrong with it too."""
    match event:
        case Fact():
            return (Receipt.APPENDED if ports.facts.append(event) else Receipt.KNOWN), event.problem
        case ProductReading():
            return _listed(event, storefront, ports, now)
        case NeedsFetch():
            ports.queue.send_fetch(storefront.id, event.order_id)
            return Receipt.QUEUED, None
        case PrivacyRequest():
            ports.queue.send_privacy(storefront.id, event)
            return Receipt.QUEUED, None
        case Ignored():
            return Receipt.IGNORED, None


def _listed(
    reading: ProductReading, storefront: Storefront, ports: PlaceOrderPorts, now: datetime
) -> tuple[Receipt, str | None]:
    command = TakeListing(program_id=storefront.program_id, reading=reading, domain=storefront.domain)
    taken = take_listing(command, ports.storefronts, now)
    receipt = Receipt.LISTED if taken.listed is Listed.LISTED else Receipt.KNOWN
    return receipt, "; ".join(map(str, taken.faults)) or None


def _opened(
    command: PlaceOrder, adapter: StorefrontAdapter, keys: ShopKeys, ports: PlaceOrderPorts, now: datetime
) -> bytes:
    try:
        return adapter.opened(command.raw, command.headers, keys)
    except MalformedBodyError:
        _keep(command, f"malformed#{digest_of('', command.raw)}", ports, now)
        raise


def _read(
    command: PlaceOrder,
    said: bytes,
    adapter: StorefrontAdapter,
    topic: str,
    ports: PlaceOrderPorts,
    now: datetime,
) -> tuple[ShopEvent, ...]:
    try:
        return tuple(checked(event) for event in adapter.normalise(said, topic))
    except MalformedBodyError:
        _keep(command, f"malformed#{digest_of(topic, said)}", ports, now)
        raise


def checked(event: ShopEvent) -> ShopEvent:
    """Return what was said, of something that our keys can hold, whatever the platform calls it."""
    if isinstance(event, Reading | NeedsFetch):
        return replace(event, order_id=_safe(event.order_id, "order id"))
    if isinstance(event, ProductReading):
        return replace(event, product_id=_safe(event.product_id, "product id"))
    return event


def _safe(name: str, what: str) -> str:
    try:
        return checked_id(name, what)
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from error


def _told(
    event: ShopEvent, storefront: Storefront, secrets: StorefrontSecrets, digest: str, now: datetime
) -> Told:
    """Return what was said of an order as its fact, anything else as it is."""
    return fact_of(event, storefront, secrets, digest, now) if isinstance(event, Reading) else event


def fact_of(
    reading: Reading, storefront: Storefront, secrets: StorefrontSecrets, digest: str, now: datetime
) -> Fact:
    """Return what a body says of an order as a fact of our program; its customer is a keyed hash."""
    snapshot = reading.snapshot
    if snapshot and reading.customer_email:
        snapshot = replace(snapshot, customer_key=subject_key(secrets.subject_key, reading.customer_email))
    return Fact(
        order=OrderKey(storefront.id, reading.order_id),
        program_id=storefront.program_id,
        kind=reading.kind,
        version=reading.version,
        digest=digest,
        recorded_at=now,
        snapshot=snapshot,
        refunds=reading.refunds,
        problem=reading.problem,
    )


def _keep(
    command: PlaceOrder, name: str, ports: PlaceOrderPorts, now: datetime, subjects: Sequence[str] = ()
) -> None:
    ports.raw_bodies.keep(command.storefront_id, name, command.raw, command.headers, now, subjects)


def subjects_of(told: Sequence[Told]) -> tuple[str, ...]:
    """Return the keyed hashes of the customers that a delivery is about, by which its body is found."""
    snapshots = (event.snapshot for event in told if isinstance(event, Fact))
    return tuple(dict.fromkeys(one.customer_key for one in snapshots if one and one.customer_key))


def body_name(told: Sequence[Told], topic: str, digest: str) -> str:
    """Name a body by the order it is about, so that it is found with the order; else by what it says."""
    for event in told:
        if isinstance(event, Fact):
            return f"{event.order.order_id}#{to_text(event.version)}#{topic}#{digest}"
        if isinstance(event, NeedsFetch):
            return f"{event.order_id}#fetch#{topic}#{digest}"
        if isinstance(event, ProductReading):
            return f"product#{event.product_id}#{topic}#{digest}"
    return f"asked#{topic}#{digest}"


def digest_of(topic: str, raw: bytes) -> str:
    """Name a delivery by what it says; a redelivery has the same name, another topic another one."""
    return blake2b(topic.encode() + b"\n" + raw, digest_size=8).hexdigest()
