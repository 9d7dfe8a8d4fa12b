"""A world with campaigns, and what stands of its orders: by owner, in money, in points, and by campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.campaigns import Campaign
from grapevine.domain.entries import standing
from grapevine.domain.plans import Plan
from grapevine.domain.tiers import Tier, Volume
from tests import builders as make
from tests.builders import CY, PROGRAM_ID
from tests.usecases.scarce import order
from tests.worlds import World, chain_world

TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=10_000, add_bps=200))


def day_of(campaign_id: str = "cm_1", **changes: object) -> Campaign:
    """Return a campaign of the eleventh of November in Shanghai, which T0 is in, for everybody."""
    values: dict[str, object] = {
        "id": campaign_id,
        "name": "Double 11",
        "starts_at": datetime(2026, 11, 10, 16, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 11, 16, tzinfo=UTC),
    }
    return Campaign(**{**values, **changes})  # type: ignore[arg-type]


def boosted(*campaigns: Campaign, plan: Plan | None = None, **program: object) -> World:
    """Return the chain Ana ← Bo ← Cy at 10, 3 and 1 per cent, with these campaigns."""
    world = chain_world(plan or make.plan(1000, 300, 100), **program)
    for number, campaign in enumerate(campaigns, start=1):
        world.catalog.add_campaign(PROGRAM_ID, campaign, number)
    return world


def tiered(*campaigns: Campaign, **changes: object) -> World:
    """Return a world in which Cy is a silver promoter, for two per cent more."""
    world = boosted(*campaigns, plan=make.plan(1000, tiers=TIERS, **{"pool_cap_bps": 10_000, **changes}))
    world.catalog.close_month(PROGRAM_ID, CY, "2026-10", Volume(20_000, 2))
    return world


def has(world: World, number: int, currency: str = "USD") -> dict[str, int]:
    """Return what promoters have of an order in one currency."""
    found: dict[str, int] = {}
    for (account, code), minor in standing(world.ledger.entries_of(order(number))).items():
        if account.is_promoters and code == currency:
            found[account.owner] = found.get(account.owner, 0) + minor
    return found


def spent(world: World, *numbers: int) -> dict[tuple[str, str], int]:
    """Return what campaigns have paid for orders, by campaign and currency."""
    found: dict[tuple[str, str], int] = {}
    for number in numbers or (1,):
        for (account, code), minor in standing(world.ledger.entries_of(order(number))).items():
            if account.leaf is Leaf.BUDGET:
                found[account.owner, code] = found.get((account.owner, code), 0) - minor
    return found


def taken(world: World, scarce: str) -> int:
    """Return what all shards of a budget have given together."""
    counters: Mapping[Any, int] = world.ledger.counters
    return sum(minor for key, minor in counters.items() if key.scarce == scarce)
