"""WooCommerce's products: how they are shown, which groups they are in, and when they are gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.listings import ListingTerms
from grapevine.ports import ProductReading
from tests.adapters.storefronts.woo_bodies import WOO


def body(**changes: object) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": 794,
        "name": "Linen 亚麻布",
        "permalink": "https://loom.example/product/linen/",
        "date_modified_gmt": "2026-11-11T09:00:00",
        "status": "publish",
        "catalog_visibility": "visible",
        "price": "19.99",
        "regular_price": "21.99",
        "manage_stock": True,
        "stock_quantity": 7,
        "stock_status": "instock",
        "categories": [{"id": 9, "name": "Cloth", "slug": "cloth"}, {"id": 14, "name": "New", "slug": "new"}],
        "images": [{"src": "https://loom.example/linen.jpg"}, {"src": "https://loom.example/2.jpg"}],
    }
    return {**values, **changes}


def read(changes: Mapping[str, object], topic: str = "product.updated") -> ProductReading:
    (event,) = WOO.normalise(json.dumps(body(**changes)).encode(), topic)
    assert isinstance(event, ProductReading)
    return event


@pytest.mark.parametrize("topic", ["product.created", "product.updated"])
def test_a_product_is_read(topic: str) -> None:
    assert read({}, topic) == ProductReading(
        product_id="794",
        version=datetime(2026, 11, 11, 9, tzinfo=UTC),
        listing=ListingTerms(
            title="Linen 亚麻布",
            price="19.99",
            compare_at="21.99",
            picture_url="https://loom.example/linen.jpg",
            page="https://loom.example/product/linen/",
            stock=7,
        ),
        category="Cloth",
        collections=("cloth", "new"),
    )


def test_a_deletion_has_an_id_alone_and_counts_as_of_its_arrival() -> None:
    (event,) = WOO.normalise(b'{"id": 794}', "product.deleted")
    assert event == ProductReading(product_id="794", version=None, listing=ListingTerms(gone=True))


def test_a_restored_product_counts_as_of_its_arrival_too() -> None:
    assert read({}, "product.restored").version is None


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"status": "draft"}, True),
        ({"status": "trash"}, True),
        ({"catalog_visibility": "hidden"}, True),
        ({"status": None, "catalog_visibility": None}, False),
    ],
)
def test_what_is_not_on_sale_is_gone(changes: dict[str, object], *, gone: bool) -> None:
    assert read(changes).listing.gone is gone


@pytest.mark.parametrize(
    ("changes", "stock"),
    [
        ({"stock_status": "outofstock", "manage_stock": False}, 0),
        ({"manage_stock": False}, None),
        ({"manage_stock": "parent"}, None),
        ({"stock_quantity": None}, None),
        ({"stock_quantity": -2}, 0),
    ],
)
def test_stock_is_known_where_it_is_counted(changes: dict[str, object], stock: int | None) -> None:
    assert read(changes).listing.stock == stock


def test_a_body_without_groups_says_nothing_of_them() -> None:
    found = read({"categories": None, "regular_price": "19.99", "date_modified_gmt": "soon"})
    assert (found.category, found.collections) == (None, None)
    assert (found.listing.compare_at, found.version) == (None, None)


@pytest.mark.parametrize("raw", [b"{}", b'{"id": "x"}', b"[]", b""])
def test_a_body_that_names_no_product_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        WOO.normalise(raw, "product.updated")


@given(
    st.dictionaries(
        st.sampled_from(tuple(body())),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(("src", "slug", "name")), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_object_is_read_or_malformed(values: dict[str, object]) -> None:
    try:
        read(values)
    except MalformedBodyError:
        return
