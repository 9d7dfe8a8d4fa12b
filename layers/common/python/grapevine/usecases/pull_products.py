"""Take all of a shop's products as they are now, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.ids import checked_id
from grapevine.domain.programs import Storefront
from grapevine.ports import ProductReading, ShopCatalog, StorefrontAdapter
from grapevine.ports.shop_clients import Fetched, ShopClient, ShopClients, ShopUnavailableError
from grapevine.usecases.known_storefront import known_storefront
from grapevine.usecases.take_listing import Listed, TakeListing, take_listing

MOST_PAGES = 2_000
"""Of one shop; one that has more never ends."""
Progress = Callable[[int], None]
"""Is told how many products were read."""


@dataclass(frozen=True, slots=True)
class PullProducts:
    """The storefront whose shop is asked."""

    storefront_id: str


@dataclass(frozen=True, slots=True)
class PullPorts:
    """The shops' own APIs, who reads what they say, and where products are."""

    clients: ShopClients
    adapters: Mapping[str, StorefrontAdapter]
    catalog: ShopCatalog


@dataclass(slots=True)
class Pulled:
    """How many products were read, how many of them were news, and what was wrong with which."""

    read: int = 0
    listed: int = 0
    faults: list[str] = field(default_factory=list)


def pull_products(
    command: PullProducts, ports: PullPorts, now: datetime, progress: Progress = lambda _: None
) -> Pulled:
    """List what is news of a shop's products; what breaks off is simply done again.

    What the shop no longer has is not told here: its webhooks tell deletions. NotFoundError without
    the storefront or access to its API, ShopUnavailableError where it may be asked again.
    """
    storefront = known_storefront(command.storefront_id, ports.catalog)
    adapter, pulled = ports.adapters[storefront.platform], Pulled()
    for fetched in _bodies(ports.clients.client(storefront)):
        pulled.read += 1
        _take(fetched, adapter, storefront, ports.catalog, pulled, now)
        progress(pulled.read)
    return pulled


def _bodies(client: ShopClient) -> Iterator[Fetched]:
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = client.products(cursor)
        yield from page.bodies
        cursor = page.cursor
        if cursor is None:
            return
    raise ShopUnavailableError(f"more than {MOST_PAGES} pages of products")


def _take(
    fetched: Fetched,
    adapter: StorefrontAdapter,
    storefront: Storefront,
    catalog: ShopCatalog,
    pulled: Pulled,
    now: datetime,
) -> None:
    """Take one body; one that cannot be read is named, and the others are read all the same."""
    try:
        events = adapter.normalise(fetched.raw, fetched.topic)
        readings = [event for event in events if isinstance(event, ProductReading)]
        for reading in readings:
            checked_id(reading.product_id, "product id")
    except InvalidInputError as error:
        pulled.faults.append(str(error))
        return
    for reading in readings:
        command = TakeListing(program_id=storefront.program_id, reading=reading, domain=storefront.domain)
        taken = take_listing(command, catalog, now)
        pulled.listed += taken.listed is Listed.LISTED
        pulled.faults += [f"product {reading.product_id}: {fault}" for fault in taken.faults]
