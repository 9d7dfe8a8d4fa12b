"""Queue what shops are asked every hour: what changed, and whether coupons work as they count here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.ports import CatalogLists, ShopQueue, StorefrontLists
from grapevine.usecases.sync_coupon import changed_coupons


class ShopLists(StorefrontLists, CatalogLists, Protocol):
    """Storefronts and coupons, listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """How many storefronts are reconciled, and how many times a shop is told of a coupon."""

    storefronts: int
    coupons: int


def start_reconciling(catalog: ShopLists, queue: ShopQueue, now: datetime) -> Queued:
    """Queue every storefront by itself, so that one shop that is down is in nobody else's way."""
    storefronts = tuple(catalog.storefronts())
    for storefront in storefronts:
        queue.send_reconcile(storefront.id)
    told = list(changed_coupons(storefronts, catalog, now))
    for storefront, coupon in told:
        queue.send_coupon(storefront.id, coupon.code)
    return Queued(storefronts=len(storefronts), coupons=len(told))
