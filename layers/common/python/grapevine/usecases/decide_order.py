"""Gather what an order's decision rests on, and decide: who it belongs to, under which terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from grapevine.domain.bases import uncounted
from grapevine.domain.bound_lines import bound_promoters, with_products
from grapevine.domain.chains import SEARCH_DEPTH, people_needed
from grapevine.domain.coupons import readable_codes
from grapevine.domain.decisions import (
    Candidate,
    Decision,
    Reason,
    basis_of,
    coupon_touches,
    decide,
    grace_end,
    pending,
    touch_of,
)
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.fx import usable
from grapevine.domain.ids import visitor_of
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import recruiters, sponsors_needed
from grapevine.ports import ClickReader, DecisionCatalog
from grapevine.usecases.find_people import with_persons

MOST_CLICKS = 50
"""Clicks of one visitor that an order looks at, the latest."""
AT_ONCE = 100
"""Products that one request reads."""


@dataclass(frozen=True, slots=True)
class DecisionPorts:
    """What a decision reads."""

    clicks: ClickReader
    catalog: DecisionCatalog
    met: dict[str, Promoter] = field(default_factory=dict)
    """Everybody whom deciding has read, for whoever needs them next."""


@dataclass(frozen=True, slots=True)
class Winner:
    """A promoter who would win an order or a line of it.

    `by` is the last touch that counts for them, a click's id or a coupon's code, or the product
    that is bound to them.
    """

    promoter: Promoter
    by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with what it was made from."""

    decision: Decision
    touches: tuple[Candidate, ...]
    promoters: dict[str, Promoter]


def decide_order(
    order: Order, entries: Sequence[Entry], terms: Terms, ports: DecisionPorts, now: datetime
) -> Decision:
    """Return the decision in force while its inputs stay, else decide from the order's own instant."""
    known = decision_in_force(entries)
    if known and (_stays(known, order, entries, terms, now) or _is_gone(order)):
        return known
    if order.placed_at is None:
        raise OrderUnprocessableError("no body tells when it was placed")
    found = _decided(order, order.placed_at, known, terms, ports)
    is_open = now < grace_end(order.placed_at)
    if is_open and found.decision.reason is not Reason.COUPON and _is_late(order, found.touches):
        plan = terms.plan_version(found.decision.plan_version)
        return pending(order, plan, Reason.CLICK_PENDING)
    return _in_programs_currency(found.decision, order, known, terms, ports)


def _decided(
    order: Order, placed_at: datetime, known: Decision | None, terms: Terms, ports: DecisionPorts
) -> Decided:
    """Decide by the touches that there are so far, and by what the order's products were."""
    plan, program_id = terms.plan_at(order.paid_at or placed_at), terms.program.id
    touches, hint = _touches(order, placed_at, known, terms, ports)
    products = _products(order, plan, program_id, ports)
    bound = bound_promoters(products, placed_at, plan).values()
    names = (*(touch.promoter_id for touch in touches), *bound)
    promoters = _people(names, (*hint, *_default(plan)), placed_at, plan, program_id, ports)
    decision = decide(order, placed_at, plan, touches, promoters)
    if products:
        decision = with_products(decision, order, placed_at, plan, products, promoters)
    if plan.recruit_bonus_minor and decision.claims:
        decision = _with_recruiters(decision, order, placed_at, promoters, program_id, ports)
    return Decided(decision, touches, promoters)


def _products(order: Order, plan: Plan, program_id: str, ports: DecisionPorts) -> dict[str, Product]:
    """Return the products that the plan must know more of, in one request for a hundred; mostly none."""
    wanted = order.product_ids if plan.needs_products else ()
    found: dict[str, Product] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found.update(ports.catalog.products(program_id, wanted[start : start + AT_ONCE]))
    return found


def _with_recruiters(
    decision: Decision,
    order: Order,
    placed_at: datetime,
    promoters: dict[str, Promoter],
    program_id: str,
    ports: DecisionPorts,
) -> Decision:
    """Return the decision with who would have the recruit bonus; mostly they are known as upline."""
    missing = sponsors_needed(decision, placed_at, promoters)
    known = promoters | ports.catalog.promoters(program_id, missing) if missing else promoters
    return replace(decision, recruiters=recruiters(order, decision, placed_at, known))


def winners_of(order: Order, terms: Terms, ports: DecisionPorts) -> tuple[Winner, ...]:
    """Return who would win an order, or lines of it, as it is told so far."""
    if order.placed_at is None:
        return ()
    found = _decided(order, order.placed_at, None, terms, ports)
    touches = (touch for touch in found.decision.candidates if touch.reason is Reason.ELIGIBLE)
    last = {
        person_of(touch.promoter_id, found.promoters, order.placed_at): touch.coupon_code or touch.click_id
        for touch in touches
    }
    won = [(name, last[name]) for name, *_ in found.decision.claims if name in last]
    bound = [
        (product.earners[0], product.product_id) for product in found.decision.products if product.earners
    ]
    winners = {name: by for name, by in (*reversed(bound), *won) if name in found.promoters}
    return tuple(Winner(found.promoters[name], by) for name, by in winners.items())


def _stays(known: Decision, order: Order, entries: Sequence[Entry], terms: Terms, now: datetime) -> bool:
    """Say whether a decision is still the one: its inputs are the same, and it was looked at once more.

    Until the grace period ends another touch of the same customer may be recorded. So whoever
    posts first after it decides again, and what that entry leaves standing stays.
    """
    plan = terms.plan_version(known.plan_version)
    if known.is_pending or known.basis != basis_of(order, plan) or order.placed_at is None:
        return False
    ends = grace_end(order.placed_at)
    return now < ends or entries[-1].recorded_at >= ends


def _is_gone(order: Order) -> bool:
    """Say whether a person rejected all that told of an order: it earns nothing, whoever it belonged to."""
    return order.placed_at is None and not order.earns and bool(order.rulings)


def _in_programs_currency(
    decision: Decision, order: Order, known: Decision | None, terms: Terms, ports: DecisionPorts
) -> Decision:
    """Return the decision with the rate of the order's instant; it waits where there is none."""
    base, quote = order.currency, terms.program.currency
    if base in (None, quote) or order.placed_at is None or not (decision.claims or decision.is_bound):
        return decision
    found = ports.catalog.rate(terms.program.id, base, quote, order.placed_at)
    rate = (known.rate if known else None) or usable(found, order.placed_at)
    if rate is None:
        return pending(order, terms.plan_version(decision.plan_version), Reason.RATE_PENDING)
    return replace(decision, rate=rate)


def _touches(
    order: Order, placed_at: datetime, known: Decision | None, terms: Terms, ports: DecisionPorts
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Return the order's touches with the uplines that its clicks hint at.

    Every click of the visitor counts, not only the one the order names: a cookie keeps one. Clicks
    that have expired are still in the decision.
    """
    visitor_id = visitor_of(order.click_id) if order.click_id else None
    clicks = ports.clicks.clicks_of(visitor_id, MOST_CLICKS) if visitor_id else ()
    touches = {click.id: touch_of(click, terms.program.id) for click in clicks}
    kept = _kept(known, visitor_id)
    hint = (name for click in clicks for name in (click.promoter_id, *click.upline))
    coupons = _coupons(order, placed_at, terms, ports)
    return (*{**kept, **touches}.values(), *coupons), tuple(dict.fromkeys(hint))


def _kept(known: Decision | None, visitor_id: str | None) -> dict[str, Candidate]:
    """Return an earlier decision's clicks of this visitor; who the order named before it no longer counts."""
    touches = known.candidates if known and visitor_id else ()
    return {touch.click_id: touch for touch in touches if visitor_of(touch.click_id) == visitor_id}


def _coupons(order: Order, placed_at: datetime, terms: Terms, ports: DecisionPorts) -> tuple[Candidate, ...]:
    codes = readable_codes(order.coupon_codes)
    known = ports.catalog.coupons(terms.program.id, codes) if codes else {}
    return coupon_touches(order, placed_at, known)


def _is_late(order: Order, touches: Sequence[Candidate]) -> bool:
    """Say whether the click that the order names has not been recorded yet."""
    named = order.click_id is not None and visitor_of(order.click_id) is not None
    return named and order.click_id not in [touch.click_id for touch in touches]


def refuse_uncounted(order: Order, decision: Decision, terms: Terms) -> None:
    """Raise OrderUnprocessableError where the plan's base needs what no body tells."""
    missing = uncounted(order, terms.plan_version(decision.plan_version))
    if missing and order.earns and (decision.claims or decision.is_bound):
        raise OrderUnprocessableError(f"no body tells {', '.join(missing)}")


def _default(plan: Plan) -> tuple[str, ...]:
    return (plan.default_sponsor_id,) if plan.default_sponsor_id else ()


def _people(
    names: Sequence[str],
    hint: tuple[str, ...],
    placed_at: datetime,
    plan: Plan,
    program_id: str,
    ports: DecisionPorts,
) -> dict[str, Promoter]:
    """Return the promoters named and their uplines: one request while the click's hint is true."""
    wanted = dict.fromkeys((*names, *hint))
    known = ports.catalog.promoters(program_id, tuple(wanted)) if wanted else {}
    if any(promoter.alias for promoter in known.values()):
        known = with_persons(program_id, known, placed_at, ports.catalog)
    for name in names:
        for _ in range(SEARCH_DEPTH):
            missing = people_needed(name, placed_at, plan, known)
            found = ports.catalog.promoters(program_id, (missing,)) if missing else {}
            if not found:
                break
            known.update(found)
    ports.met.update(known)
    return known
