"""A second, slow calculator of what must stand: the books' opponent in the tests.

It shares no arithmetic with `grapevine.domain`: whole fractions instead of integers, and at every
instant everything from the beginning, from the facts that had arrived by then. It keeps no
entries, so a difference that the ledger loses shows here; all that it remembers is who the order
went to, which stays while what it rests on does, whatever clicks are recorded later. What was granted
of something scarce is told to it: that depends on who came first. What was sold in a month that is
closed is no arithmetic of one order: the recorded volumes come in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.caps import CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Outcome, Payment, Refund, RefundLine
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, SelfPurchase, Vacancy
from grapevine.domain.products import Product
from grapevine.domain.programs import Program
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import TierBasis, TierMeasure, TierMode

HOUR = timedelta(hours=1)
SKEW = timedelta(seconds=5)
HOUSE = "program"
"""Who has what nobody could earn."""
NOTHING_GRANTED: Mapping[str, int] = {}
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
    products: tuple[Product, ...] = ()
    registrations: tuple[Registration, ...] = ()
    joins: tuple[SamePerson, ...] = ()

    volumes: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """Net sales and orders by promoter and month, as recorded when each month was closed."""
    coupons: tuple[Coupon, ...] = ()

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
    wanted: dict[str, int]
    """What is wanted of everything scarce, by the names that grants have."""


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
    """Who earns level by level, once for each promoter who shares the order; None while a click may come.

    `told` is what later orders of the customer hear of it, where the plan lets them listen.
    """

    basis: object
    claims: tuple[tuple[str, ...], ...] | None
    told: Told | None = None
    closed: bool = False
    """The customer's past says that nobody earns anything from the order."""


@dataclass(frozen=True)
class View:
    """The order as those see it who know some of its facts; `free_from` is when no part is held any more."""

    amounts: dict[str, int]
    outcome: Outcome | None
    free_from: datetime | None
    attribution: Attribution | None = None
    wanted: dict[str, int] = field(default_factory=dict)
    bonus: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What a release gives whom for which recruit."""

    @property
    def names(self) -> set[str]:
        """Everybody who has, or could have, a part."""
        claims = (self.attribution and self.attribution.claims) or ()
        return {*self.amounts, *(name for claim in claims for name in claim)} - {HOUSE}


@dataclass(frozen=True)
class Recorded:
    """What was granted of something scarce, and when: an input, because it depends on who came first."""

    at: datetime
    name: str
    granted: int


def stand(
    story: Story, order: OrderKey, sweeps: Sequence[datetime], recorded: Sequence[Recorded] = ()
) -> Stand:
    """Return what stands after the last sweep, looking at each arrival and at each sweep."""
    return _lived(story, order, sweeps, recorded)[0]


def _lived(
    story: Story, order: OrderKey, sweeps: Sequence[datetime], recorded: Sequence[Recorded] = ()
) -> tuple[Stand, list[Told]]:
    """Return what stands, with everything that was ever told of the order, in its time."""
    facts = sorted((fact for fact in story.facts if fact.order == order), key=lambda f: f.recorded_at)
    arrivals = [fact.recorded_at for fact in facts]
    placed = min((f.snapshot.placed_at for f in facts if f.snapshot and f.snapshot.placed_at), default=None)
    released_at, view, seen, freed = None, View({}, None, None), (0, 0, False), set[str]()
    fates: dict[str, str] = {}
    granted: dict[str, int] = {}
    heard, told = _earlier(story, order, placed, sweeps), list[Told]()
    for now in sorted({*sweeps, *arrivals}):
        if _is_quarantined(facts[: bisect_right(arrivals, now)]):
            continue
        is_patient = placed is not None and now >= placed + HOUR
        known = [grant for grant in recorded if grant.at <= now]
        if seen != (bisect_right(arrivals, now), len(known), is_patient):
            seen = bisect_right(arrivals, now), len(known), is_patient
            granted = {grant.name: grant.granted for grant in known}
            view = look(story, facts[: seen[0]], view.attribution, now, granted, heard)
            told += _news(view.attribution, told, now)
        fates = {name: _fate(story, name, placed, view.free_from, now) for name in view.names - freed}
        earning = {name for name in view.amounts if name != HOUSE and fates.get(name) != "lost"}
        if released_at is None and earning and view.free_from and now >= view.free_from:
            released_at = now
        if released_at:
            freed |= {name for name, fate in fates.items() if fate == "free"}
    unfreed = "blocked" if view.outcome is Outcome.BLOCK and not released_at else "held"
    places = {
        (name, "house" if name == HOUSE else "payable" if name in freed else unfreed): minor
        for name, minor in view.amounts.items()
        if name in freed or fates.get(name) != "lost"
    }
    wanted = dict(view.wanted)
    for name, (sponsor, minor) in view.bonus.items():
        if released_at and name.split("/")[1] in freed:
            wanted[name] = 1
            if granted.get(name):
                places[sponsor, "payable"] = places.get((sponsor, "payable"), 0) + minor
    return Stand(places, released_at, wanted), told


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


def _fate(story: Story, name: str, placed: datetime | None, free_from: datetime | None, now: datetime) -> str:
    """Say whether a part that was not released yet is lost to a ban by now, waits, or is free."""
    accounts = [found for found in (_named(story, name), _person(story, name, now)) if found]
    if placed and any(_is_lost(account, placed, free_from, now) for account in accounts):
        return "lost"
    is_waiting = accounts and _status(accounts[-1], now) is PromoterStatus.SUSPENDED
    return "waits" if is_waiting else "free"


def _is_lost(promoter: Promoter, placed: datetime, free_from: datetime | None, now: datetime) -> bool:
    """Walk through a promoter's life since the order: what comes first, freedom or a ban?"""
    moments = [change.effective_at for change in promoter.status_changes]
    for moment in sorted({*moments, *([free_from] if free_from else [])}):
        status = _status(promoter, moment)
        if placed < moment <= now and status is PromoterStatus.BANNED:
            return True
        stopped = (PromoterStatus.SUSPENDED, PromoterStatus.BANNED)
        if free_from and moment >= free_from and status not in stopped:
            return False
    return False


def look(
    story: Story,
    known: Sequence[Fact],
    before: Attribution | None,
    now: datetime,
    granted: Mapping[str, int] = NOTHING_GRANTED,
    heard: Sequence[Sequence[Told]] = (),
) -> View:
    """Return the order as these facts tell it, with the clicks that had come by now."""
    ordered = _in_order(_without_doubt(known))
    paid = [fact.version for fact in ordered if fact.snapshot and fact.snapshot.payment in PAID_STATES]
    is_paid = _last(ordered, "payment") in PAID_STATES and _last(ordered, "cancelled_at") is None
    placed, outcome = _last(ordered, "placed_at"), _outcome(ordered)
    is_told = placed is not None and _last(ordered, "lines") is not None
    if not (is_told and (is_paid or before)):
        return View({}, outcome, None, before)
    paid_at = min(paid, default=placed)
    plan, attribution, asked = _plan(story, paid_at), before, _asked(ordered, placed, paid_at)
    is_open = now >= placed + HOUR
    products = _products_in(ordered) if plan.needs_products else None
    basis = asked, products
    if is_open or before is None or before.claims is None or before.basis != basis:
        claims, through = _claims(story, asked, plan, now)
        attribution = Attribution(basis, claims)
        if _looks_back(plan) and asked.customer:
            me = Told(now, asked.customer, placed, str(ordered[0].order), through, earned=False)
            closed = False
            if claims is not None:
                claims, closed = _remembered(story, claims, me, plan, heard, asked)
            me = replace(me, earned=claims not in (None, (), ((HOUSE,),)))
            attribution = Attribution(basis, claims, me, closed=closed)
    if not is_paid:
        return View({}, outcome, None, attribution)
    claims = attribution.claims if attribution else None
    month = _month_of_tier(story, plan, paid_at)
    is_closed = claims is None or (attribution is not None and attribution.closed)
    earned = [] if is_closed else _parts(story, ordered, claims or (), asked, plan)
    parts = _own_caps(earned, plan)
    names = _counters(story, ordered, paid_at, plan)
    wanted = {name: sum(p.minor for p in parts if name in names(p)) for p in parts for name in names(p)}
    wanted = {name: minor for name, minor in wanted.items() if minor}
    amounts = _added_up(_limited(parts, names, granted))
    is_stopped = outcome in (Outcome.BLOCK, Outcome.REVIEW)
    release = None if is_stopped else _release(ordered, placed, paid_at, plan, outcome)
    # Bound lines alone have neither tier nor gate: no month says anything about them.
    is_measured = any(claim[:1] not in ((), (HOUSE,)) for claim in claims or ())
    if release and plan.tiers and is_measured:
        release = max(release, _closing(story, month))
    if release and plan.upline_gate_minor and is_measured:
        release = max(release, _closing(story, _month_before(story, paid_at)))
    bonus = _bonus(story, claims or (), amounts, asked, plan)
    return View(amounts, outcome, release, attribution, wanted, bonus)


def _without_doubt(known: Sequence[Fact]) -> list[Fact]:
    """Return what may be counted: not what was rejected, nor what is odd and was not accepted."""
    rejected = {fact.ruling.fact for fact in known if fact.ruling and not fact.ruling.accepted}
    accepted = {fact.ruling.fact for fact in known if fact.ruling and fact.ruling.accepted}
    return [f for f in known if f.digest not in rejected and (f.problem is None or f.digest in accepted)]


def _is_quarantined(known: Sequence[Fact]) -> bool:
    """Say whether nothing moves: something odd came, nobody ruled, and no later body told it all again."""
    ruled = {fact.ruling.fact for fact in known if fact.ruling}
    clear = {fact.digest for fact in _without_doubt(known)}
    ordered = _in_order(known)
    for place, fact in enumerate(ordered):
        later = [other.snapshot for other in ordered[place:] if other.digest in clear and other.snapshot]
        is_told = any(s.lines is not None and s.payment and s.currency and s.placed_at for s in later)
        is_odd = fact.problem is not None and fact.digest not in ruled
        if is_odd and (fact.kind is FactKind.REFUNDED or not is_told):
            return True
    return False


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


def _looks_back(plan: Plan) -> bool:
    return plan.binding != "off" or plan.new_customers_only or plan.recurring in ("first_only", "months")


def _remembered(
    story: Story,
    claims: tuple[tuple[str, ...], ...],
    me: Told,
    plan: Plan,
    heard: Sequence[Sequence[Told]],
    asked: Asked,
) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Return whose the order is for those who remember the customer, and whether nobody may earn at all.

    `me` is the order itself, now.
    """
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
        claims = _held(story, claims, holder, asked, plan, is_safe=is_safe)
    first = min((told.placed for told in past if told.earned), default=None)
    is_over = first and (
        plan.recurring == "first_only" or (plan.recurring == "months" and _is_over(first, me.placed, plan))
    )
    is_closed = bool(is_over or (plan.new_customers_only and past))
    return ((), True) if is_closed else (claims, False)


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
    asked: Asked,
    plan: Plan,
    *,
    is_safe: bool,
) -> tuple[tuple[str, ...], ...]:
    person = _person(story, holder, asked.placed)
    is_touched = claims not in ((), ((HOUSE,),))
    if person is None:
        return claims
    if _is_out(person, asked.placed):
        return claims or ((HOUSE,),)
    if _is_own(person, asked) and plan.self_purchase is not SelfPurchase.REBATE:
        return claims
    return claims if is_touched and not is_safe else (_earners(story, person.id, asked, plan),)


def _is_over(first: datetime, placed: datetime, plan: Plan) -> bool:
    """Count the months one by one on the calendar, where a month has no such day to its last."""
    month = first.year * 12 + first.month - 1 + (plan.recurring_months or 0)
    end = first.replace(year=month // 12, month=month % 12 + 1, day=1) + timedelta(days=first.day - 1)
    while end.month != month % 12 + 1:
        end -= timedelta(days=1)
    return placed >= end


def _claims(
    story: Story, asked: Asked, plan: Plan, now: datetime
) -> tuple[tuple[tuple[str, ...], ...] | None, str | None]:
    """Return whose the order is by the touches that had come, and who brought the customer.

    None while the click that the order names may still come.
    """
    visitor = asked.named.split("-")[0] if asked.named else None
    come = [c for c in story.clicks if c.recorded_at <= now and c.id.split("-")[0] == visitor]
    good = [click for click in come if _is_good(story, click, asked.placed, plan)]
    good.sort(key=lambda click: (click.occurred_at, click.id))
    clicked = _people(story, [click.promoter_id for click in good], asked.placed)
    named = [coupon for code in asked.codes for coupon in story.coupons if coupon.code == code]
    counting = [coupon.promoter_id for coupon in named if _counts(coupon, asked.placed)]
    vouched = _people(story, counting, asked.placed)
    touched = [person.id for person in clicked if _may_have(person, asked, plan)]
    chosen = _by_coupon([person.id for person in vouched if _may_have(person, asked, plan)], touched, plan)
    may_come = asked.named not in {None, *(click.id for click in come)} and now < asked.placed + HOUR
    if may_come and not chosen:
        return None, None
    is_split = not chosen and plan.attribution_model is AttributionModel.LINEAR
    chosen = chosen or _by_clicks(touched, plan)
    if not chosen:
        is_out = any(_is_out(person, asked.placed) for person in clicked + vouched)
        return (((HOUSE,),) if is_out else ()), None
    through = touched[-1] if is_split else chosen[0]
    return tuple(_earners(story, name, asked, plan) for name in chosen), through


def _people(story: Story, names: Sequence[str], placed: datetime) -> list[Promoter]:
    found = [_person(story, name, placed) for name in names]
    return [person for person in found if person]


def _may_have(promoter: Promoter, asked: Asked, plan: Plan) -> bool:
    is_refused = plan.self_purchase is SelfPurchase.DISCOUNT_ONLY and _is_own(promoter, asked)
    return not (is_refused or _is_out(promoter, asked.placed))


def _is_own(promoter: Promoter, asked: Asked) -> bool:
    keys = [merge.customer_key for merge in promoter.duplicates if merge.effective_at <= asked.placed]
    return asked.customer is not None and asked.customer in (promoter.customer_key, *keys)


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


def _earners(story: Story, first: str, asked: Asked, plan: Plan) -> tuple[str, ...]:
    """Return who earns level by level: the winner, then the chain, the plan's choice where it is vacant."""
    placed, paid_at = asked.placed, asked.paid
    winner = _people(story, [first], placed)[0]
    if plan.self_purchase is SelfPurchase.REBATE and _is_own(winner, asked):
        return (first,)
    above = _above(story, first, placed)
    paid = [first, *(promoter.id for promoter in above)][: len(plan.rate_bps)]
    instead = _instead(story, paid, placed, plan)
    names = [first]
    for promoter in above:
        if not _is_out(promoter, placed) and not _is_short(story, promoter, plan, paid_at):
            names.append(promoter.id)
        elif plan.vacancy is not Vacancy.COMPRESS:
            names.append(instead)
    return tuple(names)


def _above(story: Story, first: str, placed: datetime) -> list[Promoter]:
    found = [promoter for promoter in story.promoters if promoter.id == first]
    while (above := _person(story, _sponsor(found[-1], placed), placed)) and above not in found:
        found.append(above)
    return found[1:]


def _instead(story: Story, chain: Sequence[str], placed: datetime, plan: Plan) -> str:
    promoter = _person(story, plan.default_sponsor_id, placed)
    if promoter is None or promoter.id in chain or _is_out(promoter, placed):
        return HOUSE
    return promoter.id


def _named(story: Story, name: str | None) -> Promoter | None:
    return next((promoter for promoter in story.promoters if promoter.id == name), None)


def _person(story: Story, name: str | None, instant: datetime) -> Promoter | None:
    """Return whose account it was: follow the merges that had happened."""
    promoter = _named(story, name)
    while promoter and promoter.alias and promoter.alias.effective_at <= instant:
        promoter = _named(story, promoter.alias.promoter_id)
    return promoter


def _sponsor(promoter: Promoter, placed: datetime) -> str | None:
    name = promoter.sponsor_id
    for change in promoter.sponsor_changes:
        name = change.sponsor_id if change.effective_at <= placed else name
    return name


def _is_out(promoter: Promoter, placed: datetime) -> bool:
    return _status(promoter, placed) is not PromoterStatus.ACTIVE


def _status(promoter: Promoter, instant: datetime) -> PromoterStatus:
    status = PromoterStatus.ACTIVE
    for change in promoter.status_changes:
        status = change.status if change.effective_at <= instant else status
    return status


@dataclass(frozen=True)
class Part:
    """What one of those who share an order earns of it at one level, after refunds."""

    level: int
    name: str
    minor: int


def _parts(
    story: Story,
    ordered: Sequence[Fact],
    claims: Sequence[Sequence[str]],
    asked: Asked,
    plan: Plan,
) -> list[Part]:
    """Return what everybody earned after refunds, line by line and level by level, nearest levels first."""
    month = _month_of_tier(story, plan, asked.paid)
    rounding, refunds = story.program.rounding, _refunds(ordered)
    sold = _sold(story, ordered, asked, plan)
    jobs = [
        ([item for item in sold if item.owners is None], claim, number, len(claims))
        for number, claim in enumerate(claims)
    ]
    bound = [item.owners for item in sold if item.owners]
    jobs += [([i for i in sold if i.owners == chain], chain, 0, 1) for chain in dict.fromkeys(bound)]
    found = []
    for level in range(len(plan.rate_bps)):
        for job, (items, claim, number, parts) in enumerate(jobs):
            if level >= len(claim):
                continue
            has_tier = job < len(claims) and claim[0] != HOUSE
            tier = _uplift(story, claim[0], month, plan) if has_tier else (None, Fraction(0))
            lines = [(item, _granted(item, claim[0], plan, tier)) for item in items]
            dealt = _dealt_and_back(lines, level, refunds, rounding)
            if job < len(claims):
                dealt.append(_for_the_order(sold, level, refunds, plan, rounding))
            halves = [(_part(share, number, parts), _part(back, number, parts)) for share, back in dealt]
            found.append(Part(level, claim[level], sum(share - back for share, back in halves)))
    return found


def _own_caps(parts: Sequence[Part], plan: Plan) -> list[Part]:
    """Return what the caps on one order leave."""
    limits = {cap.id: cap.amount_minor for cap in plan.caps if cap.period is CapPeriod.ORDER}
    promoters = [cap.id for cap in plan.caps if cap.id in limits and cap.per is CapPer.PROMOTER]

    def names(part: Part) -> list[str]:
        return [f"{cap}/{part.name}" if cap in promoters else cap for cap in limits if part.name != HOUSE]

    everybody = {name: limits[name.split("/")[0]] for part in parts for name in names(part)}
    return _limited(parts, names, everybody)


def _counters(
    story: Story, ordered: Sequence[Fact], paid_at: datetime, plan: Plan
) -> Callable[[Part], list[str]]:
    """Return how the counters that a part is in are called."""
    day = paid_at.astimezone(ZoneInfo(story.program.time_zone)).strftime("%Y-%m-%d")
    spans = {CapPeriod.DAY: day, CapPeriod.MONTH: day[:7], CapPeriod.LIFETIME: "ever"}
    customer = _last(ordered, "customer_key")

    def names(part: Part) -> list[str]:
        whose = {CapPer.PROMOTER: part.name, CapPer.CUSTOMER: customer}
        return [
            f"cap.{cap.id}/{whose[cap.per]}/{spans[cap.period]}"
            for cap in plan.caps
            if cap.period in spans and whose[cap.per] and part.name != HOUSE
        ]

    return names


def _limited(
    parts: Sequence[Part], names: Callable[[Part], Sequence[str]], limits: Mapping[str, int]
) -> list[Part]:
    """Return the parts, each no more than what those before it leave of everything it is limited by."""
    left: list[Part] = []
    for part in parts:
        used = {name: sum(p.minor for p in left if name in names(p)) for name in names(part)}
        most = [limits.get(name, 0) - minor for name, minor in used.items()]
        left.append(Part(part.level, part.name, min(part.minor, *most) if most else part.minor))
    return left


def _added_up(parts: Sequence[Part]) -> dict[str, int]:
    amounts = {part.name: sum(p.minor for p in parts if p.name == part.name) for part in parts}
    return {name: minor for name, minor in amounts.items() if minor}


def _bonus(
    story: Story, claims: Sequence[Sequence[str]], amounts: Mapping[str, int], asked: Asked, plan: Plan
) -> dict[str, tuple[str, int]]:
    """Return whom a release pays how much for each promoter who earned from the order."""
    found = {}
    for first in dict.fromkeys(claim[0] for claim in claims):
        for promoter in story.promoters:
            for sponsor in story.promoters:
                is_pair = promoter.id == first and sponsor.id == _sponsor(promoter, asked.placed)
                if (
                    is_pair
                    and not _is_own(promoter, asked)
                    and amounts.get(first)
                    and not _is_out(sponsor, asked.placed)
                ):
                    found[f"recruit/{first}/ever"] = (sponsor.id, plan.recruit_bonus_minor)
    return found if plan.recruit_bonus_minor else {}


@dataclass(frozen=True)
class Sold:
    """A line as a plan sees it: what of it counts, what counted before tenders, what of that went back."""

    line: Line
    base: int
    whole: int
    back: int
    groups: tuple[str | None, tuple[str, ...]]
    owners: tuple[str, ...] | None
    """Who is paid level by level where the product is bound."""


def _sold(story: Story, ordered: Sequence[Fact], asked: Asked, plan: Plan) -> list[Sold]:
    """Return the lines, then the charges, as far as each is in the plan's base."""
    lines = [*(_last(ordered, "lines") or ()), *(_last(ordered, "charges") or ())]
    amounts = [minor for line in lines for minor in (_net(line), line.tax_minor + line.added_tax_minor)]
    tenders = _last(ordered, "tenders") or ()
    other = sum(tender.minor for tender in tenders if tender.kind in plan.excluded_tenders)
    other = min(other, sum(amounts))
    taken = _dealt(other, [Fraction(minor) for minor in amounts]) if other else [0 for _ in amounts]
    found = []
    for number, line in enumerate(lines):
        is_in, tax_in = _is_in(line, plan)
        net_back, tax_back = _gone(line, _refunds(ordered))
        whole = amounts[2 * number] * is_in + amounts[2 * number + 1] * tax_in
        out = taken[2 * number] * is_in + taken[2 * number + 1] * tax_in
        groups, owners = _product(story, line.product_id, asked, plan)
        found.append(Sold(line, whole - out, whole, net_back * is_in + tax_back * tax_in, groups, owners))
    return found


def _net(line: Line) -> int:
    return max(0, line.gross_minor - line.discount_minor - line.tax_minor)


def _is_in(line: Line, plan: Plan) -> tuple[bool, bool]:
    name = "gift_card" if line.gift_card else str(line.component)
    names = [str(component) for component in plan.base]
    return name in names, name in names and "tax" in names


def _gone(line: Line, refunds: Sequence[Refund]) -> tuple[int, int]:
    """Return what went back of a line's net and of its tax, which at least goes with the net."""
    parts = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    net, tax = _base_back(line, parts), line.tax_minor + line.added_tax_minor
    with_net = round(Fraction(tax * net, _net(line))) if net else 0
    return net, min(tax, max(with_net, sum(part.tax_minor for part in parts)))


def _product(
    story: Story, product_id: str | None, asked: Asked, plan: Plan
) -> tuple[tuple[str | None, tuple[str, ...]], tuple[str, ...] | None]:
    """Return a product's groups, and who is paid for it where it is bound, when the order was placed."""
    changes = [c for product in story.products if product.id == product_id for c in product.changes]
    last = next((c for c in reversed(changes) if c.effective_at <= asked.placed), None)
    if last is None:
        return (None, ()), None
    groups = last.category, last.collections
    promoter = (
        _person(story, last.promoter_id, asked.placed) if plan.product_bound and last.promoter_id else None
    )
    if promoter:
        if _is_out(promoter, asked.placed):
            return groups, (HOUSE,)
        return groups, _earners(story, promoter.id, asked, plan) if _may_have(promoter, asked, plan) else ()
    return groups, None


def _products_in(ordered: Sequence[Fact]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.product_id for line in _last(ordered, "lines") or () if line.product_id))


def _for_the_order(
    sold: Sequence[Sold], level: int, refunds: Sequence[Refund], plan: Plan, rounding: Rounding
) -> tuple[int, int]:
    """Return a level's flat pay for the whole order, and what of it went back."""
    total = sum(item.base for item in sold)
    counted = [item for item in sold if item.base]
    most = floor(Fraction(total * plan.line_cap_bps, 10_000))
    if total == 0:
        most = sum(plan.per_order_minor) if plan.per_order_if_free and sold else 0
    nearer = sum(plan.per_order_minor[:level])
    wanted = plan.per_order_minor[level] if level < len(plan.per_order_minor) else 0
    pay = max(0, min(wanted, most - nearer))
    if counted:
        part = Fraction(sum(item.back for item in counted), sum(item.whole for item in counted))
    else:
        units = sum(item.line.quantity_milli for item in sold if item.line.component == "item")
        part = (
            Fraction(sum(_units_back(item.line, refunds) for item in sold), units) if units else Fraction(0)
        )
    return pay, _whole(pay * part, rounding)


def _units_back(line: Line, refunds: Sequence[Refund]) -> int:
    parts = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    return min(line.quantity_milli, sum(part.quantity_milli for part in parts))


def _part(minor: int, number: int, parts: int) -> int:
    """Deal unit by unit in turn and count what falls to one."""
    return len(range(number, minor, parts))


@dataclass(frozen=True)
class Granted:
    """What a line earns at each level, exactly, and whether refunds count by units."""

    levels: list[Fraction]
    by_units: bool


def _granted(sold: Sold, first: str, plan: Plan, tier: tuple[str | None, Fraction]) -> Granted:
    """Return the rates that the ladder gives a line, as far as both caps let them."""
    rules = [rule for rule in plan.rules if _is_about(rule, sold, first, tier[0])]
    rules.sort(key=lambda rule: rule.id)
    rules.sort(key=lambda rule: (_precision(rule), sum(_wanted(sold, rule, plan, tier[1]))), reverse=True)
    rule = rules[0] if rules else None
    left = Fraction(sold.base * plan.pool_cap_bps, 10_000)
    levels = []
    for wanted in _wanted(sold, rule, plan, tier[1]):
        levels.append(min(wanted, Fraction(sold.base * plan.line_cap_bps, 10_000), left))
        left -= levels[-1]
    return Granted(levels, by_units=rule is not None and rule.per_unit_minor != ())


def _is_about(rule: RateRule, sold: Sold, first: str, tier_id: str | None) -> bool:
    line, (category, collections) = sold.line, sold.groups
    pairs = (
        (rule.sku, line.sku),
        (rule.product_id, line.product_id),
        (rule.category, category),
        (rule.promoter_id, first),
        (rule.tier_id, tier_id),
    )
    is_in = rule.collection_id is None or rule.collection_id in collections
    has_units = not rule.per_unit_minor or line.component == "item"
    return is_in and has_units and all(asked is None or asked == has for asked, has in pairs)


def _precision(rule: RateRule) -> list[bool]:
    thing = (rule.sku, rule.product_id, rule.collection_id, rule.category)
    return [name is not None for name in (*thing, rule.promoter_id, rule.tier_id)]


def _wanted(sold: Sold, rule: RateRule | None, plan: Plan, uplift: Fraction) -> list[Fraction]:
    if rule and rule.per_unit_minor:
        found = [Fraction(each * sold.line.quantity_milli, 1000) for each in rule.per_unit_minor]
    else:
        found = [Fraction(sold.base * bps, 10_000) for bps in (rule.rate_bps if rule else plan.rate_bps)]
        if found[:1] > [Fraction(0)] and (rule is None or rule.tier_id is None):
            found[0] += sold.base * uplift / 10_000
    return [*found, *(Fraction(0) for _ in plan.rate_bps)][: len(plan.rate_bps)]


def _dealt_and_back(
    lines: Sequence[tuple[Sold, Granted]], level: int, refunds: Sequence[Refund], rounding: Rounding
) -> list[tuple[int, int]]:
    """Return each line's share of a level, rounded once and dealt out, with what of it went back."""
    earning = [(sold, granted) for sold, granted in lines if granted.levels[level]]
    exact = [granted.levels[level] for _, granted in earning]
    shares = _dealt(_whole(sum(exact, Fraction(0)), rounding), exact)
    return [
        (share, _whole(share * _went_back(sold, refunds, granted), rounding))
        for (sold, granted), share in zip(earning, shares, strict=True)
    ]


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


def _went_back(sold: Sold, refunds: Sequence[Refund], granted: Granted) -> Fraction:
    """Return the part of a line that went back: of its units where those were paid for, else of its money."""
    if granted.by_units:
        return Fraction(_units_back(sold.line, refunds), sold.line.quantity_milli)
    return Fraction(sold.back, sold.whole)


def _base_back(line: Line, parts: Sequence[RefundLine]) -> int:
    if line.tax_minor and line.quantity_milli:
        units = sum(part.quantity_milli for part in parts if part.subtotal_minor)
        return round(Fraction(_net(line)) * min(Fraction(units, line.quantity_milli), Fraction(1)))
    return min(_net(line), sum(part.subtotal_minor for part in parts))


def commission(lines: Sequence[tuple[int, int]], rate_bps: int, rounding: Rounding) -> int:
    """Return what a level keeps of lines at one rate, each a base and what went back of it."""
    sold = [(base, back) for base, back in lines if base]
    weights = [Fraction(base) for base, _ in sold]
    total = _whole(Fraction(sum(base for base, _ in sold) * rate_bps, 10_000), rounding)
    return sum(
        share - _whole(Fraction(share * back, base), rounding)
        for (base, back), share in zip(sold, _dealt(total, weights), strict=True)
    )
