"""How items look and what they weigh: a kilobyte is a write unit, and everything is one if it can be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from random import Random

import pytest

from grapevine.adapters.dynamo.catalog import DynamoCatalog
from grapevine.adapters.dynamo.clicks import DynamoClicks
from grapevine.adapters.dynamo.fact_bodies import fact_to_body
from grapevine.adapters.dynamo.facts import FactRow
from grapevine.adapters.dynamo.keys import Key, fact, page, raw_body
from grapevine.adapters.dynamo.ledger import entry_of, entry_row
from grapevine.adapters.dynamo.pages import DynamoPages
from grapevine.adapters.dynamo.private import RAW_LIFE, DynamoRawBodies
from grapevine.adapters.dynamo.rows import Item
from grapevine.adapters.dynamo.rows_people import promoter_row
from grapevine.adapters.dynamo.table import Database, Table
from grapevine.domain.clicks import CLICK_LIFE, MAX_USER_AGENT
from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import new_click_id, new_id, new_visitor_id
from grapevine.domain.pages import pages_of
from grapevine.domain.people import PromoterStatus
from tests import builders as make
from tests.adapters.contracts.stores import Names, fresh_click_id
from tests.adapters.dynamo.sizes import UNIT, item_size
from tests.builders import T0, days, minutes
from tests.worlds import World

BYTES = Random(5).randbytes
PROGRAM, STOREFRONT, MERCHANT = (new_id(kind, BYTES) for kind in ("pg", "sf", "mc"))
PROMOTERS = tuple(new_id("pr", BYTES) for _ in range(3))
ORDER = OrderKey(STOREFRONT, "5847382910123")
CLICK_ID = new_click_id(new_visitor_id(BYTES), T0, BYTES)


def paid_fact(lines: int = 3, order: OrderKey = ORDER) -> Fact:
    """A fact of a small order as Shopify names things."""
    snapshot = make.snapshot(
        click_id=CLICK_ID,
        customer_key="0123456789abcdef01234567",
        lines=tuple(
            make.line(
                str(14_000_000_000_000 + number),
                129_900,
                product_id=str(8_000_000_000_000 + number),
                sku=f"SKU-2026-{number:04d}",
                discount_minor=1_990,
            )
            for number in range(lines)
        ),
    )
    return make.fact(order=order, program_id=PROGRAM, snapshot=snapshot)


def three_level_world() -> World:
    world = World()
    program = make.program(id=PROGRAM, merchant_id=MERCHANT)
    world.catalog.add_program(program, make.plan(1000, 300, 100))
    for promoter_id, sponsor_id in zip(PROMOTERS, (None, *PROMOTERS), strict=False):
        world.catalog.add_promoter(make.promoter(promoter_id, sponsor_id, program_id=PROGRAM))
    upline = (PROMOTERS[1], PROMOTERS[0])
    world.clicks.record(make.click(id=CLICK_ID, program_id=PROGRAM, promoter_id=PROMOTERS[2], upline=upline))
    return world


def life_of_an_order() -> list[Entry]:
    """Its entries: accrued on three levels, refunded in part, released."""
    world = three_level_world()
    first = paid_fact()
    world.append(first)
    world.post(T0 + minutes(1), ORDER)
    line = first.snapshot.lines[0].id if first.snapshot and first.snapshot.lines else ""
    back = make.refunded("890123456789", minutes(60), (line, 50_000))
    world.append(make.fact(back.kind, minutes(60), order=ORDER, program_id=PROGRAM, refunds=back.refunds))
    world.post(T0 + minutes(61), ORDER)
    world.post(T0 + days(40), ORDER)
    return list(world.ledger.entries_of(ORDER))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_entry_of_three_levels_is_one_write_unit(number: int) -> None:
    entries = life_of_an_order()
    assert [entry.reason.value for entry in entries] == ["accrued", "refunded", "released"]
    assert len({posting.destination for posting in entries[0].postings}) == 3
    item = entry_row(entries[number]).serialize()
    print(f"{entries[number].reason} entry of three levels: {item_size(item)} bytes with keys and index")
    assert item_size(item) <= UNIT


@pytest.mark.parametrize("lines", [1, 3, 5])
def test_a_small_orders_fact_is_one_write_unit(lines: int) -> None:
    paid = paid_fact(lines)
    item = FactRow(*fact(paid), body=fact_to_body(paid)).serialize()
    print(f"fact of {lines} lines: {item_size(item)} bytes")
    assert item_size(item) <= UNIT


def stored(table: Table, key: Key) -> Item:
    item = table.get(key)
    assert item is not None
    return item


def number(item: Mapping[str, Mapping[str, str]], name: str) -> int:
    return int(item[name]["N"])


def test_a_click_is_one_write_unit_and_expires(database: Database) -> None:
    click = make.click(
        id=fresh_click_id(),
        program_id=PROGRAM,
        promoter_id=PROMOTERS[2],
        upline=PROMOTERS[:2],
        user_agent="x" * MAX_USER_AGENT,
    )
    DynamoClicks(database).record(click)
    item = stored(database.clicks, Key(f"V#{click.id[:22]}", click.id))
    print(f"click: {item_size(item)} bytes")
    assert item_size(item) <= UNIT
    assert number(item, "expires_at") == int((click.recorded_at + CLICK_LIFE).timestamp())


def test_a_raw_body_is_compressed_and_expires_after_ninety_days(database: Database, names: Names) -> None:
    name, body = "1001#v#orders/paid#d", b'{"line_items": []}' * 500
    DynamoRawBodies(database).keep(names.storefront, name, body, {"x-shopify-topic": "orders/paid"}, T0)
    item = stored(database.private, raw_body(names.storefront, name))
    assert item_size(item) < len(body) / 10
    assert number(item, "expires_at") == int((T0 + RAW_LIFE).timestamp())
    assert timedelta(days=90) == RAW_LIFE


def test_an_entry_is_in_the_index_only_while_it_is_due() -> None:
    accrued, _, released = (entry_row(entry).serialize() for entry in life_of_an_order())
    assert accrued["due_shard"]["S"].startswith("DUE#2026-")
    assert accrued["due_at"]["S"].startswith(accrued["due_shard"]["S"].split("#")[1])
    assert not {"due_shard", "due_at"} & set(released)


def test_a_page_has_an_attribute_for_each_amount_and_its_marks(database: Database) -> None:
    entry = life_of_an_order()[0]
    additions = pages_of(entry)
    DynamoPages(database).fold(additions)
    for addition in additions:
        item = stored(database.state, page(addition.key))
        print(f"page of one mark: {item_size(item)} bytes, {len(entry.id)} for each mark")
        assert item["marks"] == {"SS": [entry.id]}
        assert {name: number(item, name) for name in item if "N" in item[name]} == addition.amounts
        assert item_size(item) <= UNIT


def test_a_promoters_history_is_written_with_it(database: Database, names: Names) -> None:
    promoter = make.promoter("pr_bo", "pr_ana", program_id=names.program)
    DynamoCatalog(database).add_promoter(promoter)
    changed = promoter.with_sponsor(None, T0).with_status(PromoterStatus.SUSPENDED, "asked to", T0)
    DynamoCatalog(database).change_promoter(changed, 0)
    (item,) = database.catalog.query(f"PR#{names.program}#pr_bo")
    assert (item["sk"]["S"], item["kind"]["S"], item["sponsor_id"]["S"]) == ("META", "promoter", "pr_ana")
    assert item["sponsor_changes"] == {"S": '[["2026-11-11T09:00:00.000Z",null]]'}
    assert item["status_changes"] == {"S": '[["2026-11-11T09:00:00.000Z","suspended","asked to"]]'}


def test_a_promoter_whom_nothing_changed_has_no_history(database: Database, names: Names) -> None:
    DynamoCatalog(database).add_promoter(make.promoter("pr_bo", program_id=names.program))
    (item,) = database.catalog.query(f"PR#{names.program}#pr_bo")
    assert not {"sponsor_changes", "status_changes"} & set(item)


def test_a_promoter_with_a_long_history_is_read_for_one_unit() -> None:
    promoter = make.promoter(PROMOTERS[0], PROMOTERS[1], program_id=PROGRAM, customer_key="c" * 24)
    for number in range(20):
        promoter = promoter.with_sponsor(PROMOTERS[number % 3], T0 + days(number))
        promoter = promoter.with_status(PromoterStatus.SUSPENDED, "asked to", T0 + days(number))
    size = item_size(promoter_row(promoter).serialize())
    print(f"promoter whose sponsor and status changed twenty times: {size} bytes")
    assert size <= 4 * UNIT


def test_a_newer_writers_entry_keeps_the_hash_of_what_is_stored() -> None:
    """Between two deploys both run: an older function must carry on a newer one's chain."""
    entry = Entry(
        key=make.ORDER,
        sequence=1,
        program_id=make.PROGRAM_ID,
        reason=EntryReason.RECORDED,
        postings=(),
        recorded_at=make.T0,
    )
    stored = entry_row(entry).serialize()
    stored["body"]["S"] = stored["body"]["S"].replace("{", '{"a_newer_name":7,', 1)
    read = entry_of(stored)
    assert read == entry
    assert read.hash == sha256(stored["body"]["S"].encode()).hexdigest() != entry.hash
