"""`grapevine products …`: what shops sell, from a file, from the shop, and as it is listed."""

from __future__ import annotations

from pathlib import Path

import click

from grapevine.domain.money import format_minor
from grapevine.domain.products import Product
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.import_products import ImportProducts, import_products
from grapevine.usecases.pull_products import PullPorts, PullProducts, pull_products
from grapevine_cli.commands import FILE, pass_parts
from grapevine_cli.progress import shown
from grapevine_cli.tables import show

COLUMNS = ("product", "price>", "currency", "stock>", "category", "collections", "promoter", "gone", "title")


@click.group()
def products() -> None:
    """What shops sell: how it is shown, and which groups it is in."""


@products.command("import")
@click.argument("program_id")
@click.argument("file", type=FILE)
@pass_parts
def products_import(parts: AwsParts, program_id: str, file: Path) -> None:
    """Take a program's products from a CSV file; a bad row is named, the others are taken.

    The first line names the columns: id, title, and any of price, currency, compare_at, picture_url,
    page, category, collections (separated by |), stock, gone.
    """
    with shown() as progress, file.open(encoding="utf-8-sig", newline="") as lines:
        command = ImportProducts(program_id, lines)
        found = import_products(
            command, parts.catalog, parts.now(), lambda read: progress("products", read, None)
        )
    for bad in found.bad:
        click.echo(f"{file.name}, {bad}", err=True)
    click.echo(f"{found.read} read, {found.listed} changed, {len(found.bad)} not taken")
    if found.bad:
        raise SystemExit(1)


@products.command("pull")
@click.argument("storefront_id")
@pass_parts
def products_pull(parts: AwsParts, storefront_id: str) -> None:
    """Ask a shop for all of its products, and list what is news."""
    ports = PullPorts(parts.shop_clients, parts.storefront_adapters, parts.catalog)
    with shown() as progress:
        pulled = pull_products(
            PullProducts(storefront_id), ports, parts.now(), lambda read: progress("products", read, None)
        )
    for fault in pulled.faults:
        click.echo(fault, err=True)
    click.echo(f"{pulled.read} read, {pulled.listed} changed, {len(pulled.faults)} faults")


@products.command("list")
@click.argument("program_id")
@pass_parts
def products_list(parts: AwsParts, program_id: str) -> None:
    """List a program's products by id."""
    program = parts.catalog.terms(program_id).program
    show(COLUMNS, map(_row, parts.catalog.products_of(program.id)))


def _row(product: Product) -> tuple[str, ...]:
    last, listing = product.changes[-1], product.listing
    has_price = listing is not None and listing.price_minor is not None and listing.currency is not None
    price = format_minor(listing.price_minor or 0, listing.currency or "") if listing and has_price else ""
    return (
        product.id,
        price,
        (listing.currency or "") if listing else "",
        "" if listing is None or listing.stock is None else str(listing.stock),
        last.category or "",
        "|".join(last.collections),
        last.promoter_id or "",
        "gone" if listing and listing.gone else "",
        listing.title if listing else "",
    )
