"""`grapevine settle`: runs started, watched, worked off here, and what came of them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import cast

import click
import pytest
from rich.console import Console

from grapevine.adapters.memory.state import MemoryTreasury
from grapevine.domain.entries import AccountKey
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page
from grapevine.domain.settlements import PageName, Settlement
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.list_promoters import list_promoters
from grapevine.usecases.start_settlements import DemandSettlement, demand_settlement
from grapevine_cli.following import Here, follow
from grapevine_cli.progress import run_shown
from grapevine_cli.settling import settle
from tests.builders import BO, PROGRAM_ID
from tests.cli.running import printed, run
from tests.usecases.settling import DAY_ONE, released
from tests.worlds import World, chain_world

RUN = f"{PROGRAM_ID}.run-now"


@pytest.fixture
def world() -> World:
    """Return a world in which Cy has 50.00, Bo 15.00 and Ana 5.00 payable; the minimum is 10.00."""
    world = chain_world()
    released(world, 1, 50_000)
    world.clock = DAY_ONE
    return world


def parts_of(world: World) -> AwsParts:
    return cast("AwsParts", world)


def test_a_run_here_says_how_far_it_is_and_what_came_of_it(world: World) -> None:
    code, said = run(settle, world, PROGRAM_ID, "--name", "now", "--here")
    assert code == 0
    assert said == [
        f"run {RUN}",
        "listing 0 / …",
        "settling 0 / 3",
        "closed 3 / 3",
        "closed 3 / 3",
        "paid                 2",
        "carried              1",
        "to pay out       65.00 USD",
    ]
    assert printed(said[4:])
    assert world.settlement_queue.payouts == [PROGRAM_ID]
    assert not world.settlement_queue.lists
    # The same name is the same run: nobody is settled twice.
    again = run(settle, world, PROGRAM_ID, "--name", "now")
    assert again == (0, [said[0], *said[3:]])


def test_the_minimum_may_be_ignored_and_a_name_may_be_left_out(world: World) -> None:
    code, said = run(settle, world, PROGRAM_ID, "--here", "--ignore-minimum")
    assert code == 0
    assert said[0] == f"run {PROGRAM_ID}.run-20270110T040000"
    assert said[-2:] == ["paid                 3", "to pay out       70.00 USD"]


def test_nobody_waits_who_does_not_want_to(world: World) -> None:
    assert run(settle, world, PROGRAM_ID, "--name", "now", "--no-wait") == (
        0,
        [f"run {RUN}", "listing 0 / …", "to pay out        0.00 USD"],
    )
    assert world.settlement_queue.lists == [PageName(RUN, "")]
    assert run(settle, world, PROGRAM_ID, "--no-wait", "--here")[0] == 2


def test_runs_are_listed(world: World) -> None:
    run(settle, world, PROGRAM_ID, "--name", "now", "--here")
    code, said = run(settle, world, PROGRAM_ID, "--list")
    assert code == 0
    assert said[0].split() == ["run", "state", "started", "promoters", "settled", "failed", "paid"]
    assert printed(said)
    assert said[1].split() == [RUN, "closed", "2027-01-10T04:00:00.000Z", "3", "3", "0", "65.00", "USD"]


def test_who_cannot_be_settled_is_named_and_the_others_are_paid(world: World) -> None:
    world.treasury = Lossy(world.ledger, world.pages)
    code, said = run(settle, world, PROGRAM_ID, "--name", "now", "--here")
    assert code == 1
    assert said[-2:] == ["to pay out       50.00 USD", f"FAILED {BO}: KeyError: 'lost'"]


def test_a_run_is_watched_until_it_is_closed(world: World) -> None:
    start(world)
    told: list[str] = []
    done = follow(RUN, parts_of(world), lambda far: told.append(far.progress), lambda: work_some(world))
    assert done.closed_at
    assert told == ["listing 0 / …", "settling 0 / 3", "closed 3 / 3"]


def test_a_run_that_nobody_carries_on_is_given_up_with_what_to_do(world: World) -> None:
    start(world)
    looks: list[None] = []
    with pytest.raises(click.ClickException, match="nothing happens"):
        follow(RUN, parts_of(world), lambda _: None, lambda: looks.append(None), looks=3)
    assert len(looks) == 3


def test_what_is_not_about_runs_goes_to_the_stage(world: World) -> None:
    here = Here(parts_of(world))
    here.send_void(PROGRAM_ID, BO)
    here.send_points(PROGRAM_ID, (BO,))
    here.send_transfers(PROGRAM_ID, ("pb1",))
    queue = world.settlement_queue
    assert (queue.voids, queue.points) == ([(PROGRAM_ID, BO)], [(PROGRAM_ID, (BO,))])
    assert queue.transfers == [(PROGRAM_ID, "pb1")]


def test_on_a_terminal_the_bar_says_how_many_of_how_many() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    far = Settlement(id=RUN, program_id=PROGRAM_ID, started_at=DAY_ONE)
    with run_shown(screen) as told:
        told(far)
        told(replace(far, listed=True, promoters=50_000))
        told(replace(far, listed=True, promoters=0))
    assert isinstance(screen.file, io.StringIO)
    assert "settling 0 / 0" in screen.file.getvalue()


def start(world: World) -> None:
    demand_settlement(DemandSettlement(PROGRAM_ID, "now"), world.starting, DAY_ONE)


def work_some(world: World) -> None:
    """Do as the functions do while somebody looks on: the lists first, the pages before the next look."""
    queue = world.settlement_queue
    if queue.lists:
        list_promoters(queue.lists.pop(0), world.listing, DAY_ONE)
    else:
        world.work_off(DAY_ONE)


class Lossy(MemoryTreasury):
    """Accounts of which one cannot be read."""

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        if key.promoter_id == BO:
            raise KeyError("lost")
        return super().account(key)
