"""Why an amount is what it is: derived again from the facts that an entry covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.accrual import hold_end
from grapevine.domain.bindings import CustomerNote
from grapevine.domain.commissions import LevelCommission
from grapevine.domain.decisions import Candidate, Decision
from grapevine.domain.earnings import earned_by_promoter, levels
from grapevine.domain.entries import Entry, decision_in_force, standing
from grapevine.domain.facts import Fact
from grapevine.domain.fx import Rate
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.orders import Order, fold
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms


@dataclass(frozen=True, slots=True)
class Explained:
    """What an order's entries, up to and with one of them, rest on."""

    entry: Entry
    order: Order
    decision: Decision | None
    terms: Terms
    standing_minor: dict[str, int]

    @property
    def re_adds(self) -> bool:
        """Whether deriving the amounts again gives exactly what stands in the ledger."""
        derived = earned_by_promoter(self.order, self.decision, self.terms) if self.decision else {}
        return derived == self.standing_minor


def explained(entries: Sequence[Entry], facts: Sequence[Fact], terms: Terms) -> Explained:
    """Derive again what stands after the last of these entries, from the facts they cover."""
    covered = {digest for entry in entries for digest in entry.facts}
    amounts: dict[str, int] = {}
    for (account, _), minor in standing(entries).items():
        if account.leaf is not Leaf.COMMISSION:
            amounts[account.owner] = amounts.get(account.owner, 0) + minor
    return Explained(
        entry=entries[-1],
        order=fold(fact for fact in facts if fact.digest in covered),
        decision=decision_in_force(entries),
        terms=terms,
        standing_minor={owner: minor for owner, minor in amounts.items() if minor},
    )


def explanation(found: Explained) -> dict[str, Any]:
    """Return an explanation as JSON values; every amount is a decimal string with its currency beside it."""
    order, decision, currency = found.order, found.decision, found.terms.program.currency
    plan = found.terms.plan_version(decision.plan_version) if decision else None
    ends = hold_end(order, plan) if plan else None
    return {
        "entry": found.entry.id,
        "reason": found.entry.reason.value,
        "recorded_at": to_text(found.entry.recorded_at),
        "currency": currency,
        "order": _order(order, order.currency or currency),
        "attribution": _attribution(decision) if decision else None,
        "plan_version": plan.version if plan else None,
        "rate": _rate(decision.rate) if decision and decision.rate else None,
        "tiers": _tiers(decision, plan, currency) if decision and plan else [],
        "gated": _gated(decision, plan, currency) if decision and plan else [],
        "levels": _levels(found, decision, currency) if decision else [],
        "hold_ends_at": to_text(ends) if ends else None,
        "released": found.entry.released,
        "verdict": order.verdict.outcome.value if order.verdict else None,
        "postings": [
            {
                "source": str(posting.source),
                "destination": str(posting.destination),
                "amount": format_minor(posting.amount.minor, posting.amount.currency),
            }
            for posting in found.entry.postings
        ],
        "standing": {owner: format_minor(minor, currency) for owner, minor in found.standing_minor.items()},
        "re_adds": found.re_adds,
    }


def _rate(rate: Rate) -> dict[str, str]:
    return {
        "from": rate.base,
        "to": rate.quote,
        "rate": rate.text,
        "source": rate.source,
        "effective_at": to_text(rate.effective_at),
    }


def _tiers(decision: Decision, plan: Plan, currency: str) -> list[dict[str, Any]]:
    """Return where each attributed promoter stood; `add_bps` is exact: a blended month's is a fraction."""
    until = decision.provisional_until
    return [
        {
            "promoter": tier.promoter_id,
            "tier": tier.tier_id,
            "add_bps": str(Fraction(*tier.uplift)),
            "basis": plan.tier_basis.value,
            "mode": plan.tier_mode.value,
            "month": tier.month,
            "net_sales": format_minor(tier.volume.net_minor, currency),
            "orders": tier.volume.orders,
            "provisional_until": to_text(until) if until else None,
        }
        for tier in decision.tiers
    ]


def _gated(decision: Decision, plan: Plan, currency: str) -> list[dict[str, str]]:
    """Return the uplines who were short of the plan's gate, with what they sold and what was asked."""
    return [
        {
            "promoter": short.promoter_id,
            "month": short.month,
            "net_sales": format_minor(short.net_minor, currency),
            "gate": format_minor(plan.upline_gate_minor, currency),
        }
        for short in decision.gated
    ]


def _order(order: Order, currency: str) -> dict[str, Any]:
    return {
        "currency": currency,
        "placed_at": to_text(order.placed_at) if order.placed_at else None,
        "paid_at": to_text(order.paid_at) if order.paid_at else None,
        "cancelled_at": to_text(order.cancelled_at) if order.cancelled_at else None,
        "payment": order.payment.value,
        "base": format_minor(order.base_minor, currency),
        "refunded": format_minor(order.refunded_minor, currency),
        "refunds": list(order.refund_ids),
    }


def _attribution(decision: Decision) -> dict[str, Any]:
    return {
        "reason": decision.reason.value,
        "promoters": [list(claim) for claim in decision.claims],
        "candidates": [_candidate(candidate) for candidate in decision.candidates],
        "customer": _customer(decision.customer) if decision.customer else None,
    }


def _customer(note: CustomerNote) -> dict[str, str | None]:
    return {"key": note.customer_key, "came_through": note.through_id}


def _candidate(candidate: Candidate) -> dict[str, str | None]:
    return {
        "click": candidate.click_id or None,
        "coupon": candidate.coupon_code,
        "binding": candidate.binding,
        "promoter": candidate.promoter_id,
        "occurred_at": to_text(candidate.occurred_at),
        "reason": candidate.reason.value,
    }


def _levels(found: Explained, decision: Decision, currency: str) -> list[dict[str, Any]]:
    told_in = found.order.currency or currency
    earned = levels(found.order, decision, found.terms)
    flat = levels(found.order, _without_uplift(decision), found.terms) if decision.tiers else earned
    return [
        {
            **_level(number, promoter_id, commission, (currency, told_in)),
            "uplift": format_minor(commission.total_minor - plain.total_minor, currency),
        }
        for (number, promoter_id, commission), (_, _, plain) in zip(earned, flat, strict=True)
    ]


def _without_uplift(decision: Decision) -> Decision:
    """Return a decision whose tiers are the same and add nothing: what is missing then is their part."""
    return replace(decision, tiers=tuple(replace(tier, uplift=(0, 1)) for tier in decision.tiers))


def _level(
    number: int, promoter_id: str, commission: LevelCommission, currencies: tuple[str, str]
) -> dict[str, Any]:
    currency, told_in = currencies
    return {
        "level": number,
        "promoter": promoter_id,
        "rate_bps": commission.rate_bps,
        "total": format_minor(commission.total_minor, currency),
        "reversed": format_minor(commission.reversed_minor, currency),
        "lines": [
            {
                "line": share.line_id,
                "rule": share.rule_id,
                "capped": share.is_capped,
                "base": format_minor(share.base_minor, told_in),
                "refunded": format_minor(share.refunded_minor, told_in),
                "share": format_minor(share.share_minor, currency),
                "reversed": format_minor(share.reversed_minor, currency),
            }
            for share in commission.shares
        ],
    }
