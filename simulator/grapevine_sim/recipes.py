"""The demo day's orders in outline: what is fixed whatever the seed, so that every day has every trouble."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """How an order's story goes on after it was placed."""

    PAID = "paid"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    TWO_REFUNDS = "two_refunds"
    ALL_BACK = "all_back"
    REFUND_FIRST = "refund_first"
    SHIPPING_BACK = "shipping_back"


class Discount(StrEnum):
    """What the customer got off."""

    NONE = "none"
    CODE = "code"
    PERCENT = "percent"
    FULL = "full"


GUEST = "guest"
MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One order's outline.

    `owner` is the promoter whose link brought it; `buyer` is a promoter's name where they buy themselves.
    """

    key: str
    owner: str | None
    lines: int = 1
    buyer: str = MEMBER
    ending: Ending = Ending.PAID
    discount: Discount = Discount.NONE
    with_gift_card: bool = False
    is_small: bool = False
    taxes_included: bool = False
    presentment: tuple[str, int] | None = None
    is_delivered: bool = False
    is_click_in_cart: bool = True
    is_paid_at_once: bool = False


RECIPES = (
    Recipe(key="first sale", owner="ana", lines=2, is_paid_at_once=True),
    Recipe(key="code over three lines", owner="bo", lines=3, discount=Discount.CODE),
    Recipe(key="percent off", owner="cy", lines=2, discount=Discount.PERCENT),
    Recipe(key="with a gift card", owner="cy", with_gift_card=True),
    Recipe(key="guest", owner="bo", buyer=GUEST, is_click_in_cart=False),
    Recipe(key="organic", owner=None, lines=2),
    Recipe(key="own link", owner="cy", buyer="cy"),
    Recipe(key="cancelled", owner="ana", lines=2, ending=Ending.CANCELLED),
    Recipe(key="two refunds", owner="cy", lines=3, discount=Discount.CODE, ending=Ending.TWO_REFUNDS),
    Recipe(key="two more refunds", owner="bo", lines=2, ending=Ending.TWO_REFUNDS),
    Recipe(key="all back", owner="ana", lines=2, discount=Discount.PERCENT, ending=Ending.ALL_BACK),
    Recipe(key="refund first", owner="cy", lines=2, ending=Ending.REFUND_FIRST),
    Recipe(key="small", owner="dee", is_small=True),
    Recipe(key="sponsored by ana", owner="eli", lines=2),
    Recipe(key="never paid", owner="bo", ending=Ending.UNPAID),
    Recipe(key="tax inside", owner="eli", taxes_included=True, presentment=("EUR", 920)),
    Recipe(
        key="delivered",
        owner="ana",
        is_delivered=True,
        discount=Discount.CODE,
        ending=Ending.SHIPPING_BACK,
    ),
    Recipe(key="for nothing", owner="bo", discount=Discount.FULL),
)
