"""What everybody has earned from an order as it is: line by line, level by level, for each claim."""

from __future__ import annotations

from collections.abc import Iterator

from grapevine.domain.commissions import LevelCommission, level_commission, level_total, split
from grapevine.domain.decisions import Decision
from grapevine.domain.fx import Rate
from grapevine.domain.orders import Order, OrderLine
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.rates import LineRate, line_rate


def earned_by_promoter(order: Order, decision: Decision, terms: Terms) -> dict[str, int]:
    """Return what each promoter, or the house, has earned from the order as it is, zero left out.

    An order that turns out to be a test one earns in a sandbox only, whatever stood before.
    """
    if not earns(order, terms):
        return {}
    earned: dict[str, int] = {}
    by_level = _totals if _is_plain(order, decision) else _after_refunds
    for earner, minor in by_level(order, decision, terms):
        earned[earner] = earned.get(earner, 0) + minor
    return {earner: minor for earner, minor in earned.items() if minor}


def _is_plain(order: Order, decision: Decision) -> bool:
    """Say whether levels need no splitting over lines: nothing went back, nobody shares. Most orders."""
    went_back = any(item.refunded_minor or item.refunded_milli for item in order.lines)
    return not (went_back or decision.further)


def _totals(order: Order, decision: Decision, terms: Terms) -> Iterator[tuple[str, int]]:
    plan, earners = terms.plan_version(decision.plan_version), decision.promoter_ids
    rated = _rated(order, earners[0], plan, decision.rate) if earners else []
    for level, (earner, _) in enumerate(zip(earners, plan.rate_bps, strict=False), start=1):
        yield earner, level_total(rated, level, terms.program.rounding)


def _after_refunds(order: Order, decision: Decision, terms: Terms) -> Iterator[tuple[str, int]]:
    for _, earner, commission in levels(order, decision, terms):
        yield earner, commission.earned_minor


def earns(order: Order, terms: Terms) -> bool:
    """Say whether anybody may earn from the order as it is."""
    return order.earns and order.test is terms.program.sandbox


def levels(order: Order, decision: Decision, terms: Terms) -> tuple[tuple[int, str, LevelCommission], ...]:
    """Return level, earner and commission, worked out line by line, level after level.

    An order that is split among several promoters is worked out for each of them, as if all of it
    were theirs, and each gets an equal part of that.
    """
    plan, claims = terms.plan_version(decision.plan_version), decision.claims
    earned: list[tuple[int, str, LevelCommission]] = []
    for number, claim in enumerate(claims):
        rated = _rated(order, claim[0], plan, decision.rate)
        for level, (earner, rate_bps) in enumerate(zip(claim, plan.rate_bps, strict=False), start=1):
            whole = level_commission(rated, level, rate_bps, terms.program.rounding)
            earned.append((level, earner, split(whole, len(claims))[number]))
    return tuple(earned)


def _rated(order: Order, promoter_id: str, plan: Plan, rate: Rate | None) -> list[tuple[OrderLine, LineRate]]:
    caps, per_minor = (plan.line_cap_bps, plan.pool_cap_bps), rate.per_minor if rate else (1, 1)
    return [
        (item, line_rate(item.line, promoter_id, plan.rate_bps, plan.rules, *caps, per_minor))
        for item in order.lines
    ]
