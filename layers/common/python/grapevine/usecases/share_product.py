"""Points for a promoter whose share of a product brings its first visitor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.caps import CapPeriod, period_name
from grapevine.domain.clicks import Click
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason
from grapevine.domain.errors import EntryExistsError, GrantMovedError
from grapevine.domain.grants import Grant, GrantChange, GrantKey
from grapevine.domain.money import POINTS, Money
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program
from grapevine.ports import LinkReader, OrderLedger, ProductReader, PromoterReader, TermsReader

SHARED = "shared"
"""How the counter of a promoter's points for shares of one day is named."""


class ShareCatalog(TermsReader, LinkReader, PromoterReader, ProductReader, Protocol):
    """Terms and links, which are kept, and people and products, which are read."""


@dataclass(frozen=True, slots=True)
class SharePorts:
    """The catalog, and the ledger with its counters."""

    catalog: ShareCatalog
    ledger: OrderLedger


def share_product(click: Click, ports: SharePorts, now: datetime) -> Entry | None:
    """Post the points for a product's first share where a click is the first to come of it.

    Once for each promoter and product, for good: the entry has one place, and a click that comes
    again finds it taken. The points are payable at once, since nothing that happens later takes a
    visit back. A day that is full gives nothing; a click of another day still may.
    """
    terms = ports.catalog.terms(click.program_id) if click.bot_reason is None else None
    plan = terms.plan_at(click.occurred_at) if terms else None
    if terms is None or plan is None or not plan.share_points:
        return None
    key = _key(click, ports)
    if key is None or ports.ledger.entries_of(key) or not _is_known(key, ports):
        return None
    entry = _entry(key, plan, terms.program, click, now)
    changes = [GrantChange(grant.key, grant.granted, _limit(plan)) for grant in entry.grants]
    taken = ports.ledger.taken([change.key for change in changes]) if changes else {}
    if any(taken[change.key] + change.change > change.limit for change in changes):
        return None
    try:
        ports.ledger.append(entry, changes)
    except (EntryExistsError, GrantMovedError):
        return None  # Somebody else's click was first, or took the last of the day.
    return entry


def _key(click: Click, ports: SharePorts) -> BonusKey | None:
    """Return the one place of the bonus: of the person, not of a duplicate, who must be active."""
    link = ports.catalog.link(click.link_code)
    if link is None or link.product_id is None:
        return None
    promoter = ports.catalog.promoters(click.program_id, (click.promoter_id,)).get(click.promoter_id)
    if promoter is None or promoter.status_at(click.occurred_at) is not PromoterStatus.ACTIVE:
        return None
    person = promoter.alias_at(click.occurred_at) or promoter.id
    return BonusKey(click.program_id, person, BonusKind.SHARE, link.product_id)


def _is_known(key: BonusKey, ports: SharePorts) -> bool:
    return key.name in ports.catalog.products(key.program_id, (key.name,))


def _entry(key: BonusKey, plan: Plan, program: Program, click: Click, now: datetime) -> Entry:
    source = commission_account(program.id)
    destination = promoter_account(program.id, key.promoter_id, Leaf.PAYABLE)
    day = period_name(CapPeriod.DAY, click.occurred_at, program.time_zone)
    counter = GrantKey(program.id, SHARED, key.promoter_id, day)
    is_capped = plan.share_points_per_day is not None
    return Entry(
        key=key,
        sequence=1,
        program_id=program.id,
        reason=EntryReason.BONUS,
        postings=(Posting(source, destination, Money(plan.share_points, POINTS)),),
        recorded_at=now,
        grants=(Grant(counter, plan.share_points, plan.share_points),) if is_capped else (),
    )


def _limit(plan: Plan) -> int:
    return plan.share_points_per_day or 0
