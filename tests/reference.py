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
from functools import partial
from itertools import groupby
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.campaigns import Campaign, Clock, Pays, Stacking
from grapevine.domain.caps import CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Outcome, Payment, Refund, RefundLine
from grapevine.domain.money import EXPONENTS, Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, PublicCoupon, SelfPurchase, Vacancy
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
    campaigns: tuple[Campaign, ...] = ()
    bounties: tuple[Bounty, ...] = ()

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
    """What is wanted of everything scarce, by the names that grants have; of budgets without their shards."""
    points: dict[tuple[str, str], int] = field(default_factory=dict)
    paid: dict[str, int] = field(default_factory=dict)
    """What each campaign has paid, in what it pays."""
    sales: tuple[Sold, ...] = ()
    """What it was worth to whom, whenever that changed."""


@dataclass(frozen=True)
class Sold:
    """What an order is known to be worth since an instant: the net sales of each who shares it."""

    since: datetime
    paid: datetime | None
    net: Mapping[str, int]
    is_left: bool


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
    channels: Mapping[str, str] = field(default_factory=dict)
    """Where the click was that won for each promoter, where one did."""


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
    points: dict[str, int] = field(default_factory=dict)
    paid: dict[str, int] = field(default_factory=dict)
    sold: Sold | None = None

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
    story: Story,
    order: OrderKey,
    sweeps: Sequence[datetime],
    recorded: Sequence[Recorded] = (),
    looks: Sequence[datetime] = (),
) -> Stand:
    """Return what stands after the last sweep, looking at each arrival and at each sweep.

    At `looks` somebody looks at the order though nothing told of it is new: a click may be.
    """
    return _lived(story, order, sweeps, recorded, looks)[0]


def _lived(  # noqa: C901 - one life, instant by instant
    story: Story,
    order: OrderKey,
    sweeps: Sequence[datetime],
    recorded: Sequence[Recorded] = (),
    looks: Sequence[datetime] = (),
) -> tuple[Stand, list[Told]]:
    """Return what stands, with everything that was ever told of the order, in its time."""
    facts = sorted((fact for fact in story.facts if fact.order == order), key=lambda f: f.recorded_at)
    arrivals = [fact.recorded_at for fact in facts]
    placed = min((f.snapshot.placed_at for f in facts if f.snapshot and f.snapshot.placed_at), default=None)
    released_at, view, seen, freed = None, View({}, None, None), (0, 0, False), set[str]()
    fates: dict[str, str] = {}
    granted: dict[str, int] = {}
    lost: frozenset[str] = frozenset()
    heard, told, sales = _earlier(story, order, placed, sweeps), list[Told](), list[Sold]()
    for now in sorted({*sweeps, *arrivals, *looks}):
        if _is_quarantined(facts[: bisect_right(arrivals, now)]):
            continue
        is_patient = placed is not None and now >= placed + HOUR
        known = [grant for grant in recorded if grant.at <= now]
        if now in looks or seen != (bisect_right(arrivals, now), len(known), is_patient):
            seen = bisect_right(arrivals, now), len(known), is_patient
            granted = {grant.name: grant.granted for grant in known}
            view = look(story, facts[: seen[0]], view.attribution, now, granted, heard, lost)
            told += _news(view.attribution, told, now)
            sales.append(view.sold or Sold(now, None, {}, is_left=False))
        fates = {name: _fate(story, name, placed, view.free_from, now) for name in view.names - freed}
        gone = frozenset(name for name, fate in fates.items() if fate == "lost")
        if gone != lost:
            lost = gone
            view = look(story, facts[: seen[0]], view.attribution, now, granted, heard, lost)
        earning = {name for name in (*view.amounts, *view.points) if name != HOUSE and name not in lost}
        if released_at is None and earning and view.free_from and now >= view.free_from:
            released_at = now
        if released_at:
            freed |= {name for name, fate in fates.items() if fate == "free"}
    unfreed = "blocked" if view.outcome is Outcome.BLOCK and not released_at else "held"
    places, points = (_places(amounts, freed, lost, unfreed) for amounts in (view.amounts, view.points))
    wanted = dict(view.wanted)
    for name, (sponsor, minor) in view.bonus.items():
        if released_at and name.split("/")[1] in freed:
            wanted[name] = 1
            if granted.get(name):
                places[sponsor, "payable"] = places.get((sponsor, "payable"), 0) + minor
    return Stand(places, released_at, wanted, points, view.paid, tuple(sales)), told


def _places(
    amounts: Mapping[str, int], freed: set[str], lost: frozenset[str], unfreed: str
) -> dict[tuple[str, str], int]:
    """Return where everybody's part is, but for what was lost before it was free."""
    return {
        (name, "house" if name == HOUSE else "payable" if name in freed else unfreed): minor
        for name, minor in amounts.items()
        if name in freed or name not in lost
    }


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
    """Say whether a part that was not released yet is lost to a ban by now, waits, or is free.

    An account is its own until it is merged; from then on it is what the account is that it was merged into.
    """
    if _named(story, name) is None:
        return "free"
    merges = {promoter.alias.effective_at for promoter in story.promoters if promoter.alias}
    changes = {change.effective_at for promoter in story.promoters for change in promoter.status_changes}

    def status(moment: datetime) -> PromoterStatus:
        person = _person(story, name, moment)
        assert person is not None
        return _status(person, moment)

    if placed and _is_lost(merges | changes, status, placed, free_from, now):
        return "lost"
    return "waits" if status(now) is PromoterStatus.SUSPENDED else "free"


def _is_lost(
    moments: set[datetime],
    status: Callable[[datetime], PromoterStatus],
    placed: datetime,
    free_from: datetime | None,
    now: datetime,
) -> bool:
    """Walk through a promoter's life since the order: what comes first, freedom or a ban?"""
    for moment in sorted({*moments, *([free_from] if free_from else [])}):
        if placed < moment <= now and status(moment) is PromoterStatus.BANNED:
            return True
        stopped = (PromoterStatus.SUSPENDED, PromoterStatus.BANNED)
        if free_from and moment >= free_from and status(moment) not in stopped:
            return False
    return False


def look(  # noqa: PLR0915 - it is one story, told from the beginning
    story: Story,
    known: Sequence[Fact],
    before: Attribution | None,
    now: datetime,
    granted: Mapping[str, int] = NOTHING_GRANTED,
    heard: Sequence[Sequence[Told]] = (),
    lost: frozenset[str] = frozenset(),
) -> View:
    """Return the order as these facts tell it, with the clicks that had come by now.

    Campaigns pay nothing to those who have `lost` their parts.
    """
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
    events = _campaigns_on(story, asked)
    has_groups = any(event.audience.categories or event.audience.collection_ids for event in events)
    products = _products_in(ordered) if plan.needs_products or has_groups else None
    basis = asked, products
    if is_open or before is None or before.claims is None or before.basis != basis:
        claims, through, channels = _claims(story, asked, plan, now)
        attribution = Attribution(basis, claims, channels=channels)
        if _looks_back(plan) and asked.customer:
            me = Told(now, asked.customer, placed, str(ordered[0].order), through, earned=False)
            closed = False
            if claims is not None:
                by_click = claims
                claims, closed = _remembered(story, claims, me, plan, heard, asked)
                channels = channels if claims is by_click else {}
            me = replace(me, earned=claims not in (None, (), ((HOUSE,),)))
            attribution = Attribution(basis, claims, me, closed=closed, channels=channels)
    if not is_paid:
        return View({}, outcome, None, attribution)
    claims = attribution.claims if attribution else None
    month = _month_of_tier(story, plan, paid_at)
    is_closed = claims is None or (attribution is not None and attribution.closed)
    earned, points = list[Part](), list[Part]()
    if not is_closed and attribution is not None:
        kept = _left_by_coupons(story, claims or (), asked, plan)
        earned = _parts(story, ordered, claims or (), asked, plan, attribution.channels, kept)
        points = [part for part in earned if part.is_points]
        earned = [part for part in earned if not part.is_points]
    parts = _own_caps(earned, plan)
    names = _counters(story, ordered, paid_at, plan)
    left, wanted = _within_campaigns([*parts, *points], events, names, granted, lost)
    wanted = {name: minor for name, minor in wanted.items() if minor}
    amounts = _added_up([part for part in left if not part.is_points])
    is_stopped = outcome in (Outcome.BLOCK, Outcome.REVIEW)
    release = None if is_stopped else _release(ordered, placed, paid_at, plan, outcome)
    # Bound lines alone have neither tier nor gate: no month says anything about them.
    is_measured = any(claim[:1] not in ((), (HOUSE,)) for claim in claims or ())
    if release and plan.tiers and is_measured:
        release = max(release, _closing(story, month))
    if release and plan.upline_gate_minor and is_measured:
        release = max(release, _closing(story, _month_before(story, paid_at)))
    bonus, points = _bonus(story, claims or (), amounts, asked, plan), [p for p in left if p.is_points]
    paid_by = {event.id: sum(part.minor for part in left if part.campaign == event.id) for event in events}
    paid_by = {name: minor for name, minor in paid_by.items() if minor}
    sold = _worth(ordered, claims or (), paid_at, now) if outcome is not Outcome.BLOCK else None
    return View(amounts, outcome, release, attribution, wanted, bonus, _added_up(points), paid_by, sold)


def _worth(
    ordered: Sequence[Fact], claims: Sequence[Sequence[str]], paid_at: datetime, now: datetime
) -> Sold:
    """Return what is left of an order's items, dealt out among those who brought it."""
    items = [line for line in _last(ordered, "lines") if line.component == "item" and not line.gift_card]
    left = sum(_net(line) - _gone(line, _refunds(ordered))[0] for line in items)
    names = [claim[0] for claim in claims if claim[0] != HOUSE]
    net = {name: _part(left, number, len(names)) for number, name in enumerate(names)}
    return Sold(now, paid_at, net, is_left=left > 0)


Looks = Callable[[str, datetime], Iterable[datetime]]
"""When somebody looked at a promoter's bounty, by its id and where its period starts."""


def bounties_due(
    story: Story, stands: Sequence[Stand], name: str, now: datetime, looks: Looks | None = None
) -> dict[str, dict[str, int]]:
    """Return what bounties give somebody by currency and account, after counting every order again.

    What is payable stays so: who was not suspended when somebody looked after the hold has it for good.
    Nobody tells when that was where `looks` is None: then it is now.
    """
    found: dict[str, dict[str, int]] = {"USD": {}, "PTS": {}}
    (promoter,) = (promoter for promoter in story.promoters if promoter.id == name)
    for bounty in story.bounties:
        for start, end in _periods(story, bounty, stands):
            until = end + timedelta(days=bounty.hold_days)
            net, orders = _reached(bounty, stands, name, (start, end, until))
            within = bounty.audience.joined_within_days
            is_for = within is None or start - promoter.joined_at <= timedelta(days=within)
            moments = {change.effective_at for change in promoter.status_changes}
            is_lost = _is_lost(moments, partial(_status, promoter), start, until, now)
            if is_for and not is_lost and (orders if bounty.measure == "orders" else net) >= bounty.target:
                seen = [at for at in looks(bounty.id, start) if until <= at <= now] if looks else [now]
                free = [at for at in seen if _status(promoter, at) is not PromoterStatus.SUSPENDED]
                waits = now < until or not free
                currency, place = (
                    "PTS" if bounty.pays is Pays.POINTS else "USD",
                    "held" if waits else "payable",
                )
                found[currency][place] = found[currency].get(place, 0) + bounty.amount
    return found


def _periods(story: Story, bounty: Bounty, stands: Sequence[Stand]) -> set[tuple[datetime, datetime]]:
    """Return the whole periods in which anything was paid, each found by walking from that day on."""
    paid = {sold.paid for stand in stands for sold in stand.sales if sold.paid}
    if bounty.period is BountyPeriod.ONCE:
        return {(bounty.starts_at, bounty.ends_at)}
    form = {BountyPeriod.DAY: "%Y-%m-%d", BountyPeriod.WEEK: "%G-%V", BountyPeriod.MONTH: "%Y-%m"}
    found = set()
    for instant in paid:
        first = _local(story, instant).replace(hour=0, minute=0, second=0, microsecond=0)
        after, name = first, f"{first:{form[bounty.period]}}"
        while f"{first - timedelta(days=1):{form[bounty.period]}}" == name:
            first -= timedelta(days=1)
        while f"{after:{form[bounty.period]}}" == name:
            after += timedelta(days=1)
        if bounty.starts_at <= first and after <= bounty.ends_at:
            found.add((first, after))
    return found


def _reached(
    bounty: Bounty, stands: Sequence[Stand], name: str, period: tuple[datetime, datetime, datetime]
) -> tuple[int, int]:
    """Return net sales and orders of a period, each order as it was known before the hold ended."""
    start, end, until = period
    end = min(end, bounty.stopped_at or end)
    known = [[sold for sold in stand.sales if sold.since < until][-1:] for stand in stands]
    mine = [
        sold for last in known for sold in last if sold.paid and start <= sold.paid < end and name in sold.net
    ]
    return sum(sold.net[name] for sold in mine), sum(sold.is_left for sold in mine)


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
    if received and plan.hold_anchor != "payment":
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
) -> tuple[tuple[tuple[str, ...], ...] | None, str | None, Mapping[str, str]]:
    """Return whose the order is by the touches that had come, who brought the customer, and through what.

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
    believed = [
        coupon.promoter_id for coupon in named if _is_believed(story, coupon, asked.placed, touched, plan)
    ]
    trusted = _people(story, believed, asked.placed)
    chosen = _by_coupon([person.id for person in trusted if _may_have(person, asked, plan)], touched, plan)
    may_come = asked.named not in {None, *(click.id for click in come)} and now < asked.placed + HOUR
    if may_come and not chosen:
        return None, None, {}
    channels = {} if chosen else _channels(story, good, asked.placed, plan)
    is_split = not chosen and plan.attribution_model is AttributionModel.LINEAR
    chosen = chosen or _by_clicks(touched, plan)
    if not chosen:
        is_out = any(_is_out(person, asked.placed) for person in clicked + vouched)
        return (((HOUSE,),) if is_out else ()), None, {}
    through = touched[-1] if is_split else chosen[0]
    return tuple(_earners(story, name, asked, plan) for name in chosen), through, channels


def _channels(story: Story, good: Sequence[Click], placed: datetime, plan: Plan) -> dict[str, str]:
    """Return the channel of everybody's deciding click: of their first, or of their last."""
    pairs = [(_person(story, click.promoter_id, placed), click.channel) for click in good]
    pairs = pairs[::-1] if plan.attribution_model is AttributionModel.FIRST_CLICK else pairs
    return {person.id: channel for person, channel in pairs if person}


def _campaigns_on(story: Story, asked: Asked) -> list[Campaign]:
    """Return the campaigns whose time the order is in, by id."""
    found = []
    for event in sorted(story.campaigns, key=lambda event: event.id):
        at = asked.placed if event.clock is Clock.PLACED else asked.paid
        is_stopped = event.stopped_at is not None and at >= event.stopped_at
        if event.starts_at <= at < event.ends_at and not is_stopped:
            found.append(event)
    return found


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


def _is_public(coupon: Coupon, instant: datetime) -> bool:
    is_public = False
    for mark in coupon.marks:
        is_public = mark.public if mark.effective_at <= instant else is_public
    return is_public


def _is_believed(story: Story, coupon: Coupon, placed: datetime, touched: Sequence[str], plan: Plan) -> bool:
    """Say whether a coupon may win an order: a public one not without a click, where the plan wants that."""
    if not _counts(coupon, placed):
        return False
    needs_click = plan.public_coupon is PublicCoupon.NEEDS_TOUCH and _is_public(coupon, placed)
    owner = _person(story, coupon.promoter_id, placed)
    return not needs_click or (owner is not None and owner.id in touched)


def _left_by_coupons(story: Story, claims: Sequence[Sequence[str]], asked: Asked, plan: Plan) -> Fraction:
    """Return the part of all cash that stays where a coupon of one of the winners is on the order."""
    winners = [claim[0] for claim in claims if claim]
    used = []
    for coupon in story.coupons:
        owner = _person(story, coupon.promoter_id, asked.placed)
        if coupon.code in asked.codes and _counts(coupon, asked.placed) and owner and owner.id in winners:
            used.append(_is_public(coupon, asked.placed))
    if plan.public_coupon is PublicCoupon.LOWER and any(used):
        return Fraction(plan.public_coupon_bps or 0, 10_000)
    return Fraction(plan.coupon_bps, 10_000) if used else Fraction(1)


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
    """What one of those who share an order earns of it at one level, or of a campaign, after refunds."""

    level: int
    name: str
    minor: int
    campaign: str | None = None
    is_points: bool = False


def _parts(
    story: Story,
    ordered: Sequence[Fact],
    claims: Sequence[Sequence[str]],
    asked: Asked,
    plan: Plan,
    channels: Mapping[str, str],
    kept: Fraction,
) -> list[Part]:
    """Return what everybody earned after refunds, nearest levels first, then campaigns, and points.

    `kept` is what coupons leave of all cash.
    """
    month = _month_of_tier(story, plan, asked.paid)
    rounding, refunds = story.program.rounding, _refunds(ordered)
    sold = _sold(story, ordered, asked, plan)
    jobs = [
        ([item for item in sold if item.owners is None], claim, number, len(claims))
        for number, claim in enumerate(claims)
    ]
    bound = [item.owners for item in sold if item.owners]
    jobs += [([i for i in sold if i.owners == chain], chain, 0, 1) for chain in dict.fromkeys(bound)]
    found, extras = list[Part](), list[Part]()
    for level in range(len(plan.rate_bps)):
        for job, (items, claim, number, parts) in enumerate(jobs):
            if level >= len(claim):
                continue
            is_won = job < len(claims) and claim[0] != HOUSE
            tier = _uplift(story, claim[0], month, plan) if is_won else (None, Fraction(0))
            events = _events_for(story, asked, claim[0], channels, tier[0]) if is_won else []
            cash = _with_bonus([event for event in events if event.pays is Pays.CASH], items)
            lines = [(item, _granted(item, claim[0], plan, tier, cash, kept)) for item in items]
            dealt = _dealt_and_back(
                [(item, granted.levels[level], granted.by_units) for item, granted in lines],
                refunds,
                rounding,
            )
            if job < len(claims):
                dealt.append(_for_the_order(sold, level, refunds, plan, rounding, kept))
            found.append(Part(level, claim[level], _kept(dealt, number, parts)))
            if level == 0 and is_won:
                beside = _beside(story, sold, lines, events, refunds, plan, kept)
                for event, is_points, dealt in beside:
                    minor = _kept(dealt, number, parts)
                    extras.append(Part(99, claim[0], minor, event.id if event else None, is_points))
    return [*found, *extras]


Beside = list[tuple[Campaign | None, bool, list[tuple[int, int]]]]


def _beside(
    story: Story,
    sold: Sequence[SoldLine],
    lines: Sequence[tuple[SoldLine, Granted]],
    events: Sequence[Campaign],
    refunds: Sequence[Refund],
    plan: Plan,
    kept: Fraction,
) -> Beside:
    """Return what comes beside a claim's commissions, each with whether it is points, and its shares."""
    found: Beside = []
    for event in events:
        exact = [(i, g.extra.get(event.id, Fraction(0)), g.by_units) for i, g in lines]
        if event.pays is Pays.CASH:
            found.append((event, False, _dealt_and_back(exact, refunds, story.program.rounding)))
    items = [item for item, _ in lines]
    found += [(event, True, dealt) for event, dealt in _points(story, items, events, refunds, plan)]
    if plan.per_order_if_free and not any(item.base for item in sold):
        for event, pair in _for_nothing(items, events, refunds, story.program.rounding, kept):
            found.append((event, event.pays is Pays.POINTS, [pair]))
    return found


def _kept(dealt: Iterable[tuple[int, int]], number: int, parts: int) -> int:
    """Return what one of those who share has of some shares, less what of them went back."""
    return sum(_part(share, number, parts) - _part(back, number, parts) for share, back in dealt)


def _events_for(
    story: Story, asked: Asked, name: str, channels: Mapping[str, str], tier_id: str | None
) -> list[Campaign]:
    """Return the campaigns that a promoter is in the audience of."""
    (joined,) = (promoter.joined_at for promoter in story.promoters if promoter.id == name)
    found = []
    for event in _campaigns_on(story, asked):
        at, audience = asked.placed if event.clock is Clock.PLACED else asked.paid, event.audience
        days = audience.joined_within_days
        is_new = days is None or joined <= at < joined + timedelta(days=days)
        is_there = not audience.channels or channels.get(name, "nowhere") in audience.channels
        if is_new and is_there and (not audience.tier_ids or tier_id in audience.tier_ids):
            found.append(event)
    return found


Boosts = Sequence[tuple[Campaign, Mapping[str, int]]]
"""Campaigns, each with the lines that it is for and their parts of its bonus."""


def _fits(event: Campaign, item: SoldLine) -> bool:
    audience, (category, collections) = event.audience, item.groups
    asks = audience.product_ids or audience.categories or audience.collection_ids
    return not asks or bool(
        item.line.product_id in audience.product_ids
        or category in audience.categories
        or set(collections) & set(audience.collection_ids)
    )


def _with_bonus(events: Sequence[Campaign], items: Sequence[SoldLine]) -> Boosts:
    """Deal each campaign's bonus over its lines."""
    found = []
    for event in events:
        mine = [item for item in items if item.base and _fits(event, item)]
        shares = _dealt(event.bonus, [Fraction(item.base) for item in mine]) if mine else []
        found.append((event, {item.line.id: share for item, share in zip(mine, shares, strict=True)}))
    return found


def _stacked(
    own: Fraction, tier: Fraction, boosts: Sequence[tuple[Campaign, Fraction]]
) -> tuple[Fraction, dict[str, Fraction]]:
    """Return what level 1 has without campaigns, and what each adds: step by step, what all comes to.

    Each campaign comes with what it adds to what it multiplies, its bonus included.
    """
    total = own + tier
    alone = {event.id: own * event.multiplier_bps / 10_000 + added for event, added in boosts}
    exclusive = [event.id for event, _ in boosts if event.stacking is Stacking.EXCLUSIVE]
    if exclusive:
        best = max(exclusive, key=lambda name: alone[name])
        return min(total, alone[best]), {best: max(Fraction(0), alone[best] - total)}
    steps = {}
    for mode in (Stacking.ADD, Stacking.MULTIPLY, Stacking.MAX):
        for event, added in boosts:
            if event.stacking is mode:
                after = {
                    Stacking.ADD: total + alone[event.id] - own,
                    Stacking.MULTIPLY: total * event.multiplier_bps / 10_000 + added,
                    Stacking.MAX: max(total, alone[event.id]),
                }[mode]
                steps[event.id], total = after - total, after
    return own + tier, steps


def _points(
    story: Story, items: Sequence[SoldLine], events: Sequence[Campaign], refunds: Sequence[Refund], plan: Plan
) -> list[tuple[Campaign | None, list[tuple[int, int]]]]:
    """Return the shares of the plan's points, which are no campaign's, and of each campaign's."""
    mine = [event for event in events if event.pays is Pays.POINTS]
    boosts, lines = _with_bonus(mine, items), []
    for item in items:
        units = Fraction(item.base, 10 ** EXPONENTS[story.program.currency])
        here = [
            (event, units * event.add_points_per_unit + shares[item.line.id])
            for event, shares in boosts
            if item.line.id in shares
        ]
        plain, extra = _stacked(units * plan.points_per_unit, Fraction(0), here)
        lines.append((item, {"": plain, **extra}))
    found: list[tuple[Campaign | None, list[tuple[int, int]]]] = []
    for event in (None, *mine):
        name = event.id if event else ""
        exact = [(item, has.get(name, Fraction(0)), False) for item, has in lines]
        found.append((event, _dealt_and_back(exact, refunds, story.program.rounding)))
    return found


def _for_nothing(
    items: Sequence[SoldLine],
    events: Sequence[Campaign],
    refunds: Sequence[Refund],
    rounding: Rounding,
    kept: Fraction,
) -> list[tuple[Campaign, tuple[int, int]]]:
    """Return the bonuses of an order that cost nothing; what goes back does so by units."""
    found = []
    for pays in Pays:
        mine = [event for event in events if event.pays is pays]
        here = [(event, Fraction(event.bonus)) for event in mine if any(_fits(event, i) for i in items)]
        for name, bonus in _stacked(Fraction(0), Fraction(0), here)[1].items():
            (event,) = (event for event in mine if event.id == name)
            minor = _whole(bonus * kept if pays is Pays.CASH else bonus, rounding)
            found.append((event, (minor, _whole(minor * _units_gone(items, refunds), rounding))))
    return sorted(found, key=lambda pair: (pair[0].pays is Pays.POINTS, pair[0].id))


def _within_campaigns(
    parts: Sequence[Part],
    events: Sequence[Campaign],
    names: Callable[[Part], Sequence[str]],
    granted: Mapping[str, int],
    lost: frozenset[str],
) -> tuple[list[Part], dict[str, int]]:
    """Return what all limits leave of the parts, `names` being the plan's, and what is wanted of them.

    Campaigns' caps on one order come first; then all at once, part by part.
    """
    parts = [replace(p, minor=0) if p.campaign and p.name in lost else p for p in parts]
    capped = {event.id: event.order_cap for event in events if event.order_cap is not None}
    parts = _limited(parts, lambda part: [part.campaign] if part.campaign in capped else [], capped)
    once = {event.id for event in events if event.promoter_cap is not None}
    budgets = {event.id for event in events if event.budget is not None}

    def all_names(part: Part) -> list[str]:
        mine = [f"boosted.{part.campaign}/{part.name}/ever"] if part.campaign in once else []
        shared = [f"budget.{part.campaign}"] if part.campaign in budgets else []
        return [*([] if part.is_points else names(part)), *mine, *shared]

    shards = {
        f"budget.{name}": sum(minor for key, minor in granted.items() if key.startswith(f"budget.{name}/"))
        for name in budgets
    }
    wanted = {
        name: sum(p.minor for p in parts if name in all_names(p)) for p in parts for name in all_names(p)
    }
    return _limited(parts, all_names, {**granted, **shards}), wanted


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
        left.append(replace(part, minor=min(part.minor, *most)) if most else part)
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
class SoldLine:
    """A line as a plan sees it: what of it counts, what counted before tenders, what of that went back."""

    line: Line
    base: int
    whole: int
    back: int
    groups: tuple[str | None, tuple[str, ...]]
    owners: tuple[str, ...] | None
    """Who is paid level by level where the product is bound."""


def _sold(story: Story, ordered: Sequence[Fact], asked: Asked, plan: Plan) -> list[SoldLine]:
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
        found.append(SoldLine(line, whole - out, whole, net_back * is_in + tax_back * tax_in, groups, owners))
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
    sold: Sequence[SoldLine],
    level: int,
    refunds: Sequence[Refund],
    plan: Plan,
    rounding: Rounding,
    kept: Fraction,
) -> tuple[int, int]:
    """Return a level's flat pay for the whole order, and what of it went back."""
    total = sum(item.base for item in sold)
    counted = [item for item in sold if item.base]
    most = floor(Fraction(total * plan.line_cap_bps, 10_000))
    each = [_whole(minor * kept, rounding) for minor in plan.per_order_minor]
    if total == 0:
        most = sum(each) if plan.per_order_if_free and sold else 0
    nearer = sum(each[:level])
    wanted = each[level] if level < len(each) else 0
    pay = max(0, min(wanted, most - nearer))
    if counted:
        part = Fraction(sum(item.back for item in counted), sum(item.whole for item in counted))
    else:
        part = _units_gone(sold, refunds)
    return pay, _whole(pay * part, rounding)


def _units_gone(sold: Sequence[SoldLine], refunds: Sequence[Refund]) -> Fraction:
    """Return the part of all units that went back."""
    units = sum(item.line.quantity_milli for item in sold if item.line.component == "item")
    back = sum(_units_back(item.line, refunds) for item in sold)
    return Fraction(back, units) if units else Fraction(0)


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
    extra: dict[str, Fraction]
    """What campaigns add."""


def _granted(
    sold: SoldLine,
    first: str,
    plan: Plan,
    tier: tuple[str | None, Fraction],
    boosts: Boosts = (),
    kept: Fraction = Fraction(1),
) -> Granted:
    """Return what the ladder gives a line and campaigns add, `kept` of it, as far as both caps let them."""
    rules = [rule for rule in plan.rules if _is_about(rule, sold, first, tier[0])]
    rules.sort(key=lambda rule: rule.id)
    rules.sort(key=lambda rule: (_precision(rule), sum(_wanted(sold, rule, plan, tier[1]))), reverse=True)
    rule = rules[0] if rules else None
    most, left = (Fraction(sold.base * bps, 10_000) for bps in (plan.line_cap_bps, plan.pool_cap_bps))
    own, all_wanted = _wanted(sold, rule, plan, Fraction(0)), _wanted(sold, rule, plan, tier[1])
    here = [
        (event, Fraction(sold.base * event.add_bps, 10_000) + shares[sold.line.id])
        for event, shares in boosts
        if sold.line.id in shares
    ]
    first_wanted, steps = _stacked(own[0], all_wanted[0] - own[0], here)
    steps = {name: step * kept for name, step in steps.items()}
    levels, extra = [], {}
    for wanted in (first_wanted, *all_wanted[1:]):
        levels.append(min(wanted * kept, most, left))
        left -= levels[-1]
    most -= levels[0]
    for mode in Stacking:
        for event, _ in here:
            if event.stacking is mode and event.id in steps:
                extra[event.id] = min(steps[event.id], most, left)
                most, left = most - extra[event.id], left - extra[event.id]
    return Granted(levels, rule is not None and rule.per_unit_minor != (), extra)


def _is_about(rule: RateRule, sold: SoldLine, first: str, tier_id: str | None) -> bool:
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


def _wanted(sold: SoldLine, rule: RateRule | None, plan: Plan, uplift: Fraction) -> list[Fraction]:
    if rule and rule.per_unit_minor:
        found = [Fraction(each * sold.line.quantity_milli, 1000) for each in rule.per_unit_minor]
    else:
        found = [Fraction(sold.base * bps, 10_000) for bps in (rule.rate_bps if rule else plan.rate_bps)]
        if found[:1] > [Fraction(0)] and (rule is None or rule.tier_id is None):
            found[0] += sold.base * uplift / 10_000
    return [*found, *(Fraction(0) for _ in plan.rate_bps)][: len(plan.rate_bps)]


def _dealt_and_back(
    lines: Sequence[tuple[SoldLine, Fraction, bool]], refunds: Sequence[Refund], rounding: Rounding
) -> list[tuple[int, int]]:
    """Return each line's share of some pay, rounded once and dealt out, with what of it went back."""
    earning = [(sold, exact, by_units) for sold, exact, by_units in lines if exact]
    exact = [exact for _, exact, _ in earning]
    shares = _dealt(_whole(sum(exact, Fraction(0)), rounding), exact)
    return [
        (share, _whole(share * _went_back(sold, refunds, by_units=by_units), rounding))
        for (sold, _, by_units), share in zip(earning, shares, strict=True)
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


def _went_back(sold: SoldLine, refunds: Sequence[Refund], *, by_units: bool) -> Fraction:
    """Return the part of a line that went back: of its units where those were paid for, else of its money."""
    if by_units:
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
