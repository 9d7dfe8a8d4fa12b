"""What is asked of shops: orders by name and by when they changed, discount codes, our webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from grapevine.domain.errors import RefusedError, UnavailableError
from grapevine.domain.programs import Storefront

Wait = Callable[[float], None]
"""Waits so many seconds before something is tried again."""


class ShopUnavailableError(UnavailableError):
    """A shop did not answer, or said that it cannot now; it may be asked again.

    `retry_after_seconds` is how long it asks to be left alone, None where it did not say.
    """

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ShopRefusedError(RefusedError):
    """A shop said no for good: the same would be refused again."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a shop said of one thing, in its own words, and the topic that its adapter reads it under."""

    raw: bytes
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """Some of what a shop was asked for; `cursor` asks for the rest, None where there is none.

    `cut` says that the window holds more than the shop shows, however it is asked: only a shorter
    one brings the rest.
    """

    bodies: tuple[Fetched, ...]
    cursor: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A discount code as a shop knows it: off everything, in hundredths of a percent.

    `owner` is how we know it again: a code of that spelling with another owner is not ours.
    """

    code: str
    off_bps: int
    owner: str


class ShopClient(Protocol):
    """One shop's own API. ShopUnavailableError where it may be asked again, ShopRefusedError where not."""

    @property
    def longest_window(self) -> timedelta:
        """The longest span of update times that it is asked about at once."""
        ...

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order as it is now; NotFoundError where the shop has none of that name."""
        ...

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return orders that were last changed in a span, both ends included, whole and as they are now."""
        ...

    def products(self, cursor: str | None = None) -> FetchedPage:
        """Return the shop's products."""
        ...

    def create_discount(self, discount: Discount) -> None:
        """Let a code work, making it where there is none; one of ours that works already stays as it is.

        ShopRefusedError where the shop has that code for something else.
        """
        ...

    def disable_discount(self, discount: Discount) -> None:
        """Let a code of ours work no longer; again, or without any, changes nothing."""
        ...

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:
        """Let the shop tell us what it can; return the topics that were not registered yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopNeeds:
    """What a client is made of: where the shop is, what its API is used with, the clock, and patience."""

    domain: str
    access: Mapping[str, str]
    now: Callable[[], datetime]
    wait: Wait


class ShopClients(Protocol):
    """The shops whose API we may use."""

    def client(self, storefront: Storefront) -> ShopClient:
        """Return a shop's client; NotFoundError where we may not use its API, or it has none for us.

        ShopUnavailableError where what it is used with is not whole.
        """
        ...
