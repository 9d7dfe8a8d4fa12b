"""Stripe's amounts, and its names of things.

Amounts are whole numbers of what Stripe takes for a currency's smallest unit, which is not always
what the standard says: the Icelandic króna and the Ugandan shilling have two decimals with Stripe
and none otherwise, the ariary the other way round.
"""

from __future__ import annotations

import re

from grapevine.adapters.storefronts.amounts import checked_currency
from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.money import EXPONENTS, MAX_MINOR

_NO_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD JOD KWD OMR TND"
_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")


def currency_of(owner: Node) -> str | None:
    """Return a currency, which Stripe writes in lower case."""
    node = owner["currency"]
    text = node.text()
    return checked_currency(Node(text.upper(), node.path, node.odd)) if text else None


def amount_of(node: Node, currency: str) -> int:
    """Return an amount that must be there in our minor units, never below zero."""
    step = EXPONENTS[currency] - stripe_exponent(currency)
    told, scale = node.whole(MAX_MINOR), int(10 ** abs(step))
    if step < 0 and told % scale:
        node.refuse(f"more than {EXPONENTS[currency]} decimals of {currency}")
    minor = told // scale if step < 0 else told * scale
    return minor if minor <= MAX_MINOR else node.refuse(f"over the limit of {MAX_MINOR} minor units")


def amount_or_zero(node: Node, currency: str) -> int:
    """Return an amount, nothing where it is missing."""
    return 0 if node.is_missing else amount_of(node, currency)


def stripe_exponent(currency: str) -> int:
    """Return how many decimals Stripe gives a currency."""
    if currency in _NO_DECIMALS.split():
        return 0
    return 3 if currency in _THREE_DECIMALS.split() else 2


def name_of(node: Node) -> str | None:
    """Return the name of a thing, which stands there alone or inside the thing itself."""
    text = node.text() or node["id"].text()
    if text is None:
        return None
    return text if _NAME.fullmatch(text) else node.refuse("not a name of Stripe's")
