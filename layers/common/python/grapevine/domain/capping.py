"""What an order's caps leave: the levels furthest from the sale give way first.

Caps on this order alone come first and need nothing else. What is wanted after them of the caps that
other orders have a part in is limited to what the order was granted, or to what is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grapevine.domain.caps import Cap, CapPer, period_name
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import earned_by_promoter, earns, levels
from grapevine.domain.grants import NO_USES, GrantKey, Holdings, Use, Uses
from grapevine.domain.orders import Order
from grapevine.domain.programs import Terms

CAP = "cap."
"""How what a cap makes scarce is named: this, then the cap's id."""
OwnKey = tuple[str, str]
"""A cap on one order, and whose part of it: a promoter's, or (empty) everybody's."""
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Capped:
    """What an order earns within its caps: by earner, and what it uses of each cap.

    `minors` has what is left of each level, as `levels` has them; `own` is what it uses of the caps
    on this order alone.
    """

    amounts: dict[str, int]
    uses: Uses = field(default_factory=dict)
    minors: tuple[int, ...] = ()
    own: Mapping[OwnKey, Use] = field(default_factory=dict)


def earned_within(
    order: Order, decision: Decision, terms: Terms, holdings: Holdings
) -> tuple[dict[str, int], Uses]:
    """Return what everybody has earned, within the plan's caps, and what that uses of those counted."""
    if not terms.plan_version(decision.plan_version).caps:
        return earned_by_promoter(order, decision, terms), NO_USES
    within = capped(order, decision, terms, holdings)
    return within.amounts, within.uses


def capped(order: Order, decision: Decision, terms: Terms, holdings: Holdings) -> Capped:
    """Return what the levels of an order earn within the caps and what was granted."""
    plan = terms.plan_version(decision.plan_version)
    if not earns(order, terms):
        return Capped({})
    found = levels(order, decision, terms)
    earners, turns = [earner for _, earner, _ in found], _turns([level for level, _, _ in found])
    earned = [commission.earned_minor for _, _, commission in found]
    own = [_own_keys(earner, plan.caps) for earner in earners]
    wanted = share_out(earned, own, _united(own), turns)
    counted = [_counted_keys(earner, order, plan.caps, terms) for earner in earners]
    limits, totals = _united(counted), _totals(wanted, counted)
    room = {key: holdings.room(key, minor, limits[key]) for key, minor in totals.items()}
    minors = share_out(wanted, counted, room, turns)
    return Capped(
        amounts=_by_earner(earners, minors),
        uses=_uses(totals, _totals(minors, counted)),
        minors=minors,
        own=_uses(_totals(earned, own), _totals(wanted, own)),
    )


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


def _own_keys(earner: str, caps: Sequence[Cap]) -> dict[OwnKey, int]:
    if earner == HOUSE:
        return {}
    return {
        (cap.id, earner if cap.per is CapPer.PROMOTER else ""): cap.amount_minor
        for cap in caps
        if not cap.is_counted
    }


def _counted_keys(earner: str, order: Order, caps: Sequence[Cap], terms: Terms) -> dict[GrantKey, int]:
    """Return the counters that an earner's part of a paid order is in, with their limits."""
    found: dict[GrantKey, int] = {}
    for cap in caps:
        subject = order.customer_key if cap.per is CapPer.CUSTOMER else earner
        if cap.is_counted and subject and order.paid_at and earner != HOUSE:
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
    amounts: dict[str, int] = {}
    for earner, minor in zip(earners, minors, strict=True):
        amounts[earner] = amounts.get(earner, 0) + minor
    return {earner: minor for earner, minor in amounts.items() if minor}


def asked_by_caps(order: Order, decision: Decision, terms: Terms, holdings: Holdings) -> list[GrantKey]:
    """Return the counters that must be read before anybody can say what the caps leave."""
    uses = capped(order, decision, terms, holdings).uses
    return [key for key, use in uses.items() if holdings.asks(key, use.wanted)]
