"""A payout as it is now, by its id alone."""

from __future__ import annotations

from grapevine.domain.errors import NotFoundError
from grapevine.domain.payouts import Payout
from grapevine.ports import PayoutReader


def current_payout(program_id: str, payout_id: str, payouts: PayoutReader) -> Payout:
    """Return a payout; NotFoundError where the program has none of that id.

    By its id it is found a moment old; where it stands it is read as it is.
    """
    named = payouts.payout_named(program_id, payout_id)
    found = named and payouts.payout(named.settlement_id, named.id)
    if not found:
        raise NotFoundError("payout", payout_id)
    return found
