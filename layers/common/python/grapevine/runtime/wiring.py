"""The composition root: the one module that names concrete adapters.

Every part is made, and its adapter imported, when it is first asked for, so that a function pays
at its cold start for what it uses and nothing else. boto3 is imported only for the parts that
need a client of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from grapevine.domain.clicks import Click
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import RandomBytes
from grapevine.domain.instants import truncate
from grapevine.domain.settlements import USUAL_SIZES
from grapevine.domain.transfers import RailName
from grapevine.runtime.opening import OpenedRails
from grapevine.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from grapevine import ports
    from grapevine.adapters.dynamo.table import Database
    from grapevine.runtime import parts

_BOTO_RETRIES = 3
_BOTO_CONNECT_SECONDS = 1
_BOTO_READ_SECONDS = 5


RAIL_MODULES = {
    RailName.CSV: "csv_file",
    RailName.PAYPAL: "paypal",
    RailName.STRIPE: "stripe",
    RailName.SEPA: "sepa",
    RailName.WECHAT: "wechat",
}
"""Where each rail is, by name; adding one is a module with an `open_rail` and a line here."""
WITHOUT_SECRETS = (RailName.CSV,)
"""Rails that every program has."""


class ProgramRails(OpenedRails):
    """A program's rails: those it has secrets for, and those that need none."""

    modules = RAIL_MODULES
    without_secrets = WITHOUT_SECRETS


class AwsParts:
    """Every part on AWS, or on the local stack: the standard AWS environment says which."""

    list_sizes = USUAL_SIZES
    """How a settlement's promoters are put on pages."""

    def __init__(self, settings: Settings | None = None, session: Any = None) -> None:  # noqa: ANN401
        self._given = settings
        self._session = session

    @cached_property
    def settings(self) -> Settings:
        """Where we run; read at the first use, because Chalice imports apps without it."""
        return self._given or read_settings()

    def now(self) -> datetime:
        """Return the instant, moved only where a local stack's demo moves time."""
        return truncate(datetime.now(UTC) + self.settings.clock_offset)

    @property
    def random_bytes(self) -> RandomBytes:
        """Unpredictable bytes."""
        return secrets.token_bytes

    # --- DynamoDB ----------------------------------------------------------------------------

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
    def catalog(self) -> parts.CatalogPart:
        """The catalog, what changes by hand kept for a minute."""
        from grapevine.adapters.cache import CachedCatalog
        from grapevine.adapters.dynamo.catalog import DynamoCatalog

        return CachedCatalog(DynamoCatalog(self._database), monotonic)

    @cached_property
    def clicks(self) -> parts.ClicksPart:
        """Clicks."""
        from grapevine.adapters.dynamo.clicks import DynamoClicks

        return DynamoClicks(self._database)

    @cached_property
    def facts(self) -> parts.FactsPart:
        """Orders' facts."""
        from grapevine.adapters.dynamo.facts import DynamoFacts

        return DynamoFacts(self._database)

    @cached_property
    def raw_bodies(self) -> ports.RawBodies:
        """Bodies as they came."""
        from grapevine.adapters.dynamo.private import DynamoRawBodies

        return DynamoRawBodies(self._database)

    @cached_property
    def personal_data(self) -> ports.PersonalData:
        """What names a person."""
        from grapevine.adapters.dynamo.private import DynamoPersonalData

        return DynamoPersonalData(self._database)

    @cached_property
    def ledger(self) -> parts.LedgerPart:
        """Entries."""
        from grapevine.adapters.dynamo.ledger import DynamoLedger

        return DynamoLedger(self._database)

    @cached_property
    def pages(self) -> parts.PagesPart:
        """Balances and statistics."""
        from grapevine.adapters.dynamo.pages import DynamoPages

        return DynamoPages(self._database)

    @cached_property
    def treasury(self) -> parts.TreasuryPart:
        """Heads and payouts."""
        from grapevine.adapters.dynamo.treasury import DynamoTreasury

        return DynamoTreasury(self._database)

    @cached_property
    def settlements(self) -> parts.SettlementsPart:
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
    def proofs(self) -> ports.ProofStore:
        """When programs were last proven."""
        from grapevine.adapters.dynamo.proofs import DynamoProofs

        return DynamoProofs(self._database)

    # --- the rest ----------------------------------------------------------------------------

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=_BOTO_CONNECT_SECONDS,
            read_timeout=_BOTO_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _BOTO_RETRIES},
        )
        maker = self._session or boto3
        return maker.client(
            service,
            config=config,
            endpoint_url=self.settings.endpoint_url,
            region_name=self.settings.region,
        )

    @cached_property
    def secrets(self) -> ports.SecretStore:
        """Secrets, kept for a minute."""
        from grapevine.adapters.cache import CachedSecrets
        from grapevine.adapters.secrets_manager import SecretsManager

        store = SecretsManager(self._client("secretsmanager"), self.settings.secrets_prefix)
        return CachedSecrets(store, monotonic)

    @cached_property
    def failures(self) -> parts.FailuresPart:
        """Orders that wait."""
        from grapevine.adapters.sqs import SqsFailures

        return SqsFailures(self._client("sqs"), self.settings.failures_queue_url)

    @cached_property
    def settlement_queue(self) -> ports.SettlementQueue:
        """Settlement's work."""
        from grapevine.adapters.sqs import SqsSettlementQueue

        return SqsSettlementQueue(self._client("sqs"), self.settings.settle_queue_url)

    @cached_property
    def files(self) -> ports.Files:
        """The data bucket."""
        from grapevine.adapters.s3 import S3Files

        return S3Files(self._client("s3"), self.settings.bucket)

    @cached_property
    def printer(self) -> ports.StatementPrinter:
        """What prints statements; only the console has its library."""
        from grapevine.adapters.pdf.statements import StatementPdf

        return StatementPdf()

    @cached_property
    def bus(self) -> ports.EventBus:
        """Events out."""
        from grapevine.adapters.eventbridge import EventBridgeBus

        return EventBridgeBus(self._client("events"), self.settings.bus)

    @cached_property
    def storefront_adapters(self) -> Mapping[str, ports.StorefrontAdapter]:
        """Webhook readers by platform; adding one is a module and a line here."""
        from grapevine.adapters.storefronts.shopify import Shopify

        return {"shopify": Shopify()}

    @cached_property
    def rails(self) -> ports.Rails:
        """The ways that money goes; each is made when it is asked for."""
        return ProgramRails(self.secrets, self.files, self.now)

    @cached_property
    def status_reader(self) -> ports.StatusReader:
        """Reads banks' status reports."""
        from grapevine.adapters.rails.sepa_status import read_status_report

        return read_status_report

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

    def click_of(self, image: Mapping[str, Any]) -> Click:
        """Read a click from a stream's image of it."""
        from grapevine.adapters.dynamo.clicks import click_of

        return click_of(image)
