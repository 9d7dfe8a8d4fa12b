"""Ask a shop for an order, and append what it says where that is news."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import Fact, FactKind
from grapevine.domain.programs import Storefront
from grapevine.ports import (
    FactStore,
    RawBodies,
    Reading,
    SecretStore,
    StorefrontAdapter,
    StorefrontReader,
    StorefrontSecrets,
)
from grapevine.ports.shop_clients import Fetched, ShopClients
from grapevine.usecases.known_storefront import known_shop
from grapevine.usecases.place_order import body_name, checked, digest_of, fact_of, subjects_of


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """An order that some body named without saying what became of it."""

    storefront_id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class TakePorts:
    """Who knows the storefront, and where what it says is kept."""

    storefronts: StorefrontReader
    secrets: SecretStore
    adapters: Mapping[str, StorefrontAdapter]
    raw_bodies: RawBodies
    facts: FactStore


@dataclass(frozen=True, slots=True)
class FetchPorts:
    """The shops' own APIs, and where what they say is kept."""

    clients: ShopClients
    taking: TakePorts


@dataclass(frozen=True, slots=True)
class Shop:
    """A storefront with its secrets and who reads its bodies."""

    storefront: Storefront
    secrets: StorefrontSecrets
    adapter: StorefrontAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of bodies that were fetched: the facts that are new, and how many bodies said nothing new.

    `problems` has those of new facts, `unread` why bodies could not be read at all.
    """

    facts: tuple[Fact, ...] = ()
    known: int = 0
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            facts=self.facts + other.facts,
            known=self.known + other.known,
            problems=self.problems + other.problems,
            unread=self.unread + other.unread,
        )


def fetch_order(command: FetchOrder, ports: FetchPorts, now: datetime) -> Taken:
    """Append an order as it is now.

    NotFoundError without the storefront, without access to its API, or where the shop has no such
    order; ShopUnavailableError where it may be asked again.
    """
    shop = shop_of(command.storefront_id, ports.taking)
    fetched = ports.clients.client(shop.storefront).fetch_order(command.order_id)
    return take_fetched(fetched, shop, ports.taking, now)


def shop_of(storefront_id: str, ports: TakePorts) -> Shop:
    """Return a storefront with all that reading it takes; NotFoundError where there is none."""
    storefront, secrets = known_shop(storefront_id, ports.storefronts, ports.secrets)
    return Shop(storefront, secrets, ports.adapters[storefront.platform])


def take_fetched(fetched: Fetched, shop: Shop, ports: TakePorts, now: datetime) -> Taken:
    """Append what a body says where it is news: its raw text first, so that every fact has its body.

    What was told before, in whatever words, is not told again. A body that cannot be read is kept and said.
    """
    digest = digest_of(fetched.topic, fetched.raw)
    try:
        events = [checked(event) for event in shop.adapter.normalise(fetched.raw, fetched.topic)]
    except MalformedBodyError as error:
        _keep(fetched, f"malformed#{digest}", shop, ports, now)
        return Taken(unread=(str(error),))
    told = [
        fact_of(event, shop.storefront, shop.secrets, digest, now)
        for event in events
        if isinstance(event, Reading)
    ]
    news = [fact for fact in told if is_news(fact, ports.facts.facts_of(fact.order))]
    if news:
        _keep(fetched, body_name(news, fetched.topic, digest), shop, ports, now, subjects_of(news))
    added = tuple(fact for fact in news if ports.facts.append(fact))
    return Taken(
        facts=added,
        known=len(told) - len(added),
        problems=tuple(fact.problem for fact in added if fact.problem),
    )


def is_news(fact: Fact, known: Iterable[Fact]) -> bool:
    """Say whether a fact tells what no other one of the same state of the order has told.

    The same state comes in other bytes too: a webhook has other fields around it, or came as another topic.
    """
    return not any(other.digest == fact.digest or _says(fact, other) for other in known)


def _says(fact: Fact, other: Fact) -> bool:
    """Say whether another fact, of whatever kind, tells the same of the same instant."""
    if other.kind is FactKind.VERDICT:
        return False
    told = (fact.version, fact.snapshot, fact.refunds, fact.problem)
    return told == (other.version, other.snapshot, other.refunds, other.problem)


def _keep(
    fetched: Fetched,
    name: str,
    shop: Shop,
    ports: TakePorts,
    now: datetime,
    subjects: Collection[str] = (),
) -> None:
    headers = {"grapevine-fetched-as": fetched.topic}
    ports.raw_bodies.keep(shop.storefront.id, name, fetched.raw, headers, now, subjects)
