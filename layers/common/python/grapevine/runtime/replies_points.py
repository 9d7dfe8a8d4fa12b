"""Points as the JSON API gives them: whole numbers, and days of UTC."""

from __future__ import annotations

from typing import Any

from grapevine.domain.entries import Entry
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.points import NEVER, Lot
from grapevine.usecases.read_points import Points


def from_points(points: Points) -> dict[str, Any]:
    """Return points by where they are, and what of them expires on which day; whole numbers all."""
    return {
        "held": points.held,
        "payable": points.payable,
        "blocked": points.blocked,
        "spent": points.spent,
        "expired": points.expired,
        "charged": points.charged,
        "next_expiry": _expiry(points.next) if points.next else None,
    }


def from_lots(points: Points) -> list[dict[str, Any]]:
    """Return what is left of the points of each day, and when it expires, null for never."""
    return [{"payable_since": lot.day, **_expiry(lot)} for lot in points.lots]


def _expiry(lot: Lot) -> dict[str, Any]:
    return {"day": None if lot.due == NEVER else lot.due, "points": lot.points}


def from_spent(entry: Entry, currency: str) -> dict[str, Any]:
    """Return the coupon that points bought."""
    points = sum(posting.amount.minor for posting in entry.postings)
    off = format_minor(entry.coupon.off_minor, currency) if entry.coupon else None
    return {
        "entry": entry.id,
        "coupon_code": entry.coupon.code if entry.coupon else None,
        "points": points,
        "off": off,
        "currency": currency,
        "request_id": entry.purpose,
        "recorded_at": to_text(entry.recorded_at),
    }
