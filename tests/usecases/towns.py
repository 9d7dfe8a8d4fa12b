"""Small towns for what-if: several trees of promoters, customers who come back, refunds, bans, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from grapevine.domain.bindings import SamePerson
from grapevine.domain.campaigns import Campaign
from grapevine.domain.facts import Fact, FactKind, OrderKey
from grapevine.domain.people import Merge, PromoterStatus
from grapevine.domain.plans import Plan
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.worlds import World

TREES = 6
END = T0 + days(60)


def town(seed: int, *plans: Plan, orders: int = 40, campaigns: Sequence[Campaign] = ()) -> World:
    """Return what two weeks of a town's orders left, two months after the first one.

    Two trees are paid to one account, and one customer has two keys that turn out to be one person.
    """
    random, world = Random(seed), World()
    world.catalog.add_program(make.program(), *(plans or (make.plan(1000, 300, 100),)))
    for number, campaign in enumerate(campaigns, start=1):
        world.catalog.add_campaign(PROGRAM_ID, campaign, number)
    names = _people(random, world)
    joined = T0 - days(1)
    world.catalog.add_same_person(
        SamePerson(
            program_id=PROGRAM_ID,
            customer_key=_customer(0),
            other_key=_customer(1),
            occurred_at=joined,
            recorded_at=joined,
        )
    )
    arriving: list[tuple[timedelta, Fact | None]] = [
        (timedelta(hours=number), None) for number in range(60 * 24)
    ]
    for number in range(orders):
        arriving += _order(number, random, names, world)
    for at, fact in sorted(arriving, key=lambda one: one[0]):
        if fact is None:
            world.sweep(T0 + at)
        else:
            world.append(fact)
            world.post(T0 + at, fact.order)
        world.fold()
    return world


def _people(random: Random, world: World) -> list[str]:
    names: list[str] = []
    for tree in range(TREES):
        for place in range(random.randint(1, 5)):
            name = f"pr_{tree}_{place}"
            sponsor = f"pr_{tree}_{random.randrange(place)}" if place else None
            promoter = make.promoter(name, sponsor)
            if place == 0 and tree < 2:
                promoter = promoter.with_payee("9" * 24, T0 - days(9))
            if random.random() < 0.1:
                promoter = promoter.with_status(
                    PromoterStatus.BANNED, "test", T0 + days(random.randint(1, 40))
                )
            if place == 0 and tree == 2:
                promoter = replace(promoter, alias=Merge(T0 + days(3), "pr_3_0"))
            world.catalog.add_promoter(promoter)
            names.append(name)
    return names


def _customer(number: int) -> str:
    return f"{number:024x}"


def _order(
    number: int, random: Random, names: list[str], world: World
) -> list[tuple[timedelta, Fact | None]]:
    at = minutes(random.randrange(14 * 24 * 60))
    click_id = f"{number:022d}-{'2' * 20}"
    if random.random() < 0.9:
        came = T0 + at - minutes(9)
        click = make.click(
            id=click_id, promoter_id=random.choice(names), upline=(), occurred_at=came, recorded_at=came
        )
        world.clicks.record(click)
    key = OrderKey(STOREFRONT_ID, str(number))
    bought = make.snapshot(
        placed_at=T0 + at,
        click_id=click_id,
        customer_key=_customer(random.randrange(8)),
        lines=(make.line("a", random.randint(1_000, 50_000)),),
    )
    told: list[tuple[timedelta, Fact | None]] = [
        (at, make.fact(FactKind.PAID, at, order=key, snapshot=bought))
    ]
    if random.random() < 0.4:
        later = at + minutes(random.randrange(20 * 24 * 60))
        back = make.refund("r", ("a", random.randint(1, 1_000)))
        told.append((later, make.fact(FactKind.REFUNDED, later, order=key, refunds=(back,))))
    return told
