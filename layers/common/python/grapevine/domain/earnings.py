"""What everybody has earned from an order as it is: line by line, level by level, for each claim."""

from __future__ import annotations

from grapevine.domain.commissions import LevelCommission, level_commission, split
from grapevine.domain.decisions import Decision
from grapevine.domain.fx import Rate
from grapevine.domain.orders import Order, OrderLine
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.rates import LineRate, line_rate
from grapevine.domain.tiers import TierStanding


def earned_by_promoter(order: Order, decision: Decision, terms: Terms) -> dict[str, int]:
    """Return what each promoter, or the house, has earned from the order as it is, zero left out.

    An order that turns out to be a test one earns in a sandbox only, whatever stood before.
    """
    if not order.earns or order.test is not terms.program.sandbox:
        return {}
    earned: dict[str, int] = {}
    for _, earner, commission in levels(order, decision, terms):
        earned[earner] = earned.get(earner, 0) + commission.earned_minor
    return {earner: minor for earner, minor in earned.items() if minor}


def levels(order: Order, decision: Decision, terms: Terms) -> tuple[tuple[int, str, LevelCommission], ...]:
    """Return level, earner and commission, worked out line by line, level after level.

    An order that is split among several promoters is worked out for each of them, as if all of it
    were theirs, and each gets an equal part of that.
    """
    plan, claims = terms.plan_version(decision.plan_version), decision.claims
    earned: list[tuple[int, str, LevelCommission]] = []
    for number, claim in enumerate(claims):
        tier = _tier_of(claim[0], decision) if decision.tiers else None
        rated = [(item, _rate(item, claim[0], plan, decision.rate, tier)) for item in order.lines]
        for level, (earner, rate_bps) in enumerate(zip(claim, plan.rate_bps, strict=False), start=1):
            whole = level_commission(rated, level, rate_bps, terms.program.rounding)
            earned.append((level, earner, split(whole, len(claims))[number]))
    return tuple(earned)


def _tier_of(promoter_id: str, decision: Decision) -> TierStanding | None:
    return next((tier for tier in decision.tiers if tier.promoter_id == promoter_id), None)


def _rate(
    item: OrderLine, promoter_id: str, plan: Plan, rate: Rate | None, tier: TierStanding | None
) -> LineRate:
    caps, per_minor = (plan.line_cap_bps, plan.pool_cap_bps), rate.per_minor if rate else (1, 1)
    return line_rate(item.line, promoter_id, plan.rate_bps, plan.rules, *caps, per_minor, tier)
