"""Shopify's products in our words, from `products/create`, `products/update` and `products/delete`.

A body names no currency: prices are in the shop's, which the program settles in. Its page is a path
of the shop, and the picture the first one. What is not counted (`inventory_management` of null) has
no stock that we could tell.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.listings import MAX_STOCK, MAX_TITLE, ListingTerms
from grapevine.ports import ProductReading

DELETED = "products/delete"
TOPICS = frozenset({"products/create", "products/update", DELETED})


def product_reading(product: Node, topic: str) -> ProductReading:
    """Return what a body says of a product; MalformedBodyError where it does not say of which."""
    product_id = _id_of(product["id"])
    if topic == DELETED:
        return ProductReading(product_id=product_id, version=None, listing=ListingTerms(gone=True))
    variant = _cheapest(product["variants"])
    return ProductReading(
        product_id=product_id,
        version=_version(product),
        listing=ListingTerms(
            title=(product["title"].text() or "")[:MAX_TITLE] or None,
            price=variant["price"].text(),
            compare_at=variant["compare_at_price"].text(),
            picture_url=product["image"]["src"].text() or _first(product["images"])["src"].text(),
            page=f"/products/{handle}" if (handle := product["handle"].text()) else None,
            stock=_stock(product["variants"]),
            gone=_is_gone(product),
        ),
        category=product["product_type"].text(),
    )


def _id_of(node: Node) -> str:
    try:
        return node.identifier() or node.refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def _version(product: Node) -> datetime | None:
    try:
        return product["updated_at"].instant()
    except InvalidInputError:
        return None


def _is_gone(product: Node) -> bool:
    """Say whether a product is not on sale: a draft, archived, or taken off the online shop.

    A body without a word of that is of a product that is on sale.
    """
    if product["status"].text() in ("draft", "archived"):
        return True
    return isinstance(product.value, dict) and product.value.get("published_at", "") is None


def _first(nodes: Node) -> Node:
    return next(iter(nodes.listed()), Node(None))


def _cheapest(variants: Node) -> Node:
    """Return the variant whose price a listing shows: the lowest, the first of those."""
    priced = [(price, node) for node in variants.listed() if (price := _price(node)) is not None]
    return min(priced, key=lambda pair: pair[0])[1] if priced else Node(None)


def _price(variant: Node) -> Decimal | None:
    try:
        price = Decimal(variant["price"].text() or "x")
    except InvalidOperation:
        return None
    return price if price.is_finite() else None


def _stock(variants: Node) -> int | None:
    """Return how many there are of all variants, None where one of them is not counted."""
    counts = [_count(node) for node in variants.listed()]
    if not counts or None in counts:
        return None
    return min(sum(count for count in counts if count), MAX_STOCK)


def _count(variant: Node) -> int | None:
    """Return how many there are; what was oversold is none."""
    count, keeper = variant["inventory_quantity"].value, variant["inventory_management"]
    is_counted = isinstance(count, int) and not isinstance(count, bool)
    if not is_counted or keeper.text() is None or variant["inventory_policy"].text() == "continue":
        return None
    return max(int(str(count)), 0)
