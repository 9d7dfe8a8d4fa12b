"""Pages: folding is adding what is not there yet, in any order, any number of times."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.accounts import PROGRAM, Leaf, net
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.heads import Head, write_off
from grapevine.domain.instants import day_of
from grapevine.domain.pages import (
    COUPON_SLOTS,
    NET,
    ORDERS,
    PROGRAM_SLOTS,
    PROMOTER_SLOTS,
    Page,
    PageKey,
    balance,
    balance_subject,
    merged,
    pages_of,
    sales_subject,
)
from tests import builders as make
from tests.builders import PROGRAM_ID, T0
from tests.domain.entry_strategies import order_entries
from tests.paying import reserve
from tests.strategies import PATIENT

keys = st.builds(
    PageKey, st.sampled_from(("a", "b")), st.sampled_from(("2026-11-11", "2026-11-12")), st.just(0)
)
additions = st.lists(st.tuples(keys, st.sampled_from("123456")), unique=True, max_size=10).map(
    lambda found: [addition(key, mark) for key, mark in found]
)


def addition(key: PageKey, mark: str) -> Page:
    """Return what one fold adds: the mark decides the amounts, as an entry does."""
    return Page(key, {"held": int(mark) * 10, "payable": -int(mark)}, frozenset({mark}))


def by_key(pages: tuple[Page, ...]) -> dict[PageKey, Page]:
    return {page.key: page for page in pages}


@given(additions, st.data())
def test_folding_in_any_order_and_repeatedly_is_the_same(found: list[Page], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(found), max_size=6)) if found else []
    shuffled = data.draw(st.permutations([*found, *repeats]))
    assert by_key(merged(shuffled)) == by_key(merged(found))


@given(additions)
def test_merging_what_is_merged_changes_nothing(found: list[Page]) -> None:
    once = merged(found)
    assert merged(once) == once
    assert merged((*once, *once)) == once
    assert merged((*once, *found)) == once


@given(additions, st.data())
def test_folding_in_any_batches_is_the_same(found: list[Page], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(found)))
    store = MemoryPages()
    new = store.fold(found[:cut]) + store.fold(found) + store.fold(found[cut:])
    assert new == len(found)
    assert store.stored == by_key(merged(found))


@given(additions)
def test_a_balance_is_the_sum_of_its_pages(found: list[Page]) -> None:
    mine = [page for page in merged(found) if page.key.subject == "a"]
    marks = [int(mark) for page in mine for mark in page.marks]
    expected = {Leaf.HELD: 10 * sum(marks), Leaf.PAYABLE: -sum(marks)} if marks else {}
    assert balance(mine) == expected


@given(order_entries())
@settings(PATIENT)
def test_an_entrys_pages_hold_all_of_it_and_sum_to_zero(entry: Entry) -> None:
    found = [page for page in pages_of(entry) if "/coupons/" not in page.key.subject]
    assert len({page.key for page in found}) == len(found)
    assert all(page.marks == {entry.id} and page.key.day == day_of(entry.recorded_at) for page in found)
    sold = {sales_subject(entry.program_id, sale.promoter_id, sale.month): sale for sale in entry.sales}
    balances = [page for page in found if page.key.subject not in sold]
    assert sum(minor for page in balances for minor in page.amounts.values()) == 0
    for subject, sale in sold.items():
        (page,) = (page for page in found if page.key.subject == subject)
        assert page.amounts.get(NET, 0) == sale.volume.net_minor
        assert page.amounts.get(ORDERS, 0) == sale.volume.orders
    for (account, currency), minor in net(entry.postings).items():
        subject = balance_subject(AccountKey(entry.program_id, account.owner, currency))
        (page,) = (page for page in found if page.key.subject == subject)
        assert page.amounts.get(account.leaf.value, 0) == minor


@given(order_entries())
@settings(PATIENT)
def test_slots_are_few_and_the_same_for_every_entry_of_an_order(entry: Entry) -> None:
    found = pages_of(entry)
    for page in found:
        slots = PROGRAM_SLOTS if f"/{PROGRAM}/" in page.key.subject else PROMOTER_SLOTS
        slots = COUPON_SLOTS if "/coupons/" in page.key.subject else slots
        assert 0 <= page.key.slot < slots
    following = pages_of(replace(entry, sequence=entry.sequence + 1))
    assert [page.key for page in following] == [page.key for page in found]


def test_an_accounts_own_entries_are_counted_in_its_head_alone() -> None:
    key = AccountKey(PROGRAM_ID, make.CY, "USD")
    entry = Entry(
        key=key,
        sequence=1,
        program_id=PROGRAM_ID,
        reason=EntryReason.RESERVED,
        postings=(),
        recorded_at=make.T0,
    )
    assert pages_of(entry) == ()


def test_edge_8_an_accounts_own_entry_adds_to_the_programs_pages_alone() -> None:
    key = AccountKey(PROGRAM_ID, make.CY, "USD")
    step = write_off(Head(key=key), 500, T0)
    (page,) = pages_of(step.entry)
    assert (page.key.subject, page.amounts) == (f"{PROGRAM_ID}/program/USD", {"write_off": -500})
    assert page.marks == {step.entry.id}
    assert pages_of(reserve(Head(key=key), 500, "run", T0).entry) == ()
