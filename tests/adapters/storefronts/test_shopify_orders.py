from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import FactKind, Line, Payment
from grapevine.ports import Ignored, Reading
from tests.adapters.storefronts.shopify_bodies import (
    CLICK_ID,
    OTHER_CLICK_ID,
    SHOPIFY,
    line,
    money,
    normalised,
    order,
    parcel,
    problem,
    refund,
    refund_line,
    snapshot,
)

NINE = datetime(2026, 11, 11, 14, tzinfo=UTC)
DELIVERED = datetime(2026, 11, 14, 9, tzinfo=UTC)


def lines_of(*lines: dict[str, Any], **changes: object) -> tuple[Line, ...]:
    told = snapshot(order(*lines, **changes)).lines
    assert told is not None
    return told


# --- topics ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("orders/create", FactKind.PLACED),
        ("orders/paid", FactKind.PAID),
        ("orders/updated", FactKind.EDITED),
        ("orders/edited", FactKind.EDITED),
        ("orders/cancelled", FactKind.CANCELLED),
        ("orders/fulfilled", FactKind.EDITED),
    ],
)
def test_a_topic_says_what_happened(topic: str, kind: FactKind) -> None:
    reading = normalised(order(), topic)

    assert (reading.order_id, reading.kind, reading.version) == ("9007199254740993", kind, NINE)


@pytest.mark.parametrize(
    "topic", ["", "orders/delete", "orders/partially_fulfilled", "app/uninstalled", "customers/create"]
)
def test_other_topics_say_nothing_whatever_they_carry(topic: str) -> None:
    (ignored,) = SHOPIFY.normalise(b"anything", topic)
    assert isinstance(ignored, Ignored)


def test_an_edit_that_carries_no_order_says_nothing() -> None:
    body = {"order_edit": {"id": 1, "order_id": 2, "line_items": {"additions": [], "removals": []}}}

    (ignored,) = SHOPIFY.normalise(json.dumps(body).encode(), "orders/edited")
    assert isinstance(ignored, Ignored)


def test_a_wrapped_order_is_unwrapped() -> None:
    assert normalised({"order": order()}) == normalised(order())


# --- what is missing -------------------------------------------------------------------------


def test_an_order_that_is_hardly_more_than_an_id_needs_to_be_fetched() -> None:
    assert problem({"id": 5, "tags": ""}) == "needs_fetch: no instant in the body"
    assert normalised({"id": 5, "tags": ""}).order_id == "5"


def test_a_body_without_its_instant_has_the_latest_one_in_it() -> None:
    body = order(refunds=[refund(refund_line())], fulfillments=[parcel()])
    del body["updated_at"]

    assert normalised(body).version == DELIVERED


def test_a_few_fields_say_nothing_about_the_others() -> None:
    told = snapshot({"id": 5, "updated_at": "2026-11-11T09:00:00-05:00", "financial_status": "paid"})

    assert told.payment is Payment.PAID
    assert (told.placed_at, told.lines, told.currency, told.cancelled_at, told.click_id) == (None,) * 5


@given(st.sets(st.sampled_from(sorted(order().keys() - {"id", "updated_at", "currency", "line_items"}))))
def test_any_key_may_be_missing(names: set[str]) -> None:
    body = {name: value for name, value in order().items() if name not in names}

    assert normalised(body).problem is None


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": True}, {"id": -4}, {"id": "abc"}, {"id": 1.5}])
def test_a_body_that_names_no_order_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedBodyError, match=r"^id: "):
        normalised(body)


# --- lines -----------------------------------------------------------------------------------


def test_a_lines_base_is_price_times_quantity_less_its_allocations() -> None:
    allocations = [{"amount": "3.20", "amount_set": money("3.20")}, {"amount": "0.15"}]

    (told,) = lines_of(
        line(price="94.00", quantity=3, discount_allocations=allocations, total_discount="0.00")
    )

    assert told == Line(
        id="11",
        product_id="501",
        sku="PAN",
        quantity_milli=3000,
        gross_minor=28200,
        discount_minor=335,
    )
    assert told.base_minor == 27865


def test_total_discount_is_not_a_discount() -> None:
    assert lines_of(line(price="5.00", total_discount="5.00"))[0].base_minor == 500


@pytest.mark.parametrize(("inside", "base"), [(True, 1600), (False, 2000)])
def test_tax_lowers_the_base_only_where_it_is_inside_the_price(inside: bool, base: int) -> None:
    taxes = [{"price": "3.00", "price_set": money("3.00")}, {"price": 1.0}]

    assert lines_of(line(tax_lines=taxes), taxes_included=inside)[0].base_minor == base


def test_a_gift_card_is_no_sale() -> None:
    assert lines_of(line(gift_card=True))[0].base_minor == 0


def test_tips_and_shipping_are_no_lines() -> None:
    body = order(total_tip_received="5.00", shipping_lines=[{"price": "9.00"}], total_price="34.00")

    assert snapshot(body).lines == lines_of(line())


def test_the_shops_currency_counts_whatever_the_customer_saw() -> None:
    odd = line(price="1.00", price_set=money("0.93", "USD"))

    assert lines_of(odd)[0].gross_minor == 93


@pytest.mark.parametrize(("price", "minor"), [("1000", 1000), ("1000.00", 1000)])
def test_yen_have_no_decimals(price: str, minor: int) -> None:
    assert lines_of(line(price=price, price_set=None), currency="JPY")[0].gross_minor == minor


def test_the_currency_may_stand_on_the_line_alone() -> None:
    body = order(line(price_set=money("20.00", "CAD")))
    del body["currency"]

    assert snapshot(body).currency == "CAD"


def test_odd_skus_and_products_are_kept_or_none() -> None:
    assert [told.sku for told in lines_of(line(sku=""), line(sku=None), line(sku=4711))] == [
        None,
        None,
        "4711",
    ]
    assert lines_of(line(product_id=None))[0].product_id is None


@pytest.mark.parametrize("properties", [[], {"name": "a", "value": 3}, "broken", None])
def test_broken_properties_are_nobodys_business(properties: object) -> None:
    assert lines_of(line(properties=properties)) == lines_of(line())


# --- what cannot be right --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"price": "-1.00", "price_set": None}, "line_items[1].price: negative"),
        ({"price": "1,50", "price_set": None}, "line_items[1].price: not a decimal amount"),
        ({"price": "1.005", "price_set": None}, "line_items[1].price: '1.005' has more than 2 decimals"),
        ({"price": 1.005, "price_set": None}, "line_items[1].price: more than 2 decimals"),
        ({"price": None, "price_set": None}, "line_items[1].price: no amount"),
        ({"price": True, "price_set": None}, "line_items[1].price: no amount"),
        (
            {"price": "10000000000000.01", "price_set": None},
            "line_items[1].price: '10000000000000.01' is over",
        ),
        ({"price": 10**16, "price_set": None}, "line_items[1].price: "),
        ({"price_set": money("-1.00")}, "line_items[1].price_set.shop_money.amount: negative"),
        (
            {"price_set": money("1.00", "EUR")},
            "line_items[1].price_set.shop_money: in EUR, the order is in USD",
        ),
        ({"quantity": -1}, "line_items[1].quantity: must be 0 to 1000000"),
        ({"quantity": 1_000_001}, "line_items[1].quantity: must be 0 to 1000000"),
        ({"quantity": 1.5}, "line_items[1].quantity: not a whole number"),
        ({"quantity": None}, "line_items[1].quantity: missing"),
        ({"id": None}, "line_items[1].id: missing"),
        (
            {"discount_allocations": [{"amount": "-2.00"}]},
            "line_items[1].discount_allocations[0].amount: negative",
        ),
        ({"discount_allocations": {"amount": "2.00"}}, "line_items[1].discount_allocations: not a list"),
        ({"price": "9000000000000.00", "price_set": None, "quantity": 2}, "line_items: together over"),
    ],
)
def test_an_impossible_line_is_a_problem_with_its_place(changes: dict[str, Any], where: str) -> None:
    assert problem(order(line(), line(12, **changes))).startswith(where)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"currency": "XXX"}, "currency: unknown currency 'XXX'"),
        ({"financial_status": "mostly"}, "financial_status: unknown 'mostly'"),
        ({"updated_at": "yesterday"}, "updated_at: not an ISO 8601 instant"),
        ({"created_at": "1026-11-11T09:00:00Z"}, "created_at: an instant out of range"),
        ({"cancelled_at": "9999-12-31T23:59:59-05:00"}, "cancelled_at: an instant out of range"),
        ({"line_items": {}}, "line_items: not a list"),
        ({"refunds": "none"}, "refunds: not a list"),
        (
            {"currency": None, "line_items": [line(price_set=None)]},
            "needs_fetch: line_items without a currency",
        ),
    ],
)
def test_an_impossible_order_is_a_problem_with_its_place(changes: dict[str, Any], where: str) -> None:
    assert problem(order(**changes)).startswith(where)


def test_a_problem_keeps_the_instant_of_its_body() -> None:
    assert normalised(order(line(quantity=-1))).version == NINE


def test_a_problem_is_short() -> None:
    assert len(problem(order(line(price="9" * 5000, price_set=None)))) <= 300


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "-1e999999999", "0e999999999"])
def test_a_number_of_a_million_digits_costs_nothing(text: str) -> None:
    raw = json.dumps(order(line(price="@", price_set=None))).replace('"@"', text).encode()

    (reading,) = SHOPIFY.normalise(raw, "orders/paid")

    assert isinstance(reading, Reading)
    assert (reading.problem or "").startswith("line_items[0].price: ")


@pytest.mark.parametrize("status", [*Payment, "expired"])
def test_every_financial_state_is_known(status: str) -> None:
    expected = Payment.VOIDED if status == "expired" else Payment(status)

    assert snapshot(order(financial_status=status)).payment is expected


# --- receipt ---------------------------------------------------------------------------------


def test_an_order_is_received_when_its_last_parcel_is() -> None:
    body = order(fulfillments=[parcel(updated_at="2026-11-12T09:00:00Z"), parcel()])

    assert normalised(body, "orders/fulfilled").kind is FactKind.RECEIVED
    assert snapshot(body, "orders/fulfilled").received_at == DELIVERED
    assert snapshot(body, "orders/updated").received_at == DELIVERED
    assert normalised(body, "orders/updated").kind is FactKind.EDITED


@pytest.mark.parametrize(
    "changes",
    [
        {"fulfillments": []},
        {"fulfillments": [parcel(), parcel("in_transit")]},
        {"fulfillments": [parcel(), parcel(None)]},
        {"fulfillments": [parcel()], "fulfillment_status": "partial"},
        {"fulfillments": [parcel("delivered", status="cancelled")]},
    ],
)
def test_an_order_with_something_under_way_is_not_received(changes: dict[str, Any]) -> None:
    body = order(**changes)

    assert snapshot(body, "orders/fulfilled").received_at is None
    assert normalised(body, "orders/fulfilled").kind is FactKind.EDITED


def test_a_parcel_that_was_called_off_does_not_hold_up_the_receipt() -> None:
    body = order(fulfillments=[parcel(None, status="cancelled"), parcel()], fulfillment_status="fulfilled")

    assert snapshot(body, "orders/fulfilled").received_at == DELIVERED


# --- who and where from ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "email"),
    [
        ({"email": "a@x.example", "contact_email": "b@x.example"}, "a@x.example"),
        ({"email": "", "contact_email": "b@x.example"}, "b@x.example"),
        ({"email": None, "customer": {"email": "c@x.example"}}, "c@x.example"),
        ({"customer": None}, None),
        ({"customer": "gone"}, None),
    ],
)
def test_guests_have_an_address_on_the_order_alone(changes: dict[str, Any], email: str | None) -> None:
    assert normalised(order(**changes)).customer_email == email


def attribute(value: object, name: str = "gv_click") -> dict[str, object]:
    return {"name": name, "value": value}


@pytest.mark.parametrize(
    ("changes", "click_id"),
    [
        ({"note_attributes": [attribute("green", "colour"), attribute(CLICK_ID)]}, CLICK_ID),
        ({"landing_site": f"/p?a=1&gv_click={CLICK_ID}#top"}, CLICK_ID),
        ({"landing_site": f"https://shop.example/?gv_click={CLICK_ID}"}, CLICK_ID),
        ({"landing_site": f"/?gv_click={OTHER_CLICK_ID}&gv_click={CLICK_ID}"}, CLICK_ID),
        (
            {"note_attributes": [attribute(CLICK_ID)], "landing_site": f"/?gv_click={OTHER_CLICK_ID}"},
            CLICK_ID,
        ),
        ({"note_attributes": [attribute("forged")], "landing_site": f"/?gv_click={CLICK_ID}"}, CLICK_ID),
        ({"note_attributes": [attribute(5), attribute(None), "odd", None]}, None),
        ({"note_attributes": {"gv_click": CLICK_ID}}, None),
        ({"landing_site": "http://[broken"}, None),
        ({"landing_site": 5}, None),
        ({}, None),
    ],
)
def test_the_click_id_comes_from_the_cart_else_from_the_landing_url(
    changes: dict[str, Any], click_id: str | None
) -> None:
    assert snapshot(order(**changes)).click_id == click_id


@pytest.mark.parametrize(
    ("told", "host"),
    [
        ("https://www.SlickDeals.net/f/123?user=guest@x.example", "slickdeals.net"),
        ("http://m.smzdm.com:8080/", "m.smzdm.com"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("android-app://com.google.android.gm", "com.google.android.gm"),
        ("https://" + "a" * 100 + ".example", None),
        ("https://localhost/", None),
        ("http://[broken", None),
        ("//a_b.example", None),
        ("words", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_edge_28_of_the_page_that_led_to_the_shop_the_host_is_kept(told: object, host: str | None) -> None:
    assert snapshot(order(referring_site=told)).referrer == host


@pytest.mark.parametrize(("flag", "is_test"), [(True, True), (False, False), (None, False), ("true", False)])
def test_a_test_order_says_so(flag: object, is_test: bool) -> None:
    assert snapshot(order(test=flag)).test is is_test


# --- properties ------------------------------------------------------------------------------


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_says_nothing(random: Random) -> None:
    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    body = order(line(), line(12), refunds=[refund()], fulfillments=[parcel()], email="a@x.example")

    assert normalised(shuffled(body)) == normalised(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_whatever_stands_anywhere_is_read_or_named(data: st.DataObject) -> None:
    body = order(line(), refunds=[refund()], fulfillments=[parcel()], note_attributes=[attribute(CLICK_ID)])
    replace_at(body, data.draw(st.sampled_from(places(body))), data.draw(json_values))

    reading = normalised(body, data.draw(st.sampled_from(["orders/paid", "orders/fulfilled"])))

    # An amount that is odd but can be counted is kept beside its problem, for a person to accept.
    assert reading.snapshot is not None or reading.problem is not None
    assert reading.problem is None or ": " in reading.problem


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a body but its id, without which it would be nobody's."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [
        place
        for name, member in members
        for place in ((*path, name), *places(member, (*path, name)))
        if place != ("id",)
    ]


def replace_at(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    target: Any = body
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
