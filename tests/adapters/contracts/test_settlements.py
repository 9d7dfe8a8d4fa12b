"""The ports of settlement runs and of the sweep's mark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.errors import NotFoundError
from grapevine.domain.settlements import (
    AccountOutcome,
    CarryReason,
    PageName,
    Settled,
    Settlement,
    SettlementPage,
)
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes


def run(names: Names, day: str = "2026-11-10", **changes: object) -> Settlement:
    made = Settlement(id=f"{names.program}.{day}", program_id=names.program, started_at=T0)
    return replace(made, **changes)  # type: ignore[arg-type]


def outcome(promoter_id: str, settled: Settled, amount_minor: int = 0, **more: object) -> AccountOutcome:
    return AccountOutcome(promoter_id=promoter_id, settled=settled, amount_minor=amount_minor, **more)  # type: ignore[arg-type]


def started(stores: Stores, names: Names) -> tuple[SettlementPage, SettlementPage]:
    """Store a run with two pages and their end; return the pages."""
    stores.settlements.start(run(names))
    first = run(names).page_of(("pr_ana", "pr_bo"))
    second = first.followed_by(("pr_cy",))
    for page in (first, second, second.followed_by(())):
        assert stores.settlements.add_page(page) is True
    return first, second


def test_a_run_is_stored_once(stores: Stores, names: Names) -> None:
    wanted = run(names, ignores_minimum=True)
    assert stores.settlements.start(wanted) is True
    assert stores.settlements.start(replace(wanted, started_at=T0 + days(1))) is False
    assert stores.settlements.settlement(wanted.id) == wanted


@pytest.mark.parametrize("settlement_id", ["nothere", "with#sign"])
def test_an_unknown_run_is_none(stores: Stores, settlement_id: str) -> None:
    assert stores.settlements.settlement(settlement_id) is None
    assert stores.settlements.page(PageName(settlement_id, "")) is None
    assert stores.settlements.page_with(settlement_id, "pr_ana") is None


def test_pages_are_a_chain_in_which_each_place_is_taken_once(stores: Stores, names: Names) -> None:
    first, second = started(stores, names)
    other = replace(first, promoter_ids=("pr_ana",))
    assert stores.settlements.add_page(other) is False
    end = second.followed_by(())
    assert list(stores.settlements.pages_from(first.name)) == [first, second, end]
    assert list(stores.settlements.pages_from(second.name)) == [second, end]
    assert stores.settlements.page(second.name) == second
    assert (end.ends, end.number, end.before) == (True, 3, 3)


def test_a_promoters_page_is_found(stores: Stores, names: Names) -> None:
    first, second = started(stores, names)
    found = {name: stores.settlements.page_with(run(names).id, name) for name in ("pr_ana", "pr_bo", "pr_cy")}
    assert found == {"pr_ana": first, "pr_bo": first, "pr_cy": second}
    for name in ("pr_a", "pr_b", "pr_zz", "with#sign", ""):
        assert stores.settlements.page_with(run(names).id, name) is None


def test_a_page_that_is_done_is_counted_once_with_its_run(stores: Stores, names: Names) -> None:
    first, second = started(stores, names)
    carried = outcome(
        "pr_bo", Settled.CARRIED, 5, missing_minor=7, reason=CarryReason.BELOW_MINIMUM, detail="x"
    )
    one = first.done((outcome("pr_ana", Settled.PAID, 1_000), carried))
    assert stores.settlements.finish_page(one) is True
    assert stores.settlements.finish_page(first.done((outcome("pr_ana", Settled.PAID, 9),))) is False
    assert stores.settlements.page(first.name) == one
    stored = stores.settlements.settlement(run(names).id)
    counts = {Settled.PAID: 1, Settled.CARRIED: 1}
    assert stored == run(names, pages_done=1, counts=counts, paid_minor=1_000)
    failed = outcome("pr_cy", Settled.FAILED, reason="no answer")
    stores.settlements.finish_page(second.done((failed,)))
    stored = stores.settlements.settlement(run(names).id)
    assert stored == run(names, pages_done=2, counts={**counts, Settled.FAILED: 1}, paid_minor=1_000)
    assert one.outcome_of("pr_bo") == carried


def test_every_outcome_is_counted(stores: Stores, names: Names) -> None:
    stores.settlements.start(run(names))
    page = run(names).page_of(tuple(Settled))
    stores.settlements.add_page(page)
    stores.settlements.finish_page(page.done(outcome(name, name, 3) for name in Settled))
    stored = stores.settlements.settlement(run(names).id)
    assert stored is not None
    assert (stored.counts, stored.paid_minor, stored.settled) == (dict.fromkeys(Settled, 1), 3, len(Settled))


def test_a_page_that_nobody_listed_cannot_be_done(stores: Stores, names: Names) -> None:
    page = run(names).page_of(("pr_ana",))
    with pytest.raises(NotFoundError):
        stores.settlements.finish_page(page.done(()))
    stores.settlements.start(run(names))
    with pytest.raises(NotFoundError):
        stores.settlements.finish_page(page.done(()))
    assert stores.settlements.settlement(run(names).id) == run(names)
    with pytest.raises(NotFoundError):
        stores.settlements.mark_listed(f"{names.program}.never", 1, 1)


def test_a_run_is_listed_settled_and_closed(stores: Stores, names: Names) -> None:
    first, second = started(stores, names)
    stores.settlements.mark_listed(run(names).id, 2, 3)
    stores.settlements.mark_listed(run(names).id, 2, 3)
    stored = stores.settlements.settlement(run(names).id)
    assert stored == run(names, listed=True, pages=2, promoters=3)
    for page in (first, second):
        assert not stored.is_settled
        stores.settlements.finish_page(page.done(()))
        stored = stores.settlements.settlement(run(names).id)
        assert stored is not None
    assert stored.is_settled
    assert stores.settlements.close(stored, T0 + days(1)) is True
    assert stores.settlements.close(stored, T0 + days(2)) is False
    assert stores.settlements.settlement(run(names).id) == replace(stored, closed_at=T0 + days(1))


def test_an_unknown_run_cannot_be_closed(stores: Stores, names: Names) -> None:
    assert stores.settlements.close(run(names), T0) is False
    assert stores.settlements.settlement(run(names).id) is None


def test_open_runs_are_found_and_a_programs_runs_are_listed_the_newest_first(
    stores: Stores, names: Names
) -> None:
    runs = [run(names, f"2026-11-{day}", started_at=T0 + days(day)) for day in (10, 11, 12, 13)]
    for one in runs:
        stores.settlements.start(one)
    for one in runs[1:3]:
        stores.settlements.close(one, T0 + days(20))
    first, second, third, fourth = runs
    found = [one for one in stores.settlements.open_runs() if one.program_id == names.program]
    assert found == [first, fourth]
    closed = [replace(one, closed_at=T0 + days(20)) for one in (third, second)]
    assert list(stores.settlements.runs_of(names.program, 10)) == [fourth, first, *closed]
    assert list(stores.settlements.runs_of(names.program, 3)) == [fourth, first, closed[0]]
    assert list(stores.settlements.runs_of(names.merchant, 3)) == []


def test_the_sweeps_mark_never_goes_back(stores: Stores) -> None:
    # There is one mark per table, so other tests may have moved it.
    start = (stores.settlements.swept_until() or T0) + days(1)
    stores.settlements.set_swept_until(start)
    assert stores.settlements.swept_until() == start
    stores.settlements.set_swept_until(start - minutes(1))
    assert stores.settlements.swept_until() == start
    stores.settlements.set_swept_until(start + minutes(1))
    assert stores.settlements.swept_until() == start + minutes(1)
