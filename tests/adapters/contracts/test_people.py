"""Everybody of a small market is erased on every engine, and all items of all tables are searched."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from grapevine.adapters.dynamo.batches import DynamoBatches
from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.domain.privacy import RecordState
from grapevine.usecases.erase_customer import EraseCustomer, EraseShop, erase_customer, erase_shop
from grapevine.usecases.erase_promoter import ErasePromoter, erase_promoter
from grapevine.usecases.find_customer import places_of
from tests.adapters.contracts.stores import Stores, dynamo_stores, opened
from tests.builders import PROGRAM_ID, STOREFRONT_ID
from tests.engines.endpoint import DynamoEndpoint
from tests.engines.tables import create_tables, table_definitions
from tests.leftovers import found_in, texts_in
from tests.usecases.market import MERCHANT, NOW, Market, books_of, market
from tests.worlds import World

pytestmark = pytest.mark.engines("ministack", "dynamodb-local")


@pytest.fixture
def endpoint(dynamo_endpoint: DynamoEndpoint) -> DynamoEndpoint:
    """Tables of this test alone: all that is in them is searched."""
    prefix = f"p{uuid.uuid4().hex[:8]}-"
    tables = create_tables(dynamo_endpoint.client(), prefix, table_definitions())
    return replace(dynamo_endpoint, tables=tables)


@pytest.fixture
def made(endpoint: DynamoEndpoint) -> Market:
    """Return a market whose tables are the engine's."""
    database = opened(endpoint)
    stores, world = dynamo_stores(database), World()
    for field in fields(Stores):
        if not isinstance(getattr(World, field.name, None), property):
            setattr(world, field.name, getattr(stores, field.name))
    world.batches = DynamoBatches(database, world.files)  # type: ignore[assignment]
    return market(1, 2, 2, 3, world)


def everything(endpoint: DynamoEndpoint, files: MemoryFiles) -> Iterator[bytes]:
    """Yield every text and every byte of every item, and every file."""
    client = endpoint.client()
    for table in endpoint.tables.values():
        for page in client.get_paginator("scan").paginate(TableName=table):
            yield from texts_in(page["Items"])
    yield from texts_in(files)


def test_edge_90_everybody_is_erased_from_all_tables_and_the_books_stand(
    endpoint: DynamoEndpoint, made: Market
) -> None:
    world, before = made.world, books_of(made)
    assert found_in(everything(endpoint, world.files), made.names) == made.names
    for shopper in made.shoppers:
        command = EraseCustomer(
            asked=made.asked(shopper),
            places=places_of(MERCHANT, world.catalog),
            asked_by="shop",
            request_id=f"erase-{shopper.number}",
        )
        assert erase_customer(command, made.customer_ports, NOW).state is RecordState.DONE
        assert found_in(everything(endpoint, world.files), shopper.names) == set()
    for partner in made.partners:
        wanted = ErasePromoter(
            program_id=PROGRAM_ID,
            promoter_id=partner.id,
            asked_by="shop",
            request_id=f"erase-{partner.id}",
            even_if_owed=True,
        )
        assert erase_promoter(wanted, made.promoter_ports, NOW).state is RecordState.DONE
    assert found_in(everything(endpoint, world.files), made.names) == set()
    assert books_of(made) == before
    assert world.proof().faults == ()
    assert world.live_proof(NOW).faults == ()


def test_edge_90_a_shops_customers_are_erased_from_all_tables(endpoint: DynamoEndpoint, made: Market) -> None:
    command = EraseShop(
        program_id=PROGRAM_ID, storefront_id=STOREFRONT_ID, asked_by="shop", request_id="left"
    )
    states = [erase_shop(command, made.customer_ports, NOW, most=2).state for _ in range(6)]
    assert states[0] is RecordState.OPEN
    assert states[-1] is RecordState.DONE
    names = {name for one in made.shoppers for name in one.names}
    assert found_in(everything(endpoint, made.world.files), names) == set()


def test_edge_90_a_batch_that_was_never_written_down_is_erased_too(
    endpoint: DynamoEndpoint, made: Market
) -> None:
    files, partner = made.world.files, made.partners[0]
    name, (body, kind) = next(item for item in files.stored.items() if item[0].startswith("batches/"))
    torn = body.replace(b'"id":"pb', b'"id":"pbtorn')
    files.put(name.replace("/pb", "/pbtorn"), torn, kind)
    files.put(name.replace(".json", "x.json"), body, kind)
    wanted = ErasePromoter(
        program_id=PROGRAM_ID, promoter_id=partner.id, asked_by="shop", request_id="r", even_if_owed=True
    )
    erase_promoter(wanted, made.promoter_ports, NOW)
    assert [one for one in files.stored if one.startswith("batches/")] == [name]
    assert found_in(everything(endpoint, files), partner.names) == set()
