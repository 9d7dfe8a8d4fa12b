"""A program's products, page by page."""

from __future__ import annotations

from typing import Any

from grapevine.runtime import replies
from grapevine.runtime.caller import Caller


def list_products(caller: Caller, program_id: str) -> dict[str, Any]:
    """List a program's products by id."""
    program = caller.terms(program_id).program
    found = caller.parts.catalog.products_of(program.id, caller.after())
    return caller.page("products", found, replies.from_product, lambda product: product.id)
