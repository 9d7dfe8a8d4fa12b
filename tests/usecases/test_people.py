"""People: suspended, banned or gone between an order and its payout, and two accounts of one person."""

from __future__ import annotations

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, EntryReason, standing
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.explanation import explained
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.payouts import PayoutState
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import Plan
from grapevine.domain.settlements import Settled
from grapevine.usecases.change_promoter import (
    ChangeStatus,
    change_status,
)
from grapevine.usecases.read_statement import StatementPorts, read_statement
from grapevine.usecases.settle_account import Holder, settle_account
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.usecases.settling import (
    DAY_ONE,
    DAY_TWO,
    chained,
    in_files,
    paid_out,
    payout_of,
    refund,
    released,
    run_of,
    settle_named,
    take,
)
from tests.worlds import World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))
ALLOWED = make.verdict(Outcome.ALLOW)
HOLD = days(30) + minutes(1)
ACTIVE, SUSPENDED, BANNED, LEFT = (PromoterStatus(word) for word in ("active", "suspended", "banned", "left"))


def turn(world: World, promoter_id: str, status: PromoterStatus, at: float) -> Promoter:
    """Give a promoter another status, some days after the order."""
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=promoter_id, status=status, reason="looked into"
    )
    return change_status(command, world.catalog, T0 + days(at))


def ordered(*plans: Plan) -> World:
    """Return a world with one order of 133.33, screened."""
    world = chain_world(*plans)
    world.append(PAID, ALLOWED)
    world.post(T0 + minutes(5))
    world.fold()
    return world


def sweep(world: World, at: float) -> None:
    world.sweep(T0 + days(at))
    world.fold()


def places(world: World, order: OrderKey = make.ORDER) -> dict[tuple[str, str], int]:
    """Return what stands, by promoter and place."""
    return {
        (account.owner, account.leaf.value): minor
        for (account, _), minor in standing(world.ledger.entries_of(order)).items()
        if account.leaf is not Leaf.COMMISSION
    }


def reasons(world: World, order: OrderKey = make.ORDER) -> list[str]:
    return [entry.reason.value for entry in world.ledger.entries_of(order)]


def account_reasons(world: World, promoter_id: str) -> list[EntryReason]:
    return [entry.reason for entry in world.ledger.entries_of(AccountKey(PROGRAM_ID, promoter_id, "USD"))]


# --- suspended -----------------------------------------------------------------------------------


def test_edge_42_who_is_suspended_when_the_hold_ends_waits_and_the_others_do_not() -> None:
    world = ordered()
    turn(world, BO, SUSPENDED, 20)
    sweep(world, 31)
    assert places(world) == {(CY, "payable"): 1333, (BO, "held"): 400, (ANA, "payable"): 133}
    last = world.ledger.entries_of(make.ORDER)[-1]
    assert (last.reason, last.waits, last.due_at) == (EntryReason.RELEASED, (BO,), T0 + days(32))
    assert world.proof().faults == ()


def test_edge_42_a_part_that_waits_is_looked_at_daily_and_released_when_they_are_active_again() -> None:
    world = ordered()
    turn(world, BO, SUSPENDED, 20)
    for day in (31, 32, 33):
        sweep(world, day)
        assert places(world)[BO, "held"] == 400
    turn(world, BO, ACTIVE, 33.5)
    sweep(world, 34)
    assert places(world) == {(CY, "payable"): 1333, (BO, "payable"): 400, (ANA, "payable"): 133}
    assert world.ledger.entries_of(make.ORDER)[-1].due_at is None
    assert reasons(world) == ["accrued", "released", "recorded", "recorded", "released"]
    assert world.proof().faults == ()


def test_edge_42_a_refund_takes_back_a_part_where_it_waits() -> None:
    world = ordered()
    turn(world, BO, SUSPENDED, 20)
    sweep(world, 31)
    world.append(make.refunded("r1", days(31), ("a", 10_000), ("b", 3_333)))
    world.post(T0 + days(31.5))
    assert places(world) == {}


def test_edge_42_who_was_released_before_is_not_taken_back_by_a_suspension() -> None:
    world = ordered()
    sweep(world, 31)
    turn(world, BO, SUSPENDED, 32)
    world.append(
        make.fact(FactKind.EDITED, days(33), snapshot=make.snapshot(lines=(make.line("a", 20_000),)))
    )
    world.post(T0 + days(34))
    assert places(world) == {(CY, "payable"): 2000, (BO, "payable"): 600, (ANA, "payable"): 200}


def test_edge_42_an_order_whose_only_promoter_waits_is_released_when_they_do_not() -> None:
    world = ordered(make.plan(1000))
    turn(world, CY, SUSPENDED, 20)
    sweep(world, 31)
    assert places(world) == {(CY, "held"): 1333}
    turn(world, CY, ACTIVE, 31.5)
    sweep(world, 32)
    assert places(world) == {(CY, "payable"): 1333}


# --- banned --------------------------------------------------------------------------------------


def test_edge_42_a_ban_voids_what_is_held_with_that_reason() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    (entry,) = world.void(BO, T0 + days(10))
    assert (entry.reason, entry.voided) == (EntryReason.VOIDED, (BO,))
    assert places(world) == {(CY, "held"): 1333, (ANA, "held"): 133}
    assert world.void(BO, T0 + days(11)) == ()
    sweep(world, 31)
    assert places(world) == {(CY, "payable"): 1333, (ANA, "payable"): 133}
    assert world.proof().faults == ()


def test_edge_42_without_anybody_doing_more_a_ban_voids_when_the_hold_ends() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    sweep(world, 31)
    assert places(world) == {(CY, "payable"): 1333, (ANA, "payable"): 133}
    assert reasons(world) == ["accrued", "voided"]


def test_edge_42_what_was_voided_does_not_come_again_with_the_next_fact_or_a_pardon() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    world.void(BO, T0 + days(10))
    turn(world, BO, ACTIVE, 11)
    world.append(make.refunded("r1", days(12), ("a", 1_000)))
    world.post(T0 + days(12))
    sweep(world, 31)
    assert {name for name, _ in places(world)} == {CY, ANA}


def test_edge_42_an_order_told_after_the_ban_ends_as_one_told_before() -> None:
    world = chain_world()
    turn(world, BO, BANNED, 10)
    world.append(PAID, ALLOWED)
    world.post(T0 + days(12))
    world.append(make.refunded("r1", days(13), ("a", 1_000)))
    world.post(T0 + days(13))
    assert {name for name, _ in places(world)} == {CY, ANA}


def test_edge_42_what_was_free_at_the_ban_stays_earned_however_late_the_sweep_is() -> None:
    world = ordered()
    turn(world, BO, BANNED, 30.5)
    sweep(world, 31)
    assert places(world)[BO, "payable"] == 400


def test_edge_42_a_ban_while_a_part_waits_voids_it() -> None:
    world = ordered()
    turn(world, BO, SUSPENDED, 20)
    sweep(world, 31)
    turn(world, BO, BANNED, 40)
    sweep(world, 40)
    assert places(world) == {(CY, "payable"): 1333, (ANA, "payable"): 133}


def test_edge_42_a_blocked_part_of_who_is_banned_is_voided_too() -> None:
    world = chain_world()
    world.append(PAID, make.verdict(Outcome.BLOCK))
    world.post(T0 + minutes(5))
    world.fold()
    turn(world, CY, BANNED, 10)
    world.void(CY, T0 + days(10))
    assert places(world) == {(BO, "blocked"): 400, (ANA, "blocked"): 133}


def test_voiding_is_for_who_was_banned() -> None:
    world = ordered()
    with pytest.raises(InvalidInputError, match="never banned"):
        world.void(CY, T0 + days(10))
    with pytest.raises(NotFoundError):
        world.void("pr_x", T0 + days(10))


def test_a_voided_entry_explains_itself() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    world.void(BO, T0 + days(10))
    entries, facts = world.ledger.entries_of(make.ORDER), world.facts.facts_of(make.ORDER)
    terms = world.catalog.terms(PROGRAM_ID)
    assert [explained(entries[:n], facts, terms).re_adds for n in (1, 2)] == [True, True]


def test_edge_42_what_was_payable_at_the_ban_is_paid_however_small() -> None:
    world = chain_world()
    released(world, 1)
    turn(world, ANA, BANNED, 40)
    world.settle(DAY_ONE)
    assert paid_out(world) == {CY: 1333, ANA: 133}
    assert payout_of(world, ANA).state is PayoutState.REQUESTED
    world.send(DAY_ONE)
    assert {row["promoter_id"] for row in in_files(world)} == {CY, ANA}
    assert world.proof().faults == ()


def test_edge_42_unless_the_plan_says_that_a_ban_takes_it_too() -> None:
    world = chain_world(make.plan(1000, 300, 100, ban_keeps_payable=False))
    released(world, 1)
    turn(world, CY, BANNED, 40)
    world.settle(DAY_ONE)
    world.fold()
    assert paid_out(world) == {}
    assert world.balance(CY).payable_minor == 0
    assert account_reasons(world, CY) == [EntryReason.VOIDED]
    assert world.proof().faults == ()


# --- payouts that are under way --------------------------------------------------------------------


@pytest.mark.parametrize("status", [BANNED, SUSPENDED])
def test_edge_43_a_payout_that_is_not_sent_yet_is_stopped(status: PromoterStatus) -> None:
    world = chain_world()
    released(world, 1, 50_000)
    second, first = chained(world, (ANA, BO), (CY,))
    settle_named(world, first, DAY_ONE)
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=status, reason="x")
    change_status(command, world.catalog, DAY_ONE + minutes(1))
    settle_named(world, second, DAY_ONE + minutes(2))
    world.send(DAY_ONE + minutes(2))
    assert {row["promoter_id"] for row in in_files(world)} == {BO}
    payout = payout_of(world, CY)
    assert (payout.state, payout.detail) == (PayoutState.STOPPED, f"not sent: {status}")
    assert world.balance(CY).payable_minor == 5_000
    assert world.proof().faults == ()
    report = take(world, (payout.id, "completed", ""))
    assert report.rejected


def test_edge_43_a_payout_that_was_sent_completes() -> None:
    world = chain_world()
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    world.send(DAY_ONE)
    files = dict(world.files.stored)
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=BANNED, reason="x")
    change_status(command, world.catalog, DAY_ONE + minutes(1))
    world.send(DAY_ONE + minutes(2))
    assert world.files.stored == files
    take(world, (payout_of(world, CY).id, "completed", ""))
    assert world.balance(CY).paid_minor == 5_000
    assert world.proof().faults == ()


# --- gone ----------------------------------------------------------------------------------------


def test_edge_44_who_left_earns_nothing_new_and_their_level_is_vacant() -> None:
    world = chain_world()
    turn(world, BO, LEFT, -1)
    world.append(PAID)
    world.post(T0 + minutes(5))
    world.fold()
    assert earned(world) == {CY: 1333, "house": 400, ANA: 133}


def test_edge_44_the_next_settlement_pays_who_left_to_the_last_unit() -> None:
    world = chain_world()
    released(world, 1)
    turn(world, ANA, LEFT, 40)
    world.settle(DAY_ONE)
    assert paid_out(world) == {CY: 1333, ANA: 133}
    assert world.balance(BO).payable_minor == 400


def test_edge_44_who_left_with_nothing_is_paid_nothing() -> None:
    world = chain_world()
    turn(world, ANA, LEFT, 40)
    world.settle(DAY_ONE)
    assert run_of(world).counts == {Settled.EMPTY: 3}


def test_edge_44_what_is_held_when_they_leave_is_released_and_paid_later() -> None:
    world = ordered()
    turn(world, ANA, LEFT, 10)
    sweep(world, 31)
    world.settle(DAY_ONE)
    assert paid_out(world) == {CY: 1333, ANA: 133}


def owing(status: PromoterStatus, **changes: object) -> World:
    """Return a world in which somebody was paid, all was refunded, and then they left."""
    world = chain_world(make.plan(1000, **changes))
    order = released(world, 1, 50_000)
    world.settle(DAY_ONE)
    take(world, (payout_of(world, CY).id, "completed", ""))
    refund(world, order, 50_000, DAY_ONE + days(5))
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=status, reason="x")
    change_status(command, world.catalog, DAY_ONE + days(6))
    return world


@pytest.mark.parametrize("status", [LEFT, BANNED])
def test_edges_8_44_what_they_owe_stays_and_is_written_off_after_half_a_year(status: PromoterStatus) -> None:
    world = owing(status)
    world.settle(DAY_TWO)
    world.settle(DAY_ONE + days(185))
    assert world.balance(CY).payable_minor == -5_000
    world.settle(DAY_ONE + days(213))
    world.fold()
    assert world.balance(CY).payable_minor == 0
    assert account_reasons(world, CY)[-1] is EntryReason.WRITTEN_OFF
    proof = world.proof()
    assert proof.totals["write_off", "USD"] == -5_000
    assert proof.faults == ()


def test_edge_8_the_days_are_the_plans_and_nobody_who_may_still_earn_is_let_off() -> None:
    world = owing(LEFT, write_off_days=20)
    world.settle(DAY_TWO)
    assert world.balance(CY).payable_minor == 0
    world = owing(ACTIVE, write_off_days=20)
    world.settle(DAY_ONE + days(400))
    assert world.balance(CY).payable_minor == -5_000


def test_edge_77_a_run_that_comes_again_tells_what_it_gave_up_before() -> None:
    banned = chain_world(make.plan(1000, 300, 100, ban_keeps_payable=False))
    released(banned, 1)
    turn(banned, CY, BANNED, 40)
    debtor = owing(LEFT, write_off_days=20)
    for world, now, became in ((banned, DAY_ONE, Settled.VOIDED), (debtor, DAY_TWO, Settled.WRITTEN_OFF)):
        people = world.catalog.promoters(PROGRAM_ID, (CY,))
        holder = Holder(CY, people[CY], world.catalog.terms(PROGRAM_ID))
        for run, settled in (("first", became), ("first", became), ("next", Settled.EMPTY)):
            assert settle_account(holder, run, world.treasury, now).settled is settled


def statement(world: World, promoter_id: str, now_in_days: float = 99) -> dict[str, object]:
    (promoter,) = world.catalog.promoters(PROGRAM_ID, (promoter_id,)).values()
    found = StatementPorts(world.treasury, world.pages, world.ledger)
    return read_statement(promoter, ("USD",), found, T0 + days(now_in_days))


def test_edge_44_the_final_statement_lists_everything_and_adds_up() -> None:
    world = owing(LEFT, write_off_days=20)
    world.settle(DAY_TWO)
    world.fold()
    found = statement(world, CY)
    assert (found["status"], found["reason"], found["re_adds"]) == ("left", "x", True)
    (account,) = found["accounts"]  # type: ignore[misc]
    assert [line["reason"] for line in account["entries"]] == [  # type: ignore[has-type]
        *("accrued", "released", "reserved", "paid", "refunded", "written_off"),
    ]
    assert account["entries"][-1]["changes"] == {"payable": "50.00"}  # type: ignore[has-type]
    assert account["balance"]["paid"] == "50.00"  # type: ignore[has-type]


def test_a_statement_that_does_not_add_up_says_so() -> None:
    world = chain_world()
    released(world, 1)
    key = next(key for key in world.pages.stored if f"/{CY}/" in key.subject)
    page = world.pages.stored[key]
    world.pages.stored[key] = type(page)(page.key, {"payable": 1}, page.marks)
    assert statement(world, CY)["re_adds"] is False
