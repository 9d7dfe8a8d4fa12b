"""Mark a coupon as public or not, by a person or by its leak score, and show what the score rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from grapevine.domain.coupons import Coupon, PublicChange, normal_code
from grapevine.domain.errors import InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.instants import day_of
from grapevine.domain.leaks import LeakScore, evidence_of, leak_score
from grapevine.domain.pages import coupon_subject
from grapevine.domain.people import AFTER_ALL
from grapevine.domain.plans import Plan, PublicCoupon
from grapevine.domain.programs import Terms
from grapevine.ports import CatalogLists, CouponReader, CouponWriter, PageReader
from grapevine.usecases.publish_plan import LEAD_TIME

WINDOW = timedelta(days=90)
"""How far back a score looks; a code that was found out long ago is nobody's any more."""
LONGEST_REASON, LONGEST_NAME = 500, 200


class CouponCatalog(CouponWriter, CatalogLists, Protocol):
    """Coupons by code and listed, and where they are changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCoupon:
    """A person's word on whether a coupon is public, with who says so and why."""

    program_id: str
    code: str
    public: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A coupon with its score by the orders placed since a day; `threshold` is the plan's."""

    coupon: Coupon
    score: LeakScore
    since: str
    threshold: int


def mark_coupon(command: MarkCoupon, catalog: CouponWriter, now: datetime) -> Coupon:
    """Store a person's mark, two minutes ahead, so that an order is decided by one mark whoever decides it.

    The same again changes nothing. NetworkMovedError where somebody else changed the coupon just now.
    """
    texts = (("by", command.by, LONGEST_NAME), ("reason", command.reason, LONGEST_REASON))
    for name, text, longest in texts:
        if not 0 < len(text.strip()) <= len(text) <= longest:
            raise InvalidInputError(f"must have 1 to {longest} characters", name)
    coupon = known_coupon(command.program_id, command.code, catalog)
    last = coupon.marks[-1] if coupon.marks else None
    if last and (last.public, last.by, last.reason) == (command.public, command.by, command.reason):
        return coupon
    mark = PublicChange(now + LEAD_TIME, command.public, command.reason, command.by)
    catalog.change_coupon(coupon.marked(mark))
    return coupon.marked(mark)


def read_score(coupon: Coupon, terms: Terms, pages: PageReader, now: datetime) -> Scored:
    """Return a coupon's score as its pages are now, by the plan in force."""
    plan, since = terms.plan_at(now), _since(coupon, now)
    found = evidence_of(pages.pages(coupon_subject(coupon.program_id, coupon.code)), since)
    return Scored(coupon, leak_score(found, plan.coupon_untouched_bps), since, plan.public_coupon_score)


def score_coupons(
    terms: Terms, catalog: CouponCatalog, pages: PageReader, now: datetime
) -> tuple[Scored, ...]:
    """Score a program's coupons and mark those whose score reaches the plan's; return those marked now.

    Nothing is read where the plan keeps what a public coupon earns: then a mark would mean nothing. A coupon
    that somebody changes meanwhile is looked at the next time.
    """
    plan = terms.plan_at(now)
    if plan.public_coupon is PublicCoupon.KEEP:
        return ()
    listed = (coupon for coupon in catalog.coupons_of(terms.program.id) if _may_be_marked(coupon, now))
    scored = (read_score(coupon, terms, pages, now) for coupon in listed)
    return tuple(each for each in scored if _is_marked(each, plan, catalog, now))


def known_coupon(program_id: str, code: str, catalog: CouponReader) -> Coupon:
    """Return a coupon however its code is written; NotFoundError when the program has none of it."""
    normal = normal_code(code)
    coupon = catalog.coupons(program_id, (normal,)).get(normal)
    if coupon is None:
        raise NotFoundError("coupon", normal)
    return coupon


def _may_be_marked(coupon: Coupon, now: datetime) -> bool:
    return coupon.is_enabled_at(now) and not coupon.is_public_at(AFTER_ALL)


def _is_marked(scored: Scored, plan: Plan, catalog: CouponCatalog, now: datetime) -> bool:
    score = scored.score
    if score.score < plan.public_coupon_score:
        return False
    found = score.evidence
    counts = (
        f"{found.untouched} of {found.used} untouched, {found.from_deals} of {found.known} from deal sites"
    )
    why = f"leak score {score.score} ({score.reason}) by orders since {scored.since}: {counts}"
    try:
        catalog.change_coupon(scored.coupon.marked(PublicChange(now + LEAD_TIME, public=True, reason=why)))
    except NetworkMovedError:
        return False
    return True


def _since(coupon: Coupon, now: datetime) -> str:
    """Return the first day that counts: none from before a person last said that the coupon is not public."""
    cleared = [mark.effective_at for mark in coupon.marks if not mark.public]
    days = [day_of(now - WINDOW), *(day_of(instant + timedelta(days=1)) for instant in cleared)]
    return max(days)
