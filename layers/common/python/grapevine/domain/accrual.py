"""What should stand for an order now, and the one entry that makes it so.

The heart of the ledger, and pure: the same order, decision, entries, terms and instant give the
same entry, or none when everything stands already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from grapevine.domain.accounts import (
    Account,
    Leaf,
    Posting,
    commission_account,
    house_account,
    promoter_account,
)
from grapevine.domain.decisions import HOUSE, Decision, Reason, grace_end
from grapevine.domain.earnings import earned_by_promoter
from grapevine.domain.entries import Entry, EntryReason, decision_in_force, standing
from grapevine.domain.facts import Fact, OrderKey, Outcome
from grapevine.domain.fx import RETRY
from grapevine.domain.money import Money
from grapevine.domain.orders import Order
from grapevine.domain.plans import DAY, Plan
from grapevine.domain.programs import Terms
from grapevine.domain.sales import sales_change

Amounts = Mapping[tuple[Account, str], int]
Change = tuple[tuple[Account, str], int]
LEAVES = tuple(Leaf)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an order's commissions stand, whether that is for good, and when to look again."""

    leaf: Leaf
    released: bool
    due_at: datetime | None


def next_entry(
    key: OrderKey,
    order: Order,
    decision: Decision,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    terms: Terms,
    now: datetime,
) -> Entry | None:
    """Return the entry for the difference between what stands and what should, or None."""
    earned = earned_by_promoter(order, decision, terms)
    # What the house has is neither held nor released, so alone it waits for nothing.
    place = placement(order, decision, terms, entries, any(earner != HOUSE for earner in earned), now)
    wanted = {
        (_account(terms.program.id, earner, place.leaf), terms.program.currency): minor
        for earner, minor in earned.items()
    }
    current = _without_source(standing(entries))
    postings = balancing(current, wanted, terms.program.id)
    fresh = decision if decision != decision_in_force(entries) else None
    sales = sales_change(order, decision, entries, terms, now)
    is_news = fresh is not None and _worth_recording(fresh, entries)
    if not (postings or sales or is_news or _must_rearm(place, entries, now)):
        return None
    return Entry(
        key=key,
        sequence=len(entries) + 1,
        program_id=terms.program.id,
        reason=_reason(order, fresh, entries, facts, current, wanted),
        postings=postings,
        recorded_at=now,
        covers=len(facts),
        facts=_newly_covered(facts, entries),
        decision=fresh,
        sales=sales,
        released=place.released,
        due_at=place.due_at,
        previous_hash=entries[-1].hash if entries else "",
    )


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
    """Return when the hold ends: counted from receipt when the storefront reports it, else from payment."""
    if order.received_at:
        return order.received_at + plan.hold_days_after_receipt * DAY
    return order.paid_at + plan.hold_days_after_payment * DAY if order.paid_at else None


def balancing(current: Amounts, wanted: Amounts, program_id: str) -> tuple[Posting, ...]:
    """Return the postings that lead from what stands to what should.

    Within one promoter money moves between accounts first; only the rest comes from, or goes back
    to, the program's commission account. The order is fixed, so two writers build the same entry.
    """
    changes = dict(wanted)
    for key, minor in current.items():
        changes[key] = changes.get(key, 0) - minor
    rest, postings = commission_account(program_id), list[Posting]()
    for (_, currency), group in groupby(sorted(changes.items(), key=_by_leaf), _by_owner):
        postings += _legs([(account, change) for (account, _), change in group], currency, rest)
    return tuple(postings)


def _by_owner(change: Change) -> tuple[str, str]:
    (account, currency), _ = change
    return account.owner, currency


def _by_leaf(change: Change) -> tuple[str, str, int]:
    (account, currency), _ = change
    return account.owner, currency, LEAVES.index(account.leaf)


def _legs(changes: Sequence[tuple[Account, int]], currency: str, rest: Account) -> list[Posting]:
    """Pair what falls with what rises; `rest` takes or gives the remainder."""
    falls = [(account, -change) for account, change in reversed(changes) if change < 0]
    rises = [(account, change) for account, change in reversed(changes) if change > 0]
    legs: list[Posting] = []
    while falls and rises:
        (source, falling), (destination, rising) = falls.pop(), rises.pop()
        moved = min(falling, rising)
        legs.append(Posting(source, destination, Money(moved, currency)))
        if falling > moved:
            falls.append((source, falling - moved))
        if rising > moved:
            rises.append((destination, rising - moved))
    legs += [Posting(source, rest, Money(falling, currency)) for source, falling in reversed(falls)]
    legs += [Posting(rest, destination, Money(rising, currency)) for destination, rising in reversed(rises)]
    return legs


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


def _account(program_id: str, earner: str, leaf: Leaf) -> Account:
    """Return where an earner's commission belongs; the house's own is neither held nor paid out."""
    return house_account(program_id) if earner == HOUSE else promoter_account(program_id, earner, leaf)


def _without_source(amounts: Amounts) -> Amounts:
    return {key: minor for key, minor in amounts.items() if key[0].leaf is not Leaf.COMMISSION}


def _worth_recording(decision: Decision, entries: Sequence[Entry]) -> bool:
    """Say whether a decision nobody earns from is kept: a close one, a change, or a known customer's."""
    return bool(entries or decision.candidates or decision.is_pending or decision.customer)


def _must_rearm(place: Placement, entries: Sequence[Entry], now: datetime) -> bool:
    """Say whether the next instant to look again would otherwise be missed."""
    if place.due_at is None:
        return False
    armed = entries[-1].due_at if entries else None
    return armed is None or armed <= now or place.due_at < armed


def _covered(entries: Sequence[Entry]) -> frozenset[str]:
    return frozenset(digest for entry in entries for digest in entry.facts)


def _newly_covered(facts: Sequence[Fact], entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(sorted({fact.digest for fact in facts} - _covered(entries)))


def _reason(
    order: Order,
    fresh: Decision | None,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    current: Amounts,
    wanted: Amounts,
) -> EntryReason:
    before, after = sum(current.values()), sum(wanted.values())
    if fresh and before != after and _is_tiered(fresh, entries, facts):
        return EntryReason.TIERED
    if fresh and _last_claims(entries) not in ((), fresh.claims):
        return EntryReason.REATTRIBUTED
    if after < before:
        return _why_less(order, is_refunded=_tell_a_refund(facts, entries))
    if after > before:
        return EntryReason.EDITED if before else EntryReason.ACCRUED
    return _why_moved({account.leaf for account, _ in current}, {account.leaf for account, _ in wanted})


def _is_tiered(fresh: Decision, entries: Sequence[Entry], facts: Sequence[Fact]) -> bool:
    """Say whether nothing but a month's sales changed a decision: no fact that was not covered is there."""
    known = decision_in_force(entries)
    if known is None or _newly_covered(facts, entries):
        return False
    return (known.tiers, known.gated) != (fresh.tiers, fresh.gated) and known.attributed == fresh.attributed


def _last_claims(entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
    decisions = (entry.decision for entry in reversed(entries) if entry.decision)
    return next((decision.claims for decision in decisions if decision.claims), ())


def _tell_a_refund(facts: Sequence[Fact], entries: Sequence[Entry]) -> bool:
    """Say whether facts that no entry covers yet tell of a refund that those covered did not."""
    covered = _covered(entries)
    known = {refund for fact in facts if fact.digest in covered for refund in fact.refunds}
    told = {refund for fact in facts if fact.digest not in covered for refund in fact.refunds}
    return any(refund.lines for refund in told - known)


def _why_less(order: Order, *, is_refunded: bool) -> EntryReason:
    if order.cancelled_at:
        return EntryReason.CANCELLED
    if not order.payment.earns:
        return EntryReason.UNPAID
    return EntryReason.REFUNDED if is_refunded else EntryReason.EDITED


def _why_moved(before: set[Leaf], after: set[Leaf]) -> EntryReason:
    if before == after:
        return EntryReason.RECORDED
    if Leaf.PAYABLE in after:
        return EntryReason.RELEASED
    return EntryReason.BLOCKED if Leaf.BLOCKED in after else EntryReason.UNBLOCKED
