"""The ledger's ports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from grapevine.domain.entries import BonusKey, BonusKind, EntryReason
from grapevine.domain.errors import EntryExistsError
from grapevine.domain.facts import OrderKey
from tests.adapters.contracts.chains import after, chain, first
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes

MILLISECOND = timedelta(milliseconds=1)


def test_an_entry_is_read_exactly_as_it_was_hashed(stores: Stores, names: Names) -> None:
    entry = first(names, due_at=T0 + days(3))
    stores.ledger.append(entry)
    (stored,) = stores.ledger.entries_of(names.order())
    assert stored == entry
    assert stored.hash == entry.hash


def test_entries_come_in_their_sequence_whatever_order_they_were_put_in(stores: Stores, names: Names) -> None:
    entries = chain(names, 12)
    for entry in reversed(entries):
        stores.ledger.append(entry)
    assert stores.ledger.entries_of(names.order()) == tuple(entries)


def test_a_taken_number_is_refused_and_what_is_there_stays(stores: Stores, names: Names) -> None:
    entry = first(names)
    stores.ledger.append(entry)
    with pytest.raises(EntryExistsError):
        stores.ledger.append(first(names, due_at=T0))
    assert stores.ledger.entries_of(names.order()) == (entry,)


def test_there_are_no_entries_under_an_unknown_key(stores: Stores, names: Names) -> None:
    assert stores.ledger.entries_of(names.order()) == ()
    assert stores.ledger.entries_of(names.account()) == ()


def test_an_account_has_entries_of_its_own(stores: Stores, names: Names) -> None:
    of_account, of_order = first(names, names.account()), first(names)
    stores.ledger.append(of_account)
    stores.ledger.append(of_order)
    assert stores.ledger.entries_of(names.account()) == (of_account,)
    assert stores.ledger.entries_of(names.order()) == (of_order,)


def found_due(stores: Stores, names: Names, since: timedelta, until: timedelta) -> set[str]:
    due = stores.ledger.due(T0 + since, T0 + until)
    orders = (key for key in due if isinstance(key, OrderKey))
    return {order.order_id for order in orders if order.storefront_id == names.storefront}


def test_a_bonus_has_entries_of_its_own_is_due_and_is_found_by_name(stores: Stores, names: Names) -> None:
    key = BonusKey(names.program, "pr_ana", BonusKind.BOUNTY, "bt_week:2026-W46")
    entry = replace(first(names), key=key, reason=EntryReason.BONUS, due_at=T0 + days(3))
    stores.ledger.append(entry)
    assert stores.ledger.entries_of(key) == (entry,)
    assert stores.ledger.entries_named([entry.id]) == (entry,)
    assert key in set(stores.ledger.due(T0 + days(3), T0 + days(3)))


def test_what_is_due_is_found_on_both_ends_of_the_span(stores: Stores, names: Names) -> None:
    for number, offset in enumerate((-MILLISECOND, timedelta(0), days(1), days(2), days(2) + MILLISECOND)):
        stores.ledger.append(first(names, names.order(str(number)), due_at=T0 + offset))
    stores.ledger.append(first(names, names.order("never")))
    assert found_due(stores, names, timedelta(0), days(2)) == {"1", "2", "3"}
    assert found_due(stores, names, -MILLISECOND, -MILLISECOND) == {"0"}
    assert found_due(stores, names, days(2) + minutes(1), days(9)) == set()


def test_what_was_due_may_be_found_after_a_later_entry(stores: Stores, names: Names) -> None:
    entry = first(names, due_at=T0)
    stores.ledger.append(entry)
    stores.ledger.append(after(entry))
    assert set(stores.ledger.due(T0, T0)) >= {names.order()}


def test_a_scan_yields_a_programs_entries_each_key_in_its_sequence(stores: Stores, names: Names) -> None:
    keys = (names.order("1"), names.account(), names.order("2"))
    chains = {key: chain(names, 11, key) for key in keys}
    for number in reversed(range(11)):
        for key in keys:
            stores.ledger.append(chains[key][number])
    elsewhere = OrderKey(names.storefront, "3")
    stores.ledger.append(first(Names("pg-elsewhere", "", names.storefront, ""), elsewhere))
    scanned = list(stores.ledger.scan(names.program))
    assert {key: [entry for entry in scanned if entry.key == key] for key in keys} == chains
    assert len(scanned) == 33


def test_entries_are_read_by_name_in_the_order_asked(stores: Stores, names: Names) -> None:
    entries = chain(names, 3)
    for entry in entries:
        stores.ledger.append(entry)
    asked = (entries[2].id, f"{names.order()}/9", entries[0].id, entries[2].id, f"{names.order('x')}/1")
    assert stores.ledger.entries_named(asked) == (entries[2], entries[0], entries[2])
    assert stores.ledger.entries_named(()) == ()


def test_more_names_than_one_request_takes_are_read(stores: Stores, names: Names) -> None:
    entries = chain(names, 3)
    for entry in entries:
        stores.ledger.append(entry)
    asked = [f"{names.order()}/{number}" for number in range(250, 0, -1)]
    assert stores.ledger.entries_named(asked) == tuple(reversed(entries))
