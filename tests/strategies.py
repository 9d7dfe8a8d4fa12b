"""Random programs, orders and their stories, as adversarial as a shop on Double 11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.campaigns import Audience, Campaign, Clock, Pays, Stacking
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon, CouponChange, PublicChange
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import (
    Component,
    Fact,
    FactKind,
    Line,
    OrderKey,
    Outcome,
    Payment,
    Refund,
    RefundLine,
    Ruling,
    Snapshot,
    Tender,
    TenderKind,
    Verdict,
)
from grapevine.domain.money import EXPONENTS, MAX_MINOR, Rounding
from grapevine.domain.people import Merge, Promoter, PromoterStatus
from grapevine.domain.plans import (
    AttributionModel,
    BindingPolicy,
    CouponMode,
    HoldAnchor,
    Plan,
    PointsDebt,
    PublicCoupon,
    Recurring,
    SelfPurchase,
    Vacancy,
)
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.programs import Terms
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import Tier, TierBasis, TierMeasure, TierMode, Volume
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.reference import Story
from tests.worlds import World

HOUR = timedelta(hours=1)
DEE = "pr_dee"
"""A promoter outside the chain, whom plans name as default sponsor."""
AGAIN_CLICK_ID = make.CLICK_ID[:22] + "-" + "4" * 20
"""Another click of the visitor whose click most orders name."""
LATE_CLICK_ID = "4" * 22 + "-" + "5" * 20
LOST_CLICK_IDS = ("6" * 22 + "-" + "7" * 20, make.CLICK_ID[:22] + "-" + "7" * 20)
"""Clicks that the order names and nobody ever recorded; one visitor has others."""

# What is drawn is drawn evenly, so what shall be common is there often.
CLICKED = (*(-days(1), -minutes(5)) * 6, -days(91), -days(30), minutes(30))
RECORDED = (*(timedelta(0),) * 6, minutes(50), minutes(50), days(1))
STATES = (*(Payment.PAID,) * 6, *Payment, None)
RARELY = (*(False,) * 14, True)
NAMED = (*(make.CLICK_ID,) * 12, *(AGAIN_CLICK_ID, LATE_CLICK_ID) * 2, *LOST_CLICK_IDS, None)
CLICKERS = (make.BO, make.BO, make.CY, make.ANA, DEE, "pr_gone")
STATUSES = (PromoterStatus.SUSPENDED, PromoterStatus.BANNED, *PromoterStatus)
MERGES: tuple[tuple[tuple[str, str], ...], ...] = (
    *((),) * 5,
    ((make.CY, DEE),),
    ((DEE, make.CY),),
    ((make.BO, DEE),),
    ((make.BO, make.ANA),),
    ((make.CY, make.BO),),
    ((make.CY, DEE), (DEE, make.ANA)),
)
"""Which accounts turn out to be duplicates of which: mostly none."""
CYS_OWN = "b" * 24
KEYS = (*("a" * 24,) * 4, None, CYS_OWN)
LATER = (*(timedelta(0),) * 4, timedelta(days=1), timedelta(days=31))
SIGNED = st.integers(-600, 400)
"""Minutes from the orders' time at which customers sign up."""
SKUS = (None, "TEA-1", "TEA-1", "MUG-1")
PRODUCTS = (None, "77", "88")
BASES: tuple[tuple[tuple[Component, ...], tuple[TenderKind, ...]], ...] = (
    *(((Component.ITEM,), ()),) * 5,
    ((Component.ITEM,), (TenderKind.GIFT_CARD,)),
    ((Component.ITEM, Component.TAX), (TenderKind.POINTS, TenderKind.WALLET)),
    ((Component.ITEM, Component.SHIPPING), ()),
    (tuple(Component), (TenderKind.GIFT_CARD,)),
    ((Component.SHIPPING, Component.TIP, Component.TAX), ()),
)
"""What plans count, and what they do not when it is paid with."""
SUBJECTS: tuple[dict[str, str], ...] = (
    {"sku": "TEA-1"},
    {"sku": "MUG-1"},
    {"product_id": "77"},
    {"collection_id": "sale"},
    {"category": "tea"},
    {},
)
"""What rules are for."""
PER_ORDER = ((), (), (), (0, 333), (500, 100, 50))

ON_ORDERS = (
    Cap(id="order", per=CapPer.ORDER, amount_minor=9_000),
    Cap(id="each", per=CapPer.PROMOTER, amount_minor=5_000),
)
COUNTED = (
    Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=4_000),
    Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=12_000),
    Cap(id="loyal", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=10_000),
)
CAPS = ((), (), ON_ORDERS, COUNTED[:1], COUNTED[2:], (*ON_ORDERS, *COUNTED))
"""Several plans have no cap, so that what caps could hide is seen."""

COUPONS = (
    Coupon(
        program_id=PROGRAM_ID,
        code="DEE",
        promoter_id=DEE,
        created_at=T0 - days(9),
        marks=(
            PublicChange(T0 - days(1), public=True, reason="seen"),
            PublicChange(T0 + minutes(45), public=False, reason="was not"),
        ),
    ),
    Coupon(
        program_id=PROGRAM_ID,
        code="BO-10",
        promoter_id=make.BO,
        created_at=T0 - days(9),
        changes=(
            CouponChange(T0 + minutes(20), enabled=False),
            CouponChange(T0 + minutes(90), enabled=True),
        ),
    ),
    Coupon(program_id=PROGRAM_ID, code="CY", promoter_id=make.CY, created_at=T0 + minutes(60)),
    Coupon(program_id=PROGRAM_ID, code="GONE", promoter_id="pr_gone", created_at=T0 - days(9)),
)
APPLIED = (*(None,) * 14, (), ("DEE",), ("BO-10",), (" bo-10 ", "DEE"), ("???", "CY"), ("GONE",), ("SALE",))
"""Coupon codes that bodies tell; what is no promoter's, or can be nobody's, changes nothing."""

VERDICTS = st.sampled_from(Outcome).map(
    lambda outcome: Verdict(outcome=outcome, rule="rule", evidence="evidence")
)
TIERS = (
    Tier(id="base", threshold=0, add_bps=0),
    Tier(id="silver", threshold=2, add_bps=150),
    Tier(id="gold", threshold=400_000, add_bps=501),
)
"""Silver is reached by two orders or by any sale, gold by a large one."""
TIER_TERMS = (
    (TierBasis.PREVIOUS_MONTH, TierMode.WHOLE),
    (TierBasis.RUNNING_MONTH, TierMode.WHOLE),
    (TierBasis.RUNNING_MONTH, TierMode.MARGINAL),
)
PATIENT = settings(suppress_health_check=[HealthCheck.too_slow])
"""For whole orders and histories: on two shared cores drawing one may take long."""

currencies = st.sampled_from(sorted(EXPONENTS))
minor_amounts = st.integers(-MAX_MINOR, MAX_MINOR)
roundings = st.sampled_from(Rounding)
instants = st.integers(0, 4_000_000_000_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


def rates() -> st.SearchStrategy[tuple[int, ...]]:
    """One to three levels with any rates, nothing and everything among them."""
    rate = st.one_of(st.sampled_from((0, 1, 100, 333, 333, 1000, 1000)), st.integers(0, 10_000))
    return st.lists(rate, min_size=1, max_size=3).map(tuple)


memories = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "binding": st.sampled_from(BindingPolicy),
            "binding_days": st.sampled_from((1, 2, 31)),
            "protection_days": st.sampled_from((0, 1)),
            "new_customers_only": st.sampled_from((False, False, True)),
            "recurring": st.sampled_from((Recurring.LIFETIME, Recurring.LIFETIME, Recurring.FIRST_ONLY)),
        }
    ),
    st.just({"binding": BindingPolicy.ALWAYS, "recurring": Recurring.MONTHS, "recurring_months": 1}),
)
"""What plans ask of a customer's past: mostly nothing at all, or a bit of everything."""


left_by_coupons: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "coupon_bps": st.sampled_from((10_000, 8_000, 3_333)),
            "public_coupon": st.just(PublicCoupon.LOWER),
            "public_coupon_bps": st.sampled_from((0, 2_500)),
        }
    ),
    st.fixed_dictionaries(
        {
            "coupon_bps": st.sampled_from((8_000, 3_333, 0)),
            "public_coupon": st.sampled_from((PublicCoupon.KEEP, PublicCoupon.NEEDS_TOUCH)),
        }
    ),
)
"""What plans leave of the pay of an order with a coupon, or with one that got out."""
points_terms = st.fixed_dictionaries(
    {
        "points_per_unit_off": st.sampled_from((0, 100, 100, 250)),
        "points_expire_months": st.sampled_from((None, 1, 1, 2)),
    },
    optional={"points_debt": st.just(PointsDebt.CASH)},
).map(lambda drawn: {**drawn, "cash_per_point_minor": 2 if "points_debt" in drawn else 0})
"""What points buy, when they expire, and what becomes of points that are owed."""


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, ...]:
    """A plan, sometimes with a second version that takes effect around the orders' time."""
    versions = draw(st.lists(st.integers(-60, 60), max_size=1))
    starts = (T0 - days(400), *(T0 + minutes(number) for number in versions))
    vacancies = [draw(st.sampled_from(Vacancy)) for _ in starts]
    tiers = draw(st.sampled_from((None, TIERS)))
    basis, mode = draw(st.sampled_from(TIER_TERMS))
    tier_ids = (None, None, "silver") if tiers and mode is TierMode.WHOLE else (None,)
    return tuple(
        make.plan(
            *draw(rates()),
            version=number,
            effective_at=start,
            click_window_days=draw(st.sampled_from((30, 30, 90, 1))),
            hold_days_after_receipt=draw(st.integers(0, 8)),
            hold_days_after_payment=draw(st.integers(0, 31)),
            hold_anchor=draw(st.sampled_from(HoldAnchor)),
            screening_days=draw(st.integers(0, 4)),
            vacancy=vacancy,
            default_sponsor_id=DEE if vacancy is Vacancy.DEFAULT_SPONSOR else None,
            attribution_model=draw(st.sampled_from(AttributionModel)),
            coupon_mode=draw(st.sampled_from(CouponMode)),
            self_purchase=draw(st.sampled_from(SelfPurchase)),
            rules=draw(rules(tier_ids)),
            tiers=tiers,
            tier_basis=basis,
            tier_mode=mode,
            tier_measure=draw(st.sampled_from(TierMeasure)) if tiers else TierMeasure.NET_SALES,
            upline_gate_minor=draw(st.sampled_from((0, 0, 1, 100_000))),
            line_cap_bps=draw(st.sampled_from((8000, 8000, 10_000, 500))),
            pool_cap_bps=draw(st.sampled_from((3000, 10_000))),
            caps=draw(st.sampled_from(CAPS)),
            recruit_bonus_minor=draw(st.sampled_from((0, 500))),
            points_per_unit=draw(st.sampled_from((0, 0, 0, 1, 7))),
            **draw(extras()),
            **draw(memories),
            **draw(left_by_coupons),
            **draw(points_terms),
        )
        for number, (start, vacancy) in enumerate(zip(starts, vacancies, strict=True), start=1)
    )


@st.composite
def extras(draw: st.DrawFn) -> dict[str, Any]:
    """What a plan counts, whose some products are, and what it pays for the order itself."""
    base, excluded = draw(st.sampled_from(BASES))
    return {
        "base": base,
        "excluded_tenders": excluded,
        "product_bound": draw(st.sampled_from((False, False, True))),
        "per_order_minor": draw(st.sampled_from(PER_ORDER)),
        "per_order_if_free": draw(st.booleans()),
    }


AUDIENCES = (
    *(Audience(),) * 6,
    Audience(channels=("wechat", "")),
    Audience(product_ids=("77",)),
    Audience(categories=("tea",), collection_ids=("sale",)),
    Audience(tier_ids=("silver", "gold")),
    Audience(joined_within_days=100),
    Audience(joined_within_days=101, product_ids=("88",), collection_ids=("gifts",)),
)
BOOSTED_FROM, BOOSTED_FOR = (-days(400), -days(1), minutes(0), minutes(60)), (minutes(90), days(1), days(500))
"""When campaigns begin, around the orders' time, and how long they last."""


@st.composite
def campaigns(draw: st.DrawFn, *, most: int = 3) -> tuple[Campaign, ...]:
    """Mostly no campaign or one; with small budgets, of which several orders want their part."""
    count = min(most, draw(st.sampled_from((0, 0, 1, 1, 2, 3))))
    return tuple(draw(_campaign(f"cm_{number}")) for number in range(1, count + 1))


@st.composite
def bounties(draw: st.DrawFn) -> tuple[Bounty, ...]:
    """Up to two bounties that a few orders are enough for, whose holds end soon or late."""
    count = draw(st.sampled_from((0, 0, 1, 1, 2)))
    return tuple(draw(_bounty(f"bt_{number}")) for number in range(1, count + 1))


@st.composite
def _bounty(draw: st.DrawFn, name: str) -> Bounty:
    measure = draw(st.sampled_from(TierMeasure))
    return make.bounty(
        name,
        starts_at=T0 - draw(st.sampled_from((days(100), days(1), timedelta(0)))),
        ends_at=T0 + draw(st.sampled_from((days(2), days(20), days(200)))),
        target=draw(st.sampled_from((1, 2, 3) if measure is TierMeasure.ORDERS else (1, 9_000, 300_000))),
        amount=draw(st.sampled_from((1, 5_000))),
        period=draw(st.sampled_from(BountyPeriod)),
        measure=measure,
        pays=draw(st.sampled_from(Pays)),
        audience=draw(st.sampled_from((Audience(), Audience(), Audience(joined_within_days=100)))),
        hold_days=draw(st.sampled_from((0, 1, 30))),
        stopped_at=draw(st.sampled_from((None, None, None, T0 + days(1)))),
    )


@st.composite
def _campaign(draw: st.DrawFn, name: str) -> Campaign:
    stacking, pays = (
        draw(st.sampled_from(Stacking)),
        draw(st.sampled_from((Pays.CASH, Pays.CASH, Pays.POINTS))),
    )
    may_have_bonus = stacking in (Stacking.ADD, Stacking.EXCLUSIVE)
    multipliers = (10_000, 15_000, 12_345, 30_000, *((5_000, 0) if stacking is Stacking.EXCLUSIVE else ()))
    starts_at = T0 + draw(st.sampled_from(BOOSTED_FROM))
    ends_at = starts_at + draw(st.sampled_from(BOOSTED_FOR))
    added = draw(st.sampled_from((0, 100, 333)))
    return Campaign(
        id=name,
        name=name,
        starts_at=starts_at,
        ends_at=ends_at,
        clock=draw(st.sampled_from(Clock)),
        audience=draw(st.sampled_from(AUDIENCES)),
        pays=pays,
        multiplier_bps=draw(st.sampled_from(multipliers)),
        add_bps=added if pays is Pays.CASH else 0,
        add_points_per_unit=added // 100 if pays is Pays.POINTS else 0,
        bonus=draw(st.sampled_from((0, 0, 100, 777))) if may_have_bonus else 0,
        stacking=stacking,
        order_cap=draw(st.sampled_from((None, None, 1_000))),
        promoter_cap=draw(st.sampled_from((None, None, 1_500))),
        budget=draw(st.sampled_from((None, 800, 2_500, 30_000, 10**9))),
        stopped_at=draw(st.sampled_from((None, None, None, T0 + minutes(100)))),
    )


@st.composite
def rules(draw: st.DrawFn, tier_ids: Sequence[str | None] = (None,)) -> tuple[RateRule, ...]:
    """A few rules on any rungs of the ladder, in percent or per unit, for the lines that are drawn."""
    count = draw(st.sampled_from((0, 0, 1, 2, 4)))
    return tuple(draw(_rule(f"r{number}", tier_ids)) for number in range(count))


@st.composite
def _rule(draw: st.DrawFn, rule_id: str, tier_ids: Sequence[str | None]) -> RateRule:
    subject = draw(st.sampled_from(SUBJECTS))
    promoter_id = draw(st.sampled_from((None, None, make.CY, make.BO))) if subject else make.CY
    per_unit = draw(st.lists(st.integers(1, 5_000), min_size=1, max_size=3).map(tuple))
    rate_bps, per_unit = draw(st.one_of(st.tuples(rates(), st.just(())), st.just(((), per_unit))))
    return RateRule(
        id=rule_id,
        **subject,
        promoter_id=promoter_id,
        rate_bps=rate_bps,
        per_unit_minor=per_unit,
        tier_id=draw(st.sampled_from(tier_ids)),
    )


@st.composite
def products(draw: st.DrawFn) -> tuple[Product, ...]:
    """The products of most lines, in some groups, bound now and then, and changed around the orders' time."""
    return tuple(
        Product(program_id=PROGRAM_ID, id=name, changes=draw(_changes())) for name in PRODUCTS if name
    )


@st.composite
def _changes(draw: st.DrawFn) -> tuple[ProductChange, ...]:
    later = draw(st.lists(st.integers(-60, 60), max_size=2, unique=True).map(sorted))
    return tuple(
        ProductChange(
            effective_at=T0 + at,
            category=draw(st.sampled_from((None, "tea", "mugs"))),
            collections=draw(st.sampled_from(((), ("sale",), ("gifts", "sale")))),
            promoter_id=draw(st.sampled_from((None, None, make.BO, DEE, "pr_gone"))),
        )
        for at in (-days(100), *(minutes(number) for number in later))
    )


@st.composite
def lines(draw: st.DrawFn, line_id: str, *, tax_inside: bool) -> Line:
    """A line: free, discounted to nothing, a gift card, or simply sold."""
    quantity = draw(st.integers(1, 5))
    gross = draw(st.one_of(st.integers(0, 50), st.integers(1_000, 500_000))) * quantity
    discount = draw(st.one_of(st.just(0), st.just(0), st.integers(0, gross)))
    tax = draw(st.integers(0, (gross - discount) // 6)) if tax_inside else 0
    return make.line(
        line_id,
        gross,
        quantity_milli=quantity * 1000,
        discount_minor=discount,
        tax_minor=tax,
        added_tax_minor=0 if tax_inside else draw(st.sampled_from((0, (gross - discount) // 7))),
        gift_card=draw(st.sampled_from(RARELY)),
        sku=draw(st.sampled_from(SKUS)),
        product_id=draw(st.sampled_from(PRODUCTS)),
    )


@st.composite
def carts(draw: st.DrawFn) -> tuple[Line, ...]:
    """One to four lines of an order."""
    tax_inside = draw(st.booleans())
    return tuple(
        draw(lines(f"l{number}", tax_inside=tax_inside)) for number in range(draw(st.integers(1, 4)))
    )


@st.composite
def charges(draw: st.DrawFn) -> tuple[Line, ...]:
    """Shipping, taxed or not, and a tip, or neither."""
    prices = draw(st.tuples(st.sampled_from((0, 499, 1_000)), st.sampled_from((0, 0, 300))))
    kinds = (Component.SHIPPING, Component.TIP)
    tax = draw(st.sampled_from((0, 83)))
    return tuple(
        make.line(kind.value, price, quantity_milli=0, component=kind, added_tax_minor=tax)
        for kind, price in zip(kinds, prices, strict=True)
        if price
    )


def tenders() -> st.SearchStrategy[tuple[Tender, ...]]:
    """Mostly plain money; else some, or more than everything, of other kinds."""
    one = st.builds(Tender, kind=st.sampled_from(TenderKind), minor=st.integers(1, 9_999_999))
    return st.one_of(st.just(()), st.just(()), st.lists(one, min_size=1, max_size=2).map(tuple))


@st.composite
def refunds(draw: st.DrawFn, refund_id: str, cart: Sequence[Line]) -> Refund:
    """A refund of some units of some lines, now and then of more than was paid."""
    chosen = draw(st.lists(st.sampled_from(cart), max_size=3))
    parts = []
    for line in chosen:
        units = draw(st.integers(0, line.quantity_milli // 1000 + 1))
        paid = max(line.gross_minor - line.discount_minor, 0)
        subtotal = draw(st.integers(0, paid + paid // 5 + 1))
        tax = draw(st.sampled_from((0, 0, line.tax_minor + line.added_tax_minor, 50)))
        part = RefundLine(
            line_id=line.id, quantity_milli=units * 1000, subtotal_minor=subtotal, tax_minor=tax
        )
        parts.append(part)
    return Refund(id=refund_id, created_at=T0, lines=tuple(parts))


@st.composite
def edited(draw: st.DrawFn, cart: tuple[Line, ...]) -> tuple[Line, ...]:
    """The cart after somebody changed one line, took one out or put one in."""
    index = draw(st.integers(0, len(cart)))
    if index == len(cart):
        return (*cart, draw(lines("extra", tax_inside=False)))
    if draw(st.booleans()):
        return tuple(line for line in cart if line is not cart[index]) or cart
    return tuple(draw(lines(line.id, tax_inside=False)) if line is cart[index] else line for line in cart)


@st.composite
def order_facts(draw: st.DrawFn, order: OrderKey) -> tuple[Fact, ...]:
    """One order's facts, each arriving when it likes, before its version too: clocks disagree."""
    placed_at = T0 + draw(st.integers(0, 300)) * minutes(1) + draw(st.sampled_from(LATER))
    customers = draw(st.sampled_from(KEYS)), draw(st.sampled_from(KEYS))
    cart = draw(carts())
    edit, charged = draw(edited(cart)), draw(charges())
    beside = {"charges": charged, "tenders": draw(tenders())}
    everything = (*cart, *charged)
    returned = tuple(draw(refunds(f"r{number}", everything)) for number in range(draw(st.integers(0, 3))))
    steps: list[tuple[FactKind, dict[str, Any]]] = [
        (FactKind.PLACED, {"snapshot": {"payment": Payment.PENDING, "lines": cart, **beside}}),
        (FactKind.PAID, {"snapshot": {"payment": Payment.PAID, "lines": cart, **beside}}),
        *((FactKind.REFUNDED, {"refunds": (refund,)}) for refund in returned),
        *((FactKind.VERDICT, {"verdict": verdict}) for verdict in draw(st.lists(VERDICTS, max_size=2))),
        *draw(st.lists(_more_steps((cart, edit), beside, returned, placed_at), max_size=5)),
    ]
    chosen = [step for step in steps if not draw(st.sampled_from(RARELY))]
    facts = tuple(draw(_fact(order, kind, values, placed_at, customers)) for kind, values in chosen)
    return draw(odd(facts)) if facts and draw(st.integers(0, 7)) == 7 else facts


@st.composite
def odd(draw: st.DrawFn, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts, one of them quarantined, with what people rule on it, now and then both ways."""
    fact = draw(st.sampled_from(facts))
    if fact.verdict:
        return facts
    rulings = draw(st.sampled_from(((True,), (True,), (False,), (True, False))))
    doubted = tuple(replace(other, problem="odd") if other is fact else other for other in facts)
    return (*doubted, *(draw(_ruling(fact, accepted=accepted)) for accepted in rulings))


@st.composite
def _ruling(draw: st.DrawFn, fact: Fact, *, accepted: bool) -> Fact:
    return make.fact(
        FactKind.ACCEPTED if accepted else FactKind.REJECTED,
        order=fact.order,
        version=fact.version,
        recorded_at=fact.recorded_at + draw(_delays()),
        snapshot=None,
        ruling=Ruling(fact=fact.digest, accepted=accepted, by="Mei", why="asked the shop"),
    )


def _more_steps(
    carts: tuple[tuple[Line, ...], ...],
    beside: Mapping[str, Any],
    returned: tuple[Refund, ...],
    placed_at: datetime,
) -> st.SearchStrategy[tuple[FactKind, dict[str, Any]]]:
    states = st.sampled_from(STATES)
    told_lines = st.sampled_from((*({"lines": cart, **beside} for cart in carts), {}))
    body = st.tuples(states, told_lines).map(lambda told: {"payment": told[0], **told[1]})
    received = st.integers(0, 60).map(lambda number: {"received_at": placed_at + days(number)})
    cancelled = st.sampled_from(({"cancelled_at": placed_at + days(1)}, {}))
    told = (
        st.lists(st.sampled_from(returned), max_size=3, unique=True).map(tuple) if returned else st.just(())
    )
    return st.one_of(
        st.tuples(st.just(FactKind.EDITED), st.fixed_dictionaries({"snapshot": body, "refunds": told})),
        st.tuples(st.just(FactKind.RECEIVED), st.fixed_dictionaries({"snapshot": received})),
        st.tuples(st.just(FactKind.CANCELLED), st.fixed_dictionaries({"snapshot": cancelled})),
    )


@st.composite
def _fact(
    draw: st.DrawFn,
    order: OrderKey,
    kind: FactKind,
    values: Mapping[str, Any],
    placed_at: datetime,
    customers: tuple[str | None, str | None],
) -> Fact:
    """Return a fact of the story, its body complete or with keys missing, early or late."""
    told = values.get("snapshot")
    body = None
    if isinstance(told, dict):
        click_id = draw(st.sampled_from(NAMED))
        codes = draw(st.sampled_from(APPLIED))
        customer_key = customers[draw(st.sampled_from(RARELY))]
        body = Snapshot(
            placed_at=placed_at,
            currency="USD",
            click_id=click_id,
            coupon_codes=codes,
            customer_key=customer_key,
            **told,
        )
    happened = placed_at + draw(_delays())
    return make.fact(
        kind,
        order=order,
        version=happened,
        recorded_at=max(happened + draw(_delays()), placed_at) + timedelta(seconds=7),
        **{**values, "snapshot": body},
    )


def _delays() -> st.SearchStrategy[timedelta]:
    return st.one_of(
        st.just(timedelta(0)),
        st.integers(0, 120).map(minutes),
        st.integers(0, 25 * 24).map(lambda hours: timedelta(hours=hours)),
    )


@st.composite
def clicks(draw: st.DrawFn) -> tuple[Click, ...]:
    """The click that most orders name, mostly more of its visitor, and another's; old, late, or a robot's."""
    more = (*draw(st.sampled_from(((AGAIN_CLICK_ID,), (AGAIN_CLICK_ID,), ()))), LATE_CLICK_ID)
    return (draw(_click(make.CLICK_ID, (make.CY,))), *(draw(_click(name, CLICKERS)) for name in more))


@st.composite
def _click(draw: st.DrawFn, click_id: str, owners: Sequence[str]) -> Click:
    occurred_at = T0 + draw(st.sampled_from(CLICKED))
    return make.click(
        id=click_id,
        promoter_id=draw(st.sampled_from(owners)),
        upline=draw(st.sampled_from(((), (make.BO, make.ANA), (make.ANA,), ("pr_gone",)))),
        occurred_at=occurred_at,
        recorded_at=occurred_at + draw(st.sampled_from(RECORDED)),
        bot_reason=draw(st.sampled_from((*(None,) * 14, "preview"))),
        channel=draw(st.sampled_from(("", "", "wechat", "weibo"))),
    )


@st.composite
def networks(draw: st.DrawFn) -> tuple[Promoter, ...]:
    """A chain of three and one apart; around the orders' time sponsors and statuses may change."""
    people = {
        promoter.id: promoter
        for promoter in (
            draw(histories(make.promoter(make.ANA))),
            draw(histories(make.promoter(make.BO, make.ANA), None, DEE)),
            draw(histories(make.promoter(make.CY, make.BO, customer_key=CYS_OWN), None, DEE, make.ANA)),
            draw(histories(make.promoter(DEE))),
        )
    }
    for duplicate_id, promoter_id in draw(st.sampled_from(MERGES)):
        at, duplicate = T0 + draw(_moments()), people[duplicate_id]
        merge = Merge(at, duplicate_id, duplicate.customer_key)
        people[duplicate_id] = replace(duplicate, alias=Merge(at, promoter_id))
        person = people[promoter_id]
        people[promoter_id] = replace(person, duplicates=(*person.duplicates, merge))
    return tuple(people.values())


def _moments() -> st.SearchStrategy[timedelta]:
    """Around the orders' time, or while they are held, or after."""
    while_held = st.integers(1, 40 * 24).map(lambda number: number * HOUR)
    return st.one_of(st.integers(-60, 60).map(minutes), while_held, while_held)


@st.composite
def histories(draw: st.DrawFn, promoter: Promoter, *sponsors: str | None) -> Promoter:
    """A promoter who is suspended now and then, and gets some of these sponsors."""
    times = st.lists(st.integers(-60, 60), max_size=2, unique=True).map(sorted)
    for number in draw(times) if sponsors else ():
        promoter = promoter.with_sponsor(draw(st.sampled_from(sponsors)), T0 + minutes(number))
    count = draw(st.sampled_from((0, 0, 1, 1, 2)))
    changes = st.lists(_moments(), min_size=count, max_size=count, unique=True).map(sorted)
    for moment in draw(changes):
        promoter = promoter.with_status(draw(st.sampled_from(STATUSES)), "asked to", T0 + moment)
    return promoter


@st.composite
def stories(draw: st.DrawFn, *, orders: int = 3) -> Story:
    """A program with a chain of three whose network changes, and up to `orders` orders."""
    keys = [OrderKey(STOREFRONT_ID, str(number)) for number in range(1, draw(st.integers(1, orders)) + 1)]
    facts = [fact for key in keys for fact in draw(order_facts(key))]
    return Story(
        program=make.program(rounding=draw(roundings)),
        plans=draw(plans()),
        promoters=draw(networks()),
        clicks=draw(clicks()),
        coupons=COUPONS,
        facts=_apart(facts),
        products=draw(products()),
        campaigns=draw(campaigns()),
        volumes=draw(october()),
        registrations=tuple(
            draw(_registration(at)) for at in draw(st.lists(SIGNED, max_size=2, unique=True))
        ),
        joins=tuple(draw(_join(at)) for at in draw(st.lists(SIGNED, max_size=1))),
    )


@st.composite
def _registration(draw: st.DrawFn, at: int) -> Registration:
    """A sign-up at an instant of its own, told at once, later, or too late."""
    return Registration(
        program_id=PROGRAM_ID,
        customer_key=draw(st.sampled_from((KEYS[0], KEYS[-1]))) or "",
        promoter_id=draw(st.sampled_from(CLICKERS)),
        occurred_at=T0 + minutes(at),
        recorded_at=T0 + minutes(at) + draw(st.sampled_from(RECORDED)),
    )


@st.composite
def _join(draw: st.DrawFn, at: int) -> SamePerson:
    return SamePerson(
        program_id=PROGRAM_ID,
        customer_key=KEYS[0] or "",
        other_key=KEYS[-1] or "",
        occurred_at=T0 + minutes(at),
        recorded_at=T0 + minutes(at) + draw(st.sampled_from(RECORDED)),
    )


@st.composite
def october(draw: st.DrawFn) -> dict[tuple[str, str], tuple[int, int]]:
    """What was sold in the month before, by some promoters; a row for good."""
    sellers = draw(st.lists(st.sampled_from((make.CY, make.BO, make.ANA)), unique=True))
    sold = st.tuples(st.sampled_from((-1, 0, 1, 99_999, 100_000, 400_001)), st.integers(-1, 3))
    return {(name, "2026-10"): draw(sold) for name in sellers}


def _apart(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return facts in the order of their arrival, no two at one instant."""
    arriving = sorted(facts, key=lambda fact: (fact.recorded_at, fact.digest))
    return tuple(
        replace(fact, recorded_at=fact.recorded_at + timedelta(milliseconds=number))
        for number, fact in enumerate(arriving)
    )


class VersionedCatalog(MemoryCatalog):
    """A catalog whose program has several versions of its plan, and promoters who may be suspended."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self._told = story.plans
        self.add_program(story.program, story.plans[0])
        for promoter in story.promoters:
            self.add_promoter(promoter)
        for product in story.products:
            for number in range(len(product.changes)):
                self.put_product(replace(product, changes=product.changes[: number + 1]))
        for coupon in story.coupons:
            self.add_coupon(coupon)
        for number, campaign in enumerate(story.campaigns, start=1):
            self.add_campaign(PROGRAM_ID, campaign, number)

    def terms(self, program_id: str) -> Terms:
        return replace(super().terms(program_id), plans=self._told)


def sweeps_of(story: Story, until: datetime) -> tuple[datetime, ...]:
    """Return the hourly sweeps from the first order on."""
    count = int((until - T0) / HOUR)
    return tuple(T0 + HOUR * number for number in range(count + 1))


def world_of(story: Story) -> World:
    """Return a world in which a story can be played; clicks come when they were recorded."""
    world = World(catalog=VersionedCatalog(story))
    for (name, month), sold in story.volumes.items():
        world.catalog.close_month(PROGRAM_ID, name, month, Volume(*sold))
    return world


def told_by(story: Story, world: World) -> Story:
    """Return a story with the volumes that were recorded while it was played: nobody can work them out."""
    rows = world.catalog.volumes.items()
    recorded = {(name, month): (sold.net_minor, sold.orders) for (_, name, month), sold in rows}
    return replace(story, volumes=recorded)


def play(story: Story, world: World, sweeps: Sequence[datetime], *, voids: bool = True) -> None:
    """Let every fact and click arrive at its time and post its order; sweep in between.

    With `voids` somebody voids in the end what is held for who was banned.
    """
    arrivals: list[tuple[datetime, int, Click | Registration | SamePerson | Fact | None]] = [
        *((click.recorded_at, 0, click) for click in story.clicks),
        *((signed.recorded_at, 0, signed) for signed in story.registrations),
        *((join.recorded_at, 0, join) for join in story.joins),
        *((fact.recorded_at, 1, fact) for fact in story.facts),
        *((instant, 2, None) for instant in sweeps),
    ]
    folded = 0
    for now, _, arriving in sorted(arrivals, key=lambda arrival: arrival[:2]):
        if isinstance(arriving, Click):
            world.clicks.record(arriving)
        elif isinstance(arriving, Registration):
            world.catalog.add_registration(arriving)
        elif isinstance(arriving, SamePerson):
            world.catalog.add_same_person(arriving)
        elif isinstance(arriving, Fact):
            _arrive(arriving, world, now)
        else:
            world.sweep(now)
        if len(world.ledger.appended) > folded:
            folded = len(world.ledger.appended)
            world.fold()
    if voids:
        _void_banned(story, world, max(now for now, *_ in arrivals))


def _void_banned(story: Story, world: World, end: datetime) -> None:
    for promoter in story.promoters:
        if promoter.banned_between(promoter.joined_at, end):
            world.void(promoter.id, end)
    world.fold()


def _arrive(fact: Fact, world: World, now: datetime) -> None:
    world.append(fact)
    try:
        world.post(now, fact.order)
    except OrderUnprocessableError as error:
        world.failures.send(fact.order, str(error))


__all__ = [
    "PROGRAM_ID",
    "VersionedCatalog",
    "carts",
    "clicks",
    "currencies",
    "instants",
    "minor_amounts",
    "order_facts",
    "plans",
    "play",
    "rates",
    "refunds",
    "roundings",
    "stories",
    "sweeps_of",
    "told_by",
    "world_of",
]
