"""Who is paid at the levels above the attributed promoter, as the network was when the order was placed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from grapevine.domain.accounts import PROGRAM
from grapevine.domain.people import Promoter, next_above, person_of, upline_of
from grapevine.domain.plans import Plan, Vacancy

HOUSE = PROGRAM
"""The earner at a level that nobody can earn at: the program itself."""
SEARCH_DEPTH = 16
"""How far up a chain is searched for somebody who can earn."""


def paid_chain(
    promoter_id: str, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> tuple[str, ...]:
    """Return who is paid at each level, as the network was when the order was placed.

    The attributed promoter can earn, or would not have won. Above, a level whose promoter was
    suspended is vacant, and the plan says who earns there; above the top of the chain nobody does.
    """
    levels = len(plan.rate_bps)
    depth = SEARCH_DEPTH if plan.vacancy is Vacancy.COMPRESS else levels
    first, *above = upline_of(promoter_id, depth, promoters, placed_at)
    earning = [name for name in above if promoters[name].earns_at(placed_at)]
    if plan.vacancy is Vacancy.COMPRESS or len(earning) == len(above):
        return (first, *earning)[:levels]
    # Only the levels that are paid: how far above them `promoters` reaches is chance.
    substitute = _substitute(placed_at, plan, promoters, (first, *above)[:levels])
    return (first, *(name if name in earning else substitute for name in above))[:levels]


def _substitute(
    placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter], chain: tuple[str, ...]
) -> str:
    """Return who earns at a vacant level: the plan's default sponsor, unless already paid or suspended."""
    promoter = promoters.get(person_of(plan.default_sponsor_id or "", promoters, placed_at))
    can_earn = promoter is not None and promoter.id not in chain and promoter.earns_at(placed_at)
    return promoter.id if promoter and can_earn else HOUSE


def people_needed(
    promoter_id: str, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> str | None:
    """Return whom the decision must know next, or None when `promoters` holds everybody it needs."""
    chain = upline_of(promoter_id, SEARCH_DEPTH, promoters, placed_at)
    earning = sum(promoters[name].earns_at(placed_at) for name in chain)
    filled = earning if plan.vacancy is Vacancy.COMPRESS else len(chain)
    if promoter_id not in promoters or filled >= len(plan.rate_bps):
        return None
    return next_above(promoter_id, SEARCH_DEPTH, promoters, placed_at)
