"""What each level earns from an order: one rounding per level, exact lines, cumulative reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grapevine.domain.facts import Component
from grapevine.domain.lines import OrderLine
from grapevine.domain.money import Rounding, allocate, prorate, round_ratio
from grapevine.domain.rates import LineRate

PER_ORDER = "per_order"
"""The component of a share that is paid for the order, not for a line of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShare:
    """One line's part of a level's commission, and the part of that which went back; minor units.

    `rule_id` names the plan's rule that decided, None for the plan's own rate; `is_capped` says that
    a cap of the plan made it less. `component` is what kind of line it is, or PER_ORDER for the
    order's flat pay, which has no line. `taken_out_minor` was paid with what the plan's base leaves
    out; `refunded_minor` is a part of it and the base together.
    """

    line_id: str
    base_minor: int
    refunded_minor: int
    share_minor: int
    reversed_minor: int
    rule_id: str | None = None
    is_capped: bool = False
    component: str = Component.ITEM
    taken_out_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCommission:
    """What one level earns: `total_minor` before refunds, `earned_minor` after them."""

    rate_bps: int
    total_minor: int
    shares: tuple[LineShare, ...]

    @property
    def reversed_minor(self) -> int:
        """What refunds took back."""
        return sum(share.reversed_minor for share in self.shares)

    @property
    def earned_minor(self) -> int:
        """What stands."""
        return self.total_minor - self.reversed_minor


def level_commission(
    lines: Sequence[tuple[OrderLine, LineRate]], level: int, rate_bps: int, rounding: Rounding
) -> LevelCommission:
    """Return a level's commission on an order's lines, each with its rate; `level` counts from 1.

    The total is rounded once, split over the lines by largest remainder, and each line's share is
    reversed in proportion to what of it went back, cumulatively: refunding everything, in however
    many steps, leaves exactly zero. `rate_bps` is the plan's own, for whoever reads it.
    """
    earning = [(item, rate, scaled) for item, rate in lines if (scaled := rate.scaled[level - 1])]
    if not earning:
        return LevelCommission(rate_bps=rate_bps, total_minor=0, shares=())
    weights = [scaled for _, _, scaled in earning]
    total = round_ratio(sum(weights), earning[0][1].scale, rounding)
    parts = zip(earning, allocate(total, weights), strict=True)
    return LevelCommission(
        rate_bps=rate_bps,
        total_minor=total,
        shares=tuple([_line_share(item, rate, share, rounding) for (item, rate, _), share in parts]),
    )


def level_totals(lines: Sequence[tuple[OrderLine, LineRate]], rounding: Rounding) -> list[int]:
    """Return all levels' totals without their lines' parts: all there is to know while nothing went back."""
    by_level = zip(*[rate.scaled for _, rate in lines], strict=True)
    return [round_ratio(sum(scaled), lines[0][1].scale, rounding) for scaled in by_level]


def _line_share(item: OrderLine, rate: LineRate, share: int, rounding: Rounding) -> LineShare:
    line = item.line
    part, whole = item.refunded_minor, item.base_minor + item.taken_out_minor
    if rate.by_units:
        part, whole = item.refunded_milli, line.quantity_milli
    return LineShare(
        line_id=line.id,
        base_minor=item.base_minor,
        refunded_minor=item.refunded_minor,
        share_minor=share,
        reversed_minor=prorate(share, part, whole, rounding),
        rule_id=rate.rule_id,
        is_capped=rate.is_capped,
        component=line.component,
        taken_out_minor=item.taken_out_minor,
    )


def split(commission: LevelCommission, parts: int) -> tuple[LevelCommission, ...]:
    """Return a level's commission in equal parts, line by line, that add up to it exactly.

    Both what a line earned and what of it went back are split; what does not divide goes to the
    first parts, so that every part stays within its line and a full refund leaves zero in each.
    """
    if parts == 1:
        return (commission,)
    shares = [allocate(share.share_minor, (1,) * parts) for share in commission.shares]
    back = [allocate(share.reversed_minor, (1,) * parts) for share in commission.shares]
    return tuple(
        _part(commission, [minors[n] for minors in shares], [minors[n] for minors in back])
        for n in range(parts)
    )


def _part(commission: LevelCommission, shares: Sequence[int], back: Sequence[int]) -> LevelCommission:
    lines = zip(commission.shares, shares, back, strict=True)
    return LevelCommission(
        rate_bps=commission.rate_bps,
        total_minor=sum(shares),
        shares=tuple(replace(line, share_minor=minor, reversed_minor=gone) for line, minor, gone in lines),
    )
