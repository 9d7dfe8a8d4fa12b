"""What campaigns and bounties can both have wrong: their name, their window, and for whom they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Audience, Campaign
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plans import Plan

MAX_LENGTH = timedelta(days=366)
MAX_OPEN = 50
"""Campaigns, and bounties, of a program that are not over yet: all come with its terms, in one read."""
MAX_NAMED = 100
"""Tiers, channels, products, collections or categories that one audience names."""
MAX_NAME = 200
MAX_JOINED_DAYS = 3650
D = TypeVar("D", Campaign, Bounty)
Checks = tuple[tuple[bool, str, str], ...]
"""Good, what and where."""


def window_checks(one: Campaign | Bounty) -> Checks:
    """Return what its name and its window must be."""
    return (
        (bool(one.name.strip()), "must not be empty", "name"),
        (len(one.name) <= MAX_NAME, f"longer than {MAX_NAME} characters", "name"),
        (one.starts_at < one.ends_at, "must be after starts_at", "ends_at"),
        (one.ends_at - one.starts_at <= MAX_LENGTH, "more than a year after starts_at", "ends_at"),
    )


def start_checks(one: Campaign | Bounty, others: Sequence[Campaign | Bounty], soonest: datetime) -> Checks:
    """Return what must be at the instant of its making: every warm function knows it before it begins."""
    still = sum(not is_over(other, soonest) for other in others)
    return (
        (one.starts_at >= soonest, f"must be {soonest:%Y-%m-%dT%H:%M:%SZ} or later", "starts_at"),
        (still < MAX_OPEN, f"would be more than {MAX_OPEN} that are not over yet", ""),
    )


def is_over(one: Campaign | Bounty, instant: datetime) -> bool:
    """Say whether it has ended, or was stopped, by then."""
    return min(one.ends_at, one.stopped_at or one.ends_at) <= instant


def stopped(one: D, at: datetime, where: str) -> D:
    """Return it ended early, or as it was stopped before; InvalidInputError where it is over by then."""
    if one.stopped_at:
        return one
    if is_over(one, at):
        raise InvalidInputError("is over before it could be stopped", where)
    return replace(one, stopped_at=at)


def audience_checks(audience: Audience, plans: Sequence[Plan]) -> Checks:
    """Return what an audience must be under the plans of its time."""
    joined = audience.joined_within_days
    named = {
        "tier_ids": audience.tier_ids,
        "channels": audience.channels,
        "product_ids": audience.product_ids,
        "collection_ids": audience.collection_ids,
        "categories": audience.categories,
    }
    return (
        *(check for where, names in named.items() for check in _name_checks(names, f"audience.{where}")),
        *tier_id_checks(audience, plans),
        (
            joined is None or 1 <= joined <= MAX_JOINED_DAYS,
            f"must be 1 to {MAX_JOINED_DAYS}",
            "audience.joined_within_days",
        ),
    )


def tier_id_checks(audience: Audience, plans: Sequence[Plan]) -> Checks:
    """Return that every plan of its time has the tiers that it names."""
    return tuple(
        (
            tier_id in [tier.id for tier in plan.tiers or ()],
            f"version {plan.version} of the plan has no tier {tier_id!r}",
            "audience.tier_ids",
        )
        for plan in plans
        for tier_id in dict.fromkeys(audience.tier_ids)
    )


def _name_checks(names: Collection[str], where: str) -> Checks:
    return (
        (len(names) <= MAX_NAMED, f"names more than {MAX_NAMED}", where),
        (
            all(name.strip() and len(name) <= MAX_NAME for name in names),
            "has an empty or endless name",
            where,
        ),
        (len(set(names)) == len(names), "names one twice", where),
    )
