"""What changes of payouts, settlements, promoters, months, customers and verdicts tell the outside.

Ids and amounts only: never a name, an address, or words that a person wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from grapevine.domain.bindings import Tie
from grapevine.domain.events import (
    Aggregate,
    AggregateKind,
    Change,
    ClosedMonth,
    CustomerTold,
    Data,
    Draft,
    version_of_time,
)
from grapevine.domain.facts import Fact, Outcome
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.payouts import Leg, Payout, PayoutState
from grapevine.domain.people import Promoter
from grapevine.domain.settlements import Settlement
from grapevine.domain.tiers import Tier, tier_of

PAYOUT_APPROVED = "payout.approved"
SETTLEMENT_STARTED = "settlement.started"
SETTLEMENT_CLOSED = "settlement.closed"
JOINED = "promoter.joined"
SPONSOR_CHANGED = "promoter.sponsor_changed"
STATUS_CHANGED = "promoter.status_changed"
PAYEE_CHANGED = "promoter.payee_changed"
MERGED = "promoter.merged"
DUPLICATE_ADDED = "promoter.duplicate_added"
TIER_CHANGED = "tier.changed"
BINDING_CHANGED = "binding.changed"
RISK_OPENED = "risk.opened"
RISK_DECIDED = "risk.decided"

Folded = tuple[Data, tuple[Draft, ...]]
Stored = Payout | Settlement | Promoter | ClosedMonth | CustomerTold
"""What rows tell that events are made of."""


# --- payouts and settlements ---------------------------------------------------------------------


def payout_type(state: PayoutState) -> str:
    """Return the event that a payout, or a leg of it, came to a state."""
    return f"payout.{state}"


def payout_change(payout: Payout, occurred_at: datetime) -> Change:
    """Return a payout's version as a change."""
    aggregate = Aggregate(payout.key.program_id, AggregateKind.PAYOUT, payout.id)
    return Change(aggregate, payout.version, lambda seen: _fold_payout(seen, payout, occurred_at))


def _fold_payout(seen: Data, payout: Payout, occurred_at: datetime) -> Folded:
    drafts = list[Draft]()
    if not seen:
        drafts.append(Draft(payout_type(PayoutState.REQUESTED), payout.requested_at, _payout(payout)))
    elif seen["review"] and not payout.review:
        drafts.append(Draft(PAYOUT_APPROVED, occurred_at, _payout(payout)))
    known = seen.get("legs", {})
    for leg in payout.legs:
        if leg.state != known.get(str(leg.number), PayoutState.REQUESTED.value):
            drafts.append(Draft(payout_type(leg.state), occurred_at, _payout(payout, leg)))
    legs = {str(leg.number): leg.state.value for leg in payout.legs}
    return {"review": payout.review, "legs": legs}, tuple(drafts)


def _payout(payout: Payout, leg: Leg | None = None) -> dict[str, Any]:
    minor, currency = leg.amount_minor if leg else payout.amount_minor, payout.key.currency
    return {
        "payout_id": payout.id,
        "promoter_id": payout.key.promoter_id,
        "settlement_id": payout.settlement_id,
        "state": payout.state.value,
        "leg": leg.number if leg else None,
        "legs": len(payout.legs),
        "amount": format_minor(minor, currency),
        "amount_minor": minor,
        "fee_minor": payout.fee_minor,
        "tax_minor": payout.tax_minor,
        "currency": currency,
        "rail": payout.rail or None,
        "review": payout.review,
    }


def settlement_change(run: Settlement, currency: str) -> Change:
    """Return a settlement's beginning, or its end, as a change."""
    aggregate = Aggregate(run.program_id, AggregateKind.SETTLEMENT, run.id)
    return Change(aggregate, 2 if run.closed_at else 1, lambda seen: _fold_settlement(seen, run, currency))


def _fold_settlement(seen: Data, run: Settlement, currency: str) -> Folded:
    drafts = list[Draft]()
    if not seen:
        drafts.append(Draft(SETTLEMENT_STARTED, run.started_at, {"settlement_id": run.id}))
    if run.closed_at:
        data = {
            "settlement_id": run.id,
            "promoters": run.promoters,
            "counts": {settled.value: number for settled, number in sorted(run.counts.items())},
            "paid": format_minor(run.paid_minor, currency),
            "paid_minor": run.paid_minor,
            "currency": currency,
        }
        drafts.append(Draft(SETTLEMENT_CLOSED, run.closed_at, data))
    return {"started": True}, tuple(drafts)


# --- promoters -----------------------------------------------------------------------------------


def promoter_change(promoter: Promoter) -> Change:
    """Return a promoter with its history as a change; how long the history is says the version."""
    lengths = _lengths(promoter)
    aggregate = Aggregate(promoter.program_id, AggregateKind.PROMOTER, promoter.id)
    return Change(aggregate, 1 + sum(lengths.values()), lambda seen: _fold_promoter(seen, promoter))


def _lengths(promoter: Promoter) -> dict[str, int]:
    return {
        "sponsors": len(promoter.sponsor_changes),
        "statuses": len(promoter.status_changes),
        "payees": len(promoter.payee_changes),
        "duplicates": len(promoter.duplicates),
        "merged": 1 if promoter.alias else 0,
    }


def _fold_promoter(seen: Data, promoter: Promoter) -> Folded:
    drafts = [] if seen else [_draft(promoter, JOINED, promoter.joined_at, sponsor_id=promoter.sponsor_id)]
    later = sorted(_told_of(seen, promoter), key=lambda draft: draft.occurred_at)
    return _lengths(promoter), (*drafts, *later)


def _told_of(seen: Data, promoter: Promoter) -> Iterator[Draft]:
    """Yield what a promoter's history says beyond what readers know of it."""
    for sponsor in promoter.sponsor_changes[seen.get("sponsors", 0) :]:
        yield _draft(promoter, SPONSOR_CHANGED, sponsor.effective_at, sponsor_id=sponsor.sponsor_id)
    for status in promoter.status_changes[seen.get("statuses", 0) :]:
        yield _draft(promoter, STATUS_CHANGED, status.effective_at, status=status.status.value)
    for payee in promoter.payee_changes[seen.get("payees", 0) :]:
        yield _draft(promoter, PAYEE_CHANGED, payee.effective_at, is_known=payee.payee_key is not None)
    for merge in promoter.duplicates[seen.get("duplicates", 0) :]:
        yield _draft(promoter, DUPLICATE_ADDED, merge.effective_at, duplicate_id=merge.promoter_id)
    if promoter.alias and not seen.get("merged"):
        alias = promoter.alias
        yield _draft(promoter, MERGED, alias.effective_at, into_promoter_id=alias.promoter_id)


def _draft(promoter: Promoter, kind: str, occurred_at: datetime, **told: object) -> Draft:
    return Draft(kind, occurred_at, {"promoter_id": promoter.id, **told})


def tier_change(tiers: Sequence[Tier], reached: int, closed: ClosedMonth, occurred_at: datetime) -> Change:
    """Return a closed month as a change of the promoter's tier: of these, by what it comes to."""

    def fold(seen: Data) -> Folded:
        tier = tier_of(tiers, reached)
        previous = seen.get("tier", tiers[0].id)
        data = {
            "promoter_id": closed.promoter_id,
            "tier": tier.id,
            "previous_tier": previous,
            "month": closed.month,
            "net_minor": closed.volume.net_minor,
            "orders": closed.volume.orders,
        }
        told = (Draft(TIER_CHANGED, occurred_at, data),) if tier.id != previous else ()
        return {"tier": tier.id}, told

    aggregate = Aggregate(closed.program_id, AggregateKind.TIER, closed.promoter_id)
    return Change(aggregate, int(closed.month.replace("-", "")), fold)


# --- customers and verdicts ----------------------------------------------------------------------


def binding_change(
    program_id: str, customer_key: str, tie: Tie | None, known_at: datetime, name: str
) -> Change:
    """Return the tie that holds after what was just recorded of a customer as a change."""

    def fold(seen: Data) -> Folded:
        bound, previous = tie.promoter_id if tie else None, seen.get("promoter_id")
        data = {
            "customer": customer_key,
            "promoter_id": bound,
            "previous_promoter_id": previous,
            "since": to_text(tie.occurred_at) if tie else None,
        }
        told = (Draft(BINDING_CHANGED, known_at, data),) if bound != previous else ()
        return ({"promoter_id": bound} if bound else {}), told

    aggregate = Aggregate(program_id, AggregateKind.CUSTOMER, customer_key)
    return Change(aggregate, version_of_time(known_at, name), fold)


def verdict_change(fact: Fact) -> Change:
    """Return a verdict as a change of what is known of an order's risk."""
    aggregate = Aggregate(fact.program_id, AggregateKind.RISK, str(fact.order))
    version = version_of_time(fact.recorded_at, fact.digest)
    return Change(aggregate, version, lambda seen: _fold_verdict(seen, fact))


def _fold_verdict(seen: Data, fact: Fact) -> Folded:
    """Tell of a review, and of what ends one or blocks; that nothing was found is nothing to tell."""
    verdict = fact.verdict
    outcome, known = (verdict.outcome if verdict else Outcome.ALLOW), seen.get("outcome")
    if outcome == known or (outcome is Outcome.ALLOW and known is None):
        return seen, ()
    data = {
        "order": str(fact.order),
        "outcome": outcome.value,
        "previous_outcome": known,
        "rule": verdict.rule if verdict else None,
    }
    kind = RISK_OPENED if outcome is Outcome.REVIEW else RISK_DECIDED
    return {"outcome": outcome.value}, (Draft(kind, fact.recorded_at, data),)


AFTER = timedelta(milliseconds=1)
"""What is recorded in an instant is known just after it."""
