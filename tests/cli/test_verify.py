"""`grapevine verify` and `grapevine explain`: what an operator sees, and what a script gets to know."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from grapevine.domain.facts import FactKind
from grapevine_cli.books import explain, redrive, verify
from grapevine_cli.progress import shown
from tests import builders as make
from tests.builders import CY, ORDER, PROGRAM_ID, T0, minutes
from tests.cli.running import run
from tests.usecases.hunting import bonus, bounty
from tests.usecases.selling import Selling
from tests.worlds import World, chain_world


@pytest.fixture
def world() -> World:
    """Return a world with an order, a day later."""
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.clock = T0 + timedelta(days=1)
    return world


def test_proven_books_exit_with_zero_and_say_how_much_was_looked_at(world: World) -> None:
    world.post(T0 + minutes(2))
    world.fold()
    code, said = run(verify, world, PROGRAM_ID)
    assert code == 0
    assert said[-1] == "proven: no faults"
    assert "1 entry of 1 order and 0 accounts, 4 pages, 0 payouts, 1 fact" in said
    # Not a terminal: one line per stage, so that a log stays short.
    assert [line for line in said if line.startswith(("entries", "facts", "orders"))] == [
        "entries: 1",
        "facts: 1",
        "orders: 0",
    ]


def test_faults_exit_with_one_and_are_all_said(world: World) -> None:
    code, said = run(verify, world, PROGRAM_ID)
    assert code == 1
    assert said[-1] == "1 FAULTS"
    assert [line for line in said if line.startswith(f"FAULT facts: {ORDER}: entry 1 was never posted")]


def test_what_is_on_its_way_is_a_fault_at_rest_only(world: World) -> None:
    world.clock = T0 + minutes(2)
    assert run(verify, world, PROGRAM_ID)[0] == 0
    assert run(verify, world, PROGRAM_ID, "--at-rest")[0] == 1


def test_an_explanation_begins_with_what_the_promoter_is_told(world: World) -> None:
    world.post(T0 + minutes(2))
    code, said = run(explain, world, PROGRAM_ID, f"{ORDER}/1", "--language", "zh", "--promoter", CY)
    assert code == 0
    assert said[0].startswith(f"{CY}: 你获得佣金 13.33 美元")
    assert said[1] == "{"


def test_a_bounty_is_proven_explained_and_redriven_by_its_name() -> None:
    world = Selling(make.plan(1000, tiers=())).world
    world.catalog.add_bounty(PROGRAM_ID, bounty(target=1), 1)
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    world.fold()
    world.clock = T0 + timedelta(days=1)
    code, said = run(verify, world, PROGRAM_ID)
    assert (code, said[-1]) == (1, "1 FAULTS")
    assert any(line.startswith(f"FAULT bounty: {bonus()}: entry 1 was never posted: bonus") for line in said)
    assert run(redrive, world, str(bonus())) == (0, [f"{bonus()} posted and folded"])
    code, said = run(verify, world, PROGRAM_ID)
    assert "2 entries of 1 order, 1 bonus and 0 accounts, 5 pages, 0 payouts, 1 fact" in said
    assert (code, said[-1]) == (0, "proven: no faults")
    code, said = run(explain, world, PROGRAM_ID, f"{bonus()}/1")
    assert code == 0
    assert said[0].startswith(
        f"{CY}: You earned 50.00 USD for “Two a week”: it takes 1 order from 9 November"
    )


def test_on_a_terminal_there_are_bars() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    with shown(screen) as told:
        told("entries", 0, None)
        told("entries", 7, None)
        told("orders", 1, 2)
        told("orders", 2, 2)
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    assert "entries" in text
    assert "7/7" in text
    assert "2/2" in text
