"""The night of Double 11 in a shop in Shanghai: what is sold around midnight, and what everybody must have.

All amounts are minor units of the shop's currency, all times seconds after midnight on the shop's clock. What
everybody must have was worked out by hand; nothing here is computed by the engine, nor by this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from grapevine_sim.agents import PEOPLE
from grapevine_sim.plans import (
    ClickPlan,
    CustomerPlan,
    LinePlan,
    OrderPlan,
    Product,
    PromoterPlan,
    RefundPlan,
    ReturnedLine,
    Shop,
    State,
    Step,
    World,
)

FIRST_ID = 9_007_199_254_990_011
WEEK = 7 * 86_400
SHANGHAI = timedelta(hours=8)
LEVEL_1, LEVEL_2 = 1000, 300
PRE_SALE, FIRST_HOUR, TRIPLE = "Pre-sale", "First hour", "Triple points"
BUDGET = 11_200
BOUNTY = 5_000
COUPON, COUPON_OWNER = "TAO-10", "tao"

PROMOTERS = (
    PromoterPlan(name="lin", email="lin@promoters.example", sponsor=None),
    PromoterPlan(name="mei", email="mei@promoters.example", sponsor="lin"),
    PromoterPlan(name="tao", email="tao@promoters.example", sponsor="lin"),
)
_TEA = {"title": "Spring tea", "variant": "250 g", "sku": "TEA-250", "vendor": "Lantern", "grams": 250}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What must stand of an order: what the plan pays who brought it and who is above, campaigns, points."""

    plan: int = 0
    above: int = 0
    campaigns: Mapping[str, int] = field(default_factory=dict)
    points: int = 0

    @property
    def cash(self) -> int:
        """All the money of the one who brought it."""
        return self.plan + sum(self.campaigns.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """An order in words, with what must stand of it: that night, and (`later`) a week after."""

    words: str
    promoter: str
    order: OrderPlan
    night: Earned
    later: Earned | None = None

    @property
    def in_the_end(self) -> Earned:
        """What must stand when everything has happened."""
        return self.night if self.later is None else self.later


def program_body() -> dict[str, Any]:
    """Return the program, by the profile `china`: 10 % and 3 %, 80 % of it with a coupon, a point a yuan."""
    return {
        "name": "Lantern friends",
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "profile": "china",
        "allowed_hosts": ["lantern-demo.example"],
        "plan": {"rate_bps": [LEVEL_1, LEVEL_2], "tiers": [], "points_per_unit": 1, "coupon_bps": 8000},
    }


def campaign_bodies(year: int) -> tuple[dict[str, Any], ...]:
    """Return the campaigns, in the shop's wall time."""
    begins, midnight, one, ends = (
        f"{year}-11-{when}" for when in ("08T00:00", "11T00:00", "11T01:00", "12T00:00")
    )
    hour = {"multiplier_bps": 15_000, "budget": BUDGET}
    return (
        {"name": PRE_SALE, "starts_at": begins, "ends_at": midnight, "clock": "placed", "add_bps": 100},
        {"name": FIRST_HOUR, "starts_at": midnight, "ends_at": one, **hour},
        {
            "name": TRIPLE,
            "starts_at": midnight,
            "ends_at": ends,
            "pays": "points",
            "multiplier_bps": 30_000,
        },
    )


def bounty_body(year: int) -> dict[str, Any]:
    """Return the bounty: 50.00 for four orders in a week."""
    window = {"starts_at": f"{year}-11-05T00:00", "ends_at": f"{year}-11-29T00:00"}
    return {"name": "Four a week", **window, "target": 4, "amount": BOUNTY, "period": "week"}


def midnight_after(instant: datetime) -> datetime:
    """Return when the first Double 11 begins of which the week is still to come."""
    year = instant.year
    while datetime(year, 11, 3, tzinfo=UTC) < instant:
        year += 1
    return datetime(year, 11, 11, tzinfo=UTC) - SHANGHAI


def _order(
    number: int, price: int, placed: int, paid: int, *, units: int = 1, back: int = 0, off: int = 0
) -> OrderPlan:
    """Return an order, its click named like it; `back` units of it go back a week later.

    With money `off` a coupon brought it, and no click.
    """
    id_, click = FIRST_ID + 1000 * number, f"night-{number}"
    product = Product(id=7_711_100 + number, variant_id=8_811_100 + number, price_minor=price, **_TEA)  # type: ignore[arg-type]
    line = LinePlan(id=id_ + 101, product=product, quantity=units, discount_minor=off, tax_minor=0)
    gone = ReturnedLine(id=id_ + 201, line=line, quantity=back, subtotal_minor=back * price, tax_minor=0)
    refunds = (RefundPlan(id=id_ + 200, at=WEEK + 36_000 + number, lines=(gone,)),) if back else ()
    return OrderPlan(
        key=click,
        id=id_,
        number=2000 + number,
        placed_at=placed,
        click=None if off else click,
        is_click_in_cart=True,
        customer=CustomerPlan(
            id=6_611_100 + number, first_name="Wen", last_name="Zhao", email=f"wen-{number}@customers.example"
        ),
        lines=(line,),
        discount_code=COUPON.lower() if off else None,
        discount_minor=off,
        shipping_minor=0,
        tip_minor=0,
        taxes_included=False,
        presentment=("CNY", 1000),
        refunds=refunds,
        story=_story(placed, paid, refunds),
    )


def _story(placed: int, paid: int, refunds: tuple[RefundPlan, ...]) -> tuple[Step, ...]:
    opening = (
        [Step(topic="orders/create", state=State(at=placed, payment="pending"))] if paid > placed else []
    )
    bought = State(at=paid, payment="paid")
    gone = [
        Step(topic="refunds/create", state=State(at=refund.at, payment="paid", refunds=1), refund=0)
        for refund in refunds
    ]
    return (*opening, Step(topic="orders/paid", state=bought), *gone)


NIGHT = (
    Sold(
        words="two packets, one goes back",
        promoter="mei",
        order=_order(1, 44_400, -40, -40, units=2, back=1),
        # 888.00: 10 %, 3 %, the pre-sale's 1 %; a point for each yuan.
        night=Earned(plan=8_880, above=2_664, campaigns={PRE_SALE: 888}, points=888),
        # One of two packets went back: half of everything.
        later=Earned(plan=4_440, above=1_332, campaigns={PRE_SALE: 444}, points=444),
    ),
    Sold(
        words="placed before, paid after",
        promoter="tao",
        order=_order(2, 66_600, -10, 5),
        # 666.00: 10 %, 3 %; 1 % for the placing and half of the 10 % for the paying; three points a yuan.
        night=Earned(plan=6_660, above=1_998, campaigns={PRE_SALE: 666, FIRST_HOUR: 3_330}, points=1_998),
    ),
    Sold(
        words="at midnight, all goes back",
        promoter="mei",
        order=_order(3, 52_000, 0, 0, back=1),
        # 520.00: 10 %, 3 %, half of the 10 %; three points a yuan.
        night=Earned(plan=5_200, above=1_560, campaigns={FIRST_HOUR: 2_600}, points=1_560),
        later=Earned(),
    ),
    Sold(
        words="with Tao's coupon",
        promoter="tao",
        order=_order(4, 33_000, 20, 20, off=3_000),
        # 300.00: 80 % of 10 %, of 3 % and of half of the 10 %; of the points the coupon takes nothing.
        night=Earned(plan=2_400, above=720, campaigns={FIRST_HOUR: 1_200}, points=900),
    ),
    Sold(
        words="two at once: the first",
        promoter="mei",
        order=_order(5, 60_000, 30, 30),
        # 600.00: 10 %, 3 %, half of the 10 %.
        night=Earned(plan=6_000, above=1_800, campaigns={FIRST_HOUR: 3_000}, points=1_800),
    ),
    Sold(
        words="two at once: the other",
        promoter="mei",
        order=_order(6, 60_000, 30, 30),
        # 30.00 were wanted; of 112.00, 33.30, 26.00, 12.00 and 30.00 were gone: 10.70 were left.
        night=Earned(plan=6_000, above=1_800, campaigns={FIRST_HOUR: 1_070}, points=1_800),
    ),
    Sold(
        words="the budget has run out",
        promoter="lin",
        order=_order(7, 10_000, 50, 50),
        # 100.00: 10 %; nobody is above Lin, nothing is left.
        night=Earned(plan=1_000, campaigns={FIRST_HOUR: 0}, points=300),
    ),
)
STRAY = Sold(
    words="told a week too late",
    promoter="tao",
    order=_order(8, 64_000, 55, 55),
    # 640.00: 32.00 were wanted; the 26.00 that went back are there again.
    night=Earned(plan=6_400, above=1_920, campaigns={FIRST_HOUR: 2_600}, points=1_920),
)
EVERYTHING = (*NIGHT, STRAY)
ONCE = (NIGHT[4].order.key, NIGHT[5].order.key)
"""Two orders that are the same and come at once; either may be first."""
AFTER = NIGHT[6].order.key
"""The order that comes when they are posted."""

# What is held of the promoters' money, from the sums above; Mei's bounty is for four orders.
HELD_THAT_NIGHT = {
    "lin": 2_664 + 1_998 + 1_560 + 720 + 1_800 + 1_800 + 1_000,
    "mei": (8_880 + 888) + (5_200 + 2_600) + (6_000 + 3_000) + (6_000 + 1_070) + BOUNTY,
    "tao": (6_660 + 666 + 3_330) + (2_400 + 1_200),
}
# One of Mei's four went back, and the bounty with it.
HELD_AFTER_REFUNDS = {
    "lin": 1_332 + 1_998 + 720 + 1_800 + 1_800 + 1_000,
    "mei": (4_440 + 444) + (6_000 + 3_000) + (6_000 + 1_070),
    "tao": (6_660 + 666 + 3_330) + (2_400 + 1_200),
}
HELD_IN_THE_END = {
    "lin": 1_332 + 1_998 + 720 + 1_800 + 1_800 + 1_000 + 1_920,
    "mei": (4_440 + 444) + (6_000 + 3_000) + (6_000 + 1_070),
    "tao": (6_660 + 666 + 3_330) + (2_400 + 1_200) + (6_400 + 2_600),
}
POINTS_IN_THE_END = {"lin": 300, "mei": 444 + 1_800 + 1_800, "tao": 1_998 + 900 + 1_920}
COST_IN_THE_END = {
    PRE_SALE: 444 + 666,
    FIRST_HOUR: 3_330 + 1_200 + 3_000 + 1_070 + 2_600,
    TRIPLE: 2 * 666 + 2 * 300 + 2 * 600 + 2 * 600 + 2 * 100 + 2 * 640,
}
"""What each campaign paid, in what it pays: the first hour's is its whole budget of 112.00 again."""


def night_world() -> World:
    """Return the night's market for who sends its clicks and webhooks."""
    shop = Shop(
        domain="lantern-demo.myshopify.com",
        webhook_secret=f"whs-{Random(11).randbytes(16).hex()}",
        currency="CNY",
        destination="https://lantern-demo.example/products",
        rate_bps=(LEVEL_1, LEVEL_2),
        minimum_payout_minor=1000,
        hold_days_after_receipt=7,
        hold_days_after_payment=30,
        screening_days=3,
    )
    clicks = tuple(
        ClickPlan(
            key=sold.order.key,
            link_owner=sold.promoter,
            user_agent=PEOPLE[5].user_agent,
            method="GET",
            is_person=True,
        )
        for sold in EVERYTHING
        if sold.order.click
    )
    orders = tuple(sold.order for sold in EVERYTHING)
    return World(seed=11, shop=shop, promoters=PROMOTERS, clicks=clicks, orders=orders)
