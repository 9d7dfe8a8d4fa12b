"""Shopify's webhooks: the signature over the raw bytes, the topic, and what a body says."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from grapevine.adapters.storefronts.json_values import EARLIEST, Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.shopify_orders import (
    email_of,
    latest_instant,
    order_version,
    received_at,
    refund_of,
    refunds_of,
    snapshot_of,
)
from grapevine.adapters.storefronts.shopify_products import TOPICS as PRODUCT_TOPICS
from grapevine.adapters.storefronts.shopify_products import product_reading
from grapevine.domain.errors import InvalidInputError, MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind
from grapevine.ports import Ignored, Reading, ShopEvent, ShopKeys

FAMILIES = ("x-shopify-", "shopify-")
"""The classic header names and the newer ones; a shop sends either."""

REFUND_CREATED = "refunds/create"
FULFILLED = "orders/fulfilled"
_KINDS = {
    "orders/create": FactKind.PLACED,
    "orders/paid": FactKind.PAID,
    "orders/updated": FactKind.EDITED,
    "orders/edited": FactKind.EDITED,
    "orders/cancelled": FactKind.CANCELLED,
    FULFILLED: FactKind.EDITED,
    REFUND_CREATED: FactKind.REFUNDED,
}
_SIGNATURE_BYTES = 32
_LONGEST_PROBLEM = 300


class Shopify(PlainShop):
    """The storefront adapter for Shopify; it keeps nothing."""

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:  # noqa: ARG002 - Shopify signs no instant
        """Check the signature with each secret, and the shop's name, which is not signed."""
        is_signed = _is_signed(raw, _header(headers, "hmac-sha256"), keys.secrets)
        if not (is_signed and _is_for(keys.domain, headers)):
            raise UnauthenticatedError("not authenticated")

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the topic, such as `orders/paid`."""
        return _header(headers, "topic").strip().lower()

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what the body says; a topic that is not in our list is not even parsed."""
        if topic in PRODUCT_TOPICS:
            return (product_reading(_unwrapped(parse_object(raw), "product"), topic),)
        kind = _KINDS.get(topic)
        if kind is None:
            return (Ignored(reason="not a topic of ours"),)
        body = parse_object(raw)
        if not body["order_edit"].is_missing:
            return (Ignored(reason="the order itself follows as orders/updated"),)
        if kind is FactKind.REFUNDED:
            return (_refund_reading(_unwrapped(body, "refund")),)
        return (_order_reading(_unwrapped(body, "order"), kind, topic),)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next(iter(_named(headers, name)), "")


def _named(headers: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return a header's values in the order of the families, whatever the case of their names."""
    by_name = {known.lower(): value for known, value in headers.items()}
    return tuple(by_name[family + name] for family in FAMILIES if family + name in by_name)


def _is_signed(raw: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Compare in constant time; an empty secret would be one that everybody knows."""
    try:
        given = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if len(given) != _SIGNATURE_BYTES:
        return False
    expected = [hmac.digest(secret.encode(), raw, "sha256") for secret in secrets if secret]
    return any(hmac.compare_digest(given, digest) for digest in expected)


def _is_for(domain: str, headers: Mapping[str, str]) -> bool:
    return all(name.strip().lower() == domain.lower() for name in _named(headers, "shop-domain"))


def _unwrapped(body: Node, name: str) -> Node:
    """Return the object itself; the Admin API's answers wrap it, webhooks do not."""
    return Node(body[name].value) if isinstance(body[name].value, dict) else body


def _order_reading(order: Node, kind: FactKind, topic: str) -> Reading:
    order_id = _order_id(order["id"])

    def read(node: Node) -> Reading:
        return Reading(
            order_id=order_id,
            kind=FactKind.RECEIVED if topic == FULFILLED and received_at(node) else kind,
            version=order_version(node),
            snapshot=snapshot_of(node),
            refunds=refunds_of(node),
            customer_email=email_of(node),
        )

    bare = Reading(order_id=order_id, kind=kind, version=latest_instant(order) or EARLIEST)
    return _read_or_quarantined(order, read, bare)


def _refund_reading(refund: Node) -> Reading:
    order_id = _order_id(refund["order_id"])

    def read(node: Node) -> Reading:
        told = refund_of(node, None)
        version = node["processed_at"].instant() or told.created_at
        return Reading(order_id=order_id, kind=FactKind.REFUNDED, version=version, refunds=(told,))

    version = latest_instant(refund) or EARLIEST
    bare = Reading(order_id=order_id, kind=FactKind.REFUNDED, version=version)
    return _read_or_quarantined(refund, read, bare)


def _read_or_quarantined(node: Node, read: Callable[[Node], Reading], bare: Reading) -> Reading:
    """Return what a body says; where it cannot be right, what is wrong, so that it waits for a person.

    Odd amounts that we can count are kept beside the problem: a person may accept them. What
    cannot be read even so is left out, and can only be rejected.
    """
    try:
        return read(node)
    except InvalidInputError as error:
        problem = str(error)[:_LONGEST_PROBLEM]
    try:
        return replace(read(replace(node, odd=True)), problem=problem)
    except InvalidInputError:
        return replace(bare, problem=problem)


def _order_id(node: Node) -> str:
    """Return the order's id; without it there is nothing to append to."""
    try:
        return node.identifier() or node.refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


ADAPTER = Shopify()
