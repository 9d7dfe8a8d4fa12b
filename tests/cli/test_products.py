"""`grapevine products`: a file in, a shop in, and the list."""

from __future__ import annotations

from pathlib import Path

from grapevine.adapters.memory.shops import MemoryShop
from grapevine_cli.products import products_import, products_list, products_pull
from tests.builders import PROGRAM_ID, STOREFRONT_ID
from tests.cli.running import printed, run
from tests.usecases.test_products_in_bulk import sold
from tests.usecases.test_take_listing import body
from tests.worlds import chain_world

FILE = """\ufeffid,title,price,category,collections,stock
501,Oolong 乌龙茶,19.90,tea,sale|new,12
502,Mug,,,,
503,Bowl,-1.00,,,
"""


def test_a_file_is_taken_a_bad_row_is_named_and_the_list_shows_the_rest(tmp_path: Path) -> None:
    world = chain_world()
    file = tmp_path / "products.csv"
    file.write_text(FILE, encoding="utf-8")
    code, said = run(products_import, world, PROGRAM_ID, str(file))
    assert code == 1
    assert said[-2:] == [
        "products.csv, line 4: price: must not be negative",
        "3 read, 2 changed, 1 not taken",
    ]
    code, said = run(products_list, world, PROGRAM_ID)
    assert code == 0
    assert printed(said)
    assert [line.split()[0] for line in said] == ["product", "501", "502"]


def test_a_good_file_ends_well(tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("id,title\n501,Oolong\n", encoding="utf-8")
    code, said = run(products_import, chain_world(), PROGRAM_ID, str(file))
    assert (code, said[-1]) == (0, "1 read, 1 changed, 0 not taken")


def test_a_shop_is_pulled() -> None:
    world = chain_world()
    world.shop_clients.shops[STOREFRONT_ID] = MemoryShop(sold=sold(body(), {"id": None}))
    code, said = run(products_pull, world, STOREFRONT_ID)
    assert code == 0
    assert said[-2:] == ["id: missing", "2 read, 1 changed, 1 faults"]
