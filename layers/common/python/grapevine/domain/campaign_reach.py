"""Whom campaigns reach: which of them an order's promoters are in the audience of, at its own instant.

Which lines a campaign is for comes later, with what each of them earns, and so does what tiers have to
say: a month's tier may be open yet. A campaign that is for no line at all does not count: it would take the
place of another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from grapevine.domain.campaign_grants import shards_of
from grapevine.domain.campaign_pay import is_for
from grapevine.domain.campaigns import Audience, Campaign, Clock
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.caps import CapPer
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision, basis_of
from grapevine.domain.lines import with_sold
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import DAY, Plan
from grapevine.domain.programs import Terms

MAX_CAMPAIGNS = 5
"""Campaigns of one order: of those for any of its lines the lowest ids; more make its entry too large."""
MOST_WRITES = 90
"""Rows that one transaction may write, less some for what is written beside an entry."""
BY_CLICK = (Reason.LAST_CLICK, Reason.FIRST_CLICK, Reason.LINEAR)


def campaigns_on(order: Order, terms: Terms) -> tuple[Campaign, ...]:
    """Return the campaigns that an order is within, by id; by when it was paid, or placed."""
    instants = {Clock.PAID: order.paid_at, Clock.PLACED: order.placed_at}
    found = [c for c in terms.campaigns if (at := instants[c.clock]) is not None and c.is_on(at)]
    return tuple(sorted(found, key=lambda campaign: campaign.id))


def watches_groups(campaigns: Sequence[Campaign]) -> bool:
    """Say whether campaigns are for categories or collections, so that products must be known."""
    return any(c.audience.collection_ids or c.audience.categories for c in campaigns)


def watches_products(campaigns: Sequence[Campaign]) -> bool:
    """Say whether campaigns are for some products only, so that it matters which an order has."""
    return any(c.audience.product_ids for c in campaigns) or watches_groups(campaigns)


def with_campaigns(
    decision: Decision,
    order: Order,
    plan: Plan,
    campaigns: Sequence[Campaign],
    promoters: Mapping[str, Promoter],
) -> Decision:
    """Return a decision with the campaigns of each claim; itself where there are none."""
    if not campaigns:
        return decision
    if watches_products(campaigns):
        decision = replace(decision, basis=basis_of(order, plan, has_products=True))
        items = with_sold(order.lines, decision.products)
        campaigns = [c for c in campaigns if any(is_for(c.audience, item) for item in items)]
    reached = [
        [c for c in campaigns if claim[0] != HOUSE and _reaches(c, claim[0], decision, order, promoters)]
        for claim in decision.claims
    ]
    kept = _kept(campaigns, reached, decision, plan)
    ids = tuple(tuple(c.id for c in each if c in kept) for each in reached)
    return replace(decision, campaigns=ids if any(ids) else ())


def _reaches(
    campaign: Campaign, promoter_id: str, decision: Decision, order: Order, promoters: Mapping[str, Promoter]
) -> bool:
    audience = campaign.audience
    at = order.placed_at if campaign.clock is Clock.PLACED else order.paid_at
    if at is None or order.placed_at is None:
        return False
    channel = _channel(promoter_id, decision, order.placed_at, promoters) if audience.channels else ""
    return (not audience.channels or channel in audience.channels) and _is_new_enough(
        audience, promoters[promoter_id], at
    )


def _is_new_enough(audience: Audience, promoter: Promoter, at: datetime) -> bool:
    within = audience.joined_within_days
    return within is None or (promoter.joined_at <= at and at - promoter.joined_at < within * DAY)


def _channel(
    promoter_id: str, decision: Decision, placed_at: datetime, promoters: Mapping[str, Promoter]
) -> str | None:
    """Return the channel of the click that won for a promoter, None where no click did."""
    if decision.reason not in BY_CLICK:
        return None
    won = [
        touch
        for touch in decision.candidates
        if touch.reason is Reason.ELIGIBLE
        and touch.click_id
        and person_of(touch.promoter_id, promoters, placed_at) == promoter_id
    ]
    won.sort(key=lambda touch: (touch.occurred_at, touch.click_id))
    return _winning(won, decision).channel if won else None


def _winning(won: Sequence[Candidate], decision: Decision) -> Candidate:
    return won[0] if decision.reason is Reason.FIRST_CLICK else won[-1]


def _kept(
    campaigns: Sequence[Campaign], reached: Sequence[Sequence[Campaign]], decision: Decision, plan: Plan
) -> list[Campaign]:
    """Return the first campaigns whose counters one transaction has room for beside the plan's."""
    room, kept = MOST_WRITES - _counters(decision, plan), list[Campaign]()
    for campaign in campaigns:
        whose = sum(campaign in each for each in reached)
        needed = shards_of(campaign) + (whose if campaign.promoter_cap is not None else 0)
        if whose and needed <= room and len(kept) < MAX_CAMPAIGNS:
            kept.append(campaign)
            room -= needed
    return kept


def _counters(decision: Decision, plan: Plan) -> int:
    """Return how many counters the plan's caps and bonuses may change for an order at most."""
    earners = {name for chain in decision.chains for name in chain if name != HOUSE}
    counted = [cap for cap in plan.caps if cap.is_counted]
    each = sum(cap.per is CapPer.PROMOTER for cap in counted)
    return each * len(earners) + len(counted) - each + len(decision.recruiters)
