"""Balances and statistics as pages: a sum together with the marks of what is in it.

One page is one item per account (or statistic), day and slot. Folding adds amounts and marks on
the condition that the marks are not there yet, so redelivery, reordering, split batches, redrive
and rebuilding are all the same replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from grapevine.domain.accounts import PROGRAM, Leaf, net
from grapevine.domain.campaigns import CAMPAIGN_PREFIX
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.instants import day_of
from grapevine.domain.tiers import Sale, Volume

PROMOTER_SLOTS = 4
NET, ORDERS = "net", "orders"
"""What a page of sales adds up: minor units of the program's currency, and orders."""
PROGRAM_SLOTS = 64
"""A program's own accounts, and a campaign's, are touched by every order; slots keep its pages small."""


USED, TOUCHED = "used", "touched"
"""What a coupon's page adds up: orders with it, and those of them with a click of its promoter too."""
FROM = "from:"
"""What comes before the host that led to the shop, in a coupon's page: orders that came from there."""
COUPON_SLOTS = 16
"""A code on a deal site is used by thousands in a day; slots keep its pages small."""
_REDEEMED = (Reason.ELIGIBLE, Reason.PUBLIC_COUPON)


@dataclass(frozen=True, slots=True)
class PageKey:
    """Whose sum (`subject` is an account owner's key or a statistic), on which day, in which slot."""

    subject: str
    day: str
    slot: int


@dataclass(frozen=True, slots=True)
class Page:
    """A sum by name and the marks of what is in it; also what one fold adds to a page."""

    key: PageKey
    amounts: Mapping[str, int]
    marks: frozenset[str]


def balance_subject(key: AccountKey) -> str:
    """Return the pages' subject for a promoter's (or with owner PROGRAM, the program's) money."""
    return str(key)


def sales_subject(program_id: str, promoter_id: str, month: str) -> str:
    """Return the pages' subject for what was sold through a promoter in a month."""
    return f"{program_id}/{promoter_id}/sales/{month}"


def evidence_subject(program_id: str, promoter_id: str, name: str) -> str:
    """Return the pages' subject for what a bounty looks at: a promoter's sales in a period, by its name."""
    return f"{program_id}/{promoter_id}/bounty/{name}"


def coupon_subject(program_id: str, code: str) -> str:
    """Return the pages' subject for how a coupon was used."""
    return f"{program_id}/coupons/{code}/used"


def pages_of(entry: Entry) -> tuple[Page, ...]:
    """Return what an entry adds to the pages of balances and sales.

    An account's own entries add to the program's alone: what they change of the account is counted
    in its head, in their own transaction, so that nobody can reserve twice while a stream is behind.
    """
    own = entry.key.promoter_id if isinstance(entry.key, AccountKey) else None
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for (account, currency), minor in net(entry.postings).items():
        if account.owner != own:
            sums.setdefault((account.owner, currency), {})[account.leaf.value] = minor
    balances = tuple(
        Page(
            _key(entry, owner, currency), {leaf: m for leaf, m in amounts.items() if m}, frozenset({entry.id})
        )
        for (owner, currency), amounts in sorted(sums.items())
    )
    coupons = _coupon_pages(entry) if entry.decision else ()
    if not (entry.sales or entry.evidence):
        return (*balances, *coupons)
    sold = _sold_pages(entry, entry.sales, sales_subject)
    return (*balances, *sold, *_sold_pages(entry, entry.evidence, evidence_subject), *coupons)


def _coupon_pages(entry: Entry) -> list[Page]:
    """Return what an entry's decision says of promoters' coupons: used, with a touch or not, and from where.

    Each is counted once for an order, whatever its later decisions say: they are marked by the order, not
    by the entry, on the day that the order was placed.
    """
    candidates = entry.decision.candidates if entry.decision else ()
    pages: list[Page] = []
    for used in candidates:
        if used.coupon_code and used.reason in _REDEEMED:
            subject = coupon_subject(entry.program_id, used.coupon_code)
            key = PageKey(subject, day_of(used.occurred_at), _slot(entry, COUPON_SLOTS))
            pages.append(Page(key, {USED: 1}, frozenset({f"{entry.key}/{USED}"})))
            if any(touch.promoter_id == used.promoter_id and _is_touch(touch) for touch in candidates):
                pages.append(Page(key, {TOUCHED: 1}, frozenset({f"{entry.key}/{TOUCHED}"})))
            if used.referrer:
                pages.append(Page(key, {FROM + used.referrer: 1}, frozenset({f"{entry.key}/{FROM}"})))
    return pages


def _is_touch(candidate: Candidate) -> bool:
    return bool(candidate.click_id) and candidate.reason is Reason.ELIGIBLE


def _sold_pages(
    entry: Entry, sales: Sequence[Sale], subject_of: Callable[[str, str, str], str]
) -> Iterator[Page]:
    for sale in sales:
        amounts = {NET: sale.volume.net_minor, ORDERS: sale.volume.orders}
        subject = subject_of(entry.program_id, sale.promoter_id, sale.month)
        key = PageKey(subject, day_of(entry.recorded_at), _slot(entry, PROMOTER_SLOTS))
        yield Page(key, {name: change for name, change in amounts.items() if change}, frozenset({entry.id}))


def sold(pages: Iterable[Page]) -> Volume:
    """Return what pages of sales come to."""
    found = Volume()
    for page in pages:
        found += Volume(page.amounts.get(NET, 0), page.amounts.get(ORDERS, 0))
    return found


def merged(pages: Iterable[Page]) -> tuple[Page, ...]:
    """Return the pages with those of one key added up; a repeated mark counts once."""
    by_key: dict[PageKey, Page] = {}
    for page in pages:
        known = by_key.get(page.key)
        if known is None:
            by_key[page.key] = page
        elif not page.marks <= known.marks:
            by_key[page.key] = Page(page.key, _sum(known.amounts, page.amounts), known.marks | page.marks)
    return tuple(by_key.values())


def balance(pages: Iterable[Page]) -> dict[Leaf, int]:
    """Return the sum of pages by account."""
    total: dict[str, int] = {}
    for page in pages:
        total = _sum(total, page.amounts)
    return {Leaf(leaf): minor for leaf, minor in total.items()}


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {
        name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(n for n in other if n not in one))
    }


def _key(entry: Entry, owner: str, currency: str) -> PageKey:
    is_shared = owner == PROGRAM or owner.startswith(CAMPAIGN_PREFIX)
    slots = PROGRAM_SLOTS if is_shared else PROMOTER_SLOTS
    subject = balance_subject(AccountKey(entry.program_id, owner, currency))
    return PageKey(subject, day_of(entry.recorded_at), _slot(entry, slots))


def _slot(entry: Entry, slots: int) -> int:
    return crc32(str(entry.key).encode()) % slots
