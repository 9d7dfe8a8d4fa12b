"""Shops' clients over local servers; nobody waits, but what would have been waited is written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from grapevine.ports.shop_clients import ShopClient, ShopNeeds
from tests.builders import T0
from tests.rails.weather import Provider, Rules, Told, serving


@dataclass
class Opened:
    """A client, the server that it asks, and how long it would have waited."""

    client: ShopClient
    server: Provider
    waits: list[float] = field(default_factory=list)


def refusal(status: int) -> Told:
    return Told(status, {"errors": f"not now: {status}"})


@contextmanager
def opened(platform: str, rules: Rules, **access: str) -> Iterator[Opened]:
    """Open a platform's client over a server that behaves as these rules say."""
    waits: list[float] = []
    with serving(Provider(rules, refusal)) as server:
        needs = ShopNeeds(
            domain="shop.example",
            access={**access, "base_url": server.url},
            now=lambda: T0,
            wait=waits.append,
        )
        module: Any = import_module(f"grapevine.adapters.shops.{platform}")
        yield Opened(module.open_client(needs), server, waits)
