"""Which promoter an order belongs to, and why: attribution within the click window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.accounts import PROGRAM
from grapevine.domain.clicks import Click
from grapevine.domain.instants import to_text
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, upline_of
from grapevine.domain.programs import CLOCK_SKEW, DAY, GRACE, Plan, Vacancy

HOUSE = PROGRAM
"""The earner at a level that nobody can earn at: the program itself."""
SEARCH_DEPTH = 16
"""How far up a chain is searched for somebody who can earn."""


class Reason(StrEnum):
    """Why a decision came out as it did, or a candidate did not."""

    LAST_CLICK = "last_click"
    NO_TOUCH = "no_touch"
    CLICK_PENDING = "click_pending"
    NONE_ELIGIBLE = "none_eligible"
    ELIGIBLE = "eligible"
    AFTER_ORDER = "after_order"
    OUTSIDE_WINDOW = "outside_window"
    RECORDED_LATE = "recorded_late"
    BOT = "bot"
    OTHER_PROGRAM = "other_program"
    UNKNOWN_PROMOTER = "unknown_promoter"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A touch that was considered, with the reason it was or was not eligible."""

    click_id: str
    promoter_id: str
    occurred_at: datetime
    recorded_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who earns at which level, decided from what was true at the order's own instant.

    `promoter_ids` has the attributed promoter first, then the upline; HOUSE where a level is
    vacant; empty when nobody earns.
    `basis` names the inputs that came from the order's facts: as long as they stay, the
    decision stays.
    """

    basis: str
    reason: Reason
    plan_version: int
    promoter_ids: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    @property
    def is_pending(self) -> bool:
        """Whether a click that the order names may still arrive."""
        return self.reason is Reason.CLICK_PENDING


def basis_of(order: Order) -> str:
    """Return a short name of what the decision takes from the order itself."""
    placed, paid = (at and to_text(at) for at in (order.placed_at, order.paid_at))
    text = f"{placed}|{paid}|{order.click_id}"
    return blake2b(text.encode(), digest_size=6).hexdigest()


def grace_end(placed_at: datetime) -> datetime:
    """Return when a click recorded late stops counting for an order."""
    return placed_at + GRACE


def decide(
    order: Order,
    placed_at: datetime,
    plan: Plan,
    touches: Sequence[Candidate],
    promoters: Mapping[str, Promoter],
) -> Decision:
    """Return who earns from an order; every touch is kept with its reason.

    A pure function of its inputs, so the same facts lead to the same decision whenever and in
    whatever order they arrive.
    """
    judged = tuple(_judge(touch, placed_at, plan, promoters) for touch in touches)
    eligible = [touch for touch in judged if touch.reason is Reason.ELIGIBLE]
    winner = max(eligible, key=lambda touch: (touch.occurred_at, touch.click_id), default=None)
    chain = paid_chain(winner.promoter_id, placed_at, plan, promoters) if winner else ()
    if not winner and any(touch.reason is Reason.SUSPENDED for touch in judged):
        chain = (HOUSE,)
    return Decision(
        basis=basis_of(order),
        reason=Reason.LAST_CLICK if winner else Reason.NONE_ELIGIBLE if judged else Reason.NO_TOUCH,
        plan_version=plan.version,
        promoter_ids=chain,
        candidates=judged,
    )


def paid_chain(
    promoter_id: str, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> tuple[str, ...]:
    """Return who is paid at each level, as the network was when the order was placed.

    The attributed promoter can earn, or would not have won. Above, a level whose promoter was
    suspended is vacant, and the plan says who earns there; above the top of the chain nobody does.
    """
    first, *above = upline_of(promoter_id, SEARCH_DEPTH, promoters, placed_at)
    earning = [name if promoters[name].earns_at(placed_at) else None for name in above]
    if plan.vacancy is Vacancy.COMPRESS:
        earning = [name for name in earning if name]
    levels = len(plan.rate_bps)
    # Only the levels that are paid: how far above them `promoters` reaches is chance.
    substitute = _substitute(placed_at, plan, promoters, (first, *above)[:levels])
    return (first, *(name or substitute for name in earning))[:levels]


def _substitute(
    placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter], chain: tuple[str, ...]
) -> str:
    """Return who earns at a vacant level: the plan's default sponsor, unless already paid or suspended."""
    promoter = promoters.get(plan.default_sponsor_id or "")
    can_earn = promoter is not None and promoter.id not in chain and promoter.earns_at(placed_at)
    return promoter.id if promoter and can_earn else HOUSE


def people_needed(
    promoter_id: str, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> str | None:
    """Return whom the decision must know next, or None when `promoters` holds everybody it needs."""
    chain = upline_of(promoter_id, SEARCH_DEPTH, promoters, placed_at)
    if not chain:
        return None
    earning = sum(promoters[name].earns_at(placed_at) for name in chain)
    filled = earning if plan.vacancy is Vacancy.COMPRESS else len(chain)
    sponsor_id = promoters[chain[-1]].sponsor_at(placed_at)
    is_complete = filled >= len(plan.rate_bps) or len(chain) >= SEARCH_DEPTH or sponsor_id in promoters
    return None if is_complete else sponsor_id


def pending(order: Order, plan: Plan) -> Decision:
    """Return the decision of an order whose click has not arrived yet: nobody, for now."""
    return Decision(
        basis=basis_of(order),
        reason=Reason.CLICK_PENDING,
        plan_version=plan.version,
        promoter_ids=(),
        candidates=(),
    )


def touch_of(click: Click, program_id: str) -> Candidate:
    """Return a click as a candidate; a robot's and another program's are out from the start."""
    reason = Reason.BOT if click.bot_reason else Reason.ELIGIBLE
    return Candidate(
        click_id=click.id,
        promoter_id=click.promoter_id,
        occurred_at=click.occurred_at,
        recorded_at=click.recorded_at,
        reason=reason if click.program_id == program_id else Reason.OTHER_PROGRAM,
    )


def _judge(touch: Candidate, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]) -> Candidate:
    if touch.reason in (Reason.BOT, Reason.OTHER_PROGRAM):
        return touch
    window = plan.click_window_days * DAY
    promoter = promoters.get(touch.promoter_id)
    faults = (
        (touch.occurred_at - placed_at > CLOCK_SKEW, Reason.AFTER_ORDER),
        (placed_at - touch.occurred_at >= window, Reason.OUTSIDE_WINDOW),
        (touch.recorded_at > grace_end(placed_at), Reason.RECORDED_LATE),
        (promoter is None, Reason.UNKNOWN_PROMOTER),
        (promoter is not None and not promoter.earns_at(placed_at), Reason.SUSPENDED),
    )
    reason = next((reason for fault, reason in faults if fault), Reason.ELIGIBLE)
    return touch if touch.reason is reason else replace(touch, reason=reason)
