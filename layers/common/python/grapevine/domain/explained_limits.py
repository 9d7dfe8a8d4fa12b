"""What caps leave of an order, and what campaigns and points add to it, as JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from grapevine.domain.campaigns import Pays
from grapevine.domain.capping import Capped
from grapevine.domain.caps import Cap
from grapevine.domain.commissions import LineShare
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra
from grapevine.domain.grants import Use
from grapevine.domain.money import POINTS, format_minor
from grapevine.domain.wants import CAP


def extras_told(extras: Sequence[tuple[Extra, Use]], currency: str, told_in: str) -> list[dict[str, Any]]:
    """Return what each campaign, and the plan's points (`campaign` is null), came to for whom.

    `total` is what it adds by the order as it was sold, after stacking and the plan's caps on lines;
    `wanted` what is left of that after refunds and the plan's caps on one order, `granted` what all
    other caps and the budget leave of it.
    """
    return [_told(extra, use, currency, told_in) for extra, use in extras]


def _told(extra: Extra, use: Use, currency: str, told_in: str) -> dict[str, Any]:
    code = POINTS if extra.pays is Pays.POINTS else currency
    campaign = extra.campaign
    return {
        "campaign": campaign.id if campaign else None,
        "name": campaign.name if campaign else None,
        "stacking": campaign.stacking.value if campaign else None,
        "promoter": extra.promoter_id,
        "currency": code,
        "total": format_minor(extra.commission.total_minor, code),
        "reversed": format_minor(extra.commission.reversed_minor, code),
        "wanted": format_minor(use.wanted, code),
        "granted": format_minor(use.granted, code),
        "lines": [_line(share, code, told_in) for share in extra.commission.shares],
    }


def _line(share: LineShare, code: str, told_in: str) -> dict[str, Any]:
    return {
        "line": share.line_id or None,
        "capped": share.is_capped,
        "base": format_minor(share.base_minor, told_in),
        "share": format_minor(share.share_minor, code),
        "reversed": format_minor(share.reversed_minor, code),
    }


def without_campaigns(decision: Decision) -> Decision:
    """Return a decision without campaigns: what is more then was taken by an exclusive one."""
    return replace(decision, campaigns=())


def caps_told(found: Capped, caps: Sequence[Cap], currency: str) -> Iterator[dict[str, Any]]:
    """Yield every cap that the order uses, for whom, with what was wanted and what it got."""
    known = {cap.id: cap for cap in caps}
    for (cap_id, subject), use in found.own.items():
        yield _cap(known[cap_id], subject, None, use, currency)
    for key, use in found.uses.items():
        if key.scarce.startswith(CAP):
            yield _cap(known[key.scarce.removeprefix(CAP)], key.subject, key.period, use, currency)


def _cap(cap: Cap, subject: str, period: str | None, use: Use, currency: str) -> dict[str, Any]:
    return {
        "cap": cap.id,
        "per": cap.per.value,
        "subject": subject or None,
        "period": period,
        "limit": format_minor(cap.amount_minor, currency),
        "wanted": format_minor(use.wanted, currency),
        "granted": format_minor(use.granted, currency),
        "capped": use.granted < use.wanted,
    }
