"""What the apps are made of: every outside thing by the name the use cases know it by.

`wiring.py` makes the real ones. A test may install its own before it calls an app; there is no
other way in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from grapevine import ports
from grapevine.domain.clicks import Click
from grapevine.domain.entries import Entry
from grapevine.domain.event_rows import Stored
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.ids import RandomBytes
from grapevine.domain.settlements import ListSizes
from grapevine.runtime.stores import (
    ClicksPart,
    FactsPart,
    FailuresPart,
    LedgerPart,
    PagesPart,
    SettlementsPart,
    TreasuryPart,
)


class Parts(Protocol):
    """Every outside thing; each is made when it is first asked for."""

    @property
    def catalog(self) -> ports.WholeCatalog:
        """Programs, plans, people, links, keys."""
        ...

    @property
    def links(self) -> ports.LinkReader:
        """Links alone: all that the redirect reads."""
        ...

    @property
    def clicks(self) -> ClicksPart:
        """Clicks."""
        ...

    @property
    def facts(self) -> FactsPart:
        """Orders' facts."""
        ...

    @property
    def raw_bodies(self) -> ports.BodyStore:
        """Bodies as they came."""
        ...

    @property
    def personal_data(self) -> ports.PersonalData:
        """What names a person."""
        ...

    @property
    def privacy_records(self) -> ports.PrivacyRecords:
        """Who asked to see or erase a person's data."""
        ...

    @property
    def ledger(self) -> LedgerPart:
        """Entries."""
        ...

    @property
    def pages(self) -> PagesPart:
        """Balances and statistics."""
        ...

    @property
    def treasury(self) -> TreasuryPart:
        """Heads and payouts."""
        ...

    @property
    def settlements(self) -> SettlementsPart:
        """Settlement runs."""
        ...

    @property
    def payees(self) -> ports.PayeeStore:
        """Where promoters are paid."""
        ...

    @property
    def batches(self) -> ports.BatchStore:
        """Batches of transfers."""
        ...

    @property
    def rails(self) -> ports.Rails:
        """The ways that money goes."""
        ...

    @property
    def status_reader(self) -> ports.StatusReader:
        """Reads banks' status reports."""
        ...

    @property
    def waits(self) -> ports.WaitStore:
        """Orders that wait."""
        ...

    @property
    def api_keys(self) -> ports.ApiKeyStore:
        """API keys."""
        ...

    @property
    def requests(self) -> ports.RequestStore:
        """Requests to the API that may come twice, and how many there are."""
        ...

    @property
    def requests_per_minute(self) -> int:
        """How many requests of one API key are answered in a minute."""
        ...

    @property
    def proofs(self) -> ports.ProofStore:
        """When programs were last proven, and what came of it."""
        ...

    @property
    def secrets(self) -> ports.SecretStore:
        """Secrets."""
        ...

    @property
    def failures(self) -> FailuresPart:
        """Orders that wait."""
        ...

    @property
    def settlement_queue(self) -> ports.SettlementQueue:
        """Settlement's work."""
        ...

    @property
    def files(self) -> ports.Files:
        """The data bucket."""
        ...

    @property
    def printer(self) -> ports.StatementPrinter:
        """What prints statements."""
        ...

    @property
    def bus(self) -> ports.EventBus:
        """Events out."""
        ...

    @property
    def event_log(self) -> ports.EventLog:
        """Events, in order."""
        ...

    @property
    def subscriptions(self) -> ports.SubscriptionStore:
        """Who is told of events, and how far each has come."""
        ...

    @property
    def webhook_queue(self) -> ports.WebhookQueue:
        """Work on subscriptions."""
        ...

    @property
    def webhook_sender(self) -> ports.WebhookSender:
        """Requests to subscribers."""
        ...

    @property
    def notes(self) -> ports.NoteStore:
        """What promoters are to be told."""
        ...

    @property
    def contacts(self) -> ports.ContactStore:
        """How promoters are written to."""
        ...

    @property
    def messengers(self) -> ports.Messengers:
        """The ways that messages go."""
        ...

    @property
    def shop_queue(self) -> ports.ShopQueue:
        """What webhooks asked for that takes more than keeping what they said."""
        ...

    @property
    def shop_clients(self) -> ports.ShopClients:
        """Shops' own APIs."""
        ...

    @property
    def reconcile_marks(self) -> ports.ReconcileMarks:
        """How far shops have been reconciled."""
        ...

    @property
    def storefront_adapters(self) -> Mapping[str, ports.StorefrontAdapter]:
        """Webhook readers by platform."""
        ...

    @property
    def random_bytes(self) -> RandomBytes:
        """Unpredictable bytes."""
        ...

    @property
    def list_sizes(self) -> ListSizes:
        """How a settlement's promoters are put on pages."""
        ...

    def now(self) -> datetime:
        """Return the instant that everything in one invocation happens at."""
        ...

    def order_of(self, image: Mapping[str, Any]) -> OrderKey | None:
        """Read whose order an image is about from its key alone, None where it is about none."""
        ...

    def fact_of(self, image: Mapping[str, Any]) -> Fact:
        """Read a fact from a stream's image of it."""
        ...

    def entry_of(self, image: Mapping[str, Any]) -> Entry:
        """Read an entry from a stream's image of it."""
        ...

    def stored_in(self, image: Mapping[str, Any]) -> Stored | None:
        """Read what an image of the catalog or the state table tells that events are made of, else None."""
        ...

    def click_of(self, image: Mapping[str, Any]) -> Click:
        """Read a click from a stream's image of it."""
        ...


_installed: list[Parts] = []


def install(parts: Parts) -> None:
    """Use these parts from now on in this process."""
    _installed[:] = [parts]


def parts() -> Parts:
    """Return the parts in use: those installed, else the real ones, made from the environment."""
    return _installed[0] if _installed else _real()


@cache
def _real() -> Parts:
    from grapevine.runtime.wiring import AwsParts  # noqa: PLC0415 - tests that install their own need no SDK

    return AwsParts()
