"""Clicks: one row under its visitor, found by the id that an order carries."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import size

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, expiry, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.clicks import CLICK_LIFE, MAX_INTEREST, Click, Interest, InterestKind
from grapevine.domain.ids import visitor_of


class ClickRow(Row, discriminator="click"):
    """`V#visitor` / click id; dropped by time to live when no order can need it any more."""

    link_code = UnicodeAttribute()
    program_id = UnicodeAttribute()
    promoter_id = UnicodeAttribute()
    upline = Json()
    occurred_at = Instant()
    recorded_at = Instant()
    user_agent = UnicodeAttribute()
    bot_reason = UnicodeAttribute(null=True)
    channel = UnicodeAttribute(null=True)
    expires_at = WholeNumber()
    viewed = UnicodeSetAttribute(null=True)
    carted = UnicodeSetAttribute(null=True)


_FORGETTING = [ClickRow.user_agent.set(""), ClickRow.viewed.remove(), ClickRow.carted.remove()]
_INTERESTS = {InterestKind.VIEW: ClickRow.viewed, InterestKind.CART: ClickRow.carted}


class DynamoClicks:
    """Clicks by id."""

    def __init__(self, database: Database) -> None:
        self._clicks = database.clicks

    def record(self, click: Click) -> None:
        """Store a click in one write; a repeat changes nothing."""
        self._clicks.put_new(_row(click))

    def click(self, click_id: str) -> Click | None:
        """Return a click in one read, or None; text that is no click id costs no request."""
        item = self._clicks.get(keys.click(click_id)) if visitor_of(click_id) else None
        return click_of(item) if item else None

    def note_interest(self, click_id: str, kind: InterestKind, product_id: str) -> bool:
        """Add a product to a click's row, if there is one with room for it; the row's life stays."""
        products = _INTERESTS[kind]
        has_room = products.does_not_exist() | products.contains(product_id) | (size(products) < MAX_INTEREST)  # type: ignore[no-untyped-call]
        try:
            is_known = ClickRow.pk.exists() & (ClickRow.user_agent != "")
            self._clicks.update(keys.click(click_id), [products.add({product_id})], is_known & has_room)
        except ConditionFailedError:
            return False
        return True

    def interest(self, click_id: str) -> Interest:
        """Return what a click's visitor looked at, in one read."""
        item = self._clicks.get(keys.click(click_id)) if visitor_of(click_id) else None
        if item is None:
            return Interest()
        stored = row(ClickRow, item)
        return Interest(frozenset(stored.viewed or ()), frozenset(stored.carted or ()))

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        """Return a visitor's latest clicks, oldest first."""
        items = self._clicks.latest(keys.visitor(visitor_id), limit)
        return tuple(reversed([click_of(item) for item in items]))

    def forget_visitor(self, visitor_id: str) -> int:
        """Erase the user agents of a visitor's clicks, and what they looked at, one update each.

        Again changes nothing, and nothing is noted with such a click any more.
        """
        if not keys.is_usable(visitor_id):
            return 0
        stored = (row(ClickRow, item) for item in self._clicks.query(keys.visitor(visitor_id)))
        return sum(self._forget(click.key) for click in stored if click.user_agent)

    def _forget(self, key: keys.Key) -> bool:
        try:
            self._clicks.update(key, _FORGETTING, Row.pk.exists())
        except ConditionFailedError:
            return False  # Dropped by its age meanwhile.
        return True


def _row(click: Click) -> ClickRow:
    pk, sk = keys.click(click.id)
    return ClickRow(
        pk,
        sk,
        link_code=click.link_code,
        program_id=click.program_id,
        promoter_id=click.promoter_id,
        upline=list(click.upline),
        occurred_at=click.occurred_at,
        recorded_at=click.recorded_at,
        user_agent=click.user_agent,
        bot_reason=click.bot_reason,
        channel=click.channel or None,
        expires_at=expiry(click.recorded_at, CLICK_LIFE),
    )


def click_of(item: Item) -> Click:
    """Return the click in an item, stored or from the table's stream."""
    stored = row(ClickRow, item)
    return Click(
        id=stored.sk,
        link_code=stored.link_code,
        program_id=stored.program_id,
        promoter_id=stored.promoter_id,
        upline=tuple(stored.upline),
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        user_agent=stored.user_agent,
        bot_reason=stored.bot_reason,
        channel=stored.channel or "",
    )
