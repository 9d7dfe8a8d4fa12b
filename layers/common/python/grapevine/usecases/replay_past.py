"""Clicks and the catalog as a replay sees them: as of the instant it has come to, each thing read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from grapevine.domain.bindings import History
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import OrderKey
from grapevine.domain.fx import Rate
from grapevine.domain.ids import visitor_of
from grapevine.domain.people import Promoter
from grapevine.domain.products import Product
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import Volume
from grapevine.ports import ClickReader, PastCatalog
from grapevine.usecases.replay_books import ReplayBooks
from grapevine.usecases.replay_moment import Moment

T = TypeVar("T")
MOST_CLICKS = 200
"""Clicks of one visitor that are read: those that came after an order must not hide the earlier ones."""
AT_ONCE = 100


class PastClicks:
    """A visitor's clicks that were recorded by now.

    Stored clicks expire; those that a recorded decision considered are in it for good.
    """

    def __init__(self, moment: Moment, clicks: ClickReader) -> None:
        self._moment = moment
        self._clicks = clicks
        self._read: dict[str, dict[str, Click]] = {}

    def click(self, click_id: str) -> Click | None:
        """Return a click that was recorded by now, or None."""
        visitor_id = visitor_of(click_id)
        found = self.clicks_of(visitor_id, MOST_CLICKS) if visitor_id else ()
        return next((click for click in found if click.id == click_id), None)

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        """Return a visitor's latest clicks as they were by now, oldest first."""
        if visitor_id not in self._read:
            stored = self._clicks.clicks_of(visitor_id, MOST_CLICKS)
            self._read[visitor_id] = {click.id: click for click in stored}
        known = {**self._recorded(visitor_id), **self._read[visitor_id]}
        now = self._moment.now
        return tuple(known[name] for name in sorted(known) if known[name].recorded_at <= now)[-limit:]

    def _recorded(self, visitor_id: str) -> dict[str, Click]:
        decisions = (entry.decision for entry in self._moment.order.entries if entry.decision)
        return {
            touch.click_id: _click_of(touch, self._moment.order.facts[0].program_id)
            for decision in decisions
            for touch in decision.candidates
            if touch.click_id and visitor_of(touch.click_id) == visitor_id
        }


def _click_of(touch: Candidate, program_id: str) -> Click:
    """Return the click that a candidate was made of, as far as deciding looks at it."""
    return Click(
        id=touch.click_id,
        link_code="",
        program_id="" if touch.reason is Reason.OTHER_PROGRAM else program_id,
        promoter_id=touch.promoter_id,
        upline=(),
        occurred_at=touch.occurred_at,
        recorded_at=touch.recorded_at,
        user_agent="",
        bot_reason=touch.reason.value if touch.reason is Reason.BOT else None,
        channel=touch.channel,
    )


class ReplayCatalog:
    """The catalog under other terms: people, coupons, products and rates as stored, months as replayed.

    `rows_until` is the first month whose stored volumes do not count: the replay makes its own.
    """

    def __init__(
        self, moment: Moment, terms: Terms, catalog: PastCatalog, books: ReplayBooks, rows_until: str
    ) -> None:
        self._moment = moment
        self._terms = terms
        self._catalog = catalog
        self._books = books
        self._rows_until = rows_until
        self._promoters: dict[str, Promoter | None] = {}
        self._coupons: dict[str, Coupon | None] = {}
        self._products: dict[str, Product | None] = {}
        self._rates: dict[tuple[str, str, datetime], Rate | None] = {}
        self._histories: dict[str, History] = {}
        self._months: dict[tuple[str, str], Volume] = {}
        self._asked: set[tuple[str, str]] = set()
        self._again: frozenset[OrderKey] = frozenset()

    def replays(self, orders: frozenset[OrderKey]) -> None:
        """Say which orders are posted again: what was recorded of their customers does not count."""
        self._again = orders

    def terms(self, program_id: str) -> Terms:  # noqa: ARG002 - there is one program
        """Return the terms that are tried."""
        return self._terms

    def promoters(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return those that exist."""
        return _kept(promoter_ids, self._promoters, lambda names: self._catalog.promoters(program_id, names))

    def promoters_with_volumes(
        self, program_id: str, promoter_ids: Sequence[str], months: Sequence[str]
    ) -> tuple[dict[str, Promoter], dict[tuple[str, str], Volume]]:
        """Return those that exist with the months that are closed, in this replay or before it."""
        wanted = [(name, month) for name in promoter_ids for month in months]
        for month in months:
            missing = [name for name in promoter_ids if (name, month) not in self._asked]
            if month < self._rows_until and missing:
                rows = self._catalog.promoters_with_volumes(program_id, missing, (month,))[1]
                self._asked.update((name, month) for name in missing)
                self._months = {**rows, **self._months}
        volumes = {key: self._months[key] for key in wanted if key in self._months}
        return self.promoters(program_id, promoter_ids), volumes

    def close_month(self, program_id: str, promoter_id: str, month: str, volume: Volume) -> Volume:  # noqa: ARG002
        """Keep a month's volume for this replay, and return the first one's."""
        return self._months.setdefault((promoter_id, month), volume)

    def coupons(self, program_id: str, codes: Sequence[str]) -> dict[str, Coupon]:
        """Return those that exist."""
        return _kept(codes, self._coupons, lambda names: self._catalog.coupons(program_id, names))

    def products(self, program_id: str, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those that exist with their histories."""
        return _kept(product_ids, self._products, lambda names: self._catalog.products(program_id, names))

    def rate(self, program_id: str, base: str, quote: str, instant: datetime) -> Rate | None:
        """Return the rate that the order was paid by, where it was; else the one in effect at an instant."""
        for entry in self._moment.order.entries:
            known = entry.decision.rate if entry.decision else None
            if known and (known.base, known.quote) == (base, quote):
                return known
        key = base, quote, instant
        if key not in self._rates:
            self._rates[key] = self._catalog.rate(program_id, *key)
        return self._rates[key]

    def customer(self, program_id: str, customer_key: str) -> History:
        """Return what was known of a customer by now, their orders as this replay tells of them."""
        if customer_key not in self._histories:
            self._histories[customer_key] = self._catalog.customer(program_id, customer_key)
        known, now = self._histories[customer_key], self._moment.now
        others = (told for told in known.orders if told.order not in self._again and told.recorded_at <= now)
        return History(
            orders=(*others, *self._books.told_of(customer_key)),
            registrations=tuple(one for one in known.registrations if one.recorded_at <= now),
            identities=tuple(one for one in known.identities if one.recorded_at <= now),
        )


def _kept(
    names: Sequence[str], known: dict[str, T | None], read: Callable[[Sequence[str]], Mapping[str, T]]
) -> dict[str, T]:
    """Return what there is by name; what was asked before is not read again."""
    missing = [name for name in names if name not in known]
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        found = read(part)
        known.update({name: found.get(name) for name in part})
    return {name: value for name in names if (value := known[name]) is not None}
