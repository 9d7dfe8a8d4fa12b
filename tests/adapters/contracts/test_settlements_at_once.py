"""A schedule that fires eight times at once, lists and pages twice, two runs at a time: each is paid once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pytest

from grapevine.adapters.memory.outside import MemoryFiles, MemorySecrets, MemorySettlementQueue
from grapevine.domain.coupons import Coupon
from grapevine.domain.errors import UnavailableError
from grapevine.domain.instants import day_of
from grapevine.domain.pages import Page, PageKey
from grapevine.domain.payouts import Payout
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Program
from grapevine.domain.settlements import PageName, Settled, Settlement
from grapevine.ports import CatalogLists
from grapevine.runtime.wiring import ProgramRails
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import (
    DemandSettlement,
    StartSettlementsPorts,
    demand_settlement,
    start_settlements,
)
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.adapters.contracts.test_concurrency import THREADS, at_once
from tests.builders import T0, days

pytestmark = pytest.mark.concurrent

PROMOTERS = 130
"""Two pages."""
FUNDED = 12
"""Every tenth of them has money."""
AMOUNT = 5_000
RUN_AT = T0 + days(60)
T = TypeVar("T")


@dataclass(frozen=True)
class OnlyMine:
    """The listings of one program alone: the tables are shared with other tests."""

    stores: Stores
    program: Program

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        yield self.program

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        return self.stores.catalog.promoters_of(program_id, after)

    def coupons_of(self, program_id: str, promoter_id: str | None = None) -> Iterator[Coupon]:
        return iter(())


@dataclass
class House:
    """A program with people and money, and the settlement's use cases over an engine's stores."""

    stores: Stores
    program: Program
    queue: MemorySettlementQueue

    @property
    def lists(self) -> CatalogLists:
        return OnlyMine(self.stores, self.program)

    @property
    def closing(self) -> ClosePorts:
        return ClosePorts(self.stores.settlements, self.queue)

    @property
    def starting(self) -> StartSettlementsPorts:
        return StartSettlementsPorts(self.lists, self.stores.settlements, self.queue)

    def put_on_pages(self, name: PageName) -> Settlement:
        ports = ListPorts(self.lists, self.stores.settlements, self.queue, self.closing)
        return again(lambda: list_promoters(name, ports, RUN_AT))

    def settle(self, name: PageName) -> object:
        stores = self.stores
        rails = ProgramRails(MemorySecrets(), MemoryFiles(), lambda: RUN_AT)
        ports = SettlePorts(
            stores.catalog, stores.treasury, stores.settlements, self.closing, stores.payees, rails
        )
        return again(lambda: settle_page(SettlePage(name), ports, RUN_AT))

    def work_off(self, copies: int) -> None:
        """Deliver everything of ours that is queued, each message so many times at once.

        The tables are shared with other tests, whose open runs are gone on with as well.
        """
        while self.queue.lists or self.queue.pages:
            lists, self.queue.lists = self.queue.lists, []
            pages, self.queue.pages = self.queue.pages, []
            wanted = [partial(self.put_on_pages, name) for name in dict.fromkeys(lists) if self._owns(name)]
            work = [partial(self.settle, name) for name in dict.fromkeys(pages) if self._owns(name)]
            for calls in (wanted, work):
                if calls:
                    results = at_once([*calls] * copies)
                    assert [result for result in results if isinstance(result, Exception)] == []

    def _owns(self, name: PageName) -> bool:
        return name.settlement_id.startswith(f"{self.program.id}.")

    def payouts(self) -> list[Payout]:
        return list(self.stores.treasury.all_payouts(self.program.id))


def again(step: Callable[[], T]) -> T:
    """Do a step as the queue does: again where somebody was in the way."""
    for _ in range(4):
        try:
            return step()
        except UnavailableError:
            continue
    return step()


@pytest.fixture
def house(stores: Stores, names: Names) -> House:
    """Return a house where every tenth promoter has 50.00."""
    program = make.program(id=names.program)
    stores.catalog.add_program(program, make.plan())
    for number in range(PROMOTERS):
        stores.catalog.add_promoter(make.promoter(f"pr_{number:04}", program_id=names.program))
    for number in range(FUNDED):
        key = PageKey(f"{names.program}/pr_{number * 10:04}/USD", day_of(T0), 0)
        stores.pages.fold([Page(key, {"payable": AMOUNT}, frozenset({"sf/1/1"}))])
    return House(stores, program, MemorySettlementQueue())


def test_edge_77_one_schedule_that_fires_eight_times_pays_once(house: House) -> None:
    at_once([partial(start_settlements, house.starting, RUN_AT)] * THREADS)
    house.work_off(copies=4)
    (run,) = house.stores.settlements.runs_of(house.program.id, 9)
    assert (run.promoters, run.settled, run.pages_done) == (PROMOTERS, PROMOTERS, 2)
    assert run.counts == {Settled.PAID: FUNDED, Settled.EMPTY: PROMOTERS - FUNDED}
    assert (run.paid_minor, run.closed_at) == (FUNDED * AMOUNT, RUN_AT)
    assert sorted(payout.amount_minor for payout in house.payouts()) == [AMOUNT] * FUNDED
    pages = list(house.stores.settlements.pages_from(PageName(run.id, "")))
    assert [name for page in pages for name in page.promoter_ids] == [f"pr_{n:04}" for n in range(PROMOTERS)]


def test_edge_77_two_runs_at_once_pay_each_promoter_once_between_them(house: House) -> None:
    demand = DemandSettlement(house.program.id, "now")
    starts: list[Callable[[], object]] = [
        partial(start_settlements, house.starting, RUN_AT),
        partial(demand_settlement, demand, house.starting, RUN_AT),
    ]
    at_once(starts)
    house.work_off(copies=2)
    runs = house.stores.settlements.runs_of(house.program.id, 9)
    assert [run.closed_at for run in runs] == [RUN_AT] * 2
    assert [run.settled for run in runs] == [PROMOTERS] * 2
    paid = sorted((payout.key.promoter_id, payout.amount_minor) for payout in house.payouts())
    assert paid == [(f"pr_{number * 10:04}", AMOUNT) for number in range(FUNDED)]
    heads = list(house.stores.treasury.all_heads(house.program.id))
    assert {(head.taken_minor, head.reserved_minor) for head in heads} == {(AMOUNT, AMOUNT)}
