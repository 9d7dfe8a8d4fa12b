"""Ledger entries for contract tests: chained as real ones are, with every field in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry, EntryKey, EntryReason
from grapevine.domain.money import Money
from tests.adapters.contracts.stores import Names
from tests.builders import CLICK_ID, T0, minutes


def decision(*promoter_ids: str) -> Decision:
    touch = Candidate(
        click_id=CLICK_ID,
        promoter_id="pr_ana",
        occurred_at=T0 - minutes(30),
        recorded_at=T0 - minutes(30),
        reason=Reason.ELIGIBLE,
    )
    return Decision(
        basis="0123456789ab",
        reason=Reason.LAST_CLICK,
        plan_version=1,
        promoter_ids=promoter_ids or ("pr_ana",),
        candidates=(touch,),
    )


def first(names: Names, key: EntryKey | None = None, due_at: datetime | None = None) -> Entry:
    """The first entry under a key: a held commission with its decision."""
    held = promoter_account(names.program, "pr_ana", Leaf.HELD)
    return Entry(
        key=key or names.order(),
        sequence=1,
        program_id=names.program,
        reason=EntryReason.ACCRUED,
        postings=(Posting(commission_account(names.program), held, Money(1000, "USD")),),
        recorded_at=T0,
        covers=2,
        facts=("00" * 8, "11" * 8),
        decision=decision(),
        due_at=due_at,
    )


def after(entry: Entry) -> Entry:
    """The next entry under the same key: a bare one."""
    return replace(
        entry,
        sequence=entry.sequence + 1,
        decision=None,
        facts=(),
        due_at=None,
        released=True,
        previous_hash=entry.hash,
    )


def chain(names: Names, length: int, key: EntryKey | None = None) -> list[Entry]:
    """So many entries under one key."""
    entries = [first(names, key)]
    while len(entries) < length:
        entries.append(after(entries[-1]))
    return entries
