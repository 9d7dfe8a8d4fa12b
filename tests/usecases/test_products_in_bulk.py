"""Products from a file and from a shop: every good one is taken, every bad one named."""

from __future__ import annotations

import json

import pytest

from grapevine.adapters.memory.shops import MemoryShop
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.ports.shop_clients import Fetched, FetchedPage, ShopUnavailableError
from grapevine.usecases.import_products import ImportProducts, ProductsImported, import_products
from grapevine.usecases.pull_products import MOST_PAGES, Pulled, PullPorts, PullProducts, pull_products
from grapevine.usecases.put_products import ProductTerms, PutProducts, put_products
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, days
from tests.usecases.test_take_listing import body, product
from tests.worlds import World, chain_world

HEAD = "id,title,price,compare_at,picture_url,page,category,collections,stock,gone\n"
GOOD = '77,"Oolong, 乌龙茶",19.90,25,https://cdn.example/a.jpg,/tea,tea,sale| new ,12,no\n'


def take(world: World, text: str, at: int = 0) -> ProductsImported:
    command = ImportProducts(PROGRAM_ID, text.splitlines(keepends=True))
    return import_products(command, world.catalog, T0 + days(at))


# --- a file --------------------------------------------------------------------------------------


def test_a_file_is_taken_and_the_same_again_changes_nothing_that_is_shown() -> None:
    world = chain_world()
    found = take(world, "\ufeff" + HEAD + GOOD + "\n")
    assert (found.read, found.listed, found.bad) == (1, 1, [])
    shown = product(world)
    assert shown.listing
    assert (shown.listing.title, shown.listing.price_minor, shown.listing.compare_at_minor) == (
        "Oolong, 乌龙茶",
        1990,
        2500,
    )
    assert (shown.listing.page_url, shown.listing.stock) == ("https://shop.example/tea", 12)
    last = shown.changes[-1]
    assert (last.category, last.collections) == ("tea", ("new", "sale"))
    assert take(world, HEAD + GOOD).listed == 0
    assert product(world) == shown


def test_columns_come_in_any_order_and_what_is_empty_says_nothing() -> None:
    world = chain_world()
    terms = ProductTerms(id="77", category="tea", collections=("sale",), promoter_id=CY)
    put_products(PutProducts(PROGRAM_ID, (terms,)), world.catalog, T0 - days(1))
    assert take(world, "Title, ID ,category\nOolong,77,\n").bad == []
    last = product(world).changes[-1]
    assert (last.category, last.collections, last.promoter_id) == ("tea", ("sale",), CY)


def test_every_bad_row_is_named_with_its_line_and_the_others_are_taken() -> None:
    world = chain_world()
    rows = (
        "a b,Tea,,,,,,,,\n",
        '78,"Two\nlines",-1,,http://x/y,//evil.example,,,many,perhaps\n',
        "79,,1.00,,,,,,,\n",
        GOOD,
        "77,Again,,,,,,,,\n",
        "80,Short\n",
        "81,Fine,1.00,,,,,,,\n",
    )
    found = take(world, HEAD + "".join(rows))
    assert (found.read, found.listed) == (7, 2)
    assert [(bad.line, [fault.where for fault in bad.faults]) for bad in found.bad] == [
        (2, ["id"]),
        (4, ["gone", "stock", "price", "picture_url", "page"]),
        (5, ["title"]),
        (7, ["id"]),
        (8, [""]),
    ]
    assert str(found.bad[3]) == "line 7: id: is on line 6 already"
    assert [one.id for one in world.catalog.products_of(PROGRAM_ID)] == ["77", "81"]


@pytest.mark.parametrize(
    "head", ["", "id\n", "title,price\n", "id,title,colour\n", "id,title,id\n", 'id,title\n"open']
)
def test_a_file_without_its_columns_is_not_taken_at_all(head: str) -> None:
    world = chain_world()
    with pytest.raises(InvalidInputError) as refusal:
        take(world, head)
    assert refusal.value.where.startswith("line ")
    assert list(world.catalog.products_of(PROGRAM_ID)) == []


# --- a shop --------------------------------------------------------------------------------------


def sold(*bodies: object) -> list[Fetched]:
    return [Fetched(json.dumps(told).encode(), "products/update") for told in bodies]


def pull(world: World, shop: MemoryShop) -> Pulled:
    world.shop_clients.shops[make.STOREFRONT_ID] = shop
    ports = PullPorts(world.shop_clients, world.storefront_adapters, world.catalog)
    return pull_products(PullProducts(make.STOREFRONT_ID), ports, T0)


def test_all_pages_of_a_shop_are_listed_and_again_nothing_is_news() -> None:
    world = chain_world()
    shop = MemoryShop(page=2, sold=sold(*(body(id=number) for number in range(1, 6))))
    assert pull(world, shop) == Pulled(read=5, listed=5)
    assert pull(world, shop) == Pulled(read=5, listed=0)
    assert [one.id for one in world.catalog.products_of(PROGRAM_ID)] == ["1", "2", "3", "4", "5"]


def test_what_cannot_be_read_is_named_and_the_others_are_listed() -> None:
    world = chain_world()
    odd = body(id=2, image={"src": "http://cdn.example/a.jpg"})
    pulled = pull(world, MemoryShop(sold=sold({"id": None}, odd, [], body(id=3))))
    assert (pulled.read, pulled.listed) == (4, 2)
    assert [fault.partition(":")[0] for fault in pulled.faults] == ["id", "product 2", "not a JSON object"]


def test_an_unknown_storefront_and_one_without_access_are_not_there() -> None:
    world = chain_world()
    ports = PullPorts(world.shop_clients, world.storefront_adapters, world.catalog)
    for name in ("sf_gone", make.STOREFRONT_ID):
        with pytest.raises(NotFoundError):
            pull_products(PullProducts(name), ports, T0)


class Endless(MemoryShop):
    """A shop whose pages never end."""

    def products(self, cursor: str | None = None) -> FetchedPage:
        self.page = int(cursor or 0) + 1
        return FetchedPage(bodies=(), cursor=str(self.page))


def test_a_shop_whose_pages_never_end_is_left() -> None:
    shop = Endless(page=0)
    with pytest.raises(ShopUnavailableError):
        pull(chain_world(), shop)
    assert shop.page == MOST_PAGES
