"""What happens in one small world, drawn from its seed: people, clicks, and what shops tell, phase by phase.

A phase is some minutes of the world's time. Whatever arrives within one phase may be shuffled, repeated and
cut by the platform, and the books must not care. Where the rules make arrival matter, a script keeps the two
apart: what may release or stop an order (a receipt, a verdict) arrives in a phase of its own, and no instant
at which time alone changes something lies inside a phase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.campaigns import Audience, Campaign, Clock, Pays, Stacking
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon, CouponChange, PublicChange
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import new_click_id
from grapevine.domain.links import Link
from grapevine.domain.money import Rounding
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.people import Promoter, PromoterStatus, StatusChange, subject_key
from grapevine.domain.plans import (
    AttributionModel,
    CouponMode,
    Plan,
    PointsDebt,
    PublicCoupon,
    SelfPurchase,
    Vacancy,
)
from grapevine.domain.programs import Program
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import TierMeasure
from grapevine.ports import Reading
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus
from grapevine.usecases.create_coupon import SwitchCoupon
from grapevine.usecases.spend_points import SpendPoints

T0 = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
"""When the first phase begins; each phase after it begins an hour later in the day than the one before."""
PROGRAM_ID, STOREFRONT_ID, SUBJECT_KEY = "pg_sim", "sf_sim", b"k" * 32
PROMOTER_IDS = ("pr_a", "pr_b", "pr_c", "pr_d")
OWN_EMAIL = "promoter@shop.example"
"""The address of the one promoter who may buy through their own link."""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SUSPENDED = (StatusChange(T0 - 50 * DAY, PromoterStatus.SUSPENDED, "asked to"),)
GAPS = (1, 2, 3, 16, 31, 31)
"""Days between phases; the first gap is one of the first two, so that no hold ends in it."""
RULES = (
    RateRule(id="tea", sku="TEA", rate_bps=(2000, 100)),
    RateRule(id="tea of the first", sku="TEA", promoter_id=PROMOTER_IDS[0], rate_bps=(1, 777)),
    RateRule(id="mugs", sku="MUG", per_unit_minor=(150, 33)),
    RateRule(id="kitchen", product_id="77", rate_bps=(500,)),
    RateRule(id="the second", promoter_id=PROMOTER_IDS[1], rate_bps=(1250, 250, 50)),
)
"""What plans pay otherwise: on every rung of the ladder, in percent or for each unit."""
LAST_GAPS = (45, 32)
"""Days to the two phases at the end: all holds are over, and another settlement's day has come."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that its storefront sends until it is answered, with what it will be read as."""

    raw: bytes
    topic: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Visit:
    """A person following a link; the click id that they carry to the shop is known beforehand."""

    link_code: str
    visitor_id: str
    occurred_at: datetime
    user_agent: str
    click_id: str


Arrival = Delivery | Fact | Click | ChangeSponsor | ChangeStatus | SwitchCoupon
"""A webhook, a verdict that a person gave, a click that was recorded late, a change of people or coupons."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Some minutes from `at` on: what is due, points, results, settlement, arrivals, the late ones last."""

    at: datetime
    settles: bool
    arrivals: tuple[Arrival, ...]
    late: tuple[Click, ...] = ()
    spends: tuple[SpendPoints, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A world. In one that `lags` the streams carry what they hold over from phase to phase.

    `late_stops` are orders that are blocked or put under review when they may be released already,
    `unusable` those that no one can post. In one that is `scarce` a campaign may run out, so that what
    orders have depends on who comes first.
    """

    seed: int
    lags: bool
    screens: bool
    program: Program
    plans: tuple[Plan, ...]
    promoters: tuple[Promoter, ...]
    links: tuple[Link, ...]
    coupons: tuple[Coupon, ...]
    campaigns: tuple[Campaign, ...]
    bounties: tuple[Bounty, ...]
    visits: tuple[Visit, ...]
    orders: tuple[OrderKey, ...]
    late_stops: frozenset[OrderKey]
    unusable: frozenset[OrderKey]
    phases: tuple[Phase, ...]
    completes_bps: int
    points: bool = False
    """Whether points are spent and expire."""

    @property
    def scarce(self) -> bool:
        """Whether a campaign may run out."""
        return is_scarce(self.campaigns)


def seeded_bytes(text: str, size: int) -> bytes:
    """Return bytes that are the same for the same text, on any machine."""
    return Random(text).randbytes(size)


def instants(random: Random) -> tuple[datetime, ...]:
    """Return when the phases begin that something arrives in."""
    gaps = [random.choice(GAPS[:2]), *(random.choice(GAPS) for _ in range(random.choice((1, 2, 2, 3))))]
    found = [T0]
    for gap in gaps:
        found.append(found[-1] + gap * DAY + timedelta(hours=1))
    return tuple(found)


def endings(last: datetime) -> Iterator[datetime]:
    """Yield when the two phases begin in which nothing arrives any more."""
    for gap in LAST_GAPS:
        last += gap * DAY + timedelta(hours=1)
        yield last


def program_of(random: Random) -> Program:
    """Return a program with some calendar, rounding and minimum payout."""
    return Program(
        id=PROGRAM_ID,
        merchant_id="mc_sim",
        name="Simulated",
        currency="USD",
        time_zone=random.choice(("Asia/Shanghai", "America/New_York", "UTC")),
        allowed_hosts=("shop.example",),
        created_at=T0 - 400 * DAY,
        rounding=random.choice(tuple(Rounding)),
        payouts=PayoutTerms(
            minimum_payout_minor=random.choice((1, 1, 300, 2500)),
            settlement_day=random.choice((1, 10, 20, 31)),
        ),
    )


AMPLE = (
    Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=10**12),
    Cap(id="loyal", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=10**12),
)
"""Caps that nobody reaches: who gets how much of what is scarce depends on who comes first, and a storm
changes that; that counters and entries agree must hold after any."""


TARGETS = (
    (TierMeasure.ORDERS, 1),
    (TierMeasure.ORDERS, 2),
    (TierMeasure.NET_SALES, 1),
    (TierMeasure.NET_SALES, 30_000),
)
PLENTY = 10**9
"""More than all orders of a world can want of a campaign."""
MOST_CAMPAIGNS = (0, 0, 0, 1, 1, 2, 3)
AUDIENCES = (
    *(Audience(),) * 5,
    Audience(product_ids=("77",)),
    Audience(channels=("", "wechat")),
    Audience(joined_within_days=100),
)


def campaigns_of(random: Random) -> tuple[Campaign, ...]:
    """Return up to three campaigns, all of plenty or all scarce; they begin and end near the orders."""
    small = random.random() < 0.4
    return tuple(
        _campaign(random, f"cm_{number}", small=small) for number in range(random.choice(MOST_CAMPAIGNS))
    )


def is_scarce(campaigns: Sequence[Campaign]) -> bool:
    """Say whether one of them may run out."""
    limits = [limit for campaign in campaigns for limit in (campaign.budget, campaign.promoter_cap)]
    return any(limit is not None and limit < PLENTY for limit in limits)


def _campaign(random: Random, name: str, *, small: bool) -> Campaign:
    stacking, pays = random.choice(tuple(Stacking)), random.choice((Pays.CASH, Pays.CASH, Pays.POINTS))
    may_have_bonus = stacking in (Stacking.ADD, Stacking.EXCLUSIVE)
    added = random.choice((0, 100, 777))
    return Campaign(
        id=name,
        name=name,
        starts_at=T0 - random.choice((400 * DAY, 400 * DAY, 40 * MINUTE)),
        ends_at=T0 + random.choice((400 * DAY, 400 * DAY, 2 * DAY)),
        clock=random.choice(tuple(Clock)),
        audience=random.choice(AUDIENCES),
        pays=pays,
        multiplier_bps=random.choice((10_000, 15_000, 12_345)),
        add_bps=added if pays is Pays.CASH else 0,
        add_points_per_unit=added // 100 if pays is Pays.POINTS else 0,
        bonus=random.choice((0, 333)) if may_have_bonus else 0,
        stacking=stacking,
        order_cap=random.choice((None, None, 1_500)),
        promoter_cap=random.choice((None, 2_000 if small else PLENTY)),
        budget=random.choice((500, 3_000, 20_000)) if small else random.choice((None, PLENTY)),
        stopped_at=random.choice((None, None, None, T0 + MINUTE)),
    )


RUSH = (
    Campaign(
        id="cm_rush",
        name="rush",
        starts_at=T0 - 400 * DAY,
        ends_at=T0 + 400 * DAY,
        multiplier_bps=20_000,
        stacking=Stacking.ADD,
        budget=300,
    ),
)
"""A budget in one piece that is gone with the first orders: those posted at once meet at it."""


def bounties_of(random: Random, last: datetime) -> tuple[Bounty, ...]:
    """Return up to two bounties of the days around the first phase.

    What we learn after a bounty's hold changes nothing any more, so all holds end between the two phases
    at the end, when everything has arrived: `last` is the phase before those.
    """
    hold_days = (last - T0).days + LAST_GAPS[0] + 14
    return tuple(
        Bounty(
            id=f"bt_{number}",
            name=f"bt_{number}",
            starts_at=T0 - 10 * DAY,
            ends_at=T0 + 10 * DAY,
            target=target,
            amount=random.choice((1, 5_000)),
            period=random.choice((BountyPeriod.DAY, BountyPeriod.WEEK, BountyPeriod.ONCE)),
            measure=measure,
            pays=random.choice(tuple(Pays)),
            hold_days=hold_days,
            stopped_at=random.choice((None, None, None, T0 + DAY)),
        )
        for number in range(random.choice((0, 0, 1, 1, 2)))
        for measure, target in [random.choice(TARGETS)]
    )


def plans_of(random: Random, *, screens: bool) -> tuple[Plan, ...]:
    """Return a plan, now and then with a second version that takes effect between placing and paying."""
    starts = [
        T0 - 400 * DAY,
        *([T0 + random.choice((-30, 0, 1500)) * MINUTE] if random.random() < 0.3 else ()),
    ]
    vacancies = random.choices(tuple(Vacancy), k=2)
    return tuple(
        Plan(
            version=number,
            effective_at=start,
            rate_bps=random.choice(((1000,), (1000, 200), (1000, 300, 100), (333, 0, 77), (1500, 1, 1))),
            click_window_days=random.choice((30, 90)),
            hold_days_after_receipt=random.choice((1, 7)),
            hold_days_after_payment=random.choice((3, 3, 14)),
            screening_days=random.choice((1, 3)) if screens else random.choice((0, 3)),
            vacancy=vacancy,
            default_sponsor_id=PROMOTER_IDS[0] if vacancy is Vacancy.DEFAULT_SPONSOR else None,
            caps=AMPLE if random.random() < 0.2 else (),
            attribution_model=random.choice(tuple(AttributionModel)),
            coupon_mode=random.choice(tuple(CouponMode)),
            self_purchase=random.choice(tuple(SelfPurchase)),
            rules=tuple(random.sample(RULES, random.choice((0, 0, 0, 1, 2)))),
            line_cap_bps=random.choice((8000, 8000, 900)),
            pool_cap_bps=random.choice((3000, 3000, 1100)),
            points_per_unit=random.choice((0, 0, 2)),
        )
        for number, start, vacancy in zip((1, 2), starts, vacancies, strict=False)
    )


TERMS_OF_COUPONS: tuple[dict[str, Any], ...] = (
    {"coupon_bps": 8_000},
    {"coupon_bps": 3_333, "public_coupon": PublicCoupon.NEEDS_TOUCH},
    {"coupon_bps": 8_000, "public_coupon": PublicCoupon.LOWER, "public_coupon_bps": 2_500},
    {"public_coupon": PublicCoupon.LOWER, "public_coupon_bps": 0},
)
"""What plans leave of the pay of an order with a coupon, or with one that got out."""


def with_coupon_terms(random: Random, plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return plans some of which leave less of an order with a coupon."""
    return tuple(
        replace(plan, **random.choice(TERMS_OF_COUPONS)) if random.random() < 0.4 else plan for plan in plans
    )


def with_marks(random: Random, coupons: Sequence[Coupon]) -> tuple[Coupon, ...]:
    """Return coupons some of which got out, before the first orders or while they came, or did not."""
    out = PublicChange(T0 - random.choice((10 * DAY, 45 * MINUTE)), public=True, reason="seen")
    back = PublicChange(T0 + random.choice((-MINUTE, DAY)), public=False, reason="was not")
    return tuple(
        replace(coupon, marks=random.choice(((), (out,), (out,), (out, back)))) for coupon in coupons
    )


def with_points(random: Random, plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return plans by which points are earned, buy something, and mostly expire."""
    months, is_charged = random.choice((1, 1, 1, 2, None)), random.random() < 0.3
    return tuple(
        replace(
            plan,
            points_per_unit=plan.points_per_unit or 2,
            points_per_unit_off=100,
            points_expire_months=months,
            points_debt=PointsDebt.CASH if is_charged else PointsDebt.NEGATIVE,
            cash_per_point_minor=2 if is_charged else 0,
        )
        for plan in plans
    )


def spends_of(random: Random, promoters: Sequence[Promoter], phase: int) -> tuple[SpendPoints, ...]:
    """Return what promoters spend in a phase, each once: which of two had what is left would be luck."""
    return tuple(
        SpendPoints(
            program_id=PROGRAM_ID,
            promoter_id=promoter.id,
            points=random.choice((1, 5, 20, 100)),
            request_id=f"rq_{promoter.id}_{phase}",
        )
        for promoter in promoters
        if random.random() < 0.5
    )


def promoters_of(random: Random) -> tuple[Promoter, ...]:
    """Return one to four promoters, each introduced by one of those before or by nobody."""
    names = PROMOTER_IDS[: random.choice((1, 2, 3, 3, 4))]
    customer_key = subject_key(SUBJECT_KEY, OWN_EMAIL)
    return tuple(
        Promoter(
            id=name,
            program_id=PROGRAM_ID,
            name=name,
            sponsor_id=random.choice(
                (names[index - 1], names[index - 1], random.choice((*names[:index], None)))
            )
            if index
            else None,
            joined_at=T0 - 100 * DAY,
            customer_key=customer_key if index == len(names) - 1 else None,
            status_changes=SUSPENDED if random.random() < 0.04 else (),
        )
        for index, name in enumerate(names)
    )


def changes_of(random: Random, promoters: tuple[Promoter, ...]) -> Iterator[ChangeSponsor | ChangeStatus]:
    """Yield what changes in the network: one gets a sponsor who joined before, one is suspended."""
    names = [promoter.id for promoter in promoters]
    if random.random() < 0.2:
        index = random.randrange(len(names))
        sponsor_id = random.choice((*names[:index], None))
        yield ChangeSponsor(program_id=PROGRAM_ID, promoter_id=names[index], sponsor_id=sponsor_id)
    if random.random() < 0.1:
        name, status = random.choice(names), PromoterStatus.SUSPENDED
        yield ChangeStatus(program_id=PROGRAM_ID, promoter_id=name, status=status, reason="asked to")


def coupons_of(random: Random, promoters: tuple[Promoter, ...]) -> tuple[Coupon, ...]:
    """Return some promoters' coupons; around the orders' time one may be switched off, or on again."""
    return tuple(
        Coupon(
            program_id=PROGRAM_ID,
            code=f"{promoter.id[-1].upper()}-10",
            promoter_id=promoter.id,
            created_at=T0 - 90 * DAY,
            changes=_switched(random),
        )
        for promoter in promoters
        if random.random() < 0.4
    )


def _switched(random: Random) -> tuple[CouponChange, ...]:
    """Return what became of a coupon; times are those between placing and paying the first orders."""
    off, on = CouponChange(T0 - 45 * MINUTE, enabled=False), CouponChange(T0 + DAY, enabled=True)
    return random.choice(((), (), (), (off,), (off, on)))


def switches_of(random: Random, coupons: tuple[Coupon, ...]) -> Iterator[SwitchCoupon]:
    """Yield that one coupon is switched off while orders come."""
    if coupons and random.random() < 0.2:
        yield SwitchCoupon(program_id=PROGRAM_ID, code=random.choice(coupons).code, enabled=False)


def links_of(random: Random, promoters: tuple[Promoter, ...]) -> tuple[Link, ...]:
    """Return a link for each promoter; its hint about the upline is true, missing or outdated."""
    sponsors = {promoter.id: promoter.sponsor_id for promoter in promoters}
    return tuple(
        Link(
            code=f"link{number}",
            program_id=PROGRAM_ID,
            promoter_id=name,
            destination="https://shop.example/tea",
            upline=random.choice((_true_hint(name, sponsors), (), ("pr_gone",), PROMOTER_IDS[:1])),
        )
        for number, name in enumerate(sponsors)
    )


def _true_hint(name: str, sponsors: dict[str, str | None]) -> tuple[str, ...]:
    hint: list[str] = []
    above = sponsors[name]
    while above is not None:
        hint.append(above)
        above = sponsors[above]
    return tuple(hint)


def visitor_named(number: int) -> str:
    """Return a visitor's id."""
    return f"{number:022}"


def visit_of(visitor_id: str, link: Link, occurred_at: datetime, *, robot: bool) -> Visit:
    """Return a visit whose click id follows from who makes it when."""
    return Visit(
        link_code=link.code,
        visitor_id=visitor_id,
        occurred_at=occurred_at,
        user_agent="curl/8.0" if robot else "Mozilla/5.0 (iPhone)",
        click_id=new_click_id(visitor_id, occurred_at, lambda size: seeded_bytes(visitor_id, size)),
    )


def click_of(visit: Visit, link: Link, recorded_at: datetime) -> Click:
    """Return the click of a visit that was recorded later than it happened."""
    return Click(
        id=visit.click_id,
        link_code=link.code,
        program_id=link.program_id,
        promoter_id=link.promoter_id,
        upline=link.upline,
        occurred_at=visit.occurred_at,
        recorded_at=recorded_at,
        user_agent=visit.user_agent,
    )
