"""`grapevine privacy`: a document, an erasure, and the list of who asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grapevine_cli.privacy import privacy_document, privacy_erase, privacy_export, privacy_list
from tests.builders import PROGRAM_ID
from tests.cli.running import run
from tests.leftovers import found_in, texts_in
from tests.usecases.market import NOW, Market, market


@pytest.fixture
def made() -> Market:
    """Return a market whose people are asked about."""
    made = market(21)
    made.world.clock = NOW
    return made


def test_a_document_is_on_standard_output_or_in_a_file(made: Market, tmp_path: Path) -> None:
    shopper, file = made.shoppers[0], tmp_path / "shopper.json"
    wanted = (PROGRAM_ID, "--customer", shopper.email, "--by", "Li", "--request", "ticket-1")
    code, said = run(privacy_export, made.world, *wanted)
    document = json.loads("\n".join(said))
    assert code == 0
    assert document["asked_for"]["customers"] == [shopper.email]
    code, said = run(privacy_export, made.world, *wanted, "-o", str(file))
    assert code == 0
    assert said == [f"{file}: request {document['request']}, {counts(made, document['request'])}"]
    assert json.loads(file.read_text(encoding="utf-8")) == document
    code, said = run(privacy_document, made.world, PROGRAM_ID, document["request"])
    assert json.loads("\n".join(said)) == document


def counts(made: Market, request: str) -> str:
    record = made.world.privacy_records.record(PROGRAM_ID, request)
    assert record
    return ", ".join(f"{number} {name}" for name, number in record.counts.items())


def test_a_person_is_erased_and_the_list_says_who_asked(made: Market) -> None:
    shopper, partner = made.shoppers[0], made.partners[0]
    code, said = run(privacy_erase, made.world, PROGRAM_ID, "--customer", shopper.email, "--by", "Li")
    assert (code, said[0].split()[0]) == (0, "erased:")
    code, said = run(privacy_erase, made.world, PROGRAM_ID, "--promoter", partner.id, "--even-if-owed")
    assert code == 0
    assert found_in(texts_in(made.world), {*shopper.names, *partner.names}) == set()
    code, said = run(privacy_list, made.world, PROGRAM_ID)
    assert code == 0
    assert len([line for line in said if "erase" in line and "done" in line]) == 2
    assert any("Li" in line for line in said)
    assert found_in([line.encode() for line in said], made.names) == set()


def test_erasing_says_what_was_erased_or_that_nothing_was(made: Market) -> None:
    wanted = (PROGRAM_ID, "--customer", "stranger@mail.example")
    code, said = run(privacy_erase, made.world, *wanted)
    # Bodies that nobody could read go with the first who asks.
    assert (code, said[0].endswith("raw_bodies")) == (0, True)
    code, said = run(privacy_erase, made.world, *wanted)
    assert (code, said[0].endswith("nothing found")) == (0, True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "one of customer and promoter_id is needed"),
        (("--customer", "a@b", "--promoter", "pr_1"), "one of customer and promoter_id is needed"),
        (("--customer", "nobody"), "is neither an e-mail address nor a customer's key"),
        (("--customer", "a@b", "--even-if-owed"), "is for promoters"),
        (("--promoter", "pr_nobody"), "no promoter 'pr_nobody'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(made: Market, options: tuple[str, ...], why: str) -> None:
    code, said = run(privacy_erase, made.world, PROGRAM_ID, *options)
    assert (code, len(said), why in said[0]) == (1, 1, True)


def test_who_is_owed_money_is_refused_with_the_amounts(made: Market) -> None:
    partner = next(one for one in made.partners if made.world.balance(one.id).payable_minor)
    code, said = run(privacy_erase, made.world, PROGRAM_ID, "--promoter", partner.id)
    assert code == 1
    assert f"{partner.id}/USD" in said[0]
