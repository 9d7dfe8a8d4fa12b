"""The JSON API's routes of campaigns and bounties, and how these come in and go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.dated_faults import is_over
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import parse_instant_in, to_text
from grapevine.domain.plain import from_plain, to_plain, whole_of
from grapevine.domain.programs import Program, Terms
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.usecases import create_bounty as bounties
from grapevine.usecases import create_campaign as campaigns

Json = dict[str, Any]
D = TypeVar("D", Campaign, Bounty)
NOT_SENT = ("id", "stopped_at", "first_budget")


def create_campaign(caller: Caller, program_id: str) -> Json:
    """Make a campaign."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = campaigns.CreateCampaign(program.id, to_dated(Campaign, caller.body(), program))
    made = campaigns.create_campaign(command, parts.catalog, parts.random_bytes, parts.now())
    return from_dated(made, parts.now())


def list_campaigns(caller: Caller, program_id: str) -> Json:
    """List a program's campaigns, the earliest first."""
    found, now = _terms_now(caller, program_id).campaigns, caller.parts.now()
    return caller.page_of_all("campaigns", found, lambda one: from_dated(one, now), _place)


def read_campaign(caller: Caller, program_id: str, campaign_id: str) -> Json:
    """Return a campaign."""
    found = _terms_now(caller, program_id).campaign(campaign_id)
    return from_dated(found, caller.parts.now())


def stop_campaign(caller: Caller, program_id: str, campaign_id: str) -> Json:
    """End a campaign early."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    caller.refuse_words()
    command = campaigns.StopCampaign(program.id, campaign_id)
    return from_dated(campaigns.stop_campaign(command, caller.parts.catalog, now), now)


def raise_budget(caller: Caller, program_id: str, campaign_id: str) -> Json:
    """Give a campaign more to pay."""
    program, body = caller.terms(program_id).program, caller.body().refuse_unknown("budget")
    budget = whole_of(body.values.get("budget"), "budget")
    command = campaigns.RaiseBudget(program.id, campaign_id, budget)
    return from_dated(campaigns.raise_budget(command, caller.parts.catalog), caller.parts.now())


def create_bounty(caller: Caller, program_id: str) -> Json:
    """Make a bounty."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = bounties.CreateBounty(program.id, to_dated(Bounty, caller.body(), program))
    made = bounties.create_bounty(command, parts.catalog, parts.random_bytes, parts.now())
    return from_dated(made, parts.now())


def list_bounties(caller: Caller, program_id: str) -> Json:
    """List a program's bounties, the earliest first."""
    found, now = _terms_now(caller, program_id).bounties, caller.parts.now()
    return caller.page_of_all("bounties", found, lambda one: from_dated(one, now), _place)


def stop_bounty(caller: Caller, program_id: str, bounty_id: str) -> Json:
    """End a bounty early."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    caller.refuse_words()
    command = bounties.StopBounty(program.id, bounty_id)
    return from_dated(bounties.stop_bounty(command, caller.parts.catalog, now), now)


def to_dated(kind: type[D], body: Body, program: Program) -> D:
    """Read a campaign or bounty; an instant without an offset is the program's wall time."""
    for name in NOT_SENT:
        if name in body.values:
            raise InvalidInputError("is not a field of this request", name)
    zone = ZoneInfo(program.time_zone)
    window = {
        name: to_text(parse_instant_in(zone, body.text(name), name)) for name in ("starts_at", "ends_at")
    }
    return from_plain(kind, {**body.values, **window, "id": ""})


def from_dated(one: Campaign | Bounty, now: datetime) -> Json:
    """Return a campaign or bounty, with where it stands now."""
    plain: Json = to_plain(one)
    plain.pop("first_budget", None)
    return {**plain, "state": _state(one, now)}


def _terms_now(caller: Caller, program_id: str) -> Terms:
    """Return the caller's terms as they are: what was made a moment ago elsewhere must not be missing."""
    return caller.parts.catalog.terms_now(caller.terms(program_id).program.id)


def _state(one: Campaign | Bounty, now: datetime) -> str:
    if is_over(one, now):
        return "over"
    return "running" if one.starts_at <= now else "planned"


def _place(one: Campaign | Bounty) -> str:
    return f"{to_text(one.starts_at)} {one.id}"
