"""Take a storefront's webhook: verify, keep the body, append what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.errors import InvalidInputError, MalformedBodyError, NotFoundError, TooLargeError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import checked_id
from grapevine.domain.instants import to_text
from grapevine.domain.people import subject_key
from grapevine.domain.programs import Storefront
from grapevine.ports import (
    FactWriter,
    RawBodies,
    Reading,
    SecretStore,
    StorefrontAdapter,
    StorefrontReader,
    StorefrontSecrets,
)

MAX_BODY = 1_000_000
"""Bytes; what a storefront may send in one delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """One delivery as it came; header names in lower case."""

    storefront_id: str
    raw: bytes
    headers: Mapping[str, str]


class Receipt(StrEnum):
    """What became of a delivery."""

    APPENDED = "appended"
    KNOWN = "known"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The outcome, with the order where the delivery was about one."""

    receipt: Receipt
    topic: str
    order: OrderKey | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrderPorts:
    """Who knows the storefront, and where its deliveries are kept."""

    storefronts: StorefrontReader
    secrets: SecretStore
    adapters: Mapping[str, StorefrontAdapter]
    raw_bodies: RawBodies
    facts: FactWriter


def place_order(command: PlaceOrder, ports: PlaceOrderPorts, now: datetime) -> Placed:
    """Return what became of a delivery once its body and its fact are both durable.

    Raises NotFoundError, UnauthenticatedError, TooLargeError, and MalformedBodyError with the
    body kept.
    """
    if len(command.raw) > MAX_BODY:
        raise TooLargeError(len(command.raw), MAX_BODY)
    storefront, secrets = _known(command.storefront_id, ports)
    adapter = ports.adapters[storefront.platform]
    adapter.verify(command.raw, command.headers, secrets.webhook_secrets, storefront.domain)
    topic = adapter.topic(command.headers)
    reading = _read(command, adapter, topic, ports, now)
    if reading is None:
        return Placed(receipt=Receipt.IGNORED, topic=topic)
    fact = _fact(command, storefront, topic, reading, secrets, now)
    _keep(command, _name(fact, topic), ports, now)
    receipt = Receipt.APPENDED if ports.facts.append(fact) else Receipt.KNOWN
    return Placed(receipt=receipt, topic=topic, order=fact.order, problem=fact.problem)


def _known(storefront_id: str, ports: PlaceOrderPorts) -> tuple[Storefront, StorefrontSecrets]:
    storefront = ports.storefronts.storefront(storefront_id)
    secrets = ports.secrets.storefront_secrets(storefront_id) if storefront else None
    if storefront is None or secrets is None:
        raise NotFoundError("storefront", storefront_id)
    return storefront, secrets


def _read(
    command: PlaceOrder, adapter: StorefrontAdapter, topic: str, ports: PlaceOrderPorts, now: datetime
) -> Reading | None:
    try:
        reading = adapter.normalise(command.raw, topic)
        return reading and replace(reading, order_id=_safe(reading.order_id))
    except MalformedBodyError:
        _keep(command, f"malformed#{_digest(topic, command.raw)}", ports, now)
        raise


def _safe(order_id: str) -> str:
    """Return an order's id that our keys can hold, whatever the platform calls its orders."""
    try:
        return checked_id(order_id, "order id")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from error


def _fact(
    command: PlaceOrder,
    storefront: Storefront,
    topic: str,
    reading: Reading,
    secrets: StorefrontSecrets,
    now: datetime,
) -> Fact:
    snapshot = reading.snapshot
    if snapshot and reading.customer_email:
        snapshot = replace(snapshot, customer_key=subject_key(secrets.subject_key, reading.customer_email))
    return Fact(
        order=OrderKey(storefront.id, reading.order_id),
        program_id=storefront.program_id,
        kind=reading.kind,
        version=reading.version,
        digest=_digest(topic, command.raw),
        recorded_at=now,
        snapshot=snapshot,
        refunds=reading.refunds,
        problem=reading.problem,
    )


def _keep(command: PlaceOrder, name: str, ports: PlaceOrderPorts, now: datetime) -> None:
    ports.raw_bodies.keep(command.storefront_id, name, command.raw, command.headers, now)


def _name(fact: Fact, topic: str) -> str:
    return f"{fact.order.order_id}#{to_text(fact.version)}#{topic}#{fact.digest}"


def _digest(topic: str, raw: bytes) -> str:
    """Name a delivery by what it says; a redelivery has the same name, another topic another one."""
    return blake2b(topic.encode() + b"\n" + raw, digest_size=8).hexdigest()
