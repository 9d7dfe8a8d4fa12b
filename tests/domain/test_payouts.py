"""Payouts: what was taken is reserved or paid, and the entries alone tell the head."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, Entry, EntryReason, entry_from_dict, entry_to_dict
from grapevine.domain.heads import Head, available, hand_over, head_of, void, write_off
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payouts import Payout, PayoutState, payout_id, shortfall, transfer_id
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days
from tests.paying import complete, give_back, reserve, stop

KEY = AccountKey(PROGRAM_ID, make.CY, "USD")
steps = st.lists(
    st.tuples(st.sampled_from(("reserve", "complete", "give_back")), st.integers(1, 10**9)), max_size=12
)


def walk(plan: list[tuple[str, int]]) -> tuple[Head, list[Entry], list[Payout]]:
    """Take steps; finishing takes the oldest payout that waits, and none where none waits."""
    head, entries, payouts = Head(key=KEY), list[Entry](), list[Payout]()
    for number, (step, amount) in enumerate(plan):
        waiting = [payout for payout in payouts if payout.state is PayoutState.REQUESTED]
        if step == "reserve":
            movement = reserve(head, amount, f"pg.{number}", T0 + days(number))
        elif waiting:
            finish = complete if step == "complete" else give_back
            movement = finish(head, waiting[0], "detail", T0 + days(number))
            payouts.remove(waiting[0])
        else:
            continue
        head = movement.head
        entries.append(movement.entry)
        payouts.append(movement.payout)
    return head, entries, payouts


@given(steps)
def test_the_entries_lead_to_the_head(plan: list[tuple[str, int]]) -> None:
    head, entries, _ = walk(plan)
    assert head_of(KEY, entries) == head


@given(steps)
def test_what_was_taken_is_reserved_or_paid(plan: list[tuple[str, int]]) -> None:
    head, _, payouts = walk(plan)
    by_state = {
        state: sum(payout.amount_minor for payout in payouts if payout.state is state)
        for state in PayoutState
    }
    assert head.reserved_minor == by_state[PayoutState.REQUESTED]
    assert head.paid_minor == by_state[PayoutState.COMPLETED]
    assert head.taken_minor == head.reserved_minor + head.paid_minor
    assert min(head.taken_minor, head.reserved_minor, head.paid_minor) >= 0


@given(steps)
def test_the_postings_say_what_the_head_says(plan: list[tuple[str, int]]) -> None:
    head, entries, _ = walk(plan)
    changes = net(tuple(posting for entry in entries for posting in entry.postings))
    sums = {account.leaf: minor for (account, _), minor in changes.items()}
    assert sums.get(Leaf.PAYABLE, 0) == -head.taken_minor
    assert sums.get(Leaf.RESERVED, 0) == head.reserved_minor
    assert sums.get(Leaf.PAID, 0) == head.paid_minor


@given(steps)
def test_the_entries_are_a_chain_and_read_back(plan: list[tuple[str, int]]) -> None:
    _, entries, _ = walk(plan)
    previous = ""
    for number, entry in enumerate(entries, start=1):
        assert (entry.sequence, entry.previous_hash) == (number, previous)
        assert entry_from_dict(entry_to_dict(entry), KEY) == entry
        previous = entry.hash


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_available_is_what_the_pages_say_less_what_was_taken(payable: int, taken: int) -> None:
    assert available(payable, Head(key=KEY, taken_minor=taken)) == payable - taken


def test_an_entry_names_the_settlement_that_it_reserves_for_or_the_leg_that_it_is_about() -> None:
    first = reserve(Head(key=KEY), 1000, "pg.run", T0)
    paid = complete(first.head, first.payout, "", T0)
    assert (first.entry.purpose, paid.entry.purpose) == ("pg.run", transfer_id(first.payout, 1))


def test_edges_74_75_what_is_missing_to_the_minimum() -> None:
    terms = PayoutTerms(minimum_payout_minor=1000)
    assert [shortfall(minor, terms) for minor in (-5, 0, 999, 1000, 1001)] == [1005, 1000, 1, 0, 0]


def test_edge_79_a_settlements_payout_to_an_account_has_one_id() -> None:
    assert payout_id("pg.2026-12-10", KEY) == payout_id("pg.2026-12-10", replace(KEY))
    others = {
        payout_id("pg.2027-01-10", KEY),
        payout_id("pg.2026-12-10", replace(KEY, promoter_id=make.BO)),
        payout_id("pg.2026-12-10", replace(KEY, currency="EUR")),
        payout_id("pg.2026-12-10", replace(KEY, program_id="pg_other")),
    }
    assert len(others | {payout_id("pg.2026-12-10", KEY)}) == 5


def test_a_payout_that_failed_says_why_and_its_money_is_back() -> None:
    first = reserve(Head(key=KEY), 1000, "run", T0)
    back = give_back(first.head, first.payout, "account closed", T0 + days(1))
    assert (back.payout.state, back.payout.detail) == (PayoutState.FAILED, "account closed")
    assert (back.head.taken_minor, back.head.reserved_minor, back.entry.reason) == (
        0,
        0,
        EntryReason.RETURNED,
    )
    assert back.payout.id == first.payout.id


def test_an_entry_that_has_no_place_in_an_account_counts_for_nothing() -> None:
    """The proof compares heads also where somebody changed an entry's reason."""
    entry = replace(reserve(Head(key=KEY), 1000, "run", T0).entry, reason=EntryReason.ACCRUED)
    assert head_of(KEY, [entry]).taken_minor == 0


def test_edge_43_a_stopped_payouts_money_is_back() -> None:
    first = reserve(Head(key=KEY), 1000, "run", T0)
    back = stop(first.head, first.payout, "not sent: banned", T0 + days(1))
    assert (back.payout.state, back.payout.detail) == (PayoutState.STOPPED, "not sent: banned")
    assert (back.head.taken_minor, back.head.reserved_minor) == (0, 0)
    assert back.entry.payout_id == first.payout.id


@given(st.integers(-(10**9), 10**9).filter(bool))
def test_edge_50_handing_over_moves_a_balance_of_either_sign_and_loses_nothing(amount: int) -> None:
    other = replace(KEY, promoter_id=make.BO)
    giving, taking = hand_over(Head(key=KEY), Head(key=other, taken_minor=7), amount, T0)
    assert (giving.head.taken_minor, taking.head.taken_minor) == (amount, 7 - amount)
    assert {entry.reason for entry in (giving.entry, taking.entry)} == {EntryReason.MERGED}
    total = net((*giving.entry.postings, *taking.entry.postings))
    assert {str(account): minor for (account, _), minor in total.items() if minor} == {
        f"program/{PROGRAM_ID}/promoter/{make.CY}/payable": -amount,
        f"program/{PROGRAM_ID}/promoter/{make.BO}/payable": amount,
    }
    for step in (giving, taking):
        assert head_of(step.head.key, [step.entry]).taken_minor == (amount if step is giving else -amount)


def test_edge_8_writing_off_and_voiding_leave_nothing_payable() -> None:
    owes = Head(key=KEY, taken_minor=500)
    given_up = write_off(owes, 500, T0)
    assert (available(0, given_up.head), given_up.entry.reason) == (0, EntryReason.WRITTEN_OFF)
    (posting,) = given_up.entry.postings
    assert str(posting.source) == f"program/{PROGRAM_ID}/write_off"
    taken_back = void(Head(key=KEY), 300, T0)
    assert (available(300, taken_back.head), taken_back.entry.reason) == (0, EntryReason.VOIDED)
    (posting,) = taken_back.entry.postings
    assert (posting.destination.leaf, posting.source.leaf) == (Leaf.COMMISSION, Leaf.PAYABLE)
