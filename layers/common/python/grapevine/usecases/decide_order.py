"""Gather what an order's decision rests on, and decide: who it belongs to, under which terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from grapevine.domain.bases import uncounted
from grapevine.domain.bindings import tie_in_force
from grapevine.domain.bound_lines import with_products
from grapevine.domain.campaign_reach import campaigns_on, watches_groups, watches_products, with_campaigns
from grapevine.domain.campaigns import Campaign
from grapevine.domain.candidates import Reason, grace_end
from grapevine.domain.coupon_pay import kept_bps
from grapevine.domain.customers import with_history
from grapevine.domain.decisions import Decision, basis_of, decide, pending
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import OrderKey
from grapevine.domain.fx import usable
from grapevine.domain.orders import Order
from grapevine.domain.payees import caps_people, payees_of
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import recruiters, sponsors_needed
from grapevine.ports import PageReader
from grapevine.usecases.find_history import find_past
from grapevine.usecases.find_touches import Found, TouchPorts, find_touches, is_late
from grapevine.usecases.tier_order import Everybody, Volumes, tiered, tiered_again, unless_news

BY_HISTORY = (Reason.EXISTING_CUSTOMER, Reason.REPEAT_ORDER)
"""Why an order earns nobody anything, whoever touched it and whatever is in it."""


@dataclass(frozen=True, slots=True)
class DecisionPorts(TouchPorts):
    """What a decision reads: also what was sold in months that are open."""

    pages: PageReader
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


def decide_order(
    key: OrderKey, order: Order, entries: Sequence[Entry], terms: Terms, ports: DecisionPorts, now: datetime
) -> Decision:
    """Return the decision in force while its inputs stay, else decide from the order's own instant."""
    known = decision_in_force(entries)
    if known and _is_gone(order):
        return known
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
    campaigns = campaigns_on(order, terms) if terms.campaigns else ()
    decision = _decided(key, order, order.placed_at, plan, known, sold, ports, campaigns)
    priced = _in_programs_currency(decision, order, known, terms, ports)
    return unless_news(tiered(priced, order, sold), known) if sold.months else priced


def _decided(
    key: OrderKey,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    known: Decision | None,
    sold: Volumes,
    ports: DecisionPorts,
    campaigns: Sequence[Campaign],
) -> Decision:
    """Decide by the touches that there are so far, the customer's history, and what was bought."""
    past = find_past(key, order, placed_at, plan, sold.program_id, ports.catalog)
    tie = tie_in_force(past, plan, placed_at) if past else None
    has_groups = bool(campaigns) and watches_groups(campaigns)
    found = find_touches(order, placed_at, plan, known, tie, sold, ports, has_groups=has_groups)
    ports.met.update(found.promoters)
    decision = decide(order, placed_at, plan, found.touches, found.promoters, found.short)
    is_open = sold.now < grace_end(placed_at) and decision.reason is not Reason.COUPON
    if is_open and is_late(order, found.touches):
        decision = pending(order, plan, Reason.CLICK_PENDING)
    if past:
        decision = with_history(decision, order, placed_at, plan, past, found.promoters, found.short)
    decision = _completed(decision, order, placed_at, plan, found, sold.program_id, ports, campaigns)
    return _with_people(decision, order, placed_at, plan, found, sold.terms) if decision.chains else decision


def _completed(
    decision: Decision,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    found: Found,
    program_id: str,
    ports: TouchPorts,
    campaigns: Sequence[Campaign] = (),
) -> Decision:
    """Return a decision with whose bound lines are, who gets the recruit bonus, and campaigns."""
    if decision.is_pending or decision.reason in BY_HISTORY:
        return decision
    people = found.promoters, found.short
    if found.products:
        decision = with_products(decision, order, placed_at, plan, found.products, *people, campaigns)
    if plan.recruit_bonus_minor and decision.claims:
        decision = _with_recruiters(decision, order, placed_at, found, program_id, ports)
    return with_campaigns(decision, order, plan, campaigns, found.promoters) if campaigns else decision


def _with_recruiters(
    decision: Decision, order: Order, placed_at: datetime, found: Found, program_id: str, ports: TouchPorts
) -> Decision:
    missing = sponsors_needed(decision, placed_at, found.promoters)
    known = found.promoters | (ports.catalog.promoters(program_id, missing) if missing else {})
    return replace(decision, recruiters=recruiters(order, decision, placed_at, known))


def _with_people(
    decision: Decision, order: Order, placed_at: datetime, plan: Plan, found: Found, terms: Terms
) -> Decision:
    """Return a decision with what a coupon leaves of it, and who is one person to the caps."""
    if order.coupon_codes:
        kept = kept_bps(decision, found.touches, placed_at, plan, found.promoters)
        decision = replace(decision, kept_bps=kept)
    caps = caps_people(plan, terms, placed_at, order.paid_at)
    payees = payees_of(decision, placed_at, found.promoters) if caps else ()
    return replace(decision, payees=payees) if payees else decision


def winners_of(order: Order, terms: Terms, ports: TouchPorts) -> tuple[Winner, ...]:
    """Return who would win an order, or lines of it, as it is told so far.

    What was sold in a month decides what winners and their uplines earn, not who wins.
    """
    if order.placed_at is None:
        return ()
    placed_at, plan = order.placed_at, terms.plan_at(order.paid_at or order.placed_at)
    everybody = Everybody(terms.program.id, ports.catalog)
    found = find_touches(order, placed_at, plan, None, None, everybody, ports)
    decision = decide(order, placed_at, plan, found.touches, found.promoters)
    decision = _completed(decision, order, placed_at, plan, found, terms.program.id, ports)
    touches = (touch for touch in decision.candidates if touch.reason is Reason.ELIGIBLE)
    last = {
        person_of(touch.promoter_id, found.promoters, placed_at): touch.coupon_code or touch.click_id
        for touch in touches
    }
    won = [(name, last[name]) for name, *_ in decision.claims if name in last]
    bound = [(product.earners[0], product.product_id) for product in decision.products if product.earners]
    winners = {name: by for name, by in (*reversed(bound), *won) if name in found.promoters}
    return tuple(Winner(found.promoters[name], by) for name, by in winners.items())


def _stays(known: Decision, order: Order, entries: Sequence[Entry], terms: Terms, now: datetime) -> bool:
    """Say whether a decision is still the one: its inputs are the same, and it was looked at once more.

    Until the grace period ends another touch of the same customer may be recorded. So whoever
    posts first after it decides again, and what that entry leaves standing stays.
    """
    plan = terms.plan_version(known.plan_version)
    has_products = bool(terms.campaigns) and watches_products(campaigns_on(order, terms))
    basis = basis_of(order, plan, has_products=has_products)
    if known.is_pending or known.basis != basis or order.placed_at is None:
        return False
    until = known.provisional_until
    if until is not None and now >= until and plan.upline_gate_minor:
        return False  # Who is short of the gate is known for good now, and the levels follow from it.
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
    rate = known.rate if known else None
    if rate is None:
        rate = usable(ports.catalog.rate(terms.program.id, base, quote, order.placed_at), order.placed_at)
    if rate is None:
        waiting = pending(order, terms.plan_version(decision.plan_version), Reason.RATE_PENDING)
        return replace(waiting, customer=decision.customer)
    return replace(decision, rate=rate)


def refuse_uncounted(order: Order, decision: Decision, terms: Terms) -> None:
    """Raise OrderUnprocessableError where the plan's base needs what no body tells."""
    missing = uncounted(order, terms.plan_version(decision.plan_version))
    if missing and order.earns and (decision.claims or decision.is_bound):
        raise OrderUnprocessableError(f"no body tells {', '.join(missing)}")
