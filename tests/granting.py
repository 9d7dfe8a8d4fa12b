"""What entries say of grants, gone through as they came: nobody got too much, and nobody too little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from grapevine.domain.campaign_grants import BUDGET, PROMOTER
from grapevine.domain.campaigns import Campaign
from grapevine.domain.entries import Entry
from grapevine.domain.grants import Grant, GrantKey


def badly_granted(entries: Iterable[Entry], campaigns: Sequence[Campaign]) -> Iterator[str]:
    """Yield what campaigns gave beyond their limits, or kept from who asked the first time.

    The second half holds only where nobody writes between another's reading and writing.
    """
    taken: dict[GrantKey, int] = {}
    has: dict[tuple[str, GrantKey], int] = {}
    for entry in entries:
        is_first = not any((str(entry.key), grant.key) in has for grant in entry.grants)
        for grant in entry.grants:
            before = has.get((str(entry.key), grant.key), 0)
            taken[grant.key] = taken.get(grant.key, 0) + grant.granted - before
            has[str(entry.key), grant.key] = grant.granted
        for campaign in campaigns:
            yield from (f"{entry.id}: {what}" for what in _passed(entry.grants, campaign, taken))
            if is_first:
                yield from (f"{entry.id}: {what}" for what in _kept_back(entry.grants, campaign, taken))


def _used(campaign: Campaign, taken: dict[GrantKey, int]) -> int:
    return sum(minor for key, minor in taken.items() if key.scarce == BUDGET + campaign.id)


def _passed(grants: Sequence[Grant], campaign: Campaign, taken: dict[GrantKey, int]) -> Iterator[str]:
    """Yield which limits are passed."""
    used = _used(campaign, taken)
    if campaign.budget is not None and used > campaign.budget:
        yield f"{campaign.id} has given {used} of {campaign.budget}"
    for grant in grants:
        if grant.key.scarce == PROMOTER + campaign.id and taken[grant.key] > (campaign.promoter_cap or 0):
            yield f"{grant.key} is at {taken[grant.key]} of {campaign.promoter_cap}"


def _kept_back(grants: Sequence[Grant], campaign: Campaign, taken: dict[GrantKey, int]) -> Iterator[str]:
    """Yield what somebody did not get though every limit had some left."""
    names = (BUDGET + campaign.id, PROMOTER + campaign.id)
    asked = [max((g.wanted for g in grants if g.key.scarce == name), default=0) for name in names]
    got = [sum(g.granted for g in grants if g.key.scarce == name) for name in names]
    others = [grant for grant in grants if grant.key.scarce not in names and grant.granted < grant.wanted]
    is_empty = campaign.budget is not None and _used(campaign, taken) == campaign.budget
    mine = [grant.key for grant in grants if grant.key.scarce == names[1]]
    is_at_cap = any(taken[key] == campaign.promoter_cap for key in mine)
    if got[0] + got[1] < asked[0] + asked[1] and not (is_empty or is_at_cap or others):
        yield f"{campaign.id} gave {got} of {asked}, {_used(campaign, taken)} of its budget is taken"
