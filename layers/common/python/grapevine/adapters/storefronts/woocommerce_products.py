"""WooCommerce's products in our words.

A body names no currency: prices are in the shop's. Its categories are both: the first one's name is the
category, the slugs of all are the collections. A deletion has an id alone, and counts as of its arrival, as
does a restoring, which need not change the product.
"""

from __future__ import annotations

from datetime import datetime

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.instants import parse_instant
from grapevine.domain.listings import MAX_STOCK, MAX_TITLE, ListingTerms
from grapevine.ports import ProductReading

DELETED, RESTORED = "product.deleted", "product.restored"
TOPICS = frozenset({"product.created", "product.updated", DELETED, RESTORED})


def product_reading(product: Node, topic: str) -> ProductReading:
    """Return what a body says of a product; MalformedBodyError where it does not say of which."""
    product_id = _id_of(product["id"])
    if topic == DELETED:
        return ProductReading(product_id=product_id, version=None, listing=ListingTerms(gone=True))
    price, before = product["price"].text(), product["regular_price"].text()
    return ProductReading(
        product_id=product_id,
        version=None if topic == RESTORED else _version(product["date_modified_gmt"]),
        listing=ListingTerms(
            title=(product["name"].text() or "")[:MAX_TITLE] or None,
            price=price,
            compare_at=before if before != price else None,
            picture_url=next((node["src"].text() for node in product["images"].listed()), None),
            page=product["permalink"].text(),
            stock=_stock(product),
            gone=_is_gone(product),
        ),
        category=next((node["name"].text() for node in product["categories"].listed()), None),
        collections=None if product["categories"].is_missing else _slugs(product["categories"]),
    )


def _id_of(node: Node) -> str:
    try:
        return node.identifier() or node.refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def _version(node: Node) -> datetime | None:
    """Return when a product was changed; WooCommerce writes UTC without saying so."""
    text = (node.text() or "")[:40]
    try:
        return parse_instant(text if text.endswith("Z") else f"{text}Z", node.path)
    except (InvalidInputError, OverflowError):
        return None


def _slugs(categories: Node) -> tuple[str, ...]:
    return tuple(slug for node in categories.listed() if (slug := node["slug"].text()))


def _is_gone(product: Node) -> bool:
    """Say whether a product is not on sale: a draft, private, in the bin, or hidden from the catalog."""
    status, shown = product["status"].text(), product["catalog_visibility"].text()
    return status not in (None, "publish") or shown == "hidden"


def _stock(product: Node) -> int | None:
    """Return how many there are; one that is sold out has none also where the shop does not count."""
    if product["stock_status"].text() == "outofstock":
        return 0
    count = product["stock_quantity"].value
    if not product["manage_stock"].is_true or not isinstance(count, int) or isinstance(count, bool):
        return None
    return min(max(count, 0), MAX_STOCK)
