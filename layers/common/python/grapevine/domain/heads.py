"""Heads: what was taken from an account, and the account's own entries that move it.

Per program, promoter and currency one head counts what was taken from the pages' sum. Its
sequence is the cut-off of a settlement: what is folded later carries to the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting, net, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryReason, PointsCoupon
from grapevine.domain.money import Money

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
    EntryReason.OPENED,
)
"""Why an account's own entries are posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What was taken from an account's payable, and where that is now; minor units.

    `last_hash` is the hash of the account's last entry, so that the next one can carry it, and
    `last_payout_id` the payout that was reserved last, so that a run that comes again knows its own
    without another read. `given_up` is the same of what was voided or written off last: the reason and
    the run. `tax_gross_minor` and `tax_minor` are what was paid out, and withheld, in
    the tax period that the last payout was in.
    """

    key: AccountKey
    sequence: int = 0
    taken_minor: int = 0
    reserved_minor: int = 0
    paid_minor: int = 0
    last_hash: str = ""
    last_payout_id: str = ""
    given_up: str = ""
    tax_period: str = ""
    tax_gross_minor: int = 0
    tax_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an account that no payout knows of: the entry and the head after it, both or neither."""

    entry: Entry
    head: Head


def available(payable_minor: int, head: Head) -> int:
    """Return what may be taken: the pages' payable less what was taken before; may be negative."""
    return payable_minor - head.taken_minor


def hand_over(giving: Head, taking: Head, amount_minor: int, now: datetime) -> tuple[Step, Step]:
    """Return the two steps that move a payable balance, of either sign, between two accounts of one person.

    Each account's own entries must tell its head, so each has a posting, to and from `transfer`.
    """
    steps = []
    for head, change in ((giving, -amount_minor), (taking, amount_minor)):
        steps.append(of_payable(head, EntryReason.MERGED, Leaf.TRANSFER, change, now))
    return steps[0], steps[1]


def write_off(head: Head, owed_minor: int, now: datetime, settlement_id: str | None = None) -> Step:
    """Return the step that gives up, in a settlement, what a promoter owes who is gone."""
    reason, other = EntryReason.WRITTEN_OFF, Leaf.WRITE_OFF
    return of_payable(head, reason, other, owed_minor, now, purpose=settlement_id)


def void(head: Head, amount_minor: int, now: datetime, settlement_id: str | None = None) -> Step:
    """Return the step that takes back, in a settlement, what was payable to a promoter who is banned."""
    reason, other = EntryReason.VOIDED, Leaf.COMMISSION
    return of_payable(head, reason, other, -amount_minor, now, purpose=settlement_id)


def opened(head: Head, amount_minor: int, import_id: str, evidence: str, now: datetime) -> Step:
    """Return the step that takes over a balance, of either sign, from another system, with its evidence."""
    reason, other = EntryReason.OPENED, Leaf.OPENING
    step = of_payable(head, reason, other, amount_minor, now, purpose=import_id)
    entry = replace(step.entry, note=evidence)
    return Step(entry=entry, head=head_after(head, entry))


def given_up(reason: EntryReason, settlement_id: str) -> str:
    """Return how a head says that a settlement voided or wrote off what was there."""
    return f"{reason} {settlement_id}"


def head_of(key: AccountKey, entries: Sequence[Entry]) -> Head:
    """Return the head that an account's entries lead to; what `verify` compares with the stored one.

    Who changed an entry's reason to one that no account has would be found also by this.
    """
    head = Head(key=key)
    for entry in entries:
        counts = entry.reason in OF_ACCOUNTS
        head = head_after(head, entry) if counts else replace(head, last_hash=entry.hash)
    return replace(head, sequence=len(entries))


def head_after(head: Head, entry: Entry) -> Head:
    """Return the head after one more entry of its account."""
    changes = {
        account.leaf: minor
        for (account, _), minor in net(entry.postings).items()
        if account.owner in (head.key.promoter_id, PROGRAM)
    }
    after = replace(
        head,
        sequence=entry.sequence,
        taken_minor=head.taken_minor - changes.get(Leaf.PAYABLE, 0),
        reserved_minor=head.reserved_minor + changes.get(Leaf.RESERVED, 0),
        paid_minor=head.paid_minor + changes.get(Leaf.PAID, 0),
        last_hash=entry.hash,
        last_payout_id=entry.payout_id if _reserves(entry) and entry.payout_id else head.last_payout_id,
        given_up=given_up(entry.reason, entry.purpose)
        if _gives_up(entry) and entry.purpose
        else head.given_up,
    )
    if not entry.tax_period:
        return after
    return _with_tax(after, entry, -changes.get(Leaf.PAYABLE, 0), changes.get(Leaf.TAX, 0))


def _with_tax(head: Head, entry: Entry, gross_minor: int, tax_minor: int) -> Head:
    """Count a payout, or what came back of one, in its tax period; an earlier period counts no more."""
    if entry.tax_period == head.tax_period:
        gross_minor, tax_minor = head.tax_gross_minor + gross_minor, head.tax_minor + tax_minor
    elif not _reserves(entry):
        return head
    return replace(head, tax_period=entry.tax_period or "", tax_gross_minor=gross_minor, tax_minor=tax_minor)


def _reserves(entry: Entry) -> bool:
    return entry.reason is EntryReason.RESERVED


def _gives_up(entry: Entry) -> bool:
    return entry.reason in (EntryReason.VOIDED, EntryReason.WRITTEN_OFF)


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
    own = promoter_account(head.key.program_id, head.key.promoter_id, Leaf.PAYABLE)
    other = Account(head.key.program_id, PROGRAM, counterpart)
    source, destination = (other, own) if change_minor > 0 else (own, other)
    posting = Posting(source, destination, Money(abs(change_minor), head.key.currency))
    entry = replace(account_entry(head, reason, (posting,), now), purpose=purpose, coupon=coupon)
    return Step(entry=entry, head=head_after(head, entry))


def account_entry(head: Head, reason: EntryReason, postings: tuple[Posting, ...], now: datetime) -> Entry:
    """Return an account's next entry."""
    return Entry(
        key=head.key,
        sequence=head.sequence + 1,
        program_id=head.key.program_id,
        reason=reason,
        postings=postings,
        recorded_at=now,
        previous_hash=head.last_hash,
    )
