"""What each level earns from an order: one rounding per level, exact lines, cumulative reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.money import Rounding, allocate, prorate, round_ratio
from grapevine.domain.orders import OrderLine
from grapevine.domain.programs import WHOLE_BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShare:
    """One line's part of a level's commission, and the part of that which went back; minor units."""

    line_id: str
    base_minor: int
    refunded_minor: int
    share_minor: int
    reversed_minor: int


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


def level_commission(lines: Sequence[OrderLine], rate_bps: int, rounding: Rounding) -> LevelCommission:
    """Return a level's commission on an order's lines.

    The total is rounded once, split over the lines by largest remainder, and each line's share is
    reversed in proportion to what of its base went back, cumulatively: refunding everything, in
    however many steps, leaves exactly zero.
    """
    earning = [(item, base) for item in lines if (base := item.line.base_minor) > 0]
    if not earning:
        return LevelCommission(rate_bps=rate_bps, total_minor=0, shares=())
    bases = [base for _, base in earning]
    total = round_ratio(sum(bases) * rate_bps, WHOLE_BPS, rounding)
    parts = zip(earning, allocate(total, bases), strict=True)
    return LevelCommission(
        rate_bps=rate_bps,
        total_minor=total,
        shares=tuple(_line_share(item, base, share, rounding) for (item, base), share in parts),
    )


def _line_share(item: OrderLine, base: int, share: int, rounding: Rounding) -> LineShare:
    return LineShare(
        line_id=item.line.id,
        base_minor=base,
        refunded_minor=item.refunded_minor,
        share_minor=share,
        reversed_minor=prorate(share, item.refunded_minor, base, rounding),
    )
