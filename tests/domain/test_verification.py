"""The proof's own arithmetic; what a tampered book looks like is in tests/usecases/test_verify.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import Grant, GrantKey
from grapevine.domain.heads import Head, head_of
from grapevine.domain.pages import merged, pages_of
from grapevine.domain.payouts import PayoutState
from grapevine.domain.verification import Books, Fault, totals, verify
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days
from tests.domain.entry_strategies import order_entries
from tests.paying import complete, reserve
from tests.strategies import PATIENT

KEY = AccountKey(PROGRAM_ID, make.CY, "USD")


def chained(entries: Sequence[Entry], key: OrderKey) -> tuple[Entry, ...]:
    """Return the entries as one order's, each with the hash of the one before it."""
    chain: list[Entry] = []
    for number, entry in enumerate(entries, start=1):
        previous = chain[-1].hash if chain else ""
        chain.append(replace(entry, key=key, sequence=number, payout_id=None, previous_hash=previous))
    return tuple(chain)


orders = st.lists(st.lists(order_entries(), min_size=1, max_size=4), max_size=3).map(
    lambda found: {
        OrderKey("sf", str(number)): chained(entries, OrderKey("sf", str(number)))
        for number, entries in enumerate(found)
    }
)


def folded(chains: dict[OrderKey, tuple[Entry, ...]]) -> Books:
    pages = merged(page for chain in chains.values() for entry in chain for page in pages_of(entry))
    counters: Counter[GrantKey] = Counter()
    for chain in chains.values():
        counters.update({grant.key: grant.granted for entry in chain for grant in entry.grants})
    return Books(orders=chains, pages={page.key: page for page in pages}, counters=counters)


def test_an_order_that_has_more_than_it_ever_wanted_is_a_fault() -> None:
    key = GrantKey(PROGRAM_ID, "cap.daily", make.CY, "2026-11-11")
    entry = Entry(
        key=make.ORDER,
        sequence=1,
        program_id=PROGRAM_ID,
        reason=EntryReason.ACCRUED,
        postings=(),
        recorded_at=make.T0,
        grants=(Grant(key, 5, 6),),
    )
    books = folded({make.ORDER: (entry,)})
    assert verify(books) == (Fault("grant", str(make.ORDER), f"has more of {key} than it ever wanted"),)


@given(orders)
@settings(PATIENT, max_examples=30)
def test_any_honest_entries_are_proven(chains: dict[OrderKey, tuple[Entry, ...]]) -> None:
    assert verify(folded(chains)) == ()


@given(orders)
@settings(PATIENT, max_examples=30)
def test_each_currencys_totals_add_to_nothing(chains: dict[OrderKey, tuple[Entry, ...]]) -> None:
    found = totals(folded(chains))
    for currency in {currency for _, currency in found}:
        assert sum(minor for (_, name), minor in found.items() if name == currency) == 0


@given(orders.filter(bool), st.data())
@settings(PATIENT, max_examples=40)
def test_any_entry_taken_out_is_missed(
    chains: dict[OrderKey, tuple[Entry, ...]], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(chains, key=str)))
    index = data.draw(st.integers(0, len(chains[key]) - 1))
    shorter = {**chains, key: chains[key][:index] + chains[key][index + 1 :]}
    books = replace(folded(chains), orders=shorter)
    is_last_and_empty = index == len(chains[key]) - 1 and not pages_of(chains[key][index])
    assert verify(books) or is_last_and_empty


def test_a_payout_needs_its_entries_in_their_order() -> None:
    first = reserve(Head(key=KEY), 1000, "run", T0)
    done = complete(first.head, first.payout, "", T0 + days(1))
    chain = (first.entry, done.entry)
    books = Books(
        accounts={KEY: chain}, heads={KEY: head_of(KEY, chain)}, payouts={done.payout.id: done.payout}
    )
    assert verify(books) == ()
    for state in (PayoutState.REQUESTED, PayoutState.FAILED):
        wrong = replace(
            books,
            payouts={done.payout.id: replace(done.payout, legs=(replace(done.payout.legs[0], state=state),))},
        )
        assert [fault.check for fault in verify(wrong)] == ["payout"]


def test_a_fault_is_a_line() -> None:
    assert str(Fault("balance", "pg/pr/USD", "stored 1, entries say 2")) == (
        "balance: pg/pr/USD: stored 1, entries say 2"
    )
