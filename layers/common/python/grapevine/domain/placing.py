"""What should stand in which account: commissions and points where they belong, campaigns' cost, bonuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from grapevine.domain.accounts import Account, Leaf, budget_account, promoter_account
from grapevine.domain.campaigns import Pays
from grapevine.domain.capping import Capped
from grapevine.domain.chains import HOUSE
from grapevine.domain.money import POINTS
from grapevine.domain.programs import Terms

LeafOf = Callable[[str], Leaf]


def amounts_wanted(
    earned: Mapping[str, int],
    within: Capped,
    bonus: Sequence[tuple[str, str, int]],
    leaf_of: LeafOf,
    terms: Terms,
) -> dict[tuple[Account, str], int]:
    """Return what should stand: `earned` is what is left of the money of `within` after bans."""
    program_id, currency = terms.program.id, terms.program.currency
    wanted: dict[tuple[Account, str], int] = {}
    for earner, minor in earned.items():
        # What the house has is neither held nor paid out.
        leaf = Leaf.HOUSE if earner == HOUSE else leaf_of(earner)
        wanted[Account(program_id, earner, leaf), currency] = minor
    for _, recruiter, minor in bonus:
        payable = promoter_account(program_id, recruiter, Leaf.PAYABLE), currency
        wanted[payable] = wanted.get(payable, 0) + minor
    return wanted | _beside(within, leaf_of, terms) if within.extras else wanted


def _beside(within: Capped, leaf_of: LeafOf, terms: Terms) -> dict[tuple[Account, str], int]:
    """Return what should stand in points, and what the campaigns have paid of everything."""
    program_id, currency = terms.program.id, terms.program.currency
    wanted = {
        (Account(program_id, name, leaf_of(name)), POINTS): minor for name, minor in within.points.items()
    }
    for name, minor in within.budgets.items():
        code = POINTS if terms.campaign(name).pays is Pays.POINTS else currency
        wanted[budget_account(program_id, name), code] = -minor
    return wanted
