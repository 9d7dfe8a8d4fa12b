"""WooCommerce's orders: what a body means, each oddity that shops were seen to send."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import (
    WHOLE_ORDER,
    Component,
    FactKind,
    Payment,
    Refund,
    RefundLine,
    Tender,
    TenderKind,
)
from grapevine.ports import Ignored, NeedsFetch
from tests import builders as make
from tests.adapters.storefronts.woo_bodies import body, events, problem, reading, snapshot


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def cells(name: str) -> list[tuple[str, str | None, str | None, int, int, int, int]]:
    """Return the lines of a fixture: id, product, SKU, thousandths, before and off, tax on top."""
    lines = snapshot(body(name)).lines
    assert lines is not None
    return [
        (
            line.id,
            line.product_id,
            line.sku,
            line.quantity_milli,
            line.gross_minor,
            line.discount_minor,
            line.added_tax_minor,
        )
        for line in lines
    ]


# --- lines ---------------------------------------------------------------------------------------


def test_an_order_with_a_coupon() -> None:
    read = reading(body("order_with_coupon"))
    assert read.snapshot
    assert (read.order_id, read.kind, read.version) == ("4711", FactKind.PAID, at(11, 9, 1))
    assert read.customer_email == "ada@shop.example"
    assert cells("order_with_coupon") == [
        ("11", "501", "LOOM", 1000, 50_00, 5_00, 8_55),
        ("12", "502", None, 2000, 25_00, 2_50, 4_28),
    ]
    assert read.snapshot.placed_at == at(11)
    assert read.snapshot.payment is Payment.PAID
    assert read.snapshot.currency == "EUR"
    assert read.snapshot.coupon_codes == ("cy-10",)
    assert read.snapshot.click_id == make.CLICK_ID
    assert read.snapshot.referrer == "pictures.example"
    assert read.snapshot.tenders == ()
    assert read.snapshot.test is False


def test_shipping_is_one_line_of_its_own() -> None:
    charges = snapshot(body("order_with_coupon")).charges
    assert charges is not None
    (line,) = charges
    assert (line.id, line.component) == ("shipping", Component.SHIPPING)
    assert (line.gross_minor, line.added_tax_minor, line.base_minor) == (4_90, 93, 0)


def test_cloth_by_the_metre_a_number_for_a_sku_and_a_line_for_nothing() -> None:
    assert cells("order_by_the_metre") == [
        ("21", "501", "90210", 1500, 18_75, 0, 0),
        ("22", None, None, 1000, 12_00, 12_00, 0),
    ]


def test_the_click_is_in_the_address_that_the_visit_began_with() -> None:
    assert snapshot(body("order_by_the_metre")).click_id == make.CLICK_ID


def test_what_does_not_look_like_a_click_is_passed_over() -> None:
    entry = {
        "key": "_wc_order_attribution_session_entry",
        "value": f"https://x.example/?gv_click={make.CLICK_ID}",
    }
    typed = {"key": "gv_click", "value": "mine"}

    assert snapshot(body("order_paid", meta_data=[typed, entry])).click_id == make.CLICK_ID
    assert snapshot(body("order_paid", meta_data=[typed])).click_id is None


@pytest.mark.parametrize("value", [5, None, ["x"], {"gv_click": 1}])
def test_meta_data_may_hold_anything(value: object) -> None:
    told = snapshot(body("order_paid", meta_data=[{"key": "gv_click", "value": value}, 7, {"key": 5}]))

    assert told.click_id is None


def test_a_gift_card_lowers_the_total_and_no_line() -> None:
    told = snapshot(body("order_paid_with_gift_card"))

    assert told.lines is not None
    assert [line.base_minor for line in told.lines] == [28_00]
    assert told.tenders == (Tender(kind=TenderKind.GIFT_CARD, minor=24_00),)


def test_a_gift_card_whose_plugin_does_not_list_it_is_what_the_total_lacks() -> None:
    values = body("order_paid_with_gift_card")
    del values["gift_cards"]

    assert snapshot(values).tenders == (Tender(kind=TenderKind.GIFT_CARD, minor=24_00),)


def test_a_cent_that_taxes_were_rounded_by_is_no_gift_card() -> None:
    assert snapshot(body("order_paid", total="61.89")).tenders == ()


@pytest.mark.parametrize("name", ["total", "total_tax", "line_items", "shipping_lines", "fee_lines"])
def test_how_it_was_paid_is_not_guessed_from_a_part(name: str) -> None:
    values = body("order_paid")
    del values[name]

    assert snapshot(values).tenders is None


def test_a_gift_card_that_is_sold_is_no_sale() -> None:
    lines = snapshot(body("order_of_a_gift_card")).lines
    assert lines is not None

    assert [(line.gift_card, line.base_minor) for line in lines] == [(True, 0), (False, 10_00)]


def test_a_fee_below_zero_is_a_discount_of_all_items_and_one_above_is_nobodys_sale() -> None:
    """4.00 off 30.00 and 10.00, in proportion; the wrapping is not in the base."""
    told = snapshot(body("order_with_fee_below_zero"))

    assert told.lines is not None
    assert [line.base_minor for line in told.lines] == [27_00, 9_00]
    assert told.tenders == ()


def test_currencies_without_and_with_three_decimals() -> None:
    assert cells("order_in_yen") == [("91", "501", "LOOM", 1000, 1200, 120, 0)]
    assert cells("order_in_dinar") == [("92", "501", "LOOM", 1000, 3500, 375, 0)]


def test_a_shop_that_counts_finer_than_its_currency_is_rounded() -> None:
    assert cells("order_with_finer_decimals") == [("93", "501", "LOOM", 1000, 10_80, 0, 0)]


def test_a_total_that_was_raised_by_hand_is_no_discount_below_zero() -> None:
    values = body("order_paid")
    values["line_items"][0]["total"] = "60.00"

    lines = snapshot(values).lines
    assert lines is not None
    assert (lines[0].gross_minor, lines[0].discount_minor) == (60_00, 0)


# --- states --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "payment", "kind"),
    [
        ("pending", Payment.PENDING, FactKind.EDITED),
        ("on-hold", Payment.PENDING, FactKind.EDITED),
        ("processing", Payment.PAID, FactKind.PAID),
        ("completed", Payment.PAID, FactKind.PAID),
        ("wc-completed", Payment.PAID, FactKind.PAID),
        ("cancelled", Payment.VOIDED, FactKind.CANCELLED),
        ("failed", Payment.VOIDED, FactKind.CANCELLED),
        ("trash", Payment.VOIDED, FactKind.CANCELLED),
        ("shipped", Payment.PAID, FactKind.PAID),
    ],
)
def test_statuses(status: str, payment: Payment, kind: FactKind) -> None:
    read = reading(body("order_paid", status=status))

    assert read.snapshot
    assert (read.snapshot.payment, read.kind, read.snapshot.cancelled_at) == (payment, kind, None)


def test_a_status_of_a_plugins_own_is_paid_once_the_order_has_been() -> None:
    assert snapshot(body("order_shipped_status_of_a_plugin")).payment is Payment.PAID
    assert snapshot(body("order_shipped_status_of_a_plugin", date_paid_gmt=None)).payment is Payment.PENDING


def test_a_new_order_is_placed_and_one_that_comes_paid_is_paid() -> None:
    assert reading(body("order_pending"), "order.created").kind is FactKind.PLACED
    assert reading(body("order_paid"), "order.created").kind is FactKind.PAID
    assert reading(body("order_paid"), "order.restored").kind is FactKind.PAID


@pytest.mark.parametrize("status", ["checkout-draft", "draft", "auto-draft", "new"])
def test_a_draft_is_no_order_yet(status: str) -> None:
    (event,) = events(body("order_draft", status=status), "order.created")

    assert event == Ignored(reason="a draft is no order yet")


def test_edge_91_a_payment_in_test_mode_is_a_test_order() -> None:
    assert snapshot(body("order_in_test_mode")).test is True


# --- refunds -------------------------------------------------------------------------------------


def test_an_update_with_refund_totals_takes_them_off_the_whole_and_asks_for_their_lines() -> None:
    read, fetch = events(body("order_with_refund_totals"))

    assert read == reading(body("order_with_refund_totals"))
    assert reading(body("order_with_refund_totals")).refunds == (
        Refund(
            id="901",
            created_at=at(12),
            lines=(RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=8_10),),
        ),
    )
    assert snapshot(body("order_with_refund_totals")).payment is Payment.PARTIALLY_REFUNDED
    assert fetch == NeedsFetch(order_id="4711", reason="refunds without their lines")


def test_an_order_that_was_fetched_tells_the_lines_and_what_is_of_none() -> None:
    """8.10 went back: 6.00 for one of two bands, 2.10 for nothing that is named."""
    (event,) = events(body("order_fetched_with_refund_lines"))

    assert event == reading(body("order_fetched_with_refund_lines"))
    assert reading(body("order_fetched_with_refund_lines")).kind is FactKind.REFUNDED
    assert reading(body("order_fetched_with_refund_lines")).refunds == (
        Refund(
            id="901",
            created_at=at(12),
            lines=(
                RefundLine(line_id="12", quantity_milli=1000, subtotal_minor=6_00),
                RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=2_10),
            ),
        ),
    )


def test_shipping_tax_and_fees_of_a_refund_are_not_taken_off_the_items() -> None:
    values = body("order_fetched_with_refund_lines")
    refund = values["refunds"][0]
    refund["amount"] = "20.00"
    refund["line_items"][0]["total_tax"] = "-1.14"
    refund["shipping_lines"] = [{"id": 1, "total": "-4.90", "total_tax": "-0.93"}]
    refund["fee_lines"] = [{"id": 2, "total": "-3.00", "total_tax": "-0.57"}]

    (told,) = reading(values).refunds

    assert told.lines == (
        RefundLine(line_id="12", quantity_milli=1000, subtotal_minor=6_00, tax_minor=1_14),
        RefundLine(line_id="shipping", quantity_milli=0, subtotal_minor=4_90, tax_minor=93),
        RefundLine(line_id=WHOLE_ORDER, quantity_milli=0, subtotal_minor=3_46),
    )


def test_a_refunded_line_that_names_no_item_is_of_the_whole() -> None:
    values = body("order_fetched_with_refund_lines")
    values["refunds"][0]["line_items"][0]["meta_data"] = []

    (told,) = reading(values).refunds

    assert [(line.line_id, line.subtotal_minor) for line in told.lines] == [(WHOLE_ORDER, 8_10)]


def test_an_order_set_to_refunded_without_a_refund_went_back_whole() -> None:
    (told,) = reading(body("order_refunded_without_a_refund")).refunds

    assert [(line.line_id, line.subtotal_minor) for line in told.lines] == [(WHOLE_ORDER, 61_90)]


# --- what cannot be right ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("currency",), "XXX", "currency: unknown currency 'XXX'"),
        (("currency",), None, "currency: missing"),
        (("line_items", 0, "total"), "4,50", "line_items[0].total: not a decimal amount: '4,50'"),
        (("line_items", 0, "total"), None, "line_items[0].total: no amount"),
        (("line_items", 0, "total"), "-5.00", "line_items[0].total: negative"),
        (("line_items", 0, "subtotal"), True, "line_items[0].subtotal: no amount"),
        (("line_items", 0, "quantity"), "1", "line_items[0].quantity: not a quantity"),
        (("line_items", 0, "quantity"), None, "line_items[0].quantity: missing"),
        (("line_items", 0, "quantity"), -1, "line_items[0].quantity: must be 0 to 1000000"),
        (("line_items", 0, "id"), None, "line_items[0].id: missing"),
        (("line_items",), {}, "line_items: not a list"),
        (("date_modified_gmt",), "yesterday", "date_modified_gmt: not an ISO 8601 instant: 'yesterday'"),
        (("shipping_lines", 0, "total"), "x", "shipping_lines[0].total: not a decimal amount: 'x'"),
        (("refunds",), [{"id": 1}], "refunds[0].total: no amount"),
        (("refunds",), [{"total": "-1.00"}], "refunds[0].id: missing"),
    ],
)
def test_what_cannot_be_right_waits_for_a_person(
    path: tuple[str | int, ...], value: object, what: str
) -> None:
    values = body("order_paid")
    target = values
    for step in path[:-1]:
        target = target[step]  # type: ignore[index]
    target[path[-1]] = value  # type: ignore[index]

    assert problem(values) == what


def test_an_odd_amount_that_can_be_counted_is_kept_beside_the_problem() -> None:
    values = body("order_paid")
    values["line_items"][0]["total"] = "-5.00"
    values["line_items"][0]["subtotal"] = "-5.00"

    read = reading(values)

    assert read.problem == "line_items[0].total: negative"
    assert read.snapshot
    assert read.snapshot.lines
    assert [line.base_minor for line in read.snapshot.lines] == [0, 12_00]


def test_an_order_that_cannot_be_read_keeps_its_place_by_what_can() -> None:
    read = reading(body("order_paid", currency="XXX", date_modified_gmt="x"))

    assert (read.version, read.snapshot) == (at(11, 9, 1), None)


def test_a_problem_beside_refund_lines_is_never_passed_over() -> None:
    assert reading(body("order_fetched_with_refund_lines", currency="XXX")).kind is FactKind.REFUNDED


def test_the_error_that_a_shop_sends_in_an_orders_place_is_malformed() -> None:
    """Its webhook runs as a user who may not read orders."""
    with pytest.raises(MalformedBodyError, match="id: missing"):
        events({"code": "woocommerce_rest_cannot_view", "data": {"status": 401}})
