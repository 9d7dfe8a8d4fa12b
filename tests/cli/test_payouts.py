"""`grapevine payouts`: what waits and why, batches out, files copied, results back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName
from grapevine_cli.batches import payouts_export, payouts_retry
from grapevine_cli.payouts import payouts_import, payouts_list
from tests.builders import BO, CY, PROGRAM_ID
from tests.cli.running import printed, run
from tests.rails.fake import FakeRail
from tests.rails.test_sepa_status import one, payments, report
from tests.usecases.sending import live_world, transfer_of
from tests.usecases.settling import DAY_ONE, payout_of, results, settled_world
from tests.worlds import World


@pytest.fixture
def world() -> World:
    """Return a world in which Cy's 50.00 and Bo's 15.00 are to be sent, by file."""
    world = settled_world()
    world.clock = DAY_ONE
    return world


@pytest.fixture
def live() -> tuple[World, FakeRail]:
    """Return the same by a live rail."""
    world, rail = live_world()
    world.clock = DAY_ONE
    return world, rail


def cells(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines]


# --- list ----------------------------------------------------------------------------------------


def test_payouts_are_listed_with_what_they_wait_for(live: tuple[World, FakeRail]) -> None:
    world, _ = live
    world.payees.put_payee(PROGRAM_ID, BO, None)
    code, said = run(payouts_list, world, PROGRAM_ID)
    assert code == 0
    assert printed(said)
    assert cells(said)[0] == ["payout", "promoter", "amount", "fee", "tax", "state", "rail", "why"]
    rows = {row[1]: row[2:] for row in cells(said)[1:]}
    assert rows[CY] == ["50.00", "0.00", "0.00", "USD", "requested", "is", "sent", "next"]
    assert rows[BO] == ["15.00", "0.00", "0.00", "USD", "requested", "payee"]


def test_a_list_may_be_narrowed_and_is_there_as_json(world: World) -> None:
    code, said = run(payouts_list, world, PROGRAM_ID, "--promoter", CY, "--json")
    (found,) = json.loads("\n".join(said))
    assert (code, found["promoter_id"], found["state"], found["amount"]) == (0, CY, "requested", "50.00")
    assert run(payouts_list, world, PROGRAM_ID, "--state", "failed", "--json") == (0, ["[]"])


# --- export --------------------------------------------------------------------------------------


def test_an_export_says_each_batch_and_copies_its_file(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, said = run(payouts_export, world, PROGRAM_ID, "--to", str(folder))
    assert printed(said[:2])
    (batch,) = world.batches.stored.values()
    name = f"payouts/{PROGRAM_ID}/{batch.id}.csv"
    copy = folder / f"{batch.id}.csv"
    assert code == 0
    assert cells(said)[1][:7] == [batch.id, "csv", "2", "65.00", "USD", "2", name]
    assert copy.read_bytes() == world.files.get(name)
    assert copy.stat().st_mode & 0o077 == 0
    assert said[-1] == f"{copy}: {len(copy.read_bytes()):,} bytes"
    # Again it is the same file, and nothing is in two batches.
    again = run(payouts_export, world, PROGRAM_ID)
    assert (again[0], cells(again[1])[1][0]) == (0, batch.id)
    assert len(world.batches.stored) == 1


def test_what_waits_is_counted(live: tuple[World, FakeRail]) -> None:
    world, rail = live
    world.payees.put_payee(PROGRAM_ID, BO, None)
    rail.away = 1
    code, said = run(payouts_export, world, PROGRAM_ID)
    assert code == 0
    assert cells(said)[1][1:6] == ["paypal", "1", "50.00", "USD", "1"]
    assert said[-1] == "waiting: 1 for payee"


def test_there_may_be_nothing_to_send() -> None:
    world = settled_world()
    world.treasury.stored.clear()
    assert run(payouts_export, world, PROGRAM_ID) == (0, ["no batch is open"])


# --- retry ---------------------------------------------------------------------------------------


def test_a_retry_asks_and_sends_what_the_rail_never_saw(live: tuple[World, FakeRail]) -> None:
    world, rail = live
    rail.away = 1
    run(payouts_export, world, PROGRAM_ID)
    assert not rail.moved
    rail.outcome = PayoutState.COMPLETED
    code, said = run(payouts_retry, world, PROGRAM_ID)
    assert (code, cells(said)[1][5:]) == (0, ["0", "2", "completed"])
    assert sorted(rail.moved.values()) == [1500, 5000]
    assert run(payouts_retry, world, PROGRAM_ID) == (0, ["no batch is open"])


def test_one_payout_may_be_retried(live: tuple[World, FakeRail]) -> None:
    world, rail = live
    payout = payout_of(world, CY)
    assert run(payouts_retry, world, PROGRAM_ID, payout.id) == (
        1,
        [f"Error: {payout.id} was not sent yet: `payouts list` says what it waits for"],
    )
    run(payouts_export, world, PROGRAM_ID)
    code, said = run(payouts_retry, world, PROGRAM_ID, payout.id)
    assert (code, cells(said)[1][1]) == (0, "paypal")
    assert sorted(rail.moved.values()) == [1500, 5000]


def test_what_failed_is_payable_and_not_sent_again(live: tuple[World, FakeRail]) -> None:
    world, rail = live
    rail.outcome = PayoutState.FAILED
    run(payouts_export, world, PROGRAM_ID)
    payout = payout_of(world, CY)
    assert run(payouts_retry, world, PROGRAM_ID, payout.id) == (
        1,
        [f"Error: {payout.id} is failed: nothing of it is under way"],
    )
    assert run(payouts_retry, world, PROGRAM_ID, "po_nobody")[0] == 1


def test_a_batch_that_cannot_be_looked_at_stops_no_other(live: tuple[World, FakeRail]) -> None:
    world, _ = live
    run(payouts_export, world, PROGRAM_ID)
    del world.given_rails[RailName.PAYPAL]
    code, said = run(payouts_retry, world, PROGRAM_ID)
    assert code == 1
    assert "rail" in said[-1]


# --- import --------------------------------------------------------------------------------------


def written(path: Path, body: bytes) -> str:
    path.write_bytes(body)
    return str(path)


def test_a_result_file_is_taken_and_what_cannot_be_is_said(world: World, tmp_path: Path) -> None:
    run(payouts_export, world, PROGRAM_ID)
    rows = [(payout_of(world, CY).id, "completed", ""), ("po_nobody", "completed", "")]
    code, said = run(payouts_import, world, PROGRAM_ID, written(tmp_path / "r.csv", results(*rows)))
    assert code == 1
    assert said == [
        "1 completed, 0 failed, 0 returned, 0 noted, 0 unchanged, 1 rejected",
        "  line 3: 'po_nobody': no such payout",
    ]
    assert printed(said)
    again = written(tmp_path / "r.csv", results(rows[0]))
    assert run(payouts_import, world, PROGRAM_ID, again) == (
        0,
        ["0 completed, 0 failed, 0 returned, 0 noted, 1 unchanged, 0 rejected"],
    )


def test_a_banks_status_report_is_taken(world: World, tmp_path: Path) -> None:
    run(payouts_export, world, PROGRAM_ID)
    (batch,) = world.batches.stored.values()
    reason = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
    told = one(transfer_of(world, CY), "ACSC") + one(transfer_of(world, BO), "RJCT", reason)
    raw = report(payments=payments(told, payment_id=batch.id), message_id=batch.id)
    file = written(tmp_path / "pain.002.xml", raw)
    assert run(payouts_import, world, PROGRAM_ID, file) == (
        0,
        ["1 completed, 1 failed, 0 returned, 0 noted, 0 unchanged, 0 rejected"],
    )
    assert payout_of(world, BO).detail == "RJCT AC04"
    late = report(
        payments=payments(one(transfer_of(world, BO), "ACSC"), payment_id=batch.id), message_id=batch.id
    )
    code, said = run(payouts_import, world, PROGRAM_ID, written(tmp_path / "late.xml", late))
    assert (code, said[0]) == (1, "0 completed, 0 failed, 0 returned, 0 noted, 0 unchanged, 1 rejected")


@pytest.mark.parametrize("body", [report(), b"<html></html>", b"nothing", b""])
def test_what_is_no_result_file_is_refused_in_a_line(world: World, tmp_path: Path, body: bytes) -> None:
    code, said = run(payouts_import, world, PROGRAM_ID, written(tmp_path / "x", body))
    assert (code, len(said)) == (1, 1)
