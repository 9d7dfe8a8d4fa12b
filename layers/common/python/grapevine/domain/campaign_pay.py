"""What campaigns add to what a line earns, or to its points: exact, line by line, before any rounding.

The plan's rate and the tier come first, then the campaigns by their stacking, of one stacking by id:

- add: its multiple of the plan's rate, what it adds and its bonus, whatever else there is;
- multiply: its multiple of the rate, the tier and all that was added before it, one after the other;
- max: what it would add alone, as far as that is more than the tier and all others added before it;
- exclusive: it alone. What the tier adds is a part of what it pays; where that is less than the tier
  adds, the tier adds no more than that.

Then what a coupon keeps, then the plan's caps, which the campaigns give way to first, the last first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grapevine.domain.campaigns import WHOLE_BPS, Audience, Campaign, Stacking
from grapevine.domain.commissions import PER_ORDER, LevelCommission, LineShare
from grapevine.domain.lines import OrderLine
from grapevine.domain.money import Rounding, allocate, prorate, round_ratio
from grapevine.domain.order_pay import gone
from grapevine.domain.rates import LineRate, LineWish, within

Rated = list[tuple[OrderLine, LineRate]]
SEQUENCE = (Stacking.ADD, Stacking.MULTIPLY, Stacking.MAX)
_RANKS = {stacking: rank for rank, stacking in enumerate(Stacking)}


@dataclass(frozen=True, slots=True)
class Boost:
    """One campaign on one line: what it adds to what it multiplies, and the line's part of its bonus."""

    campaign: Campaign
    added: int
    bonus: int

    def over(self, amount: int) -> int:
        """Return what it adds to an amount, but for its bonus; exact, while the amount has its digits."""
        return amount * (self.campaign.multiplier_bps - WHOLE_BPS) // WHOLE_BPS + self.added

    def alone(self, own: int) -> int:
        """Return what it adds to the plan's own rate."""
        return self.over(own) + self.bonus


def stacked(own: int, tier: int, boosts: Sequence[Boost]) -> tuple[int, list[int]]:
    """Return what is taken from what the tier adds, and what each campaign adds; `boosts` go by id."""
    parts = [0] * len(boosts)
    exclusive = [n for n, boost in enumerate(boosts) if boost.campaign.stacking is Stacking.EXCLUSIVE]
    if exclusive:
        best = max(exclusive, key=lambda n: boosts[n].alone(own))
        excess = boosts[best].alone(own) - tier
        parts[best] = max(0, excess)
        return max(0, -excess), parts
    for mode in SEQUENCE:
        for n, boost in enumerate(boosts):
            if boost.campaign.stacking is mode:
                parts[n] = _part(boost, own, tier + sum(parts))
    return 0, parts


def _part(boost: Boost, own: int, before: int) -> int:
    if boost.campaign.stacking is Stacking.ADD:
        return boost.alone(own)
    if boost.campaign.stacking is Stacking.MULTIPLY:
        return boost.over(own + before)
    return max(0, boost.alone(own) - before)


def digits(campaigns: Sequence[Campaign]) -> int:
    """Return what exact amounts are counted in, so that multiplying by basis points leaves no rest."""
    steps = [campaign for campaign in campaigns if campaign.stacking is Stacking.MULTIPLY]
    return int(WHOLE_BPS ** (len(steps) + 1)) if campaigns else 1


def cash_pay(
    wished: Sequence[tuple[OrderLine, LineWish]], campaigns: Sequence[Campaign], kept_bps: int
) -> tuple[Rated, Rated]:
    """Return what lines earn at each level, and from each campaign, within the plan's line and pool caps."""
    shares = dealt([item for item, _ in wished], campaigns)
    paid = [
        (item, *_line_pay(wish, campaigns, share, kept_bps))
        for (item, wish), share in zip(wished, shares, strict=True)
    ]
    return [(item, rate) for item, rate, _ in paid], [(item, extra) for item, _, extra in paid]


def _line_pay(
    wish: LineWish, campaigns: Sequence[Campaign], shares: Sequence[int | None], kept_bps: int
) -> tuple[LineRate, LineRate]:
    unit = digits(campaigns)
    boosts = [
        Boost(campaign, wish.per_bps * campaign.add_bps * unit, share * wish.scale * unit)
        for campaign, share in zip(campaigns, shares, strict=True)
        if share is not None
    ]
    cut, parts = stacked((wish.wanted[0] - wish.uplift) * unit, wish.uplift * unit, boosts)
    wanted = tuple([(level * unit - cut * (n == 0)) * kept_bps for n, level in enumerate(wish.wanted)])
    caps = wish.line_cap * unit * WHOLE_BPS, wish.pool_cap * unit * WHOLE_BPS
    granted = within(*caps, wanted)
    offered = _spread([part * kept_bps for part in parts], shares)
    most = min(wanted[0] + sum(offered), caps[0], caps[1] - sum(granted[1:]))
    extra = _giving_way(offered, campaigns, most - granted[0])
    rate = LineRate(
        scaled=granted,
        scale=wish.scale * unit * WHOLE_BPS,
        rule_id=wish.rule_id,
        by_units=wish.by_units,
        is_capped=granted != wanted,
    )
    return rate, replace(rate, scaled=extra, is_capped=extra != offered)


def _spread(parts: Sequence[int], shares: Sequence[int | None]) -> tuple[int, ...]:
    """Return the parts with nothing for the campaigns that the line is not in."""
    fitting = iter(parts)
    return tuple([0 if share is None else next(fitting) for share in shares])


def _giving_way(parts: Sequence[int], campaigns: Sequence[Campaign], room: int) -> tuple[int, ...]:
    """Return what is left of campaigns' parts; who came last gives way first."""
    if sum(parts) <= room:
        return tuple(parts)
    given = list(parts)
    for n in sorted(range(len(parts)), key=lambda n: _RANKS[campaigns[n].stacking]):
        given[n] = min(parts[n], room)
        room -= given[n]
    return tuple(given)


def point_pay(
    items: Sequence[OrderLine], campaigns: Sequence[Campaign], per_unit: int, unit_worth: tuple[int, int]
) -> Rated:
    """Return the points of lines: the plan's first, then each campaign's.

    `unit_worth` is what a minor unit of the order is in whole units of the program's currency.
    """
    unit, (worth, scale) = digits(campaigns), unit_worth
    rated: Rated = []
    for item, shares in zip(items, dealt(items, campaigns), strict=True):
        base = item.base_minor * worth * unit
        boosts = [
            Boost(campaign, base * campaign.add_points_per_unit, share * scale * unit)
            for campaign, share in zip(campaigns, shares, strict=True)
            if share is not None
        ]
        cut, parts = stacked(base * per_unit, 0, boosts)
        scaled = (base * per_unit - cut, *_spread(parts, shares))
        rate = LineRate(scaled=scaled, scale=scale * unit, rule_id=None, by_units=False, is_capped=False)
        rated.append((item, rate))
    return rated


def free_pay(
    items: Sequence[OrderLine], campaigns: Sequence[Campaign], kept_bps: int, rounding: Rounding
) -> list[LevelCommission]:
    """Return what campaigns' bonuses come to for an order whose base is nothing: they are for the order."""
    unit = digits(campaigns)
    fitting = [any(is_for(campaign.audience, item) for item in items) for campaign in campaigns]
    shares = [campaign.bonus if fits else None for campaign, fits in zip(campaigns, fitting, strict=True)]
    pairs = zip(campaigns, shares, strict=True)
    boosts = [Boost(campaign, 0, share * unit) for campaign, share in pairs if share is not None]
    offered = _spread(stacked(0, 0, boosts)[1], shares)
    part, whole = gone(items)
    return [
        _for_the_order(round_ratio(minor * kept_bps, unit * WHOLE_BPS, rounding), part, whole, rounding)
        for minor in offered
    ]


def _for_the_order(minor: int, part: int, whole: int, rounding: Rounding) -> LevelCommission:
    share = LineShare(
        line_id="",
        base_minor=0,
        refunded_minor=0,
        share_minor=minor,
        reversed_minor=prorate(minor, part, whole, rounding) if whole else 0,
        component=PER_ORDER,
    )
    return LevelCommission(rate_bps=0, total_minor=minor, shares=(share,) if minor else ())


def dealt(items: Sequence[OrderLine], campaigns: Sequence[Campaign]) -> list[tuple[int | None, ...]]:
    """Return for each line, by campaign, its part of the bonus; None where the campaign is not for it."""
    columns = [_column(campaign, items) for campaign in campaigns]
    return [tuple(column[n] for column in columns) for n in range(len(items))]


def _column(campaign: Campaign, items: Sequence[OrderLine]) -> list[int | None]:
    fitting = [n for n, item in enumerate(items) if is_for(campaign.audience, item)]
    shares: list[int | None] = [None] * len(items)
    weights = [items[n].base_minor for n in fitting]
    parts = allocate(campaign.bonus, weights) if any(weights) else (0,) * len(fitting)
    for n, part in zip(fitting, parts, strict=True):
        shares[n] = part
    return shares


def is_for(audience: Audience, item: OrderLine) -> bool:
    """Say whether a line is one of those that an audience names; of all of them where it names none."""
    if not (audience.product_ids or audience.collection_ids or audience.categories):
        return True
    product = item.product
    return item.line.product_id in audience.product_ids or (
        product is not None
        and (
            product.category in audience.categories
            or not set(product.collections).isdisjoint(audience.collection_ids)
        )
    )
