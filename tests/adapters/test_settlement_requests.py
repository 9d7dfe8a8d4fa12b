"""What a settlement asks of DynamoDB, per promoter paid and per promoter carried (`pytest -rP`)."""

from __future__ import annotations

from random import Random

import pytest

from grapevine.adapters.cache import CachedCatalog
from grapevine.adapters.memory.outside import MemoryFiles, MemorySecrets, MemorySettlementQueue
from grapevine.domain.ids import new_id
from grapevine.domain.instants import day_of
from grapevine.domain.pages import Page, PageKey
from grapevine.domain.settlements import PAGE_SIZE, PageName, Settled, Settlement
from grapevine.runtime.wiring import ProgramRails
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from tests import builders as make
from tests.adapters.contracts.stores import Stores, dynamo_stores, opened
from tests.builders import T0, days
from tests.engines.endpoint import DynamoEndpoint
from tests.engines.requests import RequestCounter

pytestmark = pytest.mark.engines("ministack", "dynamodb-local")

PAID, CARRIED, OWING = 30, 40, 10
"""Of a hundred promoters; the others have nothing."""
PAGE_REQUESTS = 5
"""Of a page as a whole: itself, its promoters, where they are paid, done with its counts, was it the last."""
MOST_PER_PAID, MOST_PER_CARRIED = 4, 1
RUN_AT = T0 + days(60)


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """The same in every session, another for every test and engine."""
    return Random(request.node.nodeid)


def begun(stores: Stores, program_id: str, promoters: int) -> Settlement:
    """Store a program, its promoters, and a run that nobody has listed."""
    stores.catalog.add_program(make.program(id=program_id), make.plan())
    for number in range(promoters):
        stores.catalog.add_promoter(make.promoter(f"pr_{number:04}", program_id=program_id))
    run = Settlement(id=f"{program_id}.2027-01-10", program_id=program_id, started_at=RUN_AT)
    stores.settlements.start(run)
    return run


def fund(stores: Stores, program_id: str) -> None:
    """Let some have much, some little, and some owe."""
    for number in range(PAID + CARRIED + OWING):
        amount = 5_000 if number < PAID else 5 if number < PAID + CARRIED else -700
        key = PageKey(f"{program_id}/pr_{number:04}/USD", day_of(T0), 0)
        stores.pages.fold([Page(key, {"payable": amount}, frozenset({"sf/1/1"}))])


def test_a_promoter_costs_one_request_carried_and_two_paid(
    dynamo_endpoint: DynamoEndpoint, random: Random
) -> None:
    database, counter, program_id = opened(dynamo_endpoint), RequestCounter(), new_id("pg", random.randbytes)
    stores = dynamo_stores(database)
    catalog = CachedCatalog(stores.catalog, lambda: 0.0)
    queue = MemorySettlementQueue()
    closing = ClosePorts(stores.settlements, queue)
    run = begun(stores, program_id, PAGE_SIZE + 1)
    fund(stores, program_id)
    catalog.terms(program_id)
    counter.attach(database.connection.client.meta.events)
    with counter.job("a run of two pages, listed") as listed:
        list_promoters(PageName(run.id, ""), ListPorts(catalog, stores.settlements, queue, closing), RUN_AT)
    rails = ProgramRails(MemorySecrets(), MemoryFiles(), lambda: RUN_AT)
    ports = SettlePorts(catalog, stores.treasury, stores.settlements, closing, stores.payees, rails)
    with counter.job("a page of a hundred promoters, settled") as job:
        done = settle_page(SettlePage(queue.pages[0]), ports, RUN_AT)
    for one in (listed, job):
        print(one.report())
    print(
        f"  {len(job.requests) / PAGE_SIZE:.2f} requests a promoter; {job.write_units():g} write units in all"
    )
    assert done is not None
    assert (done.counts[Settled.PAID], done.counts[Settled.CARRIED]) == (PAID, CARRIED + OWING)
    moves = job.by_operation()["TransactWriteItems"]
    assert moves == PAID + 1
    assert len(job.requests) == PAGE_REQUESTS + PAGE_SIZE + PAID
    most = MOST_PER_PAID * PAID + MOST_PER_CARRIED * (PAGE_SIZE - PAID)
    assert len(job.requests) <= most
    # The run, what is stored, the promoters; two pages and the end; that it is listed, and its close.
    assert (listed.reads, listed.writes) == (4, 4)


def test_a_page_that_comes_again_is_two_reads(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    database, counter, program_id = opened(dynamo_endpoint), RequestCounter(), new_id("pg", random.randbytes)
    stores = dynamo_stores(database)
    closing = ClosePorts(stores.settlements, MemorySettlementQueue())
    page = begun(stores, program_id, 1).page_of(("pr_0000",))
    stores.settlements.add_page(page)
    stores.settlements.finish_page(page.done(()))
    counter.attach(database.connection.client.meta.events)
    rails = ProgramRails(MemorySecrets(), MemoryFiles(), lambda: RUN_AT)
    ports = SettlePorts(stores.catalog, stores.treasury, stores.settlements, closing, stores.payees, rails)
    with counter.job("a page that is done, again") as job:
        assert settle_page(SettlePage(page.name), ports, RUN_AT) is None
    assert (job.reads, job.writes) == (2, 0)
