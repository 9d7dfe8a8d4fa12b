"""What is wrong with a campaign: every fault at once, what contradicts its plan or other campaigns too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grapevine.domain.campaigns import WHOLE_BPS, Audience, Campaign, Pays, Stacking
from grapevine.domain.dated_faults import Checks, audience_checks, tier_id_checks, window_checks
from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile, campaign_rule_faults, highest_rates
from grapevine.domain.programs import Terms

MAX_MULTIPLIER_BPS = 100_000
"""Ten times."""
MAX_POINTS_PER_UNIT = 10_000


def campaign_faults(campaign: Campaign, terms: Terms) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a campaign among a program's plans and other campaigns."""
    plans = terms.plans_within(campaign.starts_at, campaign.ends_at)
    checks = (
        *window_checks(campaign),
        *_pay_checks(campaign),
        *_stacking_checks(campaign),
        *_limit_checks(campaign),
        *audience_checks(campaign.audience, plans),
        *(check for plan in plans for check in _room_checks(campaign, plan)),
        *_rival_checks(campaign, terms.campaigns),
    )
    return (*faults_of(checks), *campaign_rule_faults(terms.program.profile, campaign, plans))


def outlived_faults(plan: Plan, terms: Terms) -> Iterator[InvalidInputError]:
    """Yield what campaigns that are not over when a plan takes effect would have wrong under it."""
    profile: Profile = terms.program.profile
    for campaign in terms.campaigns:
        if min(campaign.ends_at, campaign.stopped_at or campaign.ends_at) > plan.effective_at:
            checks = (*tier_id_checks(campaign.audience, (plan,)), *_room_checks(campaign, plan))
            faults = (*faults_of(checks), *campaign_rule_faults(profile, campaign, (plan,)))
            yield from (
                InvalidInputError(fault.what, f"campaigns.{campaign.id}.{fault.where}") for fault in faults
            )


def _pay_checks(campaign: Campaign) -> Checks:
    pays_cash = campaign.pays is Pays.CASH
    extras = (campaign.add_bps, campaign.add_points_per_unit, campaign.bonus)
    return (
        (
            0 <= campaign.multiplier_bps <= MAX_MULTIPLIER_BPS,
            f"must be 0 to {MAX_MULTIPLIER_BPS}",
            "multiplier_bps",
        ),
        (0 <= campaign.add_bps <= WHOLE_BPS, f"must be 0 to {WHOLE_BPS}", "add_bps"),
        (
            0 <= campaign.add_points_per_unit <= MAX_POINTS_PER_UNIT,
            f"must be 0 to {MAX_POINTS_PER_UNIT}",
            "add_points_per_unit",
        ),
        (0 <= campaign.bonus <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "bonus"),
        (
            campaign.multiplier_bps != WHOLE_BPS or any(extras),
            "changes nothing that is paid",
            "multiplier_bps",
        ),
        (pays_cash or not campaign.add_bps, "is a share in money: the campaign pays points", "add_bps"),
        (
            not pays_cash or not campaign.add_points_per_unit,
            "are points: the campaign pays cash",
            "add_points_per_unit",
        ),
    )


def _stacking_checks(campaign: Campaign) -> Checks:
    stacking = campaign.stacking
    return (
        (
            not campaign.bonus or stacking not in {Stacking.MULTIPLY, Stacking.MAX},
            f"is a fixed sum, which goes with stacking {Stacking.ADD} or {Stacking.EXCLUSIVE}",
            "bonus",
        ),
        (
            stacking is Stacking.EXCLUSIVE or campaign.multiplier_bps >= WHOLE_BPS,
            f"below {WHOLE_BPS} takes away, which only stacking {Stacking.EXCLUSIVE} may",
            "multiplier_bps",
        ),
        (
            stacking is not Stacking.MULTIPLY or campaign.multiplier_bps != WHOLE_BPS,
            "multiplies by one",
            "stacking",
        ),
    )


def _limit_checks(campaign: Campaign) -> Checks:
    limits = [(name, getattr(campaign, name)) for name in ("order_cap", "promoter_cap", "budget")]
    given = [(name, limit) for name, limit in limits if limit is not None]
    pairs = [(one, other) for n, one in enumerate(given) for other in given[n + 1 :]]
    return (
        *((0 < limit <= MAX_MINOR, f"must be 1 to {MAX_MINOR}", name) for name, limit in given),
        *((one <= other, f"above {where}, {other}", name) for (name, one), (where, other) in pairs),
        *(
            (campaign.bonus <= max(limit, 0), f"above {name}, {limit}: never paid in full", "bonus")
            for name, limit in given
        ),
    )


def _room_checks(campaign: Campaign, plan: Plan) -> Checks:
    """Return that a plan leaves something to raise, and room to raise it."""
    if campaign.pays is Pays.POINTS:
        return _point_checks(campaign, plan)
    raising = [name for name in ("add_bps", "bonus") if getattr(campaign, name)]
    multiplies = campaign.multiplier_bps != WHOLE_BPS and not raising
    if campaign.multiplier_bps > WHOLE_BPS:
        raising.append("multiplier_bps")
    return (
        (
            not multiplies or _pays_level_1(plan),
            f"multiplies nothing: version {plan.version} of the plan pays level 1 nothing",
            "multiplier_bps",
        ),
        *(
            (
                _has_room(plan),
                f"has no room: under version {plan.version} of the plan every share is at a cap already",
                name,
            )
            for name in raising
        ),
    )


def _point_checks(campaign: Campaign, plan: Plan) -> Checks:
    """Return that a plan has points to multiply; no cap limits how many there may be."""
    multiplies = campaign.multiplier_bps != WHOLE_BPS and not (campaign.add_points_per_unit or campaign.bonus)
    return (
        (
            not multiplies or plan.points_per_unit > 0,
            f"multiplies nothing: version {plan.version} of the plan gives no points",
            "multiplier_bps",
        ),
    )


def _pays_level_1(plan: Plan) -> bool:
    per_unit = (rule.per_unit_minor for rule in plan.rules)
    return any(rates[0] for rates in (*highest_rates(plan), *per_unit) if rates)


def _has_room(plan: Plan) -> bool:
    """Say whether the caps leave level 1 more than it has; a campaign takes nothing from the upline."""
    if plan.per_order_if_free or any(rule.per_unit_minor for rule in plan.rules):
        return True
    return any(
        rates[0] < min(plan.line_cap_bps, plan.pool_cap_bps - sum(rates[1:])) for rates in highest_rates(plan)
    )


def _rival_checks(campaign: Campaign, others: Sequence[Campaign]) -> Checks:
    """Return that no other campaign wants to be the only one for the same orders."""
    rivals = [other for other in others if other.id != campaign.id and _are_rivals(campaign, other)]
    return tuple(
        (False, f"so is {other.id} ({other.name}), at the same time for some of the same orders", "stacking")
        for other in rivals
    )


def _are_rivals(one: Campaign, other: Campaign) -> bool:
    return (
        one.stacking is other.stacking is Stacking.EXCLUSIVE
        and one.pays is other.pays
        and one.starts_at < min(other.ends_at, other.stopped_at or other.ends_at)
        and other.starts_at < one.ends_at
        and _may_meet(one.audience, other.audience)
    )


def _may_meet(one: Audience, other: Audience) -> bool:
    """Say whether a line may be for both; groups of products overlap as far as anybody knows."""
    pairs = [(one.tier_ids, other.tier_ids), (one.channels, other.channels)]
    if not (_names_groups(one) or _names_groups(other)):
        pairs.append((one.product_ids, other.product_ids))
    return all(not a or not b or set(a) & set(b) for a, b in pairs)


def _names_groups(audience: Audience) -> bool:
    return bool(audience.collection_ids or audience.categories)
