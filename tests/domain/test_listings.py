"""Listings: what a shop may say of a product, and which of two versions stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.listings import (
    MAX_STOCK,
    MAX_TITLE,
    MAX_URL,
    Listing,
    ListingRules,
    ListingTerms,
    listing_of,
    newer,
)
from grapevine.domain.products import Product, ProductChange
from tests.builders import T0, days

RULES = ListingRules.of("USD", ("shop.example", "www.shop.example"), "www.shop.example")
TERMS = ListingTerms(
    title="  Oolong\n 乌龙茶 ",
    price="19.90",
    compare_at="25",
    picture_url="https://cdn.example/oolong.jpg?v=1",
    page="/products/oolong",
    stock=12,
)
LISTING = Listing(
    title="Oolong 乌龙茶",
    updated_at=T0,
    price_minor=1990,
    currency="USD",
    compare_at_minor=2500,
    picture_url="https://cdn.example/oolong.jpg?v=1",
    page_url="https://www.shop.example/products/oolong",
    stock=12,
)


def test_a_listing_has_everything_that_its_shop_says() -> None:
    assert listing_of(TERMS, T0, RULES) == (LISTING, ())


@pytest.mark.parametrize(
    ("domain", "host"), [("www.shop.example", "www.shop.example"), ("x.myshopify.com", "shop.example")]
)
def test_a_path_is_on_the_shops_own_host_where_the_program_allows_it(domain: str, host: str) -> None:
    rules = ListingRules.of("USD", ("shop.example", "www.shop.example"), domain)
    assert listing_of(TERMS, T0, rules)[0].page_url == f"https://{host}/products/oolong"


def test_a_price_has_as_many_decimals_as_its_currency() -> None:
    found, faults = listing_of(replace(TERMS, price="1990", currency="JPY", compare_at=None), T0, RULES)
    assert (found.price_minor, found.currency, faults) == (1990, "JPY", ())


@pytest.mark.parametrize("before", ["19.90", "5.00"])
def test_a_price_before_is_one_that_was_higher(before: str) -> None:
    assert listing_of(replace(TERMS, compare_at=before), T0, RULES)[0].compare_at_minor is None


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [
        ("title", "x" * (MAX_TITLE + 1), "title"),
        ("price", "-1.00", "price_minor"),
        ("price", "1.999", "price_minor"),
        ("price", "free", "price_minor"),
        ("price", "1e9", "price_minor"),
        ("currency", "XXQ", "price_minor"),
        ("currency", "PTS", "price_minor"),
        ("compare_at", "-3", "compare_at_minor"),
        ("picture_url", "http://cdn.example/a.jpg", "picture_url"),
        ("picture_url", "javascript:alert(1)", "picture_url"),
        ("picture_url", "https://me@cdn.example/a.jpg", "picture_url"),
        ("picture_url", "https://cdn.example/a b.jpg", "picture_url"),
        ("picture_url", "https://cdn.example\\@evil.example/", "picture_url"),
        ("picture_url", "https:///a.jpg", "picture_url"),
        ("picture_url", "https://[::1/a.jpg", "picture_url"),
        ("picture_url", "https://cdn.example/" + "a" * MAX_URL, "picture_url"),
        ("page", "http://shop.example/p", "page_url"),
        ("page", "https://evil.example/p", "page_url"),
        ("page", "//evil.example/p", "page_url"),
        ("page", "products/oolong", "page_url"),
        ("page", "/a\\b", "page_url"),
        ("page", "/a b", "page_url"),
        ("stock", -1, "stock"),
        ("stock", MAX_STOCK + 1, "stock"),
    ],
)
def test_what_cannot_be_right_is_named_and_left_out(field: str, value: object, attribute: str) -> None:
    terms = replace(TERMS, **{field: value})  # type: ignore[arg-type]
    found, faults = listing_of(terms, T0, RULES)
    assert [fault.where for fault in faults] == [field]
    assert getattr(found, attribute) in (None, "")
    assert found.picture_url == LISTING.picture_url or field == "picture_url"


def test_everything_wrong_is_named_at_once() -> None:
    _, faults = listing_of(ListingTerms(price="x", picture_url="y", page="z", stock=-1), T0, RULES)
    assert {fault.where for fault in faults} == {"title", "price", "picture_url", "page", "stock"}


def test_a_product_that_is_gone_needs_no_title() -> None:
    assert listing_of(ListingTerms(gone=True), T0, RULES) == (Listing(title="", updated_at=T0, gone=True), ())


def test_points_are_a_currency_that_no_product_costs() -> None:
    assert [fault.where for fault in listing_of(replace(TERMS, currency="PTS"), T0, RULES)[1]] == ["currency"]


# --- versions ------------------------------------------------------------------------------------


def test_the_newest_version_stands_and_of_one_version_what_came_last() -> None:
    later = replace(LISTING, title="Later", updated_at=T0 + days(1))
    assert newer(None, LISTING) == LISTING
    assert newer(LISTING, later) == later
    assert newer(later, LISTING) is None
    assert newer(LISTING, replace(LISTING, stock=3)) == replace(LISTING, stock=3)


def test_a_product_that_is_gone_keeps_what_it_was() -> None:
    gone = Listing(title="", updated_at=T0 + days(1), gone=True)
    assert newer(LISTING, gone) == replace(LISTING, gone=True, updated_at=T0 + days(1))


VERSIONS = [replace(LISTING, title=f"v{number}", updated_at=T0 + days(number)) for number in range(4)]


@given(st.permutations(VERSIONS * 2))
def test_any_order_of_versions_ends_in_the_newest(told: list[Listing]) -> None:
    known: Listing | None = None
    for listing in told:
        known = newer(known, listing) or known
    assert known == VERSIONS[-1]


# --- beside the history --------------------------------------------------------------------------

CHANGE = ProductChange(effective_at=T0, category="tea")


def test_each_write_is_one_revision_whatever_it_changes() -> None:
    product = Product(program_id="pg", id="77")
    both = product.told(CHANGE, LISTING)
    shown = both.told(replace(CHANGE, effective_at=T0 + days(1)), replace(LISTING, stock=1))
    moved = shown.told(ProductChange(effective_at=T0 + days(2)), shown.listing)
    assert [one.revision for one in (product, both, shown, moved)] == [0, 1, 2, 3]
    assert (shown.changes, shown.listing) == ((CHANGE,), replace(LISTING, stock=1))
    assert moved.told(ProductChange(effective_at=T0 + days(3)), shown.listing) is moved
