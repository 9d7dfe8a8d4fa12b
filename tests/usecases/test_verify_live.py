"""The proof while orders arrive: what is on its way is no fault, what nobody posted is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome
from grapevine.domain.fx import Rate
from grapevine.usecases.verify_program import OrderProof, verify_program
from tests import builders as make
from tests.builders import CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.reference import Story
from tests.strategies import PATIENT, play, stories, sweeps_of, world_of
from tests.worlds import World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))
REFUND = make.refunded("r1", minutes(60), ("a", 2_345))
LATER = T0 + days(1)


def posted(*facts: Fact) -> World:
    world = chain_world()
    world.append(*facts)
    world.post(T0 + minutes(2))
    world.fold()
    return world


def faults(world: World, now: datetime = LATER, since: datetime | None = None) -> list[str]:
    return [str(fault) for fault in world.live_proof(now, since).faults]


# --- facts without entries -----------------------------------------------------------------------


def test_an_order_that_was_posted_is_proven_and_its_facts_are_counted() -> None:
    proof = posted(PAID).live_proof(LATER)
    assert (proof.faults, proof.facts, proof.orders) == ((), 1, 1)


def test_an_order_that_should_have_an_entry_and_has_none_is_named_with_what_is_missing() -> None:
    world = chain_world()
    world.append(PAID)
    (fault,) = faults(world)
    assert fault.startswith(f"facts: {ORDER}: entry 1 was never posted: accrued, ")
    assert f"13.33 USD to program/{PROGRAM_ID}/promoter/{CY}/held" in fault


def test_a_fact_that_the_last_entry_does_not_cover_is_a_fault_where_it_changes_something() -> None:
    world = posted(PAID)
    world.append(REFUND)
    (fault,) = faults(world)
    assert fault.startswith(f"facts: {ORDER}: entry 2 was never posted: refunded, ")


def test_a_fact_that_changes_nothing_needs_no_entry() -> None:
    world = posted(PAID)
    world.append(make.fact(FactKind.EDITED, minutes(5)))
    assert faults(world) == []


def test_an_order_that_came_through_nobody_needs_no_entry() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(click_id=None)))
    assert faults(world) == []


def test_what_came_within_the_hour_is_on_its_way() -> None:
    world = chain_world()
    world.append(PAID)
    assert faults(world, T0 + minutes(60)) == []
    assert len(faults(world, T0 + minutes(61))) == 1


def test_what_came_within_the_hour_does_not_hide_what_is_older() -> None:
    world = chain_world()
    world.append(PAID)
    world.append(make.fact(FactKind.EDITED, minutes(100)))
    assert len(faults(world, T0 + minutes(110))) == 1


def test_only_facts_since_the_last_proof_are_looked_at() -> None:
    world = chain_world()
    world.append(PAID)
    assert faults(world, since=PAID.recorded_at) == []
    assert len(faults(world, since=PAID.recorded_at - minutes(1))) == 1


def test_a_fact_that_an_entry_covers_and_that_is_gone_is_a_fault() -> None:
    world = posted(PAID)
    world.facts = MemoryFacts()
    (fault,) = faults(world)
    assert fault == f"facts: {ORDER}: its entries cover facts that are not stored: {PAID.digest}"


def test_an_order_that_waits_for_a_person_is_no_fault_of_the_books() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), problem="line_items[0].price: negative"))
    assert faults(world) == []


def test_what_cannot_be_posted_for_another_reason_is_a_fault_and_stops_nobody_else() -> None:
    """A plan's version that is gone, say: the order can never be posted again."""
    world = chain_world()
    world.append(PAID)
    world.post(T0 + minutes(90))
    world.fold()
    other = OrderKey(make.STOREFRONT_ID, "1002")
    world.append(make.fact(FactKind.PAID, minutes(1), order=other))
    world.catalog._plans[PROGRAM_ID] = [make.plan(1000, version=7)]
    world.append(REFUND)
    named = {fault.split(": ")[1]: fault for fault in faults(world)}
    assert "cannot be posted: no plan version" in named[str(ORDER)]
    assert "was never posted" in named[str(other)]


def test_proving_writes_nothing() -> None:
    world = chain_world()
    world.append(PAID, make.refunded("r9", minutes(60), ("z", 1)))
    world.append(make.fact(FactKind.PAID, order=OrderKey(make.STOREFRONT_ID, "9"), problem="no"))
    before = (world.ledger.appended.copy(), dict(world.pages.stored), dict(world.waits.listed))
    world.live_proof(LATER)
    assert (world.ledger.appended, world.pages.stored, world.waits.listed) == before


class Posting(MemoryFacts):
    """Facts whose reader is slow: meanwhile somebody posts the order."""

    world: World | None = None

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        if self.world:
            world, self.world = self.world, None
            world.post(LATER, order)
            world.fold()
        return super().facts_of(order)


def test_what_is_posted_while_it_is_being_proven_is_looked_at_as_it_is_then() -> None:
    facts = Posting()
    world = chain_world()
    world.facts = facts
    world.append(PAID)
    facts.world = world
    # The entry that was written meanwhile was read before it was there: read again, it is no fault.
    assert [fault for fault in faults(world) if "was never posted" in fault] == []


# --- what only time changes ----------------------------------------------------------------------


def test_an_order_that_was_due_for_hours_is_a_fault_and_one_just_due_is_the_sweeps() -> None:
    world = posted(PAID, make.verdict(Outcome.ALLOW))
    due_at = world.ledger.entries_of(ORDER)[-1].due_at
    assert due_at
    assert faults(world, due_at) == []
    assert faults(world, due_at + minutes(119)) == []
    (fault,) = faults(world, due_at + minutes(120))
    assert "entry 2 was never posted: released" in fault


# --- what follows from entries -------------------------------------------------------------------


def test_an_entry_that_is_not_folded_yet_is_a_fault_after_an_hour() -> None:
    world = chain_world()
    world.append(PAID)
    entry = world.post(T0 + minutes(2))
    assert entry
    assert faults(world, entry.recorded_at + minutes(59)) == []
    late = world.live_proof(entry.recorded_at + minutes(61)).faults
    assert {fault.check for fault in late} == {"balance"}


def test_a_new_entry_on_a_page_does_not_hide_what_an_older_one_lacks() -> None:
    world = posted(PAID)
    page = next(key for key in world.pages.stored if f"/{CY}/" in key.subject)
    del world.pages.stored[page]
    world.append(make.fact(FactKind.PAID, minutes(1), order=OrderKey(make.STOREFRONT_ID, "5")))
    world.post(T0 + minutes(200), OrderKey(make.STOREFRONT_ID, "5"))
    found = world.live_proof(T0 + minutes(210)).faults
    assert [fault for fault in found if fault.check == "balance" and CY in fault.subject]


def test_a_page_that_holds_an_entry_nobody_made_is_a_fault_at_any_age() -> None:
    world = posted(PAID)
    key = next(key for key in world.pages.stored if f"/{CY}/" in key.subject)
    page = world.pages.stored[key]
    world.pages.stored[key] = type(page)(page.key, page.amounts, page.marks | {"sf_test/9/1"})
    assert len(faults(world, T0 + minutes(3))) == 1


def test_at_rest_nothing_is_on_its_way() -> None:
    world = chain_world()
    world.append(PAID)
    now = T0 + minutes(2)
    orders = OrderProof(facts=world.facts, orders=world.orders, now=now, settled=minutes(0))
    found = verify_program(PROGRAM_ID, world.ledger, world.treasury, orders).faults
    assert [fault.check for fault in found] == ["facts"]


@given(stories(), st.sampled_from((0.25, 1, 2, 40)))
@settings(PATIENT, max_examples=60)
def test_whatever_happened_was_posted_at_any_time(story: Story, number: float) -> None:
    """Also with days still to go: what time and late clicks will change is no fault yet."""
    end = T0 + days(number)
    so_far = replace(story, facts=tuple(fact for fact in story.facts if fact.recorded_at <= end))
    world = world_of(so_far)
    play(so_far, world, sweeps_of(so_far, end))
    assert world.live_proof(end + minutes(90)).faults == ()


def test_a_click_recorded_late_is_left_to_whoever_posts_next() -> None:
    """Nobody has to decide again before something else happens to the order."""
    world = posted(PAID)
    late = make.click(id=f"{make.CLICK_ID[:22]}-{'4' * 20}", promoter_id=make.BO, upline=(make.ANA,))
    world.clicks.record(replace(late, occurred_at=T0 - minutes(1), recorded_at=T0 + minutes(30)))
    world.append(make.fact(FactKind.EDITED, minutes(5)))
    assert faults(world) == []
    world.append(make.fact(FactKind.EDITED, minutes(100)))
    (fault,) = faults(world)
    assert "entry 2 was never posted: reattributed" in fault


def test_a_click_that_came_after_the_grace_and_the_sweep_is_no_fault() -> None:
    """The order earns nobody anything, so nothing was to be written when it was due, nor is now."""
    free = make.snapshot(lines=(make.line("a", 0),))
    world = posted(make.fact(FactKind.PAID, minutes(1), snapshot=free))
    due_at = world.ledger.entries_of(ORDER)[-1].due_at
    assert due_at
    world.sweep(due_at)
    late = make.click(id=f"{make.CLICK_ID[:22]}-{'4' * 20}", promoter_id=make.BO, upline=(make.ANA,))
    world.clicks.record(replace(late, recorded_at=T0 + days(1)))
    assert faults(world, T0 + days(2)) == []


def test_an_order_that_waits_for_a_rate_is_the_sweeps() -> None:
    euros = make.snapshot(currency="EUR")
    world = posted(make.fact(FactKind.PAID, minutes(1), snapshot=euros))
    world.append(make.fact(FactKind.EDITED, minutes(5), snapshot=euros))
    rate = Rate(base="EUR", quote="USD", text="1.1", source="ECB", effective_at=T0 - days(1))
    world.catalog.add_rate(PROGRAM_ID, rate)
    assert faults(world, T0 + days(1) + minutes(90)) == []
    (fault,) = faults(world, T0 + days(1) + minutes(123))
    assert "entry 2 was never posted: accrued" in fault


def test_progress_is_told_stage_by_stage_to_the_end() -> None:
    world, told = posted(PAID), list[tuple[str, int, int | None]]()
    world.append(REFUND)
    orders = OrderProof(facts=world.facts, orders=world.orders, now=LATER)
    verify_program(PROGRAM_ID, world.ledger, world.treasury, orders, lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["pages", "heads", "payouts", "entries", "facts", "orders"]
    assert told[-1] == ("orders", 1, 1)
    assert max(done for stage, done, _ in told if stage == "facts") == 2


def test_an_unprocessable_order_is_still_unprocessable() -> None:
    """The dry run and the real one go the same way."""
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), problem="odd"))
    with pytest.raises(OrderUnprocessableError):
        world.post(LATER)
