"""How campaigns and bounties look in the catalog table: JSON beside the plans of their program."""

from __future__ import annotations

from typing import TypeVar

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys
from grapevine.adapters.dynamo.rows import Json, Row
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.instants import to_text
from grapevine.domain.plain import from_plain, to_plain


class DatedRow(Row, discriminator="dated"):
    """What campaigns and bounties have both: themselves, and of that what may change, to compare."""

    terms = Json()
    state = UnicodeAttribute()


class CampaignRow(DatedRow, discriminator="campaign"):
    """`PG#program` / `CAMPAIGN#id`."""


class BountyRow(DatedRow, discriminator="bounty"):
    """`PG#program` / `BOUNTY#id`."""


class DatedNumberRow(Row, discriminator="dated_number"):
    """`PG#program` / `CN#number`, `BN#number`: the program's campaign or bounty of that number is there."""


D = TypeVar("D", Campaign, Bounty)


def state_of(one: Campaign | Bounty) -> str:
    """Return what may change of it: its early end, and a campaign's budget."""
    stopped = to_text(one.stopped_at) if one.stopped_at else ""
    return f"{stopped}/{one.budget}" if isinstance(one, Campaign) else stopped


def dated_row(program_id: str, one: Campaign | Bounty) -> DatedRow:
    """Return it as it is stored."""
    if isinstance(one, Campaign):
        key = catalog_keys.campaign(program_id, one.id)
        return CampaignRow(*key, terms=to_plain(one), state=state_of(one))
    key = catalog_keys.bounty(program_id, one.id)
    return BountyRow(*key, terms=to_plain(one), state=state_of(one))


def number_row(program_id: str, one: Campaign | Bounty, number: int) -> DatedNumberRow:
    """Return the claim of its number."""
    kind = "CN" if isinstance(one, Campaign) else "BN"
    return DatedNumberRow(*catalog_keys.dated_number(program_id, kind, number))


def dated_of(kind: type[D], stored: list[DatedRow]) -> tuple[D, ...]:
    """Read them back, the earliest first; what an older writer left out has its default."""
    found = [from_plain(kind, row.terms) for row in stored]
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.id)))
