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
TICK = timedelta(milliseconds=1)
"""The least that two instants differ by."""
AFTER_ALL = datetime.max.replace(tzinfo=UTC)
"""An instant after every change: another machine's clock may have stored one that is still ahead of ours."""


class PromoterStatus(StrEnum):
    """Whether a promoter earns."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoter:
    """Who shares and earns.

    `sponsor_id` is who introduced them when they joined; the changes since, oldest first, are kept
    with the promoter, so that one read tells what was true at an order's instant. `customer_key`
    is the keyed hash they would have as a customer.
    """

    id: str
    program_id: str
    name: str
    sponsor_id: str | None
    joined_at: datetime
    customer_key: str | None = None
    sponsor_changes: tuple[SponsorChange, ...] = ()
    status_changes: tuple[StatusChange, ...] = ()

    def sponsor_at(self, instant: datetime) -> str | None:
        """Return who was the sponsor at an instant."""
        changes = [change for change in self.sponsor_changes if change.effective_at <= instant]
        return changes[-1].sponsor_id if changes else self.sponsor_id

    def sponsors_since(self, instant: datetime) -> tuple[str, ...]:
        """Return everybody who is the sponsor at an instant or comes to be it later."""
        later = (change.sponsor_id for change in self.sponsor_changes if change.effective_at > instant)
        return tuple(dict.fromkeys(name for name in (self.sponsor_at(instant), *later) if name is not None))

    def status_at(self, instant: datetime) -> PromoterStatus:
        """Return the status at an instant; everybody begins active."""
        changes = [change for change in self.status_changes if change.effective_at <= instant]
        return changes[-1].status if changes else PromoterStatus.ACTIVE

    def earns_at(self, instant: datetime) -> bool:
        """Say whether commission can go to them for an order of that instant."""
        return self.status_at(instant) is PromoterStatus.ACTIVE

    def with_sponsor(self, sponsor_id: str | None, now: datetime) -> Promoter:
        """Return the promoter with another sponsor from now on; what was before stays."""
        change = SponsorChange(_after(self.sponsor_changes, now), sponsor_id)
        return replace(self, sponsor_changes=(*self.sponsor_changes, change))

    def with_status(self, status: PromoterStatus, reason: str, now: datetime) -> Promoter:
        """Return the promoter with another status from now on; what was before stays."""
        change = StatusChange(_after(self.status_changes, now), status, reason)
        return replace(self, status_changes=(*self.status_changes, change))


def _after(changes: Sequence[SponsorChange | StatusChange], now: datetime) -> datetime:
    """Return now, or just after the last change: of two changes of one instant the later must win."""
    return max(now, changes[-1].effective_at + TICK) if changes else now


def upline_of(
    promoter_id: str, levels: int, known: Mapping[str, Promoter], instant: datetime
) -> tuple[str, ...]:
    """Return the promoter and the chain above as it was at an instant, as far as `known` reaches.

    At most `levels` long. A repeated name ends the chain: circles are refused when sponsors are
    set, and this loop must end also where that failed.
    """
    chain: list[str] = []
    current: str | None = promoter_id
    while current is not None and current in known and current not in chain and len(chain) < levels:
        chain.append(current)
        current = known[current].sponsor_at(instant)
    return tuple(chain)


def subject_key(key: bytes, email: str) -> str:
    """Return the keyed hash that stands for a person everywhere but in `private`.

    A plain hash of an e-mail address is reversed with a list of addresses; this one needs the
    program's key.
    """
    return hmac.new(key, email.strip().casefold().encode(), "sha256").hexdigest()[:24]
