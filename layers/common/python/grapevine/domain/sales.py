"""What was sold through each promoter, by month: what an order adds to it, and what a month comes to.

A month is one of the program's calendar. It stays open for the grace hour after its end; what we
learn of its orders later counts in the month in which we learnt it, so that a closed month never
changes and nobody keeps a tier for sales that went back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Outcome
from grapevine.domain.fx import worth
from grapevine.domain.instants import month_end, month_of
from grapevine.domain.money import allocate, round_ratio
from grapevine.domain.orders import Order
from grapevine.domain.pages import NET, ORDERS, Page
from grapevine.domain.plans import GRACE, Plan
from grapevine.domain.programs import Program, Terms
from grapevine.domain.tiers import (
    Sale,
    Tier,
    TierBasis,
    TierMeasure,
    TierStanding,
    Volume,
    next_tier,
    tier_of,
    uplift_of,
)

NOTHING = Volume()


def sales_of(order: Order, decision: Decision, terms: Terms) -> dict[str, Volume]:
    """Return what an order, as it is now, is worth to the volume of each attributed promoter.

    Nothing while it does not earn or a verdict blocks it. A shared order's amount is split exactly;
    it counts as an order for each who shares it, while something of it is left.
    """
    blocked = order.verdict is not None and order.verdict.outcome is Outcome.BLOCK
    winners = decision.attributed
    if blocked or not winners or not order.earns or order.test is not terms.program.sandbox:
        return {}
    each, of = worth(decision.rate)
    kept = order.base_minor - order.refunded_minor
    net = round_ratio(kept * each, of, terms.program.rounding)
    parts = allocate(net, (1,) * len(winners))
    return {name: Volume(part, int(kept > 0)) for name, part in zip(winners, parts, strict=True)}


def sales_recorded(entries: Sequence[Entry]) -> dict[str, Volume]:
    """Return what an order's entries have recorded for each promoter so far, over all months."""
    recorded: dict[str, Volume] = {}
    for entry in entries:
        for sale in entry.sales:
            recorded[sale.promoter_id] = recorded.get(sale.promoter_id, NOTHING) + sale.volume
    return recorded


def sales_change(
    order: Order, decision: Decision, entries: Sequence[Entry], terms: Terms, now: datetime
) -> tuple[Sale, ...]:
    """Return what an order's next entry must record, nothing where its plan counts no sales."""
    counts = terms.plan_version(decision.plan_version).counts_sales
    recorded = sales_recorded(entries) if entries else {}
    if not (counts or recorded) or order.paid_at is None:
        return ()
    wanted = sales_of(order, decision, terms) if counts else {}
    month = recognised_month(order.paid_at, terms.program, now)
    return tuple(
        Sale(name, month, change)
        for name in sorted({*wanted, *recorded})
        if (change := wanted.get(name, NOTHING) - recorded.get(name, NOTHING)) != NOTHING
    )


def recognised_month(paid_at: datetime, program: Program, now: datetime) -> str:
    """Return the month that counts a sale: the one it was paid in while open, else the present one."""
    zone = ZoneInfo(program.time_zone)
    month = month_of(paid_at, zone)
    return month if now < month_end(month, zone) + GRACE else month_of(now, zone)


def closes_at(month: str, program: Program) -> datetime:
    """Return when a month's volume is final: the grace hour after its end on the program's calendar."""
    return month_end(month, ZoneInfo(program.time_zone)) + GRACE


def tier_month(paid_at: datetime, plan: Plan, program: Program) -> str:
    """Return the month whose sales say the tier of an order that was paid then."""
    if plan.tier_basis is TierBasis.RUNNING_MONTH:
        return month_of(paid_at, ZoneInfo(program.time_zone))
    return month_before(paid_at, program)


def months_of(paid_at: datetime, plan: Plan, program: Program) -> tuple[str, ...]:
    """Return the months whose sales an order's pay rests on, the tiers' first; mostly none."""
    tiers = (tier_month(paid_at, plan, program),) if plan.tiers else ()
    gate = (month_before(paid_at, program),) if plan.upline_gate_minor else ()
    return (*tiers, *gate)


def month_before(paid_at: datetime, program: Program) -> str:
    """Return the month before the one in which an order was paid."""
    zone = ZoneInfo(program.time_zone)
    year, month = map(int, month_of(paid_at, zone).split("-"))
    return f"{year:04d}-{month - 1:02d}" if month > 1 else f"{year - 1:04d}-12"


def volume_of(promoter_id: str, month: str, pages: Iterable[Page], entries: Sequence[Entry]) -> Volume:
    """Return a month's volume by its pages, and by those of an order's own entries that are not in them."""
    found, marks = NOTHING, set[str]()
    for page in pages:
        found += Volume(page.amounts.get(NET, 0), page.amounts.get(ORDERS, 0))
        marks |= page.marks
    for entry in entries:
        if entry.id not in marks:
            own = (
                sale.volume for sale in entry.sales if (sale.promoter_id, sale.month) == (promoter_id, month)
            )
            found = sum(own, found)
    return found


def standing_of(promoter_id: str, month: str, volume: Volume, plan: Plan) -> TierStanding:
    """Return the tier that a volume gives under a plan that has tiers."""
    tiers, amount = plan.tiers or (), volume.measured(plan.tier_measure)
    return TierStanding(
        promoter_id=promoter_id,
        month=month,
        volume=volume,
        tier_id=tier_of(tiers, amount).id,
        uplift=uplift_of(tiers, plan.tier_mode, amount),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a promoter has come in a month; `missing` is in the plan's measure, None at the top."""

    month: str
    volume: Volume
    tier: Tier
    next: Tier | None
    missing: int | None


def progress_of(month: str, volume: Volume, tiers: Sequence[Tier], measure: TierMeasure) -> Progress:
    """Return the tier that a month's volume gives, and what is missing to the next."""
    amount = volume.measured(measure)
    following = next_tier(tiers, amount)
    return Progress(
        month=month,
        volume=volume,
        tier=tier_of(tiers, amount),
        next=following,
        missing=following.threshold - amount if following else None,
    )
