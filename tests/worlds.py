"""A whole Grapevine in memory, wired as the runtime wires the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts, MemoryPersonalData, MemoryRawBodies
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.outside import (
    MemoryBus,
    MemoryFailures,
    MemoryFiles,
    MemorySecrets,
    MemorySettlementQueue,
)
from grapevine.adapters.memory.state import MemoryPages, MemorySettlements, MemoryTreasury
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.programs import Plan
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.read_balance import Balance, read_balance
from grapevine.usecases.settle_promoters import SettlePorts, settle_promoters
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from grapevine.usecases.sweep_due import SweepPorts, Swept, sweep_due
from grapevine.usecases.verify_program import Proof, verify_program
from tests import builders as make


@dataclass
class World:
    """Every adapter, and the use cases as one step each."""

    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    clicks: MemoryClicks = field(default_factory=MemoryClicks)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    raw_bodies: MemoryRawBodies = field(default_factory=MemoryRawBodies)
    personal_data: MemoryPersonalData = field(default_factory=MemoryPersonalData)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    pages: MemoryPages = field(default_factory=MemoryPages)
    settlements: MemorySettlements = field(default_factory=MemorySettlements)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    failures: MemoryFailures = field(default_factory=MemoryFailures)
    queue: MemorySettlementQueue = field(default_factory=MemorySettlementQueue)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    bus: MemoryBus = field(default_factory=MemoryBus)
    treasury: MemoryTreasury = field(init=False)

    def __post_init__(self) -> None:
        self.treasury = MemoryTreasury(self.ledger, self.pages)

    @property
    def orders(self) -> PostOrderPorts:
        return PostOrderPorts(self.ledger, self.facts, self.clicks, self.catalog)

    def append(self, *facts: Fact) -> None:
        for fact in facts:
            self.facts.append(fact)

    def post(self, now: datetime, order: OrderKey = make.ORDER) -> Entry | None:
        return post_order(PostOrder(order), self.orders, now)

    def fold(self) -> None:
        fold_entries(FoldEntries(tuple(self.ledger.appended)), self.pages)

    def sweep(self, now: datetime) -> Swept:
        ports = SweepPorts(self.ledger, self.settlements, self.orders, self.failures)
        return sweep_due(ports, now)

    def settle(self, now: datetime) -> None:
        """Start what is due and work the queue off, as the functions do one after the other."""
        start_settlements(StartSettlementsPorts(self.catalog, self.settlements, self.queue), now)
        ports = SettlePorts(self.catalog, self.treasury, self.settlements, self.files)
        while self.queue.sent:
            settle_promoters(self.queue.sent.pop(0), ports, now)

    def balance(self, promoter_id: str, currency: str = "USD") -> Balance:
        return read_balance(AccountKey(make.PROGRAM_ID, promoter_id, currency), self.treasury)

    def proof(self) -> Proof:
        return verify_program(make.PROGRAM_ID, self.ledger, self.treasury)


def chain_world(*plans: Plan) -> World:
    """Return a world with one program and the chain Ana ← Bo ← Cy, whose link was clicked."""
    world = World()
    world.catalog.add_program(make.program(), plans[0] if plans else make.plan(1000, 300, 100))
    world.catalog.add_storefront(make.storefront())
    world.catalog.add_promoter(make.promoter(make.ANA))
    world.catalog.add_promoter(make.promoter(make.BO, make.ANA))
    world.catalog.add_promoter(make.promoter(make.CY, make.BO))
    world.clicks.record(make.click())
    return world
