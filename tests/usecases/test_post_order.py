"""Posting: the difference, its reason, and when to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.domain.candidates import grace_end
from grapevine.domain.entries import Entry, EntryKey, EntryReason, standing
from grapevine.domain.errors import (
    ConcurrencyError,
    EntryExistsError,
    OrderUnprocessableError,
    StaleReadError,
)
from grapevine.domain.facts import FactKind, Outcome, Payment
from grapevine.domain.grants import GrantKey
from grapevine.ports import Beside
from grapevine.usecases.post_order import ATTEMPTS, PostOrder, PostOrderPorts, post_order
from tests import builders as make
from tests.builders import ANA, ORDER, T0, days, minutes
from tests.usecases.posting import (
    BLOCK,
    HELD,
    OTHER_CLICK,
    PAID,
    accrued,
    body,
    posted,
    stands,
)
from tests.worlds import World, chain_world

# --- reasons -------------------------------------------------------------------------------------


def test_a_paid_order_accrues_to_the_chain() -> None:
    assert stands(accrued()) == HELD


def test_a_refund_says_refunded_and_a_second_one_too() -> None:
    world = accrued()
    assert (
        posted(world, minutes(61), make.refunded("r1", minutes(60), ("a", 100))).reason
        is EntryReason.REFUNDED
    )
    assert (
        posted(world, minutes(91), make.refunded("r2", minutes(90), ("a", 100))).reason
        is EntryReason.REFUNDED
    )


def test_an_edit_says_edited_both_ways_also_after_a_refund() -> None:
    world = accrued()
    posted(world, minutes(61), make.refunded("r1", minutes(60), ("a", 100)))
    down = posted(world, minutes(71), body(minutes(70), lines=(make.line("a", 5_000), make.line("b", 3_333))))
    up = posted(world, minutes(81), body(minutes(80), lines=(make.line("a", 20_000), make.line("b", 3_333))))
    assert (down.reason, up.reason) == (EntryReason.EDITED, EntryReason.EDITED)


def test_a_body_that_tells_refund_and_edit_says_refunded() -> None:
    told = make.fact(
        FactKind.EDITED,
        minutes(70),
        snapshot=make.snapshot(lines=(make.line("a", 5_000),)),
        refunds=(make.refund("r1", ("a", 100)),),
    )
    assert posted(accrued(), minutes(71), told).reason is EntryReason.REFUNDED


def test_cancelled_and_unpaid_say_so_and_paid_again_accrues() -> None:
    cancelled = posted(accrued(), minutes(10), body(minutes(9), cancelled_at=T0 + minutes(9)))
    assert cancelled.reason is EntryReason.CANCELLED
    world = accrued()
    assert posted(world, minutes(10), body(minutes(9), payment=Payment.VOIDED)).reason is EntryReason.UNPAID
    assert stands(world) == {}
    assert posted(world, minutes(20), body(minutes(19))).reason is EntryReason.ACCRUED
    assert stands(world) == HELD


def test_release_block_and_unblock_say_so() -> None:
    world = accrued()
    assert posted(world, minutes(3), BLOCK).reason is EntryReason.BLOCKED
    assert stands(world) == {name.replace("held", "blocked"): minor for name, minor in HELD.items()}
    assert posted(world, minutes(9), make.verdict(Outcome.ALLOW, minutes(8))).reason is EntryReason.UNBLOCKED
    assert posted(world, days(31)).reason is EntryReason.RELEASED
    assert stands(world) == {name.replace("held", "payable"): minor for name, minor in HELD.items()}


def test_edge_14_unblocked_after_the_hold_is_released_at_once() -> None:
    world = accrued()
    posted(world, minutes(3), BLOCK)
    assert posted(world, days(40), make.verdict(Outcome.ALLOW, days(39))).reason is EntryReason.RELEASED


def test_another_promoter_says_reattributed() -> None:
    world = accrued()
    world.clicks.record(make.click(id=OTHER_CLICK, promoter_id=ANA, upline=()))
    entry = posted(world, minutes(31), body(minutes(30), click_id=OTHER_CLICK))
    assert entry.reason is EntryReason.REATTRIBUTED
    assert stands(world) == {f"{ANA}:held": 1333}


def test_the_same_promoters_from_a_changed_basis_are_not_reattributed() -> None:
    """An earlier paid body that arrives late moves the payment's instant and nobody's money."""
    world = chain_world()
    posted(world, minutes(6), make.fact(FactKind.PAID, minutes(5)))
    entry = posted(world, minutes(7), PAID)
    assert (entry.reason, entry.postings) == (EntryReason.RECORDED, ())
    assert entry.decision
    assert stands(world) == HELD


def test_a_refund_that_comes_with_a_changed_basis_says_refunded() -> None:
    world = chain_world()
    posted(world, minutes(6), make.fact(FactKind.PAID, minutes(5)))
    entry = posted(world, minutes(61), PAID, make.refunded("r1", minutes(60), ("a", 100)))
    assert entry.reason is EntryReason.REFUNDED


# --- what does not count -------------------------------------------------------------------------


def test_nothing_known_and_not_paid_yet_post_nothing() -> None:
    world = chain_world()
    assert world.post(T0) is None
    world.append(make.fact(FactKind.PLACED, snapshot=make.snapshot(payment=Payment.PENDING)))
    assert world.post(T0 + minutes(1)) is None
    world.append(make.refunded("r1", minutes(60), ("a", 5)))
    assert world.post(T0 + minutes(61)) is None


def test_edge_91_a_test_order_earns_in_a_sandbox_alone() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(test=True)))
    assert world.post(T0 + minutes(2)) is None


def test_edge_91_an_order_that_turns_out_to_be_a_test_gives_everything_back() -> None:
    """A body that lacks the key says nothing; the one that has it may come second."""
    world = accrued()
    entry = posted(world, minutes(6), body(minutes(5), test=True))
    assert stands(world) == {}
    assert entry.due_at == grace_end(T0)
    assert world.sweep(T0 + days(40)).posted == 0


def test_bodies_in_two_currencies_wait_for_a_person() -> None:
    world = chain_world()
    euros = make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(currency="EUR"))
    dollars = make.fact(FactKind.EDITED, minutes(2), snapshot=replace(make.snapshot(), lines=None))
    world.append(euros, dollars)
    with pytest.raises(OrderUnprocessableError, match="EUR and in USD"):
        world.post(T0 + minutes(3))


def test_a_problem_waits_for_a_person_and_releases_nothing() -> None:
    world = accrued()
    world.append(
        make.fact(FactKind.EDITED, minutes(9), snapshot=None, problem="line_items[0].price: missing")
    )
    for now in (T0 + minutes(10), T0 + days(60)):
        with pytest.raises(OrderUnprocessableError, match="price"):
            world.post(now)
    assert stands(world) == HELD


# --- other writers -------------------------------------------------------------------------------


class Losing:
    """A ledger where somebody else is always first."""

    def __init__(self, world: World, losses: int) -> None:
        self._ledger = world.ledger
        self.losses = losses

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        return self._ledger.entries_of(key)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        self.losses -= 1
        if self.losses >= 0:
            raise EntryExistsError(entry.id)
        self._ledger.append(entry, beside)

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        return self._ledger.taken(wanted)


def test_who_loses_starts_over_and_gives_up_after_a_while() -> None:
    world = chain_world()
    world.append(PAID)
    ports = PostOrderPorts(Losing(world, ATTEMPTS), world.facts, world.clicks, world.catalog, world.pages)
    with pytest.raises(ConcurrencyError):
        post_order(PostOrder(ORDER), ports, T0 + minutes(2))
    assert world.ledger.appended == []
    ports = PostOrderPorts(Losing(world, ATTEMPTS - 1), world.facts, world.clicks, world.catalog, world.pages)
    assert post_order(PostOrder(ORDER), ports, T0 + minutes(2))


def test_nobody_posts_from_fewer_facts_than_the_last_entry_covers() -> None:
    world = accrued()
    posted(world, minutes(61), make.refunded("r1", minutes(60), ("a", 100)))
    behind = chain_world()
    behind.append(PAID)
    ports = PostOrderPorts(world.ledger, behind.facts, world.clicks, world.catalog, world.pages)
    with pytest.raises(StaleReadError):
        post_order(PostOrder(ORDER), ports, T0 + minutes(62))


class Interrupted:
    """A ledger in whose first write something else happens just before it takes effect."""

    def __init__(self, ledger: MemoryLedger, happens: Callable[[], None]) -> None:
        self._ledger = ledger
        self._happens: Callable[[], None] | None = happens

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        return getattr(self._ledger, name)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        happens, self._happens = self._happens, None
        if happens:
            happens()
        self._ledger.append(entry, beside)


def test_a_fact_that_found_nothing_to_change_while_another_was_written_is_not_lost() -> None:
    """An edit is taken back while its entry is written: who looks then finds everything as it should be."""
    world = chain_world()
    more, less = (make.snapshot(lines=(make.line("a", minor),)) for minor in (20_000, 10_000))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=less))
    world.post(T0 + minutes(1))
    world.append(make.fact(FactKind.EDITED, minutes(2), snapshot=more))

    def taken_back_meanwhile() -> None:
        world.append(make.fact(FactKind.EDITED, minutes(3), snapshot=less))
        assert post_order(PostOrder(make.ORDER), world.orders, T0 + minutes(3)) is None

    before = standing(world.ledger.entries_of(make.ORDER))
    ledger: Any = Interrupted(world.ledger, taken_back_meanwhile)
    post_order(PostOrder(make.ORDER), replace(world.orders, ledger=ledger), T0 + minutes(3))
    assert standing(world.ledger.entries_of(make.ORDER)) == before
    assert len(world.ledger.entries_of(make.ORDER)) == 3
