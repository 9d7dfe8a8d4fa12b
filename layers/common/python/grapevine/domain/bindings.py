"""Which promoter a customer is tied to: a fold of what is known of the customer, as of an order's instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.plans import DAY, BindingPolicy, Plan


@dataclass(frozen=True, slots=True)
class CustomerNote:
    """What a decision tells the later orders of its customer; only where the plan looks back.

    `through_id` is the promoter whose click or coupon the customer came through, whoever earned;
    `earned` says that some promoter did.
    """

    customer_key: str
    through_id: str | None = None
    earned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOrder:
    """What one entry of an order decided about its customer; a later entry tells it anew.

    `placed_at` is None where the order turned out to be somebody else's.
    """

    program_id: str
    order: OrderKey
    sequence: int
    recorded_at: datetime
    placed_at: datetime | None
    note: CustomerNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A customer signed up at the shop through a promoter."""

    program_id: str
    customer_key: str
    promoter_id: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePerson:
    """From an instant on two customer keys are known to be one person; what was decided before stays."""

    program_id: str
    customer_key: str
    other_key: str
    occurred_at: datetime
    recorded_at: datetime

    def seen_from(self, customer_key: str) -> str:
        """Return the other of the two keys."""
        return self.other_key if customer_key == self.customer_key else self.customer_key


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is kept of a customer, in no order."""

    orders: tuple[CustomerOrder, ...] = ()
    registrations: tuple[Registration, ...] = ()
    identities: tuple[SamePerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A registration or an order that ties the customer to a promoter, where the plan lets it."""

    promoter_id: str
    occurred_at: datetime
    recorded_at: datetime
    name: str
    is_registration: bool


@dataclass(frozen=True, slots=True)
class Past:
    """What of a customer's history counts for one order: their ties, oldest first, and earlier orders."""

    ties: tuple[Tie, ...] = ()
    has_ordered: bool = False
    first_earned_at: datetime | None = None


def past_of(
    histories: Iterable[History], order: OrderKey, placed_at: datetime, known_until: datetime
) -> Past:
    """Return what had happened before an order and was known before an instant.

    Only so does it not matter when the order is looked at: whatever is recorded later never counts.
    """
    kept = tuple(histories)
    earlier = _earlier((told for history in kept for told in history.orders), order, placed_at, known_until)
    ties = [_tie_of_order(told) for told in earlier if told.note.through_id] + [
        _tie_of_registration(told)
        for history in kept
        for told in history.registrations
        if told.occurred_at <= placed_at and told.recorded_at < known_until
    ]
    earned = (told.placed_at for told in earlier if told.note.earned and told.placed_at)
    return Past(
        ties=tuple(sorted(ties, key=lambda tie: (tie.occurred_at, not tie.is_registration, tie.name))),
        has_ordered=bool(earlier),
        first_earned_at=min(earned, default=None),
    )


def _earlier(
    told: Iterable[CustomerOrder], order: OrderKey, placed_at: datetime, known_until: datetime
) -> tuple[CustomerOrder, ...]:
    """Return the customer's orders before this one, each as it was last told until then."""
    known = [one for one in told if one.recorded_at < known_until and one.order != order]
    # Where one person's two keys both tell of an order in one entry, it left the one for the other.
    known.sort(key=lambda one: (one.sequence, one.placed_at is not None))
    latest = {one.order: one for one in known}
    place = (placed_at, str(order))
    return tuple(one for one in latest.values() if one.placed_at and (one.placed_at, str(one.order)) < place)


def _tie_of_order(told: CustomerOrder) -> Tie:
    return Tie(
        promoter_id=told.note.through_id or "",
        occurred_at=told.placed_at or told.recorded_at,
        recorded_at=told.recorded_at,
        name=str(told.order),
        is_registration=False,
    )


def _tie_of_registration(told: Registration) -> Tie:
    return Tie(
        promoter_id=told.promoter_id,
        occurred_at=told.occurred_at,
        recorded_at=told.recorded_at,
        name=f"registration {to_text(told.occurred_at)}",
        is_registration=True,
    )


def tie_in_force(past: Past, plan: Plan, instant: datetime) -> Tie | None:
    """Return the tie that holds at an instant under a plan's policy, or None.

    A tie may be renewed by its own promoter at any time, and taken by another once its protection
    has ended. Both spans are half-open.
    """
    if plan.binding is BindingPolicy.OFF:
        return None
    validity, _ = _spans(plan)
    kept: Tie | None = None
    for tie in past.ties:
        if tie.is_registration or plan.binding is not BindingPolicy.REGISTRATION:
            kept = tie if kept is None or _replaces(tie, kept, plan) else kept
    return kept if kept and _within(instant, kept, validity) else None


def is_protected(tie: Tie, plan: Plan, instant: datetime) -> bool:
    """Say whether no other promoter can have the customer's order of that instant."""
    return _within(instant, tie, _spans(plan)[1])


def _replaces(tie: Tie, kept: Tie, plan: Plan) -> bool:
    validity, protection = _spans(plan)
    renews = tie.promoter_id == kept.promoter_id and validity is not None
    return renews or not _within(tie.occurred_at, kept, protection)


def _spans(plan: Plan) -> tuple[timedelta | None, timedelta | None]:
    """Return how long a tie holds and how long it is protected; None is for good."""
    if plan.binding is BindingPolicy.TIMED:
        return plan.binding_days * DAY, plan.protection_days * DAY
    return None, timedelta(0) if plan.binding is BindingPolicy.ALWAYS else None


def _within(instant: datetime, tie: Tie, span: timedelta | None) -> bool:
    return span is None or instant - tie.occurred_at < span
