"""The composition root: the one package that names concrete adapters.

Every part is made, and its adapter imported, when it is first asked for, so that a function pays
at its cold start for what it uses and nothing else. boto3 is imported only for the parts that
need a client of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from grapevine.domain.ids import RandomBytes
from grapevine.domain.instants import truncate
from grapevine.domain.settlements import USUAL_SIZES
from grapevine.domain.transfers import RailName
from grapevine.runtime.opening import OpenedRails, OpenedShops, StorefrontAdapters
from grapevine.runtime.settings import LOCAL_STAGE, Settings, read_settings
from grapevine.runtime.wiring.tables import AwsTables

if TYPE_CHECKING:
    from grapevine import ports
    from grapevine.runtime import stores

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


SHOP_MODULES = {
    "generic": "generic",
    "shopify": "shopify",
    "stripe": "stripe",
    "wechat_shop": "wechat_shop",
    "woocommerce": "woocommerce",
    "youzan": "youzan",
}
"""Where each platform's webhooks are read; adding one is a module with an `ADAPTER` and a line here."""


CLIENT_MODULES = {
    "shopify": "shopify",
    "stripe": "stripe",
    "woocommerce": "woocommerce",
    "youzan": "youzan",
    "wechat_shop": "wechat_shop",
}
"""Where each platform's own API is asked; adding one is a module with an `open_client` and a line here."""


class StorefrontClients(OpenedShops):
    """The shops' APIs: those that a storefront's secrets say how to use."""

    modules = CLIENT_MODULES


class ProgramRails(OpenedRails):
    """A program's rails: those it has secrets for, and those that need none."""

    modules = RAIL_MODULES
    without_secrets = WITHOUT_SECRETS


class AwsParts(AwsTables):
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
        from grapevine.adapters.cache.secrets import CachedSecrets
        from grapevine.adapters.secrets_manager import SecretsManager

        store = SecretsManager(self._client("secretsmanager"), self.settings.secrets_prefix)
        return CachedSecrets(store, monotonic)

    @cached_property
    def failures(self) -> stores.FailuresPart:
        """Orders that wait."""
        from grapevine.adapters.sqs import SqsFailures

        return SqsFailures(self._client("sqs"), self.settings.failures_queue_url)

    @cached_property
    def settlement_queue(self) -> ports.SettlementQueue:
        """Settlement's work."""
        from grapevine.adapters.sqs import SqsSettlementQueue

        return SqsSettlementQueue(self._client("sqs"), self.settings.settle_queue_url)

    @cached_property
    def shop_queue(self) -> ports.ShopQueue:
        """What webhooks asked for."""
        from grapevine.adapters.sqs import SqsShopQueue

        return SqsShopQueue(self._client("sqs"), self.settings.shop_queue_url)

    @cached_property
    def webhook_queue(self) -> ports.WebhookQueue:
        """Work on subscriptions."""
        from grapevine.adapters.webhook_queue import SqsWebhookQueue

        return SqsWebhookQueue(self._client("sqs"), self.settings.webhook_queue_url)

    @cached_property
    def webhook_sender(self) -> ports.WebhookSender:
        """Requests to subscribers; on one's own machine they may be on it too."""
        from grapevine.adapters.webhooks.http import HttpWebhookSender

        return HttpWebhookSender(is_local=self.settings.stage == LOCAL_STAGE)

    @cached_property
    def messengers(self) -> ports.Messengers:
        """The ways that messages go."""
        from grapevine.runtime.wiring.messages import ProgramMessengers

        is_local = self.settings.stage == LOCAL_STAGE
        return ProgramMessengers(self.secrets, self._client, self.now, is_local=is_local)

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
        """Webhook readers by platform, each imported when it is first asked for."""
        return StorefrontAdapters(SHOP_MODULES)

    @cached_property
    def shop_clients(self) -> ports.ShopClients:
        """Shops' own APIs, each opened when it is first asked for."""
        return StorefrontClients(self.secrets, self.now, sleep)

    @cached_property
    def rails(self) -> ports.Rails:
        """The ways that money goes; each is made when it is asked for."""
        return ProgramRails(self.secrets, self.files, self.now)

    @cached_property
    def status_reader(self) -> ports.StatusReader:
        """Reads banks' status reports."""
        from grapevine.adapters.rails.sepa_status import read_status_report

        return read_status_report
