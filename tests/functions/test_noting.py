"""What shops' pages load from us and report to us, through Chalice."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from chalice.test import Client, HTTPResponse

from grapevine.domain.clicks import Interest
from grapevine.runtime.noting import MAX_REPORT
from infra.snippet import SERVED, served
from tests import builders as make
from tests.runtime.observed import Line, invocations
from tests.worlds import World

Clients = Callable[[str], Client]
REPORT = {"click": make.CLICK_ID, "kind": "view", "product": "77", "consent": True}


@pytest.mark.parametrize(
    ("name", "cached"),
    [(SERVED.name, "public, max-age=31536000, immutable"), ("grapevine.js", "public, max-age=3600")],
)
def test_the_snippet_is_served_for_any_page_and_cache(client: Clients, name: str, cached: str) -> None:
    answer = client("track_click").http.get(f"/snippet/{name}")
    assert (answer.status_code, answer.body) == (200, served())
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == cached
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["grapevine-9.9.9.js", "__init__.py", "..%2Fnoting.py", "grapevine-1.0.0.jsx", "x" * 500, "%00"]
)
def test_there_is_nothing_else_to_load(client: Clients, name: str) -> None:
    assert client("track_click").http.get(f"/snippet/{name}").status_code == 404


def report(client: Clients, body: object, **headers: str) -> HTTPResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "text/plain;charset=UTF-8", **headers}
    return client("track_click").http.post("/events", headers=sent, body=raw)


def test_a_report_is_kept_with_its_click_and_sets_no_cookie(world: World, client: Clients) -> None:
    answer = report(client, REPORT, Cookie="gv_visitor=" + "2" * 22)
    assert (answer.status_code, answer.body) == (204, b"")
    assert "Set-Cookie" not in answer.headers
    report(client, REPORT | {"kind": "cart"})
    assert world.clicks.interest(make.CLICK_ID) == Interest(frozenset({"77"}), frozenset({"77"}))


def test_a_click_that_is_not_there_is_answered_alike(
    world: World, client: Clients, lines: list[Line]
) -> None:
    unknown = f"{'9' * 22}-{'9' * 20}"
    assert report(client, REPORT | {"click": unknown}).status_code == 204
    assert world.clicks.interest(unknown) == Interest()
    assert [line["noted"] for line in invocations(lines)] == [False]


@pytest.mark.parametrize(
    "body",
    [
        REPORT | {"consent": False},
        REPORT | {"consent": "true"},
        {name: value for name, value in REPORT.items() if name != "consent"},
        REPORT | {"click": "forged"},
        REPORT | {"kind": "bought"},
        REPORT | {"product": "a b"},
        REPORT | {"product": ""},
        REPORT | {"product": 77},
        REPORT | {"email": "cy@shop.example"},
        [],
        b"",
        b"{",
        b"\xff",
        b"[" * 900,
    ],
)
def test_a_report_that_cannot_be_right_is_refused(world: World, client: Clients, body: object) -> None:
    assert report(client, body).status_code == 400
    assert world.clicks.interest(make.CLICK_ID) == Interest()


def test_a_long_report_is_not_even_read(client: Clients) -> None:
    longest = json.dumps(REPORT).encode().ljust(MAX_REPORT)
    assert report(client, longest).status_code == 204
    assert report(client, longest + b" ").status_code == 413
