"""Campaigns and bounties, in the partition of their program: they are read with its terms."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine.adapters.dynamo.failures import CancelledError, ConditionFailedError
from grapevine.adapters.dynamo.rows import Item, rows
from grapevine.adapters.dynamo.rows_campaigns import (
    BountyRow,
    CampaignRow,
    DatedRow,
    dated_of,
    dated_row,
    number_row,
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
        self._add_dated(program_id, campaign, number)

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        """Store a campaign in place of what it was."""
        self._change_dated(program_id, campaign, before)

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        """Add a bounty; its number is claimed in the same transaction."""
        self._add_dated(program_id, bounty, number)

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        """Store a bounty in place of what it was."""
        self._change_dated(program_id, bounty, before)

    def _add_dated(self, program_id: str, one: Campaign | Bounty, number: int) -> None:
        added = (dated_row(program_id, one), number_row(program_id, one, number))
        try:
            self._campaigns_in.put_all(*(Put(self._campaigns_in.catalog, row) for row in added))
        except CancelledError as error:
            raise NetworkMovedError(f"{program_id}/{one.id}") from error

    def _change_dated(self, program_id: str, one: Campaign | Bounty, before: Campaign | Bounty) -> None:
        unmoved = DatedRow.state == state_of(before)
        try:
            self._campaigns_in.catalog.put(dated_row(program_id, one), unmoved)
        except ConditionFailedError as error:
            raise NetworkMovedError(f"{program_id}/{one.id}") from error


def dated_in(items: Sequence[Item]) -> tuple[tuple[Campaign, ...], tuple[Bounty, ...]]:
    """Return the campaigns and the bounties among a program's items."""
    campaigns = dated_of(Campaign, list(rows(CampaignRow, items)))
    return campaigns, dated_of(Bounty, list(rows(BountyRow, items)))
