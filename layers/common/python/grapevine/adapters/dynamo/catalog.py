"""The catalog: terms, people, storefronts, links, API keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.api_keys import DynamoApiKeys, api_key_row
from grapevine.adapters.dynamo.campaigns import DynamoCampaigns, dated_in
from grapevine.adapters.dynamo.customers import DynamoCustomers
from grapevine.adapters.dynamo.failures import CONDITION_FAILED, CancelledError, ConditionFailedError
from grapevine.adapters.dynamo.links import DynamoLinks
from grapevine.adapters.dynamo.rows import ABSENT, Item, Row, row, rows
from grapevine.adapters.dynamo.rows_catalog import (
    MerchantRow,
    PlanNumberRow,
    PlanRow,
    ProgramRow,
    RateRow,
    StorefrontRow,
    plan_of,
    plan_row,
    program_of,
    program_row,
    rate_of,
    rate_row,
    storefront_of,
    storefront_row,
)
from grapevine.adapters.dynamo.rows_people import (
    CouponRow,
    NetworkRow,
    ProductRow,
    PromoterRow,
    VolumeRow,
    coupon_look_row,
    coupon_of,
    coupon_row,
    product_of,
    product_row,
    promoter_of,
    promoter_row,
    volume_of,
    volume_row,
)
from grapevine.adapters.dynamo.table import BY_PROGRAM, Database, Put
from grapevine.domain.coupons import Coupon
from grapevine.domain.errors import AlreadyExistsError, NetworkMovedError, NotFoundError, UnavailableError
from grapevine.domain.fx import Rate
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.programs import Program, Storefront, Terms
from grapevine.domain.tiers import Volume
from grapevine.ports import ApiKey


class DynamoCatalog(DynamoLinks, DynamoCustomers, DynamoCampaigns, DynamoApiKeys):
    """Programs, plans, storefronts, promoters, links, customers and API keys."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        DynamoCampaigns.__init__(self, database)
        self._database = database

    def terms(self, program_id: str) -> Terms:
        """Return a program's terms in one request; NotFoundError when there is none."""
        items = (
            list(self._catalog.query(catalog_keys.program(program_id).pk))
            if keys.is_usable(program_id)
            else []
        )
        programs = [program_of(stored) for stored in rows(ProgramRow, items)]
        if not programs:
            raise NotFoundError("program", program_id)
        return Terms(programs[0], tuple(plan_of(stored) for stored in rows(PlanRow, items)), *dated_in(items))

    def terms_now(self, program_id: str) -> Terms:
        """Return a program's terms as they are: nothing is kept here."""
        return self.terms(program_id)

    def promoters(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return those that exist, in one request."""
        wanted = [catalog_keys.promoter(program_id, name) for name in promoter_ids if keys.is_usable(name)]
        found = (promoter_of(row(PromoterRow, item)) for item in self._catalog.get_all(wanted))
        return {promoter.id: promoter for promoter in found}

    def promoters_with_volumes(
        self, program_id: str, promoter_ids: Sequence[str], months: Sequence[str]
    ) -> tuple[dict[str, Promoter], dict[tuple[str, str], Volume]]:
        """Return those that exist with the volumes of closed months, in one request."""
        names = [name for name in promoter_ids if keys.is_usable(name)]
        people = [catalog_keys.promoter(program_id, name) for name in names]
        closed = [catalog_keys.volume(program_id, name, month) for name in names for month in months]
        items = list(self._catalog.get_all([*people, *closed]))
        promoters = (promoter_of(stored) for stored in rows(PromoterRow, items))
        return {promoter.id: promoter for promoter in promoters}, dict(
            volume_of(stored) for stored in rows(VolumeRow, items)
        )

    def close_month(self, program_id: str, promoter_id: str, month: str, volume: Volume) -> Volume:
        """Store a closed month's volume if absent; return what is stored."""
        added = volume_row(program_id, promoter_id, month, volume)
        if self._catalog.put_new(added):
            return volume
        (item,) = self._catalog.get_all([added.key])
        return volume_of(row(VolumeRow, item))[1]

    def storefront(self, storefront_id: str) -> Storefront | None:
        """Return a storefront, or None."""
        item = (
            self._catalog.get(catalog_keys.storefront(storefront_id))
            if keys.is_usable(storefront_id)
            else None
        )
        return storefront_of(item) if item else None

    def storefronts(self, program_id: str | None = None) -> Iterator[Storefront]:
        """Yield storefronts by program and id, all of them or one program's, eventually consistent."""
        if program_id is not None and not keys.is_usable(program_id):
            return iter(())
        only = StorefrontRow.gsk.startswith(catalog_keys.storefronts_of(program_id)) if program_id else None
        items = self._catalog.query(catalog_keys.STOREFRONTS, only, index=BY_PROGRAM)
        return (storefront_of(item) for item in items)

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        """Yield programs, all of them or a merchant's, eventually consistent."""
        only = ProgramRow.gsk.startswith(catalog_keys.programs_of(merchant_id)) if merchant_id else None
        items = self._catalog.query(catalog_keys.PROGRAMS, only, index=BY_PROGRAM)
        return (program_of(stored) for stored in rows(ProgramRow, items))

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        """Yield a program's promoters by id, all of them or those after one, eventually consistent."""
        listing, place = catalog_keys.promoter_listing(program_id, after)
        items: Iterator[Item] = self._catalog.query(listing, PromoterRow.gsk > place, index=BY_PROGRAM)
        return (promoter_of(stored) for stored in rows(PromoterRow, items))

    def add_program(self, program: Program, plan: Plan) -> None:
        """Add a program with its first plan, both or neither."""
        self._add("program", program.id, program_row(program), *_version_rows(program.id, plan))

    def change_program(self, program: Program) -> None:
        """Store a program with its one new change, on top of the others only."""
        before = program.revision - 1
        unmoved = ProgramRow.revision == before if before else ProgramRow.revision.does_not_exist()
        try:
            self._catalog.put(program_row(program), ProgramRow.pk.exists() & unmoved)
        except ConditionFailedError as error:
            raise NetworkMovedError(f"program {program.id}") from error

    def add_storefront(self, storefront: Storefront) -> None:
        """Add a storefront."""
        if not self._catalog.put_new(storefront_row(storefront)):
            raise AlreadyExistsError("storefront", storefront.id)

    def add_promoter(self, promoter: Promoter) -> None:
        """Add a promoter."""
        if not self._catalog.put_new(promoter_row(promoter)):
            raise AlreadyExistsError("promoter", promoter.id)

    def coupons(self, program_id: str, codes: Sequence[str]) -> dict[str, Coupon]:
        """Return those that exist, in one request."""
        wanted = [catalog_keys.coupon(program_id, code) for code in codes if keys.is_usable(code)]
        found = (coupon_of(row(CouponRow, item)) for item in self._catalog.get_all(wanted))
        return {coupon.code: coupon for coupon in found}

    def add_coupon(self, coupon: Coupon) -> None:
        """Add a coupon and claim what its code looks like, both or neither."""
        self._add("coupon", coupon.code, coupon_row(coupon), coupon_look_row(coupon))

    def change_coupon(self, coupon: Coupon) -> None:
        """Store a coupon with its one new change, on top of the others only."""
        try:
            self._catalog.put(coupon_row(coupon), CouponRow.switched == coupon.revision - 1)
        except ConditionFailedError as error:
            raise NetworkMovedError(f"coupon {coupon.code}") from error

    def coupons_of(self, program_id: str, promoter_id: str | None = None) -> Iterator[Coupon]:
        """Yield a program's coupons, all of them or a promoter's, eventually consistent."""
        if promoter_id is not None and not keys.is_usable(promoter_id):
            return iter(())
        only = CouponRow.gsk.startswith(catalog_keys.coupons_of(promoter_id)) if promoter_id else None
        items = self._catalog.query(catalog_keys.coupons_listed(program_id), only, index=BY_PROGRAM)
        return (coupon_of(stored) for stored in rows(CouponRow, items))

    def products(self, program_id: str, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those that exist, in one request."""
        wanted = [catalog_keys.product(program_id, name) for name in product_ids if keys.is_usable(name)]
        found = (product_of(row(ProductRow, item)) for item in self._catalog.get_all(wanted))
        return {product.id: product for product in found}

    def put_product(self, product: Product) -> None:
        """Store a product with its one new change, on top of the others only."""
        before = product.revision - 1
        try:
            self._catalog.put(product_row(product), ProductRow.changed == before if before else ABSENT)
        except ConditionFailedError as error:
            raise NetworkMovedError(f"product {product.id}") from error

    def products_of(self, program_id: str, after: str = "") -> Iterator[Product]:
        """Yield a program's products by id, all of them or those after one, eventually consistent."""
        listing, place = catalog_keys.product_listing(program_id, after)
        items = self._catalog.query(listing, ProductRow.gsk > place, index=BY_PROGRAM)
        return (product_of(stored) for stored in rows(ProductRow, items))

    def rate(self, program_id: str, base: str, quote: str, instant: datetime) -> Rate | None:
        """Return the latest rate in effect at an instant, in one request."""
        before = RateRow.sk <= catalog_keys.rate_from(instant)
        items = self._catalog.latest(catalog_keys.rates(program_id, base, quote), 1, before)
        return rate_of(row(RateRow, items[0])) if items else None

    def add_rate(self, program_id: str, rate: Rate) -> None:
        """Add a rate."""
        if not self._catalog.put_new(rate_row(program_id, rate)):
            raise AlreadyExistsError("rate", f"{rate.base}/{rate.quote}")

    def add_plan(self, program_id: str, plan: Plan) -> None:
        """Add a version of a plan; its number is claimed in the same transaction."""
        self._add("plan version", str(plan.version), *_version_rows(program_id, plan))

    def network_version(self, program_id: str) -> int:
        """Return how often the program's network has changed."""
        item = self._catalog.get(catalog_keys.network(program_id))
        return row(NetworkRow, item).version if item else 0

    def change_promoter(self, promoter: Promoter, network_version: int, *others: Promoter) -> None:
        """Store a promoter, and others, and count the change, all or nothing."""
        counted = NetworkRow(*catalog_keys.network(promoter.program_id), version=network_version + 1)
        is_same = NetworkRow.version == network_version if network_version else ABSENT
        changed = (promoter, *others)
        try:
            self._database.put_all(
                *(Put(self._catalog, promoter_row(one), Row.pk.exists()) for one in changed),
                Put(self._catalog, counted, is_same),
            )
        except CancelledError as error:
            # Where the version moved as well, or somebody is writing right now, nothing else is sure.
            if set(error.reasons) == {CONDITION_FAILED, None} and error.reasons[-1] is None:
                missing = changed[error.reasons.index(CONDITION_FAILED)]
                raise NotFoundError("promoter", missing.id) from error
            raise NetworkMovedError(promoter.program_id) from error

    def add_merchant(self, merchant_id: str, name: str, key: ApiKey) -> None:
        """Add a merchant with its first API key, both or neither."""
        self._add(
            "merchant",
            merchant_id,
            MerchantRow(*catalog_keys.merchant(merchant_id), name=name),
            api_key_row(key),
        )

    def _add(self, kind: str, name: str, *rows: Row) -> None:
        try:
            self._database.put_all(*(Put(self._catalog, row) for row in rows))
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                raise AlreadyExistsError(kind, name) from error
            raise UnavailableError(f"{kind} {name!r} is being added by somebody else") from error


def _version_rows(program_id: str, plan: Plan) -> tuple[Row, Row]:
    """Return a version of a plan and the claim of its number."""
    return plan_row(program_id, plan), PlanNumberRow(*catalog_keys.plan_number(program_id, plan))
