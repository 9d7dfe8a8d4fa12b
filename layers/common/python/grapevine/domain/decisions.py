"""Which promoter an order belongs to, and why: attribution within the click window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.bindings import CustomerNote
from grapevine.domain.chains import HOUSE, NOBODY, gated_above, paid_chain
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon, readable_codes
from grapevine.domain.fx import Rate
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import CLOCK_SKEW, DAY, GRACE, AttributionModel, CouponMode, Plan, SelfPurchase
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import Shortfall, TierStanding

MAX_CLAIMS = 10
"""Promoters among whom one order is split; earlier touches are left out."""
MAX_CANDIDATES = 10
"""Touches that a decision keeps."""


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
    SELF_PURCHASE = "self_purchase"
    BINDING = "binding"
    EXISTING_CUSTOMER = "existing_customer"
    REPEAT_ORDER = "repeat_order"


WITHOUT_PAY = (Reason.SUSPENDED, Reason.BANNED, Reason.LEFT)
"""Why a promoter could not earn: every status but active has a reason of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A touch that was considered, with the reason it was or was not eligible.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who earns at which level, decided from what was true at the order's own instant.

    `promoter_ids` has the attributed promoter first, then the upline; HOUSE where a level is
    vacant; empty when nobody earns. `further` has the same for each further promoter among whom
    the order is split, all in equal parts. `rate` turns the order's currency into the program's,
    for good. `recruiters` has for each claim who gets the recruit bonus, empty where nobody does.
    `tiers` has where the attributed promoter of each claim stood, `gated` the uplines whose
    level is vacant for want of sales. Both rest on months; while one of them is open they are as far
    as it went, and are looked at again at `provisional_until`.
    `basis` names the inputs that came from the order's facts: as long as they stay, the
    decision stays. `products` is what its products have to do with the plan.
    """

    basis: str
    reason: Reason
    plan_version: int
    promoter_ids: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    further: tuple[tuple[str, ...], ...] = ()
    rate: Rate | None = None
    recruiters: tuple[str, ...] = ()
    products: tuple[SoldProduct, ...] = ()
    customer: CustomerNote | None = None
    tiers: tuple[TierStanding, ...] = ()
    gated: tuple[Shortfall, ...] = ()
    provisional_until: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether a click that the order names, or the rate for its currency, may still arrive."""
        return self.reason in (Reason.CLICK_PENDING, Reason.RATE_PENDING)

    @property
    def claims(self) -> tuple[tuple[str, ...], ...]:
        """Who earns at which level, once for each promoter among whom the order is split."""
        return (self.promoter_ids, *self.further) if self.promoter_ids else ()

    @property
    def chains(self) -> tuple[tuple[str, ...], ...]:
        """Who earns at which level of anything in the order: of a claim, or of a bound product's lines."""
        bound = (product.earners for product in self.products if product.earners)
        return tuple(dict.fromkeys((*self.claims, *bound))) if self.products else self.claims

    @property
    def attributed(self) -> tuple[str, ...]:
        """The promoters among whom the order is split; nobody where the house has it."""
        return tuple(claim[0] for claim in self.claims if claim[0] != HOUSE)

    @property
    def is_bound(self) -> bool:
        """Whether lines of some products belong to those who are bound to them."""
        return any(product.earners is not None for product in self.products)


def basis_of(order: Order, plan: Plan) -> str:
    """Return a short name of what the decision takes from the order itself."""
    instants = [str(at.timestamp()) if at else "" for at in (order.placed_at, order.paid_at)]
    parts = (*instants, order.click_id or "", ",".join(order.coupon_codes), order.customer_key or "")
    if plan.needs_products:
        parts = (*parts, *order.product_ids)
    return blake2b("|".join(parts).encode(), digest_size=6).hexdigest()


def grace_end(placed_at: datetime) -> datetime:
    """Return when a click recorded late stops counting for an order."""
    return placed_at + GRACE


def decide(
    order: Order,
    placed_at: datetime,
    plan: Plan,
    touches: Sequence[Candidate],
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
) -> Decision:
    """Return who earns from an order; the touches that mattered are kept with their reasons.

    `short` has the promoters who may not have a level above the first, for want of sales.

    A pure function of its inputs, so the same facts lead to the same decision whenever and in
    whatever order they arrive.
    """
    judged = [_judge(touch, order, placed_at, plan, promoters) for touch in touches]
    reason, winners = _winners(_by_person(judged, placed_at, promoters), plan)
    claims = tuple([claim_of(name, order, placed_at, plan, promoters, short) for name in winners])
    if not winners and any(touch.reason in WITHOUT_PAY for touch in judged):
        claims = ((HOUSE,),)
    return Decision(
        basis=basis_of(order, plan),
        reason=reason,
        plan_version=plan.version,
        promoter_ids=claims[0] if claims else (),
        further=claims[1:],
        candidates=_kept(judged, winners),
        gated=gated_above(winners, placed_at, plan, promoters, short) if short else (),
    )


def _by_person(judged: Sequence[Candidate], at: datetime, known: Mapping[str, Promoter]) -> list[Candidate]:
    """Return touches by whose account it was: duplicates are one promoter, who wins once."""
    pairs = [(touch, person_of(touch.promoter_id, known, at)) for touch in judged]
    return [t if t.promoter_id == person else replace(t, promoter_id=person) for t, person in pairs]


def _winners(judged: Sequence[Candidate], plan: Plan) -> tuple[Reason, tuple[str, ...]]:
    """Return the attributed promoters and why: a coupon's where its mode says so, else by the clicks."""
    eligible = [touch for touch in judged if touch.reason is Reason.ELIGIBLE]
    clicks = sorted([t for t in eligible if not t.coupon_code], key=lambda t: (t.occurred_at, t.click_id))
    coupon = next((touch.promoter_id for touch in eligible if touch.coupon_code), None)
    touched = dict.fromkeys([touch.promoter_id for touch in clicks])
    wins = plan.coupon_mode is CouponMode.ALWAYS or (
        plan.coupon_mode is CouponMode.IF_TOUCHED and coupon in touched
    )
    if coupon and wins:
        return Reason.COUPON, (coupon,)
    if not clicks:
        return (Reason.NONE_ELIGIBLE if judged else Reason.NO_TOUCH), ()
    if plan.attribution_model is AttributionModel.LINEAR:
        return Reason.LINEAR, tuple(touched)[-MAX_CLAIMS:]
    if plan.attribution_model is AttributionModel.FIRST_CLICK:
        return Reason.FIRST_CLICK, (clicks[0].promoter_id,)
    return Reason.LAST_CLICK, (clicks[-1].promoter_id,)


def claim_of(
    promoter_id: str,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
) -> tuple[str, ...]:
    """Return who is paid through one winner; from their own purchase nobody above them."""
    chain = paid_chain(promoter_id, placed_at, plan, promoters, short)
    if plan.self_purchase is not SelfPurchase.REBATE:
        return chain
    return chain[:1] if promoters[promoter_id].buys_as(order.customer_key, placed_at) else chain


def _kept(judged: Sequence[Candidate], winners: Sequence[str]) -> tuple[Candidate, ...]:
    """Return the touches that an entry keeps: the winners', then the latest; it holds a kilobyte, not all."""
    if len(judged) <= MAX_CANDIDATES:
        return tuple(judged)
    latest = sorted(judged, key=lambda t: (t.promoter_id in winners, t.occurred_at, t.click_id))
    kept = set(latest[-MAX_CANDIDATES:])
    return tuple(touch for touch in judged if touch in kept)


def pending(order: Order, plan: Plan, reason: Reason) -> Decision:
    """Return the decision of an order whose click, or rate, has not arrived yet: nobody, for now."""
    return Decision(
        basis=basis_of(order, plan),
        reason=reason,
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
        )
        for coupon in known
    )


def _judge(
    touch: Candidate, order: Order, placed_at: datetime, plan: Plan, promoters: Mapping[str, Promoter]
) -> Candidate:
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
