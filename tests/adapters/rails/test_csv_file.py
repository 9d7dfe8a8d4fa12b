"""The rail that is a file: the same bytes, every amount, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.rails.csv_file import ACTIVE, COLUMNS, CsvRail, file_body, harmless, open_rail
from grapevine.domain.money import Money
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName, RailSecrets, Transfer, TransferBatch
from grapevine.ports import RailNeeds
from tests.builders import PROGRAM_ID, T0

TRANSFER = Transfer(
    id="poax1",
    payout_id="po_a",
    settlement_id="run",
    promoter_id="pr_ana",
    amount=Money(123_456, "USD"),
    details={},
)
PAYEE = {"name": "安娜, 张", "iban": "DE02"}
BATCH = TransferBatch(
    id="pb1",
    program_id=PROGRAM_ID,
    rail=RailName.CSV,
    currency="USD",
    created_at=T0,
    execution_day=date(2026, 12, 10),
    transfers=(TRANSFER, replace(TRANSFER, id="pobx1", payout_id="po_b", details=PAYEE)),
)


def read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_a_file_has_a_row_for_each_transfer_with_what_is_known_of_the_payee() -> None:
    first, second = read(file_body(BATCH))
    assert first == {
        "transfer_id": "poax1",
        "payout_id": "po_a",
        "promoter_id": "pr_ana",
        "amount": "1234.56",
        "currency": "USD",
        "settlement_id": "run",
        "payee_iban": "",
        "payee_name": "",
    }
    assert (second["payee_name"], second["payee_iban"]) == ("安娜, 张", "DE02")
    assert tuple(first)[: len(COLUMNS)] == COLUMNS


def test_sending_twice_writes_one_file_of_the_same_bytes_and_says_sent() -> None:
    files = MemoryFiles()
    rail = open_rail(
        RailNeeds(program_id=PROGRAM_ID, secrets=RailSecrets(values={}), files=files, now=lambda: T0)
    )
    said = rail.send(BATCH)
    body = files.get(f"payouts/{PROGRAM_ID}/pb1.csv")
    assert rail.send(BATCH) == said
    assert files.stored == {f"payouts/{PROGRAM_ID}/pb1.csv": (body, "text/csv")}
    assert [(one.transfer_id, one.state) for one in said] == [
        ("poax1", PayoutState.SENT),
        ("pobx1", PayoutState.SENT),
    ]


def test_a_file_that_is_not_there_was_never_seen_and_one_that_is_says_nothing_new() -> None:
    rail = CsvRail(MemoryFiles())
    assert rail.query(BATCH) == ()
    assert rail.query(BATCH) == () != rail.send(BATCH) == rail.query(BATCH)
    assert rail.received({}, b"{}", T0) == ()


@pytest.mark.parametrize("start", ACTIVE)
def test_no_value_is_a_formula(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    (row,) = read(file_body(replace(BATCH, transfers=(replace(TRANSFER, details={"name": evil}),))))
    assert row["payee_name"] == "'" + evil


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_whatever_a_value_is_it_is_read_back_and_does_not_run(text: str) -> None:
    (row,) = read(file_body(replace(BATCH, transfers=(replace(TRANSFER, details={"name": text}),))))
    assert row["payee_name"] == harmless(text)
    assert row["payee_name"].removeprefix("'") in (text, text.removeprefix("'"))
    assert not row["payee_name"].startswith(ACTIVE)


def test_details_that_fit_are_fine_and_others_are_told_all_at_once() -> None:
    rail = CsvRail(MemoryFiles())
    assert rail.faults({}, "USD") == rail.faults(PAYEE, "JPY") == ()
    wrong = rail.faults({"=x": "1", "name": "n" * 201}, "USD")
    assert [fault.where for fault in wrong] == ["=x", "name"]
    assert [fault.where for fault in rail.faults({f"n{n}": "" for n in range(21)}, "USD")] == ["details"]
