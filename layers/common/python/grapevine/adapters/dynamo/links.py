"""Links: the redirect's one read, apart from the rest of the catalog so that it loads nothing more."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.rows import Item, Json, Row, row
from grapevine.adapters.dynamo.table import BY_PROGRAM, Database
from grapevine.domain.errors import AlreadyExistsError, NotFoundError
from grapevine.domain.links import Link


class LinkRow(Row, discriminator="link"):
    """`LK#code` / `META`, listed by promoter."""

    gpk = UnicodeAttribute(null=True)
    gsk = UnicodeAttribute(null=True)
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

    def links_of(self, program_id: str, promoter_id: str, after: str = "") -> Iterator[Link]:
        """Yield a promoter's links by code, all of them or those after one, eventually consistent."""
        if not keys.is_usable(program_id, promoter_id):
            return iter(())
        listing, first = catalog_keys.link_listing(program_id, promoter_id, "")
        items: Iterator[Item] = self._catalog.query(listing, LinkRow.gsk.startswith(first), index=BY_PROGRAM)
        return (link for link in map(_link, items) if link.code > after)

    def add_link(self, link: Link) -> None:
        """Add a link under its code."""
        if not self._catalog.put_new(_row(link)):
            raise AlreadyExistsError("link", link.code)

    def change_link(self, link: Link) -> None:
        """Store a link in place of what it was."""
        try:
            self._catalog.put(_row(link), Row.pk.exists())
        except ConditionFailedError as error:
            raise NotFoundError("link", link.code) from error


def _row(link: Link) -> LinkRow:
    gpk, gsk = catalog_keys.link_listing(link.program_id, link.promoter_id, link.code)
    return LinkRow(
        *catalog_keys.link(link.code),
        gpk=gpk,
        gsk=gsk,
        program_id=link.program_id,
        promoter_id=link.promoter_id,
        destination=link.destination,
        upline=list(link.upline),
        product_id=link.product_id,
    )


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
