"""The touches of an order as candidates: whose they are, and why each may win it or may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon, readable_codes
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import CLOCK_SKEW, DAY, GRACE, Plan, SelfPurchase


class Reason(StrEnum):
    """Why a decision came out as it did, or a candidate did not."""

    LAST_CLICK = "last_click"
    FIRST_CLICK = "first_click"
    LINEAR = "linear"
    COUPON = "coupon"
    NO_TOUCH = "no_touch"
    CLICK_PENDING = "click_pending"
    RATE_PENDING = "rate_pending"
    NONE_ELIGIBLE = "none_eligible"
    ELIGIBLE = "eligible"
    AFTER_ORDER = "after_order"
    OUTSIDE_WINDOW = "outside_window"
    RECORDED_LATE = "recorded_late"
    BOT = "bot"
    OTHER_PROGRAM = "other_program"
    UNKNOWN_PROMOTER = "unknown_promoter"
    SUSPENDED = "suspended"
    BANNED = "banned"
    LEFT = "left"
    DISABLED = "disabled"
    PUBLIC_COUPON = "public_coupon"
    SELF_PURCHASE = "self_purchase"
    BINDING = "binding"
    EXISTING_CUSTOMER = "existing_customer"
    REPEAT_ORDER = "repeat_order"


WITHOUT_PAY = (Reason.SUSPENDED, Reason.BANNED, Reason.LEFT)
"""Why a promoter could not earn: every status but active has a reason of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A touch that was considered, with the reason it was or was not eligible; `channel` is a click's.

    `is_public` says that a coupon was taken for public when the order was placed, `referrer` which
    host led an order with it to the shop.

    A click, or (`coupon_code`) a coupon on the order, which has no click's id and no instants but
    the order's own, or (`binding`) the tie that was in force, named by what tied it.
    """

    click_id: str
    promoter_id: str
    occurred_at: datetime
    recorded_at: datetime
    reason: Reason
    coupon_code: str | None = None
    binding: str | None = None
    channel: str = ""
    is_public: bool = False
    referrer: str = ""


def touch_of(click: Click, program_id: str) -> Candidate:
    """Return a click as a candidate; a robot's and another program's are out from the start."""
    reason = Reason.BOT if click.bot_reason else Reason.ELIGIBLE
    return Candidate(
        click_id=click.id,
        promoter_id=click.promoter_id,
        occurred_at=click.occurred_at,
        recorded_at=click.recorded_at,
        reason=reason if click.program_id == program_id else Reason.OTHER_PROGRAM,
        channel=click.channel,
    )


def coupon_touches(order: Order, placed_at: datetime, coupons: Mapping[str, Coupon]) -> tuple[Candidate, ...]:
    """Return the promoters' coupons on an order as candidates, in the order they were applied.

    One that was disabled when the order was placed is kept with that reason.
    """
    known = (coupons[code] for code in readable_codes(order.coupon_codes) if code in coupons)
    return tuple(
        Candidate(
            click_id="",
            promoter_id=coupon.promoter_id,
            occurred_at=placed_at,
            recorded_at=placed_at,
            reason=Reason.ELIGIBLE if coupon.is_enabled_at(placed_at) else Reason.DISABLED,
            coupon_code=coupon.code,
            is_public=coupon.is_public_at(placed_at),
            referrer=order.referrer,
        )
        for coupon in known
    )


def grace_end(placed_at: datetime) -> datetime:
    """Return when a click recorded late stops counting for an order."""
    return placed_at + GRACE


def judged_touch(
    touch: Candidate, order: Order, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> Candidate:
    """Return a touch with why it may win, or may not: out of time, or of somebody who cannot earn."""
    if touch.reason in (Reason.BOT, Reason.OTHER_PROGRAM, Reason.DISABLED):
        return touch
    reason = _untimely(touch, placed_at, plan) or _unearning(touch, order, placed_at, plan, promoters)
    return touch if touch.reason is reason else replace(touch, reason=reason)


def _untimely(touch: Candidate, placed_at: datetime, plan: Plan) -> Reason | None:
    """Return what is wrong with when a touch was, or was recorded."""
    before = placed_at - touch.occurred_at
    if -before > CLOCK_SKEW:
        return Reason.AFTER_ORDER
    if before >= plan.click_window_days * DAY:
        return Reason.OUTSIDE_WINDOW
    return Reason.RECORDED_LATE if touch.recorded_at > grace_end(placed_at) else None


def _unearning(
    touch: Candidate, order: Order, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> Reason:
    """Return why whose touch it was cannot earn from the order, ELIGIBLE where they can."""
    promoter = promoters.get(person_of(touch.promoter_id, promoters, placed_at))
    if promoter is None:
        return Reason.UNKNOWN_PROMOTER
    if not promoter.earns_at(placed_at):
        return Reason(promoter.status_at(placed_at))
    gets_nothing = plan.self_purchase is SelfPurchase.DISCOUNT_ONLY
    is_own = gets_nothing and promoter.buys_as(order.customer_key, placed_at)
    return Reason.SELF_PURCHASE if is_own else Reason.ELIGIBLE


def without_untouched(
    judged: Sequence[Candidate], placed_at: datetime, promoters: Mapping[str, Promoter]
) -> list[Candidate]:
    """Return touches judged already, a public coupon only standing where its owner was clicked too."""
    clicks = [touch for touch in judged if touch.reason is Reason.ELIGIBLE and not touch.coupon_code]
    touched = {person_of(touch.promoter_id, promoters, placed_at) for touch in clicks}
    return [
        replace(touch, reason=Reason.PUBLIC_COUPON)
        if touch.is_public
        and touch.reason is Reason.ELIGIBLE
        and person_of(touch.promoter_id, promoters, placed_at) not in touched
        else touch
        for touch in judged
    ]
