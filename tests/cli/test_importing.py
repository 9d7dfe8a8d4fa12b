"""`grapevine reconcile`, `import-orders` and `import-balances`: what an operator sees."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Payment
from grapevine_cli.exports import read_export
from grapevine_cli.importing import import_balances, import_orders, reconcile
from tests import builders as make
from tests.builders import ANA, CLICK_ID, PROGRAM_ID, STOREFRONT_ID, T0, minutes
from tests.cli.running import run
from tests.usecases.shopping import Shopping, key
from tests.usecases.webhooks import order_body

COLUMNS = (
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfilled at",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem sku",
    "Note Attributes",
    "Cancelled at",
    "Refunded Amount",
    "Id",
    "Lineitem discount",
)
FIRST = {
    "Name": "#1001",
    "Email": "buyer@example.com",
    "Financial Status": "paid",
    "Paid at": "2026-11-11 17:01:00 +0800",
    "Currency": "USD",
    "Subtotal": "90.00",
    "Shipping": "5.00",
    "Taxes": "0.00",
    "Total": "95.00",
    "Discount Code": "CY-10",
    "Discount Amount": "10.00",
    "Created at": "2026-11-11 17:00:00 +0800",
    "Lineitem quantity": "2",
    "Lineitem name": "Tea",
    "Lineitem price": "30.00",
    "Lineitem sku": "TEA",
    "Note Attributes": f"gift: yes\ngv_click: {CLICK_ID}",
    "Refunded Amount": "0.00",
    "Id": "5001",
    "Lineitem discount": "0.00",
}
SECOND = {"Name": "#1001", "Lineitem quantity": "1", "Lineitem name": "Pot", "Lineitem price": "40.00"}


@pytest.fixture
def town() -> Shopping:
    return Shopping()


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def put(path: Path, body: bytes) -> str:
    path.write_bytes(body)
    return str(path)


# --- reconcile -----------------------------------------------------------------------------------


def test_a_storefront_is_made_whole_on_demand(town: Shopping) -> None:
    town.world.clock = T0
    town.change("1", T0 - timedelta(days=3))
    town.change("2", T0 - minutes(5))
    code, said = run(reconcile, town.world, STOREFRONT_ID, "--since", "2026-11-01")
    assert code == 0
    assert said[-2:] == [
        # Midnight in Shanghai, where the program is.
        "2026-10-31T16:00:00.000Z to 2026-11-11T09:00:00.000Z in 2 windows, 0 too full",
        "2 orders seen, 2 news, 0 known",
    ]
    assert any(line.startswith("seconds of orders: ") for line in said)
    assert town.world.reconcile_marks.kept == {}
    code, said = run(reconcile, town.world, STOREFRONT_ID)
    assert said[-1] == "1 orders seen, 0 news, 1 known"
    assert town.world.reconcile_marks.kept[STOREFRONT_ID].until == T0


def test_what_cannot_be_read_is_said_and_fails(town: Shopping) -> None:
    town.world.clock = T0
    town.change("1", T0 - minutes(5), id="none")
    town.change("2", T0 - minutes(5), line_items=[{"id": 1, "price": "1e9", "quantity": 1}])
    code, said = run(reconcile, town.world, STOREFRONT_ID)
    assert code == 1
    assert len([line for line in said if line.startswith("  waits: ")]) == 1
    assert len([line for line in said if line.startswith("  rejected: ")]) == 1


def test_a_storefront_that_is_not_there_is_one_line(town: Shopping) -> None:
    code, said = run(reconcile, town.world, "sf_nowhere", "--since", "2026-11-01")
    assert (code, said[-1]) == (1, "Error: no storefront 'sf_nowhere'")


# --- orders --------------------------------------------------------------------------------------


def test_a_list_of_bodies_and_one_to_a_line_say_the_same(town: Shopping, tmp_path: Path) -> None:
    bodies = [order_body(str(number)) for number in (1, 2, 3)]
    shapes = {
        "list.json": json.dumps(bodies, indent=1),
        "lines.ndjson": "\n".join(json.dumps(body) for body in bodies),
        "wrapped.json": json.dumps({"orders": bodies}),
    }
    for number, (name, text) in enumerate(shapes.items()):
        file = put(tmp_path / name, text.encode())
        code, said = run(import_orders, town.world, STOREFRONT_ID, file)
        counts = "3 news, 0 known, 0 rejected" if number == 0 else "0 news, 3 known, 0 rejected"
        assert (code, said[-1]) == (0, counts)
    assert town.known() == {"1", "2", "3"}


def test_every_bad_line_is_said_and_the_others_are_taken(town: Shopping, tmp_path: Path) -> None:
    good, other = json.dumps(order_body("1")), json.dumps(order_body("2"))
    file = put(
        tmp_path / "lines.ndjson", f'{good}\n{{"id": broken\n[1]\n\n{other}\n{{"no": "id"}}\n'.encode()
    )
    code, said = run(import_orders, town.world, STOREFRONT_ID, file)
    assert code == 1
    assert "2 news, 0 known, 3 rejected" in said
    rejected = [line.partition("rejected: ")[2] for line in said if "rejected: " in line]
    assert [line.partition(":")[0] for line in rejected] == ["line 2", "line 3", "line 6"]
    assert town.known() == {"1", "2"}


def test_shopifys_csv_is_the_order_to_the_cent(town: Shopping, tmp_path: Path) -> None:
    code, said = run(import_orders, town.world, STOREFRONT_ID, put(tmp_path / "o.csv", table(FIRST, SECOND)))
    assert (code, said[-1]) == (0, "1 news, 0 known, 0 rejected")
    (fact,) = town.world.facts.facts_of(key("5001"))
    told = fact.snapshot
    assert told
    assert told.lines
    assert (told.placed_at, fact.version) == (T0, T0 + minutes(1))
    assert (told.payment, told.click_id, told.coupon_codes) == (Payment.PAID, CLICK_ID, ("CY-10",))
    # 10.00 off 60.00 and 40.00: six and four.
    assert [line.net_minor for line in told.lines] == [5400, 3600]
    assert [line.sku for line in told.lines] == ["TEA", None]


def test_a_tax_in_the_price_and_a_refund_are_shared_out(town: Shopping, tmp_path: Path) -> None:
    changes = {"Taxes": "9.50", "Refunded Amount": "95.00", "Financial Status": "refunded"}
    run(
        import_orders, town.world, STOREFRONT_ID, put(tmp_path / "o.csv", table({**FIRST, **changes}, SECOND))
    )
    (fact,) = town.world.facts.facts_of(key("5001"))
    assert fact.snapshot
    assert fact.snapshot.lines
    # 9.50 inside of 54.00, 36.00 and 5.00 of shipping.
    assert [line.tax_minor for line in fact.snapshot.lines] == [540, 360]
    assert [part.subtotal_minor for refund in fact.refunds for part in refund.lines] == [5400, 3600]


def test_an_order_that_the_shop_told_of_is_left_as_it_is(town: Shopping, tmp_path: Path) -> None:
    town.world.append(make.fact(order=key("5001")))
    code, said = run(import_orders, town.world, STOREFRONT_ID, put(tmp_path / "o.csv", table(FIRST, SECOND)))
    assert (code, said[-1]) == (0, "0 news, 1 known, 0 rejected")


def test_bad_rows_are_said_with_the_line_their_order_begins_at(town: Shopping, tmp_path: Path) -> None:
    rows = [
        FIRST,  # lines 2 and 3: its attributes have a line of their own
        SECOND,
        {**FIRST, "Name": "#1002", "Id": "x"},
        {**FIRST, "Name": "#1003", "Id": "5003", "Lineitem price": "many"},
        {**FIRST, "Name": "#1004", "Id": "5004", "Created at": "yesterday"},
        {**FIRST, "Name": "#1005", "Id": "5005", "Lineitem quantity": "-1"},
        {**FIRST, "Name": "#1006", "Id": "5006", "Subtotal": "900.00"},
        {**FIRST, "Name": "#1007", "Id": "5007", "Refunded Amount": "96.00"},
    ]
    code, said = run(import_orders, town.world, STOREFRONT_ID, put(tmp_path / "o.csv", table(*rows)))
    assert code == 1
    rejected = [line.partition("rejected: ")[2] for line in said if "rejected: " in line]
    assert [line.partition(":")[0] for line in rejected] == [f"line {n}" for n in (5, 7, 9, 11, 13, 15)]
    assert town.known() == {"5001"}


@pytest.mark.parametrize(
    ("body", "platform", "why"),
    [
        (b"\xff\xfe", "shopify", "is not UTF-8"),
        (b"Name,Total\n#1,5\n", "shopify", "has no column Id"),
        (b"Name,Total\n#1,5\n", "woocommerce", "is not JSON"),
    ],
)
def test_a_file_of_another_kind_is_refused(body: bytes, platform: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        list(read_export(body, platform))


# --- balances ------------------------------------------------------------------------------------


def test_balances_are_taken_over_once(town: Shopping, tmp_path: Path) -> None:
    file = put(tmp_path / "oldshop.csv", f"promoter_id,amount,evidence\n{ANA},120.50,line 3\n".encode())
    assert run(import_balances, town.world, PROGRAM_ID, file)[1][-1] == "1 opened, 0 known, 0 rejected"
    assert run(import_balances, town.world, PROGRAM_ID, file)[1][-1] == "0 opened, 1 known, 0 rejected"
    assert town.world.balance(ANA).payable_minor == 12_050
    bad = put(tmp_path / "bad.csv", b"promoter_id,amount,evidence\npr_nobody,1.00,x\n")
    code, said = run(import_balances, town.world, PROGRAM_ID, bad, "--name", "again")
    assert code == 1
    assert said[-1] == "  rejected: line 2: 'pr_nobody': promoter_id: no such promoter"
