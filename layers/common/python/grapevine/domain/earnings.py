"""What everybody has earned from an order as it is: line by line, level by level, for each claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from grapevine.domain.bases import counted_lines
from grapevine.domain.commissions import LevelCommission, LineShare, level_commission, level_totals, split
from grapevine.domain.decisions import Decision
from grapevine.domain.fx import Rate, worth
from grapevine.domain.lines import OrderLine
from grapevine.domain.order_pay import order_shares, with_order_share
from grapevine.domain.orders import Order
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.rates import LineRate, line_rate
from grapevine.domain.tiers import TierStanding

Claim = tuple[str, ...]


def earned_by_promoter(order: Order, decision: Decision, terms: Terms) -> dict[str, int]:
    """Return what each promoter, or the house, has earned from the order as it is, zero left out.

    An order that turns out to be a test one earns in a sandbox only, whatever stood before.
    """
    if not earns(order, terms):
        return {}
    earned: dict[str, int] = {}
    by_level = _totals if _is_plain(order, decision, terms) else _after_refunds
    for earner, minor in by_level(order, decision, terms):
        if minor:
            earned[earner] = earned.get(earner, 0) + minor
    return earned


def _is_plain(order: Order, decision: Decision, terms: Terms) -> bool:
    """Say whether levels need no splitting over lines: nothing went back, nobody shares. Most orders."""
    if decision.further or decision.products or terms.plan_version(decision.plan_version).per_order_minor:
        return False
    went_back = [
        item for item in order.lines if item.refunded_minor or item.refunded_tax_minor or item.refunded_milli
    ]
    return not went_back


def _totals(order: Order, decision: Decision, terms: Terms) -> list[tuple[str, int]]:
    plan, earners = terms.plan_version(decision.plan_version), decision.promoter_ids
    if not earners:
        return []
    tier = _tier_of(earners[0], decision) if decision.tiers else None
    rated = _rated(counted_lines(order, plan), earners[0], plan, decision.rate, tier)
    return list(zip(earners, level_totals(rated, terms.program.rounding), strict=False))


def _after_refunds(order: Order, decision: Decision, terms: Terms) -> Iterator[tuple[str, int]]:
    for _, earner, commission in levels(order, decision, terms):
        yield earner, commission.earned_minor


def earns(order: Order, terms: Terms) -> bool:
    """Say whether anybody may earn from the order as it is."""
    return order.earns and order.test is terms.program.sandbox


def levels(order: Order, decision: Decision, terms: Terms) -> tuple[tuple[int, str, LevelCommission], ...]:
    """Return level, earner and commission, worked out line by line, level after level.

    An order that is split among several promoters is worked out for each of them, as if all of it
    were theirs, and each gets an equal part of that. Lines of products that are bound are worked
    out apart, for those who are bound. Flat pay is for who brought the order.
    """
    plan, claims = terms.plan_version(decision.plan_version), decision.claims
    free = lines = counted_lines(order, plan)
    if decision.products:
        lines = _with_products(lines, decision)
        free = tuple(item for item in lines if not item.product or item.product.earners is None)
    flat = _flat(lines, decision, terms) if plan.per_order_minor else ()
    earned: list[tuple[int, str, LevelCommission]] = []
    for number, claim in enumerate(claims):
        tier = _tier_of(claim[0], decision) if decision.tiers else None
        for level, earner, whole in _claimed(free, claim, decision, terms, flat, tier):
            earned.append((level, earner, split(whole, len(claims))[number]))
    for claim in dict.fromkeys(product.earners for product in decision.products if product.earners):
        earned += _claimed([item for item in lines if _is_of(item, claim)], claim, decision, terms)
    return tuple(earned)


def _claimed(
    lines: Iterable[OrderLine],
    claim: Claim,
    decision: Decision,
    terms: Terms,
    flat: Sequence[LineShare] = (),
    tier: TierStanding | None = None,
) -> list[tuple[int, str, LevelCommission]]:
    """Return what one claim earns of some lines, level by level, as if nobody shared it."""
    plan, rounding = terms.plan_version(decision.plan_version), terms.program.rounding
    rated = _rated(lines, claim[0], plan, decision.rate, tier)
    earned = []
    for level, (earner, rate_bps) in enumerate(zip(claim, plan.rate_bps, strict=False), start=1):
        commission = level_commission(rated, level, rate_bps, rounding)
        if level <= len(flat):
            commission = with_order_share(commission, flat[level - 1])
        earned.append((level, earner, commission))
    return earned


def _with_products(lines: Sequence[OrderLine], decision: Decision) -> tuple[OrderLine, ...]:
    known = {product.product_id: product for product in decision.products}
    return tuple(replace(item, product=known.get(item.line.product_id or "")) for item in lines)


def _is_of(item: OrderLine, claim: Claim) -> bool:
    return item.product is not None and item.product.earners == claim


def _flat(lines: Sequence[OrderLine], decision: Decision, terms: Terms) -> tuple[LineShare, ...]:
    plan = terms.plan_version(decision.plan_version)
    return order_shares(lines, plan, terms.program.rounding, worth(decision.rate))


def _rated(
    lines: Iterable[OrderLine], promoter_id: str, plan: Plan, rate: Rate | None, tier: TierStanding | None
) -> list[tuple[OrderLine, LineRate]]:
    caps, per_minor = (plan.line_cap_bps, plan.pool_cap_bps), worth(rate)
    return [
        (item, line_rate(item, promoter_id, plan.rate_bps, plan.rules, *caps, per_minor, tier))
        for item in lines
        if item.base_minor
    ]


def _tier_of(promoter_id: str, decision: Decision) -> TierStanding | None:
    return next((tier for tier in decision.tiers if tier.promoter_id == promoter_id), None)
