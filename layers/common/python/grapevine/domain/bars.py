"""What keeps one promoter's part of an order from being released: a suspension, or a ban."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry
from grapevine.domain.people import Promoter, PromoterStatus, person_since


class Bar(StrEnum):
    """What becomes of a part meanwhile."""

    WAITS = "waits"
    """Suspended: it stays held until they are active again."""
    VOIDED = "voided"
    """Banned while it was held: it goes back for good."""


def open_names(decision: Decision, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the promoters of a decision whose parts were not released yet."""
    released: set[str] = set()
    claims: tuple[tuple[str, ...], ...] = ()
    for entry in entries:
        claims = entry.decision.chains if entry.decision else claims
        if entry.released:
            released |= {name for claim in claims for name in claim} - {*entry.waits, *entry.voided}
    names = dict.fromkeys(name for chain in decision.chains for name in chain)
    return tuple(name for name in names if name != HOUSE and name not in released)


def was_barred(entries: Sequence[Entry]) -> bool:
    """Say whether anybody was: a part that went back must not come again with the next fact."""
    return any(entry.waits or entry.voided for entry in entries)


def kept_bars(entries: Sequence[Entry]) -> dict[str, Bar]:
    """Return who was barred last: of an order that nobody tells of any more that stays as it was."""
    last = entries[-1:]
    waits = {name: Bar.WAITS for entry in last for name in entry.waits}
    return waits | {name: Bar.VOIDED for entry in last for name in entry.voided}


def bars_of(
    names: Iterable[str],
    people: Mapping[str, Promoter],
    placed_at: datetime,
    releases_at: datetime | None,
    now: datetime,
) -> dict[str, Bar]:
    """Return who is barred of those whose parts were not released; nobody, hardly ever anybody else.

    `releases_at` is when the hold ends and a screening no longer stops the order, None while
    nobody knows. A part that was free by then stays earned, however late somebody looks.
    """
    bars: dict[str, Bar] = {}
    for name in names:
        if name not in people:
            continue
        person = person_since(name, people, now)
        if _lost(person, placed_at, releases_at, now):
            bars[name] = Bar.VOIDED
        elif person.status_at(now) is PromoterStatus.SUSPENDED:
            bars[name] = Bar.WAITS
    return bars


def _lost(promoter: Promoter, placed_at: datetime, releases_at: datetime | None, now: datetime) -> bool:
    """Say whether a promoter was banned while their part was held."""
    banned_at = promoter.banned_between(placed_at, now)
    if banned_at is None:
        return False
    free_at = promoter.unsuspended_from(releases_at) if releases_at else None
    return free_at is None or free_at >= banned_at
