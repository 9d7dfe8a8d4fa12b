"""Lists in pages: a hundred at most, and a cursor that leads on where there is more.

A cursor is the place of the last thing that was seen, with a check that it is one of the same list.
It is no secret and opens nothing: whoever makes one up gets another part of what they may list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar

from grapevine.domain.errors import InvalidInputError

T = TypeVar("T")
Json = dict[str, Any]
MOST = 100
"""Things of one page, and what a page has where nothing is said."""
LONGEST_CURSOR = 1000
_CHECK_BYTES = 6
PAGING = ("limit", "cursor")
"""The names in a query that say which page is asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of which list is asked for: after which place, and how many at most."""

    listing: str
    after: str
    limit: int


def page_asked(listing: str, query: Mapping[str, str]) -> Page:
    """Return the page that a query asks for; InvalidInputError for a limit or a cursor that is none."""
    filters = "&".join(f"{name}={query[name]}" for name in sorted(query) if name not in PAGING)
    listing = f"{listing}?{filters}"
    return Page(listing, _place(query.get("cursor", ""), listing), _limit(query.get("limit")))


def paged(
    name: str, found: Iterable[T], page: Page, shown: Callable[[T], Any], place: Callable[[T], str]
) -> Json:
    """Return a page of what was found after its place, in that order, and the cursor to the next."""
    items = list(islice(found, page.limit + 1))
    kept = items[: page.limit]
    more = cursor_of(page.listing, place(kept[-1])) if len(items) > page.limit else None
    return {name: [shown(item) for item in kept], "next": more}


def cursor_of(listing: str, place: str) -> str:
    """Return the cursor to what comes after a place in a list."""
    text = place.encode()
    return base64.urlsafe_b64encode(_check(listing, text) + text).decode().rstrip("=")


def _place(cursor: str, listing: str) -> str:
    if not cursor:
        return ""
    try:
        raw = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            if len(cursor) <= LONGEST_CURSOR
            else b""
        )
        check, text = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        place = text.decode()
    except (binascii.Error, ValueError):
        check, text, place = b"", b"", ""
    if not place or check != _check(listing, text):
        raise InvalidInputError("is no cursor of this list", "cursor")
    return place


def _check(listing: str, text: bytes) -> bytes:
    return blake2b(listing.encode() + b"\n" + text, digest_size=_CHECK_BYTES).digest()


def _limit(text: str | None) -> int:
    if text is None:
        return MOST
    if not (
        text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= MOST and len(text) <= len(str(MOST))
    ):
        raise InvalidInputError(f"must be 1 to {MOST}", "limit")
    return int(text)
