"""Find where an order's promoters stand: months' volumes, the tiers they give, who is short of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry
from grapevine.domain.orders import Order
from grapevine.domain.pages import sales_subject
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program, Terms
from grapevine.domain.sales import (
    NOTHING,
    closes_at,
    month_before,
    sales_change,
    standing_of,
    tier_month,
    volume_of,
)
from grapevine.domain.tiers import Shortfall, Volume
from grapevine.ports import DecisionCatalog, PageReader


@dataclass(slots=True)
class Volumes:
    """What was sold through promoters in the months that one order rests on; each is read once.

    A month that is closed has a row for good, which whoever needs it first stores: of two orders at
    once one is first, and both read the same. An open month is as far as its pages are, and its
    own order's entries, which may not be folded yet.
    """

    terms: Terms
    entries: Sequence[Entry]
    catalog: DecisionCatalog
    pages: PageReader
    now: datetime
    _known: dict[tuple[str, str], Volume] = field(default_factory=dict)

    def people(self, promoter_ids: Sequence[str], months: Iterable[str]) -> dict[str, Promoter]:
        """Return the promoters who exist, and remember what is stored of these months: one request."""
        closed = tuple(dict.fromkeys(month for month in months if self._is_closed(month)))
        if not closed:
            return self.catalog.promoters(self._program.id, promoter_ids)
        promoters, volumes = self.catalog.promoters_with_volumes(self._program.id, promoter_ids, closed)
        self._known.update(volumes)
        return promoters

    def of(self, promoter_id: str, month: str) -> Volume:
        """Return a month's volume, the stored one once the month is closed."""
        known = self._known.get((promoter_id, month))
        if known is None:
            known = self._known[promoter_id, month] = self._read(promoter_id, month)
        return known

    def short_of(self, gate_minor: int, promoter_ids: Iterable[str], month: str) -> dict[str, Shortfall]:
        """Return who sold less than the gate in a month."""
        sold = ((name, self.of(name, month).net_minor) for name in promoter_ids)
        return {name: Shortfall(name, month, minor) for name, minor in sold if minor < gate_minor}

    def _read(self, promoter_id: str, month: str) -> Volume:
        pages = self.pages.pages(sales_subject(self._program.id, promoter_id, month))
        found = volume_of(promoter_id, month, pages, self.entries)
        if not self._is_closed(month):
            return found
        return self.catalog.close_month(self._program.id, promoter_id, month, found)

    def _is_closed(self, month: str) -> bool:
        return closes_at(month, self._program) <= self.now

    @property
    def _program(self) -> Program:
        return self.terms.program


def months_needed(paid_at: datetime, plan: Plan, program: Program) -> tuple[str, ...]:
    """Return the months whose sales an order rests on, its tiers' first; none where its plan counts none."""
    gate = (month_before(paid_at, program),) if plan.upline_gate_minor else ()
    return (*((tier_month(paid_at, plan, program),) if plan.tiers else ()), *gate)


def tiered(decision: Decision, order: Order, paid_at: datetime, volumes: Volumes) -> Decision:
    """Return a decision with where its attributed promoters stand, so far while a month is open."""
    terms, now = volumes.terms, volumes.now
    plan = terms.plan_version(decision.plan_version)
    if not (plan.counts_sales and decision.attributed):
        return decision
    months = months_needed(paid_at, plan, terms.program)
    ends = [ends_at for month in months if (ends_at := closes_at(month, terms.program)) > now]
    unposted = {
        sale.promoter_id: sale.volume
        for sale in sales_change(order, decision, volumes.entries, terms, now)
        if sale.month == months[0]
    }
    standings = (
        standing_of(name, months[0], volumes.of(name, months[0]) + unposted.get(name, NOTHING), plan)
        for name in (decision.attributed if plan.tiers else ())
    )
    return replace(decision, tiers=tuple(standings), provisional_until=min(ends, default=None))


def tiers_stay(decision: Decision, order: Order, volumes: Volumes) -> bool:
    """Say whether a decision's tiers stay: their month is open yet, and the order's sales are the same."""
    until, now = decision.provisional_until, volumes.now
    if until is None:
        return True
    return now < until and not sales_change(order, decision, volumes.entries, volumes.terms, now)


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
