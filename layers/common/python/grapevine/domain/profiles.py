"""Compliance profiles: rules that a program's plans, campaigns and bounties must keep, by where it sells.

A profile is chosen when a program is created and stays. Its rules are stricter than those for every
program, never looser, and they are no legal advice (docs/compliance.md says what each is for).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign, Pays, Stacking
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plans import WHOLE_BPS, BindingPolicy, Plan
from grapevine.domain.tiers import TierMeasure


class Profile(StrEnum):
    """Under which rules a program pays."""

    GLOBAL = "global"
    """Those for every program."""
    CHINA = "china"
    """Also those for the mainland of China."""


CHINA_LEVELS = 2
CHINA_POOL_BPS = 3000
"""Thirty per cent of what was sold, all pay together."""
OWN_SALES = (TierMeasure.NET_SALES, TierMeasure.ORDERS)
"""What is a promoter's own doing: what was sold through them."""


def _keeps(*_: object) -> None:
    """Find nothing: the rule is not about this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRule:
    """A rule by name; each check returns the field that breaks it, or None."""

    id: str
    text: str
    on_plan: Callable[[Plan], str | None] = _keeps
    on_campaign: Callable[[Campaign, Plan], str | None] = _keeps
    on_bounty: Callable[[Bounty], str | None] = _keeps

    def broken(self, where: str | None) -> tuple[InvalidInputError, ...]:
        """Return the fault, where there is one."""
        return () if where is None else (InvalidInputError(f"{self.text} ({self.id})", where),)


def plan_rule_faults(profile: Profile, plan: Plan) -> tuple[InvalidInputError, ...]:
    """Return every rule of a profile that a plan breaks."""
    return tuple(fault for rule in RULES[profile] for fault in rule.broken(rule.on_plan(plan)))


def campaign_rule_faults(
    profile: Profile, campaign: Campaign, plans: Sequence[Plan]
) -> tuple[InvalidInputError, ...]:
    """Return every rule of a profile that a campaign breaks under one of the plans of its time."""
    broken = ((rule, rule.on_campaign(campaign, plan)) for rule in RULES[profile] for plan in plans)
    return tuple(fault for rule, where in dict.fromkeys(broken) for fault in rule.broken(where))


def bounty_rule_faults(profile: Profile, bounty: Bounty) -> tuple[InvalidInputError, ...]:
    """Return every rule of a profile that a bounty breaks."""
    return tuple(fault for rule in RULES[profile] for fault in rule.broken(rule.on_bounty(bounty)))


def with_profile_defaults(profile: Profile, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan's JSON with what a profile takes where it says nothing."""
    return {**_DEFAULTS[profile], **values}


def highest_rates(plan: Plan) -> tuple[tuple[int, ...], ...]:
    """Return the rates of a plan: its own, and those of the rules that pay a share."""
    return (plan.rate_bps, *(rule.rate_bps for rule in plan.rules if rule.rate_bps))


def _too_many_levels(plan: Plan) -> str | None:
    return "rate_bps" if len(plan.rate_bps) > CHINA_LEVELS else None


def _pays_for_recruiting(plan: Plan) -> str | None:
    return "recruit_bonus_minor" if plan.recruit_bonus_minor else None


def _counts_others(bounty: Bounty) -> str | None:
    return None if bounty.measure in OWN_SALES else "measure"


def _large_pool(plan: Plan) -> str | None:
    return "pool_cap_bps" if plan.pool_cap_bps > CHINA_POOL_BPS else None


def _large_flat_pay(plan: Plan) -> str | None:
    """Look at both caps together: the line cap is all that limits flat pay for the order."""
    most = plan.line_cap_bps + plan.pool_cap_bps
    return "line_cap_bps" if any(plan.per_order_minor) and most > CHINA_POOL_BPS else None


def _pays_for_nothing(plan: Plan) -> str | None:
    return "per_order_if_free" if plan.per_order_if_free else None


def _over_the_pool(campaign: Campaign, plan: Plan) -> str | None:
    """Look at the most that a line's levels earn in the campaign, at the highest tier."""
    raises = campaign.multiplier_bps > WHOLE_BPS or campaign.add_bps > 0
    if campaign.pays is not Pays.CASH or not raises:
        return None
    top_bps = max((tier.add_bps for tier in plan.tiers or ()), default=0)
    shares = [(plan.rate_bps, top_bps)]
    shares += [(rule.rate_bps, top_bps * rule.is_raised_by_tiers) for rule in plan.rules if rule.rate_bps]
    most = max(_first_at_most(campaign, rates[0], tier_bps) + sum(rates[1:]) for rates, tier_bps in shares)
    within = most <= plan.pool_cap_bps
    return None if within else ("multiplier_bps" if campaign.multiplier_bps > WHOLE_BPS else "add_bps")


def _first_at_most(campaign: Campaign, rate_bps: int, tier_bps: int) -> int:
    """Return what level 1 earns in a campaign, in basis points rounded up."""

    def boosted(bps: int) -> int:
        return -(-bps * campaign.multiplier_bps // WHOLE_BPS) + campaign.add_bps

    match campaign.stacking:
        case Stacking.ADD:
            return boosted(rate_bps) + tier_bps
        case Stacking.MULTIPLY:
            return boosted(rate_bps + tier_bps)
        case Stacking.MAX:
            return max(boosted(rate_bps), rate_bps + tier_bps)
        case Stacking.EXCLUSIVE:
            return boosted(rate_bps)


RULES: Mapping[Profile, tuple[ProfileRule, ...]] = {
    Profile.GLOBAL: (),
    Profile.CHINA: (
        ProfileRule(
            id="profile.china.levels",
            text=f"at most {CHINA_LEVELS} levels may be paid",
            on_plan=_too_many_levels,
        ),
        ProfileRule(
            id="profile.china.recruiting",
            text="nobody may be paid for recruiting, only for sales",
            on_plan=_pays_for_recruiting,
        ),
        ProfileRule(
            id="profile.china.own_sales",
            text="a bounty may count only what was sold through the promoter",
            on_bounty=_counts_others,
        ),
        ProfileRule(
            id="profile.china.pool",
            text=f"all levels together, campaigns included, must stay within the plan's pool cap, and that "
            f"within {CHINA_POOL_BPS}",
            on_plan=_large_pool,
            on_campaign=_over_the_pool,
        ),
        ProfileRule(
            id="profile.china.flat",
            text=f"flat pay for an order must stay with the shares within {CHINA_POOL_BPS} bps of it",
            on_plan=_large_flat_pay,
        ),
        ProfileRule(
            id="profile.china.sale",
            text="pay must rest on something that was sold",
            on_plan=_pays_for_nothing,
        ),
    ),
}
_DEFAULTS: Mapping[Profile, Mapping[str, Any]] = {
    Profile.GLOBAL: {},
    Profile.CHINA: {"binding": BindingPolicy.TIMED.value, "binding_days": 30, "protection_days": 15},
}
