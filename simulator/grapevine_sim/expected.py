"""What everybody must have earned, worked out from the plans alone.

This is the second opinion on the engine's arithmetic: it shares no code with `grapevine`, and is
written with fractions where the engine uses whole numbers. Python rounds a fraction's half to the
even neighbour, which is the program's rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grapevine_sim.plans import LinePlan, OrderPlan, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """A promoter's truth in minor units; what is blocked is in none of the other amounts."""

    earned_minor: int
    refunded_minor: int
    blocked_minor: int
    paid_minor: int

    @property
    def net_minor(self) -> int:
        """What is payable once every hold is over."""
        return self.earned_minor - self.refunded_minor

    @property
    def carried_minor(self) -> int:
        """What stays for the next settlement."""
        return self.net_minor - self.paid_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The day's truth; sales are net of discounts and of tax inside the price, gift cards left out."""

    earnings: Mapping[str, Earnings]
    people_clicks: Mapping[str, int]
    bot_clicks: Mapping[str, int]
    orders: int
    standing_orders: int
    sales_minor: int
    returned_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One promoter's part of one order."""

    order: str
    promoter: str
    level: int
    earned_minor: int
    refunded_minor: int
    is_blocked: bool


def expected(world: World) -> Expected:
    """Return the truth about a world after every delivery, every hold and one settlement."""
    standing = [order for order in world.orders if stands(order)]
    names = [promoter.name for promoter in world.promoters]
    shares = [share for order in standing for share in shares_of(world, order)]
    return Expected(
        earnings={name: _earnings(name, shares, world.shop.minimum_payout_minor) for name in names},
        people_clicks={name: _clicks(world, name, is_person=True) for name in names},
        bot_clicks={name: _clicks(world, name, is_person=False) for name in names},
        orders=len(world.orders),
        standing_orders=len(standing),
        sales_minor=sum(base_of(order, line) for order in standing for line in order.lines),
        returned_minor=sum(returned_of(order, line) for order in standing for line in order.lines),
    )


def stands(order: OrderPlan) -> bool:
    """Say whether anybody earns from an order: it was paid and not cancelled."""
    return order.is_paid and not order.is_cancelled


def shares_of(world: World, order: OrderPlan) -> list[Share]:
    """Return what the promoters get from an order, the one whose link it was first."""
    chain = _chain(world, order)
    buyer = order.customer.email.lower()
    is_blocked = bool(chain) and world.promoter(chain[0]).email.lower() == buyer
    return [
        Share(
            order=order.key,
            promoter=name,
            level=level,
            earned_minor=_total(order, rate),
            refunded_minor=_reversed(order, rate),
            is_blocked=is_blocked,
        )
        for level, (name, rate) in enumerate(zip(chain, world.shop.rate_bps, strict=False), start=1)
    ]


def base_of(order: OrderPlan, line: LinePlan) -> int:
    """Return what commission is counted on."""
    if line.product.is_gift_card:
        return 0
    return line.net_minor - (line.tax_minor if order.taxes_included else 0)


def returned_of(order: OrderPlan, line: LinePlan) -> int:
    """Return the part of a line's base that went back."""
    if line.product.is_gift_card:
        return 0
    return sum(
        back.subtotal_minor for refund in order.refunds for back in refund.lines if back.line.id == line.id
    )


def _chain(world: World, order: OrderPlan) -> list[str]:
    chain: list[str] = []
    name = world.click(order.click).link_owner if order.click else None
    while name and len(chain) < len(world.shop.rate_bps):
        chain.append(name)
        name = world.promoter(name).sponsor
    return chain


def _total(order: OrderPlan, rate_bps: int) -> int:
    return round(Fraction(sum(base_of(order, line) for line in order.lines) * rate_bps, 10_000))


def _reversed(order: OrderPlan, rate_bps: int) -> int:
    """Return what the refunds take back: of each line's share, the part of the line that went back."""
    lines = [line for line in order.lines if base_of(order, line)]
    shares = _largest_remainder(_total(order, rate_bps), [base_of(order, line) for line in lines])
    return sum(
        round(Fraction(share * returned_of(order, line), base_of(order, line)))
        for line, share in zip(lines, shares, strict=True)
    )


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    while sum(parts) < total:
        neediest = max(range(len(parts)), key=lambda i: (exact[i] - parts[i], -i))
        parts[neediest] += 1
    return parts


def _earnings(name: str, shares: Sequence[Share], minimum_minor: int) -> Earnings:
    mine = [share for share in shares if share.promoter == name]
    free = [share for share in mine if not share.is_blocked]
    earned, refunded = sum(s.earned_minor for s in free), sum(s.refunded_minor for s in free)
    return Earnings(
        earned_minor=earned,
        refunded_minor=refunded,
        blocked_minor=sum(s.earned_minor - s.refunded_minor for s in mine if s.is_blocked),
        paid_minor=earned - refunded if earned - refunded >= minimum_minor else 0,
    )


def _clicks(world: World, owner: str, *, is_person: bool) -> int:
    return sum(
        click.is_counted and click.is_person is is_person
        for click in world.clicks
        if click.link_owner == owner
    )
