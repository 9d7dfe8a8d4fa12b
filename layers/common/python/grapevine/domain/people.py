"""Promoters and who introduced whom, as it was at any instant."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
"""What is taken for an e-mail address; whether it works is not ours to know."""
CUSTOMER_KEY = re.compile(r"[0-9a-f]{24}")
"""How the keyed hash looks that stands for a customer."""
TICK = timedelta(milliseconds=1)
"""The least that two instants differ by."""
AFTER_ALL = datetime.max.replace(tzinfo=UTC)
"""An instant after every change: another machine's clock may have stored one that is still ahead of ours."""


class PromoterStatus(StrEnum):
    """Whether a promoter earns."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """For now: what was earned waits until somebody has decided."""
    BANNED = "banned"
    """What is held is voided; what was payable stays, unless the plan says otherwise."""
    LEFT = "left"
    """The account is closed: what was earned is paid out to the last unit."""


@dataclass(frozen=True, slots=True)
class SponsorChange:
    """From an instant on, somebody else (or nobody) is the sponsor."""

    effective_at: datetime
    sponsor_id: str | None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """From an instant on, a promoter has another status, for a reason that people read."""

    effective_at: datetime
    status: PromoterStatus
    reason: str


@dataclass(frozen=True, slots=True)
class PayeeChange:
    """From an instant on, somebody is paid to what this keyed hash stands for, or nobody knows where."""

    effective_at: datetime
    payee_key: str | None


@dataclass(frozen=True, slots=True)
class Merge:
    """From an instant on, and for good, two accounts are one person's: `promoter_id` is the other one.

    `customer_key` is what the other one would be as a customer.
    """

    effective_at: datetime
    promoter_id: str
    customer_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoter:
    """Who shares and earns.

    `sponsor_id` is who introduced them when they joined; the changes since, oldest first, are kept
    with the promoter, so that one read tells what was true at an order's instant. `customer_key`
    is the keyed hash they would have as a customer. `alias` says whose duplicate this account is,
    `duplicates` which accounts are duplicates of this one, theirs included. `payee_changes` has the
    keyed hashes of where they are paid: accounts paid to one place are one person to the caps.
    """

    id: str
    program_id: str
    name: str
    sponsor_id: str | None
    joined_at: datetime
    customer_key: str | None = None
    sponsor_changes: tuple[SponsorChange, ...] = ()
    status_changes: tuple[StatusChange, ...] = ()
    alias: Merge | None = None
    duplicates: tuple[Merge, ...] = ()
    payee_changes: tuple[PayeeChange, ...] = ()

    def alias_at(self, instant: datetime) -> str | None:
        """Return whose duplicate this account was at an instant, or None."""
        return self.alias.promoter_id if self.alias and self.alias.effective_at <= instant else None

    def duplicates_at(self, instant: datetime) -> tuple[str, ...]:
        """Return the accounts that were duplicates of this one at an instant."""
        return tuple(merge.promoter_id for merge in self.duplicates if merge.effective_at <= instant)

    def buys_as(self, customer_key: str | None, instant: datetime) -> bool:
        """Say whether a customer is this person, by any account that was theirs at an instant."""
        if customer_key is None:
            return False
        others = [merge.customer_key for merge in self.duplicates if merge.effective_at <= instant]
        return customer_key in (self.customer_key, *others)

    def sponsor_at(self, instant: datetime) -> str | None:
        """Return who was the sponsor at an instant."""
        if not self.sponsor_changes:
            return self.sponsor_id
        changes = [change for change in self.sponsor_changes if change.effective_at <= instant]
        return changes[-1].sponsor_id if changes else self.sponsor_id

    def sponsors_since(self, instant: datetime) -> tuple[str, ...]:
        """Return everybody who is the sponsor at an instant or comes to be it later."""
        later = (change.sponsor_id for change in self.sponsor_changes if change.effective_at > instant)
        return tuple(dict.fromkeys(name for name in (self.sponsor_at(instant), *later) if name is not None))

    def above_since(self, instant: datetime) -> tuple[str, ...]:
        """Return everybody who is next above at an instant or later: for a duplicate, whose it is."""
        alias = () if self.alias is None else (self.alias.promoter_id,)
        return alias if self.alias_at(instant) else (*self.sponsors_since(instant), *alias)

    def status_at(self, instant: datetime) -> PromoterStatus:
        """Return the status at an instant; everybody begins active."""
        if not self.status_changes:
            return PromoterStatus.ACTIVE
        changes = [change for change in self.status_changes if change.effective_at <= instant]
        return changes[-1].status if changes else PromoterStatus.ACTIVE

    def banned_between(self, after: datetime, until: datetime) -> datetime | None:
        """Return when they were banned first, after an instant and up to another one."""
        bans = [c.effective_at for c in self.status_changes if c.status is PromoterStatus.BANNED]
        return next((at for at in bans if after < at <= until), None)

    def unsuspended_from(self, instant: datetime) -> datetime | None:
        """Return the first instant from then on at which they are not suspended, None where none is known."""
        if self.status_at(instant) is not PromoterStatus.SUSPENDED:
            return instant
        later = [change for change in self.status_changes if change.effective_at > instant]
        ends = (change.effective_at for change in later if change.status is not PromoterStatus.SUSPENDED)
        return next(ends, None)

    def earns_at(self, instant: datetime) -> bool:
        """Say whether commission can go to them for an order of that instant."""
        return self.status_at(instant) is PromoterStatus.ACTIVE

    def payee_at(self, instant: datetime) -> str | None:
        """Return the keyed hash of where they were paid at an instant, or None."""
        if not self.payee_changes:
            return None
        changes = [change for change in self.payee_changes if change.effective_at <= instant]
        return changes[-1].payee_key if changes else None

    def with_payee(self, payee_key: str | None, now: datetime) -> Promoter:
        """Return the promoter with another payee identity from now on; what was before stays."""
        change = PayeeChange(_after(self.payee_changes, now), payee_key)
        return replace(self, payee_changes=(*self.payee_changes, change))

    def with_sponsor(self, sponsor_id: str | None, now: datetime) -> Promoter:
        """Return the promoter with another sponsor from now on; what was before stays."""
        change = SponsorChange(_after(self.sponsor_changes, now), sponsor_id)
        return replace(self, sponsor_changes=(*self.sponsor_changes, change))

    def with_status(self, status: PromoterStatus, reason: str, now: datetime) -> Promoter:
        """Return the promoter with another status from now on; what was before stays."""
        change = StatusChange(_after(self.status_changes, now), status, reason)
        return replace(self, status_changes=(*self.status_changes, change))

    def without_words(self, words: str, now: datetime) -> Promoter:
        """Return the account with some words in place of its name and of what people wrote about it.

        Who was active has left. Whoever is suspended or banned stays so: that is decided, or will be, by
        somebody else. What the accounts are in numbers and keyed hashes stays, and with it the books.
        """
        changes = tuple(replace(change, reason=words) for change in self.status_changes)
        silent = replace(self, name=words, status_changes=changes)
        if silent.status_at(AFTER_ALL) is not PromoterStatus.ACTIVE:
            return silent
        return silent.with_status(PromoterStatus.LEFT, words, now)


def _after(changes: Sequence[SponsorChange | StatusChange | PayeeChange], now: datetime) -> datetime:
    """Return now, or just after the last change: of two changes of one instant the later must win."""
    return max(now, changes[-1].effective_at + TICK) if changes else now


def upline_of(
    promoter_id: str, levels: int, known: Mapping[str, Promoter], instant: datetime
) -> tuple[str, ...]:
    """Return the promoter and the chain above as it was at an instant, as far as `known` reaches.

    At most `levels` long. A duplicate stands for whose it is. A repeated name ends the chain:
    circles are refused when sponsors are set, and this loop must end also where that failed.
    """
    return _climb(promoter_id, levels, known, instant)[0]


def next_above(promoter_id: str, levels: int, known: Mapping[str, Promoter], instant: datetime) -> str | None:
    """Return who is missing in `known` to climb further, None where the chain has ended."""
    return _climb(promoter_id, levels, known, instant)[1]


def _climb(
    promoter_id: str, levels: int, known: Mapping[str, Promoter], instant: datetime
) -> tuple[tuple[str, ...], str | None]:
    chain: list[str] = []
    met: set[str] = set()
    current: str | None = promoter_id
    while current is not None and current not in met and len(chain) < levels:
        promoter = known.get(current)
        if promoter is None:
            return tuple(chain), current
        met.add(current)
        alias = promoter.alias_at(instant) if promoter.alias else None
        if alias is None:
            chain.append(current)
        current = alias or promoter.sponsor_at(instant)
    return tuple(chain), None


def person_of(promoter_id: str, known: Mapping[str, Promoter], instant: datetime) -> str:
    """Return whose account it was at an instant: its own promoter's, or whose duplicate that was.

    The last name that `known` leads to, which `known` itself may not have.
    """
    first = known.get(promoter_id)
    if first is None or first.alias is None:
        return promoter_id
    names = [promoter_id]
    while (promoter := known.get(names[-1])) and (alias := promoter.alias_at(instant)):
        if alias in names:
            break  # Refused when accounts are merged; this loop must end also where that failed.
        names.append(alias)
    return names[-1]


def person_since(promoter_id: str, known: Mapping[str, Promoter], now: datetime) -> Promoter:
    """Return a promoter with the statuses of the person behind: since a merge, those of the other account.

    What the other one was before it had this account does not count, but what it was then does.
    """
    promoter = account = known[promoter_id]
    met, since = {promoter_id}, account.joined_at
    while (merge := account.alias) and merge.effective_at <= now and merge.promoter_id in known.keys() - met:
        met.add(merge.promoter_id)
        account = known[merge.promoter_id]
        since = max(since, merge.effective_at)
        promoter = _taken_over(promoter, account, since)
    return promoter


def _taken_over(promoter: Promoter, by: Promoter, since: datetime) -> Promoter:
    before = tuple(change for change in promoter.status_changes if change.effective_at < since)
    then = StatusChange(since, by.status_at(since), "merged")
    later = tuple(change for change in by.status_changes if change.effective_at > since)
    return replace(promoter, status_changes=(*before, then, *later))


def subject_key(key: bytes, email: str) -> str:
    """Return the keyed hash that stands for a person everywhere but in `private`.

    A plain hash of an e-mail address is reversed with a list of addresses; this one needs the
    program's key.
    """
    return hmac.new(key, email.strip().casefold().encode(), "sha256").hexdigest()[:24]
