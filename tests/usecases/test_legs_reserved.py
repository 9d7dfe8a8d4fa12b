"""Payouts are reserved in legs that the promoter's rail takes, by settlements and on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from grapevine.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from grapevine.domain.payout_requests import PayoutRefusedError, RefusedReason
from grapevine.domain.payouts import Payout
from grapevine.domain.settlements import Settled, SettlementPage
from grapevine.domain.transfers import Payee, RailLimits, RailName
from grapevine.ports import Rail
from grapevine.usecases.list_promoters import list_promoters
from grapevine.usecases.rail_limits import LimitsOfRails
from grapevine.usecases.request_payout import RequestPayout, request_payout
from grapevine.usecases.settle_page import SettlementIncompleteError, SettlePage, settle_page
from tests.builders import BO, CY, PROGRAM_ID, T0
from tests.usecases.asking import OFFER, asking_world, ports
from tests.usecases.settling import DAY_ONE, paid_out, payout_of, start
from tests.usecases.test_put_payee_details import StrictRail
from tests.worlds import World

DAILY = RailLimits(batch=1, person_day_minor=3_200, minimum_minor=1_600, zone="Asia/Shanghai")
SLOW = Payee(rail=RailName.WECHAT, details={"openid": "o1"}, changed_at=T0)


@dataclass
class SomeRails:
    """Rails by name: limits, or what opening one raises; counts how often each is opened."""

    known: dict[RailName, RailLimits | Exception]
    opened: int = 0

    def rail(self, program_id: str, name: RailName) -> Rail:
        self.opened += 1
        found = self.known.get(name, NotFoundError("rail", f"{program_id}/{name}"))
        if isinstance(found, Exception):
            raise found
        return StrictRail(name=name, limits=found)


def slow_world() -> tuple[World, SomeRails]:
    """Return a world in which Cy and Bo are paid by a rail with a daily cap and a least amount."""
    world = asking_world(on_demand=replace(OFFER, fee_minor=0, fee_bps=0))
    for promoter_id in (CY, BO):
        world.payees.put_payee(PROGRAM_ID, promoter_id, SLOW)
    return world, SomeRails({RailName.WECHAT: DAILY})


def legs(payout: Payout) -> list[tuple[int, int]]:
    """Return each leg's amount and after how many days, by the date in UTC, it is due."""
    return [(leg.amount_minor, (leg.due_at.date() - DAY_ONE.date()).days) for leg in payout.legs]


def settle(world: World, rails: SomeRails, tries: int = 1) -> SettlementPage | None:
    """Start a run, list its promoters, and settle the first page with these rails."""
    start(world, DAY_ONE)
    queue = world.settlement_queue
    while queue.lists:
        list_promoters(queue.lists.pop(0), world.listing, DAY_ONE)
    return settle_page(SettlePage(queue.pages[0], tries), replace(world.settling, rails=rails), DAY_ONE)


def test_edge_81_a_request_is_reserved_in_legs_over_days() -> None:
    world, rails = slow_world()
    command = RequestPayout(program_id=PROGRAM_ID, promoter_id=CY, amount_minor=None, request_id="r")
    payout = request_payout(command, replace(ports(world), rails=rails), DAY_ONE)
    assert [minor for minor, _ in legs(payout)] == [3_200, 1_800]


def test_a_request_under_what_the_rail_transfers_is_refused_with_what_is_missing() -> None:
    world, rails = slow_world()
    command = RequestPayout(program_id=PROGRAM_ID, promoter_id=CY, amount_minor=1_500, request_id="r")
    with pytest.raises(PayoutRefusedError) as refused:
        request_payout(command, replace(ports(world), rails=rails), DAY_ONE)
    assert refused.value.reason is RefusedReason.BELOW_RAIL_MINIMUM
    assert refused.value.told["missing"] == "1.00"


def test_edge_81_a_settlement_reserves_in_legs_over_days_and_carries_what_is_under_the_rails_least() -> None:
    world, rails = slow_world()
    page = settle(world, rails)
    assert page
    assert [minor for minor, _ in legs(payout_of(world, CY))] == [3_200, 1_800]
    assert paid_out(world) == {CY: 5_000}
    told = page.outcome_of(BO)
    assert told
    assert (told.settled, told.reason, told.missing_minor) == (Settled.CARRIED, "below_rail_minimum", 100)
    assert world.balance(BO).payable_minor == 1_500
    assert rails.opened == 1
    assert world.proof().faults == ()


@pytest.mark.parametrize("error", [NotFoundError("rail", "gone"), InvalidInputError("is wrong", "key")])
def test_where_the_rail_is_not_there_or_set_up_wrongly_the_payout_is_one_leg(error: Exception) -> None:
    world, _ = slow_world()
    settle(world, SomeRails({RailName.WECHAT: error}))
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    assert len(payout_of(world, CY).legs) == 1


def test_edge_82_a_rail_whose_secrets_cannot_be_read_fails_only_who_is_paid_by_it() -> None:
    world, _ = slow_world()
    world.payees.put_payee(PROGRAM_ID, BO, None)
    away = SomeRails({RailName.WECHAT: UnavailableError("secrets")})
    with pytest.raises(SettlementIncompleteError, match=CY):
        settle(world, away)
    assert paid_out(world) == {BO: 1_500}
    settle(world, SomeRails({RailName.WECHAT: DAILY}), tries=2)
    assert paid_out(world) == {CY: 5_000, BO: 1_500}


def test_who_said_nothing_has_no_limits() -> None:
    rails = SomeRails({})
    assert LimitsOfRails(PROGRAM_ID, rails).of(None) is None
    assert rails.opened == 0
