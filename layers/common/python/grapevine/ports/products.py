"""What is asked of products: read, put, listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from grapevine.domain.products import Product


class ProductReader(Protocol):
    """Products by id, many in one request."""

    def products(self, program_id: str, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those that exist with their histories, at most a hundred asked for."""
        ...


class ProductWriter(ProductReader, Protocol):
    """Where products are put."""

    def put_product(self, product: Product) -> None:
        """Store a product with its one new change; NetworkMovedError when another came first."""
        ...


class ProductLists(Protocol):
    """A program's products, one after the other; eventually consistent."""

    def products_of(self, program_id: str, after: str = "") -> Iterator[Product]:
        """Yield a program's products by id, all of them or those after one, also those that are gone."""
        ...
