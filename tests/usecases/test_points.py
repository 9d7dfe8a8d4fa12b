"""Points: spent on coupons, expired oldest first, taken back by refunds, never lost twice, never paid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from grapevine.adapters.memory.state import MemoryTreasury
from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.entries import AccountKey, EntryReason, standing
from grapevine.domain.errors import ForbiddenError, HeadMovedError, InvalidInputError, NotFoundError
from grapevine.domain.heads import Head, Step
from grapevine.domain.money import POINTS, Money
from grapevine.domain.pages import balance, balance_subject
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import PointsDebt
from grapevine.domain.programs import program_faults
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.verification import verify
from grapevine.domain.wordings import EN
from grapevine.domain.wordings_zh import ZH
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from grapevine.usecases.read_statement import StatementPorts, read_statement
from grapevine.usecases.tend_points import PointsNotTendedError, TendPoints, start_points, tend_points
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days
from tests.usecases.pointing import (
    KEY,
    at,
    cash_world,
    order,
    payable,
    points_of,
    points_world,
    ports,
    post,
    spend,
    tend,
)
from tests.usecases.settling import DAY_ONE, RUN_ONE, paid_out, refund, released
from tests.worlds import World, chain_world


def cash(world: World) -> int:
    return world.balance(CY).payable_minor


def reasons(world: World) -> list[EntryReason]:
    return [entry.reason for entry in world.ledger.entries_of(KEY)]


# --- spending ------------------------------------------------------------------------------------


def test_edge_62_points_buy_a_coupon_and_the_program_has_them() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    entry = spend(world, 250, at("2027-01-06"))
    assert entry.coupon is not None
    assert (entry.reason, entry.coupon.off_minor, entry.purpose) == (EntryReason.SPENT, 250, "r1")
    assert entry.coupon.code.startswith("PTS-")
    assert points_of(world).payable == 50
    assert points_of(world).spent == 250
    program = balance(world.pages.pages(balance_subject(AccountKey(PROGRAM_ID, "program", POINTS))))
    assert program[Leaf.SPENT] == 250
    assert world.proof().faults == ()


def test_edge_62_never_more_is_spent_than_is_there_and_the_refusal_says_what_is_missing() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    with pytest.raises(InvalidInputError, match="points: 1 are missing: 300 can be spent"):
        spend(world, 301, at("2027-01-06"))
    spend(world, 300, at("2027-01-06"))
    with pytest.raises(InvalidInputError, match="5 are missing: 0 can be spent"):
        spend(world, 5, at("2027-01-06"), "r2")
    assert reasons(world) == [EntryReason.SPENT]


def test_edge_62_a_repeated_request_spends_once_also_when_nothing_is_left() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    first = spend(world, 300, at("2027-01-06"))
    assert spend(world, 300, at("2027-01-07")) == first
    with pytest.raises(InvalidInputError, match="request_id: was used for another number of points"):
        spend(world, 200, at("2027-01-07"))
    assert points_of(world).spent == 300


class Interrupted(MemoryTreasury):
    """Lets somebody else step in, once, before the first step."""

    def __init__(self, world: World, other: Any) -> None:  # noqa: ANN401 - any call
        super().__init__(world.ledger, world.pages)
        self.heads, self.other = world.treasury.heads, other

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        other, self.other = self.other, None
        if other:
            other()
        super().step(steps, heads_before)


@pytest.mark.parametrize(("second", "left"), [(200, 0), (201, 200)])
def test_edge_62_of_two_spends_at_once_one_wins_and_the_other_has_what_is_left(
    second: int, left: int
) -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    world.treasury = Interrupted(world, lambda: spend(world, 100, at("2027-01-06"), "first"))
    if left:
        with pytest.raises(InvalidInputError, match="1 are missing: 200 can be spent"):
            spend(world, second, at("2027-01-06"), "second")
    else:
        spend(world, second, at("2027-01-06"), "second")
    assert payable(world) == left
    assert world.proof().faults == ()


class Moving(MemoryTreasury):
    """An account on which somebody else always comes first."""

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        raise HeadMovedError("always")


def test_an_account_that_never_stands_still_is_given_up() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    world.treasury = Moving(world.ledger, world.pages)
    with pytest.raises(HeadMovedError):
        spend(world, 100, at("2027-01-06"))
    with pytest.raises(PointsNotTendedError, match="pr_cy"):
        tend_points(TendPoints(PROGRAM_ID, (CY,)), ports(world), at("2028-02-01"))


@pytest.mark.parametrize("points", [0, -100, 3])
def test_points_must_come_to_whole_minor_units(points: int) -> None:
    world = points_world(points_per_unit_off=500)
    post(world, 1, 300, at("2027-01-05"))
    with pytest.raises(InvalidInputError, match="points: must be a multiple of 5, more than 0"):
        spend(world, points, at("2027-01-06"))
    coupon = spend(world, 15, at("2027-01-06")).coupon
    assert coupon
    assert coupon.off_minor == 3


def test_a_program_without_a_price_sells_no_coupons() -> None:
    world = points_world(points_per_unit_off=0)
    post(world, 1, 300, at("2027-01-05"))
    with pytest.raises(InvalidInputError, match="points: buy nothing in this program"):
        spend(world, 100, at("2027-01-06"))


def test_only_the_active_spend() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    with pytest.raises(NotFoundError):
        spend(world, 100, at("2027-01-06"), promoter_id="pr_none")
    with pytest.raises(InvalidInputError, match="request_id"):
        spend(world, 100, at("2027-01-06"), "no/slash")
    cy = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    banned = cy.with_status(PromoterStatus.BANNED, "cheats", at("2027-01-06"))
    world.catalog.change_promoter(banned, world.catalog.network_version(PROGRAM_ID))
    with pytest.raises(ForbiddenError):
        spend(world, 100, at("2027-01-06"))


# --- expiring ------------------------------------------------------------------------------------


def test_edge_62_points_expire_a_calendar_year_after_the_day_they_became_payable() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-31", 23))
    post(world, 2, 50, at("2027-02-01", 0))
    assert tend(world, at("2028-01-31", 0)) == 0
    assert tend(world, at("2028-01-31", 1)) == 1
    (entry,) = world.ledger.entries_of(KEY)
    assert (entry.reason, entry.purpose) == (EntryReason.EXPIRED, "2027-01-31/2027-01-31/2028-01-31")
    assert (payable(world), points_of(world).expired) == (50, 300)
    assert world.proof().faults == ()


def test_edge_62_spending_uses_up_the_oldest_points_first() -> None:
    world = points_world()
    for number, day in enumerate(("2027-01-05", "2027-01-06", "2027-02-06")):
        post(world, number, 100, at(day))
    spend(world, 150, at("2027-03-01"))
    assert [(lot.day, lot.points, lot.due) for lot in points_of(world).lots] == [
        ("2027-01-06", 50, "2028-01-06"),
        ("2027-02-06", 100, "2028-02-06"),
    ]
    assert tend(world, at("2028-01-05")) == 0
    assert tend(world, at("2028-01-06")) == 1
    assert payable(world) == 100


def test_edge_62_a_run_that_was_down_for_weeks_posts_an_entry_for_each_day() -> None:
    world = points_world(points_expire_months=1)
    for number, day in enumerate(("2027-01-29", "2027-01-30", "2027-01-31", "2027-02-01")):
        post(world, number, 100, at(day))
    assert tend(world, at("2027-04-01")) == 2
    assert [entry.purpose for entry in world.ledger.entries_of(KEY)] == [
        "2027-01-29/2027-01-31/2027-02-28",
        "2027-02-01/2027-02-01/2027-03-01",
    ]
    assert payable(world) == 0


def test_edge_62_what_has_expired_is_not_spent_also_where_no_run_has_been() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    with pytest.raises(InvalidInputError, match="100 are missing: 0 can be spent"):
        spend(world, 100, at("2028-01-05"))


def test_points_without_an_end_never_expire() -> None:
    world = points_world(points_expire_months=None)
    post(world, 1, 300, at("2027-01-05"))
    assert tend(world, at("2099-01-05")) == 0
    assert points_of(world).next is None


def test_points_keep_the_term_of_the_day_they_became_payable_and_wait_for_older_ones() -> None:
    world = points_world()
    shorter = make.plan(1000, version=2, effective_at=at("2027-02-01", 0), points_expire_months=1)
    world.catalog.add_plan(PROGRAM_ID, shorter)
    post(world, 1, 300, at("2027-01-31"))
    post(world, 2, 200, at("2027-02-01"))
    lots = points_of(world).lots
    assert [(lot.points, lot.due) for lot in lots] == [(300, "2028-01-31"), (200, "2028-01-31")]
    assert tend(world, at("2027-03-02")) == 0
    assert tend(world, at("2028-01-31")) == 1
    assert payable(world) == 0


def test_what_expires_next_is_told() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-31"))
    post(world, 2, 200, at("2027-02-28"))
    found = points_of(world).next
    assert found
    assert (found.due, found.points) == ("2028-01-31", 300)


# --- refunds -------------------------------------------------------------------------------------


def test_edge_62_points_and_cash_of_one_event_come_and_go_together() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"), cash=1_000)
    assert (payable(world), cash(world)) == (300, 1_000)
    post(world, 1, -100, at("2027-01-06"), cash=-333)
    assert (payable(world), cash(world)) == (200, 667)
    post(world, 1, -200, at("2027-01-07"), cash=-667)
    assert (payable(world), cash(world)) == (0, 0)
    assert standing(world.ledger.entries_of(order(1))) == {}
    assert world.proof().faults == ()


def test_edge_62_points_of_a_real_order_are_spent_before_it_is_refunded() -> None:
    """An order of 100.00 at ten per cent and a point for each whole dollar."""
    world = chain_world(make.plan(1000, points_per_unit=1, points_per_unit_off=10))
    assert start_points(world.catalog, world.settlement_queue) == 3
    order = released(world, 1, 10_000)
    now = T0 + days(32)
    assert (payable(world), cash(world)) == (100, 1_000)
    spend(world, 40, now)
    refund(world, order, 5_000, now + days(9))
    assert (payable(world), cash(world)) == (10, 500)
    assert [lot.points for lot in points_of(world).lots] == [10]
    assert world.proof().faults == ()


def test_edge_62_a_refund_of_spent_points_makes_the_account_negative() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    spend(world, 200, at("2027-01-06"))
    post(world, 1, -300, at("2027-01-07"))
    assert tend(world, at("2027-02-07")) == 0
    assert payable(world) == -200
    with pytest.raises(InvalidInputError, match="10 are missing: 0 can be spent"):
        spend(world, 10, at("2027-01-08"), "r2")
    post(world, 2, 250, at("2027-01-09"))
    assert payable(world) == 50
    assert [(lot.day, lot.points) for lot in points_of(world).lots] == [("2027-01-09", 50)]


def test_edge_62_by_setting_missing_points_are_charged_to_cash_exactly_once() -> None:
    world = cash_world(2)
    post(world, 1, 300, at("2027-01-05"), cash=1_000)
    spend(world, 200, at("2027-01-06"))
    post(world, 1, -300, at("2027-01-07"))
    assert tend(world, at("2027-01-07", 23)) == 0  # Half of a news may not have come yet.
    assert tend(world, at("2027-01-08", 2)) == 1
    assert (payable(world), cash(world)) == (0, 600)
    assert points_of(world).charged == 200
    assert tend(world, at("2027-06-08")) == 0
    points_entry, cash_entry = (
        world.ledger.entries_of(key)[-1] for key in (KEY, AccountKey(PROGRAM_ID, CY, "USD"))
    )
    assert points_entry.purpose == cash_entry.purpose == points_entry.id
    assert world.proof().faults == ()


def test_edge_62_a_charge_without_its_other_half_is_a_fault() -> None:
    world = cash_world()
    post(world, 1, 300, at("2027-01-05"))
    spend(world, 200, at("2027-01-06"))
    post(world, 1, -300, at("2027-01-07"))
    tend(world, at("2027-01-09"))
    usd = AccountKey(PROGRAM_ID, CY, "USD")
    books = world_books(world)
    assert verify(books) == ()
    without = {key: chain for key, chain in books.accounts.items() if key != usd}
    heads = {key: head for key, head in books.heads.items() if key != usd}
    faults = [fault.check for fault in verify(replace(books, accounts=without, heads=heads))]
    assert "charge" in faults


def world_books(world: World) -> Any:  # noqa: ANN401 - as the proof reads them
    from grapevine.domain.facts import OrderKey  # noqa: PLC0415
    from grapevine.domain.verification import Books  # noqa: PLC0415

    chains: dict[Any, list[Any]] = {}
    for entry in world.ledger.scan(PROGRAM_ID):
        chains.setdefault(entry.key, []).append(entry)
    return Books(
        orders={key: chain for key, chain in chains.items() if isinstance(key, OrderKey)},
        accounts={key: chain for key, chain in chains.items() if isinstance(key, AccountKey)},
        pages=dict(world.pages.stored),
        heads=dict(world.treasury.heads),
    )


def test_edge_62_an_order_refunded_after_its_points_expired_costs_nothing_more() -> None:
    """Nobody loses the same points twice: the younger ones stay."""
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    post(world, 2, 100, at("2027-09-05"))
    tend(world, at("2028-01-05"))
    assert payable(world) == 100
    post(world, 1, -120, at("2028-01-20"))
    assert payable(world) == -20
    assert tend(world, at("2028-01-21")) == 1
    assert payable(world) == 100
    post(world, 1, -180, at("2028-02-20"))
    assert tend(world, at("2028-02-21")) == 1
    assert (payable(world), points_of(world).expired) == (100, 0)
    assert [(lot.day, lot.points) for lot in points_of(world).lots] == [("2027-09-05", 100)]
    assert world.proof().faults == ()


def test_edge_62_of_refunded_points_only_those_come_back_that_expired_not_those_spent() -> None:
    world = cash_world(1)
    post(world, 1, 300, at("2027-01-05"), cash=500)
    spend(world, 200, at("2027-02-05"))
    tend(world, at("2028-01-05"))
    post(world, 1, -300, at("2028-01-20"))
    assert payable(world) == -300
    assert tend(world, at("2028-01-21", 3)) == 2
    assert (payable(world), cash(world)) == (0, 300)
    assert points_of(world).charged == 200
    assert world.proof().faults == ()


def test_edge_62_a_refund_before_the_day_was_counted_when_the_rest_expired() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    post(world, 2, 100, at("2027-09-05"))
    post(world, 1, -300, at("2028-01-04", 23))
    assert tend(world, at("2028-01-05", 1)) == 0
    assert payable(world) == 100


def test_edge_62_a_refund_between_the_day_and_a_late_run_ends_as_one_after_it() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    post(world, 2, 100, at("2027-09-05"))
    post(world, 1, -300, at("2028-01-06"))
    assert tend(world, at("2028-01-10")) == 2
    assert (payable(world), points_of(world).expired) == (100, 0)


def test_edge_62_a_refund_of_points_that_were_used_up_gives_back_nothing_that_others_lost() -> None:
    world = points_world()
    post(world, 1, 100, at("2027-01-05"))
    post(world, 2, 100, at("2027-01-06"))
    post(world, 3, 100, at("2027-09-05"))
    spend(world, 100, at("2027-02-05"))
    tend(world, at("2028-01-06"))
    assert points_of(world).expired == 100
    post(world, 1, -100, at("2028-01-20"))
    assert tend(world, at("2028-01-21")) == 0
    assert (payable(world), points_of(world).expired) == (0, 100)


def test_a_refund_of_younger_points_gives_nothing_back() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    post(world, 2, 100, at("2027-09-05"))
    tend(world, at("2028-01-05"))
    post(world, 2, -100, at("2028-01-20"))
    assert tend(world, at("2028-01-21")) == 0
    assert (payable(world), points_of(world).expired) == (0, 300)


def test_a_refund_of_what_became_payable_on_two_days_is_taken_from_the_older_first() -> None:
    world = points_world()
    post(world, 1, 100, at("2027-01-05"))
    post(world, 1, 100, at("2027-09-05"))
    tend(world, at("2028-01-05"))
    post(world, 1, -150, at("2028-01-20"))
    assert tend(world, at("2028-01-21")) == 1
    assert payable(world) == 50


# --- who and what else ---------------------------------------------------------------------------


def test_edge_62_settlement_pays_cash_and_never_points() -> None:
    world = points_world()
    post(world, 1, 100_000, at("2027-01-05"), cash=5_000)
    world.settle(DAY_ONE)
    assert paid_out(world) == {CY: 5_000}
    assert payable(world) == 100_000
    assert {payout.key.currency for payout in world.treasury.payouts_of(RUN_ONE)} == {"USD"}
    assert [fault.where for fault in program_faults(make.program(currency=POINTS))] == ["currency"]


def test_points_of_a_duplicate_are_spent_by_whose_they_are() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    merge = MergePromoters(program_id=PROGRAM_ID, duplicate_id=CY, promoter_id=ANA)
    merge_promoters(merge, world.catalog, at("2027-02-01"))
    with pytest.raises(ForbiddenError):
        spend(world, 100, at("2027-02-02"))
    spend(world, 300, at("2027-02-02"), promoter_id=ANA)
    assert (points_of(world, CY).payable, points_of(world, ANA).payable) == (0, 0)
    assert world.proof().faults == ()


def test_the_run_looks_at_programs_that_give_points_only() -> None:
    world, other = points_world(), chain_world()
    assert start_points(world.catalog, world.settlement_queue) == 3
    assert world.settlement_queue.points == [(PROGRAM_ID, (ANA, BO, CY))]
    assert start_points(other.catalog, other.settlement_queue) == 0
    assert other.settlement_queue.points == []


def test_the_statement_has_points_beside_cash_and_both_add_up() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"), cash=1_000)
    entry = spend(world, 200, at("2027-01-06"))
    tend(world, at("2028-01-06"))
    cy = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    found = StatementPorts(world.treasury, world.pages, world.ledger)
    statement = read_statement(cy, ("USD", POINTS), found, at("2028-01-06"))
    assert statement["re_adds"] is True
    money, points = statement["accounts"]
    assert (money["currency"], money["balance"]["payable"]) == ("USD", "10.00")
    assert points["balance"]["payable"] == "0"
    assert [line["reason"] for line in points["entries"]] == ["released", "spent", "expired"]
    assert entry.coupon
    assert [line["sentence"] for line in points["entries"]] == [
        (
            "The waiting time is over; you have 10.00 USD more; 10.00 USD is payable now; "
            "you have 300 points more; 300 points can be spent now."
        ),
        f"You spent points; it was 200 points; they bought the coupon {entry.coupon.code}.",
        "Points of yours expired; it was 100 points.",
    ]


def test_what_came_back_and_what_was_charged_is_told_in_both_languages() -> None:
    world = cash_world(1)
    post(world, 1, 300, at("2027-01-05"))
    spend(world, 200, at("2027-02-05"))
    tend(world, at("2028-01-05"))
    post(world, 1, -300, at("2028-01-20"))
    tend(world, at("2028-01-22"))
    *_, restored, charged = world.ledger.entries_of(KEY)
    own = frozenset((CY,))
    assert entry_sentence(restored, own, EN) == (
        "Points that had expired came back, because a refund took them once more; it was 100 points."
    )
    assert entry_sentence(restored, own, ZH) == "退款再次扣走了已过期的积分，现已退还；共 100 积分。"
    assert entry_sentence(charged, own, EN) == (
        "Points that you owed were charged to your cash; it was 200 points."
    )
    paid = world.ledger.entries_of(AccountKey(PROGRAM_ID, CY, "USD"))[-1]
    assert entry_sentence(paid, own, EN) == (
        "Points that you owed were charged to your cash; 2.00 USD went back."
    )


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"points_per_unit_off": -1}, "points_per_unit_off"),
        ({"points_expire_months": 0}, "points_expire_months"),
        ({"points_expire_months": 121}, "points_expire_months"),
        ({"points_debt": PointsDebt.CASH}, "cash_per_point_minor"),
        ({"cash_per_point_minor": 1}, "cash_per_point_minor"),
        ({"share_points": -1}, "share_points"),
        ({"share_points_per_day": 5}, "share_points_per_day"),
        ({"share_points": 6, "share_points_per_day": 5}, "share_points_per_day"),
    ],
)
def test_a_plan_that_contradicts_itself_about_points_is_refused(settings: dict[str, Any], where: str) -> None:
    assert where in {fault.where for fault in plan_faults(make.plan(1000, **settings))}


def test_now_is_when_it_is_recorded() -> None:
    world = points_world()
    post(world, 1, 300, at("2027-01-05"))
    now: datetime = at("2027-01-06")
    entry = spend(world, 100, now)
    assert entry.recorded_at == now
    own = promoter_account(PROGRAM_ID, CY, Leaf.PAYABLE)
    spent = commission_account(PROGRAM_ID)._replace(leaf=Leaf.SPENT)
    assert entry.postings == (Posting(own, spent, Money(100, POINTS)),)
