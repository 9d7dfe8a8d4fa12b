"""Shopify's amounts in minor units of the shop's own currency.

An amount comes as a string, as a JSON number, and as a set with the shop's and the customer's
currency; the shop's part of the set is the one that is settled in.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import MoneyError
from grapevine.domain.money import EXPONENTS, MAX_MINOR, parse_minor

_EXACT = Context(prec=60)
_MOST_DIGITS = len(str(MAX_MINOR))


def checked_currency(node: Node) -> str | None:
    """Return a currency that we can count in; InvalidInputError for an unknown one."""
    currency = node.text()
    if currency is not None and currency not in EXPONENTS:
        node.refuse(f"unknown currency {currency[:8]!r}")
    return currency


def set_currency(owner: Node, name: str) -> str | None:
    """Return the shop's currency as the set beside an amount names it."""
    return checked_currency(owner[f"{name}_set"]["shop_money"]["currency_code"])


def shop_minor(owner: Node, name: str, currency: str, *, rounds: bool = False) -> int:
    """Return an amount that must be there, in the shop's currency; not negative, unless odd ones are read.

    With `rounds` a JSON number may have more decimals than the currency (Shopify computes a
    refund's subtotal as one); everywhere else that is refused.
    """
    money = owner[f"{name}_set"]["shop_money"]
    if money["amount"].is_missing:
        return _minor(owner[name], currency, rounds=rounds)
    named = checked_currency(money["currency_code"])
    if named not in (None, currency):
        money.refuse(f"in {named}, the order is in {currency}")
    return _minor(money["amount"], currency, rounds=rounds)


def sum_minor(parts: Node, name: str, currency: str) -> int:
    """Return what such an amount of each of a list's items adds up to."""
    return sum(shop_minor(part, name, currency) for part in parts.items())


def _minor(node: Node, currency: str, *, rounds: bool) -> int:
    if node.is_missing or isinstance(node.value, bool):
        node.refuse("no amount")
    number = node.value
    minor = _number(node, number, currency, rounds) if isinstance(number, Decimal) else _text(node, currency)
    return minor if minor >= 0 or node.odd else node.refuse("negative")


def _text(node: Node, currency: str) -> int:
    try:
        return parse_minor(str(node.value)[:64], currency)
    except MoneyError as error:
        node.refuse(str(error))


def _number(node: Node, value: Decimal, currency: str, rounds: bool) -> int:
    """Return a JSON number's minor units; its size is looked at before anything is done with it."""
    digits = EXPONENTS[currency]
    if value.adjusted() + digits >= _MOST_DIGITS:
        node.refuse(f"over the limit of {MAX_MINOR} minor units")
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN, _EXACT)
    if rounded != value and not rounds:
        node.refuse(f"more than {digits} decimals of {currency}")
    return int(rounded.scaleb(digits))
