"""Points: what is left of them, how long it lasts, and what it buys.

Points are the currency PTS with the same ledger as cash. How old they are is told by the pages of the
account, day by day: all that a day's pages (and what the account itself was given that day) add up to
is one lot when it is above zero. What is below zero, and all that was ever taken, has used up the
oldest lots first. So what is left are always the latest points, and nothing needs to be kept beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import gcd

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.campaigns import Pays
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.heads import Head, available
from grapevine.domain.instants import day_of, months_after
from grapevine.domain.money import POINTS, exponent
from grapevine.domain.pages import Page, balance
from grapevine.domain.plans import DAY, Plan
from grapevine.domain.programs import Program, Terms

NEVER = "9999-12-31"
"""The day on which points expire that do not, and the end of all days."""
SETTLES = timedelta(hours=1)
"""How long after a UTC day's end its pages are complete: points expire that long after their day began."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Points that became payable on one UTC day, and the day on which what is left of them expires."""

    day: str
    points: int
    due: str


@dataclass(frozen=True, slots=True)
class Expiry:
    """Points that expire on the day `due`: what is left of those of the days from `since` to `until`."""

    since: str
    until: str
    due: str
    points: int


@dataclass(frozen=True, slots=True)
class PointsAccount:
    """A promoter's points as they were read: pages, head, and the account's own entries."""

    pages: Sequence[Page]
    head: Head
    entries: Sequence[Entry]

    @property
    def available(self) -> int:
        """What may be spent; below zero where it is owed."""
        return available(balance(self.pages).get(Leaf.PAYABLE, 0), self.head)

    def missing_since(self, day: str) -> int:
        """Return what is owed now and was owed before a day began."""
        before = balance(page for page in self.pages if page.key.day < day).get(Leaf.PAYABLE, 0)
        return max(min(-self.available, -available(before, self.head)), 0)


def points_key(program_id: str, promoter_id: str) -> AccountKey:
    """Return where a promoter's points are."""
    return AccountKey(program_id, promoter_id, POINTS)


def gives_points(terms: Terms) -> bool:
    """Say whether anybody can have points: some version of the plan, a campaign or a bounty gives them."""
    if any(plan.share_points or plan.points_per_unit for plan in terms.plans):
        return True
    pays = [campaign.pays for campaign in terms.campaigns] + [bounty.pays for bounty in terms.bounties]
    return Pays.POINTS in pays


def money_off(points: int, plan: Plan, program: Program) -> int:
    """Return what points buy, in minor units; InvalidInputError where that is nothing, or not a whole unit.

    One unit of the currency takes `points_per_unit_off` points, so 250 a dollar are 2.5 points a cent.
    """
    each, units = plan.points_per_unit_off, 10 ** exponent(program.currency)
    if not each:
        raise InvalidInputError("buy nothing in this program", "points")
    step = each // gcd(each, units)
    if points <= 0 or points % step:
        raise InvalidInputError(f"must be a multiple of {step}, more than 0", "points")
    off: int = points * units // each
    return off


def payable_change(entry: Entry, promoter_id: str) -> int:
    """Return by how much an entry changes a promoter's payable points."""
    return sum(
        minor
        for (account, currency), minor in net(entry.postings).items()
        if currency == POINTS and account.owner == promoter_id and account.leaf is Leaf.PAYABLE
    )


def lots_left(account: PointsAccount, terms: Terms, before: str = NEVER) -> tuple[Lot, ...]:
    """Return what is left of an account's points, oldest first, by the days before one.

    Nothing expires before what is older: the day of a lot is its own by the plan in force at the end
    of the day it became payable, or that of an older one if that is later.
    """
    changes = _changes(account, before)
    used = _taken(account) - sum(change for change in changes.values() if change < 0)
    return tuple(_rest(changes, used, terms))


def next_expiry(account: PointsAccount, terms: Terms, now: datetime) -> Expiry | None:
    """Return the first expiry that is due and not posted.

    It counts what happened before its day began, also where it is posted days later: what was taken
    back since then is for `restorations`.
    """
    today = day_of(now - SETTLES)
    # Whatever view of the lots one takes, no more can be left than what was never taken.
    generous = _rest(_changes(account, NEVER), _taken(account), terms)
    for due in sorted({due_day(lot.day, terms) for lot in generous}):
        if due > today:
            break
        lots = [lot for lot in lots_left(account, terms, due) if lot.due <= due]
        if lots:
            points = sum(lot.points for lot in lots)
            return Expiry(since=lots[0].day, until=lots[-1].day, due=due, points=points)
    return None


def due_day(day: str, terms: Terms) -> str:
    """Return the UTC day on which points expire that became payable on a day, as the plan says at its end."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    months = terms.plan_at(start + DAY - timedelta(milliseconds=1)).points_expire_months
    return NEVER if months is None else day_of(months_after(start, months))


def expiries(entries: Sequence[Entry]) -> tuple[Expiry, ...]:
    """Return what an account's entries say has expired, oldest points first; of one `until` together."""
    found: dict[str, Expiry] = {}
    for entry in entries:
        if entry.reason is EntryReason.EXPIRED:
            since, until, due = (entry.purpose or "//").split("/")
            known = found.get(until, Expiry(since, until, due, 0))
            points = known.points - payable_change(entry, _owner(entry))
            found[until] = Expiry(min(known.since, since), until, min(known.due, due), points)
    return tuple(found[until] for until in sorted(found))


def given_day(entry: Entry) -> str:
    """Return the day for which an account's own entry gives points: its own, or the refund's it undoes."""
    if entry.reason is EntryReason.RESTORED and entry.purpose:
        return entry.purpose.split("/", 1)[0]
    return day_of(entry.recorded_at)


def _owner(entry: Entry) -> str:
    return entry.key.promoter_id if isinstance(entry.key, AccountKey) else ""


def _changes(account: PointsAccount, before: str) -> dict[str, int]:
    """Return by day what came and went, without what was taken from the account."""
    changes: dict[str, int] = {}
    for page in account.pages:
        if page.key.day < before:
            changes[page.key.day] = changes.get(page.key.day, 0) + page.amounts.get(Leaf.PAYABLE, 0)
    for entry in account.entries:
        given, day = payable_change(entry, _owner(entry)), given_day(entry)
        if given > 0 and day < before:
            changes[day] = changes.get(day, 0) + given
    return changes


def _taken(account: PointsAccount) -> int:
    changes = [payable_change(entry, _owner(entry)) for entry in account.entries]
    return -sum(change for change in changes if change < 0)


def _rest(changes: dict[str, int], used: int, terms: Terms) -> Iterator[Lot]:
    due = ""
    for day in sorted(changes):
        points = max(changes[day], 0)
        gone = min(points, used)
        used -= gone
        if points > gone:
            due = max(due, due_day(day, terms))
            yield Lot(day, points - gone, due)
