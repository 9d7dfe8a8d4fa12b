"""Flat pay for an order: so much for each level, whatever was bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grapevine.domain.commissions import PER_ORDER, LevelCommission, LineShare
from grapevine.domain.facts import Component
from grapevine.domain.lines import OrderLine
from grapevine.domain.money import Rounding, prorate, round_ratio
from grapevine.domain.plans import WHOLE_BPS, Plan


def order_shares(
    lines: Sequence[OrderLine],
    plan: Plan,
    rounding: Rounding,
    per_minor: tuple[int, int],
    kept_bps: int = WHOLE_BPS,
) -> tuple[LineShare, ...]:
    """Return each level's flat pay with what of it went back, in minor units of the program.

    All levels together get no more than `line_cap_bps` of the base; where they would, the levels
    furthest from the sale give way. An order whose base is nothing earns none, unless the plan says
    that it does, and then all. What goes back is in proportion to what of the order did: of its
    money, or of its units where there is no money. `per_minor` is what a minor unit of the order's
    currency is in the program's, `kept_bps` what a coupon leaves of what the plan says.
    """
    base = sum(item.base_minor for item in lines)
    is_free = not base and plan.per_order_if_free and bool(lines)
    each = [round_ratio(minor * kept_bps, WHOLE_BPS, rounding) for minor in plan.per_order_minor]
    left = sum(each) if is_free else _cap(base, plan, per_minor)
    part, whole = gone(lines)
    shares = []
    for wanted in each:
        granted = min(wanted, left)
        left -= granted
        shares.append(
            LineShare(
                line_id="",
                base_minor=base,
                refunded_minor=sum(item.refunded_minor for item in lines if item.base_minor),
                share_minor=granted,
                reversed_minor=prorate(granted, part, whole, rounding) if whole else 0,
                is_capped=granted < wanted,
                component=PER_ORDER,
                taken_out_minor=sum(item.taken_out_minor for item in lines),
            )
        )
    return tuple(shares)


def with_order_share(commission: LevelCommission, share: LineShare) -> LevelCommission:
    """Return a level's commission with its flat pay beside the lines."""
    if not share.share_minor:
        return commission
    total = commission.total_minor + share.share_minor
    return replace(commission, total_minor=total, shares=(*commission.shares, share))


def _cap(base_minor: int, plan: Plan, per_minor: tuple[int, int]) -> int:
    worth, unit = per_minor
    return base_minor * plan.line_cap_bps * worth // (WHOLE_BPS * unit)


def gone(lines: Sequence[OrderLine]) -> tuple[int, int]:
    """Return the part of an order that went back, and the whole: of its base, else of its units."""
    counted = [item for item in lines if item.base_minor]
    if counted:
        whole = sum(item.base_minor + item.taken_out_minor for item in counted)
        return sum(item.refunded_minor for item in counted), whole
    items = [item for item in lines if item.line.component is Component.ITEM]
    return sum(item.refunded_milli for item in items), sum(item.line.quantity_milli for item in items)
