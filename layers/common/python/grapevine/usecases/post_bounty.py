"""Make the ledger say what a bounty's evidence means now: the one writer per bounty, promoter and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from grapevine.domain.bars import bars_of
from grapevine.domain.bounties import Bounty, Period
from grapevine.domain.bounty_posting import Case, is_new, next_bounty_entry
from grapevine.domain.entries import BonusKey, BonusKind, Entry, Postable
from grapevine.domain.errors import ConcurrencyError, StaleReadError
from grapevine.domain.facts import OrderKey
from grapevine.domain.pages import evidence_subject, sold
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.programs import Terms
from grapevine.domain.sales import NOTHING, month_before, standing_of
from grapevine.domain.tiers import Volume
from grapevine.ports import DecisionCatalog, EntryReader, OrderLedger, PageReader
from grapevine.usecases.find_people import with_persons
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.tier_order import Volumes

ATTEMPTS = 8
"""Starting over costs three reads; whoever loses this often is queued and redriven."""


@dataclass(frozen=True, slots=True)
class BountyPorts:
    """What a bounty's decision reads: its entries, the terms and the people, and the pages of evidence."""

    ledger: EntryReader
    catalog: DecisionCatalog
    pages: PageReader


def bounty_ports(orders: PostOrderPorts) -> BountyPorts:
    """Return what posting a bounty reads of what posting an order does."""
    return BountyPorts(orders.ledger, orders.catalog, orders.pages)


def post_key(
    key: Postable, orders: PostOrderPorts, now: datetime, *, asks_people: bool = False
) -> Entry | None:
    """Post an order or a bounty; of other bonuses there is nothing to look at."""
    if isinstance(key, OrderKey):
        return post_order(PostOrder(key, asks_people=asks_people), orders, now)
    return post_bounty(key, orders, now) if key.kind is BonusKind.BOUNTY else None


def post_bounty(key: BonusKey, orders: PostOrderPorts, now: datetime) -> Entry | None:
    """Post the difference between what stands and what should; None when there is none.

    Whoever has written looks once more: another writer may have read newer evidence meanwhile,
    found nothing to change of what stood before, and gone. Whose account is a duplicate's is posted
    first, so that nobody is without what they reached. Raises ConcurrencyError when it lost too often.
    """
    posted: Entry | None = None
    fault: ConcurrencyError | None = None
    for _ in range(ATTEMPTS):
        try:
            entry = _post_once(key, orders, orders.ledger, now)
        except ConcurrencyError as error:
            fault = error
            continue
        if entry is None:
            return posted
        posted = entry
    raise fault or StaleReadError(f"evidence of {key} changed {ATTEMPTS} times while it was posted")


def _post_once(key: BonusKey, orders: PostOrderPorts, ledger: OrderLedger, now: datetime) -> Entry | None:
    owner_id, entry = bounty_entry(key, bounty_ports(orders), now)
    if owner_id != key.promoter_id:
        post_bounty(replace(key, promoter_id=owner_id), orders, now)
    if entry is not None:
        ledger.append(entry)
    return entry


def bounty_entry(key: BonusKey, ports: BountyPorts, now: datetime) -> tuple[str, Entry | None]:
    """Return whose the evidence is, and the entry that is missing under the key, or None."""
    # Entries before evidence: the other way round a refund that another writer has looked at already
    # could be missing here, and this entry would pay for it again.
    entries = ports.ledger.entries_of(key)
    terms = ports.catalog.terms(key.program_id)
    bounty, period = terms.bounty_period(key.name)
    # Who is whose duplicate is looked at as long as the evidence is.
    instant = min(now, period.held_until)
    read = partial(ports.catalog.promoters, key.program_id)
    people = with_persons(read((key.promoter_id,)), instant, read)
    owner_id = person_of(key.promoter_id, people, instant)
    merged = owner_id != key.promoter_id
    reached = NOTHING if merged else reached_by(key, people.get(key.promoter_id), instant, ports.pages)
    case = Case(
        bounty=bounty,
        period=period,
        reached=reached,
        merged=merged,
        fits=bounty.is_reached(reached) and _fits(key, bounty, period, people, terms, ports, now),
        bar=bars_of((key.promoter_id,), people, period.starts_at, period.held_until, now).get(
            key.promoter_id
        ),
    )
    return owner_id, next_bounty_entry(key, case, entries, terms.program, now)


def reached_by(key: BonusKey, promoter: Promoter | None, instant: datetime, pages: PageReader) -> Volume:
    """Return what the evidence comes to, with that of the promoter's duplicates at an instant."""
    names = (key.promoter_id, *(promoter.duplicates_at(instant) if promoter else ()))
    subjects = (evidence_subject(key.program_id, name, key.name) for name in names)
    return sold(page for subject in subjects for page in pages.pages(subject))


def _fits(
    key: BonusKey,
    bounty: Bounty,
    period: Period,
    people: Mapping[str, Promoter],
    terms: Terms,
    ports: BountyPorts,
    now: datetime,
) -> bool:
    """Say whether a bounty is for somebody: who joined lately, or had a tier in the month before."""
    if not is_new(people.get(key.promoter_id), bounty, period):
        return False
    if not bounty.audience.tier_ids:
        return True
    plan, month = terms.plan_at(period.starts_at), month_before(period.starts_at, terms.program)
    if not plan.tiers:
        return False
    known = Volumes(terms, plan, period.starts_at, (), ports.catalog, ports.pages, now)
    volume = _month_of(key.promoter_id, month, known, ports.catalog)
    return standing_of(key.promoter_id, month, volume, plan).tier_id in bounty.audience.tier_ids


def _month_of(promoter_id: str, month: str, sales: Volumes, catalog: DecisionCatalog) -> Volume:
    """Return what was sold in a month; the stored volume where somebody has closed it already."""
    _, stored = catalog.promoters_with_volumes(sales.program_id, (promoter_id,), (month,))
    return stored[promoter_id, month] if (promoter_id, month) in stored else sales.of(promoter_id, month)
