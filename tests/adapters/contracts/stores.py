"""The stores of one engine behind their ports, so that a contract is written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes

from grapevine.adapters.dynamo.api_keys import DynamoApiKeys
from grapevine.adapters.dynamo.batches import DynamoBatches
from grapevine.adapters.dynamo.catalog import DynamoCatalog
from grapevine.adapters.dynamo.clicks import DynamoClicks
from grapevine.adapters.dynamo.events import DynamoEventLog
from grapevine.adapters.dynamo.facts import DynamoFacts
from grapevine.adapters.dynamo.ledger import DynamoLedger
from grapevine.adapters.dynamo.messages import DynamoContacts, DynamoNotes
from grapevine.adapters.dynamo.pages import DynamoPages
from grapevine.adapters.dynamo.payees import DynamoPayees
from grapevine.adapters.dynamo.privacy import DynamoPrivacyRecords
from grapevine.adapters.dynamo.private import DynamoPersonalData, DynamoRawBodies
from grapevine.adapters.dynamo.proofs import DynamoProofs
from grapevine.adapters.dynamo.requests import DynamoRequests
from grapevine.adapters.dynamo.settlements import DynamoSettlements
from grapevine.adapters.dynamo.shop_marks import DynamoReconcileMarks
from grapevine.adapters.dynamo.subscriptions import DynamoSubscriptions
from grapevine.adapters.dynamo.table import Access, Database
from grapevine.adapters.dynamo.treasury import DynamoTreasury
from grapevine.adapters.dynamo.waits import DynamoWaits
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.events import MemoryEventLog, MemorySubscriptions
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.messages import MemoryContacts, MemoryNotes
from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.memory.private import MemoryPersonalData, MemoryPrivacyRecords, MemoryRawBodies
from grapevine.adapters.memory.rails import MemoryBatches, MemoryPayees
from grapevine.adapters.memory.requests import MemoryRequests
from grapevine.adapters.memory.settlements import MemorySettlements
from grapevine.adapters.memory.shops import MemoryReconcileMarks
from grapevine.adapters.memory.state import (
    MemoryPages,
    MemoryProofs,
    MemoryTreasury,
    MemoryWaits,
)
from grapevine.domain.entries import AccountKey
from grapevine.domain.facts import OrderKey
from grapevine.domain.ids import new_click_id, new_visitor_id
from grapevine.ports import (
    ApiKeyStore,
    BatchStore,
    BodyStore,
    ContactStore,
    EventLog,
    NoteStore,
    PayeeStore,
    PersonalData,
    PrivacyRecords,
    ProofStore,
    ReconcileMarks,
    RequestStore,
    SubscriptionStore,
    WaitStore,
    WholeCatalog,
)
from grapevine.runtime.stores import (
    ClicksPart,
    FactsPart,
    LedgerPart,
    PagesPart,
    SettlementsPart,
    TreasuryPart,
)
from grapevine.usecases.post_order import PostOrderPorts
from tests.builders import T0
from tests.engines.endpoint import DynamoEndpoint

# Shared machines are slow at times; a test that waits is better than one that fails for it.
PATIENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stores:
    """One engine's stores."""

    catalog: WholeCatalog
    clicks: ClicksPart
    facts: FactsPart
    raw_bodies: BodyStore
    personal_data: PersonalData
    ledger: LedgerPart
    pages: PagesPart
    treasury: TreasuryPart
    settlements: SettlementsPart
    payees: PayeeStore
    batches: BatchStore
    waits: WaitStore
    notes: NoteStore
    contacts: ContactStore
    proofs: ProofStore
    event_log: EventLog
    subscriptions: SubscriptionStore
    reconcile_marks: ReconcileMarks
    privacy_records: PrivacyRecords
    requests: RequestStore
    api_keys: ApiKeyStore

    @property
    def orders(self) -> PostOrderPorts:
        """What posting an order needs."""
        return PostOrderPorts(self.ledger, self.facts, self.clicks, self.catalog, self.pages, self.waits)


@dataclass(frozen=True, slots=True)
class Names:
    """Ids that no other test of the session has."""

    program: str
    merchant: str
    storefront: str
    number: str

    def order(self, order_id: str = "1001") -> OrderKey:
        """An order of the test's own storefront."""
        return OrderKey(self.storefront, order_id)

    def account(self, promoter_id: str = "pr_ana", currency: str = "USD") -> AccountKey:
        """An account of the test's own program."""
        return AccountKey(self.program, promoter_id, currency)


def names_from(unique_id: Callable[[str], str]) -> Names:
    """Fresh names; their number makes names of other kinds."""
    program = unique_id("pg")
    return Names(program, unique_id("mc"), unique_id("sf"), program.rpartition("-")[2])


def fresh_click_id() -> str:
    """A click id of a visitor of its own."""
    return new_click_id(new_visitor_id(token_bytes), T0, token_bytes)


def opened(endpoint: DynamoEndpoint) -> Database:
    """The database at an endpoint."""
    access = Access(
        region=endpoint.region, endpoint_url=endpoint.endpoint_url, read_timeout_seconds=PATIENT_SECONDS
    )
    return Database(endpoint.tables, access)


def dynamo_stores(database: Database) -> Stores:
    """The stores on a DynamoDB."""
    raw_bodies, personal_data = DynamoRawBodies(database), DynamoPersonalData(database)
    return Stores(
        catalog=DynamoCatalog(database),
        clicks=DynamoClicks(database),
        facts=DynamoFacts(database),
        raw_bodies=raw_bodies,
        personal_data=personal_data,
        ledger=DynamoLedger(database),
        pages=DynamoPages(database),
        treasury=DynamoTreasury(database),
        settlements=DynamoSettlements(database),
        payees=DynamoPayees(database),
        batches=DynamoBatches(database, MemoryFiles()),
        waits=DynamoWaits(database),
        notes=DynamoNotes(database),
        contacts=DynamoContacts(database),
        proofs=DynamoProofs(database),
        event_log=DynamoEventLog(database),
        subscriptions=DynamoSubscriptions(database),
        reconcile_marks=DynamoReconcileMarks(database),
        privacy_records=DynamoPrivacyRecords(database),
        requests=DynamoRequests(database),
        api_keys=DynamoApiKeys(database),
    )


def memory_stores() -> Stores:
    """The stores in memory, empty."""
    raw_bodies, personal_data = MemoryRawBodies(), MemoryPersonalData()
    catalog, pages = MemoryCatalog(), MemoryPages()
    ledger = MemoryLedger(catalog)
    return Stores(
        catalog=catalog,
        clicks=MemoryClicks(),
        facts=MemoryFacts(),
        raw_bodies=raw_bodies,
        personal_data=personal_data,
        ledger=ledger,
        pages=pages,
        treasury=MemoryTreasury(ledger, pages),
        settlements=MemorySettlements(),
        payees=MemoryPayees(),
        batches=MemoryBatches(),
        waits=MemoryWaits(),
        notes=MemoryNotes(),
        contacts=MemoryContacts(),
        proofs=MemoryProofs(),
        event_log=MemoryEventLog(),
        subscriptions=MemorySubscriptions(),
        reconcile_marks=MemoryReconcileMarks(),
        privacy_records=MemoryPrivacyRecords(),
        requests=MemoryRequests(),
        api_keys=catalog,
    )
