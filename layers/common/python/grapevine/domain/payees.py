"""One person with several accounts: whoever is paid to one place is one promoter to the caps."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Mapping
from datetime import datetime

from grapevine.domain.caps import CapPer
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms

PAYEE_PREFIX = "py_"
"""How the subject of a counter begins that is a payee's, not one account's."""
LONGEST_PAYEE = 200


def payee_key(key: bytes, payee: str) -> str:
    """Return the keyed hash of where somebody is paid: a bank account, a wallet, whatever names it.

    Blanks and case do not count: people write an account number in groups. A payee and a customer who
    have one text have two hashes.
    """
    name = "".join(unicodedata.normalize("NFKC", payee).split()).casefold()
    if not name or len(payee) > LONGEST_PAYEE:
        raise InvalidInputError(f"must have 1 to {LONGEST_PAYEE} characters", "payee")
    return hmac.new(key, b"payee\x00" + name.encode(), "sha256").hexdigest()[:24]


def caps_people(plan: Plan, terms: Terms, placed_at: datetime, paid_at: datetime | None) -> bool:
    """Say whether anything limits what one person earns; where nothing does, nobody asks who is one."""
    if plan.caps and any(cap.per is CapPer.PROMOTER for cap in plan.caps):
        return True
    if not terms.campaigns:
        return False
    return any(
        campaign.promoter_cap is not None
        and (campaign.is_on(placed_at) or campaign.is_on(paid_at or placed_at))
        for campaign in terms.campaigns
    )


def payees_of(
    decision: Decision, placed_at: datetime, promoters: Mapping[str, Promoter]
) -> tuple[tuple[str, str], ...]:
    """Return the payee keys that the earners of an order had when it was placed, by earner."""
    earners = dict.fromkeys(name for chain in decision.chains for name in chain if name != HOUSE)
    keys = ((name, promoters[name].payee_at(placed_at)) for name in earners if name in promoters)
    return tuple((name, key) for name, key in keys if key is not None)


def cap_subject(promoter_id: str, decision: Decision) -> str:
    """Return whose counter an earner's part of an order is in: their payee identity's, else their own."""
    for name, key in decision.payees:
        if name == promoter_id:
            return PAYEE_PREFIX + key
    return promoter_id
