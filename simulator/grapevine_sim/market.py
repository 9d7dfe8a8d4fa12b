"""A seeded market: the same seed gives the same promoters, clicks, orders and refunds to the cent."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from grapevine_sim.agents import BOTS, PEOPLE, Visitor, people_of
from grapevine_sim.orders import order_plan
from grapevine_sim.plans import ClickPlan, PromoterPlan, Shop, World
from grapevine_sim.recipes import RECIPES

SEED = 20_261_111
CLICKS = 40
HEAD_REQUESTS = 3
BOT_VISITS = 7

PROMOTERS = (
    PromoterPlan(name="ana", email="ana@promoters.example", sponsor=None),
    PromoterPlan(name="bo", email="bo@promoters.example", sponsor="ana"),
    PromoterPlan(name="cy", email="cy@promoters.example", sponsor="bo"),
    PromoterPlan(name="dee", email="dee@promoters.example", sponsor=None),
    PromoterPlan(name="eli", email="eli@promoters.example", sponsor="ana"),
)

_SHOP = Shop(
    domain="orchard-demo.myshopify.com",
    webhook_secret="",
    currency="USD",
    destination="https://orchard-demo.example/products",
    rate_bps=(1000, 300, 100),
    minimum_payout_minor=1000,
    hold_days_after_receipt=7,
    hold_days_after_payment=30,
    screening_days=3,
)


def world(seed: int = SEED) -> World:
    """Return the market of a seed.

    Dee's one order is too small for a payout; everybody else sells enough for one.
    """
    rng = Random(seed)
    shop = replace(_SHOP, webhook_secret=f"whs-{rng.randbytes(16).hex()}")
    clicks = _clicks(rng)
    orders = tuple(
        order_plan(recipe, index, _click_key(index), PROMOTERS, rng) for index, recipe in enumerate(RECIPES)
    )
    return World(seed=seed, shop=shop, promoters=PROMOTERS, clicks=clicks, orders=orders)


def _click_key(index: int) -> str:
    return f"shopper-{index + 1:02d}"


def _clicks(rng: Random) -> tuple[ClickPlan, ...]:
    """Return the shoppers' clicks among those of people who only look, robots and HEAD requests."""
    shoppers = [
        _visit(_click_key(index), recipe.owner, rng, is_person=True)
        for index, recipe in enumerate(RECIPES)
        if recipe.owner
    ]
    bots = [_visit(f"bot-{n + 1}", _owner(rng), rng, is_person=False) for n in range(BOT_VISITS)]
    heads = [
        replace(_visit(f"head-{n + 1}", _owner(rng), rng, is_person=True), method="HEAD")
        for n in range(HEAD_REQUESTS)
    ]
    rest = CLICKS - len(shoppers) - len(bots) - len(heads)
    lookers = [_visit(f"looker-{n + 1}", _owner(rng), rng, is_person=True) for n in range(rest)]
    clicks = [*_with_wechat(shoppers, rng), *lookers, *bots, *heads]
    rng.shuffle(clicks)
    return tuple(clicks)


def _with_wechat(shoppers: list[ClickPlan], rng: Random) -> list[ClickPlan]:
    """Let every third shopper come from WeChat, whatever the seed says."""
    wechat = people_of(Visitor.WECHAT)
    return [
        replace(click, user_agent=rng.choice(wechat).user_agent) if index % 3 == 0 else click
        for index, click in enumerate(shoppers)
    ]


def _visit(key: str, owner: str, rng: Random, *, is_person: bool) -> ClickPlan:
    agent = rng.choice(PEOPLE if is_person else BOTS)
    return ClickPlan(
        key=key, link_owner=owner, user_agent=agent.user_agent, method="GET", is_person=is_person
    )


def _owner(rng: Random) -> str:
    return rng.choice(PROMOTERS).name
