"""The apps, loaded by path as nobody else's `app`, over a world in memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from chalice.test import Client

from grapevine.runtime.parts import install
from tests.runtime.observed import Line, collected
from tests.worlds import World, chain_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def world() -> World:
    """Return a fresh world that the apps run on for this test."""
    world = chain_world()
    install(world)
    return world


@pytest.fixture
def client(world: World) -> Iterator[Callable[[str], Client]]:
    """Return a maker of Chalice test clients by app name."""
    opened: list[Client] = []

    def make(name: str) -> Client:
        made = Client(import_module(f"functions.{name}.app").app)
        made.__enter__()
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.__exit__(None, None, None)


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """Return what the functions log during this test."""
    with collected() as found:
        yield found
