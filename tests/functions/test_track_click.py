"""The redirect through Chalice: where people go, what is stored, what is never a redirect."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from chalice.test import Client

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.clicks import MAX_USER_AGENT, Click
from grapevine.domain.errors import UnavailableError
from grapevine.domain.links import MAX_DESTINATION, Link
from grapevine.runtime.parts import install
from tests import builders as make
from tests.problems import told
from tests.runtime.observed import Line, invocations
from tests.worlds import World

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.54"
PREVIEW = "facebookexternalhit/1.1"
Clients = Callable[[str], Client]


def stored(world: World) -> list[Click]:
    """Return the clicks beyond the one that the world starts with."""
    return list(world.clicks.stored.values())[1:]


def test_a_person_is_sent_on_with_the_click_id(world: World, client: Clients) -> None:
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE})
    (click,) = stored(world)
    target = urlsplit(answer.headers["Location"])
    assert answer.status_code == 302
    assert target.hostname == "shop.example"
    assert target.fragment == "top"
    assert parse_qs(target.query) == {"size": ["2"], "gv_click": [click.id]}
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert click.id.startswith(answer.headers["Set-Cookie"].removeprefix("gv_visitor=").split(";")[0])


def test_a_returning_visitor_keeps_their_id(world: World, client: Clients) -> None:
    first = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE})
    cookie = first.headers["Set-Cookie"].split(";")[0]
    client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE, "Cookie": f"a=b; {cookie}"})
    one, other = stored(world)
    assert one.id != other.id
    assert one.id[:22] == other.id[:22]


@pytest.mark.parametrize(
    "cookie",
    [
        "gv_visitor=short",
        "gv_visitor=" + "ü" * 22,
        "gv_visitor",
        "\x00;=;;",
        "gv_visitor=../../../../../../etc",
    ],
)
def test_a_strange_cookie_is_no_visitor(world: World, client: Clients, cookie: str) -> None:
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE, "Cookie": cookie})
    assert answer.status_code == 302
    assert len(stored(world)[0].id) == 43


def test_a_preview_is_stored_apart_and_carries_no_click_id(world: World, client: Clients) -> None:
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PREVIEW})
    assert answer.headers["Location"] == "https://shop.example/products/tea?size=2#top"
    assert "Set-Cookie" not in answer.headers
    assert stored(world)[0].bot_reason == "listed:facebookexternalhit"


@pytest.mark.parametrize(
    "header", [("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"), ("X-Moz", "prefetch")]
)
def test_a_prefetch_counts_nothing(world: World, client: Clients, header: tuple[str, str]) -> None:
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE, header[0]: header[1]})
    assert answer.status_code == 302
    assert stored(world) == []


def test_head_is_answered_and_counts_nothing(world: World, client: Clients) -> None:
    answer = client("track_click").http.request("HEAD", "/bcdfghjk", headers={"User-Agent": PHONE})
    assert answer.status_code == 302
    assert stored(world) == []


@pytest.mark.parametrize("code", ["unknown1", "https:%2F%2Fevil.example", "%0d%0aLocation:%20x", "a" * 300])
def test_an_unknown_link_is_a_page_never_a_redirect(world: World, client: Clients, code: str) -> None:
    answer = client("track_click").http.get(f"/{code}", headers={"User-Agent": PHONE})
    assert answer.status_code == 404
    assert "Location" not in answer.headers
    assert b"This link leads nowhere" in answer.body
    assert stored(world) == []


class DeadClicks:
    """A store that does not answer."""

    def record(self, click: Click) -> None:
        raise UnavailableError("no answer")

    def click(self, click_id: str) -> Click | None:
        raise UnavailableError("no answer")


def test_the_visitor_is_sent_on_when_the_click_cannot_be_stored(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    world.clicks = DeadClicks()  # type: ignore[assignment]
    install(world)
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE})
    assert answer.status_code == 302
    assert '"ClickNotRecorded":[1.0]' in capsys.readouterr().out


class DeadCatalog(MemoryCatalog):
    """A store that does not answer."""

    def link(self, code: str) -> Link | None:
        raise UnavailableError("arn:aws:dynamodb:eu-1:1234:table/catalog")


def test_without_an_answer_about_the_link_nobody_is_sent_anywhere(world: World, client: Clients) -> None:
    world.catalog = DeadCatalog()
    answer = client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE})
    assert (answer.status_code, told(answer.json_body)) == (503, {"code": "unavailable"})
    assert "Location" not in answer.headers


def test_the_line_names_the_click_and_not_the_visitor(
    world: World, client: Clients, lines: list[Line]
) -> None:
    headers = {"User-Agent": PHONE, "X-Forwarded-For": "203.0.113.7"}
    client("track_click").http.get("/bcdfghjk", headers=headers)
    (line,) = invocations(lines)
    assert (line["handler"], line["status"], line["recorded"]) == ("redirect", 302, True)
    assert line["click"] == stored(world)[0].id
    assert "203.0.113.7" not in str(lines)


def test_what_the_visitor_adds_to_the_link_goes_nowhere(world: World, client: Clients) -> None:
    path = "/bcdfghjk?gv_click=forged&next=https://evil.example/"
    answer = client("track_click").http.get(path, headers={"User-Agent": PHONE})
    assert "forged" not in answer.headers["Location"]
    assert "evil" not in answer.headers["Location"]


def test_an_endless_user_agent_is_cut(world: World, client: Clients) -> None:
    client("track_click").http.get("/bcdfghjk", headers={"User-Agent": PHONE + "x" * 10_000})
    assert len(stored(world)[0].user_agent) == MAX_USER_AGENT


def test_the_longest_destination_still_fits_into_a_header(world: World, client: Clients) -> None:
    """API Gateway takes 10 240 bytes of headers; every letter of the query may be escaped."""
    destination = "https://shop.example/?q="
    destination += "," * (MAX_DESTINATION - len(destination))
    world.catalog.add_link(make.link(code="cccccccc", destination=destination))
    answer = client("track_click").http.get("/cccccccc", headers={"User-Agent": PHONE})
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) < 10_240
