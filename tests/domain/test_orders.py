"""Orders: one order, whatever order its facts arrived in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome, Payment, Refund, RefundLine
from grapevine.domain.orders import fold
from tests import builders as make
from tests.builders import T0, days, minutes
from tests.strategies import PATIENT, order_facts

KEY = OrderKey("sf", "1")
OTHER_CLICK = "9" * 22 + "-" + "9" * 20
PAID = make.fact(FactKind.PAID, minutes(1))


def body(at: float, **told: object) -> Fact:
    return make.fact(FactKind.EDITED, minutes(at), snapshot=make.snapshot(**told))


def units_back(refund_id: str, line_id: str, units: int, subtotal: int) -> Fact:
    part = RefundLine(line_id=line_id, quantity_milli=units * 1000, subtotal_minor=subtotal)
    return make.fact(
        FactKind.REFUNDED, minutes(60), refunds=(Refund(id=refund_id, created_at=T0, lines=(part,)),)
    )


@given(order_facts(KEY), st.data())
@settings(PATIENT, max_examples=40)
def test_permuting_and_repeating_facts_changes_nothing(facts: tuple[Fact, ...], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    assert fold(data.draw(st.permutations([*facts, *repeats]))) == fold(facts)


@given(order_facts(KEY))
@settings(PATIENT, max_examples=40)
def test_what_goes_back_is_never_more_than_the_base(facts: tuple[Fact, ...]) -> None:
    order = fold(facts)
    assert all(0 <= item.refunded_minor <= item.line.net_minor for item in order.lines)
    assert 0 <= order.refunded_minor <= order.base_minor


def test_nothing_known_is_an_order_that_earns_nothing() -> None:
    order = fold(())
    assert (order.placed_at, order.paid_at, order.lines, order.payment) == (None, None, (), Payment.PENDING)
    assert not order.earns
    assert order.problems == ()


def test_a_missing_key_says_nothing() -> None:
    told = make.fact(FactKind.EDITED, days(1), snapshot=replace(make.snapshot(), lines=None, payment=None))
    assert fold((PAID, told)).lines == fold((PAID,)).lines
    assert fold((PAID, told)).earns


def test_of_one_instant_the_further_financial_state_is_the_later() -> None:
    pending = make.fact(FactKind.PLACED, minutes(1), snapshot=make.snapshot(payment=Payment.PENDING))
    assert fold((pending, PAID)).earns
    assert fold((PAID, pending)).earns


def test_of_one_instant_and_state_the_body_with_more_refunds_is_the_later() -> None:
    lines = (make.line("a", 500),)
    more = make.fact(
        FactKind.EDITED,
        minutes(1),
        snapshot=make.snapshot(lines=lines),
        refunds=(make.refund("r", ("a", 1)),),
    )
    for facts in ((PAID, more), (more, PAID)):
        assert fold(facts).base_minor == 500


def test_edge_14_paid_failed_paid_again_earns() -> None:
    failed = body(10, payment=Payment.PENDING)
    again = body(20, payment=Payment.PAID)
    assert not fold((PAID, failed)).earns
    assert fold((PAID, failed, again)).earns
    assert fold((PAID, failed, again)).paid_at == PAID.version


def test_edge_13_cancelled_is_for_good() -> None:
    cancelled = body(10, cancelled_at=T0 + minutes(10))
    assert not fold((PAID, cancelled)).earns
    assert not fold((PAID, cancelled, body(20))).earns


def test_edge_4_a_refund_waits_for_its_order() -> None:
    refund = make.refunded("r1", minutes(60), ("a", 2_345))
    assert fold((refund,)).refunded_minor == 0
    assert not fold((refund,)).earns
    assert fold((refund, PAID)).refunded_minor == 2_345


def test_edge_5_a_refund_told_again_counts_once() -> None:
    refund = make.refund("r1", ("a", 2_345))
    alone = make.fact(FactKind.REFUNDED, minutes(60), refunds=(refund,))
    again = make.fact(FactKind.EDITED, minutes(61), refunds=(refund,))
    assert fold((PAID, alone, again)).refunded_minor == 2_345
    assert fold((PAID, alone, again)).refund_ids == ("r1",)


@pytest.mark.parametrize("first", [True, False])
def test_of_two_tellings_of_a_refund_the_longer_counts(*, first: bool) -> None:
    long = make.refunded("r1", minutes(60 if first else 90), ("a", 100), ("b", 50))
    short = make.refunded("r1", minutes(90 if first else 60), ("a", 700))
    assert fold((PAID, long, short)).refunded_minor == 150


def test_of_two_tellings_of_one_length_the_later_counts() -> None:
    early, late = make.refunded("r1", minutes(60), ("a", 100)), make.refunded("r1", minutes(90), ("a", 700))
    assert fold((PAID, late, early)).refunded_minor == 700


def test_more_refunded_than_paid_is_all_of_it() -> None:
    refund = make.refunded("r1", minutes(60), ("a", 99_999), ("a", 1), ("b", 3_334), ("nowhere", 5))
    assert fold((PAID, refund)).refunded_minor == fold((PAID,)).base_minor


def test_edge_21_where_tax_is_inside_the_units_decide() -> None:
    line = make.line("a", 10_000, quantity_milli=4000, tax_minor=1_600)
    paid = make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(line,)))
    for subtotal in (2_100, 2_500, 10_000):
        assert fold((paid, units_back("r", "a", 1, subtotal))).refunded_minor == 2_100
    assert fold((paid, units_back("r", "a", 4, 10_000))).refunded_minor == 8_400
    assert fold((paid, units_back("r", "a", 9, 10_000))).refunded_minor == 8_400
    assert fold((paid, units_back("r", "a", 1, 0))).refunded_minor == 0
    three = [units_back(f"r{n}", "a", 1, 2_500) for n in range(3)]
    assert fold((paid, *three)).refunded_minor == 6_300


def test_edge_10_a_refund_without_lines_takes_no_commission_back() -> None:
    assert fold((PAID, make.refunded("r1", minutes(60)))).refunded_minor == 0


def test_receipt_is_the_earliest_payment_too() -> None:
    facts = (
        body(50, received_at=T0 + days(3)),
        body(60, received_at=T0 + days(5)),
        body(5, payment=Payment.PARTIALLY_REFUNDED),
    )
    assert fold(facts).received_at == T0 + days(3)
    assert fold((PAID, *facts)).paid_at == PAID.version


def test_the_latest_verdict_counts_and_of_one_instant_the_most_severe() -> None:
    allow, block = make.verdict(Outcome.ALLOW), make.verdict(Outcome.BLOCK)
    later = make.verdict(Outcome.ALLOW, minutes(5))
    found = [
        fold(facts).verdict for facts in ((allow, block), (block, allow), (block, later), (later, block))
    ]
    assert [verdict.outcome for verdict in found if verdict] == [
        *(Outcome.BLOCK, Outcome.BLOCK),
        *(Outcome.ALLOW, Outcome.ALLOW),
    ]


def test_edge_23_the_click_is_the_one_named_last_while_the_grace_lasts() -> None:
    assert fold((PAID, body(59, click_id=OTHER_CLICK))).click_id == OTHER_CLICK
    assert fold((PAID, body(60, click_id=OTHER_CLICK))).click_id == OTHER_CLICK
    assert fold((PAID, body(61, click_id=OTHER_CLICK))).click_id == make.CLICK_ID
    assert fold((PAID, body(60 * 24 * 20, click_id=OTHER_CLICK))).click_id == make.CLICK_ID


def test_a_click_that_only_late_bodies_name_is_the_first_named() -> None:
    silent = make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(click_id=None))
    late, later = body(120), body(180, click_id=OTHER_CLICK)
    for facts in ((silent, late, later), (later, late, silent)):
        assert fold(facts).click_id == make.CLICK_ID


def test_edge_91_one_body_that_says_test_makes_it_one() -> None:
    assert fold((PAID, body(5, test=True), body(9))).test


def test_what_no_body_tells_is_named() -> None:
    bare = make.fact(
        FactKind.PAID, snapshot=replace(make.snapshot(), lines=None, currency=None, placed_at=None)
    )
    assert fold((bare,)).untold == ("its lines", "its currency", "when it was placed")
    assert fold((bare, PAID)).untold == ()


def test_bodies_in_two_currencies_are_a_problem_in_any_order() -> None:
    """One's lines and the other's name would count euros as dollars."""
    euros = make.fact(FactKind.PAID, snapshot=make.snapshot(currency="EUR"))
    dollars = make.fact(FactKind.EDITED, minutes(5), snapshot=replace(make.snapshot(), lines=None))
    for facts in ((euros, dollars), (dollars, euros)):
        assert fold(facts).problems == ("told in EUR and in USD",)


def test_a_problem_stands_until_a_body_tells_the_whole_order() -> None:
    broken = make.fact(FactKind.EDITED, minutes(30), snapshot=None, problem="line_items[0].price: missing")
    assert fold((PAID, broken)).problems == (broken.problem,)
    assert fold((PAID, broken, body(40))).problems == ()
    assert fold((PAID, broken, body(40, lines=None))).problems == (broken.problem,)


def test_a_refunds_problem_stays() -> None:
    broken = make.fact(FactKind.REFUNDED, minutes(30), problem="needs_fetch: a refund without lines")
    assert fold((PAID, broken, body(40))).problems == (broken.problem,)
