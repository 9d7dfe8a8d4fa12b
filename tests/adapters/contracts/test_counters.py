"""Counters of what is scarce: they move in one transaction with an order's entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.entries import Entry
from grapevine.domain.errors import EntryExistsError, GrantMovedError
from grapevine.domain.grants import Grant, GrantChange, GrantKey
from tests.adapters.contracts.chains import after, first
from tests.adapters.contracts.stores import Names, Stores

LIMIT = 100


def counter(names: Names, subject: str = "pr_ana") -> GrantKey:
    return GrantKey(names.program, "cap.daily", subject, "2026-11-11")


def granted(names: Names, order_id: str, minor: int) -> tuple[Entry, tuple[GrantChange, ...]]:
    """An order's first entry that was granted so much, and what that changes."""
    key = counter(names)
    entry = replace(first(names, names.order(order_id)), grants=(Grant(key, minor + 1, minor),))
    return entry, (GrantChange(key, minor, LIMIT),)


def test_nobody_has_anything_of_what_nobody_asked_for(stores: Stores, names: Names) -> None:
    assert stores.ledger.taken([counter(names)]) == {counter(names): 0}
    assert stores.ledger.taken([]) == {}


def test_an_entry_and_its_counter_are_written_together(stores: Stores, names: Names) -> None:
    entry, beside = granted(names, "1", 60)
    stores.ledger.append(entry, beside)
    assert stores.ledger.entries_of(names.order("1")) == (entry,)
    assert stores.ledger.taken([counter(names), counter(names, "pr_bo")]) == {
        counter(names): 60,
        counter(names, "pr_bo"): 0,
    }


def test_a_counter_rises_to_its_limit_and_no_further(stores: Stores, names: Names) -> None:
    stores.ledger.append(*granted(names, "1", 60))
    stores.ledger.append(*granted(names, "2", 40))
    with pytest.raises(GrantMovedError):
        stores.ledger.append(*granted(names, "3", 1))
    assert stores.ledger.entries_of(names.order("3")) == ()
    assert stores.ledger.taken([counter(names)]) == {counter(names): 100}


def test_nobody_takes_more_than_the_limit_at_once(stores: Stores, names: Names) -> None:
    with pytest.raises(GrantMovedError):
        stores.ledger.append(*granted(names, "1", LIMIT + 1))
    assert stores.ledger.taken([counter(names)]) == {counter(names): 0}
    assert list(stores.treasury.all_counters(names.program)) == []


def test_a_taken_number_changes_no_counter(stores: Stores, names: Names) -> None:
    stores.ledger.append(*granted(names, "1", 60))
    with pytest.raises(EntryExistsError):
        stores.ledger.append(*granted(names, "1", 10))
    assert stores.ledger.taken([counter(names)]) == {counter(names): 60}


def test_who_lost_both_ways_lost_the_number(stores: Stores, names: Names) -> None:
    """Whoever wrote this number has most likely taken what is missing, too."""
    stores.ledger.append(*granted(names, "1", 60))
    with pytest.raises(EntryExistsError):
        stores.ledger.append(*granted(names, "1", 60))


def test_what_is_given_back_has_no_limit_and_may_be_taken_again(stores: Stores, names: Names) -> None:
    entry, beside = granted(names, "1", 60)
    stores.ledger.append(entry, beside)
    stores.ledger.append(after(entry), (GrantChange(counter(names), -50, 0),))
    stores.ledger.append(*granted(names, "2", 90))
    assert stores.ledger.taken([counter(names)]) == {counter(names): 100}


def test_several_counters_move_together_or_not_at_all(stores: Stores, names: Names) -> None:
    both = (GrantChange(counter(names), 5, LIMIT), GrantChange(counter(names, "pr_bo"), LIMIT + 1, LIMIT))
    with pytest.raises(GrantMovedError):
        stores.ledger.append(first(names), both)
    assert set(stores.ledger.taken([change.key for change in both]).values()) == {0}
    stores.ledger.append(first(names), (both[0], replace(both[1], change=LIMIT)))
    assert stores.ledger.taken([change.key for change in both]) == {both[0].key: 5, both[1].key: LIMIT}


def test_a_programs_counters_are_found_and_no_others(stores: Stores, names: Names) -> None:
    elsewhere = GrantKey(f"{names.program}x", "recruit", "pr_ana", "ever")
    stores.ledger.append(*granted(names, "1", 60))
    stores.ledger.append(first(names, names.order("2")), (GrantChange(elsewhere, 1, 1),))
    assert list(stores.treasury.all_counters(names.program)) == [(counter(names), 60)]


def test_more_counters_than_one_batch_reads(stores: Stores, names: Names) -> None:
    keys = [counter(names, f"pr_{number}") for number in range(130)]
    stores.ledger.append(first(names), [GrantChange(key, 7, LIMIT) for key in keys[60:]])
    assert stores.ledger.taken(keys) == {key: 7 * (number >= 60) for number, key in enumerate(keys)}
