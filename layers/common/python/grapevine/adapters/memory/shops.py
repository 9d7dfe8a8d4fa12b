"""Shops in memory: orders as they are now, discount codes, webhooks, and how far each was reconciled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from grapevine.domain.errors import NotFoundError
from grapevine.domain.programs import Storefront
from grapevine.domain.reconciling import ReconcileMark
from grapevine.ports.shop_clients import Discount, Fetched, FetchedPage, ShopClient, ShopRefusedError


class MemoryReconcileMarks:
    """Marks by storefront."""

    def __init__(self) -> None:
        self.kept: dict[str, ReconcileMark] = {}

    def reconcile_mark(self, storefront_id: str) -> ReconcileMark | None:
        return self.kept.get(storefront_id)

    def keep_reconcile_mark(self, mark: ReconcileMark) -> None:
        self.kept[mark.storefront_id] = mark


@dataclass
class MemoryShop:
    """A shop that holds the truth: each order as it is now, and when it was last changed.

    It shows at most `shown` orders of a window, `page` at once; `taken` are codes of its own, `sold`
    its products.
    """

    longest_window: timedelta = timedelta(days=7)
    shown: int = 1000
    page: int = 50
    orders: dict[str, tuple[datetime, Fetched]] = field(default_factory=dict)
    discounts: dict[str, tuple[Discount, bool]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    webhooks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    sold: list[Fetched] = field(default_factory=list)

    def change(self, order_id: str, at: datetime, fetched: Fetched) -> None:
        """Let an order be so from an instant on."""
        self.orders[order_id] = at, fetched

    def fetch_order(self, order_id: str) -> Fetched:
        if order_id not in self.orders:
            raise NotFoundError("order in the shop", order_id)
        return self.orders[order_id][1]

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        self.asked.append((start, end))
        found = sorted((at, name) for name, (at, _) in self.orders.items() if start <= at <= end)
        first = int(cursor or 0)
        last = min(first + self.page, self.shown)
        bodies = tuple(self.orders[name][1] for _, name in found[first:last])
        more = last < min(len(found), self.shown)
        cut = not more and len(found) > self.shown
        return FetchedPage(bodies=bodies, cursor=str(last) if more else None, cut=cut)

    def products(self, cursor: str | None = None) -> FetchedPage:
        first = int(cursor or 0)
        last = first + self.page
        more = last < len(self.sold)
        return FetchedPage(bodies=tuple(self.sold[first:last]), cursor=str(last) if more else None)

    def create_discount(self, discount: Discount) -> None:
        self._refuse_others(discount)
        known = self.discounts.get(discount.code)
        self.discounts[discount.code] = known[0] if known else discount, True

    def disable_discount(self, discount: Discount) -> None:
        self._refuse_others(discount)
        if discount.code in self.discounts:
            self.discounts[discount.code] = self.discounts[discount.code][0], False

    def _refuse_others(self, discount: Discount) -> None:
        if discount.code in self.taken:
            raise ShopRefusedError(f"{discount.code} is a discount of the shop's own")

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - nobody signs
        known, topics = self.webhooks.get(url, ()), ("orders/paid",)
        self.webhooks[url] = topics
        return tuple(topic for topic in topics if topic not in known)


class MemoryShops:
    """Shops by storefront; those that are not here have no API for us."""

    def __init__(self, shops: Mapping[str, ShopClient] | None = None) -> None:
        self.shops = dict(shops or {})

    def client(self, storefront: Storefront) -> ShopClient:
        if storefront.id not in self.shops:
            raise NotFoundError("access to the shop's API", storefront.id)
        return self.shops[storefront.id]
