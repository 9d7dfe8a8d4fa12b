"""The ports of settlement runs and of the sweep's mark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.ports import Settlement
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes


def run(names: Names) -> Settlement:
    return Settlement(
        id=f"{names.program}.2026-11-10",
        program_id=names.program,
        started_at=T0,
        batches=3,
        finished=frozenset(),
    )


def test_a_run_is_stored_once(stores: Stores, names: Names) -> None:
    assert stores.settlements.start(run(names)) is True
    assert stores.settlements.start(replace(run(names), batches=99)) is False
    assert stores.settlements.settlement(run(names).id) == run(names)


@pytest.mark.parametrize("settlement_id", ["nothere", "with#sign"])
def test_an_unknown_run_is_none(stores: Stores, settlement_id: str) -> None:
    assert stores.settlements.settlement(settlement_id) is None


def test_finishing_a_batch_returns_the_run_as_it_is_then(stores: Stores, names: Names) -> None:
    stores.settlements.start(run(names))
    assert stores.settlements.finish_batch(run(names).id, 2) == replace(run(names), finished=frozenset("2"))
    after = stores.settlements.finish_batch(run(names).id, 1)
    assert after == replace(run(names), finished=frozenset("12"))
    assert not after.is_done
    assert stores.settlements.finish_batch(run(names).id, 3).is_done


def test_finishing_a_batch_again_changes_nothing(stores: Stores, names: Names) -> None:
    stores.settlements.start(run(names))
    once = stores.settlements.finish_batch(run(names).id, 2)
    assert stores.settlements.finish_batch(run(names).id, 2) == once
    assert stores.settlements.settlement(run(names).id) == once


def test_starting_a_run_again_keeps_what_is_finished(stores: Stores, names: Names) -> None:
    stores.settlements.start(run(names))
    once = stores.settlements.finish_batch(run(names).id, 2)
    stores.settlements.start(run(names))
    assert stores.settlements.settlement(run(names).id) == once


def test_a_batch_of_an_unknown_run_cannot_be_finished(stores: Stores, names: Names) -> None:
    with pytest.raises(NotFoundError):
        stores.settlements.finish_batch(run(names).id, 1)
    assert stores.settlements.settlement(run(names).id) is None


def test_the_sweeps_mark_never_goes_back(stores: Stores) -> None:
    # There is one mark per table, so other tests may have moved it.
    start = (stores.settlements.swept_until() or T0) + days(1)
    stores.settlements.set_swept_until(start)
    assert stores.settlements.swept_until() == start
    stores.settlements.set_swept_until(start - minutes(1))
    assert stores.settlements.swept_until() == start
    stores.settlements.set_swept_until(start + minutes(1))
    assert stores.settlements.swept_until() == start + minutes(1)
