"""Random programs, orders and their stories, as adversarial as a shop on Double 11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon, CouponChange
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import (
    Fact,
    FactKind,
    Line,
    OrderKey,
    Outcome,
    Payment,
    Refund,
    RefundLine,
    Snapshot,
    Verdict,
)
from grapevine.domain.money import EXPONENTS, MAX_MINOR, Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, SelfPurchase, Vacancy
from grapevine.domain.programs import Terms
from grapevine.domain.rates import RateRule
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
SKUS = (None, "TEA-1", "TEA-1", "MUG-1")
PRODUCTS = (None, "77", "88")

COUPONS = (
    Coupon(program_id=PROGRAM_ID, code="DEE", promoter_id=DEE, created_at=T0 - days(9)),
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
CUSTOMERS = (*(None,) * 12, "cy", "somebody")

VERDICTS = st.sampled_from(Outcome).map(
    lambda outcome: Verdict(outcome=outcome, rule="rule", evidence="evidence")
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


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, ...]:
    """A plan, sometimes with a second version that takes effect around the orders' time."""
    versions = draw(st.lists(st.integers(-60, 60), max_size=1))
    starts = (T0 - days(400), *(T0 + minutes(number) for number in versions))
    vacancies = [draw(st.sampled_from(Vacancy)) for _ in starts]
    return tuple(
        make.plan(
            *draw(rates()),
            version=number,
            effective_at=start,
            click_window_days=draw(st.sampled_from((30, 30, 90, 1))),
            hold_days_after_receipt=draw(st.integers(0, 8)),
            hold_days_after_payment=draw(st.integers(0, 31)),
            screening_days=draw(st.integers(0, 4)),
            vacancy=vacancy,
            default_sponsor_id=DEE if vacancy is Vacancy.DEFAULT_SPONSOR else None,
            attribution_model=draw(st.sampled_from(AttributionModel)),
            coupon_mode=draw(st.sampled_from(CouponMode)),
            self_purchase=draw(st.sampled_from(SelfPurchase)),
            rules=draw(rules()),
            line_cap_bps=draw(st.sampled_from((8000, 8000, 10_000, 500))),
            pool_cap_bps=draw(st.sampled_from((3000, 10_000))),
        )
        for number, (start, vacancy) in enumerate(zip(starts, vacancies, strict=True), start=1)
    )


@st.composite
def rules(draw: st.DrawFn) -> tuple[RateRule, ...]:
    """A few rules on any rungs of the ladder, in percent or per unit, for the lines that are drawn."""
    count = draw(st.sampled_from((0, 0, 1, 2, 4)))
    return tuple(draw(_rule(f"r{number}")) for number in range(count))


@st.composite
def _rule(draw: st.DrawFn, rule_id: str) -> RateRule:
    sku, product_id = draw(st.sampled_from((("TEA-1", None), ("MUG-1", None), (None, "77"), (None, None))))
    promoter_id = draw(st.sampled_from((None, None, make.CY, make.BO)))
    if sku is None and product_id is None:
        promoter_id = make.CY
    per_unit = draw(st.lists(st.integers(1, 5_000), min_size=1, max_size=3).map(tuple))
    rate_bps, per_unit = draw(st.one_of(st.tuples(rates(), st.just(())), st.just(((), per_unit))))
    return RateRule(
        id=rule_id,
        sku=sku,
        product_id=product_id,
        promoter_id=promoter_id,
        rate_bps=rate_bps,
        per_unit_minor=per_unit,
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
def refunds(draw: st.DrawFn, refund_id: str, cart: Sequence[Line]) -> Refund:
    """A refund of some units of some lines, now and then of more than was paid."""
    chosen = draw(st.lists(st.sampled_from(cart), max_size=3))
    parts = []
    for line in chosen:
        units = draw(st.integers(0, line.quantity_milli // 1000 + 1))
        paid = max(line.gross_minor - line.discount_minor, 0)
        subtotal = draw(st.integers(0, paid + paid // 5 + 1))
        parts.append(RefundLine(line_id=line.id, quantity_milli=units * 1000, subtotal_minor=subtotal))
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
    placed_at = T0 + draw(st.integers(0, 300)) * minutes(1)
    cart = draw(carts())
    edit = draw(edited(cart))
    returned = tuple(draw(refunds(f"r{number}", cart)) for number in range(draw(st.integers(0, 3))))
    steps: list[tuple[FactKind, dict[str, Any]]] = [
        (FactKind.PLACED, {"snapshot": {"payment": Payment.PENDING, "lines": cart}}),
        (FactKind.PAID, {"snapshot": {"payment": Payment.PAID, "lines": cart}}),
        *((FactKind.REFUNDED, {"refunds": (refund,)}) for refund in returned),
        *((FactKind.VERDICT, {"verdict": verdict}) for verdict in draw(st.lists(VERDICTS, max_size=2))),
        *draw(st.lists(_more_steps(cart, edit, returned, placed_at), max_size=5)),
    ]
    chosen = [step for step in steps if not draw(st.sampled_from(RARELY))]
    return tuple(draw(_fact(order, kind, values, placed_at)) for kind, values in chosen)


def _more_steps(
    cart: tuple[Line, ...], edit: tuple[Line, ...], returned: tuple[Refund, ...], placed_at: datetime
) -> st.SearchStrategy[tuple[FactKind, dict[str, Any]]]:
    states = st.sampled_from(STATES)
    body = st.fixed_dictionaries({"payment": states, "lines": st.sampled_from((cart, edit, None))})
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
    draw: st.DrawFn, order: OrderKey, kind: FactKind, values: Mapping[str, Any], placed_at: datetime
) -> Fact:
    """Return a fact of the story, its body complete or with keys missing, early or late."""
    told = values.get("snapshot")
    body = None
    if isinstance(told, dict):
        click_id = draw(st.sampled_from(NAMED))
        codes, customer = draw(st.sampled_from(APPLIED)), draw(st.sampled_from(CUSTOMERS))
        body = Snapshot(
            placed_at=placed_at,
            currency="USD",
            click_id=click_id,
            coupon_codes=codes,
            customer_key=customer,
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
    )


@st.composite
def networks(draw: st.DrawFn) -> tuple[Promoter, ...]:
    """A chain of three and one apart; around the orders' time sponsors and statuses may change."""
    return (
        draw(histories(make.promoter(make.ANA))),
        draw(histories(make.promoter(make.BO, make.ANA), None, DEE)),
        draw(histories(make.promoter(make.CY, make.BO, customer_key="cy"), None, DEE, make.ANA)),
        draw(histories(make.promoter(DEE))),
    )


@st.composite
def histories(draw: st.DrawFn, promoter: Promoter, *sponsors: str | None) -> Promoter:
    """A promoter who is suspended now and then, and gets some of these sponsors."""
    times = st.lists(st.integers(-60, 60), max_size=2, unique=True).map(sorted)
    for number in draw(times) if sponsors else ():
        promoter = promoter.with_sponsor(draw(st.sampled_from(sponsors)), T0 + minutes(number))
    for number in draw(times) if draw(st.integers(0, 2)) == 0 else ():
        status = draw(st.sampled_from((PromoterStatus.SUSPENDED, *PromoterStatus)))
        promoter = promoter.with_status(status, "asked to", T0 + minutes(number))
    return promoter


@st.composite
def stories(draw: st.DrawFn, *, orders: int = 2) -> Story:
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
    )


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
        for coupon in story.coupons:
            self.add_coupon(coupon)

    def terms(self, program_id: str) -> Terms:
        return Terms(super().terms(program_id).program, self._told)


def sweeps_of(story: Story, until: datetime) -> tuple[datetime, ...]:
    """Return the hourly sweeps from the first order on."""
    count = int((until - T0) / HOUR)
    return tuple(T0 + HOUR * number for number in range(count + 1))


def world_of(story: Story) -> World:
    """Return a world in which a story can be played; clicks come when they were recorded."""
    return World(catalog=VersionedCatalog(story))


def play(story: Story, world: World, sweeps: Sequence[datetime]) -> None:
    """Let every fact and click arrive at its time and post its order; sweep in between."""
    arrivals: list[tuple[datetime, int, Click | Fact | None]] = [
        *((click.recorded_at, 0, click) for click in story.clicks),
        *((fact.recorded_at, 1, fact) for fact in story.facts),
        *((instant, 2, None) for instant in sweeps),
    ]
    for now, _, arriving in sorted(arrivals, key=lambda arrival: arrival[:2]):
        if isinstance(arriving, Click):
            world.clicks.record(arriving)
        elif isinstance(arriving, Fact):
            _arrive(arriving, world, now)
        else:
            world.sweep(now)
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
    "world_of",
]
