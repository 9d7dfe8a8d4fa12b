"""Whole settlements at once, over the same accounts: each is paid once, and the books are proven.

Every thread does all of a run by itself, as if each of its messages came to everybody at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from grapevine.adapters.memory.outside import MemoryFiles, MemorySecrets, MemorySettlementQueue
from grapevine.domain.errors import GrapevineError
from grapevine.domain.facts import FactKind, Outcome
from grapevine.domain.payout_requests import PayoutRefusedError, is_asked
from grapevine.domain.payout_terms import OnDemand
from grapevine.domain.payouts import Payout, transfer_id
from grapevine.domain.programs import Program
from grapevine.domain.settlements import ListSizes, Settled, Settlement
from grapevine.ports import Rails
from grapevine.runtime.wiring import ProgramRails
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.request_payout import RequestPayout, RequestPorts, request_payout
from grapevine.usecases.send_payouts import send_payouts
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import (
    DemandSettlement,
    StartSettlementsPorts,
    demand_settlement,
    start_settlements,
)
from grapevine.usecases.verify_program import verify_program
from tests import builders as make
from tests.adapters.contracts.shops import Shop
from tests.adapters.contracts.stores import Names, Stores, fresh_click_id
from tests.adapters.contracts.test_concurrency import at_once
from tests.builders import ANA, BO, CY, T0, days, minutes

pytestmark = pytest.mark.concurrent

DAY = datetime(2027, 1, 10, 4, tzinfo=UTC)
THREADS = 4
MOST_TRIES = 30
"""Of one message. Each is lost to somebody who was faster, and they come to an end."""
DUE = {CY: 20_000, BO: 6_000, ANA: 2_000}
"""What an order of 2,000.00 brings at 10, 3 and 1 %."""


class Own:
    """A store in which there is one program alone: others' tests have theirs in the same tables."""

    def __init__(self, store: Any, program_id: str) -> None:  # noqa: ANN401 - any store that lists programs
        self._store = store
        self._program_id = program_id

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._store, name)

    def programs(self) -> Iterator[Program]:
        yield self._store.terms(self._program_id).program

    def open_runs(self) -> Iterator[Settlement]:
        return (run for run in self._store.open_runs() if run.program_id == self._program_id)


@dataclass(frozen=True, slots=True)
class Town:
    """A program whose people have something payable, and may ask for it; and the bank's files."""

    stores: Stores
    program_id: str
    files: MemoryFiles

    @property
    def rails(self) -> Rails:
        return ProgramRails(MemorySecrets(), self.files, lambda: DAY)

    def run(self, begin: Callable[[StartSettlementsPorts], object]) -> None:
        """Do all of a run, message by message; what fails comes again."""
        stores, queue = self.stores, MemorySettlementQueue()
        catalog: Any = Own(stores.catalog, self.program_id)
        settlements: Any = Own(stores.settlements, self.program_id)
        closing = ClosePorts(settlements, queue)
        sizes = ListSizes(promoters=1, pages=2)
        listing = ListPorts(catalog, settlements, queue, closing, sizes)
        settling = SettlePorts(catalog, stores.treasury, settlements, closing, stores.payees, self.rails)
        until_done(lambda: begin(StartSettlementsPorts(catalog, settlements, queue)))
        while queue.lists or queue.pages:
            if queue.lists:
                until_done(partial(list_promoters, queue.lists.pop(), listing, DAY))
            else:
                until_done(partial(settle_page, SettlePage(queue.pages.pop()), settling, DAY))
        for _ in queue.payouts:
            self.send()

    def send(self) -> None:
        """Send what may go."""
        stores = self.stores
        ports = SendPorts(stores.catalog, stores.treasury, stores.payees, stores.batches, self.rails)
        until_done(partial(send_payouts, self.program_id, ports, DAY))

    def sent(self) -> list[str]:
        """Return what the bank's files say is to be paid, line by line."""
        bodies = [body for name, (body, _) in self.files.stored.items() if name.startswith("payouts/")]
        lines = (row for body in bodies for row in csv.DictReader(io.StringIO(body.decode())))
        return sorted(row["transfer_id"] for row in lines)

    def scheduled(self) -> None:
        """Do the run whose day has come."""
        self.run(lambda ports: start_settlements(ports, DAY))

    def demanded(self) -> None:
        """Do a run that an operator asked for."""
        command = DemandSettlement(program_id=self.program_id, name="now")
        self.run(lambda ports: demand_settlement(command, ports, DAY))

    def ask(self, promoter_id: str, amount_minor: int, request_id: str) -> Payout:
        """Ask for some of what is payable."""
        stores = self.stores
        command = RequestPayout(
            program_id=self.program_id,
            promoter_id=promoter_id,
            amount_minor=amount_minor,
            request_id=request_id,
        )
        ports = RequestPorts(stores.catalog, stores.treasury, stores.payees, self.rails)
        return request_payout(command, ports, DAY)

    def payouts(self) -> list[Payout]:
        return list(self.stores.treasury.all_payouts(self.program_id))

    def paid(self) -> dict[str, int]:
        """Return what was taken from each account, over all its payouts."""
        found: dict[str, int] = {}
        for payout in self.payouts():
            name, taken = payout.key.promoter_id, payout.amount_minor + payout.fee_minor
            found[name] = found.get(name, 0) + taken
        return found

    def assert_proven(self) -> None:
        """Heads are what the entries lead to, and everything adds up; each run that began is closed.

        Each payout goes to the bank once: an hour later what somebody was in the way of is sent too.
        """
        stores = self.stores
        self.send()
        assert self.sent() == sorted(transfer_id(payout, 1) for payout in self.payouts())
        fold_entries(FoldEntries(tuple(stores.ledger.scan(self.program_id))), stores.pages)
        assert verify_program(self.program_id, stores.ledger, stores.treasury).faults == ()
        for payout in self.payouts():
            heads = stores.treasury.account(payout.key)[1]
            assert heads.sequence == len(stores.ledger.entries_of(payout.key))
        runs = stores.settlements.runs_of(self.program_id, 10)
        assert [run.id for run in runs if run.closed_at is None] == []


def until_done(step: Callable[[], object]) -> None:
    """Do a step again for as long as it fails."""
    for _ in range(MOST_TRIES - 1):
        try:
            step()
        except GrapevineError:
            continue
        return
    step()


@pytest.fixture
def town(stores: Stores, names: Names) -> Town:
    program = make.program(id=names.program, on_demand=OnDemand(minimum_minor=100, fee_minor=30))
    stores.catalog.add_program(program, make.plan(1000, 300, 100))
    for promoter_id, sponsor_id in ((ANA, None), (BO, ANA), (CY, BO)):
        stores.catalog.add_promoter(make.promoter(promoter_id, sponsor_id, program_id=names.program))
    click = make.click(id=fresh_click_id(), program_id=names.program)
    stores.clicks.record(click)
    shop, order = Shop(names, click), names.order()
    stores.facts.append(shop.fact(FactKind.PAID, minutes(1), order, lines=(make.line("a", 200_000),)))
    allowed = make.verdict(Outcome.ALLOW).verdict
    stores.facts.append(make.fact(FactKind.VERDICT, order=order, program_id=names.program, verdict=allowed))
    posted = [post_order(PostOrder(order), stores.orders, T0 + after) for after in (minutes(2), days(31))]
    fold_entries(FoldEntries(tuple(entry for entry in posted if entry)), stores.pages)
    return Town(stores, names.program, MemoryFiles())


def test_edge_84_two_settlements_at_once_pay_each_account_once(town: Town) -> None:
    assert set(at_once([*[town.scheduled] * THREADS, *[town.demanded] * THREADS])) == {None}
    assert town.paid() == DUE
    assert len(town.payouts()) == len(DUE)
    town.assert_proven()


def test_edge_77_one_schedules_event_that_comes_eight_times_at_once_pays_once(town: Town) -> None:
    assert set(at_once([town.scheduled] * THREADS * 2)) == {None}
    assert town.paid() == DUE
    assert len(town.payouts()) == len(DUE)
    (run,) = town.stores.settlements.runs_of(town.program_id, 10)
    assert run.counts == {Settled.PAID: 3}
    assert (run.pages, run.pages_done, run.promoters, run.paid_minor) == (3, 3, 3, sum(DUE.values()))
    town.assert_proven()


def test_edge_84_payouts_on_demand_in_the_instant_of_a_settlement_pay_once_between_them(town: Town) -> None:
    asking = [partial(town.ask, CY, 15_000, str(number)) for number in range(THREADS)]
    calls: list[Callable[[], object]] = [*asking, *[town.scheduled] * THREADS]
    results = at_once(calls)
    assert town.paid() == DUE
    asked = [payout for payout in town.payouts() if is_asked(payout.settlement_id)]
    assert [one.id for one in results if isinstance(one, Payout)] == [one.id for one in asked]
    assert len(asked) <= 1
    assert len(town.payouts()) == len(DUE) + len(asked)
    refused = [answer for answer in results if isinstance(answer, PayoutRefusedError)]
    assert len(refused) == THREADS - len(asked)
    town.assert_proven()


def test_edge_84_one_request_in_the_instant_of_a_settlement_is_answered_the_same_each_time(
    town: Town,
) -> None:
    asking: list[Callable[[], object]] = [partial(town.ask, CY, 15_000, "once")] * THREADS
    results = at_once([*asking, town.scheduled, town.demanded])
    asked = {payout.id for payout in town.payouts() if is_asked(payout.settlement_id)}
    assert len(asked) <= 1
    assert {one.id for one in results[:THREADS] if isinstance(one, Payout)} == asked
    assert all(isinstance(one, Payout if asked else PayoutRefusedError) for one in results[:THREADS])
    assert town.paid() == DUE
    town.assert_proven()
