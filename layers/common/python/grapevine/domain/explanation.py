"""Why an amount is what it is: derived again from the facts that an entry covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.accrual import hold_end
from grapevine.domain.bases import counted_lines
from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import Candidate
from grapevine.domain.capping import Capped, capped
from grapevine.domain.commissions import LevelCommission
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import levels
from grapevine.domain.entries import Entry, decision_in_force, holdings_of, standing
from grapevine.domain.explained_limits import caps_told, extras_told, without_campaigns
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.fx import Rate
from grapevine.domain.grants import Holdings
from grapevine.domain.instants import to_text
from grapevine.domain.lines import OrderLine
from grapevine.domain.money import POINTS, format_minor
from grapevine.domain.orders import Order, fold
from grapevine.domain.plain import to_plain
from grapevine.domain.plans import Plan
from grapevine.domain.products import SoldProduct
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import bonuses


@dataclass(frozen=True, slots=True)
class Explained:
    """What an order's entries, up to and with one of them, rest on."""

    entry: Entry
    order: Order
    decision: Decision | None
    terms: Terms
    standing_minor: dict[str, int]
    holdings: Holdings
    points: dict[str, int] = field(default_factory=dict)
    paid_by_campaigns: dict[str, int] = field(default_factory=dict)

    @property
    def re_adds(self) -> bool:
        """Whether deriving the amounts again gives exactly what stands in the ledger."""
        found, voided = self.capped, self.entry.voided
        derived = {n: minor for n, minor in found.amounts.items() if n not in voided}
        for _, recruiter, minor in self.bonuses:
            derived[recruiter] = derived.get(recruiter, 0) + minor
        points = {name: minor for name, minor in found.points.items() if name not in voided}
        paid = {name: -minor for name, minor in found.budgets.items()}
        return (derived, points, paid) == (self.standing_minor, self.points, self.paid_by_campaigns)

    @property
    def capped(self) -> Capped:
        """What the levels earn within the caps, by what was granted."""
        if self.decision is None:
            return Capped({})
        key, voided = self.entry.key, self.entry.voided
        if not isinstance(key, OrderKey):
            return Capped({})
        return capped(key, self.order, self.decision, self.terms, self.holdings, voided)

    @property
    def bonuses(self) -> list[tuple[str, str, int]]:
        """Recruit, recruiter and amount of the recruit bonuses that stand."""
        granted = {key: of.granted for key, of in self.holdings.held.items()}
        return bonuses(self.decision, self.terms, granted) if self.decision else []


def explained(entries: Sequence[Entry], facts: Sequence[Fact], terms: Terms) -> Explained:
    """Derive again what stands after the last of these entries, from the facts they cover."""
    covered = {digest for entry in entries for digest in entry.facts}
    amounts, points, paid = dict[str, int](), dict[str, int](), dict[str, int]()
    for (account, currency), minor in standing(entries).items():
        if account.leaf is not Leaf.COMMISSION:
            part = points if currency == POINTS else amounts
            into = paid if account.leaf is Leaf.BUDGET else part
            into[account.owner] = into.get(account.owner, 0) + minor
    return Explained(
        entry=entries[-1],
        order=fold(fact for fact in facts if fact.digest in covered),
        decision=decision_in_force(entries),
        terms=terms,
        standing_minor={owner: minor for owner, minor in amounts.items() if minor},
        holdings=holdings_of(entries),
        points={owner: minor for owner, minor in points.items() if minor},
        paid_by_campaigns=paid,
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
        "order": _order(
            order, counted_lines(order, plan) if plan else order.lines, order.currency or currency
        ),
        "attribution": _attribution(decision) if decision else None,
        "plan_version": plan.version if plan else None,
        "rate": _rate(decision.rate) if decision and decision.rate else None,
        "tiers": _tiers(decision, plan, currency) if decision and plan else [],
        "gated": _gated(decision, plan, currency) if decision and plan else [],
        "levels": _levels(found, decision, currency) if decision else [],
        "caps": [*caps_told(found.capped, plan.caps, currency)] if plan else [],
        "campaigns": extras_told(found.capped.extras, currency, order.currency or currency),
        "kept_bps": decision.kept_bps if decision else None,
        "recruit_bonuses": [_bonus(*bonus, currency) for bonus in found.bonuses],
        "hold_ends_at": to_text(ends) if ends else None,
        "released": found.entry.released,
        "waits": list(found.entry.waits),
        "voided": list(found.entry.voided),
        "verdict": order.verdict.outcome.value if order.verdict else None,
        "rulings": [to_plain(ruling) for ruling in order.rulings],
        "postings": [
            {
                "source": str(posting.source),
                "destination": str(posting.destination),
                "amount": format_minor(posting.amount.minor, posting.amount.currency),
            }
            for posting in found.entry.postings
        ],
        "standing": {owner: format_minor(minor, currency) for owner, minor in found.standing_minor.items()},
        "points": {owner: format_minor(minor, POINTS) for owner, minor in found.points.items()},
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


def _order(order: Order, lines: Sequence[OrderLine], currency: str) -> dict[str, Any]:
    return {
        "currency": currency,
        "placed_at": to_text(order.placed_at) if order.placed_at else None,
        "paid_at": to_text(order.paid_at) if order.paid_at else None,
        "cancelled_at": to_text(order.cancelled_at) if order.cancelled_at else None,
        "payment": order.payment.value,
        "base": format_minor(sum(item.base_minor for item in lines), currency),
        "taken_out": format_minor(sum(item.taken_out_minor for item in lines), currency),
        "refunded": format_minor(sum(item.refunded_minor for item in lines if item.base_minor), currency),
        "refunds": list(order.refund_ids),
    }


def _attribution(decision: Decision) -> dict[str, Any]:
    return {
        "reason": decision.reason.value,
        "promoters": [list(claim) for claim in decision.claims],
        "candidates": [_candidate(candidate) for candidate in decision.candidates],
        "products": [_product(product) for product in decision.products],
        "customer": _customer(decision.customer) if decision.customer else None,
    }


def _product(product: SoldProduct) -> dict[str, Any]:
    """Return a product as the decision knows it; `promoters` is null where it is bound to nobody."""
    return {
        "product": product.product_id,
        "category": product.category,
        "collections": list(product.collections),
        "promoters": None if product.earners is None else list(product.earners),
    }


def _customer(note: CustomerNote) -> dict[str, str | None]:
    return {"key": note.customer_key, "came_through": note.through_id}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "click": candidate.click_id or None,
        "coupon": candidate.coupon_code,
        "binding": candidate.binding,
        "promoter": candidate.promoter_id,
        "occurred_at": to_text(candidate.occurred_at),
        "reason": candidate.reason.value,
        **({"public": True} if candidate.is_public else {}),
    }


def left_of(rows: Sequence[tuple[int, str, LevelCommission]], found: Explained) -> tuple[int, ...]:
    """Return what stands of each of an order's levels after refunds, caps and bans."""
    minors = found.capped.minors or (0,) * len(rows)
    pairs = zip(rows, minors, strict=True)
    return tuple(0 if earner in found.entry.voided else minor for (_, earner, _), minor in pairs)


def _levels(found: Explained, decision: Decision, currency: str) -> list[dict[str, Any]]:
    told_in, rows = found.order.currency or currency, levels(found.order, decision, found.terms)
    flat = levels(found.order, without_uplift(decision), found.terms) if decision.tiers else rows
    alone = levels(found.order, without_campaigns(decision), found.terms) if decision.campaigns else rows
    return [
        {
            **_level(*row, (currency, told_in)),
            "uplift": format_minor(row[2].total_minor - plain.total_minor, currency),
            "lowered": format_minor(most.total_minor - row[2].total_minor, currency),
            "earned": format_minor(minor, currency),
        }
        for row, (_, _, plain), (_, _, most), minor in zip(
            rows, flat, alone, left_of(rows, found), strict=True
        )
    ]


def without_uplift(decision: Decision) -> Decision:
    """Return a decision whose tiers are the same and add nothing: what is missing then is their part."""
    return replace(decision, tiers=tuple(replace(tier, uplift=(0, 1)) for tier in decision.tiers))


def _bonus(recruit: str, recruiter: str, minor: int, currency: str) -> dict[str, str]:
    return {"recruit": recruit, "promoter": recruiter, "amount": format_minor(minor, currency)}


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
                "line": share.line_id or None,
                "component": str(share.component),
                "rule": share.rule_id,
                "capped": share.is_capped,
                "base": format_minor(share.base_minor, told_in),
                "taken_out": format_minor(share.taken_out_minor, told_in),
                "refunded": format_minor(share.refunded_minor, told_in),
                "share": format_minor(share.share_minor, currency),
                "reversed": format_minor(share.reversed_minor, currency),
            }
            for share in commission.shares
        ],
    }
