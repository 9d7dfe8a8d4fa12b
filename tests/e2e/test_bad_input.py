"""What the deployed endpoints answer to bad input, one test a line of the promise."""

from __future__ import annotations

import json

from grapevine_sim.web import request
from tests.e2e.conftest import House
from tests.problems import UNAUTHENTICATED, told


def test_an_unknown_link_is_a_page_never_a_redirect(house: House) -> None:
    answer = request("GET", f"{house.url('track_click')}/nosuchlk", headers={"User-Agent": "Mozilla/5.0"})
    assert answer.status == 404
    assert "location" not in answer.headers
    assert b"This link leads nowhere" in answer.body


def test_an_unknown_storefront_is_not_found(house: House) -> None:
    assert house.deliver("sf_nobody", b"{}", "orders/paid").status == 404


def test_a_bad_signature_is_refused_without_detail(house: House) -> None:
    storefront = house.storefront(house.program())
    forged = house.deliver(storefront, b"{}", "orders/paid", **{"X-Shopify-Hmac-Sha256": "Zm9yZ2Vk"})
    missing = request("POST", f"{house.url('place_order')}/storefronts/{storefront}/webhooks", b"{}")
    assert (forged.status, missing.status) == (401, 401)
    assert told(forged.json()) == told(missing.json()) == UNAUTHENTICATED


def test_a_signed_body_that_is_not_json_is_refused_and_kept(house: House) -> None:
    storefront = house.storefront(house.program())
    assert house.deliver(storefront, b"{not json", "orders/paid").status == 400
    client = house.deployment.site.session.client("dynamodb", endpoint_url=house.deployment.site.endpoint_url)
    kept = client.query(
        TableName=house.deployment.platform.tables["private"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"RAW#{storefront}#malformed"}},
    )
    assert kept["Count"] == 1


def test_a_body_over_the_limit_is_refused(house: House) -> None:
    storefront = house.storefront(house.program())
    assert house.deliver(storefront, b" " * 1_000_001, "orders/paid").status == 413


def test_an_unknown_topic_is_taken_and_ignored(house: House) -> None:
    storefront = house.storefront(house.program())
    answer = house.deliver(storefront, b'{"id": 1}', "customers/update")
    assert (answer.status, answer.json()) == (200, {"receipt": "ignored"})


def test_the_api_says_nothing_without_a_key(house: House) -> None:
    answer = request("GET", f"{house.console.url}/programs", headers={"Authorization": "Bearer gv.x.y"})
    assert (answer.status, told(answer.json())) == (401, UNAUTHENTICATED)


def test_a_program_with_faults_names_them_all(house: House) -> None:
    body: dict[str, object] = {
        "name": " ",
        "currency": "XXX",
        "time_zone": "Mars/Olympus",
        "allowed_hosts": ["shop.example"],
    }
    body["plan"] = {"rate_bps": [9000, 9000]}
    headers = {"Authorization": f"Bearer {house.console.api_key}", "Content-Type": "application/json"}
    answer = request("POST", f"{house.console.url}/programs", json.dumps(body).encode(), headers)
    assert answer.status == 400
    faults = {fault["where"] for fault in answer.json()["faults"]}
    assert faults == {"name", "currency", "time_zone", "rate_bps"}
