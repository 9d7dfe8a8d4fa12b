"""A whole Grapevine in memory, wired as the runtime wires the real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import count
from typing import Any

from grapevine.adapters.dynamo.clicks import click_of
from grapevine.adapters.dynamo.facts import fact_of
from grapevine.adapters.dynamo.keys import order_in
from grapevine.adapters.dynamo.ledger import entry_of
from grapevine.adapters.dynamo.stored import stored_in
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.events import (
    MemoryEventLog,
    MemorySender,
    MemorySubscriptions,
    MemoryWebhookQueue,
)
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.messages import MemoryContacts, MemoryMessenger, MemoryMessengers, MemoryNotes
from grapevine.adapters.memory.outside import (
    MemoryBus,
    MemoryFailures,
    MemoryFiles,
    MemoryPrinter,
    MemorySecrets,
    MemorySettlementQueue,
    MemoryShopQueue,
)
from grapevine.adapters.memory.private import MemoryPersonalData, MemoryPrivacyRecords, MemoryRawBodies
from grapevine.adapters.memory.rails import MemoryBatches, MemoryPayees
from grapevine.adapters.memory.requests import MemoryRequests
from grapevine.adapters.memory.settlements import MemorySettlements
from grapevine.adapters.memory.shops import MemoryReconcileMarks, MemoryShops
from grapevine.adapters.memory.state import (
    MemoryPages,
    MemoryProofs,
    MemoryTreasury,
    MemoryWaits,
)
from grapevine.adapters.rails.sepa_status import read_status_report
from grapevine.domain.clicks import Click
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.event_rows import Stored
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import RandomBytes
from grapevine.domain.plans import Plan
from grapevine.domain.settlements import ListSizes
from grapevine.domain.transfers import RailName
from grapevine.ports import (
    ApiKeyStore,
    LinkReader,
    Rail,
    Rails,
    StatementPrinter,
    StatusReader,
    StorefrontAdapter,
    StorefrontSecrets,
    WebhookSender,
)
from grapevine.runtime.opening import StorefrontAdapters
from grapevine.runtime.wiring import SHOP_MODULES, ProgramRails
from grapevine.usecases.apply_results import ResultPorts
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.read_balance import Balance, read_balance
from grapevine.usecases.send_payouts import PayoutsSent, send_payouts
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from grapevine.usecases.sweep_due import SweepPorts, Swept, sweep_due
from grapevine.usecases.verify_program import OrderProof, Proof, verify_program
from grapevine.usecases.void_parts import VoidParts, VoidPorts, void_parts
from tests import builders as make
from tests.rails.fake import FakeRails

SUBJECT_KEY = b"k" * 32
SECRETS = StorefrontSecrets(webhook_secrets=("current-secret-16", "previous-secret"), subject_key=SUBJECT_KEY)


def counting_bytes() -> RandomBytes:
    """Return a source whose every answer is another one, and the same in every run."""
    numbers = count(1)
    return lambda size: blake2b(str(next(numbers)).encode(), digest_size=size).digest()


@dataclass
class World:
    """Every adapter, and the use cases as one step each; also what the apps run on in their tests."""

    clock: datetime = make.T0

    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    clicks: MemoryClicks = field(default_factory=MemoryClicks)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    raw_bodies: MemoryRawBodies = field(default_factory=MemoryRawBodies)
    personal_data: MemoryPersonalData = field(default_factory=MemoryPersonalData)
    privacy_records: MemoryPrivacyRecords = field(default_factory=MemoryPrivacyRecords)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    pages: MemoryPages = field(default_factory=MemoryPages)
    settlements: MemorySettlements = field(default_factory=MemorySettlements)
    payees: MemoryPayees = field(default_factory=MemoryPayees)
    batches: MemoryBatches = field(default_factory=MemoryBatches)
    waits: MemoryWaits = field(default_factory=MemoryWaits)
    proofs: MemoryProofs = field(default_factory=MemoryProofs)
    requests: MemoryRequests = field(default_factory=MemoryRequests)
    requests_per_minute: int = 1_000_000
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    failures: MemoryFailures = field(default_factory=MemoryFailures)
    settlement_queue: MemorySettlementQueue = field(default_factory=MemorySettlementQueue)
    notes: MemoryNotes = field(default_factory=MemoryNotes)
    contacts: MemoryContacts = field(default_factory=MemoryContacts)
    messenger: MemoryMessenger = field(default_factory=MemoryMessenger)
    shop_queue: MemoryShopQueue = field(default_factory=MemoryShopQueue)
    shop_clients: MemoryShops = field(default_factory=MemoryShops)
    reconcile_marks: MemoryReconcileMarks = field(default_factory=MemoryReconcileMarks)
    event_log: MemoryEventLog = field(default_factory=MemoryEventLog)
    subscriptions: MemorySubscriptions = field(default_factory=MemorySubscriptions)
    webhook_queue: MemoryWebhookQueue = field(default_factory=MemoryWebhookQueue)
    webhook_sender: WebhookSender = field(default_factory=MemorySender)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    bus: MemoryBus = field(default_factory=MemoryBus)
    printer: StatementPrinter = field(default_factory=MemoryPrinter)
    given_rails: dict[RailName, Rail] = field(default_factory=dict)
    treasury: MemoryTreasury = field(init=False)
    storefront_adapters: dict[str, StorefrontAdapter] = field(
        default_factory=lambda: dict(StorefrontAdapters(SHOP_MODULES))
    )
    random_bytes: RandomBytes = field(default_factory=counting_bytes)
    list_sizes: ListSizes = field(default_factory=ListSizes)

    def __post_init__(self) -> None:
        self.ledger.customers = self.catalog
        self.treasury = MemoryTreasury(self.ledger, self.pages)

    def now(self) -> datetime:
        return self.clock

    @property
    def api_keys(self) -> ApiKeyStore:
        return self.catalog

    @property
    def messengers(self) -> MemoryMessengers:
        return MemoryMessengers(self.messenger)

    @property
    def links(self) -> LinkReader:
        return self.catalog

    def order_of(self, image: Mapping[str, Any]) -> OrderKey | None:
        return order_in(image)

    def fact_of(self, image: Mapping[str, Any]) -> Fact:
        return fact_of(image)

    def entry_of(self, image: Mapping[str, Any]) -> Entry:
        return entry_of(image)

    def click_of(self, image: Mapping[str, Any]) -> Click:
        return click_of(image)

    def stored_in(self, image: Mapping[str, Any]) -> Stored | None:
        return stored_in(image)

    @property
    def orders(self) -> PostOrderPorts:
        return PostOrderPorts(self.ledger, self.facts, self.clicks, self.catalog, self.pages, self.waits)

    @property
    def results(self) -> ResultPorts:
        return ResultPorts(self.catalog, self.treasury)

    @property
    def rails(self) -> Rails:
        """The real rails; those that a test gives stand before them."""
        return FakeRails(self.given_rails, ProgramRails(self.secrets, self.files, self.now))

    @property
    def sending(self) -> SendPorts:
        return SendPorts(self.catalog, self.treasury, self.payees, self.batches, self.rails)

    def send(self, now: datetime, program_id: str = make.PROGRAM_ID) -> PayoutsSent:
        return send_payouts(program_id, self.sending, now)

    @property
    def status_reader(self) -> StatusReader:
        return read_status_report

    def append(self, *facts: Fact) -> None:
        for fact in facts:
            self.facts.append(fact)

    def post(self, now: datetime, order: OrderKey = make.ORDER) -> Entry | None:
        return post_order(PostOrder(order), self.orders, now)

    def fold(self) -> None:
        fold_entries(FoldEntries(tuple(self.ledger.appended)), self.pages)

    def fold_and_post(self, now: datetime) -> None:
        """Fold, post the bounties that look at what was folded, and fold those: as the streams do."""
        self.fold()
        for bounty in bounties_touched(self.ledger.appended):
            post_bounty(bounty, self.orders, now)
        self.fold()

    def sweep(self, now: datetime) -> Swept:
        ports = SweepPorts(self.ledger, self.settlements, self.catalog, self.orders, self.failures)
        return sweep_due(ports, now)

    def settle(self, now: datetime) -> None:
        """Start what is due and work the queue off, as the functions do one after the other."""
        start_settlements(self.starting, now)
        self.work_off(now)

    def work_off(self, now: datetime) -> None:
        """List and settle what is queued."""
        queue = self.settlement_queue
        while queue.lists or queue.pages:
            while queue.lists:
                list_promoters(queue.lists.pop(0), self.listing, now)
            while queue.pages:
                settle_page(SettlePage(queue.pages.pop(0)), self.settling, now)

    @property
    def starting(self) -> StartSettlementsPorts:
        return StartSettlementsPorts(self.catalog, self.settlements, self.settlement_queue)

    @property
    def closing(self) -> ClosePorts:
        return ClosePorts(self.settlements, self.settlement_queue)

    @property
    def listing(self) -> ListPorts:
        return ListPorts(self.catalog, self.settlements, self.settlement_queue, self.closing, self.list_sizes)

    @property
    def settling(self) -> SettlePorts:
        return SettlePorts(
            self.catalog, self.treasury, self.settlements, self.closing, self.payees, self.rails
        )

    def void(self, promoter_id: str, now: datetime) -> tuple[Entry, ...]:
        """Void what is held for who was banned, and fold it."""
        ports = VoidPorts(self.pages, self.orders, self.failures)
        posted = void_parts(VoidParts(make.PROGRAM_ID, promoter_id), ports, now)
        self.fold()
        return posted

    def balance(self, promoter_id: str, currency: str = "USD") -> Balance:
        return read_balance(AccountKey(make.PROGRAM_ID, promoter_id, currency), self.treasury)

    def proof(self) -> Proof:
        return verify_program(make.PROGRAM_ID, self.ledger, self.treasury)

    def live_proof(self, now: datetime, since: datetime | None = None) -> Proof:
        """Prove the books and that every order was posted, as the nightly job does."""
        orders = OrderProof(facts=self.facts, orders=self.orders, now=now, since=since)
        return verify_program(make.PROGRAM_ID, self.ledger, self.treasury, orders)


def chain_world(*plans: Plan, **changes: object) -> World:
    """Return a world with one program and the chain Ana ← Bo ← Cy, whose link was clicked."""
    world = World()
    world.catalog.add_program(make.program(**changes), plans[0] if plans else make.plan(1000, 300, 100))
    world.catalog.add_storefront(make.storefront())
    world.catalog.add_promoter(make.promoter(make.ANA))
    world.catalog.add_promoter(make.promoter(make.BO, make.ANA))
    world.catalog.add_promoter(make.promoter(make.CY, make.BO))
    world.catalog.add_link(make.link())
    world.clicks.record(make.click())
    world.secrets.put_subject_key(make.PROGRAM_ID, SUBJECT_KEY)
    world.secrets.put_storefront_secrets(make.STOREFRONT_ID, SECRETS)
    return world
