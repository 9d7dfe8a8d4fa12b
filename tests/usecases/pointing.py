"""Worlds in which promoters have points, given by orders' entries that a test writes itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.facts import OrderKey
from grapevine.domain.ids import RandomBytes
from grapevine.domain.money import POINTS, Money
from grapevine.domain.plans import PointsDebt
from grapevine.domain.points import points_key
from grapevine.usecases.read_points import Points, read_points
from grapevine.usecases.spend_points import SpendPoints, spend_points
from grapevine.usecases.tend_points import PointsPorts, TendPoints, tend_points
from tests import builders as make
from tests.builders import CY, PROGRAM_ID
from tests.worlds import World, chain_world

KEY = points_key(PROGRAM_ID, CY)
PER_DOLLAR = 100
"""How many points buy a dollar off."""


def at(day: str, hour: int = 12) -> datetime:
    """Return an hour of a UTC day."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def order(number: int) -> OrderKey:
    return OrderKey(make.STOREFRONT_ID, str(number))


def points_world(**settings: Any) -> World:  # noqa: ANN401 - whatever a plan may say
    """Return a world whose plan gives points for shares, so that it has points, and sells coupons."""
    values = {"share_points": 5, "points_per_unit_off": PER_DOLLAR, **settings}
    return chain_world(make.plan(1000, 300, 100, **values))


def cash_world(each_minor: int = 2) -> World:
    return points_world(points_debt=PointsDebt.CASH, cash_per_point_minor=each_minor)


def post(world: World, number: int, points: int, now: datetime, cash: int = 0, fold: bool = True) -> Entry:
    """Let an order give Cy points and cash that are payable at once, or take them back."""
    key, source = order(number), commission_account(PROGRAM_ID)
    own = promoter_account(PROGRAM_ID, CY, Leaf.PAYABLE)
    chain = world.ledger.entries_of(key)
    entry = Entry(
        key=key,
        sequence=len(chain) + 1,
        program_id=PROGRAM_ID,
        reason=EntryReason.RELEASED if points > 0 else EntryReason.REFUNDED,
        postings=tuple(
            Posting(source, own, Money(minor, currency))
            if minor > 0
            else Posting(own, source, Money(-minor, currency))
            for minor, currency in ((points, POINTS), (cash, "USD"))
            if minor
        ),
        recorded_at=now,
        released=True,
        previous_hash=chain[-1].hash if chain else "",
    )
    world.ledger.append(entry)
    if fold:
        world.fold()
    return entry


def ports(world: World) -> PointsPorts:
    return PointsPorts(world.catalog, world.treasury, world.ledger)


def tend(world: World, now: datetime, *promoter_ids: str) -> int:
    """Tend points as the nightly run does; a second time posts nothing."""
    command = TendPoints(PROGRAM_ID, promoter_ids or (CY,))
    steps = tend_points(command, ports(world), now)
    world.fold()
    assert tend_points(command, ports(world), now) == 0
    return steps


def spend(world: World, points: int, now: datetime, request_id: str = "r1", **changes: Any) -> Entry:  # noqa: ANN401
    values = {"program_id": PROGRAM_ID, "promoter_id": CY, "points": points, "request_id": request_id}
    random_bytes: RandomBytes = world.random_bytes
    entry = spend_points(SpendPoints(**{**values, **changes}), ports(world), random_bytes, now)
    world.fold()
    return entry


def points_of(world: World, promoter_id: str = CY) -> Points:
    key = points_key(PROGRAM_ID, promoter_id)
    return read_points((key,), world.catalog.terms(PROGRAM_ID), world.treasury, world.ledger)


def payable(world: World) -> int:
    return points_of(world).payable
