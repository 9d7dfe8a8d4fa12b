"""Stripe's refunds and disputes in our words.

A charge says how much of it has gone back so far: one refund of ours, under the charge's name, that
grows. Money in dispute has left the merchant, so it went back until the dispute is won. Neither
says of which items.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from grapevine.adapters.storefronts.json_values import Node
from grapevine.adapters.storefronts.readings import read_or_quarantined
from grapevine.adapters.storefronts.stripe_money import amount_of, currency_of, name_of
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.facts import WHOLE_ORDER, FactKind, Refund, RefundLine, Snapshot
from grapevine.ports import Ignored, NeedsFetch, Reading, ShopEvent

_NOT_CHECKOUT = Ignored(reason="a charge without a payment intent is not from Checkout")
_INQUIRIES = ("warning_", "prevented")
_WON = frozenset({"won", "charge_refunded"})
"""A dispute that takes nothing: won, or given up for a refund, which the charge tells."""
_FAILED = frozenset({"failed", "canceled"})
_MOMENT = timedelta(milliseconds=1)
_MOMENTS = 999


def refund_events(charge: Node, at: datetime) -> tuple[ShopEvent, ...]:
    """Return what has gone back of a charge by an instant."""
    order_id = _payment_intent(charge)
    if order_id is None:
        return (_NOT_CHECKOUT,)

    def read(node: Node) -> Reading:
        refunds = charge_refunds(node, at) or node["amount_refunded"].refuse("missing")
        return Reading(
            order_id=order_id,
            kind=FactKind.REFUNDED,
            version=at + _within_the_second(node),
            snapshot=_money_of(node),
            refunds=refunds,
        )

    return (read_or_quarantined(charge, read, _bare(order_id, at)),)


def charge_refunds(charge: Node, at: datetime) -> tuple[Refund, ...]:
    """Return what has gone back of a charge as one refund, none where the body does not say."""
    if charge["amount_refunded"].is_missing:
        return ()
    amount = amount_of(charge["amount_refunded"], _currency(charge))
    return (_refund(name_of(charge["id"]) or charge["id"].refuse("missing"), at, amount),)


def failed_refund_events(refund: Node, at: datetime) -> tuple[ShopEvent, ...]:  # noqa: ARG001 - one shape for all
    """Return the wish to ask what is left of a refund that failed: its event does not say."""
    order_id = _payment_intent(refund)
    if order_id is None:
        return (_NOT_CHECKOUT,)
    if refund["status"].text() in _FAILED:
        return (NeedsFetch(order_id=order_id, reason="a refund failed"),)
    return (Ignored(reason="the charge tells what went back"),)


def dispute_events(dispute: Node, at: datetime) -> tuple[ShopEvent, ...]:
    """Return what a dispute takes: its amount, until it is won."""
    order_id = _payment_intent(dispute)
    status = dispute["status"].text() or ""
    if order_id is None:
        return (_NOT_CHECKOUT,)
    if status.startswith(_INQUIRIES):
        return (Ignored(reason="an inquiry takes no money"),)

    def read(node: Node) -> Reading:
        amount = 0 if status in _WON else amount_of(node["amount"], _currency(node))
        name = name_of(node["id"]) or node["id"].refuse("missing")
        return Reading(
            order_id=order_id,
            kind=FactKind.REFUNDED,
            version=at,
            snapshot=_money_of(node),
            refunds=(_refund(name, at, amount),),
        )

    return (read_or_quarantined(dispute, read, _bare(order_id, at)),)


def _payment_intent(owner: Node) -> str | None:
    try:
        return name_of(owner["payment_intent"])
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def _bare(order_id: str, at: datetime) -> Reading:
    return Reading(order_id=order_id, kind=FactKind.REFUNDED, version=at)


def _money_of(owner: Node) -> Snapshot:
    """Return what every event tells: the currency, so that another than the order's is seen, and a test."""
    return Snapshot(currency=currency_of(owner), test=owner["livemode"].value is False)


def _currency(owner: Node) -> str:
    return currency_of(owner) or owner["currency"].refuse("missing")


def _within_the_second(charge: Node) -> timedelta:
    """Return where a refund stands among others of its second, which is all that Stripe tells.

    More has gone back in the later of two, and the later one counts.
    """
    amount = max(charge["amount"].whole(10**15), 1) if not charge["amount"].is_missing else 1
    back = charge["amount_refunded"].whole(10**15)
    return _MOMENT * (_MOMENTS * min(back, amount) // amount)


def _refund(name: str, at: datetime, amount_minor: int) -> Refund:
    whole = RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=amount_minor)
    return Refund(id=name, created_at=at, lines=(whole,))
