"""What should stand for an order now, and the one entry that makes it so.

The heart of the ledger, and pure: the same order, decision, entries, terms and instant give the
same entry, or none when everything stands already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from grapevine.domain.accounts import Leaf
from grapevine.domain.balancing import Amounts, balancing
from grapevine.domain.bars import Bar
from grapevine.domain.candidates import Reason, grace_end
from grapevine.domain.capping import Capped, capped_wants
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry, decision_in_force, holdings_of, standing
from grapevine.domain.evidence import evidence_change
from grapevine.domain.facts import Fact, OrderKey, Outcome
from grapevine.domain.fx import RETRY
from grapevine.domain.grants import Grant, GrantKey, Holdings, to_record
from grapevine.domain.orders import Order
from grapevine.domain.placing import amounts_wanted
from grapevine.domain.plans import DAY, HoldAnchor, Plan
from grapevine.domain.posting_reasons import newly_covered, promoters_part, reason_of
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import bonuses, recruited
from grapevine.domain.sales import sales_change
from grapevine.domain.wants import Wanted, wants_of

NOBODY: Mapping[str, Bar] = MappingProxyType({})
WAIT = DAY
"""How long until somebody looks again at a part that waits for its promoter."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an order's commissions stand, whether that is for good, and when to look again."""

    leaf: Leaf
    released: bool
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps parts of an order back, besides its own terms.

    `taken` is what all orders together have of what `grants_asked` names; `bars` says whose part is
    not released with the others: it waits, or is voided. `wants` and `within` are what was worked out to
    know what to read, where somebody has.
    """

    taken: Mapping[GrantKey, int] = field(default_factory=dict)
    bars: Mapping[str, Bar] = field(default_factory=dict)
    wants: Wanted | None = None
    within: Capped | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What should stand, where it belongs, and whose parts are kept back."""

    amounts: Amounts
    place: Placement
    grants: tuple[Grant, ...]
    bonus_minor: int
    waits: tuple[str, ...]
    voided: tuple[str, ...]


def next_entry(
    key: OrderKey,
    order: Order,
    decision: Decision,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    terms: Terms,
    now: datetime,
    limits: Limits = NO_LIMITS,
) -> Entry | None:
    """Return the entry for the difference between what stands and what should, or None."""
    holdings = holdings_of(entries, limits.taken)
    target = _target(key, order, decision, entries, terms, now, limits, holdings)
    place, wanted = target.place, target.amounts
    current = _without_source(standing(entries)) if entries else {}
    postings = balancing(current, wanted, terms.program.id)
    fresh = decision if decision != decision_in_force(entries) else None
    sales = sales_change(order, decision, entries, terms, now)
    evidence = evidence_change(order, decision, entries, terms, now) if terms.bounties else ()
    is_news = sales or evidence or target.grants or (fresh and _worth_recording(fresh, entries))
    if not (postings or is_news or _must_rearm(place, entries, now)):
        return None
    if terms.campaigns:
        current, wanted = promoters_part(current), promoters_part(wanted)
    more_bonus = target.bonus_minor - _bonus_standing(entries, holdings, terms)
    return Entry(
        key=key,
        sequence=len(entries) + 1,
        program_id=terms.program.id,
        reason=reason_of(order, fresh, entries, facts, current, wanted, more_bonus, target.voided),
        postings=postings,
        recorded_at=now,
        covers=len(facts),
        facts=newly_covered(facts, entries),
        decision=fresh,
        grants=target.grants,
        sales=sales,
        evidence=evidence,
        released=place.released,
        waits=target.waits,
        voided=target.voided,
        due_at=place.due_at,
        previous_hash=entries[-1].hash if entries else "",
    )


def _target(
    key: OrderKey,
    order: Order,
    decision: Decision,
    entries: Sequence[Entry],
    terms: Terms,
    now: datetime,
    limits: Limits,
    holdings: Holdings,
) -> Target:
    """Return what should stand now, where, and what of what is scarce it takes."""
    waits, voided = _by_bar(limits.bars) if limits.bars else ((), ())
    within = limits.within
    if within is None or voided:
        within = capped_wants(limits.wants or wants_of(key, order, decision, terms), holdings, voided)
    earned, uses, points = within.amounts, within.uses, within.points
    if voided:
        earned = {earner: minor for earner, minor in earned.items() if earner not in voided}
    # What the house has is neither held nor released, so alone it waits for nothing.
    earns = bool(points) or any(earner != HOUSE for earner in earned)
    place = placement(order, decision, terms, entries, earns, now)
    if place.released and any(earner in waits for earner in (*earned, *points)):
        place = replace(place, due_at=min(place.due_at or now + WAIT, now + WAIT))
    once, bonus = recruited(decision, earned, waits, terms, holdings, released=place.released)
    return Target(
        amounts=amounts_wanted(earned, within, bonus, partial(_leaf, place, waits), terms),
        place=place,
        grants=to_record(holdings, {**uses, **once}) if uses or once or holdings.held else (),
        bonus_minor=sum(minor for _, _, minor in bonus),
        waits=waits,
        voided=voided,
    )


def _bonus_standing(entries: Sequence[Entry], holdings: Holdings, terms: Terms) -> int:
    known = decision_in_force(entries)
    if not holdings.held or known is None:
        return 0
    granted = {key: of.granted for key, of in holdings.held.items()}
    return sum(minor for _, _, minor in bonuses(known, terms, granted))


def releases_at(order: Order, plan: Plan) -> datetime | None:
    """Return when time releases an order, None where it does not: unpaid, or stopped by a verdict."""
    ends = hold_end(order, plan)
    is_stopped = order.verdict is not None and order.verdict.outcome is not Outcome.ALLOW
    return None if ends is None or is_stopped else _screened_by(ends, order, plan)


def placement(
    order: Order, decision: Decision, terms: Terms, entries: Sequence[Entry], earns: bool, now: datetime
) -> Placement:
    """Return where commissions belong: payable once released, else blocked by a verdict, else held."""
    place = _place(order, decision, terms, entries, earns, now)
    if decision.provisional_until is not None:
        place = _looked_at(place, decision.provisional_until)
    if order.placed_at is None or now >= (ends := grace_end(order.placed_at)):
        return place
    if decision.customer or (place.due_at is None and decision.candidates):
        # Another touch may still be recorded, and no hold's end makes anybody look again; or later
        # orders of the customer rest on this one and shall not wait for its hold.
        return _looked_at(place, ends)
    return place


def _place(
    order: Order, decision: Decision, terms: Terms, entries: Sequence[Entry], earns: bool, now: datetime
) -> Placement:
    released = any(entry.released for entry in entries)
    if decision.is_pending and order.placed_at:
        # Nobody earns yet, so the place does not matter; that somebody looks again does, also when
        # the order is blocked or was released before it named this click.
        due_at = now + RETRY if decision.reason is Reason.RATE_PENDING else grace_end(order.placed_at)
        return Placement(Leaf.HELD, released=released, due_at=due_at)
    if released:
        return Placement(Leaf.PAYABLE, released=True, due_at=None)
    outcome = order.verdict.outcome if order.verdict else None
    if outcome is Outcome.BLOCK:
        return Placement(Leaf.BLOCKED, released=False, due_at=None)
    plan = terms.plan_version(decision.plan_version)
    ends = hold_end(order, plan)
    if not earns or ends is None or outcome is Outcome.REVIEW:
        return Placement(Leaf.HELD, released=False, due_at=None)
    releases_at = _screened_by(ends, order, plan)
    if decision.provisional_until is not None:
        # What may still change is not released: a month that is open says nothing for good.
        releases_at = max(releases_at, decision.provisional_until)
    return _timed(ends, releases_at, now)


def _looked_at(place: Placement, instant: datetime) -> Placement:
    """Return the placement with somebody looking again at an instant, if not before."""
    return replace(place, due_at=min(place.due_at or instant, instant))


def hold_end(order: Order, plan: Plan) -> datetime | None:
    """Return when the hold ends: from receipt if it is reported and the plan says so, else from payment."""
    if order.received_at and plan.hold_anchor is HoldAnchor.RECEIPT:
        return order.received_at + plan.hold_days_after_receipt * DAY
    return order.paid_at + plan.hold_days_after_payment * DAY if order.paid_at else None


def _screened_by(ends: datetime, order: Order, plan: Plan) -> datetime:
    """Return when release may happen: at the end of the hold when screened, else after a last wait.

    The wait is counted from when we knew of the order, where that is later: one that arrives long
    after its day is screened as well before anybody is paid for it.
    """
    if order.verdict and order.verdict.outcome is Outcome.ALLOW:
        return ends
    return max(ends, order.known_since or ends) + plan.screening_days * DAY


def _timed(hold_ends: datetime, releases_at: datetime, now: datetime) -> Placement:
    if now >= releases_at:
        return Placement(Leaf.PAYABLE, released=True, due_at=None)
    return Placement(Leaf.HELD, released=False, due_at=hold_ends if now < hold_ends else releases_at)


def _by_bar(bars: Mapping[str, Bar]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return whose parts wait, and whose are voided."""
    waits, voided = (tuple(sorted(name for name in bars if bars[name] is bar)) for bar in Bar)
    return waits, voided


def _leaf(place: Placement, waits: Sequence[str], earner: str) -> Leaf:
    return Leaf.HELD if place.released and earner in waits else place.leaf


def _without_source(amounts: Amounts) -> Amounts:
    return {key: minor for key, minor in amounts.items() if key[0].leaf is not Leaf.COMMISSION}


def _worth_recording(decision: Decision, entries: Sequence[Entry]) -> bool:
    """Say whether a decision nobody earns from is kept: a close one, a change, or a known customer's."""
    is_close = decision.candidates or decision.is_pending or decision.is_bound
    return bool(entries or is_close or decision.customer)


def _must_rearm(place: Placement, entries: Sequence[Entry], now: datetime) -> bool:
    """Say whether the next instant to look again would otherwise be missed."""
    if place.due_at is None:
        return False
    armed = entries[-1].due_at if entries else None
    return armed is None or armed <= now or place.due_at < armed
