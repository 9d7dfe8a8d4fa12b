"""A bank's own answer is taken as a result file is: each transfer once, and nothing that it does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.payouts import PayoutState, sent, transfer_id
from grapevine.domain.transfers import RailName, TransferBatch
from grapevine.usecases.import_answer import AnswerPorts, import_answer
from grapevine.usecases.import_results import ImportResults, ResultReport
from tests.builders import BO, CY, PROGRAM_ID, days
from tests.rails.batches import batch, transfer
from tests.rails.test_sepa_status import one, payments, report
from tests.usecases.settling import DAY_ONE, payout_of, results, settled_world, state
from tests.worlds import World


def with_the_bank(world: World) -> TransferBatch:
    """Mark both payouts as sent in one file, and keep its batch."""
    made = []
    for number, promoter in enumerate((CY, BO), start=1):
        payout = payout_of(world, promoter)
        made.append(replace(transfer(number, {}, payout.amount_minor, "EUR"), id=transfer_id(payout, 1)))
    kept = replace(batch(RailName.SEPA, *made), program_id=PROGRAM_ID)
    for promoter in (CY, BO):
        world.treasury.change(sent(payout_of(world, promoter), [1], kept.id, RailName.SEPA))
    assert world.batches.keep(kept)
    return kept


def take(world: World, body: bytes, program_id: str = PROGRAM_ID) -> ResultReport:
    ports = AnswerPorts(world.results, world.batches, world.status_reader)
    return import_answer(ImportResults(program_id, body), ports, DAY_ONE + days(2))


def test_a_banks_report_pays_one_and_gives_back_the_other() -> None:
    world = settled_world()
    kept = with_the_bank(world)
    cy, bo = (transfer.id for transfer in kept.transfers)
    inside = payments(one(cy, "ACSC") + one(bo, "RJCT"), payment_id=kept.id)
    body = report("<GrpSts>PART</GrpSts>", inside, message_id=kept.id)
    told = take(world, body)
    assert (told.completed, told.failed, told.rejected) == ((cy,), (bo,), ())
    assert world.balance(CY).paid_minor == payout_of(world, CY).amount_minor
    assert world.balance(BO).reserved_minor == 0
    assert payout_of(world, BO).detail == "RJCT"
    assert world.proof().faults == ()
    before = state(world)
    assert take(world, body).unchanged == (cy, bo)
    assert state(world) == before


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\n  "])
def test_a_file_on_its_way_is_noted_and_a_later_rejection_of_all_fails_all(mark: bytes) -> None:
    world = settled_world()
    kept = with_the_bank(world)
    raw = report("<GrpSts>ACCP</GrpSts>", message_id=kept.id).partition(b"\n")[2]
    names = tuple(transfer.id for transfer in kept.transfers)
    assert take(world, mark + raw).noted == names
    assert take(world, report("<GrpSts>RJCT</GrpSts>", message_id=kept.id)).failed == names
    assert payout_of(world, CY).state is PayoutState.FAILED


def test_what_contradicts_our_books_is_rejected_and_said() -> None:
    world = settled_world()
    kept = with_the_bank(world)
    take(world, report("<GrpSts>RJCT</GrpSts>", message_id=kept.id))
    told = take(world, report("<GrpSts>ACSC</GrpSts>", message_id=kept.id))
    assert told.completed == ()
    assert told.rejected[0] == f"{kept.transfers[0].id!r}: it is failed already, the rail says completed"


def test_a_report_on_another_programs_file_is_refused() -> None:
    world = settled_world()
    kept = with_the_bank(world)
    body = report("<GrpSts>RJCT</GrpSts>", message_id=kept.id)
    with pytest.raises(InvalidInputError):
        take(world, body, program_id="pg_other")
    with pytest.raises(MalformedBodyError):
        take(world, b"<Document/>")
    assert payout_of(world, CY).state is PayoutState.SENT


def test_a_result_file_is_taken_as_before() -> None:
    world = settled_world()
    payout = payout_of(world, CY)
    assert take(world, results((payout.id, "completed", ""))).completed == (payout.id,)
    with pytest.raises(InvalidInputError):
        take(world, b"")
