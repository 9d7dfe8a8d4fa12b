"""What a customer's history makes of a decision: who is tied to them, and whether the order still earns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from grapevine.domain.bindings import CustomerNote, CustomerOrder, Past, Tie, is_protected, tie_in_force
from grapevine.domain.candidates import WITHOUT_PAY, Candidate, Reason
from grapevine.domain.chains import HOUSE, NOBODY, gated_above
from grapevine.domain.decisions import Decision, claim_of
from grapevine.domain.entries import Entry
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import months_after
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import Plan, Recurring, SelfPurchase
from grapevine.domain.tiers import Shortfall


def candidate_of(tie: Tie) -> Candidate:
    """Return a tie as a candidate, not judged yet."""
    return Candidate(
        click_id="",
        promoter_id=tie.promoter_id,
        occurred_at=tie.occurred_at,
        recorded_at=tie.recorded_at,
        reason=Reason.ELIGIBLE,
        binding=tie.name,
    )


def with_history(
    decision: Decision,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    past: Past,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
) -> Decision:
    """Return what was decided by touches alone as the customer's history changes it.

    While a click is awaited it only says whose order it is.

    A protected tie wins over every touch, clicks and coupons alike; one whose protection has ended
    loses to any. The note says who the customer came through, for their later orders.
    """
    if decision.is_pending:
        return replace(decision, customer=CustomerNote(order.customer_key or ""))
    tie = tie_in_force(past, plan, placed_at)
    if tie:  # Whose duplicate the promoter is now has their customers.
        tie = replace(tie, promoter_id=person_of(tie.promoter_id, promoters, placed_at))
    decided = _tied(decision, tie, order, placed_at, plan, promoters, short) if tie else decision
    may_earn = decided.claims or plan.product_bound
    why = _why_nothing(past, plan, placed_at) if may_earn else None
    if why:
        decided = replace(decided, reason=why, promoter_ids=(), further=(), gated=())
    earned = any(claim[0] != HOUSE for claim in decided.claims)
    note = CustomerNote(order.customer_key or "", _through(decision), earned)
    return replace(decided, customer=note)


def _tied(
    decision: Decision,
    tie: Tie,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall],
) -> Decision:
    judged = _judged(candidate_of(tie), order, placed_at, plan, promoters)
    kept = replace(decision, candidates=(*decision.candidates, judged))
    is_touched = any(claim[0] != HOUSE for claim in decision.claims)
    if judged.reason is Reason.ELIGIBLE and (not is_touched or is_protected(tie, plan, placed_at)):
        claim = claim_of(tie.promoter_id, order, placed_at, plan, promoters, short)
        gated = gated_above((tie.promoter_id,), placed_at, plan, promoters, short) if short else ()
        return replace(kept, reason=Reason.BINDING, promoter_ids=claim, further=(), gated=gated)
    if decision.claims:
        return kept
    house = (HOUSE,) if judged.reason in WITHOUT_PAY else ()
    return replace(kept, reason=Reason.NONE_ELIGIBLE, promoter_ids=house)


def _judged(
    tie: Candidate, order: Order, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> Candidate:
    """Judge a tie; nobody is tied to themselves, but where the plan pays for their own purchases."""
    promoter = promoters.get(tie.promoter_id)
    if promoter is None:
        return replace(tie, reason=Reason.UNKNOWN_PROMOTER)
    if not promoter.earns_at(placed_at):
        return replace(tie, reason=Reason(promoter.status_at(placed_at)))
    if promoter.buys_as(order.customer_key, placed_at) and plan.self_purchase is not SelfPurchase.REBATE:
        return replace(tie, reason=Reason.SELF_PURCHASE)
    return tie


def _why_nothing(past: Past, plan: Plan, placed_at: datetime) -> Reason | None:
    """Return why this customer's order earns nobody anything, or None where it may."""
    if plan.new_customers_only and past.has_ordered:
        return Reason.EXISTING_CUSTOMER
    if plan.recurring is Recurring.LIFETIME or past.first_earned_at is None:
        return None
    ends = months_after(past.first_earned_at, plan.recurring_months or 0)
    is_over = plan.recurring is Recurring.FIRST_ONLY or placed_at >= ends
    return Reason.REPEAT_ORDER if is_over else None


def _through(decision: Decision) -> str | None:
    """Return the promoter of the touch that won; of a split, the one who was clicked last."""
    if decision.reason is Reason.LINEAR:
        clicks = (t for t in decision.candidates if t.reason is Reason.ELIGIBLE and not t.coupon_code)
        return max(clicks, key=lambda touch: (touch.occurred_at, touch.click_id)).promoter_id
    return decision.promoter_ids[0] if decision.promoter_ids and decision.promoter_ids[0] != HOUSE else None


def told_by(entry: Entry, key: OrderKey, order: Order, before: Decision | None) -> tuple[CustomerOrder, ...]:
    """Return what an entry's new decision adds to the history of the order's customer.

    Where the order was another customer's before, theirs learns that it is not. Nothing where a month's
    sales alone changed the decision: they say what promoters earn, not whose customer it is.
    """
    if entry.decision is None:
        return ()
    note, left = entry.decision.customer, before.customer if before else None
    if before and (before.basis, left) == (entry.decision.basis, note):
        return ()
    told = [(note, order.placed_at)] if note else []
    if left and (note is None or note.customer_key != left.customer_key):
        told.append((CustomerNote(left.customer_key), None))
    return tuple(
        CustomerOrder(
            program_id=entry.program_id,
            order=key,
            sequence=entry.sequence,
            recorded_at=entry.recorded_at,
            placed_at=placed_at,
            note=note,
        )
        for note, placed_at in told
    )
