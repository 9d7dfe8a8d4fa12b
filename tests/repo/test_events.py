"""The examples of the events page are what the code reads and writes."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from inspect import signature
from typing import Any

import pytest

from grapevine.adapters.dynamo.clicks import ClickRow
from grapevine.adapters.dynamo.fact_bodies import fact_from_body, fact_to_body
from grapevine.adapters.eventbridge import SOURCE
from grapevine.adapters.rails.csv_file import COLUMNS as PAYOUT_COLUMNS
from grapevine.domain.entries import Entry, entry_from_dict, entry_to_dict
from grapevine.domain.events import AggregateKind
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.settlements import PageName
from grapevine.domain.subscriptions import TYPES
from grapevine.runtime import sending
from grapevine.usecases.deliver_events import DeliverEvents
from grapevine.usecases.import_results import COLUMNS
from tests.repo.documents import blocks_of, coded, named, prose_of, rows_of, section
from tests.telling import told

EVENTS = named("docs/events.md")


def example(name: str) -> Any:  # noqa: ANN401 - any JSON
    (block,) = (block for block in blocks_of(EVENTS) if block.words == (name,))
    return json.loads(block.text)


def entry() -> Entry:
    body = example("entry")
    return entry_from_dict(body, OrderKey.parse(body["k"]))


def test_the_entry_is_one_of_ours() -> None:
    assert entry_to_dict(entry()) == example("entry")


def test_the_fact_is_one_of_ours() -> None:
    body = example("fact")
    version = datetime(2026, 11, 11, tzinfo=UTC)
    fact = fact_from_body(body, entry().key, FactKind.PAID, version, "digest")  # type: ignore[arg-type]
    assert fact_to_body(fact) == body


def test_every_type_of_event_is_shown_as_it_is_made() -> None:
    made = told()
    assert set(made) == set(TYPES)
    assert {kind: example(kind) for kind in TYPES} == made
    assert f"`{SOURCE}`" in section(EVENTS, "Events out")


def test_every_type_has_a_section_that_says_what_it_is() -> None:
    assert all(prose_of(EVENTS).count(f"#### {kind}\n") == 1 for kind in TYPES)


def test_every_field_of_an_event_is_described() -> None:
    rows = [row for row in rows_of(section(EVENTS, "Events out")) if "field" in row]
    described = {name for row in rows for name in coded(row["field"])}
    assert described == set(example("commission.accrued"))


def test_every_kind_of_thing_is_described() -> None:
    rows = [row for row in rows_of(section(EVENTS, "Events out")) if "aggregate" in row]
    assert {name for row in rows for name in coded(row["aggregate"])} == set(AggregateKind)


def test_a_lanes_message_is_what_is_taken() -> None:
    wanted = {field.name for field in fields(DeliverEvents)} - {"again", "replay_from"}
    assert set(example("lane")["lane"]) == wanted


def test_every_name_of_an_entry_is_described() -> None:
    rows = rows_of(section(EVENTS, "An entry"))
    described = {name for row in rows for name in coded(row["name"])}
    assert described == set(example("entry")) | {"g", "s", "ev", "rv", "rel", "wt", "vd", "pay", "prev"}


def test_every_attribute_of_a_click_is_described() -> None:
    attributes = set(ClickRow.get_attributes()) - {"pk", "sk", "kind"}
    assert attributes <= set(coded(section(EVENTS, "A click")))


@pytest.mark.parametrize("kind", ["list", "page"])
def test_a_settlements_messages_name_a_place_in_its_chain(kind: str) -> None:
    assert set(example(kind)[kind]) == {field.name for field in fields(PageName)}


def test_the_messages_about_payouts_are_those_that_are_taken() -> None:
    assert set(example("send")) == {"send"}
    assert set(example("transfers")["transfers"]) == set(signature(sending.send).parameters) - {"parts"}


def test_the_failure_message_has_order_and_reason() -> None:
    assert OrderKey.parse(example("failure")["order"]) == entry().key
    assert set(example("failure")) == {"order", "reason"}


@pytest.mark.parametrize("columns", [PAYOUT_COLUMNS, COLUMNS])
def test_the_files_columns_are_described(columns: tuple[str, ...]) -> None:
    rows = [coded(row["columns"]) for row in rows_of(section(EVENTS, "Files"))]
    assert any(set(columns) <= set(row) for row in rows)
