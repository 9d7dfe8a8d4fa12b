"""The catalog in memory."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeVar

from grapevine.adapters.memory.campaigns import MemoryCampaigns
from grapevine.adapters.memory.customers import MemoryCustomers
from grapevine.domain.coupons import Coupon, look_of
from grapevine.domain.errors import AlreadyExistsError, NetworkMovedError, NotFoundError
from grapevine.domain.fx import Rate
from grapevine.domain.links import Link
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.programs import Program, Storefront, Terms
from grapevine.domain.tiers import Volume
from grapevine.ports import ApiKey

K = TypeVar("K")
V = TypeVar("V")


class MemoryCatalog(MemoryCustomers, MemoryCampaigns):
    """Programs, plans, storefronts, promoters, links, customers and API keys."""

    def __init__(self) -> None:
        super().__init__()
        MemoryCampaigns.__init__(self)
        self._lock = Lock()
        self._programs: dict[str, Program] = {}
        self._plans: dict[str, list[Plan]] = {}
        self._storefronts: dict[str, Storefront] = {}
        self._promoters: dict[tuple[str, str], Promoter] = {}
        self._members: dict[str, list[str]] = {}
        self._links: dict[str, Link] = {}
        self._merchants: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._rates: dict[tuple[str, str, str], dict[datetime, Rate]] = {}
        self._coupons: dict[tuple[str, str], Coupon] = {}
        self._keys: dict[str, ApiKey] = {}
        self._products: dict[tuple[str, str], Product] = {}
        self.volumes: dict[tuple[str, str, str], Volume] = {}

    def link(self, code: str) -> Link | None:
        return self._links.get(code)

    def terms(self, program_id: str) -> Terms:
        if program_id not in self._programs:
            raise NotFoundError("program", program_id)
        plans, dated = tuple(self._plans[program_id]), self._dated_of(program_id)
        return Terms(self._programs[program_id], plans, *dated)

    def terms_now(self, program_id: str) -> Terms:
        return self.terms(program_id)

    def promoters(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        found = {name: self._promoters.get((program_id, name)) for name in promoter_ids}
        return {name: promoter for name, promoter in found.items() if promoter}

    def promoters_with_volumes(
        self, program_id: str, promoter_ids: Sequence[str], months: Sequence[str]
    ) -> tuple[dict[str, Promoter], dict[tuple[str, str], Volume]]:
        asked = [(name, month) for name in promoter_ids for month in months]
        found = {key: self.volumes.get((program_id, *key)) for key in asked}
        volumes = {key: volume for key, volume in found.items() if volume is not None}
        return self.promoters(program_id, promoter_ids), volumes

    def close_month(self, program_id: str, promoter_id: str, month: str, volume: Volume) -> Volume:
        with self._lock:
            return self.volumes.setdefault((program_id, promoter_id, month), volume)

    def storefront(self, storefront_id: str) -> Storefront | None:
        return self._storefronts.get(storefront_id)

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        for program in sorted(self._programs.values(), key=lambda program: program.id):
            if merchant_id in (None, program.merchant_id):
                yield program

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        names = self._members.get(program_id, [])
        for place in range(bisect_right(names, after), len(names)):
            yield self._promoters[program_id, names[place]]

    def api_key(self, key_id: str) -> ApiKey | None:
        return self._keys.get(key_id)

    def links_of(self, program_id: str, promoter_id: str, after: str = "") -> Iterator[Link]:
        for code in sorted(code for code in self._links if code > after):
            link = self._links[code]
            if (link.program_id, link.promoter_id) == (program_id, promoter_id):
                yield link

    def api_keys(self, merchant_id: str, after: str = "") -> Iterator[ApiKey]:
        found = (key for key in self._keys.values() if key.merchant_id == merchant_id and key.id > after)
        yield from sorted(found, key=lambda key: key.id)

    def add_api_key(self, key: ApiKey) -> None:
        self._add(self._keys, key.id, key, "API key")

    def change_api_key(self, key: ApiKey) -> None:
        with self._lock:
            if key.id not in self._keys:
                raise NotFoundError("API key", key.id)
            self._keys[key.id] = key

    def add_program(self, program: Program, plan: Plan) -> None:
        self._add(self._programs, program.id, program, "program")
        self._plans[program.id] = [plan]

    def change_program(self, program: Program) -> None:
        with self._lock:
            known = self._programs.get(program.id)
            if known is None or known.revision != program.revision - 1:
                raise NetworkMovedError(f"program {program.id}")
            self._programs[program.id] = program

    def add_storefront(self, storefront: Storefront) -> None:
        self._add(self._storefronts, storefront.id, storefront, "storefront")

    def add_promoter(self, promoter: Promoter) -> None:
        self._add(self._promoters, (promoter.program_id, promoter.id), promoter, "promoter")
        with self._lock:
            insort(self._members.setdefault(promoter.program_id, []), promoter.id)

    def add_link(self, link: Link) -> None:
        self._add(self._links, link.code, link, "link")

    def change_link(self, link: Link) -> None:
        with self._lock:
            if link.code not in self._links:
                raise NotFoundError("link", link.code)
            self._links[link.code] = link

    def coupons(self, program_id: str, codes: Sequence[str]) -> dict[str, Coupon]:
        found = {code: self._coupons.get((program_id, code)) for code in codes}
        return {code: coupon for code, coupon in found.items() if coupon}

    def add_coupon(self, coupon: Coupon) -> None:
        with self._lock:
            looks = {look_of(known.code) for known in self.coupons_of(coupon.program_id)}
            if look_of(coupon.code) in looks:
                raise AlreadyExistsError("coupon", coupon.code)
            self._coupons[coupon.program_id, coupon.code] = coupon

    def storefronts(self, program_id: str | None = None) -> Iterator[Storefront]:
        found = (one for one in self._storefronts.values() if program_id in (None, one.program_id))
        yield from sorted(found, key=lambda one: (one.program_id, one.id))

    def coupons_of(self, program_id: str, promoter_id: str | None = None) -> Iterator[Coupon]:
        known = sorted(self._coupons.values(), key=lambda coupon: (coupon.promoter_id, coupon.code))
        for coupon in known:
            if coupon.program_id == program_id and promoter_id in (None, coupon.promoter_id):
                yield coupon

    def change_coupon(self, coupon: Coupon) -> None:
        with self._lock:
            known = self._coupons.get((coupon.program_id, coupon.code))
            if known is None or known.revision != coupon.revision - 1:
                raise NetworkMovedError(f"coupon {coupon.code}")
            self._coupons[coupon.program_id, coupon.code] = coupon

    def products(self, program_id: str, product_ids: Sequence[str]) -> dict[str, Product]:
        found = {name: self._products.get((program_id, name)) for name in product_ids}
        return {name: product for name, product in found.items() if product}

    def put_product(self, product: Product) -> None:
        with self._lock:
            stored = self._products.get((product.program_id, product.id))
            if (stored.revision if stored else 0) != product.revision - 1:
                raise NetworkMovedError(f"product {product.id}")
            self._products[product.program_id, product.id] = product

    def products_of(self, program_id: str, after: str = "") -> Iterator[Product]:
        known = sorted(name for of, name in self._products if of == program_id and name > after)
        return (self._products[program_id, name] for name in known)

    def rate(self, program_id: str, base: str, quote: str, instant: datetime) -> Rate | None:
        known = self._rates.get((program_id, base, quote), {})
        return known.get(max((at for at in known if at <= instant), default=instant))

    def add_rate(self, program_id: str, rate: Rate) -> None:
        known = self._rates.setdefault((program_id, rate.base, rate.quote), {})
        self._add(known, rate.effective_at, rate, "rate")

    def add_plan(self, program_id: str, plan: Plan) -> None:
        with self._lock:
            if any(known.version == plan.version for known in self._plans[program_id]):
                raise AlreadyExistsError("plan version", str(plan.version))
            plans = [*self._plans[program_id], plan]
            self._plans[program_id] = sorted(plans, key=lambda known: (known.effective_at, known.version))

    def network_version(self, program_id: str) -> int:
        return self._versions.get(program_id, 0)

    def change_promoter(self, promoter: Promoter, network_version: int, *others: Promoter) -> None:
        changed = {(one.program_id, one.id): one for one in (promoter, *others)}
        with self._lock:
            if self.network_version(promoter.program_id) != network_version:
                raise NetworkMovedError(promoter.program_id)
            for key in changed.keys() - self._promoters.keys():
                raise NotFoundError("promoter", key[1])
            self._versions[promoter.program_id] = network_version + 1
            self._promoters.update(changed)

    def add_merchant(self, merchant_id: str, name: str, key: ApiKey) -> None:
        self._add(self._merchants, merchant_id, name, "merchant")
        self._keys[key.id] = key

    def _add(self, table: dict[K, V], key: K, value: V, kind: str) -> None:
        with self._lock:
            if key in table:
                raise AlreadyExistsError(kind, str(key))
            table[key] = value
