"""Settle one promoter: what is theirs is reserved or carried, voided or written off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TypeVar

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import AlreadyExistsError, HeadMovedError
from grapevine.domain.heads import Head, available, hand_over, void, write_off
from grapevine.domain.instants import day_of
from grapevine.domain.pages import Page, balance
from grapevine.domain.payouts import payout_id, reserve, shortfall
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import DAY
from grapevine.domain.programs import Terms
from grapevine.domain.withholding import NotPaid, reservation_for
from grapevine.ports import Treasury

ATTEMPTS = 5
GONE = (PromoterStatus.LEFT, PromoterStatus.BANNED)
"""Who earns nothing more: their balance is settled for good, however small."""
T = TypeVar("T")


class Settled(StrEnum):
    """What became of one promoter in a run."""

    PAID = "paid"
    CARRIED = "carried"
    KNOWN = "known"
    SUSPENDED = "suspended"
    MERGED = "merged"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose money is settled, under which terms; a promoter who is not in the catalog is active."""

    promoter_id: str
    promoter: Promoter | None
    terms: Terms

    @property
    def key(self) -> AccountKey:
        """Where the money is."""
        return self.of(self.promoter_id)

    def of(self, promoter_id: str) -> AccountKey:
        """Return the key of another account of the same program and currency."""
        return AccountKey(self.terms.program.id, promoter_id, self.terms.program.currency)

    def status_at(self, instant: datetime) -> PromoterStatus:
        """Return the promoter's status."""
        return self.promoter.status_at(instant) if self.promoter else PromoterStatus.ACTIVE


def settle_account(holder: Holder, settlement_id: str, treasury: Treasury, now: datetime) -> Settled:
    """Take in what duplicates have, then reserve, carry, void or write off.

    HeadMovedError when an account never stood still.
    """
    if holder.promoter and holder.promoter.alias_at(now):
        return Settled.MERGED
    if holder.status_at(now) is PromoterStatus.SUSPENDED:
        return Settled.SUSPENDED
    for promoter_id in holder.promoter.duplicates_at(now) if holder.promoter else ():
        take_in(holder.of(promoter_id), holder.key, treasury, now)
    return _retried(partial(_settle_once, holder, settlement_id, treasury, now))


def _retried(step: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return step()
        except HeadMovedError:
            continue
    return step()


def take_in(duplicate: AccountKey, key: AccountKey, treasury: Treasury, now: datetime) -> None:
    """Move what a duplicate's account has to whose it is; HeadMovedError when they never stood still."""
    _retried(partial(_take_in, duplicate, key, treasury, now))


def _take_in(duplicate: AccountKey, key: AccountKey, treasury: Treasury, now: datetime) -> None:
    """Move a duplicate's balance, of either sign, to whose it is; both accounts at once."""
    pages, giving = treasury.account(duplicate)
    amount = available(balance(pages).get(Leaf.PAYABLE, 0), giving)
    if amount:
        _, taking = treasury.account(key)
        treasury.step(hand_over(giving, taking, amount, now), (giving, taking))


def _settle_once(holder: Holder, settlement_id: str, treasury: Treasury, now: datetime) -> Settled:
    pages, head = treasury.account(holder.key)
    amount = available(balance(pages).get(Leaf.PAYABLE, 0), head)
    if holder.status_at(now) in GONE and amount < 0:
        return _written_off(holder, pages, head, -amount, treasury, now)
    if amount > 0 and _is_void(holder, now):
        treasury.step((void(head, amount, now),), (head,))
        return Settled.VOIDED
    is_final = holder.status_at(now) in GONE and amount > 0
    if shortfall(amount, holder.terms.program.payouts) and not is_final:
        is_known = head.last_payout_id == payout_id(settlement_id, holder.key)
        return Settled.KNOWN if is_known else Settled.CARRIED
    wanted = reservation_for(holder.terms.program, head, amount, now)
    if isinstance(wanted, NotPaid):
        return Settled.CARRIED
    try:
        treasury.move(reserve(head, wanted, settlement_id, now), head)
    except AlreadyExistsError:
        return Settled.KNOWN
    return Settled.PAID


def _is_void(holder: Holder, now: datetime) -> bool:
    is_banned = holder.status_at(now) is PromoterStatus.BANNED
    return is_banned and not holder.terms.plan_at(now).ban_keeps_payable


def _written_off(
    holder: Holder, pages: Sequence[Page], head: Head, owed_minor: int, treasury: Treasury, now: datetime
) -> Settled:
    """Give up what somebody owes who is gone, once nothing has moved for long; until then it stays owed."""
    days = [page.key.day for page in pages if page.amounts.get(Leaf.PAYABLE)]
    changes = holder.promoter.status_changes if holder.promoter else ()
    days += [day_of(change.effective_at) for change in changes]
    if max(days, default="") > day_of(now - holder.terms.plan_at(now).write_off_days * DAY):
        return Settled.CARRIED
    treasury.step((write_off(head, owed_minor, now),), (head,))
    return Settled.WRITTEN_OFF
