"""Tokens that end: asked for when there is none, kept until shortly before their end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from grapevine.ports.shop_clients import Discount, FetchedPage, ShopRefusedError

MARGIN = timedelta(minutes=5)
SHORTEST = timedelta(seconds=0)

Issue = Callable[[datetime], tuple[str, timedelta]]
"""Asks for a token at an instant; returns it and how long it lasts."""


class Token:
    """One token; a shop's client lives as long as its function does, and so does what it holds."""

    def __init__(self, issue: Issue, now: Callable[[], datetime]) -> None:
        self._issue = issue
        self._now = now
        self._kept: tuple[str, datetime] | None = None

    def text(self) -> str:
        """Return the token."""
        if self._kept is None or self._now() >= self._kept[1]:
            asked_at = self._now()
            text, lasts = self._issue(asked_at)
            self._kept = text, asked_at + max(lasts - MARGIN, SHORTEST)
        return self._kept[0]

    def drop(self) -> None:
        """Forget it: the shop has said that it is over."""
        self._kept = None


class OrdersOnly:
    """A platform through whose API we read orders and nothing else: codes and webhooks are made by hand."""

    name = ""

    def products(self, cursor: str | None = None) -> FetchedPage:  # noqa: ARG002 - nobody has any
        """Refuse: products come another way."""
        self._refuse("its products are told by hand")

    def create_discount(self, discount: Discount) -> None:
        """Refuse: codes are made in the shop."""
        self._refuse(f"make the code {discount.code} in the shop")

    def disable_discount(self, discount: Discount) -> None:
        """Refuse: codes are ended in the shop."""
        self._refuse(f"end the code {discount.code} in the shop")

    def register_webhooks(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Refuse: the address is entered in the platform's own pages."""
        self._refuse(f"enter {url} in the platform's own pages")

    def _refuse(self, why: str) -> NoReturn:
        raise ShopRefusedError(f"{self.name} has no API for that: {why}")
