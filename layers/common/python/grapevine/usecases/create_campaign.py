"""Create a campaign, stop it, and give it more to pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.campaign_faults import campaign_faults
from grapevine.domain.campaigns import CAMPAIGN_PREFIX, Campaign
from grapevine.domain.dated_faults import start_checks, stopped
from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.programs import InvalidProgramError
from grapevine.ports import CampaignCatalog
from grapevine.usecases.change_promoter import retried
from grapevine.usecases.publish_plan import LEAD_TIME


@dataclass(frozen=True, slots=True)
class CreateCampaign:
    """A campaign for a program; its id is a new one, whatever it says."""

    program_id: str
    campaign: Campaign


@dataclass(frozen=True, slots=True)
class StopCampaign:
    """A campaign that ends early, as soon as every function can know."""

    program_id: str
    campaign_id: str


@dataclass(frozen=True, slots=True)
class RaiseBudget:
    """A campaign's new budget in all, in minor units of what it pays, what is spent included."""

    program_id: str
    campaign_id: str
    budget: int


def create_campaign(
    command: CreateCampaign, catalog: CampaignCatalog, random_bytes: RandomBytes, now: datetime
) -> Campaign:
    """Store a campaign; InvalidProgramError with every fault.

    It begins when every warm function has read the terms again, so that an order gets the same by
    whomever it is posted.
    """
    made = new_id(CAMPAIGN_PREFIX.removesuffix("_"), random_bytes)
    given = command.campaign
    campaign = replace(given, id=made, stopped_at=None, first_budget=given.budget)
    return retried(lambda: _create_once(command.program_id, campaign, catalog, now))


def _create_once(program_id: str, campaign: Campaign, catalog: CampaignCatalog, now: datetime) -> Campaign:
    terms = catalog.terms_now(program_id)
    started = start_checks(campaign, terms.campaigns, now + LEAD_TIME)
    if faults := (*campaign_faults(campaign, terms), *faults_of(started)):
        raise InvalidProgramError(faults)
    catalog.add_campaign(program_id, campaign, len(terms.campaigns) + 1)
    return campaign


def stop_campaign(command: StopCampaign, catalog: CampaignCatalog, now: datetime) -> Campaign:
    """End a campaign for good and return it; stopping it again changes nothing.

    Orders of its time keep what they have of it, and give it back when they are refunded.
    """

    def stop_once() -> Campaign:
        campaign = catalog.terms_now(command.program_id).campaign(command.campaign_id)
        after = stopped(campaign, now + LEAD_TIME, "campaign_id")
        if after != campaign:
            catalog.change_campaign(command.program_id, after, campaign)
        return after

    return retried(stop_once)


def raise_budget(command: RaiseBudget, catalog: CampaignCatalog) -> Campaign:
    """Give a campaign more to pay and return it; never less, for some of it may be granted already."""

    def raise_once() -> Campaign:
        campaign = catalog.terms_now(command.program_id).campaign(command.campaign_id)
        if campaign.budget == command.budget:
            return campaign
        if campaign.budget is None:
            raise InvalidInputError("has no limit that could be raised", "budget")
        if not campaign.budget < command.budget <= MAX_MINOR:
            raise InvalidInputError(f"must be {campaign.budget} to {MAX_MINOR}", "budget")
        raised = replace(campaign, budget=command.budget)
        catalog.change_campaign(command.program_id, raised, campaign)
        return raised

    return retried(raise_once)
