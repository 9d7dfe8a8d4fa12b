"""Products: read as they were put, many at once, and no change lost."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import NetworkMovedError
from grapevine.domain.listings import Listing
from grapevine.domain.products import Product, ProductChange
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days

FIRST = ProductChange(effective_at=T0, category="Tee & 茶", collections=("a b", "sale"), promoter_id="pr_ana")
SECOND = ProductChange(effective_at=T0 + days(1))


def product(names: Names, name: str, *changes: ProductChange) -> Product:
    return Product(program_id=names.program, id=name, changes=changes)


def test_a_product_is_read_with_its_history(stores: Stores, names: Names) -> None:
    for changes in ((FIRST,), (FIRST, SECOND)):
        put = product(names, "77", *changes)
        stores.catalog.put_product(put)
        assert stores.catalog.products(names.program, ("77", "nothing", "no#thing")) == {"77": put}


def test_the_same_id_in_two_programs_is_two_products(stores: Stores, names: Names) -> None:
    stores.catalog.put_product(product(names, "77", FIRST))
    assert stores.catalog.products(f"{names.program}-2", ("77",)) == {}


def test_asking_for_no_product_finds_none(stores: Stores, names: Names) -> None:
    assert stores.catalog.products(names.program, ()) == {}


def test_a_hundred_products_are_read_at_once(stores: Stores, names: Names) -> None:
    ids = [f"p{number:03d}" for number in range(100)]
    for name in ids[::33]:
        stores.catalog.put_product(product(names, name, FIRST))
    assert set(stores.catalog.products(names.program, ids)) == set(ids[::33])


@pytest.mark.parametrize("before", [0, 1])
def test_a_change_that_knows_not_of_another_is_refused(stores: Stores, names: Names, before: int) -> None:
    stored = product(names, "77", *(FIRST, SECOND)[: before + 1])
    for number in range(before + 1):
        stores.catalog.put_product(product(names, "77", *stored.changes[: number + 1]))
    other = ProductChange(effective_at=T0 + days(2), category="mugs")
    with pytest.raises(NetworkMovedError):
        stores.catalog.put_product(product(names, "77", *stored.changes[:before], other))
    assert stores.catalog.products(names.program, ("77",)) == {"77": stored}


def test_a_change_of_what_is_not_there_is_refused(stores: Stores, names: Names) -> None:
    with pytest.raises(NetworkMovedError):
        stores.catalog.put_product(product(names, "77", FIRST, SECOND))
    assert stores.catalog.products(names.program, ("77",)) == {}


LISTING = Listing(title="Oolong 乌龙茶", updated_at=T0, price_minor=1990, currency="USD", stock=0)
GONE = Listing(
    title="",
    updated_at=T0 + days(1),
    picture_url="https://cdn.example/a.jpg",
    page_url="https://shop.example/a?b=1#c",
    compare_at_minor=2**62,
    gone=True,
)


def test_a_product_is_read_with_its_listing(stores: Stores, names: Names) -> None:
    first = product(names, "77").told(FIRST, LISTING)
    then = first.told(SECOND, GONE)
    last = then.told(SECOND, LISTING)
    for put in (first, then, last):
        stores.catalog.put_product(put)
        assert stores.catalog.products(names.program, ("77",)) == {"77": put}


def test_a_listing_that_knows_not_of_a_change_is_refused(stores: Stores, names: Names) -> None:
    first = product(names, "77").told(FIRST, LISTING)
    stores.catalog.put_product(first)
    stores.catalog.put_product(first.changed(SECOND))
    for late in (first.told(FIRST, GONE), first):
        with pytest.raises(NetworkMovedError):
            stores.catalog.put_product(late)
    assert stores.catalog.products(names.program, ("77",)) == {"77": first.changed(SECOND)}


def test_a_programs_products_are_listed_by_id(stores: Stores, names: Names) -> None:
    put = [product(names, name).told(FIRST, LISTING) for name in ("1", "10", "2", "a.b")]
    for one in reversed(put):
        stores.catalog.put_product(one)
    stores.catalog.put_product(Product(program_id=f"{names.program}-2", id="1", changes=(FIRST,)))
    assert list(stores.catalog.products_of(names.program)) == put
    assert list(stores.catalog.products_of(names.program, "10")) == put[2:]
    assert list(stores.catalog.products_of(names.program, "11")) == put[2:]
    assert list(stores.catalog.products_of(names.program, "a.b")) == []
