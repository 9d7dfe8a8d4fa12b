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

from grapevine.domain.accounts import Leaf, Posting, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.money import Money
from grapevine.domain.programs import Program


class PayoutState(StrEnum):
    """Where a payout is; why it failed is its `detail`."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"


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
    entry = _entry(head, EntryReason.RESERVED, (Leaf.PAYABLE, Leaf.RESERVED), payout, now)
    moved = replace(
        _after(head, entry),
        taken_minor=head.taken_minor + amount_minor,
        reserved_minor=head.reserved_minor + amount_minor,
    )
    return Movement(entry=entry, head=moved, payout=payout)


def complete(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Return the step that turns a reserved payout into a paid one."""
    entry = _entry(head, EntryReason.PAID, (Leaf.RESERVED, Leaf.PAID), payout, now)
    moved = replace(
        _after(head, entry),
        reserved_minor=head.reserved_minor - payout.amount_minor,
        paid_minor=head.paid_minor + payout.amount_minor,
    )
    return Movement(
        entry=entry, head=moved, payout=replace(payout, state=PayoutState.COMPLETED, detail=detail)
    )


def give_back(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Return the step that puts a failed payout's money back to payable, with the rail's reason."""
    entry = _entry(head, EntryReason.RETURNED, (Leaf.RESERVED, Leaf.PAYABLE), payout, now)
    moved = replace(
        _after(head, entry),
        taken_minor=head.taken_minor - payout.amount_minor,
        reserved_minor=head.reserved_minor - payout.amount_minor,
    )
    return Movement(entry=entry, head=moved, payout=replace(payout, state=PayoutState.FAILED, detail=detail))


def head_of(key: AccountKey, entries: Sequence[Entry]) -> Head:
    """Return the head that an account's entries lead to; what `verify` compares with the stored one."""
    totals = dict.fromkeys((EntryReason.RESERVED, EntryReason.PAID, EntryReason.RETURNED), 0)
    for entry in (entry for entry in entries if entry.reason in totals):
        totals[entry.reason] += sum(posting.amount.minor for posting in entry.postings)
    reserved, paid, returned = totals.values()
    return Head(
        key=key,
        sequence=len(entries),
        taken_minor=reserved - returned,
        reserved_minor=reserved - paid - returned,
        paid_minor=paid,
        last_hash=entries[-1].hash if entries else "",
    )


def _after(head: Head, entry: Entry) -> Head:
    return replace(head, sequence=entry.sequence, last_hash=entry.hash)


def _entry(head: Head, reason: EntryReason, legs: tuple[Leaf, Leaf], payout: Payout, now: datetime) -> Entry:
    program_id, promoter_id = head.key.program_id, head.key.promoter_id
    source, destination = (promoter_account(program_id, promoter_id, leaf) for leaf in legs)
    return Entry(
        key=head.key,
        sequence=head.sequence + 1,
        program_id=program_id,
        reason=reason,
        postings=(Posting(source, destination, Money(payout.amount_minor, head.key.currency)),),
        recorded_at=now,
        payout_id=payout.id,
        previous_hash=head.last_hash,
    )
