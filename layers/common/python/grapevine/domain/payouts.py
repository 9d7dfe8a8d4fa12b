"""Settlement's arithmetic: what an account may pay out, and the entries that move it.

Per program, promoter and currency one head counts what was taken from the pages' sum. Its
sequence is the cut-off: what is folded later carries to the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting, net, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryReason, PointsCoupon
from grapevine.domain.money import Money
from grapevine.domain.programs import Program

OF_ACCOUNTS = (
    EntryReason.RESERVED,
    EntryReason.PAID,
    EntryReason.RETURNED,
    EntryReason.MERGED,
    EntryReason.WRITTEN_OFF,
    EntryReason.VOIDED,
    EntryReason.SPENT,
    EntryReason.EXPIRED,
    EntryReason.RESTORED,
    EntryReason.CHARGED,
)
"""Why an account's own entries are posted."""


class PayoutState(StrEnum):
    """Where a payout is; why it failed or was stopped is its `detail`."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    """Never sent: its promoter was suspended or banned before the payout file was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What was taken from an account's payable, and where that is now; minor units.

    `last_hash` is the hash of the account's last entry, so that the next one can carry it.
    """

    key: AccountKey
    sequence: int = 0
    taken_minor: int = 0
    reserved_minor: int = 0
    paid_minor: int = 0
    last_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money out to one promoter from one settlement."""

    id: str
    settlement_id: str
    key: AccountKey
    amount_minor: int
    state: PayoutState
    requested_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an account that no payout knows of: the entry and the head after it, both or neither."""

    entry: Entry
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One step of an account: the entry, the head after it, the payout after it. All or nothing."""

    entry: Entry
    head: Head
    payout: Payout


def payout_id(settlement_id: str, key: AccountKey) -> str:
    """Return the one id that a settlement's payout to an account can have."""
    return "po_" + blake2b(f"{settlement_id}|{key}".encode(), digest_size=12).hexdigest()


def available(payable_minor: int, head: Head) -> int:
    """Return what may be taken: the pages' payable less what was taken before; may be negative."""
    return payable_minor - head.taken_minor


def shortfall(available_minor: int, program: Program) -> int:
    """Return what is missing to the minimum payout; zero when it is reached."""
    return max(program.minimum_payout_minor - available_minor, 0)


def reserve(head: Head, amount_minor: int, settlement_id: str, now: datetime) -> Movement:
    """Return the step that takes an amount from payable for a payout."""
    payout = Payout(
        id=payout_id(settlement_id, head.key),
        settlement_id=settlement_id,
        key=head.key,
        amount_minor=amount_minor,
        state=PayoutState.REQUESTED,
        requested_at=now,
    )
    return _of_payout(head, EntryReason.RESERVED, (Leaf.PAYABLE, Leaf.RESERVED), payout, now)


def complete(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Return the step that turns a reserved payout into a paid one."""
    done = replace(payout, state=PayoutState.COMPLETED, detail=detail)
    return _of_payout(head, EntryReason.PAID, (Leaf.RESERVED, Leaf.PAID), done, now)


def give_back(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Return the step that puts a failed payout's money back to payable, with the rail's reason."""
    failed = replace(payout, state=PayoutState.FAILED, detail=detail)
    return _of_payout(head, EntryReason.RETURNED, (Leaf.RESERVED, Leaf.PAYABLE), failed, now)


def stop(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Return the step that takes back a payout that was never sent."""
    stopped = replace(payout, state=PayoutState.STOPPED, detail=detail)
    return _of_payout(head, EntryReason.RETURNED, (Leaf.RESERVED, Leaf.PAYABLE), stopped, now)


def hand_over(giving: Head, taking: Head, amount_minor: int, now: datetime) -> tuple[Step, Step]:
    """Return the two steps that move a payable balance, of either sign, between two accounts of one person.

    Each account's own entries must tell its head, so each has a posting, to and from `transfer`.
    """
    steps = []
    for head, change in ((giving, -amount_minor), (taking, amount_minor)):
        steps.append(of_payable(head, EntryReason.MERGED, Leaf.TRANSFER, change, now))
    return steps[0], steps[1]


def write_off(head: Head, owed_minor: int, now: datetime) -> Step:
    """Return the step that gives up what a promoter owes who is gone."""
    return of_payable(head, EntryReason.WRITTEN_OFF, Leaf.WRITE_OFF, owed_minor, now)


def void(head: Head, amount_minor: int, now: datetime) -> Step:
    """Return the step that takes back what was payable to a promoter who is banned."""
    return of_payable(head, EntryReason.VOIDED, Leaf.COMMISSION, -amount_minor, now)


def head_of(key: AccountKey, entries: Sequence[Entry]) -> Head:
    """Return the head that an account's entries lead to; what `verify` compares with the stored one.

    Who changed an entry's reason to one that no account has would be found also by this.
    """
    head = Head(key=key)
    for entry in entries:
        counts = entry.reason in OF_ACCOUNTS
        head = _after(head, entry) if counts else replace(head, last_hash=entry.hash)
    return replace(head, sequence=len(entries))


def _after(head: Head, entry: Entry) -> Head:
    """Return the head after one more entry of its account."""
    changes = {
        account.leaf: minor
        for (account, _), minor in net(entry.postings).items()
        if account.owner == head.key.promoter_id
    }
    return replace(
        head,
        sequence=entry.sequence,
        taken_minor=head.taken_minor - changes.get(Leaf.PAYABLE, 0),
        reserved_minor=head.reserved_minor + changes.get(Leaf.RESERVED, 0),
        paid_minor=head.paid_minor + changes.get(Leaf.PAID, 0),
        last_hash=entry.hash,
    )


def _of_payout(
    head: Head, reason: EntryReason, legs: tuple[Leaf, Leaf], payout: Payout, now: datetime
) -> Movement:
    program_id, promoter_id = head.key.program_id, head.key.promoter_id
    source, destination = (promoter_account(program_id, promoter_id, leaf) for leaf in legs)
    posting = Posting(source, destination, Money(payout.amount_minor, head.key.currency))
    entry = replace(_entry(head, reason, posting, now), payout_id=payout.id)
    return Movement(entry=entry, head=_after(head, entry), payout=payout)


def of_payable(
    head: Head,
    reason: EntryReason,
    counterpart: Leaf,
    change_minor: int,
    now: datetime,
    *,
    purpose: str | None = None,
    coupon: PointsCoupon | None = None,
) -> Step:
    """Return the step that raises, or lowers, a payable balance from or to an account of the program."""
    program_id, promoter_id = head.key.program_id, head.key.promoter_id
    own, other = (
        promoter_account(program_id, promoter_id, Leaf.PAYABLE),
        Account(program_id, PROGRAM, counterpart),
    )
    source, destination = (other, own) if change_minor > 0 else (own, other)
    posting = Posting(source, destination, Money(abs(change_minor), head.key.currency))
    entry = replace(_entry(head, reason, posting, now), purpose=purpose, coupon=coupon)
    return Step(entry=entry, head=_after(head, entry))


def _entry(head: Head, reason: EntryReason, posting: Posting, now: datetime) -> Entry:
    return Entry(
        key=head.key,
        sequence=head.sequence + 1,
        program_id=head.key.program_id,
        reason=reason,
        postings=(posting,),
        recorded_at=now,
        previous_hash=head.last_hash,
    )
