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


class OfferRow(Row, discriminator="offer"):
    """What campaigns and bounties have both: themselves, and of that what may change, to compare."""

    terms = Json()
    state = UnicodeAttribute()


class CampaignRow(OfferRow, discriminator="campaign"):
    """`PG#program` / `CAMPAIGN#id`."""


class BountyRow(OfferRow, discriminator="bounty"):
    """`PG#program` / `BOUNTY#id`."""


class OfferNumberRow(Row, discriminator="offer_number"):
    """`PG#program` / `CN#number`, `BN#number`: the program's campaign or bounty of that number is there."""


O = TypeVar("O", Campaign, Bounty)  # noqa: E741 - an offer


def state_of(offer: Campaign | Bounty) -> str:
    """Return what may change of it: its early end, and a campaign's budget."""
    stopped = to_text(offer.stopped_at) if offer.stopped_at else ""
    return f"{stopped}/{offer.budget}" if isinstance(offer, Campaign) else stopped


def offer_row(program_id: str, offer: Campaign | Bounty) -> OfferRow:
    """Return it as it is stored."""
    if isinstance(offer, Campaign):
        key = catalog_keys.campaign(program_id, offer.id)
        return CampaignRow(*key, terms=to_plain(offer), state=state_of(offer))
    key = catalog_keys.bounty(program_id, offer.id)
    return BountyRow(*key, terms=to_plain(offer), state=state_of(offer))


def number_row(program_id: str, offer: Campaign | Bounty, number: int) -> OfferNumberRow:
    """Return the claim of its number."""
    kind = "CN" if isinstance(offer, Campaign) else "BN"
    return OfferNumberRow(*catalog_keys.offer_number(program_id, kind, number))


def offers_of(kind: type[O], stored: list[OfferRow]) -> tuple[O, ...]:
    """Read them back, the earliest first; what an older writer left out has its default."""
    found = [from_plain(kind, row.terms) for row in stored]
    return tuple(sorted(found, key=lambda offer: (offer.starts_at, offer.id)))
