"""`grapevine merchant …`."""

from __future__ import annotations

import click

from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.create_merchant import CreateMerchant, create_merchant
from grapevine_cli.commands import pass_parts


@click.group()
def merchant() -> None:
    """Merchants."""


@merchant.command("create")
@click.argument("name")
@pass_parts
def merchant_create(parts: AwsParts, name: str) -> None:
    """Create a merchant and print its API key, this once: only a hash of it is kept."""
    made = create_merchant(CreateMerchant(name), parts.catalog, parts.random_bytes, parts.now())
    click.echo(f"merchant {made.merchant_id}")
    click.echo(f"API key  {made.api_key}")
