"""Every published Shopify body through the deployed endpoint, on to the ledger or the queue."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from grapevine.domain.facts import OrderKey
from grapevine_sim.day import until
from grapevine_sim.web import request
from tests.adapters.storefronts.samples import (
    OLD_REFUNDS,
    REFUNDS,
    SHOPIFY,
    each_shopify_sample,
    sample,
    sample_json,
)
from tests.e2e.conftest import House

MALFORMED = ("lineitem_properties_object.json",)
"""Has no id: nothing can be kept under its name."""
UNUSABLE = (*OLD_REFUNDS, "lineitem_valid.json")
"""Say too little: they wait for a person, with the reason."""


@pytest.fixture(scope="module")
def programs(house: House) -> dict[str, str]:
    """One program per currency of the samples."""
    return {currency: house.program(currency) for currency in ("USD", "EUR")}


@each_shopify_sample
def test_a_sample_is_durable_and_processed(house: House, programs: dict[str, str], name: str) -> None:
    body = sample_json(f"shopify/{name}")
    order = body.get("order", body)
    is_refund = name in (*REFUNDS, *OLD_REFUNDS)
    storefront = house.storefront(programs[str(order.get("currency", "USD"))])
    topic = "refunds/create" if is_refund else "orders/updated"

    answer = house.deliver(storefront, sample(f"shopify/{name}"), topic)

    if name in MALFORMED:
        assert answer.status == 400
        return
    assert answer.status == 200
    inner = body.get("refund", order) if is_refund else order
    key = OrderKey(storefront, str(inner["order_id"] if is_refund else inner["id"]))
    assert len(house.parts.facts.facts_of(key)) == 1
    if name in UNUSABLE:
        until(lambda: key in house.waiting(), f"{name} to wait for a person")


def test_a_sample_with_a_click_accrues_to_the_cent(house: House, programs: dict[str, str]) -> None:
    """The published partially refunded order, as if it had come through a link."""
    storefront = house.storefront(programs["USD"])
    path = f"/programs/{programs['USD']}/promoters"
    promoter = house.console.post(path, {"name": "Ana", "email": "ana@promoters.example"})["id"]
    link = house.console.post(f"{path}/{promoter}/links", {"destination": "https://e2e.example/tea"})["code"]
    answer = house.parts.links.link(link)
    assert answer is not None
    click_id = _followed(house, link)
    body = sample_json("shopify/order_2026-07_created_v18.json")
    body["created_at"] = body["processed_at"] = body["updated_at"] = house.parts.now().isoformat()
    body["note_attributes"] = [{"name": "gv_click", "value": click_id}]
    raw = json.dumps(body, default=_plain).encode()
    assert house.deliver(storefront, raw, "orders/paid").status == 200
    base = sum(Decimal(line["price"]) * line["quantity"] for line in body["line_items"])
    expected = f"{base / 10:.2f}"
    balance = f"{path}/{promoter}/balance"
    until(lambda: house.console.get(balance)["held"] == expected, f"{expected} to be held")


def _followed(house: House, link: str) -> str:

    answer = request(
        "GET", f"{house.url('track_click')}/{link}", headers={"User-Agent": "Mozilla/5.0 (iPhone)"}
    )
    return parse_qs(urlsplit(answer.headers["location"]).query)["gv_click"][0]


def _plain(value: object) -> object:
    assert isinstance(value, Decimal)
    return float(value)


def test_nothing_else_is_in_the_folder() -> None:
    assert set(MALFORMED) | set(UNUSABLE) < set(SHOPIFY)
