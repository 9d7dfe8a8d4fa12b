"""Gather what an order's decision rests on, and decide: who it belongs to, under which terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.coupons import readable_codes
from grapevine.domain.decisions import (
    SEARCH_DEPTH,
    Candidate,
    Decision,
    Reason,
    basis_of,
    coupon_touches,
    decide,
    grace_end,
    pending,
    people_needed,
    touch_of,
)
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.fx import usable
from grapevine.domain.ids import visitor_of
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.ports import ClickReader, DecisionCatalog

MOST_CLICKS = 50
"""Clicks of one visitor that an order looks at, the latest."""


@dataclass(frozen=True, slots=True)
class DecisionPorts:
    """What a decision reads."""

    clicks: ClickReader
    catalog: DecisionCatalog


@dataclass(frozen=True, slots=True)
class Winner:
    """A promoter who would win an order, with the last touch that counts for them."""

    promoter: Promoter
    touch: Candidate


def decide_order(
    order: Order, entries: Sequence[Entry], terms: Terms, ports: DecisionPorts, now: datetime
) -> Decision:
    """Return the decision in force while its inputs stay, else decide from the order's own instant."""
    known = decision_in_force(entries)
    if known and _stays(known, order, entries, now):
        return known
    if order.placed_at is None:
        raise OrderUnprocessableError("no body tells when it was placed")
    plan = terms.plan_at(order.paid_at or order.placed_at)
    touches, hint = _touches(order, order.placed_at, known, terms, ports)
    promoters = _people(touches, (*hint, *_default(plan)), order.placed_at, plan, terms.program.id, ports)
    decision = decide(order, order.placed_at, plan, touches, promoters)
    if _is_late(order, touches) and now < grace_end(order.placed_at) and decision.reason is not Reason.COUPON:
        return pending(order, plan, Reason.CLICK_PENDING)
    return _in_programs_currency(decision, order, known, terms, ports)


def winners_of(order: Order, terms: Terms, ports: DecisionPorts) -> tuple[Winner, ...]:
    """Return who would win an order as it is told so far, by the touches that there are so far."""
    if order.placed_at is None:
        return ()
    plan = terms.plan_at(order.paid_at or order.placed_at)
    touches, hint = _touches(order, order.placed_at, None, terms, ports)
    promoters = _people(touches, hint, order.placed_at, plan, terms.program.id, ports)
    decision = decide(order, order.placed_at, plan, touches, promoters)
    last = {touch.promoter_id: touch for touch in decision.candidates if touch.reason is Reason.ELIGIBLE}
    return tuple(Winner(promoters[name], last[name]) for name, *_ in decision.claims if name in last)


def _stays(known: Decision, order: Order, entries: Sequence[Entry], now: datetime) -> bool:
    """Say whether a decision is still the one: its inputs are the same, and it was looked at once more.

    Until the grace period ends another touch of the same customer may be recorded. So whoever
    posts first after it decides again, and what that entry leaves standing stays.
    """
    if known.is_pending or known.basis != basis_of(order) or order.placed_at is None:
        return False
    ends = grace_end(order.placed_at)
    return now < ends or entries[-1].recorded_at >= ends


def _in_programs_currency(
    decision: Decision, order: Order, known: Decision | None, terms: Terms, ports: DecisionPorts
) -> Decision:
    """Return the decision with the rate of the order's instant; it waits where there is none."""
    base, quote = order.currency, terms.program.currency
    if base in (None, quote) or order.placed_at is None or not decision.claims:
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


def _default(plan: Plan) -> tuple[str, ...]:
    return (plan.default_sponsor_id,) if plan.default_sponsor_id else ()


def _people(
    touches: Sequence[Candidate],
    hint: tuple[str, ...],
    placed_at: datetime,
    plan: Plan,
    program_id: str,
    ports: DecisionPorts,
) -> dict[str, Promoter]:
    """Return the touched promoters and their uplines: one request while the click's hint is true."""
    wanted = dict.fromkeys((*(touch.promoter_id for touch in touches), *hint))
    known = ports.catalog.promoters(program_id, tuple(wanted)) if wanted else {}
    for touch in touches:
        for _ in range(SEARCH_DEPTH):
            missing = people_needed(touch.promoter_id, placed_at, plan, known)
            found = ports.catalog.promoters(program_id, (missing,)) if missing else {}
            if not found:
                break
            known.update(found)
    return known
