"""Gather what an order's decision rests on, and decide: who it belongs to, under which terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.bindings import History, Past, past_of, tie_in_force
from grapevine.domain.chains import SEARCH_DEPTH, people_needed
from grapevine.domain.coupons import readable_codes
from grapevine.domain.customers import candidate_of, with_history
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
from grapevine.domain.facts import OrderKey
from grapevine.domain.fx import usable
from grapevine.domain.ids import visitor_of
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import Shortfall
from grapevine.ports import ClickReader, DecisionCatalog, PageReader
from grapevine.usecases.tier_order import Everybody, People, Volumes, tiered, tiered_again, unless_news

MOST_CLICKS = 50
"""Clicks of one visitor that an order looks at, the latest."""
MOST_KEYS = 10
"""Keys under which one person's history is looked for."""


@dataclass(frozen=True, slots=True)
class TouchPorts:
    """What finding an order's touches and people reads."""

    clicks: ClickReader
    catalog: DecisionCatalog


@dataclass(frozen=True, slots=True)
class DecisionPorts(TouchPorts):
    """What a decision reads: also what was sold in months that are open."""

    pages: PageReader


@dataclass(frozen=True, slots=True)
class Winner:
    """A promoter who would win an order, with the last touch that counts for them."""

    promoter: Promoter
    touch: Candidate


def decide_order(
    key: OrderKey, order: Order, entries: Sequence[Entry], terms: Terms, ports: DecisionPorts, now: datetime
) -> Decision:
    """Return the decision in force while its inputs stay, else decide from the order's own instant."""
    known = decision_in_force(entries)
    if order.placed_at is None:
        raise OrderUnprocessableError("no body tells when it was placed")
    paid_at = order.paid_at or order.placed_at
    stays = known is not None and _stays(known, order, entries, terms, now)
    if known and stays and known.provisional_until is None:
        return known
    plan = terms.plan_version(known.plan_version) if known and stays else terms.plan_at(paid_at)
    sold = Volumes(terms, plan, paid_at, entries, ports.catalog, ports.pages, now)
    if known and stays:
        return tiered_again(known, order, sold)
    touches, hint = _touches(order, order.placed_at, known, terms, ports)
    past = _past(key, order, order.placed_at, plan, terms.program.id, ports)
    tie = tie_in_force(past, plan, order.placed_at) if past else None
    named = (*touches, candidate_of(tie)) if tie else touches
    promoters, short = _people(named, (*hint, *_default(plan)), order.placed_at, plan, sold)
    decision = decide(order, order.placed_at, plan, touches, promoters, short)
    if _is_late(order, touches) and now < grace_end(order.placed_at) and decision.reason is not Reason.COUPON:
        decision = pending(order, plan, Reason.CLICK_PENDING)
    if past:
        decision = with_history(decision, order, order.placed_at, plan, past, promoters, short)
    priced = _in_programs_currency(decision, order, known, terms, ports)
    return unless_news(tiered(priced, order, sold), known) if sold.months else priced


def winners_of(order: Order, terms: Terms, ports: TouchPorts) -> tuple[Winner, ...]:
    """Return who would win an order as it is told so far, by the touches that there are so far.

    What was sold in a month decides what winners and their uplines earn, not who wins.
    """
    if order.placed_at is None:
        return ()
    plan = terms.plan_at(order.paid_at or order.placed_at)
    touches, hint = _touches(order, order.placed_at, None, terms, ports)
    everybody = Everybody(terms.program.id, ports.catalog)
    promoters, _ = _people(touches, hint, order.placed_at, plan, everybody)
    decision = decide(order, order.placed_at, plan, touches, promoters)
    last = {touch.promoter_id: touch for touch in decision.candidates if touch.reason is Reason.ELIGIBLE}
    return tuple(Winner(promoters[name], last[name]) for name, *_ in decision.claims if name in last)


def _stays(known: Decision, order: Order, entries: Sequence[Entry], terms: Terms, now: datetime) -> bool:
    """Say whether a decision is still the one: its inputs are the same, and it was looked at once more.

    Until the grace period ends another touch of the same customer may be recorded. So whoever
    posts first after it decides again, and what that entry leaves standing stays.
    """
    if known.is_pending or known.basis != basis_of(order) or order.placed_at is None:
        return False
    until = known.provisional_until
    if until is not None and now >= until and terms.plan_version(known.plan_version).upline_gate_minor:
        return False  # Who is short of the gate is known for good now, and the levels follow from it.
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
        waiting = pending(order, terms.plan_version(decision.plan_version), Reason.RATE_PENDING)
        return replace(waiting, customer=decision.customer)
    return replace(decision, rate=rate)


def _past(
    key: OrderKey, order: Order, placed_at: datetime, plan: Plan, program_id: str, ports: DecisionPorts
) -> Past | None:
    """Return what counts of the customer's history, None where the plan does not ask or nobody is named."""
    if not (plan.needs_history and order.customer_key):
        return None
    known_until = grace_end(placed_at)
    found = _histories(order.customer_key, placed_at, known_until, program_id, ports)
    return past_of(found, key, placed_at, known_until)


def _histories(
    customer_key: str, placed_at: datetime, known_until: datetime, program_id: str, ports: DecisionPorts
) -> list[History]:
    """Return what is kept under each key of one person, as far as the keys were known to be one then."""
    keys, found = [customer_key], list[History]()
    while len(found) < min(len(keys), MOST_KEYS):
        name = keys[len(found)]
        history = ports.catalog.customer(program_id, name)
        found.append(history)
        same = [s for s in history.identities if s.occurred_at <= placed_at and s.recorded_at < known_until]
        others = (s.seen_from(name) for s in sorted(same, key=lambda s: (s.occurred_at, s.seen_from(name))))
        keys += [other for other in dict.fromkeys(others) if other not in keys]
    return found


def _touches(
    order: Order, placed_at: datetime, known: Decision | None, terms: Terms, ports: TouchPorts
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


def _coupons(order: Order, placed_at: datetime, terms: Terms, ports: TouchPorts) -> tuple[Candidate, ...]:
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
    people: People,
) -> tuple[dict[str, Promoter], Mapping[str, Shortfall]]:
    """Return the touched promoters and their uplines: one request while the click's hint is true.

    With them come those who are short of the plan's gate, where it has one.
    """
    wanted = dict.fromkeys((*(touch.promoter_id for touch in touches), *hint))
    known = people.found(tuple(wanted)) if wanted else {}
    short = people.short(known)
    for touch in touches:
        for _ in range(SEARCH_DEPTH):
            missing = people_needed(touch.promoter_id, placed_at, plan, known, short)
            found = people.found((missing,)) if missing else {}
            if not found:
                break
            known.update(found)
            short = {**short, **people.short(found)}
    return known, short
