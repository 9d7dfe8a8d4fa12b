"""What an account of points does by itself: spending, expiring, getting back, being charged to cash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, EntryKey, EntryReason, PointsCoupon, named_key
from grapevine.domain.heads import Head, Step, of_payable
from grapevine.domain.instants import day_of
from grapevine.domain.points import Expiry, PointsAccount, expiries, payable_change


@dataclass(frozen=True, slots=True)
class Restoration:
    """Expired points that come back because a refund took them once more.

    `day` is the refund's, whose entry is `entry`; `until` names the expiry.
    """

    day: str
    until: str
    entry: str
    points: int

    @property
    def purpose(self) -> str:
        """Its name among the account's entries: one refund gets points of one expiry back once."""
        return f"{self.day}/{self.until}/{self.entry}"


def spend(head: Head, points: int, coupon: PointsCoupon, request_id: str, now: datetime) -> Step:
    """Return the step that pays for a coupon."""
    return of_payable(head, EntryReason.SPENT, Leaf.SPENT, -points, now, purpose=request_id, coupon=coupon)


def expire(head: Head, expiry: Expiry, now: datetime) -> Step:
    """Return the step that takes what has expired."""
    purpose = f"{expiry.since}/{expiry.until}/{expiry.due}"
    return of_payable(head, EntryReason.EXPIRED, Leaf.EXPIRED, -expiry.points, now, purpose=purpose)


def restore(head: Head, restoration: Restoration, now: datetime) -> Step:
    """Return the step that gives back what had expired before it was refunded."""
    return of_payable(
        head,
        EntryReason.RESTORED,
        Leaf.EXPIRED,
        restoration.points,
        now,
        purpose=restoration.purpose,
    )


def charge(points: Head, cash: Head, missing: int, each_minor: int, now: datetime) -> tuple[Step, Step]:
    """Return the pair of steps that turns points owed into cash owed, at whole minor units a point.

    Both entries carry the points entry's name.
    """
    name = f"{points.key}/{points.sequence + 1}"
    return (
        of_payable(points, EntryReason.CHARGED, Leaf.EXCHANGE, missing, now, purpose=name),
        of_payable(cash, EntryReason.CHARGED, Leaf.EXCHANGE, -missing * each_minor, now, purpose=name),
    )


def may_be_restored(account: PointsAccount) -> tuple[EntryKey, ...]:
    """Return the orders and bonuses that a refund may have touched after their points expired.

    The pages say it: a mark of theirs is among those that expired, and another one came later.
    """
    gone = expiries(account.entries)
    if not gone:
        return ()
    first, last = min(expiry.due for expiry in gone), gone[-1].until
    old = {_chain(mark) for page in account.pages if page.key.day <= last for mark in page.marks}
    later = {_chain(mark) for page in account.pages if page.key.day >= first for mark in page.marks}
    return tuple(named_key(name) for name in sorted(old & later))


def restorations(account: PointsAccount, chains: Sequence[Sequence[Entry]]) -> tuple[Restoration, ...]:
    """Return what is to come back: nobody loses the same points by expiry and by refund.

    A refund on or after the day its points expired takes what expired of them first; what of them
    was spent stays owed. Points that were refunded before that day were not there to expire.
    """
    gone, known = expiries(account.entries), {entry.purpose for entry in account.entries}
    left = {expiry.until: expiry.points for expiry in gone}
    for entry in account.entries:
        if entry.reason is EntryReason.RESTORED and entry.purpose:
            left[entry.purpose.split("/")[1]] -= payable_change(entry, account.head.key.promoter_id)
    found: dict[str, Restoration] = {}
    for name, day, origin, points in _refunds(chains, account.head.key.promoter_id):
        expiry = next((expiry for expiry in gone if expiry.since <= origin <= expiry.until), None)
        if expiry is None or day < expiry.due:
            continue
        back = Restoration(day, expiry.until, name, min(points, left[expiry.until]))
        if back.points and back.purpose not in known:
            left[expiry.until] -= back.points
            more = found[back.purpose].points if back.purpose in found else 0
            found[back.purpose] = replace(back, points=back.points + more)
    return tuple(found.values())


def _refunds(chains: Sequence[Sequence[Entry]], promoter_id: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield what entries took back: their name and day, and the day it had become payable, oldest first."""
    for chain in chains:
        given: list[tuple[str, int]] = []
        for entry in chain:
            change, day = payable_change(entry, promoter_id), day_of(entry.recorded_at)
            if change > 0:
                given.append((day, change))
            while change < 0 and given:
                origin, points = given.pop(0)
                taken = min(points, -change)
                change += taken
                if points > taken:
                    given.insert(0, (origin, points - taken))
                yield entry.id, day, origin, taken


def _chain(mark: str) -> str:
    return mark.rpartition("/")[0]
