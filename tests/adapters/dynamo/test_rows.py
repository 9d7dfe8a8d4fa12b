"""Rows: numbers that are whole, kinds that never change, items that newer writers may extend."""

from __future__ import annotations

import pytest

from grapevine.adapters.dynamo import (
    batches,
    catalog,
    clicks,
    facts,
    ledger,
    links,
    messages,
    pages,
    payees,
    private,
    proofs,
    requests,
    settlements,
    shop_marks,
    treasury,
    waits,
)
from grapevine.adapters.dynamo.catalog import DynamoCatalog
from grapevine.adapters.dynamo.clicks import ClickRow, click_of
from grapevine.adapters.dynamo.links import LinkRow
from grapevine.adapters.dynamo.rows import Row, row
from grapevine.adapters.dynamo.rows_catalog import MerchantRow
from grapevine.adapters.dynamo.rows_treasury import HeadRow, head_row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.errors import MoneyError
from grapevine.domain.heads import Head
from tests import builders as make
from tests.adapters.contracts.stores import Names

MODULES = (
    batches,
    payees,
    catalog,
    clicks,
    facts,
    ledger,
    links,
    messages,
    pages,
    private,
    proofs,
    requests,
    settlements,
    shop_marks,
    treasury,
    waits,
)
KINDS = {
    "event",
    "event_head",
    "event_log",
    "subscription",
    "webhook_dead",
    "webhook_lane",
    "webhook_parked",
    "api_key",
    "batch",
    "body_mark",
    "bounty",
    "campaign",
    "claim",
    "contact",
    "click",
    "counter",
    "coupon",
    "coupon_look",
    "customer_order",
    "dated",
    "dated_number",
    "product",
    "entry",
    "fact",
    "head",
    "link",
    "merchant",
    "network",
    "note",
    "notes_due",
    "open_batch",
    "page",
    "payee",
    "payout",
    "person",
    "plan",
    "plan_number",
    "program",
    "promoter",
    "privacy_record",
    "proof",
    "reconcile_mark",
    "request_count",
    "rate",
    "raw_body",
    "raw_body_part",
    "registration",
    "same_person",
    "settlement",
    "settlement_page",
    "storefront",
    "sweep",
    "told",
    "volume",
    "wait",
}


def test_kinds_are_what_is_stored_so_renaming_one_is_a_migration() -> None:
    assert {Row.kind.get_discriminator(kind) for kind in Row.kind.get_registered_subclasses(Row)} == KINDS
    assert len(MODULES) == 16


@pytest.mark.parametrize("amount", [1.0, "1", True, None, 0.1 + 0.2])
def test_money_is_whole_or_refused(amount: object) -> None:
    stored = head_row(Head(key=Names("p", "", "", "").account()))
    stored.attribute_values["taken_minor"] = amount
    with pytest.raises((MoneyError, ValueError)):
        stored.serialize()


def test_a_fraction_in_a_stored_amount_is_refused() -> None:
    item = head_row(Head(key=Names("p", "", "", "").account())).serialize()
    item["taken_minor"] = {"N": "1.5"}
    with pytest.raises(ValueError, match=r"1\.5"):
        row(HeadRow, item)


def test_an_item_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="LinkRow"):
        row(LinkRow, MerchantRow("MC#1", "META", name="Shop").serialize())


def test_attributes_of_a_newer_writer_are_ignored() -> None:
    click = make.click()
    item = dict(clicks._row(click).serialize())
    item["coupon"] = {"S": "later"}
    assert item["kind"] == {"S": "click"}
    assert click_of(item) == click
    assert isinstance(row(ClickRow, item), ClickRow)


def test_rows_of_a_newer_writer_in_a_programs_partition_disturb_nobody(
    database: Database, names: Names
) -> None:
    program = make.program(id=names.program)
    stored = DynamoCatalog(database)
    stored.add_program(program, make.plan())
    later = {"kind": {"S": "of_a_newer_writer"}, "budget": {"N": "1"}}
    for place in ("CAMPAIGN#1", "NETWORK", "PLAN#later"):
        database.connection.put_item(database.catalog.name, f"PG#{names.program}", place, attributes=later)
    assert stored.terms(names.program).program == program
