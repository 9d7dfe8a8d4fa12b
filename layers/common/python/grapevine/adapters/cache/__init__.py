"""What changes by hand and is read by every invocation, kept for a minute in a warm function.

What is not there is never remembered: a new link works at once. A change is seen within the minute.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from grapevine import ports
from grapevine.domain.bindings import History, Registration, SamePerson
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.coupons import Coupon
from grapevine.domain.fx import Rate
from grapevine.domain.links import Link
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.programs import Program, Storefront, Terms
from grapevine.domain.tiers import Volume

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Monotonic = Callable[[], float]
"""Returns seconds that never go back; `time.monotonic` in production."""
KEPT_SECONDS = 60.0
MOST_KEPT = 1000


class Cache(Generic[K, V]):
    """Values by key, each for a while; when it is full, the one kept longest goes."""

    def __init__(
        self, monotonic: Monotonic, *, kept_seconds: float = KEPT_SECONDS, most: int = MOST_KEPT
    ) -> None:
        self._monotonic = monotonic
        self._kept_seconds = kept_seconds
        self._most = most
        self._lock = Lock()
        self._kept: dict[K, tuple[float, V]] = {}

    def get(self, key: K, load: Callable[[K], V]) -> V:
        """Return what is kept, else what `load` brings; None is returned and not kept."""
        kept = self._kept.get(key)
        if kept and self._monotonic() < kept[0]:
            return kept[1]
        value = load(key)
        if value is not None:
            self._keep(key, value)
        return value

    def drop(self, key: K) -> None:
        """Forget what is kept under a key."""
        with self._lock:
            self._kept.pop(key, None)

    def _keep(self, key: K, value: V) -> None:
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (self._monotonic() + self._kept_seconds, value)


class CachedLinks:
    """Links kept for a while: a warm redirect reads nothing."""

    def __init__(self, links: ports.LinkReader, monotonic: Monotonic) -> None:
        self._links = links
        self._kept: Cache[str, Link | None] = Cache(monotonic)

    def link(self, code: str) -> Link | None:
        """Return a link, at most a minute old."""
        return self._kept.get(code, self._links.link)


class CachedCatalog(CachedLinks):
    """A catalog whose links, terms and storefronts are kept; promoters and API keys never are."""

    def __init__(self, catalog: ports.WholeCatalog, monotonic: Monotonic) -> None:
        super().__init__(catalog, monotonic)
        self._catalog = catalog
        self._terms: Cache[str, Terms] = Cache(monotonic)
        self._storefronts: Cache[str, Storefront | None] = Cache(monotonic)

    def terms(self, program_id: str) -> Terms:
        """Return a program's terms, at most a minute old."""
        return self._terms.get(program_id, self._catalog.terms)

    def terms_now(self, program_id: str) -> Terms:
        """Return a program's terms as they are, and keep these."""
        self._terms.drop(program_id)
        return self.terms(program_id)

    def storefront(self, storefront_id: str) -> Storefront | None:
        """Return a storefront, at most a minute old."""
        return self._storefronts.get(storefront_id, self._catalog.storefront)

    def promoters(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return promoters as they are."""
        return self._catalog.promoters(program_id, promoter_ids)

    def promoters_with_volumes(
        self, program_id: str, promoter_ids: Sequence[str], months: Sequence[str]
    ) -> tuple[dict[str, Promoter], dict[tuple[str, str], Volume]]:
        """Return promoters and volumes as they are."""
        return self._catalog.promoters_with_volumes(program_id, promoter_ids, months)

    def close_month(self, program_id: str, promoter_id: str, month: str, volume: Volume) -> Volume:
        """Store a closed month's volume."""
        return self._catalog.close_month(program_id, promoter_id, month, volume)

    def api_key(self, key_id: str) -> ports.ApiKey | None:
        """Return a key as it is: one that was taken back must not work on."""
        return self._catalog.api_key(key_id)

    def coupons(self, program_id: str, codes: Sequence[str]) -> dict[str, Coupon]:
        """Return coupons as they are."""
        return self._catalog.coupons(program_id, codes)

    def add_coupon(self, coupon: Coupon) -> None:
        """Add a coupon."""
        self._catalog.add_coupon(coupon)

    def storefronts(self, program_id: str | None = None) -> Iterator[Storefront]:
        """Yield storefronts."""
        return self._catalog.storefronts(program_id)

    def coupons_of(self, program_id: str, promoter_id: str | None = None) -> Iterator[Coupon]:
        """Yield a program's coupons, or a promoter's."""
        return self._catalog.coupons_of(program_id, promoter_id)

    def change_coupon(self, coupon: Coupon) -> None:
        """Switch or mark a coupon."""
        self._catalog.change_coupon(coupon)

    def products(self, program_id: str, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return products as they are."""
        return self._catalog.products(program_id, product_ids)

    def put_product(self, product: Product) -> None:
        """Put a product."""
        self._catalog.put_product(product)

    def products_of(self, program_id: str, after: str = "") -> Iterator[Product]:
        """Yield a program's products."""
        return self._catalog.products_of(program_id, after)

    def customer(self, program_id: str, customer_key: str) -> History:
        """Return what is known of a customer as it is."""
        return self._catalog.customer(program_id, customer_key)

    def add_registration(self, registration: Registration) -> None:
        """Add a registration."""
        self._catalog.add_registration(registration)

    def add_same_person(self, same: SamePerson) -> None:
        """Add that two customer keys are one person."""
        self._catalog.add_same_person(same)

    def rate(self, program_id: str, base: str, quote: str, instant: datetime) -> Rate | None:
        """Return a rate as it is."""
        return self._catalog.rate(program_id, base, quote, instant)

    def add_rate(self, program_id: str, rate: Rate) -> None:
        """Add a rate."""
        self._catalog.add_rate(program_id, rate)

    def add_plan(self, program_id: str, plan: Plan) -> None:
        """Add a version of a plan."""
        with self._changing(program_id):
            self._catalog.add_plan(program_id, plan)

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        """Add a campaign."""
        with self._changing(program_id):
            self._catalog.add_campaign(program_id, campaign, number)

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        """Change a campaign."""
        with self._changing(program_id):
            self._catalog.change_campaign(program_id, campaign, before)

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        """Add a bounty."""
        with self._changing(program_id):
            self._catalog.add_bounty(program_id, bounty, number)

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        """Change a bounty."""
        with self._changing(program_id):
            self._catalog.change_bounty(program_id, bounty, before)

    @contextmanager
    def _changing(self, program_id: str) -> Iterator[None]:
        """Forget the terms that are kept once they changed, also where somebody else was first."""
        try:
            yield
        finally:
            self._terms.drop(program_id)

    def network_version(self, program_id: str) -> int:
        """Return a network's version as it is."""
        return self._catalog.network_version(program_id)

    def change_promoter(self, promoter: Promoter, network_version: int, *others: Promoter) -> None:
        """Store a promoter, and others together with it."""
        self._catalog.change_promoter(promoter, network_version, *others)

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        """Yield programs."""
        return self._catalog.programs(merchant_id)

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        """Yield a program's promoters, all of them or those after one."""
        return self._catalog.promoters_of(program_id, after)

    def add_program(self, program: Program, plan: Plan) -> None:
        """Add a program."""
        self._catalog.add_program(program, plan)

    def change_program(self, program: Program) -> None:
        """Change how a program pays out."""
        with self._changing(program.id):
            self._catalog.change_program(program)

    def add_storefront(self, storefront: Storefront) -> None:
        """Add a storefront."""
        self._catalog.add_storefront(storefront)

    def add_promoter(self, promoter: Promoter) -> None:
        """Add a promoter."""
        self._catalog.add_promoter(promoter)

    def links_of(self, program_id: str, promoter_id: str, after: str = "") -> Iterator[Link]:
        """Yield a promoter's links by code."""
        return self._catalog.links_of(program_id, promoter_id, after)

    def change_link(self, link: Link) -> None:
        """Store a link in place of what it was; others see it within a minute."""
        self._catalog.change_link(link)
        self._kept.drop(link.code)

    def add_link(self, link: Link) -> None:
        """Add a link."""
        self._catalog.add_link(link)

    def add_merchant(self, merchant_id: str, name: str, key: ports.ApiKey) -> None:
        """Add a merchant."""
        self._catalog.add_merchant(merchant_id, name, key)
