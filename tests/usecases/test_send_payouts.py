"""From asked for to sent: each leg by its rail, once, when it may go; and what waits says why."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from grapevine.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from grapevine.domain.payouts import PayoutState, sent
from grapevine.domain.people import PromoterStatus
from grapevine.domain.transfers import Payee, RailLimits, RailName
from grapevine.ports import Rail
from grapevine.usecases.form_batches import form_batches
from grapevine.usecases.send_batch import send_batch
from grapevine.usecases.send_payouts import PayoutsNotSentError
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, days
from tests.rails.fake import FakeRail
from tests.usecases.sending import (
    HOUR,
    in_batches,
    later,
    live_world,
    paid,
    paid_by,
    reserved,
    transfer_of,
)
from tests.usecases.settling import DAY_ONE, DAY_TWO, RUN_TWO, paid_out, payout_of, settled_world, take
from tests.worlds import World

# --- the file ------------------------------------------------------------------------------------


def rows_of(world: World) -> list[dict[str, str]]:
    (body,) = (body for name, (body, _) in world.files.stored.items() if name.startswith("payouts/"))
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_who_said_nothing_is_named_in_a_file_that_a_person_pays_from() -> None:
    world = settled_world()
    told = world.send(DAY_ONE)
    (batch,) = world.batches.open_batches(PROGRAM_ID)
    assert [one.batches for one in told.formed] == [(batch.id,)]
    assert f"payouts/{PROGRAM_ID}/{batch.id}.csv" in world.files.stored
    assert {(row["promoter_id"], row["amount"], row["currency"]) for row in rows_of(world)} == {
        (CY, "50.00", "USD"),
        (BO, "15.00", "USD"),
    }
    for payout in world.treasury.payouts_of(payout_of(world, CY).settlement_id):
        assert (payout.state, payout.rail, payout.legs[0].batch_id) == (PayoutState.SENT, "csv", batch.id)
    assert batch.execution_day == DAY_ONE.date()
    assert world.proof().faults == ()


def test_sending_again_changes_nothing_until_the_results_close_the_batch() -> None:
    world = settled_world()
    world.send(DAY_ONE)
    files, payouts = dict(world.files.stored), dict(world.treasury.stored)
    world.send(DAY_ONE + HOUR)
    world.send(DAY_ONE + days(3))
    assert (world.files.stored, world.treasury.stored) == (files, payouts)
    rows = [(row["payout_id"], "completed", "") for row in rows_of(world)]
    assert len(take(world, *rows).completed) == 2
    world.send(DAY_ONE + days(4))
    assert world.batches.open_batches(PROGRAM_ID) == []
    assert world.files.stored == files
    assert world.proof().faults == ()


def test_a_program_without_payouts_writes_nothing() -> None:
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    told = world.send(DAY_ONE)
    assert ([one.batches for one in told.formed], told.batches, world.files.stored) == ([()], (), {})


# --- live rails ----------------------------------------------------------------------------------


def test_each_goes_by_its_own_rail_in_its_own_batch() -> None:
    world, rail = live_world()
    world.payees.put_payee(
        PROGRAM_ID, BO, Payee(rail=RailName.CSV, details={"note": "x"}, changed_at=make.T0)
    )
    world.send(DAY_ONE)
    assert rail.moved == {transfer_of(world, CY): 5_000}
    assert [row["promoter_id"] for row in rows_of(world)] == [BO]
    assert rail.batches[0].transfers[0].details == {"receiver": f"{CY}@example.com"}
    assert set(in_batches(world).values()) == {1}


def test_where_a_program_pays_live_who_said_nothing_waits_and_is_named_in_no_file() -> None:
    world, rail = live_world()
    world.payees.put_payee(PROGRAM_ID, BO, None)
    told = world.send(DAY_ONE)
    assert told.formed[-1].waiting == {"payee": 1}
    assert set(rail.moved) == {transfer_of(world, CY)}
    assert not any(name.startswith("payouts/") for name in world.files.stored)


def test_edge_82_one_leg_that_fails_stops_no_other() -> None:
    world, rail = live_world()
    world.send(DAY_ONE)
    rail.decide(transfer_of(world, BO), PayoutState.FAILED, "account closed")
    rail.decide(transfer_of(world, CY), PayoutState.COMPLETED)
    told = world.send(later(1))
    assert {one.applied for one in told.batches[0].told} == {"failed", "completed"}
    assert (world.balance(CY).paid_minor, world.balance(BO).payable_minor) == (5_000, 1_500)
    assert payout_of(world, BO).legs[0].detail == "account closed"
    assert world.batches.open_batches(PROGRAM_ID) == []
    assert paid(world) == rail.gone == 5_000
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {BO: 1_500}
    assert world.proof().faults == ()


class OneBroken(FakeRail):
    """A rail that breaks on one promoter's details."""

    broken = True

    def faults(self, details: dict[str, str], currency: str) -> tuple[InvalidInputError, ...]:  # type: ignore[override]
        if self.broken and BO in details.get("receiver", ""):
            return (InvalidInputError("nobody's", "receiver"),)
        return super().faults(details, currency)


def test_edge_82_a_payee_that_is_wrong_stops_nobody_else() -> None:
    world, rail = live_world(OneBroken())
    told = world.send(DAY_ONE)
    assert told.formed[-1].waiting == {"details": 1}
    assert set(rail.moved) == {transfer_of(world, CY)}


def test_a_batch_that_is_refused_gives_everybody_their_money_back_with_the_reason() -> None:
    world, rail = live_world(FakeRail(refusal="insufficient funds"))
    world.send(DAY_ONE)
    for promoter_id, minor in ((CY, 5_000), (BO, 1_500)):
        assert world.balance(promoter_id).payable_minor == minor
        assert payout_of(world, promoter_id).detail == "insufficient funds"
    assert world.batches.open_batches(PROGRAM_ID) == []
    assert not rail.moved
    assert world.proof().faults == ()


def test_a_rail_takes_only_so_many_at_once() -> None:
    world, rail = live_world(FakeRail(limits=RailLimits(batch=1)))
    told = world.send(DAY_ONE)
    assert len(told.formed[0].batches) == len(rail.batches) == 2
    assert set(in_batches(world).values()) == {1}


def test_more_than_one_run_claims_is_left_for_the_next() -> None:
    world, rail = live_world()
    looks = [form_batches(PROGRAM_ID, world.sending, DAY_ONE, most=1) for _ in range(3)]
    assert [(len(one.batches), one.more) for one in looks] == [(1, True), (1, True), (0, False)]
    world.send(DAY_ONE)
    assert rail.gone == 6_500


# --- the answer is lost --------------------------------------------------------------------------


def test_edge_79_a_rail_that_accepts_and_whose_answer_is_lost_is_asked_before_anything_is_sent() -> None:
    world, rail = live_world(FakeRail(away=1, after=True))
    (sent_batch,) = world.send(DAY_ONE).batches
    assert (sent_batch.unavailable, sent_batch.unknown) == ("503: come again", 2)
    assert rail.gone == 6_500
    rail.decide(transfer_of(world, CY), PayoutState.COMPLETED)
    world.send(later(1))
    assert [text.split()[0] for text in rail.asked] == ["query", "send", "query"]
    assert paid(world) == 5_000
    rail.decide(transfer_of(world, BO), PayoutState.COMPLETED)
    world.send(later(2))
    assert paid(world) == rail.gone == 6_500
    assert set(rail.moved.values()) == {5_000, 1_500}
    assert world.batches.open_batches(PROGRAM_ID) == []
    assert world.proof().faults == ()


def test_edge_79_a_rail_that_was_away_gets_the_same_batch_when_it_is_back() -> None:
    world, rail = live_world(FakeRail(away=3))
    for hour in range(3):
        (sent_batch,) = world.send(later(hour)).batches
        assert (sent_batch.unknown, rail.moved) == (2, {})
    world.send(later(3))
    assert rail.gone == 6_500
    assert [batch.id for batch in rail.batches] == [one.id for one in world.batches.open_batches(PROGRAM_ID)]


def test_edge_79_only_what_the_rail_never_saw_is_sent_again() -> None:
    world, rail = live_world(FakeRail(away=1))
    world.send(DAY_ONE)
    (batch,) = world.batches.open_batches(PROGRAM_ID)
    rail.take(batch.transfers[0])
    world.send(later(1))
    assert [one.id for one in rail.batches[0].transfers] == [batch.transfers[1].id]
    assert rail.batches[0].id == batch.id
    assert rail.gone == 6_500


def test_a_rail_that_the_program_has_lost_keeps_its_batch_open_and_is_told() -> None:
    world, rail = live_world(FakeRail(away=1))
    world.send(DAY_ONE)
    del world.given_rails[RailName.PAYPAL]
    with pytest.raises(PayoutsNotSentError, match="no rail"):
        world.send(later(1))
    world.given_rails[RailName.PAYPAL] = rail
    world.send(later(2))
    assert rail.gone == 6_500


# --- what waits ----------------------------------------------------------------------------------


def test_edge_83_money_waits_until_changed_details_have_been_left_alone() -> None:
    world, rail = live_world()
    paid_by(world, CY, changed_at=DAY_ONE - timedelta(hours=71))
    assert world.send(DAY_ONE).formed[-1].waiting == {"cooling": 1}
    assert set(rail.moved) == {transfer_of(world, BO)}
    world.send(DAY_ONE + HOUR - timedelta(milliseconds=1))
    assert len(rail.moved) == 1
    world.send(DAY_ONE + HOUR)
    assert rail.gone == 6_500


def test_edge_83_details_that_change_just_before_it_goes_freeze_it_and_what_went_is_as_it_was() -> None:
    world, rail = live_world(FakeRail(away=1))
    paid_by(world, BO, changed_at=DAY_ONE - HOUR)
    world.send(DAY_ONE)
    paid_by(world, CY, changed_at=DAY_ONE)
    world.payees.put_payee(
        PROGRAM_ID,
        CY,
        Payee(rail=RailName.PAYPAL, details={"receiver": "thief@example.com"}, changed_at=DAY_ONE),
    )
    world.send(later(1))
    assert [one.details["receiver"] for one in rail.batches[0].transfers] == [f"{CY}@example.com"]
    assert transfer_of(world, BO) not in rail.moved


def test_edge_83_details_that_change_while_a_batch_was_never_written_down_wait_again() -> None:
    world, rail = live_world()
    payout = payout_of(world, CY)
    world.treasury.change(sent(payout, (1,), "pbnever", RailName.PAYPAL))
    paid_by(world, CY, changed_at=DAY_ONE)
    told = world.send(DAY_ONE)
    assert told.formed[-1].waiting == {"cooling": 1}
    assert payout_of(world, CY).state is PayoutState.REQUESTED
    assert set(rail.moved) == {transfer_of(world, BO)}
    world.send(DAY_ONE + days(3))
    assert rail.gone == 6_500


def test_a_payout_that_waits_for_a_person_is_not_sent() -> None:
    world, rail = live_world()
    payout = reserved(world, ANA, (2_000, DAY_ONE), review=True)
    paid_by(world, ANA)
    assert world.send(DAY_ONE).formed[-1].waiting == {"review": 1}
    assert f"{payout.id.replace('_', '')}x1" not in rail.moved


def test_legs_go_when_they_are_due_also_when_others_of_the_payout_are_under_way() -> None:
    world, rail = live_world()
    paid_by(world, ANA)
    payout = reserved(world, ANA, (2_000, DAY_ONE), (700, DAY_ONE + days(1)))
    first, second = (f"{payout.id.replace('_', '')}x{number}" for number in (1, 2))
    world.send(DAY_ONE)
    assert first in rail.moved
    assert second not in rail.moved
    assert world.send(DAY_ONE + HOUR).formed[-1].waiting == {"due": 1}
    rail.decide(first, PayoutState.COMPLETED)
    world.send(DAY_ONE + days(1))
    assert rail.moved[second] == 700
    assert set(in_batches(world).values()) == {1}


def test_what_a_rail_does_not_take_at_once_waits_and_says_so() -> None:
    limits = RailLimits(batch=100, transfer_minor=4_999, minimum_minor=1_501)
    world, rail = live_world(FakeRail(limits=limits))
    assert world.send(DAY_ONE).formed[-1].waiting == {"limit": 2}
    assert not rail.moved


def test_edge_81_what_one_account_was_sent_today_is_counted_over_payouts_and_promoters() -> None:
    limits = RailLimits(batch=100, person_day_minor=6_000)
    world, rail = live_world(FakeRail(limits=limits))
    cys = {"openid": "cy", "receiver": "x"}
    for promoter_id in (CY, ANA):
        payee = Payee(rail=RailName.PAYPAL, details=cys, changed_at=make.T0)
        world.payees.put_payee(PROGRAM_ID, promoter_id, payee)
    reserved(world, ANA, (2_000, DAY_ONE))
    assert world.send(DAY_ONE).formed[-1].waiting == {"limit": 1}
    first = sum(rail.moved.values())
    assert first in (6_500, 3_500)
    assert world.send(later(1)).formed[-1].waiting == {"limit": 1}
    world.send(DAY_ONE + days(1))
    assert sum(rail.moved.values()) == 8_500


def test_a_rail_that_is_set_up_wrongly_keeps_only_its_own_waiting() -> None:
    world, _ = live_world()
    world.payees.put_payee(
        PROGRAM_ID, BO, Payee(rail=RailName.CSV, details={"note": "x"}, changed_at=make.T0)
    )

    class Misconfigured:
        def rail(self, program_id: str, name: RailName) -> Rail:
            if name is RailName.PAYPAL:
                raise InvalidInputError("is missing among the secrets of this rail", "client_id")
            return world.rails.rail(program_id, name)

    formed = form_batches(PROGRAM_ID, replace(world.sending, rails=Misconfigured()), DAY_ONE)
    assert formed.waiting == {"rail": 1}
    assert len(formed.batches) == 1


# --- who is stopped ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [PromoterStatus.SUSPENDED, PromoterStatus.BANNED])
def test_edge_43_who_is_suspended_or_banned_before_it_is_sent_is_not_paid(status: PromoterStatus) -> None:
    world, rail = live_world()
    (cy,) = world.catalog.promoters(PROGRAM_ID, (CY,)).values()
    world.catalog.change_promoter(cy.with_status(status, "cheated", DAY_ONE + HOUR), 0)
    told = world.send(later(2))
    assert told.formed[-1].stopped == (payout_of(world, CY).id,)
    assert (payout_of(world, CY).state, payout_of(world, CY).detail) == (
        PayoutState.STOPPED,
        f"not sent: {status}",
    )
    assert set(rail.moved) == {transfer_of(world, BO)}
    assert world.balance(CY).payable_minor == 5_000
    assert world.proof().faults == ()


def test_edge_43_what_is_sent_goes_on_and_legs_that_are_not_are_stopped() -> None:
    world, rail = live_world()
    paid_by(world, ANA)
    payout = reserved(world, ANA, (2_000, DAY_ONE), (700, DAY_ONE + days(1)), (10, DAY_ONE + days(2)))
    world.send(DAY_ONE)
    (ana,) = world.catalog.promoters(PROGRAM_ID, (ANA,)).values()
    world.catalog.change_promoter(ana.with_status(PromoterStatus.BANNED, "cheated", DAY_ONE + HOUR), 0)
    world.send(later(2))
    found = world.treasury.payout("run", payout.id)
    assert found
    assert [leg.state for leg in found.legs] == ["sent", "stopped", "stopped"]
    rail.decide(f"{payout.id.replace('_', '')}x1", PayoutState.COMPLETED)
    world.send(later(3))
    found = world.treasury.payout("run", payout.id)
    assert found
    assert found.state is PayoutState.COMPLETED


# --- what was claimed and never written down -----------------------------------------------------


def test_a_leg_whose_batch_was_never_written_down_waits_again_and_goes_in_another() -> None:
    world, rail = live_world()
    world.treasury.change(sent(payout_of(world, CY), (1,), "pbnever", RailName.PAYPAL))
    world.send(DAY_ONE)
    assert rail.gone == 6_500
    assert set(in_batches(world).values()) == {1}
    tombstone = world.batches.batch(PROGRAM_ID, "pbnever")
    assert tombstone
    assert tombstone.transfers == ()
    assert [one.id for one in world.batches.open_batches(PROGRAM_ID)] == [one.id for one in rail.batches]


def test_a_leg_that_its_batch_does_not_have_waits_again() -> None:
    world, rail = live_world(FakeRail(away=1))
    world.send(DAY_ONE)
    payout = reserved(world, ANA, (2_000, DAY_ONE))
    paid_by(world, ANA)
    (batch,) = world.batches.open_batches(PROGRAM_ID)
    world.treasury.change(sent(payout, (1,), batch.id, RailName.PAYPAL))
    world.send(later(1))
    assert rail.gone == 8_500
    assert set(in_batches(world).values()) == {1}


def test_a_transfer_that_came_to_an_end_before_it_was_sent_is_not_sent() -> None:
    """A person says that it was paid by hand: it must not go again."""
    world, rail = live_world()
    formed = form_batches(PROGRAM_ID, world.sending, DAY_ONE)
    take(world, (transfer_of(world, CY), "completed", "by hand"), column="transfer_id")
    (batch,) = world.batches.open_batches(PROGRAM_ID)
    assert formed.batches == (batch.id,)
    send_batch(batch, world.sending, DAY_ONE)
    assert set(rail.moved) == {transfer_of(world, BO)}


def test_a_store_that_fails_for_one_batch_is_told_and_the_others_are_sent() -> None:
    world, rail = live_world(FakeRail(limits=RailLimits(batch=1)))
    names = iter((True, False))

    class Picky:
        def __getattr__(self, name: str) -> object:
            return getattr(world.batches, name)

        def keep(self, batch: object) -> bool:
            if next(names, False):
                raise UnavailableError("no answer")
            return world.batches.keep(batch)  # type: ignore[arg-type]

    formed = form_batches(PROGRAM_ID, replace(world.sending, batches=Picky()), DAY_ONE)  # type: ignore[arg-type]
    assert [text.partition(": ")[2] for text in formed.faults] == ["no answer"]
    assert len(formed.batches) == 1
    world.send(later(1))
    assert rail.gone == 6_500
    assert set(in_batches(world).values()) == {1}


def test_a_program_that_is_not_there_sends_nothing() -> None:
    with pytest.raises(NotFoundError):
        World().send(DAY_ONE)


def test_a_transfer_that_is_claimed_for_another_batch_is_not_sent_by_this_one() -> None:
    world, rail = live_world(FakeRail(away=1))
    world.send(DAY_ONE)
    (batch,) = world.batches.open_batches(PROGRAM_ID)
    other = replace(batch, id="pbother")
    world.batches.keep(other)
    assert send_batch(other, world.sending, DAY_ONE).unknown == 0
    assert not rail.moved
    assert world.batches.open_batches(PROGRAM_ID) == [batch]
