"""What a shop says of its products: shown as the newest version says, and nobody's money moves for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import MalformedBodyError, NetworkMovedError
from grapevine.domain.facts import FactKind
from grapevine.domain.listings import Listing, ListingTerms
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.rates import RateRule
from grapevine.ports import ProductReading
from grapevine.usecases.place_order import Placed, PlaceOrder, PlaceOrderPorts, Receipt, place_order
from grapevine.usecases.put_products import ProductTerms, PutProducts, put_products, read_product
from grapevine.usecases.take_listing import ATTEMPTS, MAX_COLLECTIONS, Listed, TakeListing, take_listing
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.usecases.webhooks import headers_of
from tests.worlds import World, chain_world

NOW = T0 + minutes(5)


def body(**changes: object) -> dict[str, Any]:
    """A product as Shopify sends it."""
    values: dict[str, Any] = {
        "id": 77,
        "title": "Oolong 乌龙茶",
        "handle": "oolong",
        "product_type": "tea",
        "status": "active",
        "published_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-11T09:00:00Z",
        "image": {"src": "https://cdn.shopify.example/oolong.jpg"},
        "variants": [
            {
                "id": 1,
                "price": "25.00",
                "compare_at_price": None,
                "inventory_quantity": 4,
                "inventory_management": "shopify",
                "inventory_policy": "deny",
            },
            {
                "id": 2,
                "price": "19.90",
                "compare_at_price": "22.00",
                "inventory_quantity": -1,
                "inventory_management": "shopify",
                "inventory_policy": "deny",
            },
        ],
    }
    return {**values, **changes}


def deliver(world: World, told: object, topic: str = "products/update", at: int = 5) -> Placed:
    raw = json.dumps(told).encode()
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    command = PlaceOrder(storefront_id=make.STOREFRONT_ID, raw=raw, headers=headers_of(raw, topic))
    return place_order(command, ports, T0 + minutes(at))


def product(world: World, product_id: str = "77") -> Product:
    return read_product(PROGRAM_ID, product_id, world.catalog)


def listing(world: World) -> Listing:
    found = product(world).listing
    assert found
    return found


# --- through the webhook -------------------------------------------------------------------------


def test_a_product_is_listed_as_its_shop_says() -> None:
    world = chain_world()
    placed = deliver(world, body())
    assert (placed.receipt, placed.orders, placed.problem) == (Receipt.LISTED, (), None)
    change = ProductChange(effective_at=NOW, category="tea")
    assert product(world) == Product(
        program_id=PROGRAM_ID,
        id="77",
        changes=(change,),
        listing=Listing(
            title="Oolong 乌龙茶",
            updated_at=T0,
            price_minor=1990,
            currency="USD",
            compare_at_minor=2200,
            picture_url="https://cdn.shopify.example/oolong.jpg",
            page_url="https://shop.example/products/oolong",
            stock=4,
        ),
    )
    (name,) = world.raw_bodies.kept
    assert name[1].startswith("product#77#products/update#")


def test_a_redelivery_and_an_older_version_change_nothing() -> None:
    world = chain_world()
    deliver(world, body())
    before = product(world)
    assert deliver(world, body(), at=9).receipt is Receipt.KNOWN
    older = body(title="Before", product_type="mugs", updated_at="2026-11-11T08:59:59Z")
    assert deliver(world, older, at=10).receipt is Receipt.KNOWN
    assert product(world) == before


@given(st.permutations(range(5)))
def test_versions_in_any_order_end_in_the_newest(order: list[int]) -> None:
    world = chain_world()
    for at, number in enumerate(order):
        told = body(title=f"v{number}", product_type=f"c{number}", updated_at=f"2026-11-11T09:00:0{number}Z")
        deliver(world, told, at=at)
    assert (listing(world).title, product(world).changes[-1].category) == ("v4", "c4")


def test_a_deleted_product_is_gone_and_stays_what_it_was() -> None:
    world = chain_world()
    deliver(world, body())
    assert deliver(world, {"id": 77}, "products/delete").receipt is Receipt.LISTED
    found = listing(world)
    assert (found.gone, found.title, found.price_minor) == (True, "Oolong 乌龙茶", 1990)
    assert product(world).changes[-1].category == "tea"


def test_what_comes_late_does_not_bring_a_deleted_product_back() -> None:
    world = chain_world()
    deliver(world, {"id": 77}, "products/delete")
    assert deliver(world, body(), at=6).receipt is Receipt.KNOWN
    assert listing(world).gone


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"status": "draft"}, True),
        ({"status": "archived"}, True),
        ({"published_at": None}, True),
        ({"status": None}, False),
        ({}, False),
    ],
)
def test_what_is_not_on_sale_is_gone(changes: dict[str, object], *, gone: bool) -> None:
    world = chain_world()
    deliver(world, body(**changes))
    assert listing(world).gone is gone


@pytest.mark.parametrize(
    ("changes", "stock"),
    [
        ({"inventory_quantity": 7}, 7),
        ({"inventory_quantity": 0}, 0),
        ({"inventory_quantity": -3}, 0),
        ({"inventory_quantity": True}, None),
        ({"inventory_quantity": "7"}, None),
        ({"inventory_management": None}, None),
        ({"inventory_policy": "continue"}, None),
    ],
)
def test_stock_is_known_where_it_is_counted(changes: dict[str, object], stock: int | None) -> None:
    world = chain_world()
    variant = {"price": "1.00", "inventory_quantity": 7, "inventory_management": "shopify", **changes}
    deliver(world, body(variants=[variant]))
    assert listing(world).stock == stock


def test_odd_values_are_left_out_and_named() -> None:
    world = chain_world()
    odd = body(image={"src": "http://cdn.example/a.jpg"}, variants=[{"price": "-1.00"}], title=None)
    placed = deliver(world, odd)
    assert placed.receipt is Receipt.LISTED
    assert placed.problem
    assert {part.partition(":")[0] for part in placed.problem.split("; ")} == {
        "title",
        "price",
        "picture_url",
    }
    found = listing(world)
    assert (found.title, found.price_minor, found.picture_url) == ("", None, None)
    assert found.page_url


@pytest.mark.parametrize("told", [{}, {"id": None}, {"id": "x y"}, {"title": "no id"}])
def test_a_body_that_names_no_product_is_refused_and_kept(told: dict[str, object]) -> None:
    world = chain_world()
    with pytest.raises(MalformedBodyError):
        deliver(world, told)
    assert len(world.raw_bodies.kept) == 1


@given(
    st.dictionaries(
        st.sampled_from(tuple(body())),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(st.sampled_from(("src", "price", "id")), inner, max_size=3),
            ),
            max_leaves=6,
        ),
    ),
    st.sampled_from(("products/create", "products/update", "products/delete")),
)
def test_any_signed_product_ends_in_a_listing_or_a_refusal(told: dict[str, Any], topic: str) -> None:
    world = chain_world()
    try:
        placed = deliver(world, told, topic)
    except MalformedBodyError:
        return
    assert placed.receipt is Receipt.LISTED
    assert len(list(world.catalog.products_of(PROGRAM_ID))) == 1


# --- groups and promoters ------------------------------------------------------------------------


def take(world: World, at: int = 0, **changes: object) -> Listed:
    values: dict[str, Any] = {"version": T0 + days(at), "listing": ListingTerms(title="Tea"), **changes}
    reading = ProductReading(product_id="77", **values)
    return take_listing(
        TakeListing(program_id=PROGRAM_ID, reading=reading), world.catalog, T0 + days(at)
    ).listed


def test_the_promoter_a_product_is_bound_to_stays_whatever_its_shop_says() -> None:
    world = chain_world()
    terms = ProductTerms(id="77", category="tea", collections=("sale",), promoter_id=CY)
    put_products(PutProducts(PROGRAM_ID, (terms,)), world.catalog, T0 - days(1))
    assert take(world, category="mugs", collections=("new",)) is Listed.LISTED
    last = product(world).changes[-1]
    assert (last.category, last.collections, last.promoter_id) == ("mugs", ("new",), CY)


def test_what_a_shop_says_nothing_of_stays() -> None:
    world = chain_world()
    take(world, category="tea", collections=("b", "a", "b"))
    take(world, at=1)
    assert (product(world).changes[-1].category, product(world).changes[-1].collections) == (
        "tea",
        ("a", "b"),
    )
    take(world, at=2, collections=())
    assert product(world).changes[-1].collections == ()


def test_names_of_groups_are_cut_to_what_can_be_stored() -> None:
    world = chain_world()
    take(world, category="x" * 500, collections=tuple(f"{number:03d}" for number in range(70)))
    last = product(world).changes[-1]
    assert len(last.category or "") == 100
    assert len(last.collections) == MAX_COLLECTIONS


def test_an_order_that_was_placed_before_keeps_what_its_product_was() -> None:
    world = chain_world(make.plan(1000, rules=(RateRule(id="t", category="tea", rate_bps=(200,)),)))
    take(world, at=-2, category="tea")
    take(world, at=1, category="mugs")
    line = make.line("a", 10_000, product_id="77")
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(line,))))
    world.post(T0 + days(2))
    assert earned(world) == {CY: 200}


class Moving:
    """A catalog in which somebody else is always first."""

    def __init__(self, world: World, times: int) -> None:
        self._catalog, self._left = world.catalog, times
        self.terms, self.products, self.storefront = (
            world.catalog.terms,
            world.catalog.products,
            world.catalog.storefront,
        )

    def put_product(self, product: Product) -> None:
        if self._left:
            self._left -= 1
            raise NetworkMovedError("moved")
        self._catalog.put_product(product)


@pytest.mark.parametrize("times", [ATTEMPTS - 1, ATTEMPTS])
def test_who_is_not_first_starts_over_and_in_the_end_gives_up(times: int) -> None:
    world = chain_world()
    command = TakeListing(
        program_id=PROGRAM_ID,
        reading=ProductReading(product_id="77", version=T0, listing=ListingTerms(title="Tea")),
    )
    if times == ATTEMPTS:
        with pytest.raises(NetworkMovedError):
            take_listing(command, Moving(world, times), T0)
        assert world.catalog.products(PROGRAM_ID, ("77",)) == {}
        return
    assert take_listing(command, Moving(world, times), T0).listed is Listed.LISTED


# --- by a person ---------------------------------------------------------------------------------


def put(world: World, terms: ListingTerms | None, at: int) -> Product:
    command = PutProducts(PROGRAM_ID, (ProductTerms(id="77", category="tea", listing=terms),))
    return put_products(command, world.catalog, T0 + days(at))[0]


def test_a_person_says_how_a_product_is_shown_whatever_the_shops_clock_says() -> None:
    world = chain_world()
    take(world, at=9)
    found = put(world, ListingTerms(title="By hand", price="1.00"), at=0)
    assert found.listing
    assert (found.listing.title, found.listing.updated_at) == ("By hand", T0 + days(9))


def test_the_same_listing_again_changes_nothing() -> None:
    world = chain_world()
    first = put(world, ListingTerms(title="By hand", price="1.00"), at=0)
    assert put(world, ListingTerms(title="By hand", price="1"), at=3) == first


def test_a_product_without_a_listing_is_shown_as_it_was() -> None:
    world = chain_world()
    first = put(world, ListingTerms(title="By hand"), at=0)
    assert put(world, None, at=3) == first
