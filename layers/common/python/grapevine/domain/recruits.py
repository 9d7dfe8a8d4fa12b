"""The recruit bonus: a promoter's sponsor has it once, when the first order of theirs is released.

Whose it is was decided with the order, from its own instant; that it is paid once is a grant, which a
full refund gives back, so that the recruit's next order to be released may earn it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from grapevine.domain.caps import EVER
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.grants import NO_USES, GrantKey, Holdings, Use, Uses
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Terms

RECRUIT = "recruit"
"""What is scarce: a recruit has one first order."""
ONCE = 1


def sponsors_needed(
    decision: Decision, placed_at: datetime, promoters: Mapping[str, Promoter]
) -> tuple[str, ...]:
    """Return the sponsors of the attributed promoters who are not known yet."""
    found = (promoters[claim[0]].sponsor_at(placed_at) for claim in decision.claims if claim[0] != HOUSE)
    return tuple(name for name in dict.fromkeys(found) if name and name not in promoters)


def recruiters(
    order: Order, decision: Decision, placed_at: datetime, promoters: Mapping[str, Promoter]
) -> tuple[str, ...]:
    """Return for each claim who would have the bonus, empty where nobody; nothing when nobody at all.

    The sponsor when the order was placed, unless suspended then; nobody for what a promoter bought
    themselves.
    """
    found = tuple(_recruiter(claim[0], order, placed_at, promoters) for claim in decision.claims)
    return found if any(found) else ()


def _recruiter(recruit_id: str, order: Order, placed_at: datetime, promoters: Mapping[str, Promoter]) -> str:
    recruit = promoters.get(recruit_id)
    if recruit is None or recruit.buys_as(order.customer_key, placed_at):
        return ""
    sponsor = promoters.get(recruit.sponsor_at(placed_at) or "")
    return sponsor.id if sponsor and sponsor.earns_at(placed_at) else ""


def recruits(decision: Decision) -> list[tuple[str, str]]:
    """Return recruit and recruiter of each claim that has one."""
    pairs = zip(decision.claims, decision.recruiters, strict=False)
    return [(claim[0], recruiter) for claim, recruiter in pairs if recruiter]


def recruited(
    decision: Decision,
    earned: Mapping[str, int],
    waits: Sequence[str],
    terms: Terms,
    holdings: Holdings,
    *,
    released: bool,
) -> tuple[Uses, list[tuple[str, str, int]]]:
    """Return what the order uses of first releases, and who gets a bonus for it; mostly nobody."""
    if not decision.recruiters:
        return NO_USES, []
    # Who waits is not released, so neither is the bonus for recruiting them.
    open_parts = {earner: minor for earner, minor in earned.items() if earner not in waits}
    uses = bonus_uses(decision, terms, open_parts, holdings, released=released)
    return uses, bonuses(decision, terms, {key: use.granted for key, use in uses.items()})


def bonus_uses(
    decision: Decision, terms: Terms, earned: Mapping[str, int], holdings: Holdings, *, released: bool
) -> Uses:
    """Return which bonuses an order uses: of each attributed promoter who earns from it, once released."""
    if not (released and decision.recruiters and bonus_minor(decision, terms)):
        return NO_USES
    keys = [recruit_key(recruit, terms) for recruit, _ in recruits(decision) if earned.get(recruit, 0) > 0]
    return {key: Use(ONCE, holdings.room(key, ONCE, ONCE)) for key in keys}


def bonuses(decision: Decision, terms: Terms, granted: Mapping[GrantKey, int]) -> list[tuple[str, str, int]]:
    """Return recruit, recruiter and amount of the bonuses that stand by what was granted."""
    if not granted:
        return []
    each = bonus_minor(decision, terms)
    found = (
        (one, other, each * granted.get(recruit_key(one, terms), 0)) for one, other in recruits(decision)
    )
    return [(recruit, recruiter, minor) for recruit, recruiter, minor in found if minor]


def bonus_minor(decision: Decision, terms: Terms) -> int:
    """Return the plan's bonus for one recruit."""
    return terms.plan_version(decision.plan_version).recruit_bonus_minor


def recruit_key(promoter_id: str, terms: Terms) -> GrantKey:
    """Return what a promoter's first released order is granted."""
    return GrantKey(terms.program.id, RECRUIT, promoter_id, EVER)
