"""What an order's caps leave: the levels furthest from the sale give way first.

Caps on this order alone come first and need nothing else. What is wanted after them of the caps that
other orders have a part in is limited to what the order was granted, or to what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grapevine.domain.campaign_grants import budget_uses
from grapevine.domain.campaigns import Pays
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey, Holdings, Use, Uses, offered
from grapevine.domain.orders import Order
from grapevine.domain.programs import Terms
from grapevine.domain.sharing import share_out, totals_by, uses_of
from grapevine.domain.wants import OwnKey, Wanted, Wants, limited_wants


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


def capped(
    key: OrderKey,
    order: Order,
    decision: Decision,
    terms: Terms,
    holdings: Holdings,
    voided: Sequence[str] = (),
) -> Capped:
    """Return what the levels of an order earn within the caps and what was granted."""
    return capped_wants(limited_wants(key, order, decision, terms), holdings, voided)


def capped_wants(wants: Wanted, holdings: Holdings, voided: Sequence[str] = ()) -> Capped:
    """Return what the caps and what was granted leave of what an order wants.

    Campaigns are in the plan's caps too and give way to every level, and have their own besides. A
    campaign pays nothing to who is `voided`.
    """
    if not isinstance(wants, Wants):
        return Capped(wants)
    if not wants.extras:
        minors, uses = _counted(wants.parts, wants.keys, wants, holdings)
        return Capped(_summed(zip(wants.earners, minors, strict=True)), uses, minors, wants.own)
    count = len(wants.earners)
    offers = _offers(wants.extras, wants.parts[count:], voided)
    parts = (*wants.parts[:count], *(offer.granted for offer in offers))
    minors, uses = _with_budgets(parts, wants, holdings)
    extras = tuple(
        [
            (extra, Use(offer.wanted, left))
            for extra, offer, left in zip(wants.extras, offers, minors[count:], strict=True)
        ]
    )
    paid = [(extra.promoter_id, use.granted) for extra, use in extras if extra.pays is Pays.CASH]
    return Capped(
        amounts=_summed([*zip(wants.earners, minors[:count], strict=True), *paid]),
        uses=uses,
        minors=minors[:count],
        own=wants.own,
        points=_summed((e.promoter_id, use.granted) for e, use in extras if e.pays is Pays.POINTS),
        budgets=_summed((e.campaign.id, use.granted) for e, use in extras if e.campaign),
        extras=extras,
    )


def _counted(
    parts: Sequence[int], keys: Sequence[Mapping[GrantKey, int]], wants: Wants, holdings: Holdings
) -> tuple[tuple[int, ...], Uses]:
    """Return what caps over several orders leave, and what that uses of them."""
    if not wants.limits:
        return tuple(parts), {}
    totals = totals_by(parts, keys)
    room = {name: holdings.room(name, minor, wants.limits[name]) for name, minor in totals.items()}
    minors = share_out(parts, keys, room, wants.turns)
    return minors, uses_of(totals, totals_by(minors, keys), room)


def _offers(extras: Sequence[Extra], cash: Sequence[int], voided: Sequence[str]) -> list[Use]:
    """Return what is wanted of campaigns and what they offer at most; `cash` is what the plan's caps leave.

    That is what the campaign's cap on one order leaves, and nothing to who is voided.
    """
    left = iter(cash)
    wanted = [next(left) if e.pays is Pays.CASH else e.commission.earned_minor for e in extras]
    given = [0 if extra.promoter_id in voided else minor for extra, minor in zip(extras, wanted, strict=True)]
    caps = {e.campaign.id: e.campaign.order_cap for e in extras if e.campaign}
    limits = {name: limit for name, limit in caps.items() if limit is not None}
    most = share_out(given, _keyed(extras, limits), limits, range(len(extras))) if limits else given
    return [Use(minor, left) for minor, left in zip(wanted, most, strict=True)]


def _with_budgets(parts: Sequence[int], wants: Wants, holdings: Holdings) -> tuple[tuple[int, ...], Uses]:
    """Return what counted caps, campaigns' caps on promoters and their budgets leave of all parts at once.

    At once, because what one of them refuses must use nothing of another: then the same parts within
    what was used come to the same again, and posting twice moves nothing. The extras are the last parts.
    """
    if not wants.budgets:
        return _counted(parts, wants.keys, wants, holdings)
    before = len(wants.earners)
    mine = [*[{} for _ in range(before)], *wants.mine]
    within, _ = _counted(parts, mine, wants, holdings)
    names = _keyed(wants.extras, wants.budgets)
    wanted = totals_by(within[before:], names)
    budgets = {
        name: dict(budget_uses(shards, wanted[name], holdings)) for name, shards in wants.budgets.items()
    }
    totals = totals_by(parts, wants.keys)
    room: dict[GrantKey | str, int] = {
        name: holdings.room(name, minor, wants.limits[name]) for name, minor in totals.items()
    }
    room |= {name: sum([use.granted for use in shards.values()]) for name, shards in budgets.items()}
    shared: list[tuple[str, ...]] = [*[() for _ in range(before)], *names]
    named: list[tuple[GrantKey | str, ...]] = [
        (*each, *budget) for each, budget in zip(wants.keys, shared, strict=True)
    ]
    minors = share_out(parts, named, room, wants.turns)
    used = totals_by(minors, named)
    uses = {name: offered(minor, used[name], room[name]) for name, minor in totals.items()}
    for name, shards in budgets.items():
        uses |= _cut(shards, used.get(name, 0))
    return minors, uses


def _cut(shards: Uses, used: int) -> Uses:
    """Return shards with no more taken than is used, of the last ones less."""
    found: dict[GrantKey, Use] = {}
    for name, use in shards.items():
        found[name] = offered(use.wanted, min(use.granted, used), use.granted)
        used -= found[name].granted
    return found


def _keyed(extras: Sequence[Extra], limited: Iterable[str]) -> list[tuple[str, ...]]:
    """Return which limit each extra is under: its campaign's, where that has one, or none."""
    names = set(limited)
    return [(e.campaign.id,) if e.campaign and e.campaign.id in names else () for e in extras]


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for name, minor in pairs:
        total[name] = total.get(name, 0) + minor
    return {name: minor for name, minor in total.items() if minor}


@dataclass(frozen=True, slots=True)
class Asked:
    """The counters that must be read before anybody can say what the caps and budgets leave.

    `within` is what they leave where none must be: then nothing that others have changes it.
    """

    keys: tuple[GrantKey, ...] = ()
    within: Capped | None = None


NOTHING_ASKED = Asked()


def asked_by_caps(wants: Wanted, holdings: Holdings) -> Asked:
    """Return what must be read first.

    A budget is asked for what the caps before it leave, so those are taken to leave everything.
    """
    within = capped_wants(wants, Holdings(holdings.held, holdings.taken, hopeful=True))
    keys = tuple([name for name, use in within.uses.items() if holdings.asks(name, use.wanted)])
    return Asked(keys, None if keys else within)
