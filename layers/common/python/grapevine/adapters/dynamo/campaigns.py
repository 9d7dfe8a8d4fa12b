"""Campaigns and bounties, in the partition of their program: they are read with its terms."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine.adapters.dynamo.failures import CancelledError, ConditionFailedError
from grapevine.adapters.dynamo.rows import Item, rows
from grapevine.adapters.dynamo.rows_campaigns import (
    BountyRow,
    CampaignRow,
    OfferRow,
    number_row,
    offer_row,
    offers_of,
    state_of,
)
from grapevine.adapters.dynamo.table import Database, Put
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.errors import NetworkMovedError


class DynamoCampaigns:
    """Campaigns and bounties are added by number and changed as they were read."""

    def __init__(self, database: Database) -> None:
        self._campaigns_in = database

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        """Add a campaign; its number is claimed in the same transaction."""
        self._add_offer(program_id, campaign, number)

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        """Store a campaign in place of what it was."""
        self._change_offer(program_id, campaign, before)

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        """Add a bounty; its number is claimed in the same transaction."""
        self._add_offer(program_id, bounty, number)

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        """Store a bounty in place of what it was."""
        self._change_offer(program_id, bounty, before)

    def _add_offer(self, program_id: str, offer: Campaign | Bounty, number: int) -> None:
        added = (offer_row(program_id, offer), number_row(program_id, offer, number))
        try:
            self._campaigns_in.put_all(*(Put(self._campaigns_in.catalog, row) for row in added))
        except CancelledError as error:
            raise NetworkMovedError(f"{program_id}/{offer.id}") from error

    def _change_offer(self, program_id: str, offer: Campaign | Bounty, before: Campaign | Bounty) -> None:
        unmoved = OfferRow.state == state_of(before)
        try:
            self._campaigns_in.catalog.put(offer_row(program_id, offer), unmoved)
        except ConditionFailedError as error:
            raise NetworkMovedError(f"{program_id}/{offer.id}") from error


def offers_in(items: Sequence[Item]) -> tuple[tuple[Campaign, ...], tuple[Bounty, ...]]:
    """Return the campaigns and the bounties among a program's items."""
    campaigns = offers_of(Campaign, list(rows(CampaignRow, items)))
    return campaigns, offers_of(Bounty, list(rows(BountyRow, items)))
