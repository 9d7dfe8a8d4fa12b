"""Settle one promoter: what is theirs is reserved or carried, voided or written off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, EntryReason
from grapevine.domain.errors import AlreadyExistsError
from grapevine.domain.heads import Head, available, given_up, hand_over, void, write_off
from grapevine.domain.instants import day_of
from grapevine.domain.pages import Page, balance
from grapevine.domain.payee_details import missing_details
from grapevine.domain.payouts import payout_id, reserve, shortfall
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import DAY
from grapevine.domain.programs import Terms
from grapevine.domain.settlements import AccountOutcome, CarryReason, Settled
from grapevine.domain.transfers import Payee, RailLimits
from grapevine.domain.withholding import NotPaid, reservation_for
from grapevine.ports import Treasury
from grapevine.usecases.starting_over import moved

GONE = (PromoterStatus.LEFT, PromoterStatus.BANNED)
"""Who earns nothing more: their balance is settled for good, however small."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose money is settled, under which terms; a promoter who is not in the catalog is active.

    `payee` is where they are paid, `limits` what the rail there takes. One whose run ignores the
    minimum is paid whatever is payable.
    """

    promoter_id: str
    promoter: Promoter | None
    terms: Terms
    payee: Payee | None = None
    ignores_minimum: bool = False
    limits: RailLimits | None = None

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

    def is_gone(self, instant: datetime) -> bool:
        """Say whether they earn nothing more."""
        return self.status_at(instant) in GONE

    def became(self, settled: Settled, amount_minor: int = 0) -> AccountOutcome:
        """Return that something became of them."""
        return AccountOutcome(promoter_id=self.promoter_id, settled=settled, amount_minor=amount_minor)

    def carries(
        self, amount_minor: int, reason: str, *, missing_minor: int = 0, detail: str = ""
    ) -> AccountOutcome:
        """Return that an amount stays, and why."""
        return AccountOutcome(
            promoter_id=self.promoter_id,
            settled=Settled.CARRIED,
            amount_minor=amount_minor,
            missing_minor=missing_minor,
            reason=reason,
            detail=detail,
        )


def settle_account(holder: Holder, settlement_id: str, treasury: Treasury, now: datetime) -> AccountOutcome:
    """Take in what duplicates have, then reserve, carry, void or write off.

    Again in the same run it reserves nothing, and says what was reserved. One store request for who
    is carried, two for who is paid, three more for each duplicate that has something.
    HeadMovedError when an account never stood still.
    """
    if holder.promoter and holder.promoter.alias_at(now):
        return holder.became(Settled.MERGED)
    if holder.status_at(now) is PromoterStatus.SUSPENDED:
        return holder.became(Settled.SUSPENDED)
    for promoter_id in holder.promoter.duplicates_at(now) if holder.promoter else ():
        take_in(holder.of(promoter_id), holder.key, treasury, now)
    return moved(partial(_settle_once, holder, settlement_id, treasury, now))


def take_in(duplicate: AccountKey, key: AccountKey, treasury: Treasury, now: datetime) -> None:
    """Move what a duplicate's account has to whose it is; HeadMovedError when they never stood still."""
    moved(partial(_take_in, duplicate, key, treasury, now))


def _take_in(duplicate: AccountKey, key: AccountKey, treasury: Treasury, now: datetime) -> None:
    """Move a duplicate's balance, of either sign, to whose it is; both accounts at once."""
    pages, giving = treasury.account(duplicate)
    amount = available(balance(pages).get(Leaf.PAYABLE, 0), giving)
    if amount:
        _, taking = treasury.account(key)
        treasury.step(hand_over(giving, taking, amount, now), (giving, taking))


def _settle_once(holder: Holder, settlement_id: str, treasury: Treasury, now: datetime) -> AccountOutcome:
    pages, head = treasury.account(holder.key)
    if head.last_payout_id == payout_id(settlement_id, holder.key):
        return _known(holder, settlement_id, treasury)
    amount = available(balance(pages).get(Leaf.PAYABLE, 0), head)
    if amount < 0 and holder.is_gone(now):
        return _written_off(holder, pages, head, -amount, settlement_id, treasury, now)
    if amount > 0 and _is_void(holder, now):
        treasury.step((void(head, amount, now, settlement_id),), (head,))
        return holder.became(Settled.VOIDED, amount)
    if amount == 0 and (before := _given_up(head, settlement_id)):
        return holder.became(before)
    return _stays(holder, amount, now) or _paid(holder, head, amount, settlement_id, treasury, now)


def _stays(holder: Holder, amount: int, now: datetime) -> AccountOutcome | None:
    """Return why an amount stays, None where it is paid."""
    terms = holder.terms.program.payouts
    if amount <= 0:
        return holder.carries(amount, CarryReason.NEGATIVE) if amount else holder.became(Settled.EMPTY)
    missing = shortfall(amount, terms)
    if missing and not (holder.ignores_minimum or holder.is_gone(now)):
        return holder.carries(amount, CarryReason.BELOW_MINIMUM, missing_minor=missing)
    if unknown := missing_details(terms, holder.payee):
        return holder.carries(amount, CarryReason.DETAILS_MISSING, detail=", ".join(unknown))
    return None


def _paid(
    holder: Holder, head: Head, amount: int, settlement_id: str, treasury: Treasury, now: datetime
) -> AccountOutcome:
    wanted = reservation_for(holder.terms.program, head, amount, now, limits=holder.limits)
    if isinstance(wanted, NotPaid):
        return holder.carries(amount, wanted.reason, missing_minor=wanted.missing_minor)
    try:
        treasury.move(reserve(head, wanted, settlement_id, now), head)
    except AlreadyExistsError:
        return _known(holder, settlement_id, treasury)
    return holder.became(Settled.PAID, wanted.amount_minor)


def _known(holder: Holder, settlement_id: str, treasury: Treasury) -> AccountOutcome:
    """Return what this run has reserved for them before."""
    payout = treasury.payout(settlement_id, payout_id(settlement_id, holder.key))
    return holder.became(Settled.PAID, payout.amount_minor if payout else 0)


def _given_up(head: Head, settlement_id: str) -> Settled | None:
    """Return what became of a balance that this run gave up before it came again, None where it did not."""
    reasons = {Settled.VOIDED: EntryReason.VOIDED, Settled.WRITTEN_OFF: EntryReason.WRITTEN_OFF}
    found = (settled for settled, why in reasons.items() if head.given_up == given_up(why, settlement_id))
    return next(found, None)


def _is_void(holder: Holder, now: datetime) -> bool:
    is_banned = holder.status_at(now) is PromoterStatus.BANNED
    return is_banned and not holder.terms.plan_at(now).ban_keeps_payable


def _written_off(
    holder: Holder,
    pages: Sequence[Page],
    head: Head,
    owed_minor: int,
    settlement_id: str,
    treasury: Treasury,
    now: datetime,
) -> AccountOutcome:
    """Give up what somebody owes who is gone, once nothing has moved for long; until then it stays owed."""
    days = [page.key.day for page in pages if page.amounts.get(Leaf.PAYABLE)]
    changes = holder.promoter.status_changes if holder.promoter else ()
    days += [day_of(change.effective_at) for change in changes]
    if max(days, default="") > day_of(now - holder.terms.plan_at(now).write_off_days * DAY):
        return holder.carries(-owed_minor, CarryReason.NEGATIVE)
    treasury.step((write_off(head, owed_minor, now, settlement_id),), (head,))
    return holder.became(Settled.WRITTEN_OFF, owed_minor)
