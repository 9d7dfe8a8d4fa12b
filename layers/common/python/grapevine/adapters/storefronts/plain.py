"""What most platforms are content with: nobody is greeted, nothing is encrypted, any 200 is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from grapevine.ports import Reply, ShopKeys


class PlainShop:
    """The part of a storefront adapter that a platform rarely has a say in; adapters override what it has."""

    @property
    def accepted(self) -> Reply | None:
        return None

    def greet(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> Reply | None:  # noqa: ARG002 - the port's signature
        return None

    def opened(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys) -> bytes:  # noqa: ARG002 - the port's signature
        return raw
