"""What each level earns from an order: one rounding per level, exact lines, cumulative reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    earning = [item for item in lines if item.line.base_minor > 0]
    if not earning:
        return LevelCommission(rate_bps=rate_bps, total_minor=0, shares=())
    bases = [item.line.base_minor for item in earning]
    total = round_ratio(sum(bases) * rate_bps, WHOLE_BPS, rounding)
    shares = allocate(total, bases)
    return LevelCommission(
        rate_bps=rate_bps,
        total_minor=total,
        shares=tuple(_line_share(item, share, rounding) for item, share in zip(earning, shares, strict=True)),
    )


def split(commission: LevelCommission, parts: int, rounding: Rounding) -> tuple[LevelCommission, ...]:
    """Return a level's commission in equal parts, line by line, that add up to it exactly.

    What does not divide goes to the first parts; each part of a line is reversed by itself, so
    that refunding everything leaves exactly zero in every part.
    """
    if parts == 1:
        return (commission,)
    by_line = [allocate(share.share_minor, (1,) * parts) for share in commission.shares]
    return tuple(
        LevelCommission(
            rate_bps=commission.rate_bps,
            total_minor=sum(minors[part] for minors in by_line),
            shares=tuple(
                _part(share, minors[part], rounding)
                for share, minors in zip(commission.shares, by_line, strict=True)
            ),
        )
        for part in range(parts)
    )


def _part(share: LineShare, minor: int, rounding: Rounding) -> LineShare:
    reversed_minor = prorate(minor, share.refunded_minor, share.base_minor, rounding)
    return replace(share, share_minor=minor, reversed_minor=reversed_minor)


def _line_share(item: OrderLine, share: int, rounding: Rounding) -> LineShare:
    base = item.line.base_minor
    return LineShare(
        line_id=item.line.id,
        base_minor=base,
        refunded_minor=item.refunded_minor,
        share_minor=share,
        reversed_minor=prorate(share, item.refunded_minor, base, rounding),
    )
