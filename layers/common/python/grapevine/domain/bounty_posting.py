"""What should stand of a bounty for a promoter in a period, and the one entry that makes it so.

Pure, as the accrual of an order: the same evidence, entries, people and instant give the same entry,
or none when everything stands already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.accounts import Leaf, promoter_account
from grapevine.domain.accrual import WAIT
from grapevine.domain.balancing import Amounts, balancing
from grapevine.domain.bars import Bar
from grapevine.domain.bounties import Bounty, Period
from grapevine.domain.campaigns import Pays
from grapevine.domain.entries import BonusKey, Entry, EntryReason, standing
from grapevine.domain.money import POINTS
from grapevine.domain.people import Promoter
from grapevine.domain.plans import DAY
from grapevine.domain.programs import Program
from grapevine.domain.tiers import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What decides about a bounty: its terms, what the evidence comes to, and who the promoter is.

    `fits` says whether they are among those whom it is for, `merged` whether the account is somebody
    else's by now: nothing is reached through it, its evidence counts for them.
    """

    bounty: Bounty
    period: Period
    reached: Volume
    fits: bool = True
    merged: bool = False
    bar: Bar | None = None

    @property
    def amount(self) -> int:
        """What should stand, in minor units."""
        is_due = self.fits and self.bounty.is_reached(self.reached)
        return self.bounty.amount if is_due and self.bar is not Bar.VOIDED else 0


def next_bounty_entry(
    key: BonusKey, case: Case, entries: Sequence[Entry], program: Program, now: datetime
) -> Entry | None:
    """Return the entry for the difference between what stands and what should, or None.

    Held until the hold ends, then payable for good. A correction that comes after that, because what
    had been recorded in time was folded late, changes what is payable.
    """
    current = earned(entries)
    waits = case.amount > 0 and case.bar is Bar.WAITS
    was_released = any(entry.released for entry in entries)
    is_over = now >= case.period.held_until and case.amount > 0 and not waits
    leaf = Leaf.PAYABLE if was_released or is_over else Leaf.HELD
    due_at = _due_at(case, now) if case.amount and leaf is Leaf.HELD else None
    account = promoter_account(program.id, key.promoter_id, leaf), currency_of(case.bounty, program)
    wanted = {account: case.amount} if case.amount else {}
    postings = balancing(current, wanted, program.id)
    if not (postings or _must_rearm(due_at, entries, now)):
        return None
    return Entry(
        key=key,
        sequence=len(entries) + 1,
        program_id=program.id,
        reason=_reason(case, current, wanted),
        postings=postings,
        recorded_at=now,
        reached=case.reached,
        released=was_released or is_over,
        waits=(key.promoter_id,) if waits and leaf is Leaf.HELD else (),
        voided=(key.promoter_id,) if case.bar is Bar.VOIDED else (),
        due_at=due_at,
        previous_hash=entries[-1].hash if entries else "",
    )


def earned(entries: Sequence[Entry]) -> Amounts:
    """Return what stands for the promoter, by account and currency."""
    return {key: minor for key, minor in standing(entries).items() if key[0].is_promoters}


def currency_of(bounty: Bounty, program: Program) -> str:
    """Return what a bounty pays in."""
    return POINTS if bounty.pays is Pays.POINTS else program.currency


def is_new(promoter: Promoter | None, bounty: Bounty, period: Period) -> bool:
    """Say whether a promoter joined lately enough for a bounty that is for new ones only."""
    within = bounty.audience.joined_within_days
    if within is None:
        return True
    return promoter is not None and period.starts_at - promoter.joined_at <= within * DAY


def _due_at(case: Case, now: datetime) -> datetime:
    return case.period.held_until if now < case.period.held_until else now + WAIT


def _must_rearm(due_at: datetime | None, entries: Sequence[Entry], now: datetime) -> bool:
    """Say whether the next instant to look again would otherwise be missed."""
    armed = entries[-1].due_at if entries else None
    return due_at is not None and (armed is None or armed <= now)


def _reason(case: Case, current: Amounts, wanted: Amounts) -> EntryReason:
    before, after = sum(current.values()), sum(wanted.values())
    if after > before:
        return EntryReason.BONUS
    if after < before:
        if case.bar is Bar.VOIDED:
            return EntryReason.VOIDED
        return EntryReason.MERGED if case.merged else EntryReason.UNDONE
    return EntryReason.RECORDED if current == wanted else EntryReason.RELEASED
