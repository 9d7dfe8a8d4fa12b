"""The JSON API's routes of coupons that may be public, and of accounts that may be one person's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from grapevine.domain.coupons import Coupon
from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.plain import flag_of, to_plain
from grapevine.runtime import observe, replies
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.runtime.parts import Parts
from grapevine.usecases import mark_coupon as marks
from grapevine.usecases import put_payee as payees
from grapevine.usecases import sync_coupon

Json = dict[str, Any]


def list_coupons(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """List a promoter's coupons."""
    program, catalog, now = caller.terms(program_id).program, caller.parts.catalog, caller.parts.now()
    if promoter_id not in catalog.promoters(program.id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    found = catalog.coupons_of(program.id, promoter_id)
    return caller.page_of_all(
        "coupons", found, lambda one: replies.from_coupon(one, now), lambda coupon: coupon.code
    )


def list_program_coupons(caller: Caller, program_id: str) -> Json:
    """List all coupons of a program, by promoter and code."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    return caller.page_of_all(
        "coupons",
        caller.parts.catalog.coupons_of(program.id),
        lambda one: replies.from_coupon(one, now),
        lambda coupon: f"{coupon.promoter_id} {coupon.code}",
    )


def read_coupon(caller: Caller, program_id: str, code: str) -> Json:
    """Return a coupon with its history, its leak score, and what the score rests on."""
    terms, parts, now = caller.terms(program_id), caller.parts, caller.parts.now()
    coupon = marks.known_coupon(terms.program.id, unquote(code), parts.catalog)
    return {
        **_with_history(coupon, now),
        "leak": _from_score(marks.read_score(coupon, terms, parts.pages, now)),
    }


def mark_coupon(caller: Caller, program_id: str, code: str) -> Json:
    """Say that a coupon is public, or is not."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = _to_mark_coupon(caller.body(), program.id, unquote(code))
    return _with_history(marks.mark_coupon(command, parts.catalog, now), now)


def score_coupons(caller: Caller, program_id: str) -> Json:
    """Score every coupon and mark those that are public by the plan's threshold."""
    terms, parts, now = caller.terms(program_id), caller.parts, caller.parts.now()
    caller.body().refuse_unknown()
    marked = marks.score_coupons(terms, parts.catalog, parts.pages, now)
    return {"marked": [{"code": one.coupon.code, "leak": _from_score(one)} for one in marked]}


def tell_shops(coupon: Coupon, parts: Parts) -> None:
    """Queue that the program's shops are told of a coupon; the caller never waits, or fails, for that.

    What cannot be queued now is told by the hourly run.
    """
    try:
        sync_coupon.tell_shops(coupon, parts.catalog, parts.shop_queue)
    except UnavailableError as error:
        observe.note(shops_not_told=str(error))


def list_rings(caller: Caller, program_id: str) -> Json:
    """List accounts that look like one person's, with what ties them together."""
    program = caller.terms(program_id).program
    found = payees.find_rings(program.id, caller.parts.catalog)
    return caller.page_by_number("rings", found, to_plain)


def _to_mark_coupon(body: Body, program_id: str, code: str) -> marks.MarkCoupon:
    body.refuse_unknown("public", "by", "reason")
    return marks.MarkCoupon(
        program_id=program_id,
        code=code,
        public=flag_of(body.values.get("public"), "public"),
        by=body.text("by"),
        reason=body.text("reason"),
    )


def _with_history(coupon: Coupon, now: datetime) -> Json:
    return {
        **replies.from_coupon(coupon, now),
        "changes": [to_plain(change) for change in coupon.changes],
        "marks": [to_plain(mark) for mark in coupon.marks],
    }


def _from_score(scored: marks.Scored) -> Json:
    score = scored.score
    return {
        "score": score.score,
        "threshold": scored.threshold,
        "reason": score.reason.value,
        "since": f"{scored.since}T00:00:00.000Z",
        "used": score.evidence.used,
        "touched": score.evidence.touched,
        "untouched": score.evidence.untouched,
        "surely_untouched_bps": score.surely_bps,
        "honest_untouched_bps": score.base_bps,
        "surely_from_deal_sites_bps": score.surely_deals_bps,
        "referrers": dict(score.evidence.referrers),
    }
