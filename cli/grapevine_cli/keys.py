"""`grapevine key …`: API keys of a merchant."""

from __future__ import annotations

import click

from grapevine.domain.api_keys import ApiKey, KeyKind, Scope
from grapevine.domain.errors import NotFoundError
from grapevine.domain.instants import to_text
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.manage_keys import CreateKey, create_key, list_keys, withdraw_key
from grapevine_cli.commands import pass_parts


@click.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("merchant_id")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in KeyKind]),
    default=KeyKind.MERCHANT.value,
    help="Whom it is for.",
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="Less than all of it.",
)
@click.option("--program", "program_id", help="The program that it is good for.")
@click.option("--storefront", "storefront_id", help="The storefront that a storefront's key is for.")
@click.option("--promoter", "promoter_id", help="The promoter whom a promoter's key is for.")
@pass_parts
def key_create(
    parts: AwsParts,
    merchant_id: str,
    name: str,
    kind: str,
    scopes: tuple[str, ...],
    program_id: str | None,
    storefront_id: str | None,
    promoter_id: str | None,
) -> None:
    """Make an API key and print it, this once: only a hash of it is kept."""
    command = CreateKey(
        merchant_id=merchant_id,
        name=name,
        kind=KeyKind(kind),
        scopes=tuple(Scope(scope) for scope in scopes),
        program_id=program_id,
        storefront_id=storefront_id,
        promoter_id=promoter_id,
    )
    if next(iter(list_keys(merchant_id, parts.api_keys)), None) is None:
        raise NotFoundError("merchant", merchant_id)
    made = create_key(command, parts.api_keys, parts.catalog, parts.random_bytes, parts.now())
    click.echo(f"key      {made.key.id}")
    click.echo(f"API key  {made.text}")


@key.command("list")
@click.argument("merchant_id")
@pass_parts
def key_list(parts: AwsParts, merchant_id: str) -> None:
    """Print a merchant's API keys, without what opens them."""
    for one in list_keys(merchant_id, parts.api_keys):
        click.echo("\t".join(_row(one)))


@key.command("revoke")
@click.argument("key_id")
@pass_parts
def key_revoke(parts: AwsParts, key_id: str) -> None:
    """Take an API key back, at once and for good."""
    click.echo("\t".join(_row(withdraw_key(key_id, parts.api_keys, parts.now()))))


def _row(one: ApiKey) -> tuple[str, ...]:
    bounds = [bound for bound in (one.program_id, one.storefront_id, one.promoter_id) if bound]
    revoked = f"revoked {to_text(one.revoked_at)}" if one.revoked_at else "good"
    return (one.id, one.kind, one.name or "-", "/".join(bounds) or "-", revoked)
