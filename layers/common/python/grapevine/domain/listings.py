"""Listings: how a product is shown, as its shop says it: title, price, picture, page, stock.

Posters, previews and recommendations show it; no commission is ever counted from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from grapevine.domain.errors import InvalidInputError, MoneyError
from grapevine.domain.links import checked_destination
from grapevine.domain.money import POINTS, exponent, parse_minor

A = TypeVar("A")
T = TypeVar("T")

MAX_TITLE = 300
"""Characters; a longer title is cut in a webhook and refused from a person."""
MAX_URL = 2000
MAX_STOCK = 1_000_000_000
_CLEAN_URL = re.compile(r"https://[\x21-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A product as its shop shows it; `updated_at` is the shop's own version of what it says.

    `price_minor` and `compare_at_minor` (the price before, crossed out) are in minor units of
    `currency`. `stock` is how many there are, None where the shop does not count them or does not
    say. One that is `gone` was deleted or is not on sale; what it was is kept.
    """

    title: str
    updated_at: datetime
    price_minor: int | None = None
    currency: str | None = None
    compare_at_minor: int | None = None
    picture_url: str | None = None
    page_url: str | None = None
    stock: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTerms:
    """A listing in a shop's words: prices as decimal texts, the page as a URL or as a path of the shop.

    Where `currency` is left out it is the program's.
    """

    title: str | None = None
    price: str | None = None
    currency: str | None = None
    compare_at: str | None = None
    picture_url: str | None = None
    page: str | None = None
    stock: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """What a program says of its listings; `host` is where a page's path is."""

    currency: str
    allowed_hosts: tuple[str, ...]
    host: str

    @classmethod
    def of(cls, currency: str, allowed_hosts: Sequence[str], domain: str | None = None) -> ListingRules:
        """Return the rules; a path is on the shop's own domain if that is allowed, else on the first host."""
        host = domain if domain in allowed_hosts else allowed_hosts[0]
        return cls(currency=currency, allowed_hosts=tuple(allowed_hosts), host=host or "")


def listing_of(
    terms: ListingTerms, updated_at: datetime, rules: ListingRules
) -> tuple[Listing, tuple[InvalidInputError, ...]]:
    """Return a listing with all of the terms that can be right, and everything that cannot be.

    Who was asked by a person refuses where anything is wrong; a webhook's listing goes without it.
    """
    faults: list[InvalidInputError] = []
    currency = _read(faults, "currency", _currency, terms.currency or rules.currency)
    price = before = None
    if currency:
        price = _read(faults, "price", lambda text: _amount(text, currency), terms.price)
        before = _read(faults, "compare_at", lambda text: _amount(text, currency), terms.compare_at)
    title = _read(faults, "title", _title, terms.title)
    if not (title or terms.title or terms.gone):
        faults.append(InvalidInputError("is missing", "title"))
    listing = Listing(
        title=title or "",
        updated_at=updated_at,
        price_minor=price,
        currency=None if price is None else currency,
        compare_at_minor=before if price is not None and before is not None and before > price else None,
        picture_url=_read(faults, "picture_url", _picture, terms.picture_url),
        page_url=_read(faults, "page", lambda text: _page(text, rules), terms.page),
        stock=_read(faults, "stock", _stock, terms.stock),
        gone=terms.gone,
    )
    return listing, tuple(faults)


def _read(faults: list[InvalidInputError], where: str, reader: Callable[[A], T], told: A | None) -> T | None:
    """Return what was told, None where nothing was or where it cannot be right."""
    try:
        return None if told is None else reader(told)
    except InvalidInputError as error:
        faults.append(InvalidInputError(error.what, where))
    except MoneyError as error:
        faults.append(InvalidInputError(str(error), where))
    return None


def newer(known: Listing | None, told: Listing) -> Listing | None:
    """Return what stands once a listing is told, None where what is known is newer.

    Webhooks come out of order: the shop's newest version wins, and of one version what came last.
    That a product is gone says nothing else of it.
    """
    if known is None:
        return told
    if told.updated_at < known.updated_at:
        return None
    if told.gone and not told.title:
        return replace(known, gone=True, updated_at=told.updated_at)
    return told


def _currency(text: str) -> str:
    exponent(text)
    if text == POINTS:
        raise InvalidInputError("points are not what a product costs")
    return text


def _amount(text: str, currency: str) -> int:
    minor = parse_minor(text, currency)
    if minor < 0:
        raise InvalidInputError("must not be negative")
    return minor


def _title(text: str) -> str:
    title = " ".join(text.split())
    if len(title) > MAX_TITLE:
        raise InvalidInputError(f"longer than {MAX_TITLE} characters")
    return title


def _picture(url: str) -> str:
    if _CLEAN_URL.fullmatch(url) is None or len(url) > MAX_URL:
        raise InvalidInputError(f"must be an https URL of at most {MAX_URL} characters")
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or "@" in url.partition("//")[2].partition("/")[0]:
        raise InvalidInputError("must be an https URL without a user name")
    return url


def _page(text: str, rules: ListingRules) -> str:
    """Return a page's URL; a path is one of the shop's own."""
    is_path = text.startswith("/") and not text.startswith("//")
    return checked_destination(f"https://{rules.host}{text}" if is_path else text, rules.allowed_hosts)


def _stock(stock: int) -> int:
    if not 0 <= stock <= MAX_STOCK:
        raise InvalidInputError(f"must be 0 to {MAX_STOCK}")
    return stock
