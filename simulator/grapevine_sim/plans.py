"""What a simulated market consists of: values only, fixed by the seed.

All amounts are minor units of the shop's currency; all times are seconds after the shop opened.
What is known at run time only (the click ids that the redirect gave out, the instant of opening)
is a `Run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The merchant's shop and the program's terms."""

    domain: str
    webhook_secret: str
    currency: str
    destination: str
    rate_bps: tuple[int, ...]
    minimum_payout_minor: int
    hold_days_after_receipt: int
    hold_days_after_payment: int
    screening_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoterPlan:
    """A promoter under a short name; `sponsor` is another one's."""

    name: str
    email: str
    sponsor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What the shop sells."""

    id: int
    variant_id: int
    title: str
    variant: str
    sku: str
    vendor: str
    grams: int
    price_minor: int
    is_gift_card: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickPlan:
    """A visit to a promoter's link; an order names the one that brought it by `key`."""

    key: str
    link_owner: str
    user_agent: str
    method: str
    is_person: bool

    @property
    def is_counted(self) -> bool:
        """Whether it is a visit at all; a HEAD request only looks where the link leads."""
        return self.method == "GET"

    @property
    def gets_click_id(self) -> bool:
        """Whether the redirect hands a click id to the shop."""
        return self.is_counted and self.is_person


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """An order line; `tax_minor` is inside the price only where the order says so."""

    id: int
    product: Product
    quantity: int
    discount_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """Price × quantity."""
        return self.product.price_minor * self.quantity

    @property
    def net_minor(self) -> int:
        """What is left after the discount."""
        return self.gross_minor - self.discount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """Units of a line going back, with what the customer gets for them."""

    id: int
    line: LinePlan
    quantity: int
    subtotal_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPlan:
    """Money going back; `shipping_minor` is the part that is for no line."""

    id: int
    at: int
    lines: tuple[ReturnedLine, ...]
    shipping_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What the customer gets."""
        return sum(line.subtotal_minor + line.tax_minor for line in self.lines) + self.shipping_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPlan:
    """Who buys; a guest (`id` is None) has no account."""

    id: int | None
    first_name: str
    last_name: str
    email: str


class Parcel(StrEnum):
    """How far an order's parcel is."""

    NONE = "none"
    SENT = "sent"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An order as it is at one instant of its story."""

    at: int
    payment: str
    refunds: int = 0
    cancelled_at: int | None = None
    parcel: Parcel = Parcel.NONE
    parcel_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One webhook in an order's story: the order in a state, or (`refund`) the number of a refund."""

    topic: str
    state: State
    refund: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """An order with its whole story."""

    key: str
    id: int
    number: int
    placed_at: int
    click: str | None
    is_click_in_cart: bool
    customer: CustomerPlan
    lines: tuple[LinePlan, ...]
    discount_code: str | None
    discount_minor: int
    shipping_minor: int
    tip_minor: int
    taxes_included: bool
    presentment: tuple[str, int]
    refunds: tuple[RefundPlan, ...]
    story: tuple[Step, ...]
    is_refund_first: bool = False

    @property
    def is_paid(self) -> bool:
        """Whether the customer ever paid."""
        return self.story[-1].state.payment not in ("pending", "voided")

    @property
    def is_cancelled(self) -> bool:
        """Whether the story ends with a cancellation."""
        return self.story[-1].state.cancelled_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A market with its truth."""

    seed: int
    shop: Shop
    promoters: tuple[PromoterPlan, ...]
    clicks: tuple[ClickPlan, ...]
    orders: tuple[OrderPlan, ...]

    def promoter(self, name: str) -> PromoterPlan:
        """Return a promoter by name."""
        return next(promoter for promoter in self.promoters if promoter.name == name)

    def click(self, key: str) -> ClickPlan:
        """Return a click by key."""
        return next(click for click in self.clicks if click.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What only a run knows: when the shop opened and the click ids by the plans' keys."""

    opened_at: datetime
    click_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook request, signed; `order` is the plan's key and `order_id` the platform's id."""

    order: str
    order_id: str
    topic: str
    raw: bytes
    headers: Mapping[str, str]
