"""Explaining: any entry of one's own program, nobody else's, and every amount adds up."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.usecases.explain_entry import ExplainEntry, ExplainPorts, explain_entry
from tests import builders as make
from tests.builders import CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world


def books() -> World:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    world.post(T0 + days(34))
    return world


def told(
    world: World, sequence: int, order: OrderKey = ORDER, program_id: str = PROGRAM_ID
) -> dict[str, object]:
    ports = ExplainPorts(world.ledger, world.facts, world.catalog)
    return explain_entry(ExplainEntry(program_id, order, sequence), ports)


def test_each_entry_is_explained_as_of_its_own_time() -> None:
    world = books()
    found = [told(world, number) for number in (1, 2, 3)]
    assert [explanation["reason"] for explanation in found] == ["accrued", "refunded", "released"]
    assert [explanation["standing"][CY] for explanation in found] == ["13.33", "10.99", "10.99"]  # type: ignore[index]
    assert all(explanation["re_adds"] for explanation in found)


@pytest.mark.parametrize("sequence", [0, -1, -99, 4, 10**9])
def test_a_number_that_is_not_there_is_not_found(sequence: int) -> None:
    with pytest.raises(NotFoundError):
        told(books(), sequence)


def test_an_order_that_is_not_there_or_another_programs_is_not_found_alike() -> None:
    refusals = []
    for order, program_id in ((OrderKey("sf_test", "9"), PROGRAM_ID), (ORDER, "pg_other")):
        with pytest.raises(NotFoundError) as refusal:
            told(books(), 1, order, program_id)
        refusals.append(refusal.value.kind)
    assert refusals == ["entry", "entry"]
