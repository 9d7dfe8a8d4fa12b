"""Points through Chalice: a channel in a link's path, a first share, a night's run, and the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from chalice.test import Client

from grapevine.domain.entries import BonusKey, BonusKind
from grapevine.ports import ApiKey
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days
from tests.functions.images import click_records
from tests.runtime.observed import Line, invocations
from tests.usecases.pointing import KEY, payable, points_of, post
from tests.worlds import World

Clients = Callable[[str], Client]
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.54"}
OWN = f"/programs/{PROGRAM_ID}/promoters/{CY}"
PRODUCT = {"products": [{"id": "8001", "category": "tea"}]}


@pytest.fixture
def call(world: World, client: Clients) -> Callable[..., tuple[int, Any]]:
    """Return the API of the merchant whose program, which gives points, the world has."""
    plan = make.plan(
        1000,
        version=2,
        effective_at=T0 - days(1),
        share_points=5,
        points_per_unit_off=50,
        share_points_per_day=5,
    )
    world.catalog.add_plan(PROGRAM_ID, plan)
    key = ApiKey(
        id="key_test", merchant_id="mc_test", secret_hash=sha256(b"secret").hexdigest(), created_at=T0
    )
    world.catalog.add_merchant("mc_test", "test", key)

    def called(method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": "Bearer gv.key_test.secret", "Content-Type": "application/json"}
        text = b"" if body is None else json.dumps(body).encode()
        answer = client("console").http.request(method, path, headers=headers, body=text)
        return answer.status_code, answer.json_body

    return called


# --- channels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "channel"),
    [
        ("/bcdfghjk/wechat", "wechat"),
        ("/bcdfghjk/little-red_book2", "little-red_book2"),
        ("/bcdfghjk/WeChat", ""),
        ("/bcdfghjk/2wechat", ""),
        ("/bcdfghjk/a-word-of-more-than-twenty", ""),
        ("/bcdfghjk/%3Cscript%3E", ""),
        ("/bcdfghjk", ""),
    ],
)
def test_a_links_path_may_say_where_it_was_shared(
    world: World, client: Clients, path: str, channel: str
) -> None:
    answer = client("track_click").http.get(path, headers=PHONE)
    *_, click = world.clicks.stored.values()
    assert (answer.status_code, click.channel) == (302, channel)
    assert click.id in answer.headers["Location"]


def test_an_unknown_link_leads_nowhere_from_any_channel(client: Clients) -> None:
    assert client("track_click").http.get("/nolinkno/wechat", headers=PHONE).status_code == 404


# --- a first share -------------------------------------------------------------------------------


def test_edge_62_a_link_of_a_product_whose_first_visitor_comes_gives_points_once(
    world: World, client: Clients, call: Callable[..., tuple[int, Any]]
) -> None:
    link = {"destination": "https://shop.example/tea", "product_id": "8001"}
    status, error = call("POST", f"{OWN}/links", link)
    assert (status, error["detail"]) == (404, "no product '8001'")
    assert call("POST", f"/programs/{PROGRAM_ID}/products", PRODUCT)[0] == 200
    status, made = call("POST", f"{OWN}/links", link)
    assert (status, made["product_id"]) == (201, "8001")
    client("track_click").http.get(f"{made['path']}/wechat", headers=PHONE)
    *_, click = world.clicks.stored.values()
    for _ in range(2):
        event = {"Records": click_records([click])}
        assert client("insight").lambda_.invoke("count_clicks", event).payload == {"batchItemFailures": []}
    (entry,) = world.ledger.entries_of(BonusKey(PROGRAM_ID, CY, BonusKind.SHARE, "8001"))
    world.fold()
    assert payable(world) == 5
    listed = call("GET", f"{OWN}/entries")[1]["entries"]
    assert [item["id"] for item in listed] == [entry.id]


# --- the API -------------------------------------------------------------------------------------


def test_edge_62_points_are_spent_and_told_through_the_api(
    world: World, call: Callable[..., tuple[int, Any]]
) -> None:
    post(world, 1, 300, T0, cash=1_000)
    spending = {"points": 200, "request_id": "mine-1"}
    status, spent = call("POST", f"{OWN}/points/spend", spending)
    assert (status, spent["off"], spent["points"], spent["currency"]) == (201, "4.00", 200, "USD")
    assert call("POST", f"{OWN}/points/spend", spending) == (201, spent)
    status, error = call("POST", f"{OWN}/points/spend", {"points": 150, "request_id": "mine-2"})
    assert (status, error["detail"]) == (400, "points: 50 are missing: 100 can be spent")
    world.fold()
    balance = call("GET", f"{OWN}/balance")[1]
    assert (balance["payable"], balance["points"]) == (
        "10.00",
        {
            "held": 0,
            "payable": 100,
            "blocked": 0,
            "spent": 200,
            "expired": 0,
            "charged": 0,
            "next_expiry": {"day": "2027-11-11", "points": 100},
        },
    )
    found = call("GET", f"{OWN}/points")[1]
    assert found == {
        **balance["points"],
        "expires": [{"payable_since": "2026-11-11", "day": "2027-11-11", "points": 100}],
    }
    statement = call("GET", f"{OWN}/statement")[1]
    assert [account["currency"] for account in statement["accounts"]] == ["USD", "PTS"]
    assert statement["re_adds"]
    listed = call("GET", f"{OWN}/entries")[1]["entries"]
    assert {item.get("coupon_code") for item in listed} == {spent["coupon_code"], None}


def test_a_program_without_points_tells_of_none(world: World, client: Clients) -> None:
    key = ApiKey(
        id="key_test", merchant_id="mc_test", secret_hash=sha256(b"secret").hexdigest(), created_at=T0
    )
    world.catalog.add_merchant("mc_test", "test", key)
    headers = {"Authorization": "Bearer gv.key_test.secret"}
    answers = [client("console").http.get(f"{OWN}/{what}", headers=headers) for what in ("balance", "points")]
    assert "points" not in answers[0].json_body
    assert answers[1].json_body["payable"] == 0
    assert answers[1].json_body["expires"] == []


# --- the night -----------------------------------------------------------------------------------


def test_edge_62_a_night_lets_points_expire_through_the_queue(
    world: World, client: Clients, call: Callable[..., tuple[int, Any]], lines: list[Line]
) -> None:
    post(world, 1, 300, T0)
    world.clock = T0 + days(365)
    app = client("settle")
    event = app.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    assert app.lambda_.invoke("start_points", event).payload == {"promoters": 3}
    assert world.settlement_queue.points == [(PROGRAM_ID, (ANA, BO, CY))]
    body = json.dumps({"points": {"program_id": PROGRAM_ID, "promoter_ids": [ANA, BO, CY]}})
    for _ in range(2):
        answer = app.lambda_.invoke("settle_promoters", app.events.generate_sqs_event([body])).payload
        assert answer == {"batchItemFailures": []}
    assert (points_of(world).expired, payable(world)) == (300, 0)
    assert len(world.ledger.entries_of(KEY)) == 1
    handlers = [line["handler"] for line in invocations(lines)]
    assert handlers == ["start_points", "settle_promoters", "settle_promoters"]
