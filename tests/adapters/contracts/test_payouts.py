"""The ports of payouts: found by state and by name, and changed without money moving."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import HeadMovedError
from grapevine.domain.heads import Head
from grapevine.domain.money import Rounding
from grapevine.domain.payouts import LegOutcome, Movement, PayoutState, conclude, noted, sent
from tests import paying
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0


def reserved(stores: Stores, names: Names, promoter_id: str = "pr_ana") -> Movement:
    head = Head(key=names.account(promoter_id))
    movement = paying.reserve(head, 1500, f"{names.program}.2026-12-10", T0)
    stores.treasury.move(movement, head)
    return movement


def listed(stores: Stores, names: Names, state: PayoutState, after: str = "") -> list[str]:
    return [payout.id for payout in stores.treasury.payouts_in(names.program, state, after)]


def test_a_payout_that_moves_no_money_is_changed_as_it_was_read(stores: Stores, names: Names) -> None:
    payout = reserved(stores, names).payout
    marked = sent(payout, (1,), "pb1", "csv")
    stores.treasury.change(marked)
    assert stores.treasury.payout(payout.settlement_id, payout.id) == marked
    for late in (marked, sent(payout, (1,), "pb2", "csv")):
        with pytest.raises(HeadMovedError):
            stores.treasury.change(late)
    assert stores.treasury.payout(payout.settlement_id, payout.id) == marked
    told = noted(marked, 1, "their name", "on its way")
    stores.treasury.change(told)
    assert stores.treasury.payout(payout.settlement_id, payout.id) == told


def test_a_payout_that_changed_since_it_was_read_is_not_moved(stores: Stores, names: Names) -> None:
    movement = reserved(stores, names)
    stores.treasury.change(sent(movement.payout, (1,), "pb1", "csv"))
    outcome = LegOutcome(number=1, state=PayoutState.STOPPED)
    stopped = conclude(movement.head, movement.payout, outcome, Rounding.HALF_EVEN, T0)
    with pytest.raises(HeadMovedError):
        stores.treasury.move(stopped, movement.head)
    assert stores.treasury.account(names.account())[1] == movement.head


def test_payouts_are_listed_by_their_state_and_from_any_on(stores: Stores, names: Names) -> None:
    payouts = [reserved(stores, names, f"pr_{number}").payout for number in range(5)]
    known = sorted(payout.id for payout in payouts)
    assert listed(stores, names, PayoutState.REQUESTED) == known
    assert listed(stores, names, PayoutState.REQUESTED, known[1]) == known[2:]
    assert listed(stores, names, PayoutState.REQUESTED, known[-1]) == []
    stores.treasury.change(sent(payouts[0], (1,), "pb1", "csv"))
    assert listed(stores, names, PayoutState.SENT) == [payouts[0].id]
    assert listed(stores, names, PayoutState.REQUESTED) == [name for name in known if name != payouts[0].id]


def test_a_payout_is_found_by_its_id_in_its_own_program(stores: Stores, names: Names) -> None:
    payout = reserved(stores, names).payout
    marked = sent(payout, (1,), "pb1", "csv")
    stores.treasury.change(marked)
    assert stores.treasury.payout_named(names.program, payout.id) == marked
    assert stores.treasury.payout_named(f"{names.program}-2", payout.id) is None
    assert stores.treasury.payout_named(names.program, "po_never") is None
    assert stores.treasury.payout_named(names.program, "a#b") is None
