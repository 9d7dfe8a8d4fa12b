"""The treasury's ports: accounts, the one way to take from them, payouts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.errors import AlreadyExistsError, HeadMovedError
from grapevine.domain.heads import Head, hand_over, write_off
from grapevine.domain.pages import Page, PageKey
from grapevine.domain.payouts import Movement, Payout
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0
from tests.paying import complete, give_back, reserve


def run(names: Names) -> str:
    return f"{names.program}.2026-11-10"


def reserved(stores: Stores, names: Names, amount: int = 1500, promoter_id: str = "pr_ana") -> Movement:
    head = stores.treasury.account(names.account(promoter_id))[1]
    movement = reserve(head, amount, run(names), T0)
    stores.treasury.move(movement, head)
    return movement


def books(stores: Stores, names: Names) -> tuple[object, ...]:
    """Everything that a movement may touch."""
    key = names.account()
    payouts = tuple(stores.treasury.payouts_of(run(names)))
    return stores.treasury.account(key), stores.ledger.entries_of(key), payouts


def test_an_account_nobody_took_from_has_a_new_head(stores: Stores, names: Names) -> None:
    assert stores.treasury.account(names.account()) == ((), Head(key=names.account()))


def test_an_account_is_its_pages_and_its_head(stores: Stores, names: Names) -> None:
    key = PageKey(str(names.account()), "2026-11-11", 0)
    page = Page(key, {"payable": 2000}, frozenset({f"{names.order()}/1"}))
    stores.pages.fold([page])
    movement = reserved(stores, names)
    assert stores.treasury.account(names.account()) == ((page,), movement.head)
    assert stores.pages.pages(key.subject) == (page,)


def test_a_movement_puts_entry_head_and_payout(stores: Stores, names: Names) -> None:
    movement = reserved(stores, names)
    assert stores.treasury.account(names.account())[1] == movement.head
    assert stores.ledger.entries_of(names.account()) == (movement.entry,)
    assert stores.treasury.payout(run(names), movement.payout.id) == movement.payout


def test_one_settlement_reserves_once_from_an_account(stores: Stores, names: Names) -> None:
    movement = reserved(stores, names)
    before = books(stores, names)
    again = reserve(movement.head, 700, run(names), T0)
    with pytest.raises(AlreadyExistsError):
        stores.treasury.move(again, movement.head)
    assert books(stores, names) == before


def test_a_repeated_reservation_exists_also_for_a_reader_who_is_behind(stores: Stores, names: Names) -> None:
    reserved(stores, names)
    behind = Head(key=names.account())
    with pytest.raises(AlreadyExistsError):
        stores.treasury.move(reserve(behind, 1500, run(names), T0), behind)


def test_a_head_that_moved_refuses_the_movement(stores: Stores, names: Names) -> None:
    reserved(stores, names)
    before = books(stores, names)
    behind = Head(key=names.account())
    with pytest.raises(HeadMovedError):
        stores.treasury.move(reserve(behind, 900, "next-run", T0), behind)
    assert books(stores, names) == before
    assert list(stores.treasury.payouts_of("next-run")) == []


def test_a_head_that_is_not_there_yet_refuses_a_later_movement(stores: Stores, names: Names) -> None:
    imagined = replace(Head(key=names.account()), sequence=4)
    with pytest.raises(HeadMovedError):
        stores.treasury.move(reserve(imagined, 900, run(names), T0), imagined)
    assert stores.ledger.entries_of(names.account()) == ()


def test_an_entrys_taken_number_refuses_the_movement(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    stores.ledger.append(reserve(head, 100, "stray", T0).entry)
    before = books(stores, names)
    with pytest.raises(HeadMovedError):
        stores.treasury.move(reserve(head, 900, run(names), T0), head)
    assert books(stores, names) == before


def test_a_payout_is_completed_once(stores: Stores, names: Names) -> None:
    first = reserved(stores, names)
    paid = complete(first.head, first.payout, "ref 漢字", T0)
    stores.treasury.move(paid, first.head)
    assert stores.treasury.payout(run(names), paid.payout.id) == paid.payout
    assert stores.treasury.account(names.account())[1] == paid.head
    before = books(stores, names)
    for finish in (complete, give_back):
        with pytest.raises(HeadMovedError):
            stores.treasury.move(finish(paid.head, first.payout, "again", T0), paid.head)
    assert books(stores, names) == before


def test_a_failed_payout_goes_back(stores: Stores, names: Names) -> None:
    first = reserved(stores, names)
    returned = give_back(first.head, first.payout, "account closed", T0)
    stores.treasury.move(returned, first.head)
    assert stores.treasury.account(names.account())[1] == returned.head
    assert stores.ledger.entries_of(names.account()) == (first.entry, returned.entry)
    assert stores.treasury.payout(run(names), first.payout.id) == returned.payout


def test_an_unknown_payout_cannot_be_completed(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    never = reserve(head, 100, run(names), T0)
    with pytest.raises(HeadMovedError):
        stores.treasury.move(complete(head, never.payout, "", T0), head)
    assert stores.ledger.entries_of(names.account()) == ()


@pytest.mark.parametrize("payout_id", ["po_nothere", "with#sign", "", "x" * 3000])
def test_an_unknown_payout_is_none(stores: Stores, names: Names, payout_id: str) -> None:
    assert stores.treasury.payout(run(names), payout_id) is None


def test_a_payout_is_found_in_its_own_settlement_only(stores: Stores, names: Names) -> None:
    movement = reserved(stores, names)
    assert stores.treasury.payout("another", movement.payout.id) is None
    assert list(stores.treasury.payouts_of("another")) == []


def test_a_settlements_payouts_come_by_id(stores: Stores, names: Names) -> None:
    made = [reserved(stores, names, 1000 + n, f"pr_{n}").payout for n in range(5)]
    assert list(stores.treasury.payouts_of(run(names))) == sorted(made, key=lambda payout: payout.id)


def by_id(payouts: list[Payout]) -> list[Payout]:
    return sorted(payouts, key=lambda payout: payout.id)


def test_a_proof_reads_a_programs_pages_heads_and_payouts_and_no_others(stores: Stores, names: Names) -> None:
    # Its id continues ours, so that reading by a bare prefix would be caught.
    other = Names(f"{names.program}0", names.merchant, names.storefront, names.number)
    mark = frozenset({f"{names.order()}/1"})
    pages = [
        Page(PageKey(str(names.account(owner)), "2026-11-11", slot), {"held": 1}, mark)
        for owner, slot in (("pr_ana", 0), ("pr_ana", 1), ("program", 63))
    ]
    elsewhere = Page(PageKey(str(other.account()), "2026-11-11", 0), {"held": 1}, mark)
    clicks = Page(PageKey(f"clicks/{names.program}", "2026-11-11", 0), {"people": 1}, mark)
    stores.pages.fold([*pages, elsewhere, clicks])
    moved = [reserved(stores, names, 1000, promoter_id) for promoter_id in ("pr_ana", "pr_bo")]
    reserved(stores, other)
    assert {page.key: page for page in stores.treasury.all_pages(names.program)} == {
        page.key: page for page in pages
    }
    assert {head.key: head for head in stores.treasury.all_heads(names.program)} == {
        movement.head.key: movement.head for movement in moved
    }
    assert by_id(list(stores.treasury.all_payouts(names.program))) == by_id([m.payout for m in moved])


# --- steps without a payout ----------------------------------------------------------------------


def test_edge_8_an_account_takes_a_step_without_a_payout(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    step = write_off(head, 700, T0, run(names))
    stores.treasury.step((step,), (head,))
    assert stores.treasury.account(names.account())[1] == step.head
    assert stores.ledger.entries_of(names.account()) == (step.entry,)
    with pytest.raises(HeadMovedError):
        stores.treasury.step((write_off(head, 700, T0, run(names)),), (head,))
    assert stores.ledger.entries_of(names.account()) == (step.entry,)


def accounts(stores: Stores, names: Names) -> tuple[object, ...]:
    keys = (names.account("pr_ana"), names.account("pr_bo"))
    return tuple((stores.treasury.account(key), stores.ledger.entries_of(key)) for key in keys)


def test_edge_50_two_accounts_move_together(stores: Stores, names: Names) -> None:
    first = reserved(stores, names)
    heads = (first.head, Head(key=names.account("pr_bo")))
    steps = hand_over(*heads, 700, T0)
    stores.treasury.step(steps, heads)
    for step in steps:
        assert stores.treasury.account(step.head.key)[1] == step.head
        assert stores.ledger.entries_of(step.head.key)[-1] == step.entry


@pytest.mark.parametrize("moved", [0, 1])
def test_edge_50_or_neither_does(stores: Stores, names: Names, moved: int) -> None:
    heads = (Head(key=names.account("pr_ana")), Head(key=names.account("pr_bo")))
    reserved(stores, names, promoter_id=heads[moved].key.promoter_id)
    before = accounts(stores, names)
    with pytest.raises(HeadMovedError):
        stores.treasury.step(hand_over(*heads, 700, T0), heads)
    assert accounts(stores, names) == before


@pytest.mark.parametrize("taken", [0, 1])
def test_a_number_that_is_taken_stops_both_accounts(stores: Stores, names: Names, taken: int) -> None:
    heads = (Head(key=names.account("pr_ana")), Head(key=names.account("pr_bo")))
    stores.ledger.append(reserve(heads[taken], 100, "stray", T0).entry)
    before = accounts(stores, names)
    with pytest.raises(HeadMovedError):
        stores.treasury.step(hand_over(*heads, 700, T0), heads)
    assert accounts(stores, names) == before
