"""Amounts and currencies out of a JSON body, in minor units; a float never appears."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import MoneyError
from grapevine.domain.money import EXPONENTS, MAX_MINOR, parse_minor

_EXACT = Context(prec=60)
_MOST_DIGITS = len(str(MAX_MINOR))
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")


def checked_currency(node: Node) -> str | None:
    """Return a currency that we can count in; InvalidInputError for an unknown one."""
    currency = node.text()
    if currency is not None and currency not in EXPONENTS:
        node.refuse(f"unknown currency {currency[:8]!r}")
    return currency


def minor_of(node: Node, currency: str, *, rounds: bool = False, signed: bool = False) -> int:
    """Return an amount that must be there, a string or a number; below zero only if `signed`, or odd.

    With `rounds` it may have more decimals than the currency, and half a unit goes to the even one.
    """
    if node.is_missing or isinstance(node.value, bool):
        node.refuse("no amount")
    minor = _number(node, currency, rounds=rounds)
    return minor if minor >= 0 or signed or node.odd else node.refuse("negative")


def _number(node: Node, currency: str, *, rounds: bool) -> int:
    text = str(node.value)[:64]
    if isinstance(node.value, Decimal):
        return _rounded(node, node.value, currency, rounds=rounds)
    if rounds and _DECIMAL.fullmatch(text):
        return _rounded(node, Decimal(text), currency, rounds=True)
    try:
        return parse_minor(text, currency)
    except MoneyError as error:
        node.refuse(str(error))


def _rounded(node: Node, value: Decimal, currency: str, *, rounds: bool) -> int:
    """Return a number's minor units; its size is looked at before anything is done with it."""
    digits = EXPONENTS[currency]
    if value.adjusted() + digits >= _MOST_DIGITS:
        node.refuse(f"over the limit of {MAX_MINOR} minor units")
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN, _EXACT)
    if rounded != value and not rounds:
        node.refuse(f"more than {digits} decimals of {currency}")
    return int(rounded.scaleb(digits))
