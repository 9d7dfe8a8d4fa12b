"""Find where an order's promoters stand: months' volumes, the tiers they give, who is short of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from grapevine.domain.chains import NOBODY
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry
from grapevine.domain.orders import Order
from grapevine.domain.pages import sales_subject
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.sales import (
    NOTHING,
    closes_at,
    months_of,
    sales_change,
    standing_of,
    volume_of,
)
from grapevine.domain.tiers import Shortfall, Volume
from grapevine.ports import DecisionCatalog, PageReader


class People(Protocol):
    """A program's promoters, and who of them is short of sales."""

    @property
    def program_id(self) -> str:
        """The program."""

    def found(self, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return the promoters who exist, in one request."""

    def short(self, promoter_ids: Iterable[str]) -> Mapping[str, Shortfall]:
        """Return who may not have a level above the first, for want of sales."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """The promoters of a program, of whom no sales are asked."""

    program_id: str
    catalog: DecisionCatalog

    def found(self, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return the promoters who exist, in one request."""
        return self.catalog.promoters(self.program_id, promoter_ids)

    def short(self, promoter_ids: Iterable[str]) -> Mapping[str, Shortfall]:  # noqa: ARG002 - whoever it is
        """Return nobody."""
        return NOBODY


@dataclass(frozen=True, slots=True)
class Volumes:
    """What was sold through promoters in the months that one order rests on; each is read once.

    A month that is closed has a row for good, which whoever needs it first stores: of two orders at
    once one is first, and both read the same. An open month is as far as its pages are, and its
    own order's entries, which may not be folded yet.
    """

    terms: Terms
    plan: Plan
    paid_at: datetime
    entries: Sequence[Entry]
    catalog: DecisionCatalog
    pages: PageReader
    now: datetime
    _known: dict[tuple[str, str], Volume] = field(default_factory=dict)

    @property
    def program_id(self) -> str:
        """The program."""
        return self.terms.program.id

    @property
    def months(self) -> tuple[str, ...]:
        """The months whose sales count, the tiers' first; none where the plan counts no sales."""
        return months_of(self.paid_at, self.plan, self.terms.program)

    @property
    def provisional_until(self) -> datetime | None:
        """When the first of the months closes that is open yet."""
        ends = (closes_at(month, self.terms.program) for month in self.months)
        return min((end for end in ends if end > self.now), default=None)

    def found(self, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return the promoters who exist, and remember what is stored of their months: one request."""
        program_id, closed = self.terms.program.id, tuple(filter(self._is_closed, dict.fromkeys(self.months)))
        if not closed:
            return self.catalog.promoters(program_id, promoter_ids)
        promoters, volumes = self.catalog.promoters_with_volumes(program_id, promoter_ids, closed)
        self._known.update(volumes)
        return promoters

    def short(self, promoter_ids: Iterable[str]) -> Mapping[str, Shortfall]:
        """Return who sold less than the plan's gate in the month before."""
        gate_minor = self.plan.upline_gate_minor
        if not gate_minor:
            return NOBODY
        month = self.months[-1]
        sold = ((name, self.of(name, month).net_minor) for name in promoter_ids)
        return {name: Shortfall(name, month, minor) for name, minor in sold if minor < gate_minor}

    def of(self, promoter_id: str, month: str) -> Volume:
        """Return a month's volume, the stored one once the month is closed."""
        known = self._known.get((promoter_id, month))
        if known is None:
            known = self._known[promoter_id, month] = self._read(promoter_id, month)
        return known

    def _read(self, promoter_id: str, month: str) -> Volume:
        program_id = self.terms.program.id
        pages = self.pages.pages(sales_subject(program_id, promoter_id, month))
        volume = volume_of(promoter_id, month, pages, self.entries)
        if not self._is_closed(month):
            return volume
        return self.catalog.close_month(program_id, promoter_id, month, volume)

    def _is_closed(self, month: str) -> bool:
        return closes_at(month, self.terms.program) <= self.now


def tiered(decision: Decision, order: Order, sold: Volumes) -> Decision:
    """Return a decision with where its attributed promoters stand, so far while a month is open."""
    if not (sold.months and decision.attributed):
        return decision
    month, terms = sold.months[0], sold.terms
    unposted = {
        sale.promoter_id: sale.volume
        for sale in sales_change(order, decision, sold.entries, terms, sold.now)
        if sale.month == month
    }
    standings = (
        standing_of(name, month, sold.of(name, month) + unposted.get(name, NOTHING), sold.plan)
        for name in (decision.attributed if sold.plan.tiers else ())
    )
    return replace(decision, tiers=tuple(standings), provisional_until=sold.provisional_until)


def tiered_again(known: Decision, order: Order, sold: Volumes) -> Decision:
    """Return a decision that stays but for its tiers, which rest on a month that was open.

    They stay too while it is open yet and the order's own sales are the same.
    """
    until = known.provisional_until
    is_open = until is not None and sold.now < until
    if is_open and not sales_change(order, known, sold.entries, sold.terms, sold.now):
        return known
    sold.found(known.attributed)
    return unless_news(tiered(known, order, sold), known)


def unless_news(fresh: Decision, known: Decision | None) -> Decision:
    """Return a decision with the figures known before where the new ones pay the same.

    An open month's volume grows with every order of others; that alone is no entry in this one's books.
    """
    if known is None or known.provisional_until != fresh.provisional_until or _pay(known) != _pay(fresh):
        return fresh
    return replace(fresh, tiers=known.tiers, gated=known.gated)


def _pay(decision: Decision) -> tuple[object, ...]:
    standings = [(tier.promoter_id, tier.month, tier.tier_id, tier.uplift) for tier in decision.tiers]
    return standings, [short.promoter_id for short in decision.gated]
