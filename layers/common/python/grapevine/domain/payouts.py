"""Payouts: money out to one promoter, from the reservation to what came of it, leg by leg.

Exporting reserves, only a confirmed leg pays, and what comes back goes back to payable with its
reason. Every step that moves money is an entry of the account; that a leg is with a rail moves none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import RefusedError
from grapevine.domain.heads import Head, account_entry, head_after
from grapevine.domain.money import Money, Rounding, prorate
from grapevine.domain.payout_terms import PayoutTerms


class PayoutState(StrEnum):
    """Where a payout, or a leg of it, is; why it failed, came back or was stopped is its `detail`."""

    REQUESTED = "requested"
    """Reserved, and with no rail yet."""
    SENT = "sent"
    """With a rail, or on its way there: nobody may send it again without asking the rail first."""
    COMPLETED = "completed"
    FAILED = "failed"
    """The rail did not pay it: its money is back."""
    RETURNED = "returned"
    """It was with the promoter's bank or wallet, and came back: so did its money."""
    STOPPED = "stopped"
    """Never sent: rejected, or its promoter was suspended or banned before it was sent."""


OPEN = (PayoutState.REQUESTED, PayoutState.SENT)
"""Whose money is reserved."""
BACK = (PayoutState.FAILED, PayoutState.RETURNED, PayoutState.STOPPED)
"""Whose money is payable again."""
FOLLOWING = {
    PayoutState.REQUESTED: (PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.STOPPED),
    PayoutState.SENT: (PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.RETURNED),
    PayoutState.COMPLETED: (PayoutState.RETURNED,),
}
"""What may become of a leg, beside being sent; of one that is back, nothing.

A leg that nobody marked as sent may complete: a person paid it by hand from the payout file.
"""


class PayoutStateError(RefusedError):
    """A leg cannot come to be what is said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A part of a payout that a rail takes at once; most payouts have one.

    `due_at` is when it may be sent at the earliest. `batch_id` is the batch it was sent in, `reference`
    the rail's own name for it.
    """

    number: int
    amount_minor: int
    due_at: datetime
    state: PayoutState = PayoutState.REQUESTED
    batch_id: str = ""
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money out to one promoter from one settlement, or asked for by the promoter; minor units.

    `amount_minor` is what the promoter gets, `fee_minor` and `tax_minor` what was taken beside it
    from payable. `review` says that a person must approve it before it is sent. `version` counts
    its steps: of two writers who read the same one, one wins.
    """

    id: str
    settlement_id: str
    key: AccountKey
    amount_minor: int
    requested_at: datetime
    legs: tuple[Leg, ...]
    fee_minor: int = 0
    tax_minor: int = 0
    tax_period: str = ""
    rail: str = ""
    review: bool = False
    version: int = 1
    detail: str = ""

    @property
    def state(self) -> PayoutState:
        """Where the payout is as a whole: done when all its legs are, and completed if any leg was paid."""
        states = {leg.state for leg in self.legs}
        if len(states) == 1:
            return self.legs[0].state
        if states & set(OPEN):
            return PayoutState.SENT
        order = (PayoutState.COMPLETED, PayoutState.RETURNED, PayoutState.FAILED)
        return next((state for state in order if state in states), PayoutState.STOPPED)

    def leg(self, number: int) -> Leg:
        """Return a leg; PayoutStateError where there is none of that number."""
        for leg in self.legs:
            if leg.number == number:
                return leg
        raise PayoutStateError(f"{self.id} has no leg {number}")

    def minor_in(self, *states: PayoutState) -> int:
        """Return what the legs in some states come to."""
        return sum(leg.amount_minor for leg in self.legs if leg.state in states)

    def taken_beside(self, rounding: Rounding) -> tuple[int, int]:
        """Return the fee and the tax that stand for what has not come back.

        The tax in proportion, cumulatively; the fee as long as anything stands.
        """
        standing = self.amount_minor - self.minor_in(*BACK)
        fee = self.fee_minor if standing else 0
        return fee, prorate(self.tax_minor, standing, self.amount_minor, rounding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One step of an account: the entry, the head after it, the payout after it. All or nothing."""

    entry: Entry
    head: Head
    payout: Payout


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a payout takes from payable: what the promoter gets, in legs, and what goes beside it."""

    amount_minor: int
    fee_minor: int = 0
    tax_minor: int = 0
    tax_period: str = ""
    legs: tuple[Leg, ...] = ()
    rail: str = ""
    review: bool = False


def payout_id(settlement_id: str, key: AccountKey) -> str:
    """Return the one id that a settlement's payout to an account can have."""
    return "po_" + blake2b(f"{settlement_id}|{key}".encode(), digest_size=12).hexdigest()


def transfer_id(payout: Payout, number: int) -> str:
    """Return what a rail knows a leg by: at most 32 letters and digits, the same whenever it is sent."""
    return f"{payout.id.replace('_', '')}x{number}"


def leg_named(text: str) -> tuple[str, int] | None:
    """Read back a transfer's id: the payout's id and the leg's number; None for any other text."""
    name, _, number = text.rpartition("x")
    is_ours = name.startswith("po") and name[2:].isalnum() and number.isascii() and number.isdecimal()
    return (f"po_{name[2:]}", int(number)) if is_ours else None


def shortfall(available_minor: int, terms: PayoutTerms) -> int:
    """Return what is missing to the minimum payout; zero when it is reached."""
    return max(terms.minimum_payout_minor - available_minor, 0)


def reserve(head: Head, wanted: Reservation, settlement_id: str, now: datetime) -> Movement:
    """Return the step that takes an amount from payable for a payout, and what goes beside it."""
    payout = Payout(
        id=payout_id(settlement_id, head.key),
        settlement_id=settlement_id,
        key=head.key,
        amount_minor=wanted.amount_minor,
        requested_at=now,
        legs=wanted.legs or (Leg(number=1, amount_minor=wanted.amount_minor, due_at=now),),
        fee_minor=wanted.fee_minor,
        tax_minor=wanted.tax_minor,
        tax_period=wanted.tax_period,
        rail=wanted.rail,
        review=wanted.review,
    )
    own, payable = _own(payout, Leaf.RESERVED), _own(payout, Leaf.PAYABLE)
    legs = (
        (payable, own, payout.amount_minor),
        (payable, _programs(payout, Leaf.FEES), payout.fee_minor),
        (payable, _programs(payout, Leaf.TAX), payout.tax_minor),
    )
    return _moved(head, EntryReason.RESERVED, legs, payout, settlement_id, now)


def sent(payout: Payout, numbers: Sequence[int], batch_id: str, rail: str) -> Payout:
    """Return the payout with legs marked as sent in a batch; it moves no money.

    PayoutStateError for a leg that is not waiting, or a payout that waits for a person.
    """
    if payout.review:
        raise PayoutStateError(f"{payout.id} waits for a review")
    for number in numbers:
        if payout.leg(number).state is not PayoutState.REQUESTED:
            raise PayoutStateError(f"{payout.id} leg {number} is {payout.leg(number).state} already")
    legs = tuple(
        replace(leg, state=PayoutState.SENT, batch_id=batch_id) if leg.number in numbers else leg
        for leg in payout.legs
    )
    return replace(payout, legs=legs, rail=rail, version=payout.version + 1)


def approved(payout: Payout) -> Payout:
    """Return the payout without the review it waited for."""
    return replace(payout, review=False, version=payout.version + 1)


def noted(payout: Payout, number: int, reference: str, detail: str) -> Payout:
    """Return the payout with what a rail says of a leg whose outcome is not known yet."""
    known = LegOutcome(number=number, state=payout.leg(number).state, reference=reference, detail=detail)
    return replace(_with_leg(payout, known), version=payout.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOutcome:
    """What became of a leg, and the rail's name and reason for it."""

    number: int
    state: PayoutState
    reference: str = ""
    detail: str = ""


def conclude(head: Head, payout: Payout, outcome: LegOutcome, rounding: Rounding, now: datetime) -> Movement:
    """Return the step that pays a leg, or takes it back with its part of fee and tax.

    PayoutStateError where a leg in its state cannot come to that outcome.
    """
    leg = payout.leg(outcome.number)
    if outcome.state not in FOLLOWING.get(leg.state, ()):
        raise PayoutStateError(f"{payout.id} leg {leg.number} is {leg.state}, not to be {outcome.state}")
    after = replace(_with_leg(payout, outcome), version=payout.version + 1, detail=outcome.detail)
    before = _own(payout, Leaf.RESERVED if leg.state in OPEN else Leaf.PAID)
    if outcome.state is PayoutState.COMPLETED:
        paid = ((before, _own(payout, Leaf.PAID), leg.amount_minor),)
        return _moved(head, EntryReason.PAID, paid, after, transfer_id(payout, leg.number), now)
    payable = _own(payout, Leaf.PAYABLE)
    fee, tax = (
        old - new
        for old, new in zip(payout.taken_beside(rounding), after.taken_beside(rounding), strict=True)
    )
    back = (
        (before, payable, leg.amount_minor),
        (_programs(payout, Leaf.FEES), payable, fee),
        (_programs(payout, Leaf.TAX), payable, tax),
    )
    return _moved(head, EntryReason.RETURNED, back, after, transfer_id(payout, leg.number), now)


def _with_leg(payout: Payout, told: LegOutcome) -> Payout:
    leg = payout.leg(told.number)
    after = replace(leg, state=told.state, reference=told.reference or leg.reference, detail=told.detail)
    return replace(payout, legs=tuple(after if one.number == told.number else one for one in payout.legs))


def _moved(
    head: Head,
    reason: EntryReason,
    legs: Sequence[tuple[Account, Account, int]],
    payout: Payout,
    purpose: str,
    now: datetime,
) -> Movement:
    """Return a step of a payout; its entry's purpose names the settlement it is reserved for, or the leg."""
    postings = tuple(
        Posting(source, destination, Money(minor, head.key.currency))
        for source, destination, minor in legs
        if minor
    )
    entry = replace(
        account_entry(head, reason, postings, now),
        payout_id=payout.id,
        purpose=purpose,
        tax_period=payout.tax_period or None,
    )
    return Movement(entry=entry, head=head_after(head, entry), payout=payout)


def _own(payout: Payout, leaf: Leaf) -> Account:
    return promoter_account(payout.key.program_id, payout.key.promoter_id, leaf)


def _programs(payout: Payout, leaf: Leaf) -> Account:
    return Account(payout.key.program_id, PROGRAM, leaf)
