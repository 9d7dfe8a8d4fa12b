"""Entries: one text each, a chain that shows every change."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.entries import (
    AccountKey,
    Entry,
    EntryReason,
    canonical,
    decision_in_force,
    entry_from_dict,
    entry_to_dict,
    standing,
)
from grapevine.domain.money import Money
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, minutes
from tests.domain.entry_strategies import account_entries, decisions, order_entries, postings

any_entry = st.one_of(order_entries(), account_entries())

CY_HELD = promoter_account(PROGRAM_ID, make.CY, Leaf.HELD)
ACCRUED = Entry(
    key=make.ORDER,
    sequence=1,
    program_id=PROGRAM_ID,
    reason=EntryReason.ACCRUED,
    postings=(Posting(commission_account(PROGRAM_ID), CY_HELD, Money(1333, "USD")),),
    recorded_at=T0,
    covers=1,
    facts=("00",),
)


@given(any_entry)
def test_an_entry_reads_back_from_its_canonical_text(entry: Entry) -> None:
    text = canonical(entry)
    again = entry_from_dict(json.loads(text), entry.key)
    assert again == entry
    assert canonical(again) == text
    assert again.hash == entry.hash


@given(any_entry)
def test_what_a_newer_writer_adds_is_ignored(entry: Entry) -> None:
    assert entry_from_dict({**entry_to_dict(entry), "zz": 1}, entry.key) == entry


@given(any_entry, postings(), decisions)
def test_every_change_changes_the_hash(entry: Entry, posting: Posting, decision: object) -> None:
    changes: dict[str, object] = {
        "sequence": entry.sequence + 1,
        "program_id": "pg_other",
        "reason": next(reason for reason in EntryReason if reason is not entry.reason),
        "postings": (*entry.postings, posting),
        "recorded_at": entry.recorded_at + minutes(1),
        "covers": entry.covers + 1,
        "facts": (*entry.facts, "ff"),
        "released": not entry.released,
        "due_at": (entry.due_at or T0) + minutes(1),
        "payout_id": f"{entry.payout_id}x",
        "previous_hash": "0" * 64 if entry.previous_hash != "0" * 64 else "",
    }
    for name, value in changes.items():
        assert replace(entry, **{name: value}).hash != entry.hash, name  # type: ignore[arg-type]
    if decision != entry.decision:
        assert replace(entry, decision=decision).hash != entry.hash  # type: ignore[arg-type]


def test_the_text_is_short_and_says_no_nothing() -> None:
    values = entry_to_dict(ACCRUED)
    assert values == {
        "v": 1,
        "k": str(make.ORDER),
        "n": 1,
        "p": PROGRAM_ID,
        "r": "accrued",
        "c": 1,
        "f": "00",
        "l": [["commission", f"{make.CY}:held", 1333, "USD"]],
        "at": "2026-11-11T09:00:00.000Z",
    }
    assert " " not in canonical(ACCRUED)


def test_what_stands_is_the_sum_without_what_came_to_nothing() -> None:
    back = replace(
        ACCRUED,
        sequence=2,
        postings=(Posting(ACCRUED.postings[0].destination, ACCRUED.postings[0].source, Money(333, "USD")),),
    )
    cy = CY_HELD, "USD"
    assert standing((ACCRUED,))[cy] == 1333
    assert standing((ACCRUED, back))[cy] == 1000
    assert standing((ACCRUED, *(replace(back, sequence=n) for n in range(2, 6))))[cy] == 1
    assert standing(()) == {}
    assert cy not in standing((ACCRUED, replace(back, postings=(replace_amount(back.postings[0], 1333),))))


def replace_amount(posting: Posting, minor: int) -> Posting:
    return replace(posting, amount=Money(minor, posting.amount.currency))


@given(st.lists(st.one_of(st.none(), decisions), max_size=5))
def test_the_decision_in_force_is_the_last_one(found: list[object]) -> None:
    entries = [replace(ACCRUED, decision=decision) for decision in found]  # type: ignore[arg-type]
    assert decision_in_force(entries) == ([None, *(one for one in found if one)][-1])


@pytest.mark.parametrize("key", [make.ORDER, AccountKey(PROGRAM_ID, make.CY, "USD")])
def test_an_entrys_name_is_its_key_and_number(key: object) -> None:
    assert replace(ACCRUED, key=key, sequence=7).id == f"{key}/7"  # type: ignore[arg-type]
