"""What each job asks of DynamoDB, printed (`pytest -rP`) and bounded: requests, capacity units, their price.

Units are counted by the engine from the items' real sizes; moto's are wrong, so it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from grapevine.adapters.cache import CachedCatalog, CachedLinks
from grapevine.adapters.cache.secrets import CachedSecrets
from grapevine.adapters.dynamo.table import Database
from grapevine.adapters.memory.outside import MemorySecrets, MemoryShopQueue
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.clicks import Click
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.facts import OrderKey
from grapevine.domain.ids import new_id, new_link_code
from grapevine.domain.plans import BindingPolicy
from grapevine.domain.rates import RateRule
from grapevine.ports import StorefrontSecrets
from grapevine.usecases.count_clicks import CountClicks, count_clicks
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, Receipt, place_order
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from grapevine.usecases.track_click import TrackClick, TrackClickPorts, track_click
from tests import builders as make
from tests.adapters.contracts.stores import Stores, dynamo_stores, opened
from tests.adapters.storefronts import shopify_bodies as bodies
from tests.builders import T0, days, minutes
from tests.engines.endpoint import DynamoEndpoint
from tests.engines.requests import Job, RequestCounter
from tests.paying import reserve

pytestmark = pytest.mark.engines("ministack", "dynamodb-local")

# On demand, us-east-1, dollars for a million units.
WRITE_PRICE, READ_PRICE = 0.625, 0.125
# The naive design for a three-level order: 28 write and 4 read units.
NAIVE_PRICE = 28 * WRITE_PRICE + 4 * READ_PRICE


def price(job: Job) -> float:
    """Dollars for a million of these jobs."""
    return job.write_units() * WRITE_PRICE + job.read_units() * READ_PRICE


@dataclass
class Chain:
    """A program with a chain of promoters behind one link, in counted stores with warm caches."""

    database: Database
    counter: RequestCounter
    stores: Stores
    catalog: CachedCatalog
    secrets: CachedSecrets
    links: CachedLinks
    program_id: str
    storefront_id: str
    promoter_ids: tuple[str, ...]
    link_code: str
    random: Random

    def click(self) -> Click:
        """One visit, as the redirect records it."""
        ports = TrackClickPorts(self.links, self.stores.clicks, self.random.randbytes)
        command = TrackClick(
            link_code=self.link_code, user_agent="Mozilla/5.0 (iPhone) MicroMessenger/8.0.40"
        )
        click = track_click(command, ports, T0 - minutes(30)).click
        assert click is not None
        return click

    def deliver(self, click: Click) -> OrderKey:
        """A signed `orders/paid` of three lines, as Shopify sends it."""
        raw = json.dumps(paid_body(click, self.random)).encode()
        ports = PlaceOrderPorts(
            storefronts=self.catalog,
            secrets=self.secrets,
            adapters={"shopify": bodies.SHOPIFY},
            raw_bodies=self.stores.raw_bodies,
            facts=self.stores.facts,
            queue=MemoryShopQueue(),
        )
        command = PlaceOrder(storefront_id=self.storefront_id, raw=raw, headers=bodies.headers(raw))
        placed = place_order(command, ports, T0)
        assert placed.receipt is Receipt.APPENDED
        (order,) = placed.orders
        return order

    @property
    def ports(self) -> PostOrderPorts:
        """What posting reads and writes, warm."""
        stores = self.stores
        return PostOrderPorts(stores.ledger, stores.facts, stores.clicks, self.catalog, stores.pages)

    def post(self, order: OrderKey, number_of_days: float = 0) -> Entry:
        """What accrue and settle do with an order."""
        entry = post_order(PostOrder(order), self.ports, T0 + minutes(2) + days(number_of_days))
        assert entry is not None
        return entry


def paid_body(click: Click, random: Random) -> dict[str, Any]:
    """An order of three lines with identifiers as long as Shopify's."""
    lines = [
        bodies.line(
            14_000_000_000_000 + random.randrange(10**9),
            price="24.90",
            product_id=8_000_000_000_000 + number,
            sku=f"PAN-2026-{number:03d}",
            discount_allocations=[{"amount": "1.10", "amount_set": bodies.money("1.10")}],
        )
        for number in range(3)
    ]
    return bodies.order(
        *lines,
        id=5_800_000_000_000 + random.randrange(10**9),
        created_at="2026-11-11T09:00:00Z",
        updated_at="2026-11-11T09:01:00Z",
        email="shopper@example.com",
        note_attributes=[{"name": "gv_click", "value": click.id}],
    )


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """The same in every session, another for every test and engine."""
    return Random(request.node.nodeid)


def opened_chain(endpoint: DynamoEndpoint, random: Random, *rate_bps: int, **terms: object) -> Chain:
    """A chain as long as there are rates; everything that is cached has been read once."""
    database, counter = opened(endpoint), RequestCounter()
    stores = dynamo_stores(database)
    program_id, storefront_id = (new_id(kind, random.randbytes) for kind in ("pg", "sf"))
    promoter_ids = tuple(new_id("pr", random.randbytes) for _ in rate_bps)
    secrets = MemorySecrets()
    chain = Chain(
        database=database,
        counter=counter,
        stores=stores,
        catalog=CachedCatalog(stores.catalog, lambda: 0.0),
        secrets=CachedSecrets(secrets, lambda: 0.0),
        links=CachedLinks(stores.catalog, lambda: 0.0),
        program_id=program_id,
        storefront_id=storefront_id,
        promoter_ids=promoter_ids,
        link_code=new_link_code(random.randbytes),
        random=random,
    )
    secrets.put_storefront_secrets(
        storefront_id, StorefrontSecrets(webhook_secrets=(bodies.SECRET,), subject_key=b"k" * 32)
    )
    fill(chain, rate_bps, terms)
    counter.attach(database.connection.client.meta.events)
    chain.catalog.terms(program_id)
    chain.catalog.storefront(storefront_id)
    return chain


def fill(chain: Chain, rate_bps: tuple[int, ...], terms: Mapping[str, object]) -> None:
    """Program, storefront, promoters from the top down, and a link of the last one."""
    program = make.program(id=chain.program_id, merchant_id=new_id("mc", chain.random.randbytes))
    chain.catalog.add_program(program, make.plan(*rate_bps, **terms))
    chain.catalog.add_storefront(
        make.storefront(id=chain.storefront_id, program_id=chain.program_id, domain=bodies.SHOP)
    )
    for promoter_id, sponsor_id in zip(chain.promoter_ids, (None, *chain.promoter_ids), strict=False):
        chain.catalog.add_promoter(make.promoter(promoter_id, sponsor_id, program_id=chain.program_id))
    chain.catalog.add_link(
        make.link(
            code=chain.link_code,
            program_id=chain.program_id,
            promoter_id=chain.promoter_ids[-1],
            upline=tuple(reversed(chain.promoter_ids[:-1])),
        )
    )


def test_what_is_read_at_once_is_one_request(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 300, 100)
    stores, order = chain.stores, chain.deliver(chain.click())
    fold_entries(FoldEntries((chain.post(order),)), stores.pages)
    hundred = [*chain.promoter_ids, *(f"pr_{number}" for number in range(97))]
    account = AccountKey(chain.program_id, chain.promoter_ids[0], "USD")
    reads: dict[str, Callable[[], object]] = {
        "terms": lambda: stores.catalog.terms(chain.program_id),
        "a hundred promoters": lambda: stores.catalog.promoters(chain.program_id, hundred),
        "an order's facts": lambda: stores.facts.facts_of(order),
        "an order's entries": lambda: stores.ledger.entries_of(order),
        "a hundred entries by name": lambda: stores.ledger.entries_named(
            [f"{order}/{n}" for n in range(100)]
        ),
        "an account": lambda: stores.treasury.account(account),
    }
    for title, read in reads.items():
        with chain.counter.job(title) as job:
            assert read()
        assert len(job.requests) == 1, title


def test_a_click_is_one_write_and_once_warm_no_read(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    with chain.counter.job("click, cold") as cold:
        chain.click()
    with chain.counter.job("click, warm") as warm:
        chain.click()
    print(cold.report(), warm.report(), sep="\n")
    assert (cold.reads, cold.writes, warm.reads, warm.writes) == (1, 1, 0, 1)
    assert warm.write_units() == 1


def test_an_order_webhook_is_three_writes(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    click = chain.click()
    with chain.counter.job("order webhook, warm") as job:
        chain.deliver(click)
    print(job.report())
    # The fact; the body; and before it the mark by which its customer is found.
    assert (job.reads, job.writes) == (0, 3)
    assert job.write_units(chain.database.orders.name) == 1
    assert job.write_units(chain.database.private.name) <= 3


def test_accruing_a_two_level_order_is_six_requests(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    order = chain.deliver(chain.click())
    with chain.counter.job("accrual of two levels, warm") as job:
        entry = chain.post(order)
    print(job.report())
    assert len(entry.postings) == 2
    # Entries, facts, clicks, promoters; the entry; and whether facts came meanwhile.
    assert (job.reads, job.writes) == (5, 1)


def test_what_is_scarce_costs_one_read_and_a_transaction(
    dynamo_endpoint: DynamoEndpoint, random: Random
) -> None:
    daily = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=100_000)
    chain = opened_chain(dynamo_endpoint, random, 1000, 200, caps=(daily,), recruit_bonus_minor=500)
    order = chain.deliver(chain.click())
    with chain.counter.job("accrual of two levels under a cap, warm") as job:
        entry = chain.post(order)
    with chain.counter.job("release with a recruit bonus, warm") as release:
        released = chain.post(order, 40)
    print(job.report(), release.report(), sep="\n")
    assert [len(one.grants) for one in (entry, released)] == [2, 1]
    # One read more for the counters; entry and counters are one request.
    assert (job.reads, job.writes) == (6, 1)
    assert (release.reads, release.writes) == (6, 1)


def test_an_order_that_came_through_no_link_is_two_reads(
    dynamo_endpoint: DynamoEndpoint, random: Random
) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    order = OrderKey(chain.storefront_id, "1001")
    snapshot = make.snapshot(click_id=None)
    chain.stores.facts.append(make.fact(order=order, program_id=chain.program_id, snapshot=snapshot))
    with chain.counter.job("an order through no link, warm") as job:
        assert post_order(PostOrder(order), chain.ports, T0 + minutes(2)) is None
    assert (job.reads, job.writes) == (2, 0)


def test_a_plan_with_groups_reads_all_products_in_one_request_more(
    dynamo_endpoint: DynamoEndpoint, random: Random
) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    rule = RateRule(id="tea", category="tea", rate_bps=(500,))
    later = make.plan(1000, 200, version=2, effective_at=T0 - days(1), rules=(rule,))
    chain.catalog.add_plan(chain.program_id, later)
    order = chain.deliver(chain.click())
    chain.catalog.terms(chain.program_id)
    with chain.counter.job("accrual of two levels by groups, warm") as job:
        chain.post(order)
    print(job.report())
    assert (job.reads, job.writes) == (6, 1)


def test_a_history_costs_one_read_and_a_transaction(dynamo_endpoint: DynamoEndpoint, random: Random) -> None:
    """Of a plan that looks back: the customer's history, and the row that is written beside the entry."""
    chain = opened_chain(dynamo_endpoint, random, 1000, 200)
    looking_back = make.plan(1000, 200, version=2, binding=BindingPolicy.TIMED)
    chain.stores.catalog.add_plan(chain.program_id, looking_back)
    warm = replace(chain, catalog=CachedCatalog(chain.stores.catalog, lambda: 0.0))
    warm.catalog.terms(chain.program_id)
    jobs = []
    for one in (chain, warm):
        order = one.deliver(one.click())
        with chain.counter.job("accrual of two levels, warm, without and with a history") as job:
            one.post(order)
        print(job.report())
        jobs.append(job)
    without, with_history = jobs
    assert (with_history.reads, with_history.writes) == (without.reads + 1, without.writes)
    assert with_history.by_operation()["TransactWriteItems"] == 1


def test_a_three_level_order_costs_a_third_of_the_naive_design(
    dynamo_endpoint: DynamoEndpoint, random: Random
) -> None:
    chain = opened_chain(dynamo_endpoint, random, 1000, 300, 100)
    click = chain.click()
    private = chain.database.private.name
    with chain.counter.job("three-level orders/paid, webhook to folded pages") as job:
        order = chain.deliver(click)
        entry = chain.post(order)
        assert fold_entries(FoldEntries((entry,)), chain.stores.pages) == 4
    assert len(entry.postings) == 3
    raw_units = job.write_units(private)
    path = Job(job.title, [request for request in job.requests if private not in request.units])
    print(path.report())
    print(
        f"  {price(path):.3f} dollars a million; naive {NAIVE_PRICE:.2f}; a third of it {NAIVE_PRICE / 3:.2f}"
    )
    print(f"apart: raw body and its mark {raw_units:g} write units")
    print_apart(chain, click, order, entry)
    assert price(path) <= NAIVE_PRICE / 3
    assert (path.reads, path.writes) == (5, 6)
    assert path.write_units() <= 7
    assert path.read_units() <= 7


def print_apart(chain: Chain, click: Click, order: OrderKey, entry: Entry) -> None:
    """Print what comes on top of the path: statistics, verdict, release, payout."""
    counter, stores = chain.counter, chain.stores
    (fact,) = stores.facts.facts_of(order)
    with counter.job("apart: statistics of a click") as statistics:
        count_clicks(CountClicks((click,)), stores.pages)
    with counter.job("apart: verdict") as verdict:
        screen_order(ScreenOrder(fact), ScreenOrderPorts(stores.clicks, chain.catalog, stores.facts), T0)
    with counter.job("apart: release, folded") as release:
        released = chain.post(order, 40)
        fold_entries(FoldEntries((released,)), stores.pages)
    _, head = stores.treasury.account(AccountKey(chain.program_id, chain.promoter_ids[-1], "USD"))
    with counter.job("apart: payout reserved") as payout:
        stores.treasury.move(reserve(head, 100, f"{chain.program_id}.2026-12-10", T0), head)
    for job in (statistics, verdict, release, payout):
        print(job.report())
        print(f"  {price(job):.3f} dollars a million")
    assert entry.sequence + 1 == released.sequence
