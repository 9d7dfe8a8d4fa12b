"""`grapevine storefront`: a shop is told where to send, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.usecases.connect_storefront import ConnectStorefront, connect_storefront
from grapevine_cli.storefronts import storefront_connect
from tests.builders import STOREFRONT_ID
from tests.cli.running import run
from tests.worlds import chain_world

URL = f"https://hooks.example/api/storefronts/{STOREFRONT_ID}/webhooks"
COMMAND = ConnectStorefront(storefront_id=STOREFRONT_ID, url=URL)


def test_a_shop_is_told_where_to_send_and_again_nothing_is_registered() -> None:
    world = chain_world()
    world.shop_clients.shops[STOREFRONT_ID] = shop = MemoryShop()
    assert run(storefront_connect, world, STOREFRONT_ID, URL) == (0, ["orders/paid", "1 registered"])
    assert shop.webhooks == {URL: ("orders/paid",)}
    assert run(storefront_connect, world, STOREFRONT_ID, URL) == (0, ["0 registered"])


def test_a_shop_whose_api_we_may_not_use_is_not_found() -> None:
    world = chain_world()
    with pytest.raises(NotFoundError):
        connect_storefront(COMMAND, world.catalog, world.secrets, world.shop_clients)


@pytest.mark.parametrize("url", ["http://hooks.example/x", "hooks.example", ""])
def test_no_shop_sends_in_the_clear(url: str) -> None:
    world = chain_world()
    world.shop_clients.shops[STOREFRONT_ID] = MemoryShop()
    with pytest.raises(InvalidInputError, match="must begin with https://"):
        connect_storefront(replace(COMMAND, url=url), world.catalog, world.secrets, world.shop_clients)


def test_an_unknown_storefront_is_not_found() -> None:
    world = chain_world()
    with pytest.raises(NotFoundError):
        connect_storefront(
            replace(COMMAND, storefront_id="sf_nobody"), world.catalog, world.secrets, world.shop_clients
        )
