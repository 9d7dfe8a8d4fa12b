"""Promoters who ask for their money, in a world that pays on demand."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.payout_terms import OnDemand
from grapevine.domain.payouts import Payout
from grapevine.usecases.request_payout import RequestPayout, RequestPorts, request_payout
from tests.builders import CY, PROGRAM_ID
from tests.usecases.settling import DAY_ONE, released
from tests.worlds import World, chain_world

OFFER = OnDemand(minimum_minor=1_000, fee_minor=30, fee_bps=100, review_above_minor=4_000)


def asking_world(**terms: object) -> World:
    """Return a world where Cy has 50.00, Bo 15.00 and Ana 5.00, and may ask for it."""
    world = chain_world(**{"on_demand": OFFER, **terms})
    released(world, 1, 50_000)
    return world


def ports(world: World) -> RequestPorts:
    return RequestPorts(world.catalog, world.treasury, world.payees, world.rails)


def ask(
    world: World,
    amount_minor: int | None = None,
    request_id: str = "r1",
    promoter_id: str = CY,
    now: datetime = DAY_ONE,
) -> Payout:
    command = RequestPayout(
        program_id=PROGRAM_ID, promoter_id=promoter_id, amount_minor=amount_minor, request_id=request_id
    )
    return request_payout(command, ports(world), now)
