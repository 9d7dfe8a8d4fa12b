"""What everybody has earned from an order as it is: line by line, level by level, for each claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from grapevine.domain.bases import counted_lines
from grapevine.domain.campaign_pay import Rated, cash_pay, free_pay, point_pay
from grapevine.domain.campaigns import Campaign, Pays
from grapevine.domain.chains import HOUSE
from grapevine.domain.commissions import LevelCommission, LineShare, level_commission, level_totals, split
from grapevine.domain.decisions import Decision
from grapevine.domain.fx import worth
from grapevine.domain.lines import OrderLine, with_sold
from grapevine.domain.money import Rounding, exponent
from grapevine.domain.order_pay import order_shares, with_order_share
from grapevine.domain.orders import Order
from grapevine.domain.plans import WHOLE_BPS, Plan
from grapevine.domain.programs import Terms
from grapevine.domain.rates import LineWish, line_rate, line_wish
from grapevine.domain.tiers import TierStanding

Claim = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """What a campaign, or (`campaign` is None) the plan's points, adds for a claim's attributed promoter."""

    promoter_id: str
    campaign: Campaign | None
    pays: Pays
    commission: LevelCommission


@dataclass(frozen=True, slots=True)
class Worked:
    """All that an order earns before caps over orders: level, earner and commission; and what is beside."""

    levels: tuple[tuple[int, str, LevelCommission], ...]
    extras: tuple[Extra, ...] = ()


def earned_by_promoter(order: Order, decision: Decision, terms: Terms) -> dict[str, int]:
    """Return what money each promoter, or the house, has earned from the order as it is, zero left out.

    An order that turns out to be a test one earns in a sandbox only, whatever stood before. Campaigns
    count as if no budget stood in their way.
    """
    if not earns(order, terms):
        return {}
    earned: dict[str, int] = {}
    by_level = _totals if _is_plain(order, decision, terms) else _after_refunds
    for earner, minor in by_level(order, decision, terms):
        if minor:
            earned[earner] = earned.get(earner, 0) + minor
    return earned


def has_extras(decision: Decision, plan: Plan) -> bool:
    """Say whether anything may be earned beside the levels: from campaigns, or in points."""
    return bool(decision.campaigns) or plan.points_per_unit > 0


def _is_plain(order: Order, decision: Decision, terms: Terms) -> bool:
    """Say whether levels need no splitting over lines: nothing went back, nobody shares. Most orders."""
    if decision.further or decision.products or decision.campaigns:
        return False
    if terms.plan_version(decision.plan_version).per_order_minor:
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
    rated = _rated(counted_lines(order, plan), earners[0], plan, decision, tier)
    return list(zip(earners, level_totals(rated, terms.program.rounding), strict=False))


def _after_refunds(order: Order, decision: Decision, terms: Terms) -> Iterator[tuple[str, int]]:
    worked = worked_out(order, decision, terms)
    for _, earner, commission in worked.levels:
        yield earner, commission.earned_minor
    for extra in worked.extras:
        if extra.pays is Pays.CASH:
            yield extra.promoter_id, extra.commission.earned_minor


def earns(order: Order, terms: Terms) -> bool:
    """Say whether anybody may earn from the order as it is."""
    return order.earns and order.test is terms.program.sandbox


def levels(order: Order, decision: Decision, terms: Terms) -> tuple[tuple[int, str, LevelCommission], ...]:
    """Return level, earner and commission, worked out line by line, level after level."""
    return worked_out(order, decision, terms).levels


def worked_out(order: Order, decision: Decision, terms: Terms) -> Worked:
    """Return what everybody earns at each level, and what campaigns and points add for whom.

    An order that is split among several promoters is worked out for each of them, as if all of it
    were theirs, and each gets an equal part of that. Lines of products that are bound are worked
    out apart, for those who are bound. Flat pay is for who brought the order, and so are campaigns
    and points.
    """
    plan, claims = terms.plan_version(decision.plan_version), decision.claims
    free = lines = counted_lines(order, plan)
    if decision.products:
        lines = with_sold(lines, decision.products)
        free = tuple(item for item in lines if not item.product or item.product.earners is None)
    flat = _flat(lines, decision, terms) if plan.per_order_minor else ()
    has_base = any(item.base_minor for item in lines)
    earned: list[tuple[int, str, LevelCommission]] = []
    extras: list[Extra] = []
    for number, claim in enumerate(claims):
        tier = _tier_of(claim[0], decision) if decision.tiers else None
        offers = offers_of(number, decision, terms, tier)
        paid, beside = _claimed(free, claim, decision, terms, flat, tier, offers)
        if has_extras(decision, plan) and claim[0] != HOUSE:
            beside += _unlined(free, claim[0], decision, terms, offers, has_base=has_base)
        earned += [(level, earner, split(whole, len(claims))[number]) for level, earner, whole in paid]
        extras += [_share_of(extra, len(claims), number) for extra in beside]
    for claim in dict.fromkeys(product.earners for product in decision.products if product.earners):
        earned += _claimed([item for item in lines if _is_of(item, claim)], claim, decision, terms)[0]
    return Worked(tuple(earned), tuple(extras))


def _claimed(
    lines: Iterable[OrderLine],
    claim: Claim,
    decision: Decision,
    terms: Terms,
    flat: Sequence[LineShare] = (),
    tier: TierStanding | None = None,
    offers: Sequence[Campaign] = (),
) -> tuple[list[tuple[int, str, LevelCommission]], list[Extra]]:
    """Return what one claim earns of some lines, level by level, as if nobody shared it; and campaigns."""
    plan, rounding = terms.plan_version(decision.plan_version), terms.program.rounding
    boosts: Rated = []
    cash = [campaign for campaign in offers if campaign.pays is Pays.CASH]
    if cash:
        wished = _wished(lines, claim[0], plan, decision, tier)
        rated, boosts = cash_pay(wished, cash, decision.kept_bps)
    else:
        rated = _rated(lines, claim[0], plan, decision, tier)
    earned = []
    for level, (earner, rate_bps) in enumerate(zip(claim, plan.rate_bps, strict=False), start=1):
        commission = level_commission(rated, level, rate_bps, rounding)
        if level <= len(flat):
            commission = with_order_share(commission, flat[level - 1])
        earned.append((level, earner, commission))
    return earned, _extras(boosts, claim[0], cash, Pays.CASH, rounding)


def _extras(
    rated: Rated, promoter_id: str, campaigns: Sequence[Campaign | None], pays: Pays, rounding: Rounding
) -> list[Extra]:
    """Return what each of some campaigns adds: one rounding for each, over all of its lines."""
    return [
        Extra(promoter_id, campaign, pays, level_commission(rated, number, 0, rounding))
        for number, campaign in enumerate(campaigns, start=1)
    ]


def _unlined(
    free: Sequence[OrderLine],
    promoter_id: str,
    decision: Decision,
    terms: Terms,
    offers: Sequence[Campaign],
    *,
    has_base: bool,
) -> list[Extra]:
    """Return a claim's points, and the bonuses of an order whose base is nothing."""
    plan, rounding = terms.plan_version(decision.plan_version), terms.program.rounding
    cash = [campaign for campaign in offers if campaign.pays is Pays.CASH]
    points = [campaign for campaign in offers if campaign.pays is Pays.POINTS]
    worth_minor, minor = worth(decision.rate)
    per_unit = worth_minor, minor * 10 ** exponent(terms.program.currency)
    items = [item for item in free if item.base_minor]
    rated = point_pay(items, points, plan.points_per_unit, per_unit)
    found = _extras(rated, promoter_id, (None, *points), Pays.POINTS, rounding)
    if not has_base and plan.per_order_if_free:
        for group, kept_bps in ((cash, decision.kept_bps), (points, WHOLE_BPS)):
            paid = zip(group, free_pay(free, group, kept_bps, rounding), strict=True)
            found += [Extra(promoter_id, campaign, campaign.pays, bonus) for campaign, bonus in paid]
    return [extra for extra in found if extra.commission.total_minor]


def _share_of(extra: Extra, parts: int, number: int) -> Extra:
    return extra if parts == 1 else replace(extra, commission=split(extra.commission, parts)[number])


def offers_of(
    number: int, decision: Decision, terms: Terms, tier: TierStanding | None
) -> tuple[Campaign, ...]:
    """Return a claim's campaigns by id; whether its promoter's tier is one of theirs may still change."""
    if not decision.campaigns:
        return ()
    found = [terms.campaign(name) for name in decision.campaigns[number]]
    return tuple(
        campaign
        for campaign in found
        if not campaign.audience.tier_ids or (tier and tier.tier_id in campaign.audience.tier_ids)
    )


def _is_of(item: OrderLine, claim: Claim) -> bool:
    return item.product is not None and item.product.earners == claim


def _flat(lines: Sequence[OrderLine], decision: Decision, terms: Terms) -> tuple[LineShare, ...]:
    plan = terms.plan_version(decision.plan_version)
    return order_shares(lines, plan, terms.program.rounding, worth(decision.rate), decision.kept_bps)


def _rated(
    lines: Iterable[OrderLine], promoter_id: str, plan: Plan, decision: Decision, tier: TierStanding | None
) -> Rated:
    if decision.kept_bps != WHOLE_BPS:
        return cash_pay(_wished(lines, promoter_id, plan, decision, tier), (), decision.kept_bps)[0]
    caps, per_minor = (plan.line_cap_bps, plan.pool_cap_bps), worth(decision.rate)
    return [
        (item, line_rate(item, promoter_id, plan.rate_bps, plan.rules, *caps, per_minor, tier))
        for item in lines
        if item.base_minor
    ]


def _wished(
    lines: Iterable[OrderLine], promoter_id: str, plan: Plan, decision: Decision, tier: TierStanding | None
) -> list[tuple[OrderLine, LineWish]]:
    caps, per_minor = (plan.line_cap_bps, plan.pool_cap_bps), worth(decision.rate)
    return [
        (item, line_wish(item, promoter_id, plan.rate_bps, plan.rules, *caps, per_minor, tier))
        for item in lines
        if item.base_minor
    ]


def _tier_of(promoter_id: str, decision: Decision) -> TierStanding | None:
    return next((tier for tier in decision.tiers if tier.promoter_id == promoter_id), None)
