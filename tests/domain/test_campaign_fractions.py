"""What campaigns, coupons and points come to, against a second calculator that knows fractions only."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.campaigns import Audience, Campaign, Pays, Stacking
from grapevine.domain.candidates import Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import worked_out
from grapevine.domain.facts import FactKind, Line
from grapevine.domain.money import Rounding
from grapevine.domain.orders import Order, fold
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierStanding, Volume
from tests import builders as make
from tests.builders import BO, CY, minutes
from tests.usecases.boosting import TIERS, day_of

NOTHING = Fraction(0)


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[Campaign, ...]:
    """Up to four campaigns of any stacking; a bonus only where it may be."""
    return tuple(draw(campaign(f"cm_{number}")) for number in range(draw(st.integers(0, 4))))


@st.composite
def campaign(draw: st.DrawFn, name: str) -> Campaign:
    stacking = draw(st.sampled_from(Stacking))
    has_bonus = stacking in (Stacking.ADD, Stacking.EXCLUSIVE)
    return day_of(
        name,
        stacking=stacking,
        pays=draw(st.sampled_from((Pays.CASH, Pays.CASH, Pays.POINTS))),
        multiplier_bps=draw(st.sampled_from((10_000, 10_001, 15_000, 30_000))),
        add_bps=draw(st.sampled_from((0, 1, 99, 333, 5_000))),
        add_points_per_unit=draw(st.sampled_from((0, 1, 7))),
        bonus=draw(st.sampled_from((0, 100, 777))) if has_bonus else 0,
        audience=draw(st.sampled_from((Audience(), Audience(), Audience(product_ids=("77",))))),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    sold = draw(
        st.lists(st.tuples(st.integers(0, 99_999), st.sampled_from((None, "77"))), min_size=1, max_size=4)
    )
    lines = tuple(make.line(str(number), base, product_id=name) for number, (base, name) in enumerate(sold))
    back = [(line.id, draw(st.integers(0, line.gross_minor))) for line in lines]
    facts = [make.fact(FactKind.PAID, snapshot=make.snapshot(lines=lines))]
    if draw(st.booleans()):
        facts.append(make.refunded("r1", minutes(9), *back))
    return fold(facts)


def rounded(amount: Fraction, rounding: Rounding) -> int:
    return floor(amount) if rounding is Rounding.FLOOR else round(amount)


def dealt(total: int, weights: list[Fraction]) -> list[int]:
    """Deal out unit by unit, always to whom most is owed."""
    owed = [total * weight / sum(weights) for weight in weights]
    got = [floor(part) for part in owed]
    while sum(got) < total:
        missing = [part - has for part, has in zip(owed, got, strict=True)]
        got[missing.index(max(missing))] += 1
    return got


def kept(order: Order, exact: list[Fraction], rounding: Rounding) -> int:
    """Return what of exact amounts by line is left after refunds."""
    pairs = [(item, part) for item, part in zip(order.lines, exact, strict=True) if part]
    if not pairs:
        return 0
    total = rounded(sum((part for _, part in pairs), NOTHING), rounding)
    shares = dealt(total, [part for _, part in pairs])
    return sum(
        share - rounded(Fraction(share * item.refunded_minor, item.base_minor), rounding)
        for (item, _), share in zip(pairs, shares, strict=True)
    )


def is_for(line: Line, one: Campaign) -> bool:
    return not one.audience.product_ids or line.product_id in one.audience.product_ids


def bonuses(order: Order, one: Campaign) -> dict[str, Fraction]:
    lines = [item.line for item in order.lines if item.base_minor and is_for(item.line, one)]
    parts = dealt(one.bonus, [Fraction(line.base_minor) for line in lines]) if lines else []
    return {line.id: Fraction(part) for line, part in zip(lines, parts, strict=True)}


def added(
    own: Fraction, tier: Fraction, offers: list[tuple[Campaign, Fraction, Fraction]]
) -> tuple[Fraction, dict[str, Fraction]]:
    """Return what is left of the tier, and what each campaign adds: (campaign, added, bonus) by id."""

    def times(one: Campaign) -> Fraction:
        return Fraction(one.multiplier_bps, 10_000) - 1

    alone = {one.id: own * times(one) + more + bonus for one, more, bonus in offers}
    sole = [one.id for one, _, _ in offers if one.stacking is Stacking.EXCLUSIVE]
    if sole:
        best = min(sole, key=lambda name: (-alone[name], name))
        return min(tier, alone[best]), {best: max(NOTHING, alone[best] - tier)}
    found = {one.id: alone[one.id] for one, _, _ in offers if one.stacking is Stacking.ADD}
    sum_so_far = own + tier + sum(found.values(), NOTHING)
    for one, more, _ in offers:
        if one.stacking is Stacking.MULTIPLY:
            after = sum_so_far * Fraction(one.multiplier_bps, 10_000) + more
            found[one.id], sum_so_far = after - sum_so_far, after
    for one, _, _ in offers:
        if one.stacking is Stacking.MAX:
            after = max(sum_so_far, own + alone[one.id])
            found[one.id], sum_so_far = after - sum_so_far, after
    return tier, found


def expected(
    order: Order, plan: Plan, tier_bps: int, offers: tuple[Campaign, ...], kept_bps: int, rounding: Rounding
) -> tuple[list[int], dict[str, int]]:
    """Return what the levels keep, and each campaign; the plan's points under an empty name."""
    cash = [one for one in offers if one.pays is Pays.CASH]
    points = [one for one in offers if one.pays is Pays.POINTS]
    share = {one.id: bonuses(order, one) for one in offers}
    levels: list[list[Fraction]] = [[] for _ in plan.rate_bps]
    parts: dict[str, list[Fraction]] = {name: [] for name in ("", *(one.id for one in offers))}
    order_of = {Stacking.ADD: 0, Stacking.MULTIPLY: 1, Stacking.MAX: 2, Stacking.EXCLUSIVE: 3}
    for item in order.lines:
        base, line = Fraction(item.base_minor), item.line
        at = [
            (one, base * one.add_bps / 10_000, share[one.id].get(line.id, NOTHING))
            for one in cash
            if is_for(line, one)
        ]
        own = base * plan.rate_bps[0] / 10_000
        tier = base * tier_bps / 10_000 if plan.rate_bps[0] else NOTHING
        left_of_tier, found = added(own, tier, at)
        coupon = Fraction(kept_bps, 10_000)
        wanted = [own + left_of_tier, *(base * bps / 10_000 for bps in plan.rate_bps[1:])]
        most, pool = base * plan.line_cap_bps / 10_000, base * plan.pool_cap_bps / 10_000
        for number, amount in enumerate(wanted):
            got = min(amount * coupon, most, pool)
            levels[number].append(got)
            pool -= got
        room = min(pool, most - levels[0][-1])
        for one in sorted(cash, key=lambda one: (order_of[one.stacking], one.id)):
            got = min(found.get(one.id, NOTHING) * coupon, room)
            parts[one.id].append(got)
            room -= got
        units = base / 100
        at = [
            (one, units * one.add_points_per_unit, share[one.id].get(line.id, NOTHING))
            for one in points
            if is_for(line, one)
        ]
        _, found = added(units * plan.points_per_unit, NOTHING, at)
        parts[""].append(units * plan.points_per_unit)
        for one in points:
            parts[one.id].append(found.get(one.id, NOTHING))
    return (
        [kept(order, level, rounding) for level in levels],
        {name: minor for name, exact in parts.items() if (minor := kept(order, exact, rounding))},
    )


@given(
    order=orders(),
    offers=campaigns(),
    rates=st.sampled_from(((1000, 300), (0, 100), (333,), (2_999, 1))),
    caps=st.sampled_from(((8_000, 10_000), (8_000, 3_000), (1_500, 3_000))),
    tier_bps=st.sampled_from((0, 200, 501)),
    kept_bps=st.sampled_from((10_000, 10_000, 8_000, 3_333, 0)),
    per_unit=st.sampled_from((0, 1, 3)),
    rounding=st.sampled_from(Rounding),
)
@settings(max_examples=150)
def test_campaigns_coupons_and_points_are_what_fractions_say(
    order: Order,
    offers: tuple[Campaign, ...],
    rates: tuple[int, ...],
    caps: tuple[int, int],
    tier_bps: int,
    kept_bps: int,
    per_unit: int,
    rounding: Rounding,
) -> None:
    plan = make.plan(
        *rates, line_cap_bps=caps[0], pool_cap_bps=caps[1], tiers=TIERS, points_per_unit=per_unit
    )
    standing = TierStanding(
        promoter_id=CY, month="2026-10", volume=Volume(), tier_id="silver", uplift=(tier_bps, 1)
    )
    decision = Decision(
        basis="",
        reason=Reason.LAST_CLICK,
        plan_version=1,
        promoter_ids=(CY, BO)[: len(rates)],
        candidates=(),
        tiers=(standing,),
        kept_bps=kept_bps,
        campaigns=(tuple(one.id for one in offers),) if offers else (),
    )
    terms: Terms = replace(make.terms(plan), program=make.program(rounding=rounding), campaigns=offers)
    worked = worked_out(order, decision, terms)
    levels = [commission.earned_minor for _, _, commission in worked.levels]
    extras = {
        extra.campaign.id if extra.campaign else "": extra.commission.earned_minor
        for extra in worked.extras
        if extra.commission.earned_minor
    }
    assert (levels, extras) == expected(order, plan, tier_bps, offers, kept_bps, rounding)
