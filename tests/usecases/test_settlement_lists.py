"""Listing a run: its pages partition the promoters whoever lists, whenever, and whatever they see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.people import Promoter
from grapevine.domain.settlements import AT_ONCE, PAGE_SIZE, PageName, Settled, Settlement, SettlementPage
from grapevine.ports import CatalogLists
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from tests import builders as make
from tests.builders import PROGRAM_ID
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.settling import DAY_ONE, RUN_ONE, run_of
from tests.usecases.turns import Stepped, Turns
from tests.worlds import World

COUNT = 3 * PAGE_SIZE + 7
NAMES = [f"pr_{number:04}" for number in range(COUNT)]


def begun(count: int = COUNT) -> World:
    """Return a world with a run that nobody has listed."""
    world = World()
    world.catalog.add_program(make.program(), make.plan())
    for name in NAMES[:count]:
        world.catalog.add_promoter(make.promoter(name))
    world.settlements.start(Settlement(id=RUN_ONE, program_id=PROGRAM_ID, started_at=DAY_ONE))
    return world


def chain(world: World) -> list[SettlementPage]:
    return list(world.settlements.pages_from(PageName(RUN_ONE, "")))


@dataclass(frozen=True)
class Lagging:
    """A listing of promoters that misses some of them, each time others, as an index may."""

    world: World
    random: Random

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        for promoter in self.world.catalog.promoters_of(program_id, after):
            if self.random.random() > 0.02:
                yield promoter


def listers(world: World, seed: int, count: int) -> list[tuple[Turns, ListPorts]]:
    found = []
    for number in range(count):
        turns = Turns()
        catalog = cast("CatalogLists", Lagging(world, Random(seed + number)))
        stores: tuple[Any, Any] = (
            Stepped(world.settlements, turns),
            Stepped(world.settlement_queue, turns),
        )
        found.append((turns, ListPorts(catalog, *stores, world.closing)))
    return found


@given(st.integers(0, 2**32), st.lists(st.integers(0, 2), max_size=40))
@settings(max_examples=60, deadline=None)
def test_edge_77_pages_partition_the_promoters_however_lists_interleave(
    seed: int, schedule: list[int]
) -> None:
    """Three copies of the first message at once, each seeing another part of the index."""
    world = begun()
    at_work = listers(world, seed, 3)
    threads = [
        turns.start(lambda ports=ports: list_promoters(PageName(RUN_ONE, ""), ports, DAY_ONE))  # type: ignore[misc]
        for turns, ports in at_work
    ]
    for mover in schedule:
        at_work[mover][0].step()
    for (turns, _), thread in zip(at_work, threads, strict=True):
        turns.set_free()
        thread.join(timeout=10)
        assert not thread.is_alive()
    pages = chain(world)
    listed = [name for page in pages for name in page.promoter_ids]
    assert listed == sorted(set(listed))
    assert [page.after for page in pages] == ["", *(page.last for page in pages[:-1])]
    assert [page.number for page in pages] == [*range(1, len(pages) + 1)]
    assert pages[-1].ends
    assert {page.name for page in pages if not page.ends} <= set(world.settlement_queue.pages)
    run = run_of(world)
    assert (run.listed, run.pages, run.promoters) == (True, len(pages) - 1, len(listed))


@pytest.mark.parametrize("how", How)
def test_edge_77_a_list_that_breaks_off_anywhere_goes_on_where_it_was(how: How) -> None:
    whole = begun()
    calls = _listed(whole, Plug())
    for number in range(1, len(calls) + 1):
        world = begun()
        _listed(world, Plug(fail_at=number, how=how))
        assert chain(world) == chain(whole), calls[number - 1]
        assert set(world.settlement_queue.pages) == set(whole.settlement_queue.pages)
        assert run_of(world) == run_of(whole)


def _listed(world: World, plug: Plug) -> list[str]:
    catalog: Any = Plugged(world.catalog, plug)
    settlements: Any = Plugged(world.settlements, plug)
    queue: Any = Plugged(world.settlement_queue, plug)
    ports = ListPorts(catalog, settlements, queue, world.closing)
    names = world.settlement_queue.lists
    names.append(PageName(RUN_ONE, ""))
    while names:
        until_done(lambda: list_promoters(names[0], ports, DAY_ONE))
        names.pop(0)
    return plug.calls


def test_a_list_is_as_many_messages_as_it_takes() -> None:
    world = begun(0)
    count = (2 * AT_ONCE + 3) * PAGE_SIZE
    for number in range(count):
        world.catalog.add_promoter(make.promoter(f"pr_{number:06}"))
    names, seen = [PageName(RUN_ONE, "")], 0
    while names:
        list_promoters(names.pop(), world.listing, DAY_ONE)
        names += world.settlement_queue.lists
        world.settlement_queue.lists.clear()
        seen += 1
    assert seen == 3
    assert run_of(world).promoters == count
    assert len(world.settlement_queue.pages) == len(set(world.settlement_queue.pages)) == count // PAGE_SIZE


def test_a_list_behind_a_page_that_nobody_stored_is_refused() -> None:
    world = begun(3)
    with pytest.raises(Exception, match="no settlement page"):
        list_promoters(PageName(RUN_ONE, "pr_0001"), world.listing, DAY_ONE)
    assert chain(world) == []


def test_who_ends_the_list_last_closes_the_run_where_all_pages_were_done_before() -> None:
    world = begun(3)
    run = run_of(world)
    page = run.page_of(NAMES[:3])
    world.settlements.add_page(page)
    world.settlements.finish_page(page.done(()))
    when: datetime = DAY_ONE
    list_promoters(PageName(RUN_ONE, ""), world.listing, when)
    assert run_of(world).closed_at == when
    assert world.settlement_queue.pages == []
    assert run_of(world).counts.get(Settled.PAID) is None
