"""`grapevine storefront …`: what is done with a shop that is connected."""

from __future__ import annotations

import click

from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.connect_storefront import ConnectStorefront, connect_storefront
from grapevine_cli.commands import pass_parts


@click.group()
def storefront() -> None:
    """Shops that are connected."""


@storefront.command("connect")
@click.argument("storefront_id")
@click.argument("url")
@pass_parts
def storefront_connect(parts: AwsParts, storefront_id: str, url: str) -> None:
    """Register our webhooks in a shop, through its own API; what is there already stays.

    URL is where its webhooks go: https://…/storefronts/STOREFRONT_ID/webhooks of place_order.
    """
    command = ConnectStorefront(storefront_id=storefront_id, url=url)
    topics = connect_storefront(command, parts.catalog, parts.secrets, parts.shop_clients)
    click.echo("\n".join([*topics, f"{len(topics)} registered"]))
