"""How far a promoter has come with each of their program's bounties; a question, nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from grapevine.domain.accounts import Leaf
from grapevine.domain.bounties import Bounty, Period, periods_back
from grapevine.domain.bounty_posting import currency_of, earned, is_new
from grapevine.domain.entries import BonusKey, BonusKind, Entry
from grapevine.domain.errors import NotFoundError
from grapevine.domain.people import Promoter
from grapevine.domain.tiers import Volume
from grapevine.usecases.post_bounty import BountyPorts, reached_by

MOST_PERIODS = 7
"""Of one bounty that are told: a week's with the default hold, or the last days'."""


class BountyState(StrEnum):
    """Where a bounty is in a period."""

    OPEN = "open"
    """The period runs and the target is not reached."""
    HELD = "held"
    """It is reached, and its evidence is looked at until the hold ends."""
    PAYABLE = "payable"
    VOIDED = "voided"
    """The promoter was banned before the hold ended."""
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class BountyProgress:
    """A bounty in a period: what counts so far, how much is missing, and what has become of it.

    `reached` is as of the pages, which are some seconds behind the ledger; `currency` is what it pays in.
    """

    bounty: Bounty
    period: Period
    reached: Volume
    state: BountyState
    currency: str

    @property
    def missing(self) -> int:
        """How much is missing in the bounty's measure."""
        return max(0, self.bounty.target - self.reached.measured(self.bounty.measure))


def read_bounties(
    program_id: str, promoter_id: str, ports: BountyPorts, now: datetime
) -> tuple[BountyProgress, ...]:
    """Return the bounties that are for a promoter, in their present period and those before it.

    A period stays for a week after its hold. NotFoundError for a promoter whom the
    program does not have. Of an account that is a duplicate nothing is told: it counts for whose it is.
    """
    terms = ports.catalog.terms(program_id)
    promoter = ports.catalog.promoters(program_id, (promoter_id,)).get(promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", promoter_id)
    zone = ZoneInfo(terms.program.time_zone)
    return tuple(
        _progress(promoter, bounty, period, currency_of(bounty, terms.program), ports, now)
        for bounty in (() if promoter.alias_at(now) else terms.bounties)
        for period in periods_back(bounty, now, zone, MOST_PERIODS)
        if is_new(promoter, bounty, period)
    )


def _progress(
    promoter: Promoter, bounty: Bounty, period: Period, currency: str, ports: BountyPorts, now: datetime
) -> BountyProgress:
    key = BonusKey(promoter.program_id, promoter.id, BonusKind.BOUNTY, period.name)
    return BountyProgress(
        bounty=bounty,
        period=period,
        reached=reached_by(key, promoter, min(now, period.held_until), ports.pages),
        state=_state(ports.ledger.entries_of(key), bounty, period, now),
        currency=currency,
    )


def _state(entries: Sequence[Entry], bounty: Bounty, period: Period, now: datetime) -> BountyState:
    leaves = {account.leaf for account, _ in earned(entries)}
    if leaves:
        return BountyState.PAYABLE if Leaf.PAYABLE in leaves else BountyState.HELD
    if entries and entries[-1].voided:
        return BountyState.VOIDED
    is_running = now < min(period.ends_at, bounty.stopped_at or period.ends_at)
    return BountyState.OPEN if is_running else BountyState.NOT_REACHED
