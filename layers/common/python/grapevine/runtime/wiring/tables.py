"""What is kept in DynamoDB, and what its streams bring."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from grapevine.domain.clicks import Click
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact, OrderKey
from grapevine.runtime.settings import Settings

if TYPE_CHECKING:
    from grapevine import ports
    from grapevine.adapters.dynamo.table import Database
    from grapevine.domain.event_rows import Stored
    from grapevine.runtime import stores


class AwsTables(ABC):
    """The parts that are tables, over one connection."""

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """Where we run."""
        ...

    @property
    @abstractmethod
    def files(self) -> ports.Files:
        """The data bucket."""
        ...

    @cached_property
    def _database(self) -> Database:
        from grapevine.adapters.dynamo.table import Access, Database

        endpoint_url, region = self.settings.endpoint_url, self.settings.region
        return Database(self.settings.tables, Access(region=region, endpoint_url=endpoint_url))

    @cached_property
    def links(self) -> ports.LinkReader:
        """Links, kept for a minute; the redirect needs nothing else of the catalog."""
        from grapevine.adapters.cache import CachedLinks
        from grapevine.adapters.dynamo.links import DynamoLinks

        return CachedLinks(DynamoLinks(self._database), monotonic)

    @cached_property
    def catalog(self) -> ports.WholeCatalog:
        """The catalog, what changes by hand kept for a minute."""
        from grapevine.adapters.cache import CachedCatalog
        from grapevine.adapters.dynamo.catalog import DynamoCatalog

        return CachedCatalog(DynamoCatalog(self._database), monotonic)

    @cached_property
    def clicks(self) -> stores.ClicksPart:
        """Clicks."""
        from grapevine.adapters.dynamo.clicks import DynamoClicks

        return DynamoClicks(self._database)

    @cached_property
    def facts(self) -> stores.FactsPart:
        """Orders' facts."""
        from grapevine.adapters.dynamo.facts import DynamoFacts

        return DynamoFacts(self._database)

    @cached_property
    def raw_bodies(self) -> ports.BodyStore:
        """Bodies as they came."""
        from grapevine.adapters.dynamo.private import DynamoRawBodies

        return DynamoRawBodies(self._database)

    @cached_property
    def personal_data(self) -> ports.PersonalData:
        """What names a person."""
        from grapevine.adapters.dynamo.private import DynamoPersonalData

        return DynamoPersonalData(self._database)

    @cached_property
    def privacy_records(self) -> ports.PrivacyRecords:
        """Who asked to see or erase a person's data."""
        from grapevine.adapters.dynamo.privacy import DynamoPrivacyRecords

        return DynamoPrivacyRecords(self._database)

    @cached_property
    def ledger(self) -> stores.LedgerPart:
        """Entries."""
        from grapevine.adapters.dynamo.ledger import DynamoLedger

        return DynamoLedger(self._database)

    @cached_property
    def pages(self) -> stores.PagesPart:
        """Balances and statistics."""
        from grapevine.adapters.dynamo.pages import DynamoPages

        return DynamoPages(self._database)

    @cached_property
    def treasury(self) -> stores.TreasuryPart:
        """Heads and payouts."""
        from grapevine.adapters.dynamo.treasury import DynamoTreasury

        return DynamoTreasury(self._database)

    @cached_property
    def settlements(self) -> stores.SettlementsPart:
        """Settlement runs."""
        from grapevine.adapters.dynamo.settlements import DynamoSettlements

        return DynamoSettlements(self._database)

    @cached_property
    def payees(self) -> ports.PayeeStore:
        """Where promoters are paid."""
        from grapevine.adapters.dynamo.payees import DynamoPayees

        return DynamoPayees(self._database)

    @cached_property
    def batches(self) -> ports.BatchStore:
        """Batches of transfers, their bodies in the bucket."""
        from grapevine.adapters.dynamo.batches import DynamoBatches

        return DynamoBatches(self._database, self.files)

    @cached_property
    def waits(self) -> ports.WaitStore:
        """Orders that wait."""
        from grapevine.adapters.dynamo.waits import DynamoWaits

        return DynamoWaits(self._database)

    @cached_property
    def api_keys(self) -> ports.ApiKeyStore:
        """API keys, never kept: one that was taken back must not work on."""
        from grapevine.adapters.dynamo.api_keys import DynamoApiKeys

        return DynamoApiKeys(self._database)

    @cached_property
    def requests(self) -> ports.RequestStore:
        """Requests to the API."""
        from grapevine.adapters.dynamo.requests import DynamoRequests

        return DynamoRequests(self._database)

    @property
    def requests_per_minute(self) -> int:
        """How many requests of one API key are answered in a minute."""
        return self.settings.requests_per_minute

    @cached_property
    def notes(self) -> ports.NoteStore:
        """What promoters are to be told."""
        from grapevine.adapters.dynamo.messages import DynamoNotes

        return DynamoNotes(self._database)

    @cached_property
    def contacts(self) -> ports.ContactStore:
        """How promoters are written to."""
        from grapevine.adapters.dynamo.messages import DynamoContacts

        return DynamoContacts(self._database)

    @cached_property
    def proofs(self) -> ports.ProofStore:
        """When programs were last proven."""
        from grapevine.adapters.dynamo.proofs import DynamoProofs

        return DynamoProofs(self._database)

    @cached_property
    def reconcile_marks(self) -> ports.ReconcileMarks:
        """How far shops have been reconciled."""
        from grapevine.adapters.dynamo.shop_marks import DynamoReconcileMarks

        return DynamoReconcileMarks(self._database)

    @cached_property
    def event_log(self) -> ports.EventLog:
        """Events, in order."""
        from grapevine.adapters.dynamo.events import DynamoEventLog

        return DynamoEventLog(self._database)

    @cached_property
    def subscriptions(self) -> ports.SubscriptionStore:
        """Who is told of events."""
        from grapevine.adapters.dynamo.subscriptions import DynamoSubscriptions

        return DynamoSubscriptions(self._database)

    # --- what streams carry ------------------------------------------------------------------

    def order_of(self, image: Mapping[str, Any]) -> OrderKey | None:
        """Read whose order an image is about from its key alone, None where it is about none."""
        from grapevine.adapters.dynamo.keys import order_in

        return order_in(image)

    def fact_of(self, image: Mapping[str, Any]) -> Fact:
        """Read a fact from a stream's image of it."""
        from grapevine.adapters.dynamo.facts import fact_of

        return fact_of(image)

    def entry_of(self, image: Mapping[str, Any]) -> Entry:
        """Read an entry from a stream's image of it."""
        from grapevine.adapters.dynamo.ledger import entry_of

        return entry_of(image)

    def stored_in(self, image: Mapping[str, Any]) -> Stored | None:
        """Read what an image of the catalog or the state table tells that events are made of, else None."""
        from grapevine.adapters.dynamo.stored import stored_in

        return stored_in(image)

    def click_of(self, image: Mapping[str, Any]) -> Click:
        """Read a click from a stream's image of it."""
        from grapevine.adapters.dynamo.clicks import click_of

        return click_of(image)
