"""Payouts on demand: once for a request, refused with the reason, reviewed above a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, EntryReason
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.money import Money, Rounding
from grapevine.domain.payout_requests import PayoutRefusedError, RefusedReason, asked_id, is_asked
from grapevine.domain.payout_terms import Withholding
from grapevine.domain.payouts import (
    Leg,
    LegOutcome,
    Payout,
    PayoutState,
    PayoutStateError,
    conclude,
    payout_id,
    reserve,
    sent,
)
from grapevine.domain.people import PromoterStatus
from grapevine.domain.transfers import Payee, RailName
from grapevine.domain.withholding import NotPaid, reservation_for
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from grapevine.usecases.put_payee_details import PayeePorts, PutPayeeDetails, put_payee_details
from grapevine.usecases.read_payouts import read_payouts
from grapevine.usecases.request_payout import RequestPayout, request_payout
from grapevine.usecases.review_payout import ReviewPayout, approve_payout, reject_payout
from grapevine.usecases.settle_account import Holder, settle_account
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.asking import OFFER, ask, asking_world, ports
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.settling import DAY_ONE, RUN_ONE, paid_out, refund, released, take
from tests.usecases.turns import Stepped, Turns, schedules
from tests.worlds import World, chain_world

KEY = AccountKey(PROGRAM_ID, CY, "USD")
TENTH = Withholding(rate_bps=1_000)


def proven(world: World) -> bool:
    world.fold()
    return world.proof().faults == ()


# --- what is paid --------------------------------------------------------------------------------


def test_all_that_is_payable_is_reserved_less_its_fee_and_tax() -> None:
    world = asking_world(withholding=TENTH)
    payout = ask(world)
    assert (payout.amount_minor, payout.fee_minor, payout.tax_minor, payout.tax_period) == (
        4_420,
        80,
        500,
        "2027",
    )
    assert payout.settlement_id == asked_id(PROGRAM_ID, CY, "r1")
    assert is_asked(payout.settlement_id)
    assert not is_asked(RUN_ONE)
    balance = world.balance(CY)
    assert (balance.payable_minor, balance.reserved_minor) == (0, 4_420)
    assert proven(world)
    assert (world.proof().totals["fees", "USD"], world.proof().totals["tax", "USD"]) == (80, 500)


def test_a_part_is_paid_and_the_rest_stays_payable() -> None:
    world = asking_world()
    payout = ask(world, 2_000)
    assert (payout.amount_minor, payout.fee_minor, payout.review) == (1_950, 50, False)
    assert world.balance(CY).payable_minor == 3_000
    world.settle(DAY_ONE)
    assert paid_out(world) == {CY: 3_000, BO: 1_500}
    assert proven(world)


def test_the_minimum_itself_is_paid() -> None:
    assert ask(asking_world(), 1_000).fee_minor == 40


def test_what_duplicates_have_is_paid_too() -> None:
    world = asking_world()
    command = MergePromoters(program_id=PROGRAM_ID, duplicate_id=BO, promoter_id=CY)
    merge_promoters(command, world.catalog, DAY_ONE - days(1))
    payout = ask(world)
    assert payout.amount_minor + payout.fee_minor == 6_500
    with pytest.raises(PayoutRefusedError) as refused:
        ask(world, promoter_id=BO)
    assert refused.value.reason is RefusedReason.NOT_ACTIVE
    assert proven(world)


# --- what is refused -----------------------------------------------------------------------------


def refusal(*arguments: object, **options: object) -> PayoutRefusedError:
    with pytest.raises(PayoutRefusedError) as refused:
        ask(*arguments, **options)  # type: ignore[arg-type]
    return refused.value


def test_a_program_that_does_not_offer_it_refuses() -> None:
    world = asking_world(on_demand=None)
    assert refusal(world).reason is RefusedReason.NOT_OFFERED
    assert world.treasury.stored == {}


@pytest.mark.parametrize("status", [PromoterStatus.SUSPENDED, PromoterStatus.BANNED, PromoterStatus.LEFT])
def test_edge_42_who_is_not_active_is_refused(status: PromoterStatus) -> None:
    world = asking_world()
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=status, reason="looked into")
    change_status(command, world.catalog, DAY_ONE - days(1))
    assert refusal(world).reason is RefusedReason.NOT_ACTIVE


def test_missing_details_are_named() -> None:
    world = asking_world(required_details=("legal_name", "tax_id"))
    found = refusal(world)
    assert (found.reason, found.names) == (RefusedReason.DETAILS_MISSING, ("legal_name", "tax_id"))
    known = Payee(rail=RailName.CSV, details={"legal_name": "Cy", "tax_id": "7"}, changed_at=DAY_ONE)
    world.payees.put_payee(PROGRAM_ID, CY, replace(known, details={"legal_name": "Cy"}))
    assert refusal(world).told == {"reason": "details_missing", "details": ["tax_id"]}
    world.payees.put_payee(PROGRAM_ID, CY, known)
    assert ask(world).state is PayoutState.REQUESTED


@pytest.mark.parametrize(
    ("amount", "promoter_id", "reason", "missing"),
    [
        (999, CY, RefusedReason.BELOW_MINIMUM, 1),
        (0, CY, RefusedReason.BELOW_MINIMUM, 1_000),
        (-5, CY, RefusedReason.BELOW_MINIMUM, 1_005),
        (None, ANA, RefusedReason.BELOW_MINIMUM, 500),
        (5_001, CY, RefusedReason.NOT_COVERED, 1),
        (1_000, ANA, RefusedReason.NOT_COVERED, 500),
    ],
)
def test_what_is_missing_is_said(
    amount: int | None, promoter_id: str, reason: RefusedReason, missing: int
) -> None:
    found = refusal(asking_world(), amount, promoter_id=promoter_id)
    assert (found.reason, found.missing) == (reason, Money(missing, "USD"))
    assert found.told["missing"] == str(found.missing).removesuffix(" USD")


def test_fee_and_tax_that_leave_nothing_are_refused() -> None:
    world = asking_world(on_demand=replace(OFFER, fee_minor=950, fee_bps=0), withholding=TENTH)
    found = refusal(world, 1_000)
    assert (found.reason, found.missing) == (RefusedReason.NOTHING_LEFT, Money(51, "USD"))


def test_edge_75_a_negative_balance_is_refused_with_what_is_missing() -> None:
    world = chain_world(make.plan(1000), on_demand=OFFER)
    order = released(world, 1, 50_000)
    ask(world, 4_500)
    refund(world, order, 50_000, DAY_ONE + days(1))
    found = refusal(world, None, "r2")
    assert (found.reason, found.missing) == (RefusedReason.BELOW_MINIMUM, Money(5_500, "USD"))


def test_nobody_and_no_name_are_refused() -> None:
    world = asking_world()
    with pytest.raises(NotFoundError):
        ask(world, promoter_id="pr_gone")
    for request_id in ("", " ", "a#b", "x" * 65):
        with pytest.raises(InvalidInputError, match="Idempotency-Key"):
            ask(world, request_id=request_id)


# --- the same request ----------------------------------------------------------------------------


def test_the_same_request_is_the_same_payout_whenever_it_comes() -> None:
    world = asking_world()
    first = ask(world, 2_000)
    assert ask(world, 2_000, now=DAY_ONE + days(9)) == first
    assert ask(world, None) == first
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=CY, status=PromoterStatus.SUSPENDED, reason="looked into"
    )
    change_status(command, world.catalog, DAY_ONE)
    assert ask(world, 2_000, now=DAY_ONE + days(9)) == first
    assert len(world.treasury.stored) == 1


def test_a_name_is_of_one_amount_and_one_promoter() -> None:
    world = asking_world()
    first = ask(world, 2_000)
    with pytest.raises(InvalidInputError, match="another amount"):
        ask(world, 2_001)
    assert ask(world, 1_000, promoter_id=BO).id != first.id


def test_another_request_is_another_payout() -> None:
    world = asking_world()
    assert ask(world, 2_000, "r1").id != ask(world, 2_000, "r2").id
    assert world.balance(CY).payable_minor == 1_000
    assert proven(world)


def faulty_ask(world: World, plug: Plug) -> Callable[[], Payout]:
    command = RequestPayout(program_id=PROGRAM_ID, promoter_id=CY, amount_minor=None, request_id="r1")
    plugged = replace(ports(world), treasury=Plugged(world.treasury, plug))
    return partial(request_payout, command, plugged, DAY_ONE)


CALLS = ("payout", "account", "move")


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("call", range(1, len(CALLS) + 1))
def test_edge_79_a_request_that_breaks_off_anywhere_and_comes_again_pays_once(call: int, how: How) -> None:
    world, plug = asking_world(), Plug(fail_at=call, how=how)
    until_done(faulty_ask(world, plug))
    assert len(world.treasury.stored) == 1
    assert world.balance(CY).reserved_minor == 4_920
    assert proven(world)
    assert [name.partition(".")[2] for name in plug.calls][:call] == list(CALLS[:call])


# --- at once -------------------------------------------------------------------------------------

TURNS = 5
"""Calls of one that loses: payout, account, move, account, payout."""


def outcome(call: Callable[[], object], told: list[object]) -> None:
    try:
        told.append(call())
    except PayoutRefusedError as error:
        told.append(error.reason)


def played(
    world: World, schedule: tuple[int, ...], calls: list[Callable[[Any], object]]
) -> list[list[object]]:
    """Let two calls take their turns at the treasury, and return what came of each."""
    turns, told = (Turns(), Turns()), ([], [])  # type: ignore[var-annotated]
    threads = [
        one.start(partial(outcome, partial(call, Stepped(world.treasury, one)), into))
        for one, call, into in zip(turns, calls, told, strict=True)
    ]
    for turn in schedule:
        turns[turn].step()
    for one, thread in zip(turns, threads, strict=True):
        one.set_free()
        thread.join(timeout=10)
        assert not thread.is_alive()
    return list(told)


def asking(world: World, amount_minor: int | None, request_id: str) -> Callable[[Any], object]:
    command = RequestPayout(
        program_id=PROGRAM_ID, promoter_id=CY, amount_minor=amount_minor, request_id=request_id
    )
    return lambda treasury: request_payout(command, replace(ports(world), treasury=treasury), DAY_ONE)


@pytest.mark.parametrize("amount", [None, 2_000, 4_000], ids=["all", "less than half", "more than half"])
def test_edge_84_asked_twice_at_once_one_is_paid_and_the_other_refused(amount: int | None) -> None:
    """Where both had room one after the other, both are paid only if the second began after the first."""
    for schedule in schedules(TURNS):
        world = asking_world()
        (one,), (other,) = played(world, schedule, [asking(world, amount, "a"), asking(world, amount, "b")])
        made = [told for told in (one, other) if isinstance(told, Payout)]
        refused = [told for told in (one, other) if not isinstance(told, Payout)]
        assert set(world.treasury.stored) == {payout.id for payout in made}
        assert world.balance(CY).payable_minor >= 0
        assert proven(world)
        if refused:
            expected = {None: RefusedReason.BELOW_MINIMUM, 4_000: RefusedReason.NOT_COVERED}.get(amount)
            assert refused[0] in {RefusedReason.ANOTHER_PAYOUT, expected}, schedule
            assert len(made) == 1
        else:
            assert amount == 2_000


def test_edge_84_one_request_sent_twice_at_once_is_one_payout() -> None:
    for schedule in schedules(TURNS):
        world = asking_world()
        (one,), (other,) = played(world, schedule, [asking(world, 2_000, "a"), asking(world, 2_000, "a")])
        assert one == other == next(iter(world.treasury.stored.values())), schedule
        assert len(world.ledger.entries_of(KEY)) == 1


def test_edge_84_a_request_in_the_instant_of_a_settlement_and_each_pays_once() -> None:
    """A settlement is a reservation under the run's id: the same move, started over by itself."""
    for schedule in schedules(TURNS):
        world = asking_world()
        told = played(world, schedule, [asking(world, 2_000, "a"), partial(settled, world)])
        made = list(world.treasury.stored.values())
        assert sum(payout.amount_minor + payout.fee_minor for payout in made) == 5_000, schedule
        assert [p.settlement_id for p in made if not is_asked(p.settlement_id)] == [RUN_ONE]
        assert isinstance(told[0][0], Payout) is (len(made) == 2)
        assert told[0][0] in (made + list(RefusedReason))
        assert proven(world)


def settled(world: World, treasury: Any) -> object:  # noqa: ANN401 - a store whose calls take turns
    terms = world.catalog.terms(PROGRAM_ID)
    promoter = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    return settle_account(Holder(CY, promoter, terms), RUN_ONE, treasury, DAY_ONE)


# --- review --------------------------------------------------------------------------------------


def review(payout: Payout, reason: str = "not this one") -> ReviewPayout:
    return ReviewPayout(program_id=PROGRAM_ID, payout_id=payout.id, by="Mia", reason=reason)


def reject(world: World, payout: Payout, reason: str = "not this one") -> Payout:
    return reject_payout(review(payout, reason), world.catalog, world.treasury, DAY_ONE + days(1))


def test_above_the_limit_a_payout_waits_for_a_person() -> None:
    world = asking_world()
    assert not ask(world, 4_000, "at-the-limit").review
    world = asking_world()
    payout = ask(world, 4_001)
    assert payout.review
    with pytest.raises(PayoutStateError, match="waits for a review"):
        sent(payout, [1], "pb", "csv")
    after = approve_payout(review(payout), world.treasury)
    assert (after.review, after.detail, after.version) == (False, "approved by Mia", 2)
    assert sent(after, [1], "pb", "csv").state is PayoutState.SENT
    assert approve_payout(review(payout), world.treasury) == after
    assert proven(world)


def test_edge_85_a_rejected_payout_is_an_entry_back_with_the_reason_and_its_fee_and_tax() -> None:
    world = asking_world(withholding=TENTH)
    payout = ask(world)
    after = reject(world, payout)
    assert (after.state, after.detail) == (PayoutState.STOPPED, "rejected by Mia: not this one")
    assert after.legs[0].detail == after.detail
    balance = world.balance(CY)
    assert (balance.payable_minor, balance.reserved_minor) == (5_000, 0)
    entry = world.ledger.entries_of(KEY)[-1]
    assert (entry.reason, entry.payout_id) == (EntryReason.RETURNED, payout.id)
    changes = {account.leaf: minor for (account, _), minor in net(entry.postings).items()}
    assert changes == {Leaf.RESERVED: -4_420, Leaf.FEES: -80, Leaf.TAX: -500, Leaf.PAYABLE: 5_000}
    assert proven(world)
    assert reject(world, payout) == after
    assert len(world.ledger.entries_of(KEY)) == 2
    with pytest.raises(PayoutStateError, match="rejected by Mia"):
        approve_payout(review(payout), world.treasury)


def test_edge_85_what_was_rejected_can_be_asked_for_again_by_another_request() -> None:
    world = asking_world()
    first = ask(world)
    reject(world, first)
    assert ask(world).state is PayoutState.STOPPED
    again = ask(world, None, "r2")
    assert (again.amount_minor, again.state) == (first.amount_minor, PayoutState.REQUESTED)
    assert proven(world)


def test_what_waits_for_no_review_is_not_rejected() -> None:
    world = asking_world()
    unreviewed, other = ask(world, 2_000), ask(world, 1_000, promoter_id=BO)
    with pytest.raises(PayoutStateError, match="no review"):
        reject(world, unreviewed)
    assert approve_payout(review(other), world.treasury) == other
    world = asking_world()
    payout = ask(world)
    approve_payout(review(payout), world.treasury)
    with pytest.raises(PayoutStateError, match="no review"):
        reject(world, payout)
    assert world.balance(CY).reserved_minor == payout.amount_minor


def test_a_decision_says_who_and_a_rejection_why() -> None:
    world = asking_world()
    payout = ask(world)
    for by, reason in (("", "why"), ("Mia", ""), ("Mia", " "), ("Mia", "x" * 201), ("a\nb", "why")):
        command = ReviewPayout(program_id=PROGRAM_ID, payout_id=payout.id, by=by, reason=reason)
        with pytest.raises(InvalidInputError):
            reject_payout(command, world.catalog, world.treasury, DAY_ONE)
    with pytest.raises(InvalidInputError, match="by"):
        approve_payout(replace(review(payout), by=" "), world.treasury)
    with pytest.raises(NotFoundError):
        approve_payout(replace(review(payout), payout_id="po_gone"), world.treasury)


def legged(world: World) -> Payout:
    """Let Cy have a payout of three legs that waits for a person."""
    _, head = world.treasury.account(KEY)
    wanted = reservation_for(world.catalog.terms(PROGRAM_ID).program, head, 5_000, DAY_ONE, on_demand=True)
    assert not isinstance(wanted, NotPaid)
    parts = (2_000, 2_000, wanted.amount_minor - 4_000)
    legs = tuple(Leg(number=n, amount_minor=part, due_at=DAY_ONE) for n, part in enumerate(parts, start=1))
    movement = reserve(head, replace(wanted, legs=legs), asked_id(PROGRAM_ID, CY, "legs"), DAY_ONE)
    world.treasury.move(movement, head)
    return movement.payout


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("call", range(1, 9))
def test_edge_85_a_rejection_that_breaks_off_anywhere_goes_on_where_it_was(call: int, how: How) -> None:
    world, plug = asking_world(withholding=TENTH), Plug(fail_at=call, how=how)
    payout = legged(world)
    command, treasury = review(payout), Plugged(world.treasury, plug)
    until_done(lambda: reject_payout(command, world.catalog, treasury, DAY_ONE))
    assert world.treasury.stored[payout.id].state is PayoutState.STOPPED
    assert world.balance(CY).payable_minor == 5_000
    assert len(world.ledger.entries_of(KEY)) == 4
    assert proven(world)


def test_approved_and_rejected_at_once_one_of_them_is_done() -> None:
    for schedule in schedules(5):
        world = asking_world()
        payout = ask(world)
        command = review(payout)
        told = played_reviews(world, schedule, command)
        after = world.treasury.stored[payout.id]
        assert after.state in (PayoutState.STOPPED, PayoutState.REQUESTED), schedule
        assert (after.state is PayoutState.STOPPED) is after.review
        assert sum(isinstance(one, Payout) for one in told) == 1
        assert proven(world)


def played_reviews(world: World, schedule: tuple[int, ...], command: ReviewPayout) -> list[object]:
    def tried(call: Callable[[], object]) -> object:
        try:
            return call()
        except PayoutStateError as error:
            return str(error)

    def approve(treasury: Any) -> object:  # noqa: ANN401
        return tried(lambda: approve_payout(command, treasury))

    def refuse(treasury: Any) -> object:  # noqa: ANN401
        return tried(lambda: reject_payout(command, world.catalog, treasury, DAY_ONE))

    (one,), (other,) = played(world, schedule, [approve, refuse])
    return [one, other]


# --- on its way ----------------------------------------------------------------------------------


def test_what_was_asked_for_is_sent_once_it_is_approved_and_paid_as_the_rail_says() -> None:
    world = asking_world(withholding=TENTH)
    payout = ask(world)
    world.send(DAY_ONE)
    assert world.treasury.stored[payout.id].state is PayoutState.REQUESTED
    approve_payout(review(payout), world.treasury)
    world.send(DAY_ONE)
    assert world.treasury.stored[payout.id].state is PayoutState.SENT
    with pytest.raises(PayoutStateError, match="no review"):
        reject(world, payout)
    take(world, (payout.id, "completed", ""))
    balance = world.balance(CY)
    assert (balance.payable_minor, balance.reserved_minor, balance.paid_minor) == (0, 0, 4_420)
    assert proven(world)


def test_edge_83_what_was_asked_for_before_the_details_changed_waits_too() -> None:
    world = asking_world()
    payout = ask(world, 2_000)
    command = PutPayeeDetails(
        program_id=PROGRAM_ID, promoter_id=CY, rail=RailName.CSV, details={"account": "a thief's"}
    )
    where = PayeePorts(world.catalog, world.secrets, world.payees, world.rails)
    put_payee_details(command, where, DAY_ONE + minutes(1))
    for hours in (0, 72):
        world.send(DAY_ONE + hours * minutes(60))
        assert world.treasury.stored[payout.id].state is PayoutState.REQUESTED
    world.send(DAY_ONE + minutes(1) + days(3))
    assert world.treasury.stored[payout.id].state is PayoutState.SENT


# --- what happened to each -----------------------------------------------------------------------


def test_every_payout_is_listed_with_what_became_of_it_newest_first() -> None:
    world = asking_world()
    first = ask(world, 1_500, "r1", now=DAY_ONE - days(2))
    second = ask(world, 1_500, "r2", now=DAY_ONE - days(1))
    world.settle(DAY_ONE)
    _, head = world.treasury.account(KEY)
    failed = LegOutcome(number=1, state=PayoutState.FAILED, detail="account closed")
    back = conclude(head, second, failed, Rounding.HALF_EVEN, DAY_ONE)
    world.treasury.move(back, head)
    found = tuple(read_payouts((KEY,), world.ledger, world.treasury))
    run = world.treasury.stored[payout_id(RUN_ONE, KEY)]
    assert found == (run, back.payout, first)
    assert found[1].detail == "account closed"
    both = tuple(read_payouts((KEY, replace(KEY, promoter_id=BO)), world.ledger, world.treasury))
    assert len(both) == 4


def test_a_payout_whose_entry_does_not_name_its_settlement_is_found_by_its_own_name() -> None:
    world = asking_world()
    payout = ask(world)
    entry = world.ledger.entries_of(KEY)[0]
    world.ledger._chains[KEY][1] = replace(entry, purpose=None)
    assert tuple(read_payouts((KEY,), world.ledger, world.treasury)) == (payout,)


def test_asked_before_anything_is_payable_there_is_nothing_to_list() -> None:
    world = chain_world(on_demand=OFFER)
    assert refusal(world, now=T0).reason is RefusedReason.BELOW_MINIMUM
    assert tuple(read_payouts((KEY,), world.ledger, world.treasury)) == ()
