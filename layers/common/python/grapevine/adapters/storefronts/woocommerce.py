"""WooCommerce's webhooks: the signature over the raw bytes, the ping, and what a body says.

A shop tries once and never again, and its delivery ids are not unique: what is lost is found by
reconciling, what comes twice is found by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from grapevine.adapters.storefronts.json_values import EARLIEST, Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.readings import (
    by_lower_name,
    host_in_url,
    is_signed_base64,
    numbered_order,
    read_or_quarantined,
)
from grapevine.adapters.storefronts.woocommerce_orders import (
    email_of,
    is_draft,
    latest_instant,
    order_version,
    payment_of,
    refunds_of,
    snapshot_of,
)
from grapevine.adapters.storefronts.woocommerce_parts import has_details
from grapevine.adapters.storefronts.woocommerce_products import TOPICS as PRODUCT_TOPICS
from grapevine.adapters.storefronts.woocommerce_products import product_reading
from grapevine.domain.errors import UnauthenticatedError
from grapevine.domain.facts import FactKind, Payment
from grapevine.ports import Ignored, NeedsFetch, Reading, Reply, ShopEvent, ShopKeys

DELETED = "order.deleted"
_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})
_PREFIX = "x-wc-webhook-"
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#034;": '"', "&#039;": "'", "&amp;": "&"}
"""What WordPress writes for these characters in a secret that it stores, and takes back before it signs."""
_KINDS = {Payment.PAID: FactKind.PAID, Payment.VOIDED: FactKind.CANCELLED}


class WooCommerce(PlainShop):
    """The storefront adapter for WooCommerce; it keeps nothing."""

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:  # noqa: ARG002 - WooCommerce signs no instant
        """Check the signature with each secret, and the shop's address, which is not signed."""
        signature = _header(headers, "signature")
        is_signed = is_signed_base64(raw, signature, tuple(_spellings(keys.secrets)))
        if not (is_signed and _is_from(keys.domain, _header(headers, "source"))):
            raise UnauthenticatedError("not authenticated")

    def greet(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> Reply | None:  # noqa: ARG002 - the port's signature
        """Answer what a shop sends when a webhook is made, a form of its id alone: it wants a 200."""
        is_ping = not _header(headers, "signature") and _PING.fullmatch(raw) is not None
        return Reply("ok") if is_ping else None

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the topic, such as `order.updated`."""
        return _header(headers, "topic").strip().lower()

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what the body says; an order whose refunds name no lines also wants to be fetched."""
        if topic == DELETED:
            order_id = numbered_order(parse_object(raw)["id"])
            return (NeedsFetch(order_id=order_id, reason="deleted in the shop"),)
        if topic in PRODUCT_TOPICS:
            return (product_reading(parse_object(raw), topic),)
        if topic not in _TOPICS:
            return (Ignored(reason="not a topic of ours"),)
        order = parse_object(raw)
        if order["status"].is_missing and order["line_items"].is_missing:
            return (NeedsFetch(order_id=numbered_order(order["id"]), reason="only the order's id"),)
        if is_draft(order):
            return (Ignored(reason="a draft is no order yet"),)
        return tuple(_events(order, topic))


def _header(headers: Mapping[str, str], name: str) -> str:
    return by_lower_name(headers).get(_PREFIX + name, "")


def _spellings(secrets: Sequence[str]) -> Iterator[str]:
    """Return each secret as it was typed, and as the shop reads it where it was copied as it is stored."""
    for secret in secrets:
        yield secret
        decoded = secret
        for entity, character in _ENTITIES.items():
            decoded = decoded.replace(entity, character)
        if decoded != secret:
            yield decoded


def _is_from(domain: str, source: str) -> bool:
    """Say whether the shop's address is the storefront's, `www.` or not; it may be left out."""
    return not source or host_in_url(source) == domain.lower().removeprefix("www.")


def _events(order: Node, topic: str) -> Iterator[ShopEvent]:
    order_id = numbered_order(order["id"])

    def read(node: Node) -> Reading:
        return Reading(
            order_id=order_id,
            kind=_kind(node, topic),
            version=order_version(node) or node["date_modified_gmt"].refuse("missing"),
            snapshot=snapshot_of(node),
            refunds=refunds_of(node),
            customer_email=email_of(node),
        )

    kind = FactKind.REFUNDED if _is_detailed(order) else FactKind.EDITED
    bare = Reading(order_id=order_id, kind=kind, version=latest_instant(order) or EARLIEST)
    yield read_or_quarantined(order, read, bare)
    if any(not has_details(refund) for refund in order["refunds"].listed()):
        yield NeedsFetch(order_id=order_id, reason="refunds without their lines")


def _kind(order: Node, topic: str) -> FactKind:
    if _is_detailed(order):
        return FactKind.REFUNDED
    payment = payment_of(order)
    if topic == "order.created" and payment is not Payment.PAID:
        return FactKind.PLACED
    return _KINDS.get(payment, FactKind.EDITED) if payment else FactKind.EDITED


def _is_detailed(order: Node) -> bool:
    """Say whether the body tells lines of refunds; no later one is sure to, so it is never passed over."""
    return any(has_details(refund) for refund in order["refunds"].listed())


ADAPTER = WooCommerce()
