"""Orders that wait: for a person, for the rest of what a shop tells, or for the order behind a refund."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import Order

OVERDUE = timedelta(hours=24)
"""Waiting longer than this is an alarm: shops tell the rest within minutes, and people should look."""


class WaitReason(StrEnum):
    """What an order waits for."""

    QUARANTINED = "quarantined"
    """A person who accepts or rejects what cannot be right."""
    INCOMPLETE = "incomplete"
    """A body that tells what an earning order needs."""
    REFUND_FIRST = "refund_first"
    """The order itself: only refunds of it have come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An order that waits, since we knew, with what is wrong or missing in words."""

    order: OrderKey
    program_id: str
    reason: WaitReason
    what: str
    since: datetime

    @property
    def stops(self) -> bool:
        """Whether nothing can be posted meanwhile; a refund alone stops nothing, there is nothing yet."""
        return self.reason is not WaitReason.REFUND_FIRST


def wait_of(order: Order, facts: Sequence[Fact], *, may_earn: bool) -> Wait | None:
    """Return why an order waits; None for nearly all of them."""
    if order.problems:
        return _wait(facts, WaitReason.QUARANTINED, "; ".join(order.problems), _doubtful(facts))
    if may_earn and order.untold:
        what = f"no body tells {', '.join(order.untold)}"
        return _wait(facts, WaitReason.INCOMPLETE, what, facts)
    if order.refund_ids and not order.lines and order.untold:
        what = f"refunded without its order: {', '.join(order.refund_ids)}"
        return _wait(facts, WaitReason.REFUND_FIRST, what, [fact for fact in facts if fact.refunds])
    return None


def may_have_waited(facts: Sequence[Fact]) -> bool:
    """Say whether an order that does not wait now may have done so: its first fact did not tell it all."""
    first = min(facts, key=lambda fact: fact.recorded_at, default=None)
    told = first.snapshot if first else None
    is_whole = told is not None and None not in (told.lines, told.currency, told.placed_at)
    return not is_whole or any(fact.problem or fact.ruling for fact in facts)


def _doubtful(facts: Sequence[Fact]) -> Sequence[Fact]:
    return [fact for fact in facts if fact.problem] or facts


def _wait(facts: Sequence[Fact], reason: WaitReason, what: str, causes: Sequence[Fact]) -> Wait:
    return Wait(
        order=facts[0].order,
        program_id=facts[0].program_id,
        reason=reason,
        what=what,
        since=min(fact.recorded_at for fact in causes),
    )
