"""A second, slow calculator of what must stand: the books' opponent in the tests.

It shares no arithmetic with `grapevine.domain`: whole fractions instead of integers, and at every
instant everything from the beginning, from the facts that had arrived by then. It keeps no
entries, so a difference that the ledger loses shows here; all that it remembers is who the order
went to, which stays while what it rests on does, whatever clicks are recorded later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import Fact, Line, OrderKey, Outcome, Payment, Refund, RefundLine
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, SelfPurchase, Vacancy
from grapevine.domain.programs import Program
from grapevine.domain.rates import RateRule

HOUR = timedelta(hours=1)
SKEW = timedelta(seconds=5)
HOUSE = "program"
"""Who has what nobody could earn."""
PAID_STATES = {Payment.PAID, Payment.PARTIALLY_REFUNDED, Payment.REFUNDED}
STATE_ORDER = [
    Payment.PENDING,
    Payment.AUTHORIZED,
    Payment.PARTIALLY_PAID,
    Payment.PAID,
    Payment.PARTIALLY_REFUNDED,
    Payment.REFUNDED,
    Payment.VOIDED,
]


@dataclass(frozen=True)
class Story:
    """Everything that happens in one program; a fact arrives at its `recorded_at`."""

    program: Program
    plans: tuple[Plan, ...]
    promoters: tuple[Promoter, ...]
    clicks: tuple[Click, ...]
    facts: tuple[Fact, ...]
    coupons: tuple[Coupon, ...] = ()

    @property
    def orders(self) -> tuple[OrderKey, ...]:
        return tuple(sorted({fact.order for fact in self.facts}, key=str))


@dataclass(frozen=True)
class Stand:
    """What an order must come to: amounts by (promoter, account), and when it was released."""

    amounts: dict[tuple[str, str], int]
    released_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """What an order's attribution rests on, as its facts tell it."""

    placed: datetime
    paid: datetime
    named: str | None
    codes: tuple[str, ...]
    customer: str | None


@dataclass(frozen=True)
class Attribution:
    """Who earns level by level, once for each promoter who shares the order; None while a click may come."""

    basis: object
    claims: tuple[tuple[str, ...], ...] | None


@dataclass(frozen=True)
class View:
    """The order as those see it who know some of its facts."""

    amounts: dict[str, int]
    outcome: Outcome | None
    releases_at: datetime | None
    attribution: Attribution | None = None


def stand(story: Story, order: OrderKey, sweeps: Sequence[datetime]) -> Stand:
    """Return what stands after the last sweep, looking at each arrival and at each sweep."""
    facts = sorted((fact for fact in story.facts if fact.order == order), key=lambda f: f.recorded_at)
    arrivals = [fact.recorded_at for fact in facts]
    placed = min((f.snapshot.placed_at for f in facts if f.snapshot and f.snapshot.placed_at), default=None)
    released_at, view, seen = None, View({}, None, None), (0, False)
    for now in sorted({*sweeps, *arrivals}):
        is_patient = placed is not None and now >= placed + HOUR
        if seen != (bisect_right(arrivals, now), is_patient):
            seen = bisect_right(arrivals, now), is_patient
            view = look(story, facts[: seen[0]], view.attribution, now)
        if released_at is None and view.releases_at and now >= view.releases_at:
            released_at = now
    where = "payable" if released_at else "blocked" if view.outcome is Outcome.BLOCK else "held"
    places = {(name, "house" if name == HOUSE else where): minor for name, minor in view.amounts.items()}
    return Stand(places, released_at)


def look(story: Story, known: Sequence[Fact], before: Attribution | None, now: datetime) -> View:
    """Return the order as these facts tell it, with the clicks that had come by now."""
    ordered = _in_order(known)
    paid = [fact.version for fact in ordered if fact.snapshot and fact.snapshot.payment in PAID_STATES]
    is_paid = _last(ordered, "payment") in PAID_STATES and _last(ordered, "cancelled_at") is None
    placed, outcome = _last(ordered, "placed_at"), _outcome(ordered)
    is_told = placed is not None and _last(ordered, "lines") is not None
    if not (is_told and (is_paid or (before and before.claims is None))):
        return View({}, outcome, None, before)
    plan, attribution, asked = _plan(story, min(paid)), before, _asked(ordered, placed, min(paid))
    is_open = now >= placed + HOUR
    if is_open or before is None or before.claims is None or before.basis != asked:
        attribution = Attribution(asked, _claims(story, asked, plan, now))
    amounts = _earned(ordered, (attribution and attribution.claims) or (), plan, story.program.rounding)
    if not is_paid:
        return View({}, outcome, None, attribution)
    waits = not set(amounts) - {HOUSE} or outcome in (Outcome.BLOCK, Outcome.REVIEW)
    release = None if waits else _release(ordered, placed, min(paid), plan, outcome)
    return View(amounts, outcome, release, attribution)


def _asked(ordered: Sequence[Fact], placed: datetime, paid: datetime) -> Asked:
    codes = tuple(code.strip().upper() for code in _last(ordered, "coupon_codes") or ())
    return Asked(placed, paid, _click_told(ordered, placed), codes, _last(ordered, "customer_key"))


def _in_order(facts: Iterable[Fact]) -> list[Fact]:
    def place(fact: Fact) -> tuple[datetime, int, int, str]:
        state = fact.snapshot.payment if fact.snapshot else None
        return fact.version, STATE_ORDER.index(state) if state else -1, len(fact.refunds), fact.digest

    return sorted(facts, key=place)


def _last(ordered: Sequence[Fact], name: str) -> Any:  # noqa: ANN401 - what bodies have under that name
    for fact in reversed(ordered):
        value = getattr(fact.snapshot, name, None)
        if value is not None:
            return value
    return None


def _outcome(ordered: Sequence[Fact]) -> Outcome | None:
    severity = {Outcome.ALLOW: 0, Outcome.REVIEW: 1, Outcome.BLOCK: 2}
    given = [(fact.version, severity[fact.verdict.outcome]) for fact in ordered if fact.verdict]
    return {rank: outcome for outcome, rank in severity.items()}[max(given)[1]] if given else None


def _plan(story: Story, instant: datetime) -> Plan:
    before = [plan for plan in story.plans if plan.effective_at <= instant]
    return max(before or story.plans[:1], key=lambda plan: (plan.effective_at, plan.version))


def _release(
    ordered: Sequence[Fact], placed: datetime, paid_at: datetime, plan: Plan, outcome: Outcome | None
) -> datetime:
    received = [f.snapshot.received_at for f in ordered if f.snapshot and f.snapshot.received_at]
    if received:
        ends = min(received) + timedelta(days=plan.hold_days_after_receipt)
    else:
        ends = paid_at + timedelta(days=plan.hold_days_after_payment)
    if outcome is Outcome.ALLOW:
        return ends
    click_id = _click_told(ordered, placed)
    naming = [fact.recorded_at for fact in ordered if fact.snapshot and fact.snapshot.click_id == click_id]
    return max(ends, min(naming)) + timedelta(days=plan.screening_days)


def _claims(story: Story, asked: Asked, plan: Plan, now: datetime) -> tuple[tuple[str, ...], ...] | None:
    """Return whose the order is by the clicks that had come; None while the named one may still come."""
    visitor = asked.named.split("-")[0] if asked.named else None
    come = [c for c in story.clicks if c.recorded_at <= now and c.id.split("-")[0] == visitor]
    good = [click for click in come if _is_good(story, click, asked.placed, plan)]
    good.sort(key=lambda click: (click.occurred_at, click.id))
    clicked = _people(story, [click.promoter_id for click in good])
    named = [coupon for code in asked.codes for coupon in story.coupons if coupon.code == code]
    vouched = _people(story, [coupon.promoter_id for coupon in named if _counts(coupon, asked.placed)])
    touched = [person.id for person in clicked if _may_have(person, asked, plan)]
    chosen = _by_coupon([person.id for person in vouched if _may_have(person, asked, plan)], touched, plan)
    may_come = asked.named not in {None, *(click.id for click in come)} and now < asked.placed + HOUR
    if may_come and not chosen:
        return None
    chosen = chosen or _by_clicks(touched, plan)
    if not chosen:
        return ((HOUSE,),) if any(_is_suspended(person, asked.placed) for person in clicked + vouched) else ()
    return tuple(_earners(story, name, asked, plan) for name in chosen)


def _people(story: Story, names: Sequence[str]) -> list[Promoter]:
    return [promoter for name in names for promoter in story.promoters if promoter.id == name]


def _may_have(promoter: Promoter, asked: Asked, plan: Plan) -> bool:
    is_refused = plan.self_purchase is SelfPurchase.DISCOUNT_ONLY and _is_own(promoter, asked)
    return not (is_refused or _is_suspended(promoter, asked.placed))


def _is_own(promoter: Promoter, asked: Asked) -> bool:
    return asked.customer is not None and asked.customer == promoter.customer_key


def _by_coupon(vouched: Sequence[str], touched: Sequence[str], plan: Plan) -> list[str]:
    """Return whose coupon decides, at most one; a coupon that only confirms the clicks never does."""
    decides = {
        CouponMode.ALWAYS: True,
        CouponMode.IF_TOUCHED: set(vouched[:1]) <= set(touched),
        CouponMode.IF_WINNER: False,
    }
    return list(vouched[:1]) if decides[plan.coupon_mode] else []


def _by_clicks(touched: Sequence[str], plan: Plan) -> list[str]:
    everybody = list(dict.fromkeys(touched))
    return {
        AttributionModel.LAST_CLICK: list(touched[-1:]),
        AttributionModel.FIRST_CLICK: everybody[:1],
        AttributionModel.LINEAR: everybody,
    }[plan.attribution_model]


def _counts(coupon: Coupon, instant: datetime) -> bool:
    """Say whether a coupon was there and switched on."""
    is_on = coupon.created_at <= instant
    for change in coupon.changes:
        is_on = change.enabled if change.effective_at <= instant else is_on
    return is_on


def _is_good(story: Story, click: Click, placed: datetime, plan: Plan) -> bool:
    return (
        -SKEW <= placed - click.occurred_at < timedelta(days=plan.click_window_days)
        and click.recorded_at <= placed + HOUR
        and click.bot_reason is None
        and click.program_id == story.program.id
    )


def _click_told(ordered: Sequence[Fact], placed: datetime) -> str | None:
    """Return the click named last within the grace period, else the one named first after it."""
    told = [(f.version, f.snapshot.click_id) for f in ordered if f.snapshot and f.snapshot.click_id]
    in_time = [click_id for version, click_id in told if version <= placed + HOUR]
    return next(iter((*in_time[-1:], *(click_id for _, click_id in told))), None)


def _earners(story: Story, first: str, asked: Asked, plan: Plan) -> tuple[str, ...]:
    """Return who earns level by level: the winner, then the chain, the plan's choice where it is vacant."""
    placed, winner = asked.placed, _people(story, [first])[0]
    if plan.self_purchase is SelfPurchase.REBATE and _is_own(winner, asked):
        return (first,)
    above = _above(story, first, placed)
    paid = [first, *(promoter.id for promoter in above)][: len(plan.rate_bps)]
    instead = _instead(story, paid, placed, plan)
    names = [first]
    for promoter in above:
        if not _is_suspended(promoter, placed):
            names.append(promoter.id)
        elif plan.vacancy is not Vacancy.COMPRESS:
            names.append(instead)
    return tuple(names)


def _above(story: Story, first: str, placed: datetime) -> list[Promoter]:
    found = [promoter for promoter in story.promoters if promoter.id == first]
    while known := [other for other in story.promoters if other.id == _sponsor(found[-1], placed)]:
        found += known
    return found[1:]


def _instead(story: Story, chain: Sequence[str], placed: datetime, plan: Plan) -> str:
    for promoter in story.promoters:
        if promoter.id == plan.default_sponsor_id and promoter.id not in chain:
            return HOUSE if _is_suspended(promoter, placed) else promoter.id
    return HOUSE


def _sponsor(promoter: Promoter, placed: datetime) -> str | None:
    name = promoter.sponsor_id
    for change in promoter.sponsor_changes:
        name = change.sponsor_id if change.effective_at <= placed else name
    return name


def _is_suspended(promoter: Promoter, placed: datetime) -> bool:
    status = PromoterStatus.ACTIVE
    for change in promoter.status_changes:
        status = change.status if change.effective_at <= placed else status
    return status is PromoterStatus.SUSPENDED


def _earned(
    ordered: Sequence[Fact], claims: Sequence[Sequence[str]], plan: Plan, rounding: Rounding
) -> dict[str, int]:
    """Return what everybody earned after refunds, line by line and level by level, zero left out."""
    earned: dict[str, int] = {}
    for number, claim in enumerate(claims):
        lines = [(line, _granted(line, claim[0], plan)) for line in _last(ordered, "lines") or ()]
        for level, name in enumerate(claim[: len(plan.rate_bps)]):
            for share, back in _dealt_and_back(lines, level, _refunds(ordered), rounding):
                part = _part(share, number, len(claims)) - _part(back, number, len(claims))
                earned[name] = earned.get(name, 0) + part
    return {name: minor for name, minor in earned.items() if minor}


def _part(minor: int, number: int, parts: int) -> int:
    """Deal unit by unit in turn and count what falls to one."""
    return len(range(number, minor, parts))


@dataclass(frozen=True)
class Granted:
    """What a line earns at each level, exactly, and whether refunds count by units."""

    levels: list[Fraction]
    by_units: bool


def _granted(line: Line, first: str, plan: Plan) -> Granted:
    """Return the rates that the ladder gives a line, as far as both caps let them."""
    rules = [rule for rule in plan.rules if _is_about(rule, line, first)]
    rules.sort(key=lambda rule: rule.id)
    rules.sort(key=lambda rule: (_precision(rule), sum(_wanted(line, rule, plan))), reverse=True)
    rule = rules[0] if rules else None
    left = Fraction(_base(line) * plan.pool_cap_bps, 10_000)
    levels = []
    for wanted in _wanted(line, rule, plan):
        levels.append(min(wanted, Fraction(_base(line) * plan.line_cap_bps, 10_000), left))
        left -= levels[-1]
    return Granted(levels, by_units=rule is not None and rule.per_unit_minor != ())


def _is_about(rule: RateRule, line: Line, first: str) -> bool:
    pairs = ((rule.sku, line.sku), (rule.product_id, line.product_id), (rule.promoter_id, first))
    return all(asked is None or asked == has for asked, has in pairs)


def _precision(rule: RateRule) -> tuple[bool, bool, bool]:
    return rule.sku is not None, rule.product_id is not None, rule.promoter_id is not None


def _wanted(line: Line, rule: RateRule | None, plan: Plan) -> list[Fraction]:
    if rule and rule.per_unit_minor:
        found = [Fraction(each * line.quantity_milli, 1000) for each in rule.per_unit_minor]
    else:
        found = [Fraction(_base(line) * bps, 10_000) for bps in (rule.rate_bps if rule else plan.rate_bps)]
    return [*found, *(Fraction(0) for _ in plan.rate_bps)][: len(plan.rate_bps)]


def _dealt_and_back(
    lines: Sequence[tuple[Line, Granted]], level: int, refunds: Sequence[Refund], rounding: Rounding
) -> list[tuple[int, int]]:
    """Return each line's share of a level, rounded once and dealt out, with what of it went back."""
    earning = [(line, granted) for line, granted in lines if granted.levels[level]]
    exact = [granted.levels[level] for _, granted in earning]
    shares = _dealt(_whole(sum(exact, Fraction(0)), rounding), exact)
    return [
        (share, _whole(share * _went_back(line, refunds, granted), rounding))
        for (line, granted), share in zip(earning, shares, strict=True)
    ]


def _base(line: Line) -> int:
    return 0 if line.gift_card else max(0, line.gross_minor - line.discount_minor - line.tax_minor)


def _whole(amount: Fraction, rounding: Rounding) -> int:
    """Round as the program does; Python's own `round` takes the even half."""
    return floor(amount) if rounding is Rounding.FLOOR else round(amount)


def _dealt(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Deal a total out unit by unit: first what is whole, then always to whom most is owed."""
    owed = [total * weight / sum(weights) for weight in weights]
    dealt = [floor(share) for share in owed]
    for _ in range(total - sum(dealt)):
        shares = [share - got for share, got in zip(owed, dealt, strict=True)]
        dealt[shares.index(max(shares))] += 1
    return dealt


def _refunds(ordered: Sequence[Fact]) -> list[Refund]:
    """Return each refund once: of what was told about it, the longest, and of those the last."""
    told = [refund for fact in ordered for refund in fact.refunds]
    by_name = sorted(told, key=lambda refund: refund.id)
    return [
        max(reversed(versions), key=lambda refund: len(refund.lines))
        for versions in (list(group) for _, group in groupby(by_name, key=lambda refund: refund.id))
    ]


def _went_back(line: Line, refunds: Sequence[Refund], granted: Granted) -> Fraction:
    """Return the part of a line that went back: of its units where those were paid for, else of its base."""
    parts = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    if granted.by_units:
        return min(Fraction(sum(part.quantity_milli for part in parts), line.quantity_milli), Fraction(1))
    return Fraction(_base_back(line, parts), _base(line))


def _base_back(line: Line, parts: Sequence[RefundLine]) -> int:
    if line.tax_minor and line.quantity_milli:
        units = sum(part.quantity_milli for part in parts if part.subtotal_minor)
        return round(Fraction(_base(line)) * min(Fraction(units, line.quantity_milli), Fraction(1)))
    return min(_base(line), sum(part.subtotal_minor for part in parts))


def commission(lines: Sequence[tuple[int, int]], rate_bps: int, rounding: Rounding) -> int:
    """Return what a level keeps of lines at one rate, each a base and what went back of it."""
    sold = [(base, back) for base, back in lines if base]
    weights = [Fraction(base) for base, _ in sold]
    total = _whole(Fraction(sum(base for base, _ in sold) * rate_bps, 10_000), rounding)
    return sum(
        share - _whole(Fraction(share * back, base), rounding)
        for (base, back), share in zip(sold, _dealt(total, weights), strict=True)
    )
