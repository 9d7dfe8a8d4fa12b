"""What rows that changed tell: payouts, settlements, promoters, closed months, customers."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.bindings import past_of, tie_in_force
from grapevine.domain.event_rows import (
    AFTER,
    Stored,
    binding_change,
    payout_change,
    promoter_change,
    settlement_change,
    tier_change,
)
from grapevine.domain.events import Change, ClosedMonth, CustomerTold
from grapevine.domain.facts import OrderKey
from grapevine.domain.payouts import Payout
from grapevine.domain.people import Promoter
from grapevine.domain.plans import BindingPolicy
from grapevine.domain.programs import Terms
from grapevine.domain.settlements import Settlement
from grapevine.ports import CustomerReader, TermsReader
from grapevine.usecases.find_history import find_histories

NO_ORDER = OrderKey("", "")


def change_of(
    stored: Stored, occurred_at: datetime, terms: TermsReader, customers: CustomerReader
) -> Change | None:
    """Return what a row tells as a change, None where the program's plan makes nothing of it.

    `occurred_at` is when it was written, for what does not say so itself.
    """
    match stored:
        case Payout():
            return payout_change(stored, occurred_at)
        case Settlement():
            return settlement_change(stored, terms.terms(stored.program_id).program.currency)
        case Promoter():
            return promoter_change(stored)
        case ClosedMonth():
            return _tier(stored, terms.terms(stored.program_id), occurred_at)
        case CustomerTold():
            return _binding(stored, terms.terms(stored.program_id), customers)


def _tier(closed: ClosedMonth, terms: Terms, occurred_at: datetime) -> Change | None:
    """The month counts under the plan in force when it is closed: orders paid later look at that one."""
    plan = terms.plan_at(occurred_at)
    if not plan.tiers:
        return None
    return tier_change(plan.tiers, closed.volume.measured(plan.tier_measure), closed, occurred_at)


def _binding(told: CustomerTold, terms: Terms, customers: CustomerReader) -> Change | None:
    """The tie that holds just after what was recorded; one that only ends with time tells nothing."""
    known_at = told.recorded_at + AFTER
    plan = terms.plan_at(told.recorded_at)
    if plan.binding is BindingPolicy.OFF:
        return None
    found = find_histories(told.customer_key, known_at, known_at, told.program_id, customers)
    tie = tie_in_force(past_of(found, NO_ORDER, known_at, known_at), plan, known_at)
    return binding_change(told.program_id, told.customer_key, tie, told.recorded_at, told.name)
