"""Say which groups products are in, to whom they are bound, and how they are shown, from now on."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.ids import checked_id
from grapevine.domain.listings import Listing, ListingRules, ListingTerms, listing_of, newer
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.programs import InvalidProgramError, Program
from grapevine.ports import DecisionCatalog, PeopleCatalog
from grapevine.usecases.take_listing import ATTEMPTS, MAX_COLLECTIONS, MAX_NAME

MAX_PRODUCTS = 100
"""Products of one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms:
    """A product as it is from now on; without a `listing` it is shown as it was."""

    id: str
    category: str | None = None
    collections: tuple[str, ...] = ()
    promoter_id: str | None = None
    listing: ListingTerms | None = None


@dataclass(frozen=True, slots=True)
class PutProducts:
    """Up to MAX_PRODUCTS products of a program."""

    program_id: str
    products: tuple[ProductTerms, ...]


def put_products(command: PutProducts, catalog: PeopleCatalog, now: datetime) -> tuple[Product, ...]:
    """Store what changed of each product, and return them all as they are.

    Orders that were placed before keep what the products were. What is as it was changes nothing,
    so that a call that broke off is sent again. InvalidInputError, or InvalidProgramError with all
    that is wrong with listings, before anything is stored.
    """
    _check(command, catalog)
    listings = _listings(command, catalog.terms(command.program_id).program, now)
    known = catalog.products(command.program_id, [terms.id for terms in command.products])
    return tuple(
        _put(terms, command.program_id, known.get(terms.id), listings.get(terms.id), catalog, now)
        for terms in command.products
    )


def read_product(program_id: str, product_id: str, catalog: DecisionCatalog) -> Product:
    """Return a product; NotFoundError for one that was never put."""
    product = catalog.products(program_id, (product_id,)).get(product_id)
    if product is None:
        raise NotFoundError("product", product_id)
    return product


def _listings(command: PutProducts, program: Program, now: datetime) -> dict[str, Listing]:
    """Return the listings by product; what is wrong with any, with its place among the products."""
    rules = ListingRules.of(program.currency, program.allowed_hosts)
    listings, faults = dict[str, Listing](), list[InvalidInputError]()
    for number, terms in enumerate(command.products):
        if terms.listing:
            listings[terms.id], wrong = listing_of(terms.listing, now, rules)
            faults += (
                InvalidInputError(fault.what, f"products[{number}].listing.{fault.where}") for fault in wrong
            )
    if faults:
        raise InvalidProgramError(tuple(faults))
    return listings


def _put(
    terms: ProductTerms,
    program_id: str,
    known: Product | None,
    listing: Listing | None,
    catalog: PeopleCatalog,
    now: datetime,
) -> Product:
    change = ProductChange(
        effective_at=now,
        category=terms.category,
        collections=tuple(sorted(set(terms.collections))),
        promoter_id=terms.promoter_id,
    )
    for _ in range(ATTEMPTS):
        product = known or Product(program_id=program_id, id=terms.id)
        changed = product.told(change, _listed(product.listing, listing))
        if changed is product:
            return product
        try:
            catalog.put_product(changed)
        except NetworkMovedError:
            known = catalog.products(program_id, (terms.id,)).get(terms.id)
            continue
        return changed
    raise NetworkMovedError(f"product {terms.id}")


def _listed(known: Listing | None, told: Listing | None) -> Listing | None:
    """Return what a product is shown as: what is told now, whatever the shop's clock said before."""
    if known is None or told is None:
        return told or known
    if replace(told, updated_at=known.updated_at) == known:
        return known
    return newer(known, replace(told, updated_at=max(told.updated_at, known.updated_at)))


def _check(command: PutProducts, catalog: PeopleCatalog) -> None:
    products = command.products
    if not 1 <= len(products) <= MAX_PRODUCTS:
        raise InvalidInputError(f"must be 1 to {MAX_PRODUCTS}", "products")
    if len({terms.id for terms in products}) < len(products):
        raise InvalidInputError("has a product twice", "products")
    for number, terms in enumerate(products):
        _check_names(terms, f"products[{number}]")
    bound = sorted({terms.promoter_id for terms in products if terms.promoter_id is not None})
    _check_promoters(command, catalog.promoters(command.program_id, bound) if bound else {})


def _check_names(terms: ProductTerms, where: str) -> None:
    checked_id(terms.id, f"{where}.id")
    if terms.category is not None and not 1 <= len(terms.category) <= MAX_NAME:
        raise InvalidInputError(f"must have 1 to {MAX_NAME} characters", f"{where}.category")
    if len(terms.collections) > MAX_COLLECTIONS:
        raise InvalidInputError(f"more than {MAX_COLLECTIONS}", f"{where}.collections")
    if not all(1 <= len(name) <= MAX_NAME for name in terms.collections):
        raise InvalidInputError(f"each must have 1 to {MAX_NAME} characters", f"{where}.collections")


def _check_promoters(command: PutProducts, known: Container[str]) -> None:
    for number, terms in enumerate(command.products):
        if terms.promoter_id is not None and terms.promoter_id not in known:
            raise InvalidInputError(
                f"no promoter {terms.promoter_id!r} in this program", f"products[{number}].promoter_id"
            )
