"""What an order wants: everything that can be said before it is known what others have left of it.

It rests on the order, its decision and the terms alone. So it is worked out once, for whoever looks for
the counters to read and for whoever makes the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grapevine.domain.campaign_grants import budget_keys, promoter_key
from grapevine.domain.campaigns import Pays
from grapevine.domain.caps import Cap, CapPer, period_name
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra, earned_by_promoter, earns, worked_out
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey, Use
from grapevine.domain.orders import Order
from grapevine.domain.payees import cap_subject
from grapevine.domain.programs import Terms
from grapevine.domain.sharing import share_out, totals_by, turns_of, united, uses_of

CAP = "cap."
"""How what a cap makes scarce is named: this, then the cap's id."""
OwnKey = tuple[str, str]
"""A cap on one order, and whose part of it: a promoter's, or (empty) everybody's."""
Shards = Sequence[tuple[GrantKey, int]]
AFTER_LEVELS = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What an order wants that is under a cap or in a campaign.

    `parts` has what each level, and after them each extra that pays cash, wants within the caps on
    this order alone; `own` what that uses of those. `keys` has the counters that each level and each
    extra is in, with their limits, `mine` those of them that are a campaign's own, by extra. `budgets`
    has the shards of each campaign that has a budget.
    """

    earners: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    own: Mapping[OwnKey, Use] = field(default_factory=dict)
    turns: Sequence[int] = ()
    keys: Sequence[Mapping[GrantKey, int]] = ()
    limits: Mapping[GrantKey, int] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
    mine: Sequence[Mapping[GrantKey, int]] = ()
    budgets: Mapping[str, Shards] = field(default_factory=dict)


NOTHING_WANTED = Wants()
Wanted = dict[str, int] | Wants
"""What an order wants: by earner, which is all there is to say where nothing limits it, or within limits."""


def wants_of(key: OrderKey, order: Order, decision: Decision, terms: Terms) -> Wanted:
    """Return what an order wants; most are under no cap and in no campaign."""
    plan = terms.plan_version(decision.plan_version)
    if plan.caps or plan.points_per_unit or decision.campaigns:
        return limited_wants(key, order, decision, terms)
    return earned_by_promoter(order, decision, terms)


def limited_wants(key: OrderKey, order: Order, decision: Decision, terms: Terms) -> Wants:
    """Return what an order wants level by level, with everything that limits it."""
    if not earns(order, terms):
        return NOTHING_WANTED
    plan, worked = terms.plan_version(decision.plan_version), worked_out(order, decision, terms)
    cash = [extra for extra in worked.extras if extra.pays is Pays.CASH]
    earners = tuple([earner for _, earner, _ in worked.levels])
    earned = [commission.earned_minor for _, _, commission in worked.levels]
    earned += [extra.commission.earned_minor for extra in cash]
    everybody = [*earners, *(extra.promoter_id for extra in cash)]
    own = [_own_keys(cap_subject(earner, decision), plan.caps) for earner in everybody]
    turns = turns_of([level for level, _, _ in worked.levels] + [AFTER_LEVELS] * len(worked.extras))
    parts = share_out(earned, own, united(own), turns[: len(earned)])
    kept = totals_by(parts, own)
    mine = [_promoter_keys(extra, decision, terms.program.id) for extra in worked.extras]
    keys = _keys(earners, worked.extras, mine, order, decision, terms)
    return Wants(
        earners=earners,
        parts=parts,
        own=uses_of(totals_by(earned, own), kept, kept),
        turns=turns,
        keys=keys,
        limits=united(keys),
        extras=worked.extras,
        mine=mine,
        budgets=_budgets(worked.extras, key, terms.program.id) if worked.extras else {},
    )


def _keys(
    earners: Sequence[str],
    extras: Sequence[Extra],
    mine: Sequence[Mapping[GrantKey, int]],
    order: Order,
    decision: Decision,
    terms: Terms,
) -> list[Mapping[GrantKey, int]]:
    caps = [cap for cap in terms.plan_version(decision.plan_version).caps if cap.is_counted]
    found: list[Mapping[GrantKey, int]] = [
        _counted_keys(cap_subject(earner, decision), order, caps, terms) for earner in earners
    ]
    for extra, campaigns in zip(extras, mine, strict=True):
        whose = cap_subject(extra.promoter_id, decision)
        counted = _counted_keys(whose, order, caps, terms) if extra.pays is Pays.CASH else {}
        found.append({**counted, **campaigns})
    return found


def _budgets(extras: Sequence[Extra], key: OrderKey, program_id: str) -> dict[str, Shards]:
    limited = {e.campaign.id: e.campaign for e in extras if e.campaign and e.campaign.budget is not None}
    return {name: budget_keys(campaign, str(key), program_id) for name, campaign in limited.items()}


def _promoter_keys(extra: Extra, decision: Decision, program_id: str) -> dict[GrantKey, int]:
    campaign = extra.campaign
    if campaign is None or campaign.promoter_cap is None:
        return {}
    return {
        promoter_key(campaign, cap_subject(extra.promoter_id, decision), program_id): campaign.promoter_cap
    }


def _own_keys(whose: str, caps: Sequence[Cap]) -> dict[OwnKey, int]:
    if whose == HOUSE:
        return {}
    return {
        (cap.id, whose if cap.per is CapPer.PROMOTER else ""): cap.amount_minor
        for cap in caps
        if not cap.is_counted
    }


def _counted_keys(whose: str, order: Order, caps: Sequence[Cap], terms: Terms) -> dict[GrantKey, int]:
    """Return the counters that an earner's part of a paid order is in, with their limits.

    `whose` is the earner, or the payee identity of theirs: one person has one counter.
    """
    found: dict[GrantKey, int] = {}
    for cap in caps:
        subject = order.customer_key if cap.per is CapPer.CUSTOMER else whose
        if subject and order.paid_at and whose != HOUSE:
            period = period_name(cap.period, order.paid_at, terms.program.time_zone)
            found[GrantKey(terms.program.id, CAP + cap.id, subject, period)] = cap.amount_minor
    return found
