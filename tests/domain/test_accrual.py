"""Accrual: from what stands to what should, balanced, and never without looking again in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.accounts import Account, Leaf, Posting, commission_account, net, promoter_account
from grapevine.domain.accrual import Placement, hold_end, next_entry, placement
from grapevine.domain.balancing import balancing
from grapevine.domain.candidates import Reason, touch_of
from grapevine.domain.decisions import Decision, decide, pending
from grapevine.domain.earnings import earned_by_promoter, levels
from grapevine.domain.entries import Entry, EntryReason, standing
from grapevine.domain.facts import Fact, FactKind, Outcome, Payment
from grapevine.domain.orders import Order, fold
from grapevine.domain.plans import HoldAnchor, Plan
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days, minutes

LEAVES = (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED)
PEOPLE = {p.id: p for p in (make.promoter(make.ANA), make.promoter(make.BO, make.ANA))}
owners = st.sampled_from((make.ANA, make.BO, make.CY))
accounts = st.builds(promoter_account, st.just(PROGRAM_ID), owners, st.sampled_from(LEAVES))
amounts = st.dictionaries(
    st.tuples(accounts, st.just("USD")), st.integers(-(10**6), 10**6).filter(bool), max_size=6
)
Amounts = Mapping[tuple[Account, str], int]


@given(amounts, amounts)
def test_postings_lead_from_what_stands_to_what_should(current: Amounts, wanted: Amounts) -> None:
    changes = net(balancing(current, wanted, PROGRAM_ID))
    rest = commission_account(PROGRAM_ID), "USD"
    for key in {*current, *wanted, *changes} - {rest}:
        assert current.get(key, 0) + changes.get(key, 0) == wanted.get(key, 0)
    assert changes.get(rest, 0) == sum(current.values()) - sum(wanted.values())


@given(amounts, amounts)
def test_there_are_no_more_postings_than_needed(current: Amounts, wanted: Amounts) -> None:
    postings = balancing(current, wanted, PROGRAM_ID)
    for owner in {account.owner for account, _ in (*current, *wanted)}:
        mine = [leg for leg in postings if owner in (leg.source.owner, leg.destination.owner)]
        keys = {key for key in (*current, *wanted) if key[0].owner == owner}
        assert len(mine) <= sum(current.get(key, 0) != wanted.get(key, 0) for key in keys)
    assert len(set(postings)) == len(postings)
    assert balancing(wanted, wanted, PROGRAM_ID) == ()


@given(amounts, amounts)
def test_two_writers_build_the_same_postings(current: Amounts, wanted: Amounts) -> None:
    assert balancing(turned(current), turned(wanted), PROGRAM_ID) == balancing(current, wanted, PROGRAM_ID)


def turned(amounts: Amounts) -> Amounts:
    return dict(reversed(list(amounts.items())))


def test_money_moves_within_a_promoter_first() -> None:
    held, payable = (promoter_account(PROGRAM_ID, make.CY, leaf) for leaf in (Leaf.HELD, Leaf.PAYABLE))
    found = balancing({(held, "USD"): 1000}, {(payable, "USD"): 900}, PROGRAM_ID)
    assert [(leg.source.leaf, leg.destination.leaf, leg.amount.minor) for leg in found] == [
        (Leaf.HELD, Leaf.PAYABLE, 900),
        (Leaf.HELD, Leaf.COMMISSION, 100),
    ]


def test_the_hold_is_counted_from_receipt_else_from_payment() -> None:
    plan = make.plan(hold_days_after_receipt=7, hold_days_after_payment=30)
    order = paid_order()
    assert hold_end(order, plan) == T0 + minutes(1) + days(30)
    assert hold_end(replace(order, received_at=T0 + days(2)), plan) == T0 + days(9)
    assert hold_end(replace(order, received_at=T0 + days(60)), plan) == T0 + days(67)
    assert hold_end(replace(order, paid_at=None), plan) is None
    always = replace(plan, hold_anchor=HoldAnchor.PAYMENT)
    assert hold_end(replace(order, received_at=T0 + days(2)), always) == T0 + minutes(1) + days(30)


def paid_order(*facts: Fact) -> Order:
    return fold((make.fact(FactKind.PAID, minutes(1)), *facts))


def decided(order: Order, plan: Plan) -> Decision:
    touch = touch_of(make.click(promoter_id=make.BO), PROGRAM_ID)
    return decide(order, T0, plan, (touch,), PEOPLE)


PLAN = make.plan(1000, 300, hold_days_after_payment=30, screening_days=3)
TERMS = make.terms(PLAN)
HOLD_ENDS = T0 + minutes(1) + days(30)
RELEASED = Entry(
    key=make.ORDER,
    sequence=1,
    program_id=PROGRAM_ID,
    reason=EntryReason.RELEASED,
    postings=(),
    recorded_at=T0,
    released=True,
)


def place(order: Order, now: datetime, *entries: Entry, earns: bool = True) -> Placement:
    return placement(order, decided(order, PLAN), TERMS, entries, earns, now)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("outcome", "now", "leaf", "due_at"),
    [
        (None, T0, Leaf.HELD, HOLD_ENDS),
        (None, HOLD_ENDS - SECOND, Leaf.HELD, HOLD_ENDS),
        (None, HOLD_ENDS, Leaf.HELD, HOLD_ENDS + days(3)),
        (None, HOLD_ENDS + days(3) - SECOND, Leaf.HELD, HOLD_ENDS + days(3)),
        (None, HOLD_ENDS + days(3), Leaf.PAYABLE, None),
        (Outcome.ALLOW, HOLD_ENDS - SECOND, Leaf.HELD, HOLD_ENDS),
        (Outcome.ALLOW, HOLD_ENDS, Leaf.PAYABLE, None),
        (Outcome.REVIEW, HOLD_ENDS + days(99), Leaf.HELD, None),
        (Outcome.BLOCK, HOLD_ENDS + days(99), Leaf.BLOCKED, None),
    ],
)
def test_where_commissions_belong(
    outcome: Outcome | None, now: datetime, leaf: Leaf, due_at: datetime | None
) -> None:
    order = paid_order(*((make.verdict(outcome),) if outcome else ()))
    assert place(order, now) == Placement(leaf, released=leaf is Leaf.PAYABLE, due_at=due_at)


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_what_was_released_stays_payable(outcome: Outcome | None) -> None:
    order = paid_order(*((make.verdict(outcome),) if outcome else ()))
    assert place(order, T0 + days(1), RELEASED) == Placement(Leaf.PAYABLE, released=True, due_at=None)


def test_an_order_that_nobody_earns_from_is_not_looked_at_again() -> None:
    nothing = Placement(Leaf.HELD, released=False, due_at=None)
    assert place(paid_order(), T0 + minutes(60), earns=False) == nothing


def test_another_touch_may_come_until_the_grace_period_ends() -> None:
    again = Placement(Leaf.HELD, released=False, due_at=T0 + minutes(60))
    assert place(paid_order(), T0 + minutes(59), earns=False) == again


@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize("entries", [(), (RELEASED,)])
@pytest.mark.parametrize(
    ("reason", "due_at"),
    [(Reason.CLICK_PENDING, T0 + minutes(60)), (Reason.RATE_PENDING, T0 + minutes(2) + days(1))],
)
def test_what_is_pending_is_looked_at_again_whatever_else_is_known(
    outcome: Outcome | None, entries: tuple[Entry, ...], reason: Reason, due_at: datetime
) -> None:
    """Also when the order is blocked, or was released before it named this click."""
    order = paid_order(*((make.verdict(outcome),) if outcome else ()))
    found = placement(order, pending(order, PLAN, reason), TERMS, entries, earns=False, now=T0 + minutes(2))
    assert found.due_at == due_at
    assert found.released == bool(entries)


def test_an_order_that_we_hear_of_late_is_screened_before_anybody_is_paid() -> None:
    heard = T0 + days(60)
    order = fold((make.fact(FactKind.PAID, minutes(1), recorded_at=heard),))
    assert place(order, heard) == Placement(Leaf.HELD, released=False, due_at=heard + days(3))
    assert place(order, heard + days(3)).released


def test_earned_amounts_are_by_promoter_without_nothing() -> None:
    order = paid_order()
    assert earned_by_promoter(order, decided(order, PLAN), TERMS) == {make.BO: 1333, make.ANA: 400}
    one_level = make.plan(1000, 0)
    assert earned_by_promoter(order, decided(order, one_level), make.terms(one_level)) == {make.BO: 1333}


@pytest.mark.parametrize(
    "changes", [{"cancelled_at": T0}, {"test": True}, {"payment": Payment.VOIDED}, {"lines": ()}]
)
def test_an_order_that_does_not_count_earns_nothing(changes: dict[str, object]) -> None:
    order = replace(paid_order(), **changes)  # type: ignore[arg-type]
    assert earned_by_promoter(order, decided(order, PLAN), TERMS) == {}


def test_edge_91_a_sandbox_earns_from_test_orders_alone() -> None:
    sandbox = make.terms(PLAN, sandbox=True)
    order = paid_order()
    assert earned_by_promoter(order, decided(order, PLAN), sandbox) == {}
    assert earned_by_promoter(replace(order, test=True), decided(order, PLAN), sandbox)


def test_levels_are_the_promoters_in_their_order() -> None:
    order = paid_order()
    found = levels(order, decided(order, PLAN), TERMS)
    assert [(number, name, level.rate_bps) for number, name, level in found] == [
        (1, make.BO, 1000),
        (2, make.ANA, 300),
    ]


def entry_after(*entries: Entry, facts: tuple[Fact, ...], now: datetime) -> Entry | None:
    order = fold(facts)
    return next_entry(make.ORDER, order, decided(order, PLAN), entries, facts, TERMS, now)


def test_the_same_again_posts_nothing_and_the_next_one_follows() -> None:
    paid = make.fact(FactKind.PAID, minutes(1))
    first = entry_after(facts=(paid,), now=T0 + minutes(2))
    assert first
    assert (first.sequence, first.previous_hash, first.covers, first.facts) == (1, "", 1, (paid.digest,))
    assert entry_after(first, facts=(paid,), now=T0 + minutes(3)) is None
    refund = make.refunded("r1", minutes(60), ("a", 100))
    second = entry_after(first, facts=(paid, refund), now=T0 + minutes(61))
    assert second
    assert (second.sequence, second.previous_hash, second.covers) == (2, first.hash, 2)
    assert (second.decision, second.facts) == (None, (refund.digest,))


def test_the_next_look_is_armed_again_when_it_came_and_nothing_could_be_done() -> None:
    paid = make.fact(FactKind.PAID, minutes(1))
    first = entry_after(facts=(paid,), now=T0 + minutes(2))
    assert first
    assert entry_after(first, facts=(paid,), now=HOLD_ENDS - SECOND) is None
    again = entry_after(first, facts=(paid,), now=HOLD_ENDS)
    assert again
    assert (again.postings, again.due_at) == ((), HOLD_ENDS + days(3))


def test_an_earlier_look_is_armed_and_a_later_one_waits_for_the_earlier() -> None:
    paid = make.fact(FactKind.PAID, minutes(1))
    first = entry_after(facts=(paid,), now=T0 + minutes(2))
    assert first
    soon, late = (
        make.fact(FactKind.RECEIVED, minutes(5), snapshot=make.snapshot(received_at=T0 + days(number)))
        for number in (2, 25)
    )
    armed = entry_after(first, facts=(paid, soon), now=T0 + days(3))
    assert armed
    assert (armed.postings, armed.due_at) == ((), T0 + days(9))
    assert entry_after(first, facts=(paid, late), now=T0 + days(26)) is None


def test_a_posting_never_has_the_program_on_both_sides() -> None:
    paid = make.fact(FactKind.PAID, minutes(1))
    first = entry_after(facts=(paid,), now=T0 + minutes(2))
    assert first
    legs: tuple[Posting, ...] = first.postings
    assert all(leg.source == commission_account(PROGRAM_ID) for leg in legs)
    assert sum(standing((first,)).values()) == 0
