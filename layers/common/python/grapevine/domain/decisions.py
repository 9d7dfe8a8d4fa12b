"""Which promoter an order belongs to, and why: attribution within the click window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import WITHOUT_PAY, Candidate, Reason, judged_touch, without_untouched
from grapevine.domain.chains import HOUSE, NOBODY, gated_above, paid_chain
from grapevine.domain.fx import Rate
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import AttributionModel, CouponMode, Plan, PublicCoupon, SelfPurchase
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import WHOLE_BPS, Shortfall, TierStanding

MAX_CLAIMS = 10
"""Promoters among whom one order is split; earlier touches are left out."""
MAX_CANDIDATES = 10
"""Touches that a decision keeps."""


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
    decision stays. `products` is what its products have to do with the plan. `kept_bps` is what a
    coupon on the order leaves of what everybody earns. `campaigns` has for each claim the ids of those
    that its promoter is in the audience of, by all that lines and tiers do not say; empty where none.
    `payees` has the payee keys of those earners who had one, where the terms cap what one person earns.
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
    kept_bps: int = WHOLE_BPS
    campaigns: tuple[tuple[str, ...], ...] = ()
    payees: tuple[tuple[str, str], ...] = ()

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


def basis_of(order: Order, plan: Plan, *, has_products: bool = False) -> str:
    """Return a short name of what the decision takes from the order itself.

    `has_products` says that a campaign is for some products, so that it takes the products too.
    """
    instants = [str(at.timestamp()) if at else "" for at in (order.placed_at, order.paid_at)]
    parts = (*instants, order.click_id or "", ",".join(order.coupon_codes), order.customer_key or "")
    if has_products or plan.needs_products:
        parts = (*parts, *order.product_ids)
    return blake2b("|".join(parts).encode(), digest_size=6).hexdigest()


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
    judged = [judged_touch(touch, order, placed_at, plan, promoters) for touch in touches]
    if plan.public_coupon is PublicCoupon.NEEDS_TOUCH:
        judged = without_untouched(judged, placed_at, promoters)
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
