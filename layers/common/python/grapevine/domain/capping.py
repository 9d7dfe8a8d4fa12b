"""What an order's caps leave: the levels furthest from the sale give way first.

Caps on this order alone come first and need nothing else. What is wanted after them of the caps that
other orders have a part in is limited to what the order was granted, or to what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grapevine.domain.campaign_grants import budget_uses, promoter_key
from grapevine.domain.campaigns import Pays
from grapevine.domain.caps import Cap, CapPer, period_name
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra, earned_by_promoter, earns, worked_out
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey, Holdings, Use, Uses, offered
from grapevine.domain.orders import Order
from grapevine.domain.payees import cap_subject
from grapevine.domain.programs import Terms
from grapevine.domain.sharing import share_out, totals_by, turns_of, united, uses_of

CAP = "cap."
"""How what a cap makes scarce is named: this, then the cap's id."""
OwnKey = tuple[str, str]
"""A cap on one order, and whose part of it: a promoter's, or (empty) everybody's."""
AFTER_LEVELS = 99


@dataclass(frozen=True, slots=True)
class Capped:
    """What an order earns within its caps: by earner, and what it uses of each cap.

    `amounts` is money and `points` points, by earner; `budgets` what each campaign pays of it, in what it
    pays. `minors` has what is left of each level, as `levels` has them; `own` is what it uses of the caps
    on this order alone; `extras` what campaigns and points come to, each with what was wanted of it and
    what is left.
    """

    amounts: dict[str, int]
    uses: Uses = field(default_factory=dict)
    minors: tuple[int, ...] = ()
    own: Mapping[OwnKey, Use] = field(default_factory=dict)
    points: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    extras: tuple[tuple[Extra, Use], ...] = ()


UNCAPPED = Capped({})


def earned_within(
    key: OrderKey,
    order: Order,
    decision: Decision,
    terms: Terms,
    holdings: Holdings,
    voided: Sequence[str] = (),
) -> tuple[dict[str, int], Capped]:
    """Return what money everybody has earned within the caps, and what else the caps have to do with it.

    Most orders are under no cap and in no campaign; then there is nothing else.
    """
    plan = terms.plan_version(decision.plan_version)
    if not (plan.caps or plan.points_per_unit or decision.campaigns):
        return earned_by_promoter(order, decision, terms), UNCAPPED
    within = capped(key, order, decision, terms, holdings, voided)
    return within.amounts, within


def capped(
    key: OrderKey,
    order: Order,
    decision: Decision,
    terms: Terms,
    holdings: Holdings,
    voided: Sequence[str] = (),
) -> Capped:
    """Return what the levels of an order earn within the caps and what was granted.

    Campaigns are in the plan's caps too and give way to every level, and have their own besides. A
    campaign pays nothing to who is `voided`.
    """
    plan = terms.plan_version(decision.plan_version)
    if not earns(order, terms):
        return Capped({})
    worked = worked_out(order, decision, terms)
    cash = [extra for extra in worked.extras if extra.pays is Pays.CASH]
    count, earners = len(worked.levels), [earner for _, earner, _ in worked.levels]
    earned = [commission.earned_minor for _, _, commission in worked.levels]
    earned += [extra.commission.earned_minor for extra in cash]
    everybody = [*earners, *(extra.promoter_id for extra in cash)]
    own = [_own_keys(cap_subject(earner, decision), plan.caps) for earner in everybody]
    turns = turns_of([level for level, _, _ in worked.levels] + [AFTER_LEVELS] * len(worked.extras))
    wanted = share_out(earned, own, united(own), turns[: len(earned)])
    kept = totals_by(wanted, own)
    own_uses = uses_of(totals_by(earned, own), kept, kept)
    counted = [_counted_keys(cap_subject(earner, decision), order, plan.caps, terms) for earner in earners]
    if not worked.extras:
        minors, uses = _counted(wanted, counted, turns, holdings)
        return Capped(_summed(zip(earners, minors, strict=True)), uses, minors, own_uses)
    offers = _offers(worked.extras, wanted[count:], voided)
    counted += [
        _counted_keys(cap_subject(extra.promoter_id, decision), order, plan.caps, terms)
        if extra.pays is Pays.CASH
        else {}
        for extra in worked.extras
    ]
    parts = (*wanted[:count], *(offer.granted for offer in offers))
    minors, uses = _with_budgets(parts, counted, turns, worked.extras, key, decision, terms, holdings)
    left = minors[count:]
    extras = tuple(zip(worked.extras, map(Use, [offer.wanted for offer in offers], left), strict=True))
    paid = [(extra.promoter_id, use.granted) for extra, use in extras if extra.pays is Pays.CASH]
    return Capped(
        amounts=_summed([*zip(earners, minors[:count], strict=True), *paid]),
        uses=uses,
        minors=minors[:count],
        own=own_uses,
        points=_summed((e.promoter_id, use.granted) for e, use in extras if e.pays is Pays.POINTS),
        budgets=_summed((e.campaign.id, use.granted) for e, use in extras if e.campaign),
        extras=extras,
    )


def _counted(
    wanted: Sequence[int], counted: Sequence[Mapping[GrantKey, int]], turns: Sequence[int], holdings: Holdings
) -> tuple[tuple[int, ...], Uses]:
    """Return what caps over several orders leave, and what that uses of them."""
    limits, totals = united(counted), totals_by(wanted, counted)
    room = {name: holdings.room(name, minor, limits[name]) for name, minor in totals.items()}
    minors = share_out(wanted, counted, room, turns)
    return minors, uses_of(totals, totals_by(minors, counted), room)


def _offers(extras: Sequence[Extra], cash: Sequence[int], voided: Sequence[str]) -> list[Use]:
    """Return what is wanted of campaigns and what they offer at most; `cash` is what the plan's caps leave.

    That is what the campaign's cap on one order leaves, and nothing to who is voided.
    """
    left = iter(cash)
    wanted = [next(left) if e.pays is Pays.CASH else e.commission.earned_minor for e in extras]
    given = [0 if extra.promoter_id in voided else minor for extra, minor in zip(extras, wanted, strict=True)]
    limits = {extra.campaign.id: extra.campaign.order_cap for extra in extras if extra.campaign}
    most = share_out(given, *_keyed(extras, limits), range(len(extras)))
    return [Use(minor, left) for minor, left in zip(wanted, most, strict=True)]


def _with_budgets(
    parts: Sequence[int],
    counted: Sequence[Mapping[GrantKey, int]],
    turns: Sequence[int],
    extras: Sequence[Extra],
    key: OrderKey,
    decision: Decision,
    terms: Terms,
    holdings: Holdings,
) -> tuple[tuple[int, ...], Uses]:
    """Return what counted caps, campaigns' caps on promoters and their budgets leave of all parts at once.

    At once, because what one of them refuses must use nothing of another: then the same parts within
    what was used come to the same again, and posting twice moves nothing. The extras are the last parts.
    """
    before: list[Mapping[GrantKey, int]] = [{} for _ in range(len(parts) - len(extras))]
    mine = [*before, *(_promoter_keys(extra, decision, terms.program.id) for extra in extras)]
    within, _ = _counted(parts, mine, turns, holdings)
    budgets = _budgets(extras, within[len(before) :], key, terms.program.id, holdings)
    keys = [{**one, **other} for one, other in zip(counted, mine, strict=True)]
    limits, totals = united(keys), totals_by(parts, keys)
    room: dict[GrantKey | str, int] = {
        name: holdings.room(name, minor, limits[name]) for name, minor in totals.items()
    }
    room |= {name: sum(use.granted for use in shards.values()) for name, shards in budgets.items()}
    shared = [*[() for _ in before], *_keyed(extras, dict.fromkeys(budgets, 0))[0]]
    named: list[tuple[GrantKey | str, ...]] = [
        (*each, *budget) for each, budget in zip(keys, shared, strict=True)
    ]
    minors = share_out(parts, named, room, turns)
    used = totals_by(minors, named)
    uses = {name: offered(minor, used[name], room[name]) for name, minor in totals.items()}
    for name, shards in budgets.items():
        uses |= _cut(shards, used.get(name, 0))
    return minors, uses


def _budgets(
    extras: Sequence[Extra], parts: Sequence[int], key: OrderKey, program_id: str, holdings: Holdings
) -> dict[str, Uses]:
    """Return by campaign what an order uses of the shards of its budget, for all of its parts together."""
    limited = {e.campaign.id: e.campaign for e in extras if e.campaign and e.campaign.budget is not None}
    names = _keyed(extras, dict.fromkeys(limited, 0))[0]
    wanted = totals_by(parts, names)
    return {
        name: dict(budget_uses(campaign, wanted[name], str(key), program_id, holdings))
        for name, campaign in limited.items()
    }


def _cut(shards: Uses, used: int) -> Uses:
    """Return shards with no more taken than is used, of the last ones less."""
    found: dict[GrantKey, Use] = {}
    for name, use in shards.items():
        found[name] = offered(use.wanted, min(use.granted, used), use.granted)
        used -= found[name].granted
    return found


def _keyed(
    extras: Sequence[Extra], limits: Mapping[str, int | None]
) -> tuple[list[tuple[str, ...]], dict[str, int]]:
    """Return which limit each extra is under, a campaign's or none, and those limits."""
    real = {name: limit for name, limit in limits.items() if limit is not None}
    return [(e.campaign.id,) if e.campaign and e.campaign.id in real else () for e in extras], real


def _promoter_keys(extra: Extra, decision: Decision, program_id: str) -> dict[GrantKey, int]:
    campaign = extra.campaign
    if campaign is None or campaign.promoter_cap is None:
        return {}
    return {
        promoter_key(campaign, cap_subject(extra.promoter_id, decision), program_id): campaign.promoter_cap
    }


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for name, minor in pairs:
        total[name] = total.get(name, 0) + minor
    return {name: minor for name, minor in total.items() if minor}


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
        if cap.is_counted and subject and order.paid_at and whose != HOUSE:
            period = period_name(cap.period, order.paid_at, terms.program.time_zone)
            found[GrantKey(terms.program.id, CAP + cap.id, subject, period)] = cap.amount_minor
    return found


def asked_by_caps(
    key: OrderKey, order: Order, decision: Decision, terms: Terms, holdings: Holdings
) -> list[GrantKey]:
    """Return the counters that must be read before anybody can say what the caps and budgets leave.

    A budget is asked for what the caps before it leave, so those are taken to leave everything.
    """
    uses = capped(key, order, decision, terms, replace(holdings, hopeful=True)).uses
    return [name for name, use in uses.items() if holdings.asks(name, use.wanted)]
