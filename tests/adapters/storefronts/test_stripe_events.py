"""Stripe's events: what a session sold, what went back, what is in dispute."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import WHOLE_ORDER, Component, FactKind, Line, Payment, Refund, RefundLine
from grapevine.ports import Ignored, NeedsFetch, Reading
from tests import builders as make
from tests.adapters.storefronts.stripe_bodies import STRIPE, event, events, reading, snapshot


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def line_of(name: str) -> Line:
    lines = snapshot(event(name)).lines
    assert lines is not None
    (line,) = lines
    return line


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_that_is_paid() -> None:
    read = reading(event("session_completed"))

    assert (read.order_id, read.kind, read.version) == ("pi_3loom1001", FactKind.PAID, at(11, 9, 1))
    assert read.customer_email == "ada@shop.example"
    told = snapshot(event("session_completed"))
    assert (told.placed_at, told.payment, told.currency) == (at(11), Payment.PAID, "USD")
    assert told.click_id == make.CLICK_ID
    assert told.coupon_codes == ("promo_1loomCY10",)
    assert told.test is False
    assert told.tenders == ()


def test_all_items_are_one_line_and_tax_is_what_the_total_has_beside_them() -> None:
    """150.00 less 15.00, 4.90 for shipping, 1.00 tax: 140.90."""
    line = line_of("session_completed")

    assert (line.id, line.quantity_milli) == ("total", 1000)
    assert (line.gross_minor, line.discount_minor, line.tax_minor, line.added_tax_minor) == (
        150_00,
        15_00,
        0,
        1_00,
    )
    assert line.base_minor == 135_00


def test_shipping_is_beside_the_items() -> None:
    charges = snapshot(event("session_completed")).charges
    assert charges is not None

    assert [(line.id, line.component, line.gross_minor) for line in charges] == [
        ("shipping", Component.SHIPPING, 4_90)
    ]


def test_tax_inside_the_price_is_taken_out_of_the_base() -> None:
    """119.00 with 19.00 of tax in it, 5.95 for shipping with 0.95 in it."""
    line = line_of("session_with_tax_inside")

    assert (line.tax_minor, line.added_tax_minor, line.base_minor) == (19_00, 0, 100_00)


def test_a_currency_without_decimals() -> None:
    assert line_of("session_in_yen").base_minor == 1080


def test_a_currency_to_which_stripe_gives_decimals_that_it_does_not_have() -> None:
    """120000 of Stripe's are 1200 krónur."""
    assert line_of("session_in_kronur").base_minor == 1200
    assert reading(event("session_in_kronur", amount_subtotal=120050)).problem == (
        "amount_subtotal: more than 0 decimals of ISK"
    )


@pytest.mark.parametrize(
    ("currency", "stripes", "ours"),
    [("mga", 5, 5_00), ("kwd", 1_230, 1_230), ("ugx", 5_00, 5), ("huf", 10_45, 10_45), ("krw", 7, 7)],
)
def test_currencies_that_are_easily_mistaken(currency: str, stripes: int, ours: int) -> None:
    told = snapshot(
        event(
            "session_in_yen",
            currency=currency,
            amount_subtotal=stripes,
            amount_total=stripes,
            total_details=None,
        )
    )

    assert told.lines is not None
    assert [line.gross_minor for line in told.lines] == [ours]


def test_money_that_is_on_its_way_is_waited_for() -> None:
    read = reading(event("session_completed_unpaid"))

    assert read.kind is FactKind.PLACED
    assert snapshot(event("session_completed_unpaid")).payment is Payment.PENDING
    assert snapshot(event("session_async_succeeded")).payment is Payment.PAID
    assert snapshot(event("session_async_failed")).payment is Payment.VOIDED
    assert reading(event("session_async_failed")).kind is FactKind.CANCELLED


def test_what_was_free_is_named_by_its_session() -> None:
    read = reading(event("session_free"))

    assert read.order_id == "cs_a1loom000000000000000000000000000000000000000000000000000001"
    assert len(read.order_id) <= 64
    assert (snapshot(event("session_free")).payment, line_of("session_free").base_minor) == (Payment.PAID, 0)


def test_a_subscription_is_named_by_its_first_invoice() -> None:
    first = event(
        "session_completed", mode="subscription", payment_intent=None, invoice="in_1", subscription="sub_1"
    )

    assert reading(first).order_id == "in_1"


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("session_expired", {}, "a session that ran out was never an order"),
        ("session_completed", {"mode": "setup"}, "a session that keeps a card sells nothing"),
        ("session_completed", {"status": "open"}, "a session that nobody completed is no order"),
    ],
)
def test_sessions_that_are_no_orders(name: str, changes: dict[str, object], reason: str) -> None:
    assert events(event(name, **changes)) == (Ignored(reason=reason),)


def test_edge_91_what_is_not_live_is_a_test_order() -> None:
    assert snapshot(event("session_in_test_mode")).test is True
    refund = reading(event("charge_refunded", livemode=False))
    assert refund.snapshot
    assert refund.snapshot.test is True


def test_the_merchant_may_name_the_product_the_code_and_the_click() -> None:
    said = {"gv_product": "prod_loomband", "gv_coupon": "CY-10", "gv_click": make.CLICK_ID}
    told = snapshot(event("session_completed", metadata=said, client_reference_id="cart 17"))

    assert told.lines is not None
    assert [line.product_id for line in told.lines] == ["prod_loomband"]
    assert told.coupon_codes == ("CY-10", "promo_1loomCY10")
    assert told.click_id == make.CLICK_ID


# --- lines that are fetched ----------------------------------------------------------------------


def test_a_session_whose_lines_are_wanted_waits_for_them() -> None:
    read, fetch = events(event("session_whose_lines_are_wanted"))

    assert isinstance(read, Reading)
    assert read.snapshot
    assert (read.snapshot.lines, read.snapshot.coupon_codes) == (None, None)
    assert fetch == NeedsFetch(order_id="pi_3loom1001", reason="a session without its lines")


def test_a_session_that_was_fetched_tells_them_with_the_code_as_it_is_typed() -> None:
    (event_,) = events(event("session_fetched"))

    assert event_ == reading(event("session_fetched"))
    told = snapshot(event("session_fetched"))
    assert told.lines is not None
    assert [
        (line.id, line.product_id, line.sku, line.quantity_milli, line.base_minor, line.added_tax_minor)
        for line in told.lines
    ] == [
        ("li_1loomA", "prod_loomband", "BAND", 2000, 90_00, 67),
        ("li_1loomB", "prod_loomkit", None, 1000, 45_00, 33),
    ]
    assert told.coupon_codes == ("CY-10",)
    assert reading(event("session_fetched")).refunds == (back("ch_3loom1001", at(11, 9, 5), 0),)


def test_lines_that_are_not_all_there_wait_for_a_person() -> None:
    assert reading(event("session_fetched", line_items={"data": [], "has_more": True})).problem == (
        "line_items.has_more: not all of its lines"
    )


# --- what went back ------------------------------------------------------------------------------


def back(name: str, when: datetime, minor: int) -> Refund:
    whole = RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=minor)
    return Refund(id=name, created_at=when, lines=(whole,))


def test_a_charge_tells_all_that_went_back_so_far_under_its_own_name() -> None:
    first, second = reading(event("charge_partly_refunded")), reading(event("charge_refunded_more"))

    assert first.order_id == "pi_3loom1001"
    assert first.kind is FactKind.REFUNDED
    assert first.refunds == (back("ch_3loom1001", at(14), 40_90),)
    assert second.refunds == (back("ch_3loom1001", at(14), 90_90),)
    # Both happened within one second.
    assert first.version < second.version < at(14, 9, 1)


def test_a_refund_that_failed_is_asked_about() -> None:
    assert events(event("refund_failed")) == (NeedsFetch(order_id="pi_3loom1001", reason="a refund failed"),)
    assert events(event("refund_failed", status="succeeded")) == (
        Ignored(reason="the charge tells what went back"),
    )


@pytest.mark.parametrize("name", ["charge_refunded", "refund_failed", "dispute_created"])
def test_charges_that_are_not_from_checkout_are_not_ours(name: str) -> None:
    assert events(event(name, payment_intent=None)) == (
        Ignored(reason="a charge without a payment intent is not from Checkout"),
    )


def test_a_dispute_takes_its_amount_until_it_is_won() -> None:
    assert reading(event("dispute_created")).refunds == (back("dp_1loom", at(17), 140_90),)
    assert reading(event("dispute_lost")).refunds == (back("dp_1loom", at(20), 140_90),)
    assert reading(event("dispute_won")).refunds == (back("dp_1loom", at(20), 0),)
    assert reading(event("dispute_lost", status="charge_refunded")).refunds == (back("dp_1loom", at(20), 0),)


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_closed", "prevented"])
def test_an_inquiry_takes_nothing(status: str) -> None:
    assert events(event("dispute_inquiry", status=status)) == (Ignored(reason="an inquiry takes no money"),)


# --- what cannot be right ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"currency": "xxx"}, "currency: unknown currency 'XXX'"),
        ({"currency": None}, "currency: missing"),
        ({"amount_total": None}, "amount_total: missing"),
        ({"amount_total": 140.9}, "amount_total: not a whole number"),
        ({"amount_total": "14090"}, "amount_total: not a whole number"),
        ({"amount_total": -1}, f"amount_total: must be 0 to {10**15}"),
        ({"amount_total": 99999}, "amount_total: is not what its parts add up to"),
        ({"amount_total": 13000}, "amount_total: is not what its parts add up to"),
        ({"payment_status": "maybe"}, "payment_status: unknown 'maybe'"),
        ({"payment_status": None}, "payment_status: missing"),
        ({"created": "now"}, "created: not a whole number"),
        ({"line_items": {"data": [{"id": "li 1"}]}}, "line_items.data[0].amount_subtotal: missing"),
    ],
)
def test_what_cannot_be_right_waits_for_a_person(changes: dict[str, object], what: str) -> None:
    assert reading(event("session_completed", **changes)).problem == what


def test_what_does_not_add_up_is_kept_beside_the_problem() -> None:
    read = reading(event("session_completed", amount_total=13000))

    assert read.snapshot
    assert read.snapshot.lines
    assert read.snapshot.lines[0].gross_minor == 150_00


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (event("session_completed") | {"created": None}, "created: missing"),
        (event("session_completed") | {"created": 10**12}, "created: must be"),
        (event("session_completed", payment_intent="pi 1"), "payment_intent: not a name"),
        (event("session_completed", payment_intent=None, id=None), "id: missing"),
        (event("charge_refunded", payment_intent="ü"), "payment_intent: not a name"),
    ],
)
def test_without_a_name_or_an_instant_it_is_malformed(values: dict[str, object], where: str) -> None:
    with pytest.raises(MalformedBodyError, match=where):
        events(values)


def test_other_events_are_nothing_for_us() -> None:
    assert events(event("session_completed") | {"type": "invoice.paid"}) == (
        Ignored(reason="not an event of ours"),
    )
    assert STRIPE.normalise(b"{}", "") == (Ignored(reason="no event"),)
