"""A second, slow calculator of what must stand: the books' opponent in the tests.

It shares no arithmetic with `grapevine.domain`: whole fractions instead of integers, and at every
instant everything from the beginning, from the facts that had arrived by then. It keeps no
entries, so a difference that the ledger loses shows here; all that it remembers is who the order
went to, which stays while what it rests on does, whatever clicks are recorded later.

What was sold in a month that is closed is no arithmetic of one order: the recorded volumes come in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.clicks import Click
from grapevine.domain.facts import Fact, Line, OrderKey, Outcome, Payment, Refund, RefundLine
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, Plan, Vacancy
from grapevine.domain.programs import Program
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import TierBasis, TierMeasure, TierMode

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
    registrations: tuple[Registration, ...] = ()
    joins: tuple[SamePerson, ...] = ()

    volumes: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """Net sales and orders by promoter and month, as recorded when each month was closed."""

    @property
    def orders(self) -> tuple[OrderKey, ...]:
        return tuple(sorted({fact.order for fact in self.facts}, key=str))


@dataclass(frozen=True)
class Told:
    """An order as its customer's later orders hear of it, from `since` on; no customer: no longer theirs."""

    since: datetime
    customer_key: str | None
    placed: datetime
    name: str
    through: str | None
    earned: bool


@dataclass(frozen=True)
class Stand:
    """What an order must come to: amounts by (promoter, account), and when it was released."""

    amounts: dict[tuple[str, str], int]
    released_at: datetime | None


@dataclass(frozen=True)
class Attribution:
    """Who earns level by level, once for each promoter who shares the order; None while a click may come.

    `told` is what later orders of the customer hear of it, where the plan lets them listen.
    """

    basis: object
    claims: tuple[tuple[str, ...], ...] | None
    told: Told | None = None


@dataclass(frozen=True)
class View:
    """The order as those see it who know some of its facts."""

    amounts: dict[str, int]
    outcome: Outcome | None
    releases_at: datetime | None
    attribution: Attribution | None = None


def stand(story: Story, order: OrderKey, sweeps: Sequence[datetime]) -> Stand:
    """Return what stands after the last sweep, looking at each arrival and at each sweep."""
    return _lived(story, order, sweeps)[0]


def _lived(story: Story, order: OrderKey, sweeps: Sequence[datetime]) -> tuple[Stand, list[Told]]:
    """Return what stands, with everything that was ever told of the order, in its time."""
    facts = sorted((fact for fact in story.facts if fact.order == order), key=lambda f: f.recorded_at)
    arrivals = [fact.recorded_at for fact in facts]
    placed = min((f.snapshot.placed_at for f in facts if f.snapshot and f.snapshot.placed_at), default=None)
    released_at, view, seen = None, View({}, None, None), (0, False)
    heard, told = _earlier(story, order, placed, sweeps), list[Told]()
    for now in sorted({*sweeps, *arrivals}):
        is_patient = placed is not None and now >= placed + HOUR
        if seen != (bisect_right(arrivals, now), is_patient):
            seen = bisect_right(arrivals, now), is_patient
            view = look(story, facts[: seen[0]], view.attribution, now, heard)
            told += _news(view.attribution, told, now)
        if released_at is None and view.releases_at and now >= view.releases_at:
            released_at = now
    where = "payable" if released_at else "blocked" if view.outcome is Outcome.BLOCK else "held"
    places = {(name, "house" if name == HOUSE else where): minor for name, minor in view.amounts.items()}
    return Stand(places, released_at), told


def _earlier(
    story: Story, order: OrderKey, placed: datetime | None, sweeps: Sequence[datetime]
) -> list[list[Told]]:
    """Return what was told of every order that was placed before this one, each by itself."""
    if placed is None or not any(_looks_back(plan) for plan in story.plans):
        return []
    placings = {
        fact.order: fact.snapshot.placed_at
        for fact in story.facts
        if fact.snapshot and fact.snapshot.placed_at
    }
    before = [other for other, at in placings.items() if (at, str(other)) < (placed, str(order))]
    return [_lived(story, other, sweeps)[1] for other in before]


def _news(attribution: Attribution | None, told: Sequence[Told], now: datetime) -> list[Told]:
    """Return what is told now: also that the order is no longer whose it was."""
    if attribution and attribution.told:
        return [replace(attribution.told, since=now)]
    return [replace(told[-1], since=now, customer_key=None)] if attribution and told else []


def look(
    story: Story,
    known: Sequence[Fact],
    before: Attribution | None,
    now: datetime,
    heard: Sequence[Sequence[Told]] = (),
) -> View:
    """Return the order as these facts tell it, with the clicks that had come by now."""
    ordered = _in_order(known)
    paid = [fact.version for fact in ordered if fact.snapshot and fact.snapshot.payment in PAID_STATES]
    is_paid = _last(ordered, "payment") in PAID_STATES and _last(ordered, "cancelled_at") is None
    placed, outcome = _last(ordered, "placed_at"), _outcome(ordered)
    is_told = placed is not None and _last(ordered, "lines") is not None
    if not (is_told and (is_paid or before)):
        return View({}, outcome, None, before)
    plan, named = _plan(story, min(paid)), _click_told(ordered, placed)
    attribution = before
    basis = named, min(paid), _last(ordered, "customer_key")
    if now >= placed + HOUR or before is None or before.claims is None or before.basis != basis:
        claims, through = _claims(story, named, placed, plan, now, min(paid))
        attribution = Attribution(basis, claims)
        if _looks_back(plan) and basis[2]:
            me = Told(now, basis[2], placed, str(ordered[0].order), through, earned=False)
            claims = None if claims is None else _remembered(story, claims, me, plan, heard, min(paid))
            earned = claims not in (None, (), ((HOUSE,),))
            attribution = Attribution(basis, claims, replace(me, earned=earned))
    month = _month_of_tier(story, plan, min(paid))
    amounts = _earned(ordered, (attribution and attribution.claims) or (), plan, story, month)
    if not is_paid:
        return View({}, outcome, None, attribution)
    waits = not set(amounts) - {HOUSE} or outcome in (Outcome.BLOCK, Outcome.REVIEW)
    release = None if waits else _release(ordered, placed, min(paid), plan, outcome)
    if release and plan.tiers:
        release = max(release, _closing(story, month))
    if release and plan.upline_gate_minor:
        release = max(release, _closing(story, _month_before(story, min(paid))))
    return View(amounts, outcome, release, attribution)


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


def _looks_back(plan: Plan) -> bool:
    return plan.binding != "off" or plan.new_customers_only or plan.recurring in ("first_only", "months")


def _remembered(
    story: Story,
    claims: tuple[tuple[str, ...], ...],
    me: Told,
    plan: Plan,
    heard: Sequence[Sequence[Told]],
    paid_at: datetime,
) -> tuple[tuple[str, ...], ...]:
    """Return whose the order is for those who remember the customer; `me` is the order itself, now."""
    until = min(me.since, me.placed + HOUR - timedelta(milliseconds=1))
    keys = _one_person(story, me, until)
    past = [told for one in heard for told in [t for t in one if t.since <= until][-1:]]
    past = sorted((told for told in past if told.customer_key in keys), key=lambda t: (t.placed, t.name))
    events = [(told.placed, 1, told.through) for told in past if told.through]
    if plan.binding == "registration":
        events = []
    for signed in story.registrations:
        if signed.customer_key in keys and signed.occurred_at <= me.placed and signed.recorded_at <= until:
            events.append((signed.occurred_at, 0, signed.promoter_id))
    holder, is_safe = _holder(sorted(events, key=lambda event: event[:2]), plan, me.placed)
    if holder:
        claims = _held(story, claims, holder, me.placed, plan, paid_at, is_safe=is_safe)
    first = min((told.placed for told in past if told.earned), default=None)
    is_over = first and (
        plan.recurring == "first_only" or (plan.recurring == "months" and _is_over(first, me.placed, plan))
    )
    return () if is_over or (plan.new_customers_only and past) else claims


def _one_person(story: Story, me: Told, until: datetime) -> set[str | None]:
    """Return every key that is known to be the customer's, growing the set until it stays."""
    keys: set[str | None] = {me.customer_key}
    for _ in story.joins:
        for join in story.joins:
            pair = {join.customer_key, join.other_key}
            if pair & keys and join.occurred_at <= me.placed and join.recorded_at <= until:
                keys |= pair
    return keys


def _holder(
    events: Sequence[tuple[datetime, int, str]], plan: Plan, placed: datetime
) -> tuple[str | None, bool]:
    """Return who holds the customer, and whether safely, after living through what happened."""
    forever = datetime.max.replace(tzinfo=placed.tzinfo)
    holder, safe_until, valid_until = None, placed, placed
    for at, _, name in events:
        holder = holder if at < valid_until else None
        if plan.binding == "timed" and (holder in (None, name) or at >= safe_until):
            holder, safe_until = name, at + timedelta(days=plan.protection_days)
            valid_until = at + timedelta(days=plan.binding_days)
        elif plan.binding == "always":
            holder, safe_until, valid_until = name, at, forever
        elif plan.binding in ("first_ever", "registration") and holder is None:
            holder, safe_until, valid_until = name, forever, forever
    return (holder if placed < valid_until else None), placed < safe_until


def _held(
    story: Story,
    claims: tuple[tuple[str, ...], ...],
    holder: str,
    placed: datetime,
    plan: Plan,
    paid_at: datetime,
    *,
    is_safe: bool,
) -> tuple[tuple[str, ...], ...]:
    known = [promoter for promoter in story.promoters if promoter.id == holder]
    is_touched = claims not in ((), ((HOUSE,),))
    if known and not _is_suspended(known[0], placed):
        return claims if is_touched and not is_safe else (_earners(story, holder, placed, plan, paid_at),)
    return ((HOUSE,),) if known and not claims else claims


def _is_over(first: datetime, placed: datetime, plan: Plan) -> bool:
    """Count the months one by one on the calendar, where a month has no such day to its last."""
    month = first.year * 12 + first.month - 1 + (plan.recurring_months or 0)
    end = first.replace(year=month // 12, month=month % 12 + 1, day=1) + timedelta(days=first.day - 1)
    while end.month != month % 12 + 1:
        end -= timedelta(days=1)
    return placed >= end


def _claims(
    story: Story, named: str | None, placed: datetime, plan: Plan, now: datetime, paid_at: datetime
) -> tuple[tuple[tuple[str, ...], ...] | None, str | None]:
    """Return whose the order is by the clicks that had come, and who brought the customer.

    None while the named one may still come.
    """
    visitor = named.split("-")[0] if named else None
    come = [c for c in story.clicks if c.recorded_at <= now and c.id.split("-")[0] == visitor]
    if named and named not in {click.id for click in come} and now < placed + HOUR:
        return None, None
    good = sorted((c for c in come if _is_good(story, c, placed, plan)), key=lambda c: (c.occurred_at, c.id))
    owners = [promoter for click in good for promoter in story.promoters if promoter.id == click.promoter_id]
    earning = list(dict.fromkeys(owner.id for owner in owners if not _is_suspended(owner, placed)))
    if not earning:
        return (((HOUSE,),) if owners else ()), None
    last = [owner.id for owner in owners if owner.id in earning][-1]
    chosen = {
        AttributionModel.LAST_CLICK: [last],
        AttributionModel.FIRST_CLICK: earning[:1],
        AttributionModel.LINEAR: earning,
    }[plan.attribution_model]
    through = last if plan.attribution_model is AttributionModel.LINEAR else chosen[0]
    return tuple(_earners(story, name, placed, plan, paid_at) for name in chosen), through


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


def _local(story: Story, instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo(story.program.time_zone))


def _month_of_tier(story: Story, plan: Plan, paid: datetime) -> str:
    """Return the month whose sales count: the one of the payment, or the one that ended before it."""
    runs = plan.tier_basis is TierBasis.RUNNING_MONTH
    return f"{_local(story, paid):%Y-%m}" if runs else _month_before(story, paid)


def _month_before(story: Story, instant: datetime) -> str:
    return f"{_local(story, instant).replace(day=1) - timedelta(days=1):%Y-%m}"


def _closing(story: Story, month: str) -> datetime:
    """Return an hour after the month's last instant, found by walking into the next one."""
    day = datetime.fromisoformat(f"{month}-28").replace(tzinfo=ZoneInfo(story.program.time_zone))
    while f"{day:%Y-%m}" == month:
        day += timedelta(days=1)
    return day + HOUR


def _uplift(story: Story, name: str, month: str, plan: Plan) -> tuple[str | None, Fraction]:
    """Return the tier that a month's recorded sales reached, and what it adds, in basis points."""
    if not plan.tiers:
        return None, Fraction(0)
    net, orders = story.volumes.get((name, month), (0, 0))
    sold = orders if plan.tier_measure is TierMeasure.ORDERS else net
    reached = [tier for tier in plan.tiers if tier.threshold <= sold] or [plan.tiers[0]]
    if plan.tier_mode is TierMode.WHOLE or sold <= 0:
        return reached[-1].id, Fraction(reached[-1].add_bps)
    # Each threshold that was reached raises everything above it by what it adds to the one below.
    added, below = Fraction(0), 0
    for tier in reached:
        added += (sold - tier.threshold) * (tier.add_bps - below)
        below = tier.add_bps
    return reached[-1].id, added / sold


def _is_short(story: Story, promoter: Promoter, plan: Plan, paid: datetime) -> bool:
    sold, _ = story.volumes.get((promoter.id, _month_before(story, paid)), (0, 0))
    return 0 < plan.upline_gate_minor > sold


def _earners(story: Story, first: str, placed: datetime, plan: Plan, paid_at: datetime) -> tuple[str, ...]:
    """Return who earns level by level: the winner, then the chain, the plan's choice where it is vacant."""
    above = _above(story, first, placed)
    paid = [first, *(promoter.id for promoter in above)][: len(plan.rate_bps)]
    instead = _instead(story, paid, placed, plan)
    names = [first]
    for promoter in above:
        if not _is_suspended(promoter, placed) and not _is_short(story, promoter, plan, paid_at):
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
    ordered: Sequence[Fact], claims: Sequence[Sequence[str]], plan: Plan, story: Story, month: str
) -> dict[str, int]:
    """Return what everybody earned after refunds, line by line and level by level, zero left out."""
    earned: dict[str, int] = {}
    for number, claim in enumerate(claims):
        tier = (None, Fraction(0)) if claim[0] == HOUSE else _uplift(story, claim[0], month, plan)
        lines = [(line, _granted(line, claim[0], plan, tier)) for line in _last(ordered, "lines") or ()]
        for level, name in enumerate(claim[: len(plan.rate_bps)]):
            for share, back in _dealt_and_back(lines, level, _refunds(ordered), story.program.rounding):
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


def _granted(line: Line, first: str, plan: Plan, tier: tuple[str | None, Fraction]) -> Granted:
    """Return the rates that the ladder gives a line, as far as both caps let them."""
    rules = [rule for rule in plan.rules if _is_about(rule, line, first, tier[0])]
    rules.sort(key=lambda rule: rule.id)
    rules.sort(key=lambda rule: (_precision(rule), sum(_wanted(line, rule, plan, tier[1]))), reverse=True)
    rule = rules[0] if rules else None
    left = Fraction(_base(line) * plan.pool_cap_bps, 10_000)
    levels = []
    for wanted in _wanted(line, rule, plan, tier[1]):
        levels.append(min(wanted, Fraction(_base(line) * plan.line_cap_bps, 10_000), left))
        left -= levels[-1]
    return Granted(levels, by_units=rule is not None and rule.per_unit_minor != ())


def _is_about(rule: RateRule, line: Line, first: str, tier_id: str | None) -> bool:
    pairs = (
        (rule.sku, line.sku),
        (rule.product_id, line.product_id),
        (rule.promoter_id, first),
        (rule.tier_id, tier_id),
    )
    return all(asked is None or asked == has for asked, has in pairs)


def _precision(rule: RateRule) -> tuple[bool, ...]:
    return tuple(asked is not None for asked in (rule.sku, rule.product_id, rule.promoter_id, rule.tier_id))


def _wanted(line: Line, rule: RateRule | None, plan: Plan, uplift: Fraction) -> list[Fraction]:
    if rule and rule.per_unit_minor:
        found = [Fraction(each * line.quantity_milli, 1000) for each in rule.per_unit_minor]
    else:
        found = [Fraction(_base(line) * bps, 10_000) for bps in (rule.rate_bps if rule else plan.rate_bps)]
        if found[:1] > [Fraction(0)] and (rule is None or rule.tier_id is None):
            found[0] += _base(line) * uplift / 10_000
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
