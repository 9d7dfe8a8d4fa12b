"""What campaigns are limited by: an order's cap, a promoter's, and a budget that is split over shards.

An order takes from a shard of its own first and from the others, in their order, only as far as that one
has nothing left; so orders at once hardly ever meet, and the last unit is still found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from grapevine.domain.campaigns import Campaign
from grapevine.domain.caps import EVER
from grapevine.domain.grants import GrantKey, Holdings, Use
from grapevine.domain.money import allocate
from grapevine.domain.programs import Terms

BUDGET, PROMOTER = "budget.", "boosted."
"""How a campaign's budget, and what one promoter may have of it, are named: this, then its id."""
MAX_SHARDS = 8
SMALL = 1_000
"""A shard is not made smaller than this, in units of what the campaign pays."""


def shards_of(campaign: Campaign) -> int:
    """Return over how many counters a budget is split; none where there is no budget.

    One that was raised is split as it was at first: with more counters each would have less than some
    may have granted already, and all together could grant more than there is.
    """
    if campaign.budget is None:
        return 0
    first = campaign.budget if campaign.first_budget is None else campaign.first_budget
    return max(1, min(MAX_SHARDS, first // SMALL))


def shard_limit(campaign: Campaign, shard: int) -> int:
    """Return a shard's exact part of the budget."""
    return shard_limits(campaign)[shard]


def shard_limits(campaign: Campaign) -> tuple[int, ...]:
    """Return the exact parts of the budget that its shards have; none where there is no budget."""
    number = shards_of(campaign)
    return allocate(campaign.budget or 0, (1,) * number) if number else ()


def promoter_key(campaign: Campaign, promoter_id: str, program_id: str) -> GrantKey:
    """Return what one promoter may have of a campaign."""
    return GrantKey(program_id, PROMOTER + campaign.id, promoter_id, EVER)


def budget_keys(campaign: Campaign, order: str, program_id: str) -> list[tuple[GrantKey, int]]:
    """Return the shards that an order asks, its own first, each with its limit."""
    limits, name = shard_limits(campaign), BUDGET + campaign.id
    number = len(limits)
    first = crc32(f"{campaign.id}/{order}".encode()) % number if number else 0
    shards = [(first + step) % number for step in range(number)]
    return [(GrantKey(program_id, name, str(shard), EVER), limits[shard]) for shard in shards]


def budget_uses(
    keys: Sequence[tuple[GrantKey, int]], wanted: int, holdings: Holdings
) -> Iterator[tuple[GrantKey, Use]]:
    """Yield what an order uses of each shard it asks: of the next what the ones before it did not give.

    All shards together are one thing: only what is wanted above the highest ever is asked for anew.
    Nobody hopes here: who looks for counters to read shall find all shards that may have to give.
    """
    holdings = Holdings(holdings.held, holdings.taken) if holdings.hopeful else holdings
    if keys and wanted <= holdings.of(keys[0][0]).wanted:
        wanted = min(wanted, sum([holdings.of(key).most for key, _ in keys]))
    for key, limit in keys:
        if wanted > 0:
            granted = min(wanted, holdings.room(key, wanted, limit))
            yield key, Use(wanted, granted)
            wanted -= granted


def campaign_limit(key: GrantKey, terms: Terms) -> int | None:
    """Return the limit of a campaign's counter, None where the key is no campaign's."""
    kind, _, name = key.scarce.partition(".")
    if kind + "." == BUDGET:
        return shard_limit(terms.campaign(name), int(key.subject))
    return terms.campaign(name).promoter_cap if kind + "." == PROMOTER else None
