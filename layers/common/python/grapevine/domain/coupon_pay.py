"""What a coupon on an order leaves of what everybody earns from it: the customer already had money off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import WHOLE_BPS, Plan, PublicCoupon


def kept_bps(
    decision: Decision,
    touches: Sequence[Candidate],
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
) -> int:
    """Return the share of everybody's pay that stays, by the coupons that were on at the order's instant.

    Only a coupon of one of those who have the order counts, also where a click or a tie won it for them;
    of several the one that leaves least. `touches` are as they were found, not judged yet.
    """
    is_lowered = plan.public_coupon is PublicCoupon.LOWER
    if plan.coupon_bps == WHOLE_BPS and not is_lowered:
        return WHOLE_BPS
    used = [
        touch
        for touch in touches
        if touch.coupon_code
        and touch.reason is Reason.ELIGIBLE
        and person_of(touch.promoter_id, promoters, placed_at) in decision.attributed
    ]
    if is_lowered and any(touch.is_public for touch in used):
        return plan.public_coupon_bps or 0
    return plan.coupon_bps if used else WHOLE_BPS
