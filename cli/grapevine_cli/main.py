"""`grapevine …`: what an operator does by hand. Each group of commands is a module of its own."""

from __future__ import annotations

import click

from grapevine_cli.books import explain, redrive, verify, void
from grapevine_cli.commands import Group
from grapevine_cli.importing import import_balances, import_orders, reconcile
from grapevine_cli.keys import key
from grapevine_cli.merchants import merchant
from grapevine_cli.payouts import payouts
from grapevine_cli.privacy import privacy
from grapevine_cli.products import products
from grapevine_cli.settling import settle
from grapevine_cli.statements import statement
from grapevine_cli.storefronts import storefront
from grapevine_cli.webhooks import events, webhooks
from grapevine_cli.what_if import what_if

COMMANDS = (
    merchant,
    key,
    storefront,
    verify,
    explain,
    redrive,
    void,
    what_if,
    settle,
    payouts,
    statement,
    privacy,
    products,
    webhooks,
    events,
    reconcile,
    import_orders,
    import_balances,
)


@click.group(cls=Group)
@click.option("--stage", envvar="GRAPEVINE_STAGE", help="The stage, for example dev or prod.")
@click.option("--endpoint", envvar="GRAPEVINE_ENDPOINT", help="The local stack's URL, instead of AWS.")
@click.pass_context
def main(ctx: click.Context, stage: str | None, endpoint: str | None) -> None:
    """Operate a Grapevine stage."""
    ctx.obj = stage, endpoint


for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
