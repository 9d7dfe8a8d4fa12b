"""Promoters and links: who introduced whom, and nothing that names a person outside `private`."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from grapevine.domain.links import Link
from grapevine.domain.people import Promoter, subject_key
from grapevine.usecases.create_promoter import (
    CreateLink,
    CreatePromoter,
    PeoplePorts,
    create_link,
    create_promoter,
)
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0
from tests.worlds import SUBJECT_KEY, World, chain_world

PAGE = "https://shop.example/tea?size=2#top"


def ports(world: World) -> PeoplePorts:
    return PeoplePorts(world.catalog, world.secrets, world.personal_data, world.random_bytes)


def joined(world: World, **changes: str | None) -> Promoter:
    values = {"program_id": PROGRAM_ID, "name": "Dee", "email": "dee@shop.example", **changes}
    return create_promoter(CreatePromoter(**values), ports(world), T0)  # type: ignore[arg-type]


def linked(
    world: World, promoter_id: str = CY, destination: str = PAGE, program_id: str = PROGRAM_ID
) -> Link:
    command = CreateLink(program_id=program_id, promoter_id=promoter_id, destination=destination)
    return create_link(command, ports(world), T0)


def test_a_promoter_is_stored_under_a_sponsor() -> None:
    world = chain_world()
    dee = joined(world, name="  Dee  ", sponsor_id=CY)
    assert world.catalog.promoters(PROGRAM_ID, (dee.id,)) == {dee.id: dee}
    assert (dee.name, dee.sponsor_id, dee.joined_at) == ("Dee", CY, T0)


def test_edge_90_the_address_is_kept_in_private_alone() -> None:
    world = chain_world()
    dee = joined(world, email="Dee@Shop.Example")
    assert dee.customer_key == subject_key(SUBJECT_KEY, "dee@shop.example")
    assert "shop.example" not in repr(dee).lower()
    assert world.personal_data.remembered == {
        dee.customer_key: {"email": "Dee@Shop.Example", "promoter_id": dee.id}
    }


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": ""}, "email"),
        ({"email": "dee"}, "email"),
        ({"email": "dee@"}, "email"),
        ({"email": "dee @shop.example"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "dee@shop.example\n"}, "email"),
        ({"sponsor_id": "pr_nobody"}, "sponsor_id"),
        ({"sponsor_id": ""}, "sponsor_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(changes: dict[str, str], place: str) -> None:
    world = chain_world()
    with pytest.raises(InvalidInputError) as refusal:
        joined(world, **changes)
    assert refusal.value.where == place
    assert world.personal_data.remembered == {}
    assert [promoter.id for promoter in world.catalog.promoters_of(PROGRAM_ID)] == [ANA, BO, CY]


def test_a_sponsor_of_another_program_is_refused() -> None:
    world = chain_world()
    world.catalog.add_promoter(make.promoter("pr_far", program_id="pg_other"))
    with pytest.raises(InvalidInputError):
        joined(world, sponsor_id="pr_far")


def test_there_is_no_joining_a_program_that_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        joined(chain_world(), program_id="pg_gone")


def test_a_link_carries_its_promoters_upline() -> None:
    world = chain_world()
    made = linked(world)
    assert world.catalog.link(made.code) == made
    assert (made.promoter_id, made.upline, made.destination) == (CY, (BO, ANA), PAGE)
    assert linked(world, ANA).upline == ()


def test_the_upline_of_a_long_chain_stops_at_three_levels() -> None:
    world = chain_world()
    dee = joined(world, sponsor_id=CY)
    assert linked(world, dee.id).upline == (CY, BO)


def test_a_link_survives_a_sponsor_who_is_gone() -> None:
    world = chain_world()
    world.catalog.add_promoter(make.promoter("pr_orphan", "pr_gone"))
    assert linked(world, "pr_orphan").upline == ()


@pytest.mark.parametrize("page", ["http://shop.example", "https://evil.example", "//shop.example", ""])
def test_a_link_leads_to_the_shop_alone(page: str) -> None:
    world = chain_world()
    with pytest.raises(InvalidInputError) as refusal:
        linked(world, destination=page)
    assert refusal.value.where == "destination"


def test_a_link_needs_a_promoter_and_a_program() -> None:
    for promoter_id, program_id in (("pr_nobody", PROGRAM_ID), (CY, "pg_gone")):
        with pytest.raises(NotFoundError):
            linked(chain_world(), promoter_id, program_id=program_id)


def test_a_code_that_is_taken_is_drawn_again() -> None:
    world = chain_world()
    first, second = b"\1" * 8, b"\2" * 8
    drawn = iter((first, first, first, second))
    world.random_bytes = lambda _: next(drawn)
    one, other = linked(world), linked(world)
    assert one.code != other.code
    assert world.catalog.link(one.code) == one


def test_a_source_that_always_draws_the_same_gives_up() -> None:
    world = chain_world()
    world.random_bytes = lambda size: b"\1" * size
    linked(world)
    with pytest.raises(AlreadyExistsError):
        linked(world)
