"""The rail's answers: taken as they come, however they come, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.usecases.import_results import ImportResults, import_results
from tests import builders as make
from tests.builders import BO, CY, PROGRAM_ID, days
from tests.usecases.settling import (
    DAY_ONE,
    DAY_TWO,
    RUN_TWO,
    paid_out,
    payout_of,
    results,
    settled_world,
    state,
    take,
)


def test_a_confirmed_payout_is_paid_and_a_failed_one_is_payable_again() -> None:
    world = settled_world()
    cy, bo = payout_of(world, CY).id, payout_of(world, BO).id
    report = take(world, (cy, "completed", "ref 1"), (bo, "failed", "account closed"))
    assert (report.completed, report.failed, report.unchanged, report.rejected) == ((cy,), (bo,), (), ())
    assert (world.balance(CY).paid_minor, world.balance(CY).reserved_minor) == (5_000, 0)
    assert (world.balance(BO).payable_minor, world.balance(BO).reserved_minor) == (1_500, 0)
    assert payout_of(world, BO).detail == "account closed"
    assert world.proof().faults == ()


def test_what_a_rail_could_not_pay_is_paid_by_the_next_run_not_by_this_one() -> None:
    world = settled_world()
    take(world, (payout_of(world, BO).id, "failed", "account closed"))
    world.settle(DAY_ONE + days(2))
    assert paid_out(world) == {CY: 5_000, BO: 1_500}
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {BO: 1_500}
    assert world.proof().faults == ()


def test_importing_twice_changes_nothing_and_says_so() -> None:
    world = settled_world()
    rows = ((payout_of(world, CY).id, "completed", ""), (payout_of(world, BO).id, "failed", ""))
    take(world, *rows)
    before = state(world)
    report = take(world, *rows, now=DAY_ONE + days(9))
    assert set(report.unchanged) == {row[0] for row in rows}
    assert state(world) == before


def test_a_row_that_comes_twice_counts_once_and_one_that_contradicts_is_rejected() -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    report = take(world, (cy, "completed", ""), (cy, "completed", ""), (cy, "failed", "no"))
    assert (report.completed, report.unchanged) == ((cy,), (cy,))
    assert report.rejected == (f"line 4: {cy!r}: it is completed already, the rail says failed",)
    assert world.balance(CY).paid_minor == 5_000


def test_what_nobody_knows_is_rejected_with_its_line_and_the_rest_is_taken() -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    report = take(
        world, ("po_unknown", "completed", ""), (cy, "COMPLETED", ""), ("", "", ""), (cy, "completed", "")
    )
    assert report.completed == (cy,)
    assert [text.split(":")[0] for text in report.rejected] == ["line 2", "line 3", "line 4"]


def test_a_payout_of_another_program_is_rejected() -> None:
    world = settled_world()
    world.catalog.add_program(make.program(id="pg_other"), make.plan(1000))
    report = take(world, (payout_of(world, CY).id, "completed", ""), program="pg_other")
    assert len(report.rejected) == 1
    assert world.balance(CY).reserved_minor == 5_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"id,state\n1,completed\n",
        b"payout_id;status;detail\n",
        b'payout_id,status,detail\nx,completed,"' + b"y" * 200_000,
        b"<html><body>Service unavailable</body></html>",
    ],
)
def test_a_file_that_is_none_is_refused_whole(body: bytes) -> None:
    world = settled_world()
    before = state(world)
    with pytest.raises(InvalidInputError):
        import_results(ImportResults(PROGRAM_ID, body), world.results, DAY_ONE)
    assert state(world) == before


def test_a_file_that_breaks_off_in_the_middle_moves_nothing() -> None:
    world = settled_world()
    before = state(world)
    body = results((payout_of(world, CY).id, "completed", "")) + b"x,completed," + b"y" * 200_000
    with pytest.raises(InvalidInputError):
        import_results(ImportResults(PROGRAM_ID, body), world.results, DAY_ONE)
    assert state(world) == before


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start_of_file", ["", "\ufeff"])
def test_a_spreadsheets_own_ways_are_understood(newline: str, start_of_file: str) -> None:
    world = settled_world()
    cy = payout_of(world, CY).id
    rows = ("status,payout_id,amount,detail", f' completed , {cy} ,50.00,"paid, at last"', "")
    body = (start_of_file + newline.join(rows)).encode()
    report = import_results(ImportResults(PROGRAM_ID, body), world.results, DAY_ONE)
    assert report.completed == (cy,)
    assert payout_of(world, CY).detail == "paid, at last"


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_garbage_never_moves_money(body: bytes) -> None:
    world = settled_world()
    before = state(world)
    for garbage in (body, b"payout_id,status,detail\n" + body):
        try:
            import_results(ImportResults(PROGRAM_ID, garbage), world.results, DAY_ONE)
        except InvalidInputError:
            continue
    assert state(world) == before
