"""`grapevine webhooks …` and `grapevine events …` on a world's parts."""

from __future__ import annotations

import json

import pytest

from grapevine.usecases.log_events import EventPorts, log_changes
from grapevine_cli import webhooks as cli
from tests import builders as make
from tests.builders import T0, minutes
from tests.cli.running import run
from tests.usecases.delivering import step
from tests.worlds import World, chain_world


@pytest.fixture
def world() -> World:
    return chain_world()


def tell(world: World, *versions: int) -> None:
    ports = EventPorts(world.event_log, world.bus, world.subscriptions, world.webhook_queue)
    log_changes([step("po_1", version) for version in versions], ports, T0)


def created(world: World) -> str:
    code, said = run(cli.webhooks_create, world, make.PROGRAM_ID, "https://one.example/")
    assert (code, said[1].split()[0]) == (0, "secret")
    return said[0].split()[0]


def test_a_webhooks_life(world: World) -> None:
    name = created(world)
    tell(world, 1)
    assert run(cli.webhooks_list, world, make.PROGRAM_ID)[1] == [
        f"{name}  enabled  https://one.example/  all types"
    ]
    assert "behind   1" in run(cli.webhooks_show, world, make.PROGRAM_ID, name)[1]
    assert run(cli.webhooks_ping, world, make.PROGRAM_ID, name) == (0, ["arrived: 204"])
    assert "disabled (by_merchant)" in run(cli.webhooks_disable, world, make.PROGRAM_ID, name)[1][0]
    assert "  enabled  " in run(cli.webhooks_enable, world, make.PROGRAM_ID, name)[1][0]
    assert run(cli.webhooks_rotate, world, make.PROGRAM_ID, name)[1][0].startswith("secret   whsec_")
    assert run(cli.webhooks_replay, world, make.PROGRAM_ID, name, "--after", "")[1] == ["queued"]
    assert run(cli.webhooks_dead, world, make.PROGRAM_ID, name) == (0, [])
    assert run(cli.webhooks_redeliver, world, make.PROGRAM_ID, name)[1] == ["queued 0"]
    assert "  removed  " in run(cli.webhooks_remove, world, make.PROGRAM_ID, name)[1][0]
    assert run(cli.webhooks_list, world, make.PROGRAM_ID) == (0, [])


def test_what_is_wrong_is_said_in_a_line(world: World) -> None:
    assert run(cli.webhooks_create, world, make.PROGRAM_ID, "http://one.example/") == (
        1,
        ["Error: url: must begin with https://"],
    )
    assert run(cli.webhooks_show, world, make.PROGRAM_ID, "wh_none") == (1, ["Error: no webhook 'wh_none'"])


def test_events_are_listed_with_the_cursor_behind_them(world: World) -> None:
    tell(world, 1, 2)
    code, said = run(cli.events_list, world, make.PROGRAM_ID)
    assert code == 0
    assert [json.loads(line)["sequence"] for line in said[:2]] == [1, 2]
    cursor = said[2].removeprefix("next ")
    assert run(cli.events_list, world, make.PROGRAM_ID, "--after", cursor)[1] == [f"next {cursor}"]


def test_an_orders_events_are_logged_from_its_entries(world: World) -> None:
    world.append(make.fact())
    world.post(T0 + minutes(2))
    assert run(cli.events_log, world, str(make.ORDER)) == (0, ["logged 3"])
    assert run(cli.events_log, world, str(make.ORDER)) == (0, ["logged 0"])
    assert run(cli.events_log, world, f"{make.STOREFRONT_ID}/none") == (0, ["logged 0"])
