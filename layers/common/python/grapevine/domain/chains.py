"""Who is paid at the levels above the attributed promoter, as the network was when the order was placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from grapevine.domain.accounts import PROGRAM
from grapevine.domain.people import Promoter, next_above, person_of, upline_of
from grapevine.domain.plans import Plan, Vacancy
from grapevine.domain.tiers import Shortfall

HOUSE = PROGRAM
"""The earner at a level that nobody can earn at: the program itself."""
SEARCH_DEPTH = 16
"""How far up a chain is searched for somebody who can earn."""
NOBODY: Mapping[str, Shortfall] = MappingProxyType({})
"""Nobody is short of sales: every upline reaches the plan's gate, or there is none."""


def paid_chain(
    promoter_id: str,
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
) -> tuple[str, ...]:
    """Return who is paid at each level, as the network was when the order was placed.

    The attributed promoter can earn, or would not have won. Above, a level is vacant whose promoter
    was suspended or is short of the plan's gate, and the plan says who earns there; above the top of
    the chain nobody does.
    """
    levels = len(plan.rate_bps)
    depth = SEARCH_DEPTH if plan.vacancy is Vacancy.COMPRESS else levels
    first, *above = upline_of(promoter_id, depth, promoters, placed_at)
    earning = [name for name in above if name not in short and promoters[name].earns_at(placed_at)]
    if plan.vacancy is Vacancy.COMPRESS or len(earning) == len(above):
        return (first, *earning)[:levels]
    # Only the levels that are paid: how far above them `promoters` reaches is chance.
    substitute = _substitute(placed_at, plan, promoters, (first, *above)[:levels])
    return (first, *(name if name in earning else substitute for name in above))[:levels]


def gated_above(
    winners: Sequence[str],
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall],
) -> tuple[Shortfall, ...]:
    """Return the uplines who would have had a level but for the gate, each once."""
    found: dict[str, Shortfall] = {}
    for winner in winners:
        left = len(plan.rate_bps) - 1
        for name in upline_of(winner, SEARCH_DEPTH, promoters, placed_at)[1:]:
            if not left:
                break
            earns = promoters[name].earns_at(placed_at)
            if earns and name in short:
                found[name] = short[name]
            left -= plan.vacancy is not Vacancy.COMPRESS or (earns and name not in short)
    return tuple(found.values())


def _substitute(
    placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter], chain: tuple[str, ...]
) -> str:
    """Return who earns at a vacant level: the plan's default sponsor, unless already paid or suspended."""
    promoter = promoters.get(person_of(plan.default_sponsor_id or "", promoters, placed_at))
    can_earn = promoter is not None and promoter.id not in chain and promoter.earns_at(placed_at)
    return promoter.id if promoter and can_earn else HOUSE


def people_needed(
    promoter_id: str,
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
) -> str | None:
    """Return whom the decision must know next, or None when `promoters` holds everybody it needs."""
    chain = upline_of(promoter_id, SEARCH_DEPTH, promoters, placed_at)
    if promoter_id not in promoters:
        return None
    earning = sum(promoters[name].earns_at(placed_at) and name not in short for name in chain)
    # Who is short may still have level 1: that is their own sale.
    earning += chain[0] in short and promoters[chain[0]].earns_at(placed_at)
    filled = earning if plan.vacancy is Vacancy.COMPRESS else len(chain)
    if filled >= len(plan.rate_bps):
        return None
    return next_above(promoter_id, SEARCH_DEPTH, promoters, placed_at)
