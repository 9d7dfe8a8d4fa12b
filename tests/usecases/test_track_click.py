"""A visit through a link: recorded, sent on, and never lost on the visitor."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from grapevine.domain.clicks import MAX_USER_AGENT, Click
from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.ids import visitor_of
from grapevine.domain.links import CLICK_PARAMETER
from grapevine.usecases.track_click import Redirection, TrackClick, TrackClickPorts, track_click
from tests import builders as make
from tests.builders import T0, minutes
from tests.worlds import World, chain_world

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
CODE = make.link().code
VISITOR = "V" * 22


def visited(world: World, **changes: object) -> Redirection:
    values = {"link_code": CODE, "user_agent": PHONE, **changes}
    ports = TrackClickPorts(world.catalog, world.clicks, world.random_bytes)
    return track_click(TrackClick(**values), ports, T0 + minutes(1))  # type: ignore[arg-type]


def test_a_person_is_recorded_and_carries_the_click_to_the_shop() -> None:
    world = chain_world()
    found = visited(world)
    assert found.click
    assert found.recorded
    assert world.clicks.click(found.click.id) == found.click
    parts = urlsplit(found.location)
    assert parse_qs(parts.query) == {"size": ["2"], CLICK_PARAMETER: [found.click.id]}
    assert (parts.hostname, parts.fragment) == ("shop.example", "top")
    assert visitor_of(found.click.id) == found.visitor_id


def test_the_click_knows_the_links_promoter_and_upline() -> None:
    click = visited(chain_world()).click
    assert click
    assert (click.promoter_id, click.upline, click.program_id) == (
        make.CY,
        (make.BO, make.ANA),
        make.PROGRAM_ID,
    )
    assert click.occurred_at == click.recorded_at == T0 + minutes(1)


def test_edge_36_a_visitor_who_comes_back_is_one_visitor_with_two_clicks() -> None:
    world = chain_world()
    one, other = (visited(world, visitor_id=VISITOR) for _ in range(2))
    assert one.visitor_id == other.visitor_id == VISITOR
    assert one.click
    assert other.click
    assert one.click.id != other.click.id


def test_edge_35_a_robot_is_recorded_apart_and_carries_nothing() -> None:
    world = chain_world()
    found = visited(world, user_agent="facebookexternalhit/1.1")
    assert found.location == make.link().destination
    assert found.visitor_id is None
    assert found.click
    assert found.click.bot_reason
    assert world.clicks.click(found.click.id) == found.click


def test_a_request_that_does_not_count_is_answered_and_no_more() -> None:
    world = chain_world()
    before = dict(world.clicks.stored)
    assert visited(world, counted=False) == Redirection(location=make.link().destination)
    assert world.clicks.stored == before


@pytest.mark.parametrize("code", ["", "unknown", CODE.upper(), f"{CODE} ", "../" + CODE])
def test_an_unknown_link_leads_nowhere(code: str) -> None:
    with pytest.raises(NotFoundError):
        visited(chain_world(), link_code=code)


def test_a_visitor_is_sent_on_also_when_the_click_cannot_be_stored() -> None:
    class Away:
        def record(self, click: Click) -> None:
            raise UnavailableError("clicks")

    world = chain_world()
    ports = TrackClickPorts(world.catalog, Away(), world.random_bytes)
    found = track_click(TrackClick(link_code=CODE, user_agent=PHONE), ports, T0)
    assert not found.recorded
    assert found.location.startswith("https://shop.example/")


def test_an_endless_user_agent_is_cut_for_keeping_and_read_whole() -> None:
    world = chain_world()
    click = visited(world, user_agent="x" * 5_000 + " Googlebot").click
    assert click
    assert len(click.user_agent) == MAX_USER_AGENT
    assert click.bot_reason
