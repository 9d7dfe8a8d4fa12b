"""Shopify's amounts in minor units of the shop's own currency.

An amount comes as a string, as a JSON number, and as a set with the shop's and the customer's
currency; the shop's part of the set is the one that is settled in.
"""

from __future__ import annotations

from grapevine.adapters.storefronts.amounts import checked_currency, minor_of
from grapevine.adapters.storefronts.json_values import Node


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
        return _shop_minor(owner[name], currency, rounds=rounds)
    named = checked_currency(money["currency_code"])
    if named not in (None, currency):
        money.refuse(f"in {named}, the order is in {currency}")
    return _shop_minor(money["amount"], currency, rounds=rounds)


def sum_minor(parts: Node, name: str, currency: str) -> int:
    """Return what such an amount of each of a list's items adds up to."""
    return sum(shop_minor(part, name, currency) for part in parts.items())


def _shop_minor(node: Node, currency: str, *, rounds: bool) -> int:
    return minor_of(node, currency, rounds=rounds and not isinstance(node.value, str))
