"""Payouts, where they go, and what becomes of a balance next, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.payee_details import cooled_at, masked, missing_details
from grapevine.domain.payout_outlook import Outlook
from grapevine.domain.payout_requests import is_asked
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payout_waits import PayoutWait
from grapevine.domain.payouts import Leg, Payout, PayoutState
from grapevine.domain.transfers import Payee
from grapevine.usecases.list_payouts import SeenPayout

Json = dict[str, Any]


def from_payee(payee: Payee | None, terms: PayoutTerms) -> Json:
    """Return where somebody is paid, without what would let anybody else be paid there."""
    missing = {"missing_details": list(missing_details(terms, payee))}
    if payee is None:
        return {"rail": None, "details": {}, "changed_at": None, "paid_from": None, **missing}
    return {
        "rail": payee.rail.value,
        "details": masked(payee.details),
        "changed_at": to_text(payee.changed_at),
        "paid_from": to_text(cooled_at(payee, terms)),
        **missing,
    }


def from_payout(payout: Payout) -> Json:
    """Return a payout: what the promoter gets, what was taken beside it, and where it is."""
    currency = payout.key.currency
    return {
        "id": payout.id,
        "promoter_id": payout.key.promoter_id,
        "settlement_id": payout.settlement_id,
        "on_demand": is_asked(payout.settlement_id),
        "state": payout.state.value,
        "currency": currency,
        "amount": format_minor(payout.amount_minor, currency),
        "fee": format_minor(payout.fee_minor, currency),
        "tax": format_minor(payout.tax_minor, currency),
        "tax_period": payout.tax_period or None,
        "requested_at": to_text(payout.requested_at),
        "rail": payout.rail or None,
        "waits_for_review": payout.review and payout.state is PayoutState.REQUESTED,
        "detail": payout.detail or None,
        "legs": [_from_leg(leg, currency) for leg in payout.legs],
    }


def from_seen(seen: SeenPayout) -> Json:
    """Return a payout, and what its next leg waits for."""
    return {**from_payout(seen.payout), "waits": _from_wait(seen.wait) if seen.wait else None}


def _from_wait(wait: PayoutWait) -> Json:
    return {
        "for": wait.waits_for.value,
        "until": to_text(wait.until) if wait.until else None,
        "detail": wait.detail or None,
    }


def _from_leg(leg: Leg, currency: str) -> Json:
    return {
        "number": leg.number,
        "state": leg.state.value,
        "amount": format_minor(leg.amount_minor, currency),
        "due_at": to_text(leg.due_at),
        "reference": leg.reference or None,
        "detail": leg.detail or None,
    }


def from_outlook(outlook: Outlook, sentences: Sequence[str]) -> Json:
    """Return what becomes of a balance next, in figures and in sentences."""
    offer = outlook.offer
    return {
        "minimum": format_minor(outlook.minimum_minor, outlook.currency),
        "missing": format_minor(outlook.missing_minor, outlook.currency),
        "next_settlement_at": to_text(outlook.next_at) if outlook.next_at else None,
        "missing_details": list(outlook.missing_details),
        "on_demand_from": format_minor(offer.minimum_minor, outlook.currency) if offer else None,
        "sentences": list(sentences),
    }
