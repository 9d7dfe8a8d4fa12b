"""Find the touches of an order, and the people and products that its decision rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.bindings import Tie
from grapevine.domain.bound_lines import bound_promoters
from grapevine.domain.candidates import Candidate, coupon_touches, touch_of
from grapevine.domain.chains import SEARCH_DEPTH, people_needed
from grapevine.domain.coupons import readable_codes
from grapevine.domain.decisions import Decision
from grapevine.domain.ids import visitor_of
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.tiers import Shortfall
from grapevine.ports import ClickReader, DecisionCatalog
from grapevine.usecases.find_people import with_persons
from grapevine.usecases.tier_order import People

MOST_CLICKS = 50
"""Clicks of one visitor that an order looks at, the latest."""
AT_ONCE = 100
"""Products asked for in one request."""


@dataclass(frozen=True, slots=True)
class TouchPorts:
    """What finding an order's touches and people reads."""

    clicks: ClickReader
    catalog: DecisionCatalog


@dataclass(frozen=True, slots=True)
class Found:
    """An order's touches, with everybody and everything that deciding it must know."""

    touches: tuple[Candidate, ...]
    products: dict[str, Product]
    promoters: dict[str, Promoter]
    short: Mapping[str, Shortfall]


def find_touches(
    order: Order,
    placed_at: datetime,
    plan: Plan,
    known: Decision | None,
    tie: Tie | None,
    people: People,
    ports: TouchPorts,
    *,
    has_groups: bool = False,
) -> Found:
    """Find the touches that there are so far, and what they lead to; `tie` is the customer's own.

    `has_groups` says that a campaign is for groups of products.

    Every click of the visitor counts, not only the one the order names: a cookie keeps one. Clicks
    that have expired are still in the decision.
    """
    visitor_id = visitor_of(order.click_id) if order.click_id else None
    clicks = ports.clicks.clicks_of(visitor_id, MOST_CLICKS) if visitor_id else ()
    seen = {click.id: touch_of(click, people.program_id) for click in clicks}
    coupons = _coupons(order, placed_at, people.program_id, ports.catalog)
    touches = (*{**_kept(known, visitor_id), **seen}.values(), *coupons)
    wanted = order.product_ids if has_groups or plan.needs_products else ()
    products = _products(wanted, people.program_id, ports.catalog)
    bound = bound_promoters(products, placed_at, plan).values()
    names = (*(touch.promoter_id for touch in touches), *((tie.promoter_id,) if tie else ()), *bound)
    hint = [name for click in clicks for name in (click.promoter_id, *click.upline)]
    hint += [plan.default_sponsor_id] if plan.default_sponsor_id else []
    promoters, short = _people(names, hint, placed_at, plan, people)
    return Found(touches, products, promoters, short)


def is_late(order: Order, touches: Sequence[Candidate]) -> bool:
    """Say whether the click that the order names has not been recorded yet."""
    named = order.click_id is not None and visitor_of(order.click_id) is not None
    return named and order.click_id not in [touch.click_id for touch in touches]


def _kept(known: Decision | None, visitor_id: str | None) -> dict[str, Candidate]:
    """Return an earlier decision's clicks of this visitor; who the order named before it no longer counts."""
    touches = known.candidates if known and visitor_id else ()
    return {touch.click_id: touch for touch in touches if visitor_of(touch.click_id) == visitor_id}


def _coupons(
    order: Order, placed_at: datetime, program_id: str, catalog: DecisionCatalog
) -> tuple[Candidate, ...]:
    codes = readable_codes(order.coupon_codes)
    known = catalog.coupons(program_id, codes) if codes else {}
    return coupon_touches(order, placed_at, known)


def _products(wanted: Sequence[str], program_id: str, catalog: DecisionCatalog) -> dict[str, Product]:
    """Return the products of which more must be known, in one request for a hundred; mostly none."""
    found: dict[str, Product] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found.update(catalog.products(program_id, wanted[start : start + AT_ONCE]))
    return found


def _people(
    names: Sequence[str], hint: Sequence[str], placed_at: datetime, plan: Plan, people: People
) -> tuple[dict[str, Promoter], Mapping[str, Shortfall]]:
    """Return the promoters named and their uplines: one request while the click's hint is true.

    With them come those who are short of the plan's gate, where it has one.
    """
    wanted = tuple(dict.fromkeys((*names, *hint)))
    known = people.found(wanted) if wanted else {}
    if any(promoter.alias for promoter in known.values()):
        known = with_persons(known, placed_at, people.found)
    short = people.short(known)
    for name in names:
        for _ in range(SEARCH_DEPTH):
            missing = people_needed(name, placed_at, plan, known, short)
            found = people.found((missing,)) if missing else {}
            if not found:
                break
            known.update(found)
            short = {**short, **people.short(found)}
    return known, short
