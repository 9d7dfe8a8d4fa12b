"""Links: the redirect's one read, apart from the rest of the catalog so that it loads nothing more."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.rows import Item, Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.errors import AlreadyExistsError
from grapevine.domain.links import Link


class LinkRow(Row, discriminator="link"):
    """`LK#code` / `META`."""

    program_id = UnicodeAttribute()
    promoter_id = UnicodeAttribute()
    destination = UnicodeAttribute()
    upline = Json()
    product_id = UnicodeAttribute(null=True)


class DynamoLinks:
    """Links under their codes."""

    def __init__(self, database: Database) -> None:
        self._catalog = database.catalog

    def link(self, code: str) -> Link | None:
        """Return a link, eventually consistent."""
        item = self._catalog.get(catalog_keys.link(code), consistent=False) if keys.is_usable(code) else None
        return _link(item) if item else None

    def add_link(self, link: Link) -> None:
        """Add a link under its code."""
        pk, sk = catalog_keys.link(link.code)
        added = LinkRow(
            pk,
            sk,
            program_id=link.program_id,
            promoter_id=link.promoter_id,
            destination=link.destination,
            upline=list(link.upline),
            product_id=link.product_id,
        )
        if not self._catalog.put_new(added):
            raise AlreadyExistsError("link", link.code)


def _link(item: Item) -> Link:
    stored = row(LinkRow, item)
    return Link(
        code=keys.last_part(stored.pk),
        program_id=stored.program_id,
        promoter_id=stored.promoter_id,
        destination=stored.destination,
        upline=tuple(stored.upline),
        product_id=stored.product_id,
    )
