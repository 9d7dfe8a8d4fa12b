"""What a line earns at a level: the plan's rate, or the rule that a more precise part of the plan has.

The ladder, most precise first: SKU, product, collection, category, everything, and on each of them a
rule for one promoter before a rule for all, and one for the promoter's tier before one for every tier.
The first rung with a rule for the line decides; of several rules on one rung the one that pays most
money for this line, of equal ones the lowest id.

What a tier adds, it adds to level 1 of the plan's own rate and of percent rules that pay level 1;
not to pay per unit, and not to a rule for a tier, which says all that the tier earns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grapevine.domain.facts import Component
from grapevine.domain.lines import OrderLine
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import TierStanding

SCALE = 10_000_000
"""Exact money per line is counted in ten-millionths of a minor unit: basis points × thousandths."""
_BPS_SCALE = SCALE // 10_000
_UNIT_SCALE = SCALE // 1_000
NO_UPLIFT = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRule:
    """Other pay for some lines: `rate_bps`, or `per_unit_minor` for each unit sold, one per level.

    It is for a SKU, a product, a collection, a category, or everything, for one promoter or for all,
    and for one tier or for all; levels beyond what it names earn nothing from these lines. Pay per
    unit is for items only: shipping and tips have no units.
    """

    id: str
    sku: str | None = None
    product_id: str | None = None
    promoter_id: str | None = None
    rate_bps: tuple[int, ...] = ()
    per_unit_minor: tuple[int, ...] = ()
    collection_id: str | None = None
    category: str | None = None
    tier_id: str | None = None

    @property
    def subjects(self) -> tuple[str | None, ...]:
        """What it can be for, the least precise first; a rule names one of them or none."""
        return self.category, self.collection_id, self.product_id, self.sku

    @property
    def is_raised_by_tiers(self) -> bool:
        """Whether what the promoter's tier adds is added here."""
        return self.tier_id is None and bool(self.rate_bps) and self.rate_bps[0] > 0

    @property
    def rung(self) -> int:
        """How precise the rule is; the higher decides."""
        precision = max((n for n, subject in enumerate(self.subjects, start=1) if subject), default=0)
        return 4 * precision + (2 if self.promoter_id else 0) + (1 if self.tier_id else 0)

    def is_for(self, item: OrderLine, promoter_id: str, tier_id: str | None = None) -> bool:
        """Say whether the rule is about a line that this promoter, of this tier, is the attributed one of."""
        if self.per_unit_minor and item.line.component is not Component.ITEM:
            return False
        return (
            self.sku in (None, item.line.sku)
            and self.product_id in (None, item.line.product_id)
            and self.promoter_id in (None, promoter_id)
            and self._is_for_group(item.product)
            and self.tier_id in (None, tier_id)
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
    tier: TierStanding | None = None,
) -> LineRate:
    """Return what a line earns at each of the plan's levels, within the caps.

    No level earns more than `line_cap_bps` of what the customer paid for the line, all together no
    more than `pool_cap_bps`; where they would, the levels furthest from the sale give way.
    `per_minor` is what a minor unit of the line's currency is in the program's, in which rules per
    unit are written. `tier` is where the attributed promoter stands; what it adds may be a fraction,
    and then everything is counted in its parts, so that nothing is rounded here.
    """
    uplift = tier.uplift if tier else NO_UPLIFT
    rule, wanted = _asked(item, promoter_id, plan_bps, rules, per_minor, tier)
    line_worth, unit_worth = per_minor[0] * uplift[1], per_minor[1] * uplift[1]
    line_cap, pool_cap = _by_bps(item, (line_cap_bps, pool_cap_bps), line_worth)
    granted = within(line_cap, pool_cap, wanted)
    return LineRate(
        scaled=granted,
        scale=SCALE * unit_worth,
        rule_id=rule.id if rule else None,
        by_units=bool(rule and rule.per_unit_minor),
        is_capped=granted != wanted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWish:
    """What one line would earn before coupons, campaigns and caps: `… / scale` minor units of the program.

    `wanted` is by level, with `uplift` of the promoter's tier in its first; `per_bps` is what a basis
    point of the line's base is.
    """

    wanted: tuple[int, ...]
    uplift: int
    per_bps: int
    line_cap: int
    pool_cap: int
    scale: int
    rule_id: str | None
    by_units: bool


def line_wish(
    item: OrderLine,
    promoter_id: str,
    plan_bps: tuple[int, ...],
    rules: Sequence[RateRule],
    line_cap_bps: int,
    pool_cap_bps: int,
    per_minor: tuple[int, int] = (1, 1),
    tier: TierStanding | None = None,
) -> LineWish:
    """Return what a line would earn at each level, for whoever has more steps to take; see `line_rate`."""
    uplift = tier.uplift if tier else NO_UPLIFT
    rule, wanted = _asked(item, promoter_id, plan_bps, rules, per_minor, tier)
    per_bps = item.base_minor * _BPS_SCALE * per_minor[0]
    rises = uplift[0] and (rule.is_raised_by_tiers if rule else plan_bps[0] > 0)
    return LineWish(
        wanted=wanted,
        uplift=per_bps * uplift[0] if rises else 0,
        per_bps=per_bps * uplift[1],
        line_cap=per_bps * uplift[1] * line_cap_bps,
        pool_cap=per_bps * uplift[1] * pool_cap_bps,
        scale=SCALE * per_minor[1] * uplift[1],
        rule_id=rule.id if rule else None,
        by_units=bool(rule and rule.per_unit_minor),
    )


def _asked(
    item: OrderLine,
    promoter_id: str,
    plan_bps: tuple[int, ...],
    rules: Sequence[RateRule],
    per_minor: tuple[int, int],
    tier: TierStanding | None,
) -> tuple[RateRule | None, tuple[int, ...]]:
    """Return the rule that decides, and what each level is paid by it and by what the tier adds."""
    tier_id, uplift = (tier.tier_id, tier.uplift) if tier else (None, NO_UPLIFT)
    matching = [rule for rule in rules if rule.is_for(item, promoter_id, tier_id)] if rules else ()
    return _deciding(item, matching, plan_bps, per_minor, uplift)


def within(line_cap: int, pool_cap: int, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """Return what two caps leave of each level; those furthest from the sale give way."""
    if max(wanted) <= line_cap and sum(wanted) <= pool_cap:
        return wanted
    granted: list[int] = []
    for scaled in wanted:
        granted.append(min(scaled, line_cap, pool_cap - sum(granted)))
    return tuple(granted)


def _deciding(
    item: OrderLine,
    matching: Sequence[RateRule],
    plan_bps: tuple[int, ...],
    per_minor: tuple[int, int],
    uplift: tuple[int, int],
) -> tuple[RateRule | None, tuple[int, ...]]:
    """Return the rule that decides, None for the plan's own rate, and what it pays at each level."""
    if not matching:
        own = _by_bps(item, plan_bps, per_minor[0])
        return None, own if not uplift[0] else _raised(own, item, per_minor[0], uplift, rises=plan_bps[0] > 0)
    paying = [
        (rule, _raised(scaled, item, per_minor[0], uplift, rises=rule.is_raised_by_tiers))
        for rule, scaled in ((rule, _scaled(item, rule, len(plan_bps), per_minor)) for rule in matching)
    ]
    return min(paying, key=lambda pay: (-pay[0].rung, -sum(pay[1]), pay[0].id))


def _raised(
    scaled: tuple[int, ...], item: OrderLine, line_worth: int, uplift: tuple[int, int], *, rises: bool
) -> tuple[int, ...]:
    """Return what each level is paid, counted in the uplift's parts, with what the tier adds at level 1."""
    added, parts = uplift
    if not added:
        return scaled
    first, *others = (minor * parts for minor in scaled)
    return (first + (item.base_minor * added * _BPS_SCALE * line_worth if rises else 0), *others)


def _scaled(item: OrderLine, rule: RateRule, levels: int, per_minor: tuple[int, int]) -> tuple[int, ...]:
    line_worth, unit_worth = per_minor
    if rule.per_unit_minor:
        each = (rule.per_unit_minor + (0,) * levels)[:levels]
        return tuple(minor * item.line.quantity_milli * _UNIT_SCALE * unit_worth for minor in each)
    return _by_bps(item, (rule.rate_bps + (0,) * levels)[:levels], line_worth)


def _by_bps(item: OrderLine, rate_bps: tuple[int, ...], line_worth: int) -> tuple[int, ...]:
    worth = item.base_minor * _BPS_SCALE * line_worth
    return tuple([worth * bps for bps in rate_bps])
