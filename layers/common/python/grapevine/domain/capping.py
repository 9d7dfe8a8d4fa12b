"""What an order's caps leave: the levels furthest from the sale give way first.

Caps on this order alone come first and need nothing else. What is wanted after them of the caps that
other orders have a part in is limited to what the order was granted, or to what is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grapevine.domain.campaign_grants import budget_uses, promoter_key
from grapevine.domain.campaigns import Pays
from grapevine.domain.caps import Cap, CapPer, period_name
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra, earned_by_promoter, earns, worked_out
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import NO_USES, GrantKey, Holdings, Use, Uses
from grapevine.domain.orders import Order
from grapevine.domain.payees import cap_subject
from grapevine.domain.programs import Terms

CAP = "cap."
"""How what a cap makes scarce is named: this, then the cap's id."""
OwnKey = tuple[str, str]
"""A cap on one order, and whose part of it: a promoter's, or (empty) everybody's."""
AFTER_LEVELS = 99
K = TypeVar("K", bound=Hashable)


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

    Campaigns are in the plan's caps too and give way to every level; what is left of them is limited by
    their own. A campaign pays nothing to who is `voided`.
    """
    plan = terms.plan_version(decision.plan_version)
    if not earns(order, terms):
        return Capped({})
    worked = worked_out(order, decision, terms)
    cash = [extra for extra in worked.extras if extra.pays is Pays.CASH]
    earners = [earner for _, earner, _ in worked.levels] + [extra.promoter_id for extra in cash]
    turns = _turns([level for level, _, _ in worked.levels] + [AFTER_LEVELS] * len(cash))
    earned = [commission.earned_minor for _, _, commission in worked.levels]
    earned += [extra.commission.earned_minor for extra in cash]
    subjects = [cap_subject(earner, decision) for earner in earners] if decision.payees else earners
    own = [_own_keys(subject, plan.caps) for subject in subjects]
    wanted = share_out(earned, own, _united(own), turns)
    counted = [_counted_keys(subject, order, plan.caps, terms) for subject in subjects]
    limits, totals = _united(counted), _totals(wanted, counted)
    room = {name: holdings.room(name, minor, limits[name]) for name, minor in totals.items()}
    minors, uses = share_out(wanted, counted, room, turns), NO_USES
    count = len(worked.levels)
    extras: tuple[tuple[Extra, Use], ...] = ()
    if worked.extras:
        extras, uses = limited(worked.extras, minors[count:], key, decision, terms, holdings, voided)
        minors = (*minors[:count], *(use.granted for extra, use in extras if extra.pays is Pays.CASH))
    return Capped(
        amounts=_by_earner(earners, minors),
        uses={**_uses(totals, _totals(minors, counted)), **uses},
        minors=minors[:count],
        own=_uses(_totals(earned, own), _totals(wanted, own)),
        points=_summed((e.promoter_id, use.granted) for e, use in extras if e.pays is Pays.POINTS),
        budgets=_summed((e.campaign.id, use.granted) for e, use in extras if e.campaign),
        extras=extras,
    )


def limited(
    extras: Sequence[Extra],
    cash: Sequence[int],
    key: OrderKey,
    decision: Decision,
    terms: Terms,
    holdings: Holdings,
    voided: Sequence[str],
) -> tuple[tuple[tuple[Extra, Use], ...], Uses]:
    """Return what of campaigns' parts their own caps and budgets leave, `cash` being what the plan's do."""
    left = iter(cash)
    wanted = [next(left) if e.pays is Pays.CASH else e.commission.earned_minor for e in extras]
    given = [0 if extra.promoter_id in voided else minor for extra, minor in zip(extras, wanted, strict=True)]
    turns, program_id, uses = range(len(extras)), terms.program.id, dict[GrantKey, Use]()
    campaigns = {extra.campaign.id: extra.campaign for extra in extras if extra.campaign}
    caps = {name: campaign.order_cap for name, campaign in campaigns.items()}
    given = list(share_out(given, *_keyed(extras, caps), turns))
    mine = [_promoter_keys(extra, decision, program_id) for extra in extras]
    asked = _totals(given, mine)
    room = {one: holdings.room(one, asked[one], limit) for one, limit in _united(mine).items()}
    given = list(share_out(given, mine, room, turns))
    granted: dict[str, int | None] = {}
    for name, campaign in campaigns.items():
        total = sum(m for extra, m in zip(extras, given, strict=True) if extra.campaign is campaign)
        shards = dict(budget_uses(campaign, total, str(key), program_id, holdings))
        uses |= shards
        granted[name] = None if campaign.budget is None else sum(use.granted for use in shards.values())
    final = share_out(given, *_keyed(extras, granted), turns)
    uses |= _uses(asked, _totals(final, mine))
    pairs = zip(extras, wanted, final, strict=True)
    return tuple((extra, Use(minor, got)) for extra, minor, got in pairs), uses


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


def share_out(
    wanted: Sequence[int], keys: Sequence[Iterable[K]], limits: Mapping[K, int], turns: Sequence[int]
) -> tuple[int, ...]:
    """Give everybody what they want as far as all of their limits allow, turn after turn.

    >>> share_out([50, 30, 20], [["a"], ["a", "b"], []], {"a": 60, "b": 5}, [0, 1, 2])
    (50, 5, 20)
    """
    left, given = dict(limits), list(wanted)
    for turn in turns:
        given[turn] = min((wanted[turn], *(left[key] for key in keys[turn])))
        for key in keys[turn]:
            left[key] -= given[turn]
    return tuple(given)


def _turns(numbers: Sequence[int]) -> list[int]:
    """Return whose turn it is: level by level from the sale up, of one level in the order of the claims."""
    return sorted(range(len(numbers)), key=lambda place: numbers[place])


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


def _united(keys: Iterable[Mapping[K, int]]) -> dict[K, int]:
    return {key: limit for each in keys for key, limit in each.items()}


def _totals(minors: Sequence[int], keys: Sequence[Iterable[K]]) -> dict[K, int]:
    totals: dict[K, int] = {}
    for minor, each in zip(minors, keys, strict=True):
        for key in each:
            totals[key] = totals.get(key, 0) + minor
    return totals


def _uses(wanted: Mapping[K, int], granted: Mapping[K, int]) -> dict[K, Use]:
    return {key: Use(minor, granted[key]) for key, minor in wanted.items()}


def _by_earner(earners: Sequence[str], minors: Sequence[int]) -> dict[str, int]:
    return _summed(zip(earners, minors, strict=True))


def asked_by_caps(
    key: OrderKey, order: Order, decision: Decision, terms: Terms, holdings: Holdings
) -> list[GrantKey]:
    """Return the counters that must be read before anybody can say what the caps and budgets leave."""
    uses = capped(key, order, decision, terms, holdings).uses
    return [name for name, use in uses.items() if holdings.asks(name, use.wanted)]
