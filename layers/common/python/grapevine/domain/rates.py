"""What a line earns at a level: the plan's rate, or the rule that a more precise part of the plan has.

The ladder, most precise first: SKU, product, collection, category, everything, and on each of them a
rule for one promoter before a rule for all. The first rung with a rule for the line decides; of
several rules on one rung the one that pays most money for this line, of equal ones the lowest id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.facts import Component
from grapevine.domain.lines import OrderLine
from grapevine.domain.products import SoldProduct

SCALE = 10_000_000
"""Exact money per line is counted in ten-millionths of a minor unit: basis points × thousandths."""
_BPS_SCALE = SCALE // 10_000
_UNIT_SCALE = SCALE // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRule:
    """Other pay for some lines: `rate_bps`, or `per_unit_minor` for each unit sold, one per level.

    It is for a SKU, a product, a collection, a category, or everything, and for one promoter or for
    all; levels beyond what it names earn nothing from these lines. Pay per unit is for items only:
    shipping and tips have no units.
    """

    id: str
    sku: str | None = None
    product_id: str | None = None
    promoter_id: str | None = None
    rate_bps: tuple[int, ...] = ()
    per_unit_minor: tuple[int, ...] = ()
    collection_id: str | None = None
    category: str | None = None

    @property
    def subjects(self) -> tuple[str | None, ...]:
        """What it can be for, the least precise first; a rule names one of them or none."""
        return self.category, self.collection_id, self.product_id, self.sku

    @property
    def rung(self) -> int:
        """How precise the rule is; the higher decides."""
        precision = max((n for n, subject in enumerate(self.subjects, start=1) if subject), default=0)
        return 2 * precision + (1 if self.promoter_id else 0)

    def is_for(self, item: OrderLine, promoter_id: str) -> bool:
        """Say whether the rule is about a line that this promoter is the attributed one of."""
        if self.per_unit_minor and item.line.component is not Component.ITEM:
            return False
        return (
            self.sku in (None, item.line.sku)
            and self.product_id in (None, item.line.product_id)
            and self.promoter_id in (None, promoter_id)
            and self._is_for_group(item.product)
        )

    def _is_for_group(self, product: SoldProduct | None) -> bool:
        category, collections = (product.category, product.collections) if product else (None, ())
        return self.category in (None, category) and self.collection_id in (None, *collections)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRate:
    """What one line earns at every level, exactly: `scaled` / `scale` minor units of the program.

    `by_units` says that refunds count by units: so much for each was earned, so much goes back.
    `is_capped` says that a cap gave it less than its rate.
    """

    scaled: tuple[int, ...]
    scale: int
    rule_id: str | None
    by_units: bool
    is_capped: bool


def line_rate(
    item: OrderLine,
    promoter_id: str,
    plan_bps: tuple[int, ...],
    rules: Sequence[RateRule],
    line_cap_bps: int,
    pool_cap_bps: int,
    per_minor: tuple[int, int] = (1, 1),
) -> LineRate:
    """Return what a line earns at each of the plan's levels, within the caps.

    No level earns more than `line_cap_bps` of what the customer paid for the line, all together no
    more than `pool_cap_bps`; where they would, the levels furthest from the sale give way.
    `per_minor` is what a minor unit of the line's currency is in the program's, in which rules per
    unit are written.
    """
    line_worth, unit_worth = per_minor
    rule = _deciding(item, promoter_id, rules, len(plan_bps), per_minor) if rules else None
    wanted = _scaled(item, rule, len(plan_bps), per_minor) if rule else _by_bps(item, plan_bps, line_worth)
    line_cap, pool_cap = _by_bps(item, (line_cap_bps, pool_cap_bps), line_worth)
    granted = _within(line_cap, pool_cap, wanted)
    return LineRate(
        scaled=granted,
        scale=SCALE * unit_worth,
        rule_id=rule.id if rule else None,
        by_units=bool(rule and rule.per_unit_minor),
        is_capped=granted != wanted,
    )


def _within(line_cap: int, pool_cap: int, wanted: tuple[int, ...]) -> tuple[int, ...]:
    if max(wanted) <= line_cap and sum(wanted) <= pool_cap:
        return wanted
    granted: list[int] = []
    for scaled in wanted:
        granted.append(min(scaled, line_cap, pool_cap - sum(granted)))
    return tuple(granted)


def _deciding(
    item: OrderLine, promoter_id: str, rules: Sequence[RateRule], levels: int, per_minor: tuple[int, int]
) -> RateRule | None:
    matching = [rule for rule in rules if rule.is_for(item, promoter_id)]
    return min(
        matching,
        key=lambda rule: (-rule.rung, -sum(_scaled(item, rule, levels, per_minor)), rule.id),
        default=None,
    )


def _scaled(item: OrderLine, rule: RateRule, levels: int, per_minor: tuple[int, int]) -> tuple[int, ...]:
    line_worth, unit_worth = per_minor
    if rule.per_unit_minor:
        each = (rule.per_unit_minor + (0,) * levels)[:levels]
        return tuple(minor * item.line.quantity_milli * _UNIT_SCALE * unit_worth for minor in each)
    return _by_bps(item, (rule.rate_bps + (0,) * levels)[:levels], line_worth)


def _by_bps(item: OrderLine, rate_bps: tuple[int, ...], line_worth: int) -> tuple[int, ...]:
    worth = item.base_minor * _BPS_SCALE * line_worth
    return tuple([worth * bps for bps in rate_bps])
