"""Take what a shop says of a product: how it is shown, and which groups it is in from now on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from grapevine.domain.errors import InvalidInputError, NetworkMovedError
from grapevine.domain.listings import ListingRules, listing_of, newer
from grapevine.domain.products import Product, ProductChange
from grapevine.ports import ProductReading, ShopCatalog

MAX_COLLECTIONS = 50
MAX_NAME = 100
"""Characters of a category's or a collection's name."""
ATTEMPTS = 5


class Listed(StrEnum):
    """What became of what a shop says of a product."""

    LISTED = "listed"
    SAME = "same"
    STALE = "stale"
    """A newer version is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeListing:
    """One reading, of a program's product; `domain` is the shop's own host, where it is known."""

    program_id: str
    reading: ProductReading
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome, and what the shop said that cannot be right and was left out."""

    listed: Listed
    faults: tuple[InvalidInputError, ...] = ()


def take_listing(command: TakeListing, catalog: ShopCatalog, now: datetime) -> Taken:
    """Store what is new; the promoter whom a product is bound to stays whatever a shop says.

    The shop's newest version wins, in whatever order its versions come. Orders that were placed
    before keep the groups that the product was in.
    """
    program, reading = catalog.terms(command.program_id).program, command.reading
    rules = ListingRules.of(program.currency, program.allowed_hosts, command.domain)
    told, faults = listing_of(reading.listing, reading.version or now, rules)
    for _ in range(ATTEMPTS):
        known = catalog.products(program.id, (reading.product_id,)).get(reading.product_id)
        product = known or Product(program_id=program.id, id=reading.product_id)
        listing = newer(product.listing, told)
        if listing is None:
            return Taken(Listed.STALE, faults)
        changed = product.told(_change(product, reading, now), listing)
        if changed is product:
            return Taken(Listed.SAME, faults)
        try:
            catalog.put_product(changed)
        except NetworkMovedError:
            continue
        return Taken(Listed.LISTED, faults)
    raise NetworkMovedError(f"product {reading.product_id}")


def _change(product: Product, reading: ProductReading, now: datetime) -> ProductChange:
    """Return the product's groups as the shop says, and as they were where it says nothing."""
    last = product.changes[-1] if product.changes else ProductChange(effective_at=now)
    named = last.collections if reading.collections is None else _names(reading.collections)
    category = _names((reading.category,))[0] if reading.category else last.category
    return replace(last, effective_at=now, category=category, collections=named)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return groups' names as they can be stored: a shop's are not ours to refuse."""
    return tuple(sorted({name[:MAX_NAME] for name in names if name})[:MAX_COLLECTIONS])
