"""The JSON API's routes of orders, their entries and commissions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import NotFoundError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.money import POINTS, format_minor
from grapevine.runtime import replies
from grapevine.runtime.caller import Caller
from grapevine.usecases import list_commissions as commissions
from grapevine.usecases import read_order as orders

Json = dict[str, Any]
LEAVES = (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED)


def read_order(caller: Caller, program_id: str, storefront_id: str, order_id: str) -> Json:
    """Return an order: what its facts tell, each of them, who has what from it, and its entries."""
    program, parts = caller.terms(program_id).program, caller.parts
    key = OrderKey.parse(f"{storefront_id}/{order_id}")
    return from_order(orders.read_order(program.id, key, parts.facts, parts.ledger))


def list_order_entries(caller: Caller, program_id: str, storefront_id: str, order_id: str) -> Json:
    """List an order's entries in their sequence."""
    program = caller.terms(program_id).program
    key = OrderKey.parse(f"{storefront_id}/{order_id}")
    found = orders.read_entries(program.id, key, caller.parts.ledger)
    return caller.page_of_all("entries", found, replies.from_entry, lambda one: f"{one.sequence:09d}")


def list_commissions(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """List what a promoter has from each order, newest first."""
    program, parts = caller.terms(program_id).program, caller.parts
    if promoter_id not in parts.catalog.promoters(program.id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    key = AccountKey(program.id, promoter_id, program.currency)
    found = commissions.commissions_of(key, parts.pages, parts.ledger, caller.after())
    return caller.page("commissions", found, from_commission, lambda one: one.place)


def list_program_commissions(caller: Caller, program_id: str) -> Json:
    """List what each promoter has from each order, by promoter, newest first; a page may be short."""
    program, parts = caller.terms(program_id).program, caller.parts
    found = commissions.program_commissions(
        program.id, program.currency, parts.catalog, parts.pages, parts.ledger, caller.after()
    )
    return _short_page(caller, found)


def _short_page(caller: Caller, found: Iterator[tuple[str, commissions.Commission | None]]) -> Json:
    shown: list[Json] = []
    place = ""
    for following, one in found:
        if len(shown) == caller.limit() or one is None:
            return {"commissions": shown, "next": caller.cursor(place or following)}
        shown.append(from_commission(one))
        place = following
    return {"commissions": shown, "next": None}


def from_commission(one: commissions.Commission) -> Json:
    """Return a commission; amounts as decimal strings."""

    def amount(minor: int) -> str:
        return format_minor(minor, one.currency)

    return {
        "promoter_id": one.promoter_id,
        "order": str(one.order),
        "state": one.state.value,
        "currency": one.currency,
        "earned": amount(one.earned_minor),
        "held": amount(one.held_minor),
        "payable": amount(one.payable_minor),
        "blocked": amount(one.blocked_minor),
        "first_at": to_text(one.first_at),
        "last_at": to_text(one.last_at),
        "entries": list(one.entries),
    }


def from_order(seen: orders.SeenOrder) -> Json:
    """Return an order, without anything that names its customer."""
    order, currency = seen.order, seen.order.currency
    return {
        "order": str(seen.key),
        "currency": currency,
        "payment": order.payment.value,
        "placed_at": _instant(order.placed_at),
        "paid_at": _instant(order.paid_at),
        "received_at": _instant(order.received_at),
        "cancelled_at": _instant(order.cancelled_at),
        "base": _amount(order.base_minor, currency),
        "refunded": _amount(order.refunded_minor, currency),
        "coupon_codes": list(order.coupon_codes),
        "click_id": order.click_id,
        "test": order.test,
        "problems": list(order.problems),
        "missing": list(order.untold),
        "facts": [_fact(fact) for fact in seen.facts],
        "standings": [_standing(one) for one in orders.standings(seen.entries)],
        "entries": [replies.from_entry(entry) for entry in seen.entries],
    }


def _fact(fact: Fact) -> Json:
    return {
        "fact": fact.digest,
        "kind": fact.kind.value,
        "version": to_text(fact.version),
        "recorded_at": to_text(fact.recorded_at),
        "problem": fact.problem,
    }


def _standing(one: orders.Standing) -> Json:
    leaves = {leaf.value: _amount(one.minor_by_leaf.get(leaf, 0), one.currency) for leaf in LEAVES}
    return {"promoter_id": one.promoter_id, "currency": one.currency, **leaves}


def _amount(minor: int, currency: str | None) -> str | None:
    if currency is None:
        return None
    return str(minor) if currency == POINTS else format_minor(minor, currency)


def _instant(instant: Any) -> str | None:  # noqa: ANN401 - an instant or None
    return to_text(instant) if instant else None
