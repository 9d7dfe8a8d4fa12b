from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import FactKind, Refund, RefundLine
from tests.adapters.storefronts.shopify_bodies import money, normalised, order, problem, refund, refund_line

CREATED = datetime(2026, 11, 12, 10, tzinfo=UTC)
PROCESSED = datetime(2026, 11, 12, 11, tzinfo=UTC)
CREATE = "refunds/create"


def read(body: dict[str, Any]) -> Refund:
    reading = normalised(body, CREATE)
    assert reading.problem is None
    assert reading.snapshot is None
    (one,) = reading.refunds
    return one


def test_a_refund_is_a_fact_of_its_order() -> None:
    reading = normalised(refund(), CREATE)

    assert (reading.order_id, reading.kind, reading.version) == (
        "9007199254740993",
        FactKind.REFUNDED,
        PROCESSED,
    )
    assert reading.refunds == (
        Refund(
            id="61",
            created_at=CREATED,
            lines=(RefundLine(line_id="11", quantity_milli=1000, subtotal_minor=2000),),
        ),
    )


def test_a_refund_without_its_processing_has_the_instant_of_its_creation() -> None:
    assert normalised(refund(processed_at=None), CREATE).version == CREATED


def test_the_refunds_in_an_order_are_the_same_ones() -> None:
    assert normalised(order(refunds=[refund()])).refunds == (read(refund()),)


def test_a_refund_of_shipping_alone_takes_nothing_from_a_line() -> None:
    body = refund(order_adjustments=[{"kind": "shipping_refund", "amount": "-5.00"}], refund_line_items=[])

    assert read(body).lines == ()


def test_a_transaction_larger_than_its_lines_takes_only_what_the_lines_say() -> None:
    body = refund(refund_line(amount="0.00"), transactions=[{"kind": "refund", "amount": "41.94"}])

    assert read(body).lines[0].subtotal_minor == 0


def test_the_set_says_the_amount_to_the_cent() -> None:
    assert read(refund(refund_line(amount="195.66"))).lines[0].subtotal_minor == 19566


@pytest.mark.parametrize(
    ("number", "minor"),
    [(195.66, 19566), (0.0, 0), (7, 700), (12.345, 1234), (12.355, 1236), (12.3451, 1235)],
)
def test_a_json_number_is_rounded_half_to_even(number: float, minor: int) -> None:
    body = refund(refund_line(subtotal=number, subtotal_set=None), total_duties_set=money("0.00", "USD"))

    assert read(body).lines[0].subtotal_minor == minor


def test_a_wrapped_refund_is_unwrapped() -> None:
    assert normalised({"refund": refund()}, CREATE) == normalised(refund(), CREATE)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (
            refund(refund_line(amount="-1.00")),
            "refund_line_items[0].subtotal_set.shop_money.amount: negative",
        ),
        (refund(refund_line(quantity=-1)), "refund_line_items[0].quantity: must be 0 to 1000000"),
        (refund(refund_line(line_item_id=None)), "refund_line_items[0].line_item_id: missing"),
        (refund(id=None), "id: missing"),
        (refund(created_at=None, processed_at=None), "created_at: missing"),
        (refund(refund_line_items=None), "needs_fetch: a refund without refund_line_items"),
        (
            refund(refund_line(subtotal=None, subtotal_set=None), total_duties_set=money("0.00")),
            "needs_fetch: no refund_line_items[0].subtotal",
        ),
        (refund(refund_line(subtotal_set=None)), "needs_fetch: no refund_line_items[0].subtotal"),
    ],
)
def test_an_impossible_refund_is_a_problem_with_its_place(body: dict[str, Any], where: str) -> None:
    assert problem(body, CREATE).startswith(where)


def test_a_refund_in_another_currency_than_its_order_is_a_problem() -> None:
    foreign = refund(refund_line(subtotal_set=money("1.00", "EUR")))

    where = "refunds[0].refund_line_items[0].subtotal_set.shop_money: in EUR, the order is in USD"
    assert problem(order(refunds=[foreign])) == where


@pytest.mark.parametrize("order_id", [None, "x", 0.5])
def test_a_refund_that_names_no_order_is_malformed(order_id: object) -> None:
    with pytest.raises(MalformedBodyError, match=r"^order_id: "):
        normalised(refund(order_id=order_id), CREATE)
