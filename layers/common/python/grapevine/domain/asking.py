"""What an order asks of counters before its entry is made, and what the entry changes in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from grapevine.domain.accrual import placement
from grapevine.domain.campaign_grants import campaign_limit
from grapevine.domain.capping import NOTHING_ASKED, Asked, asked_by_caps
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import earned_by_promoter
from grapevine.domain.entries import Entry, holdings_of
from grapevine.domain.grants import GrantChange, GrantKey, Holdings
from grapevine.domain.orders import Order
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import ONCE, RECRUIT, recruit_key, recruits
from grapevine.domain.wants import CAP, Wanted


def grants_asked(
    order: Order,
    decision: Decision,
    wants: Wanted,
    entries: Sequence[Entry],
    terms: Terms,
    now: datetime,
    by_caps: Callable[[Wanted, Holdings], Asked] = asked_by_caps,
) -> Asked:
    """Return the counters that `next_entry` must know; none where nothing is scarce or nothing rises."""
    plan = terms.plan_version(decision.plan_version)
    if not (plan.caps or decision.recruiters or decision.campaigns):
        return NOTHING_ASKED
    holdings = holdings_of(entries)
    is_capped = plan.caps or decision.campaigns
    asked = by_caps(wants, holdings) if is_capped else NOTHING_ASKED
    more = _asked_by_recruits(order, decision, entries, terms, holdings, now)
    return replace(asked, keys=(*asked.keys, *more)) if more else asked


def _asked_by_recruits(
    order: Order,
    decision: Decision,
    entries: Sequence[Entry],
    terms: Terms,
    holdings: Holdings,
    now: datetime,
) -> list[GrantKey]:
    """Return what a release would ask for, as if no cap stood in its way."""
    if not decision.recruiters:
        return []
    earned = earned_by_promoter(order, decision, terms)
    earns = any(earner != HOUSE for earner in earned)
    if not placement(order, decision, terms, entries, earns, now).released:
        return []
    keys = [recruit_key(recruit, terms) for recruit, _ in recruits(decision) if recruit in earned]
    return [key for key in keys if holdings.asks(key, ONCE)]


def grant_changes(
    entry: Entry, entries: Sequence[Entry], decision: Decision, terms: Terms
) -> tuple[GrantChange, ...]:
    """Return what an entry changes in the counters; they move in its own transaction."""
    if not entry.grants:
        return ()
    before = holdings_of(entries)
    moved = ((grant.key, grant.granted - before.of(grant.key).granted) for grant in entry.grants)
    return tuple(
        GrantChange(key, change, _limit(key, decision, terms) if change > 0 else 0)
        for key, change in moved
        if change
    )


def _limit(key: GrantKey, decision: Decision, terms: Terms) -> int:
    if key.scarce == RECRUIT:
        return ONCE
    limit = campaign_limit(key, terms)
    if limit is not None:
        return limit
    caps = {CAP + cap.id: cap.amount_minor for cap in terms.plan_version(decision.plan_version).caps}
    return caps[key.scarce]
