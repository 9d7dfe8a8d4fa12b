"""What happened to each of a promoter's payouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.payouts import Payout
from grapevine.ports import EntryReader, PayoutReader


def read_payouts(keys: Sequence[AccountKey], ledger: EntryReader, payouts: PayoutReader) -> Iterator[Payout]:
    """Yield the payouts of all of somebody's accounts, newest first.

    The accounts' own entries say which there are; each is read as it is when it is come to.
    """
    entries = [entry for key in keys for entry in ledger.entries_of(key)]
    reserved = [entry for entry in entries if entry.reason is EntryReason.RESERVED]
    newest = sorted(reserved, key=lambda entry: (entry.recorded_at, entry.id), reverse=True)
    return (payout for entry in newest if (payout := _payout(entry, payouts)))


def _payout(entry: Entry, payouts: PayoutReader) -> Payout | None:
    """Return what an entry reserved; entries of old do not say for which settlement."""
    name = entry.payout_id or ""
    if entry.purpose:
        return payouts.payout(entry.purpose, name)
    return payouts.payout_named(entry.program_id, name)
