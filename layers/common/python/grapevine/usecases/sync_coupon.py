"""Let a promoter's coupon work in a shop as it counts here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from grapevine.domain.coupons import Coupon
from grapevine.domain.programs import Storefront
from grapevine.ports import (
    CatalogLists,
    CouponReader,
    SecretStore,
    ShopQueue,
    StorefrontLists,
    StorefrontReader,
)
from grapevine.ports.shop_clients import Discount, ShopClients, ShopRefusedError

PERCENT = "coupon_percent"
"""What a storefront's access says that a promoter's coupon takes off; without it codes are made by hand."""
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
LOOK_BACK = timedelta(hours=3)
"""How long a change is told to shops again: a queue may have been down, and some come as planned."""


@dataclass(frozen=True, slots=True)
class SyncCoupon:
    """A coupon of a storefront's program."""

    storefront_id: str
    code: str


@dataclass(frozen=True, slots=True)
class SyncPorts:
    """The coupons, the storefronts, and the shops' own APIs."""

    coupons: CouponReader
    storefronts: StorefrontReader
    secrets: SecretStore
    clients: ShopClients


def sync_coupon(command: SyncCoupon, ports: SyncPorts, now: datetime) -> bool:
    """Make the code work in the shop, or not, as the coupon counts now; return whether the shop was asked.

    What counts is the coupon as it is, not as it was when this was queued: so messages may come twice, or the
    wrong way round. NotFoundError where we may not use the shop's API, ShopRefusedError where the shop
    has that code for something else, or takes no such discount.
    """
    storefront = ports.storefronts.storefront(command.storefront_id)
    secrets = ports.secrets.storefront_secrets(command.storefront_id) if storefront else None
    percent = secrets.access.get(PERCENT) if secrets else None
    if storefront is None or not percent:
        return False
    coupon = ports.coupons.coupons(storefront.program_id, (command.code,)).get(command.code)
    if coupon is None:
        return False
    discount = discount_of(coupon, percent)
    client = ports.clients.client(storefront)
    if coupon.is_enabled_at(now):
        client.create_discount(discount)
    else:
        client.disable_discount(discount)
    return True


def discount_of(coupon: Coupon, percent: str) -> Discount:
    """Return a coupon as a shop knows it; ShopRefusedError for a percentage that is none.

    >>> discount_of(Coupon(program_id="pg", code="ANA-10", promoter_id="pr", created_at=datetime.min), "12.5")
    Discount(code='ANA-10', off_bps=1250, owner='Grapevine pg/ANA-10')
    """
    whole, _, part = percent.partition(".")
    off = int(whole) * 100 + int(f"{part:0<2}") if _PERCENT.fullmatch(percent) else 0
    if not 1 <= off <= 10_000:
        raise ShopRefusedError(f"{PERCENT} is {percent[:20]!r}: not a percentage of 0.01 to 100")
    return Discount(code=coupon.code, off_bps=off, owner=f"Grapevine {coupon.program_id}/{coupon.code}")


def tell_shops(coupon: Coupon, storefronts: StorefrontLists, queue: ShopQueue) -> None:
    """Queue that a coupon's program's shops are told of it."""
    for storefront in storefronts.storefronts(coupon.program_id):
        queue.send_coupon(storefront.id, coupon.code)


def changed_coupons(
    storefronts: tuple[Storefront, ...], catalog: CatalogLists, now: datetime
) -> Iterator[tuple[Storefront, Coupon]]:
    """Yield each coupon that was made, or came to count or not, lately, with each shop of its program."""
    for program_id in dict.fromkeys(storefront.program_id for storefront in storefronts):
        for coupon in catalog.coupons_of(program_id):
            if any(now - LOOK_BACK < instant <= now for instant in _instants(coupon)):
                yield from ((one, coupon) for one in storefronts if one.program_id == program_id)


def _instants(coupon: Coupon) -> tuple[datetime, ...]:
    return coupon.created_at, *(change.effective_at for change in coupon.changes)
