"""A program's products, page by page."""

from __future__ import annotations

from itertools import islice
from typing import Any

from grapevine.domain.errors import InvalidInputError
from grapevine.runtime import replies
from grapevine.runtime.caller import Caller

USUAL_PAGE, MOST_PAGE = 50, 200
"""Products of one answer."""


def list_products(caller: Caller, program_id: str) -> dict[str, Any]:
    """List a program's products by id, those after a cursor; `next_cursor` is null at the end."""
    program = caller.terms(program_id).program
    limit, after = _limit(caller.query.get("limit", "")), caller.query.get("cursor", "")
    found = list(islice(caller.parts.catalog.products_of(program.id, after), limit + 1))
    return {
        "products": [replies.from_product(product) for product in found[:limit]],
        "next_cursor": found[limit - 1].id if len(found) > limit else None,
    }


def _limit(text: str) -> int:
    if not text:
        return USUAL_PAGE
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_PAGE)) else 0
    if not 1 <= limit <= MOST_PAGE:
        raise InvalidInputError(f"must be 1 to {MOST_PAGE}", "limit")
    return limit
