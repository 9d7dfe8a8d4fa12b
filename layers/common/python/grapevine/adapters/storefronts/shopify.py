"""Shopify's webhooks: the signature over the raw bytes, the topic, and what a body says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b

from grapevine.adapters.storefronts.json_values import EARLIEST, Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.readings import (
    by_lower_name,
    is_signed_base64,
    numbered_order,
    read_or_quarantined,
)
from grapevine.adapters.storefronts.shopify_orders import (
    NEEDS_FETCH,
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
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError
from grapevine.domain.facts import FactKind
from grapevine.ports import Ignored, NeedsFetch, PrivacyKind, PrivacyRequest, Reading, ShopEvent, ShopKeys

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
_PRIVACY = {
    "customers/data_request": PrivacyKind.DATA_REQUEST,
    "customers/redact": PrivacyKind.ERASE_CUSTOMER,
    "shop/redact": PrivacyKind.ERASE_SHOP,
}
_UNINSTALLED = "app/uninstalled"
_NAMES = frozenset({"id", "admin_graphql_api_id", "name", "order_number"})
"""A body with nothing else in it was too large to deliver: it says which order, and nothing of it."""


class Shopify(PlainShop):
    """The storefront adapter for Shopify; it keeps nothing."""

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:  # noqa: ARG002 - Shopify signs no instant
        """Check the signature with each secret, and the shop's name, which is not signed."""
        is_signed = is_signed_base64(raw, _header(headers, "hmac-sha256"), keys.secrets)
        if not (is_signed and _is_for(keys.domain, headers)):
            raise UnauthenticatedError("not authenticated")

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the topic, such as `orders/paid`."""
        return _header(headers, "topic").strip().lower()

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what the body says; a topic that is not in our list is not even parsed."""
        if topic in PRODUCT_TOPICS:
            return (product_reading(_unwrapped(parse_object(raw), "product"), topic),)
        if topic in _PRIVACY:
            return (_privacy_request(raw, _PRIVACY[topic]),)
        kind = _KINDS.get(topic)
        if kind is None:
            return (Ignored(reason=_not_ours(topic)),)
        body = parse_object(raw)
        if not body["order_edit"].is_missing:
            return (Ignored(reason="the order itself follows as orders/updated"),)
        if kind is FactKind.REFUNDED:
            return _refund_events(_unwrapped(body, "refund"))
        return _order_events(_unwrapped(body, "order"), kind, topic)


def _not_ours(topic: str) -> str:
    """Say why a topic is nothing for us; what was sold stays sold when the app is taken out."""
    if topic == _UNINSTALLED:
        return "the app was removed from the shop: nothing comes from it until it is connected again"
    return "not a topic of ours"


def _privacy_request(raw: bytes, kind: PrivacyKind) -> PrivacyRequest:
    """Return what a person asks for; a request that has no number is named by what it says."""
    body = parse_object(raw)
    orders = (*body["orders_requested"].listed(), *body["orders_to_redact"].listed())
    email = body["customer"]["email"].text()
    return PrivacyRequest(
        kind=kind,
        request_id=_number(body["data_request"]["id"]) or blake2b(raw, digest_size=8).hexdigest(),
        emails=(email,) if email else (),
        order_ids=tuple([order_id for node in orders if (order_id := _number(node))]),
    )


def _number(node: Node) -> str | None:
    """Return an id, None for anything else: a person's request is never refused for how it is written."""
    try:
        return node.identifier()
    except InvalidInputError:
        return None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next(iter(_named(headers, name)), "")


def _named(headers: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return a header's values in the order of the families, whatever the case of their names."""
    by_name = by_lower_name(headers)
    return tuple(by_name[family + name] for family in FAMILIES if family + name in by_name)


def _is_for(domain: str, headers: Mapping[str, str]) -> bool:
    return all(name.strip().lower() == domain.lower() for name in _named(headers, "shop-domain"))


def _unwrapped(body: Node, name: str) -> Node:
    """Return the object itself; the Admin API's answers wrap it, webhooks do not."""
    return Node(body[name].value) if isinstance(body[name].value, dict) else body


def _order_events(order: Node, kind: FactKind, topic: str) -> tuple[ShopEvent, ...]:
    if _says_nothing(order):
        return (NeedsFetch(order_id=numbered_order(order["id"]), reason="only the order's id"),)
    return _with_fetch(_order_reading(order, kind, topic))


def _refund_events(refund: Node) -> tuple[ShopEvent, ...]:
    if _says_nothing(refund):
        return (Ignored(reason="a refund's id alone: its order follows as orders/updated"),)
    return _with_fetch(_refund_reading(refund))


def _says_nothing(body: Node) -> bool:
    told = body.value if isinstance(body.value, dict) else {}
    return "id" in told and told.keys() <= _NAMES


def _with_fetch(reading: Reading) -> tuple[ShopEvent, ...]:
    """Return a reading, and where it says too little of its order the wish to ask for the whole."""
    if not (reading.problem or "").startswith(NEEDS_FETCH):
        return (reading,)
    return (reading, NeedsFetch(order_id=reading.order_id, reason=reading.problem or ""))


def _order_reading(order: Node, kind: FactKind, topic: str) -> Reading:
    order_id = numbered_order(order["id"])

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
    return read_or_quarantined(order, read, bare)


def _refund_reading(refund: Node) -> Reading:
    order_id = numbered_order(refund["order_id"])

    def read(node: Node) -> Reading:
        told = refund_of(node, None)
        version = node["processed_at"].instant() or told.created_at
        return Reading(order_id=order_id, kind=FactKind.REFUNDED, version=version, refunds=(told,))

    version = latest_instant(refund) or EARLIEST
    bare = Reading(order_id=order_id, kind=FactKind.REFUNDED, version=version)
    return read_or_quarantined(refund, read, bare)


ADAPTER = Shopify()
