"""Promoters who ask for their money, in a world that pays on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.payout_terms import OnDemand
from grapevine.domain.payouts import Payout
from grapevine.domain.transfers import Payee
from grapevine.usecases.request_payout import RequestPayout, RequestPorts, request_payout
from tests.builders import CY, PROGRAM_ID
from tests.usecases.settling import DAY_ONE, released
from tests.worlds import World, chain_world

OFFER = OnDemand(minimum_minor=1_000, fee_minor=30, fee_bps=100, review_above_minor=4_000)


@dataclass
class KnownPayees:
    """Payees by program and promoter."""

    known: dict[tuple[str, str], Payee] = field(default_factory=dict)

    def payees(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Payee]:
        return {
            name: self.known[program_id, name] for name in promoter_ids if (program_id, name) in self.known
        }

    def put_payee(self, program_id: str, promoter_id: str, payee: Payee | None) -> None:
        if payee is None:
            self.known.pop((program_id, promoter_id), None)
        else:
            self.known[program_id, promoter_id] = payee


def asking_world(**terms: object) -> World:
    """Return a world where Cy has 50.00, Bo 15.00 and Ana 5.00, and may ask for it."""
    world = chain_world(**{"on_demand": OFFER, **terms})
    released(world, 1, 50_000)
    return world


def ports(world: World, payees: KnownPayees | None = None) -> RequestPorts:
    return RequestPorts(world.catalog, world.treasury, payees or KnownPayees())


def ask(
    world: World,
    amount_minor: int | None = None,
    request_id: str = "r1",
    promoter_id: str = CY,
    now: datetime = DAY_ONE,
    payees: KnownPayees | None = None,
) -> Payout:
    command = RequestPayout(
        program_id=PROGRAM_ID, promoter_id=promoter_id, amount_minor=amount_minor, request_id=request_id
    )
    return request_payout(command, ports(world, payees), now)
