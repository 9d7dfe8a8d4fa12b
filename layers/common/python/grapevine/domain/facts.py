"""What a storefront says happened to an order, appended once and never changed.

Every field that a body may lack is optional: a missing field says nothing, it is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from grapevine.domain.ids import checked_id


class FactKind(StrEnum):
    """What happened."""

    PLACED = "placed"
    PAID = "paid"
    RECEIVED = "received"
    EDITED = "edited"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    VERDICT = "verdict"
    ACCEPTED = "accepted"
    """A person took a quarantined fact as it is."""
    REJECTED = "rejected"
    """A person threw a quarantined fact out for good."""


class Payment(StrEnum):
    """An order's financial state, in the order that breaks ties between snapshots of one instant."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"

    @property
    def rank(self) -> int:
        """The later of two states of one instant."""
        return _PAYMENTS.index(self)

    @property
    def earns(self) -> bool:
        """Whether the customer paid in full; refunds are counted by line, not by this state."""
        return self in _EARNING


_PAYMENTS = tuple(Payment)
_EARNING = (Payment.PAID, Payment.PARTIALLY_REFUNDED, Payment.REFUNDED)


class Outcome(StrEnum):
    """A screening's verdict, the more severe later."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class Component(StrEnum):
    """A part of what the customer pays; a plan's base lists those that commission is counted on."""

    ITEM = "item"
    TAX = "tax"
    """The tax on the other parts that are in the base."""
    SHIPPING = "shipping"
    TIP = "tip"
    GIFT_CARD = "gift_card"
    """A gift card that is sold: money, not a sale."""


class TenderKind(StrEnum):
    """What an order was paid with, where that is not plain money."""

    GIFT_CARD = "gift_card"
    WALLET = "wallet"
    POINTS = "points"


class OrderKey(NamedTuple):
    """An order's name: the same id in two storefronts is two orders."""

    storefront_id: str
    order_id: str

    def __str__(self) -> str:
        return f"{self.storefront_id}/{self.order_id}"

    @classmethod
    def parse(cls, text: str) -> OrderKey:
        """Read back what `str` wrote."""
        storefront_id, _, order_id = text.partition("/")
        return cls(checked_id(storefront_id, "storefront_id"), checked_id(order_id, "order_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One order line: what the customer pays for it, in minor units of the order's currency.

    `gross_minor` is price × quantity; `tax_minor` is the tax inside the price, `added_tax_minor`
    what comes on top of it. `quantity_milli` is in thousandths: a shop may sell 1.5 m of cloth.
    `component` is what kind of line it is: an item, shipping, or a tip.
    """

    id: str
    product_id: str | None
    sku: str | None
    quantity_milli: int
    gross_minor: int
    discount_minor: int
    tax_minor: int = 0
    gift_card: bool = False
    added_tax_minor: int = 0
    component: Component = Component.ITEM

    @property
    def net_minor(self) -> int:
        """What is paid for it, net of discounts and tax."""
        return max(self.gross_minor - self.discount_minor - self.tax_minor, 0)

    @property
    def base_minor(self) -> int:
        """What commission is counted on unless the plan says otherwise: an item's net, no gift card's."""
        is_sale = self.component is Component.ITEM and not self.gift_card
        return max(self.gross_minor - self.discount_minor - self.tax_minor, 0) if is_sale else 0


WHOLE_ORDER = "*"
"""The line of a refund that names none: its amount, tax and all, is of the order as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """How much of one order line went back; `tax_minor` beside the subtotal, where that is told.

    On the line WHOLE_ORDER the subtotal is all that was paid back, and its lines share it.
    """

    line_id: str
    quantity_milli: int
    subtotal_minor: int
    tax_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money going back to the customer; united over facts by its id."""

    id: str
    created_at: datetime
    lines: tuple[RefundLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """A part of the price that was not paid with plain money; `minor` is None where nobody says how much."""

    kind: TenderKind
    minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The order as one body tells it; `charges` are the lines that are no items: shipping and tips.

    `referrer` is the host of the page that led the customer to the shop, and nothing more of it.
    """

    placed_at: datetime | None = None
    payment: Payment | None = None
    currency: str | None = None
    lines: tuple[Line, ...] | None = None
    cancelled_at: datetime | None = None
    received_at: datetime | None = None
    customer_key: str | None = None
    click_id: str | None = None
    coupon_codes: tuple[str, ...] | None = None
    test: bool = False
    charges: tuple[Line, ...] | None = None
    tenders: tuple[Tender, ...] | None = None
    referrer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A screening's outcome with the rule that found it and what it rests on."""

    outcome: Outcome
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a person decided about a quarantined fact, named by its digest; of two, a rejection counts."""

    fact: str
    accepted: bool
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to an order.

    `version` is the source's own instant of this state of the order and alone orders facts;
    `recorded_at`, when we knew, never decides. `digest` names the content: the same body twice
    is one fact. `problem` says why the content cannot be used; such a fact is quarantined until a
    person rules on it. It tells what could be read all the same, for them to accept.
    """

    order: OrderKey
    program_id: str
    kind: FactKind
    version: datetime
    digest: str
    recorded_at: datetime
    snapshot: Snapshot | None = None
    refunds: tuple[Refund, ...] = ()
    verdict: Verdict | None = None
    problem: str | None = None
    ruling: Ruling | None = None

    @property
    def can_be_accepted(self) -> bool:
        """Whether it was read, odd as it is; what could not be read can only be rejected."""
        return self.problem is not None and (self.snapshot is not None or bool(self.refunds))
