"""Create a bounty, and stop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.bounties import Bounty
from grapevine.domain.bounty_faults import bounty_faults
from grapevine.domain.dated_faults import start_checks, stopped
from grapevine.domain.errors import NotFoundError, faults_of
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.domain.programs import InvalidProgramError, Terms
from grapevine.ports import CampaignCatalog
from grapevine.usecases.change_promoter import retried
from grapevine.usecases.publish_plan import LEAD_TIME

BOUNTY = "bt"


@dataclass(frozen=True, slots=True)
class CreateBounty:
    """A bounty for a program; its id is a new one, whatever it says."""

    program_id: str
    bounty: Bounty


@dataclass(frozen=True, slots=True)
class StopBounty:
    """A bounty that ends early: what is sold later does not count, and what was reached before stands."""

    program_id: str
    bounty_id: str


def create_bounty(
    command: CreateBounty, catalog: CampaignCatalog, random_bytes: RandomBytes, now: datetime
) -> Bounty:
    """Store a bounty; InvalidProgramError with every fault."""
    bounty = replace(command.bounty, id=new_id(BOUNTY, random_bytes), stopped_at=None)
    return retried(lambda: _create_once(command.program_id, bounty, catalog, now))


def _create_once(program_id: str, bounty: Bounty, catalog: CampaignCatalog, now: datetime) -> Bounty:
    terms = catalog.terms_now(program_id)
    started = start_checks(bounty, terms.bounties, now + LEAD_TIME)
    if faults := (*bounty_faults(bounty, terms), *faults_of(started)):
        raise InvalidProgramError(faults)
    catalog.add_bounty(program_id, bounty, len(terms.bounties) + 1)
    return bounty


def stop_bounty(command: StopBounty, catalog: CampaignCatalog, now: datetime) -> Bounty:
    """End a bounty for good and return it; stopping it again changes nothing."""

    def stop_once() -> Bounty:
        bounty = known_bounty(catalog.terms_now(command.program_id), command.bounty_id)
        after = stopped(bounty, now + LEAD_TIME, "bounty_id")
        if after != bounty:
            catalog.change_bounty(command.program_id, after, bounty)
        return after

    return retried(stop_once)


def known_bounty(terms: Terms, bounty_id: str) -> Bounty:
    """Return a bounty of a program; NotFoundError when there is none of that id."""
    for bounty in terms.bounties:
        if bounty.id == bounty_id:
            return bounty
    raise NotFoundError("bounty", bounty_id)
