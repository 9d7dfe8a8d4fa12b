"""Where people who stop meet rulings, sentences and the live proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.entries import AccountKey, EntryReason
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Fact, FactKind, Ruling
from grapevine.domain.heads import Head, hand_over, void, write_off
from grapevine.domain.pages import pages_of
from grapevine.domain.sentences import entry_sentence, sentences
from grapevine.domain.verification import Books, verify
from grapevine.domain.wordings import EN
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.usecases.test_people import ACTIVE, ALLOWED, BANNED, PAID, SUSPENDED, ordered, places, sweep, turn
from tests.worlds import World, chain_world

ODD = replace(PAID, problem="line_items[0].price: negative")


def ruling(fact: Fact, at: float, *, accepted: bool) -> Fact:
    """Return what somebody rules on a fact, some days after the order."""
    kind = FactKind.ACCEPTED if accepted else FactKind.REJECTED
    said = Ruling(fact=fact.digest, accepted=accepted, by="Mei", why="I asked the shop")
    return make.fact(kind, days(at), version=fact.version, snapshot=None, ruling=said)


def told(world: World, promoter_id: str) -> str:
    """Return what a promoter is told of the order as it stands."""
    entries, facts = world.ledger.entries_of(ORDER), world.facts.facts_of(ORDER)
    found = explained(entries, facts, world.catalog.terms(PROGRAM_ID))
    assert found.re_adds
    return " ".join(sentences(found, EN, promoter_id)[promoter_id])


# --- rulings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "place"), [(BANNED, None), (SUSPENDED, "held")])
def test_edges_17_42_a_rejection_frees_no_part_that_a_ban_or_suspension_kept(
    status: object, place: str | None
) -> None:
    """Of two people one accepted and one rejected: what was posted goes, then a good body comes."""
    world = chain_world()
    world.append(ODD, ruling(ODD, 1, accepted=True), ALLOWED)
    world.post(T0 + days(1))
    turn(world, BO, status, 10)  # type: ignore[arg-type]
    sweep(world, 32)
    world.append(ruling(ODD, 33, accepted=False))
    world.post(T0 + days(33))
    assert places(world) == {}
    world.append(make.fact(FactKind.EDITED, days(34)))
    world.post(T0 + days(34))
    kept = {(BO, place): 400} if place else {}
    assert places(world) == {(CY, "payable"): 1333, (ANA, "payable"): 133} | kept
    world.fold()
    assert world.live_proof(T0 + days(34) + minutes(90)).faults == ()


def test_edges_17_42_a_ban_while_an_order_is_quarantined_voids_once_somebody_ruled() -> None:
    world = ordered()
    odd = make.fact(FactKind.REFUNDED, days(5), snapshot=None, problem="refunds[0].amount: negative")
    world.append(odd)
    turn(world, BO, BANNED, 10)
    assert world.void(BO, T0 + days(10)) == ()
    assert [waiting.order for waiting in world.failures.receive(10)] == [ORDER]
    world.append(ruling(odd, 20, accepted=False))
    world.post(T0 + days(20))
    sweep(world, 31)
    assert places(world) == {(CY, "payable"): 1333, (ANA, "payable"): 133}


# --- sentences -----------------------------------------------------------------------------------


def test_edge_42_who_is_suspended_is_told_what_their_part_waits_for() -> None:
    world = ordered()
    turn(world, BO, SUSPENDED, 20)
    sweep(world, 31)
    assert told(world, BO).endswith("; it waits while you are suspended.")
    assert told(world, CY).endswith("; it is yours and payable now.")
    turn(world, BO, ACTIVE, 31.5)
    sweep(world, 33)
    assert told(world, BO).endswith("; it is yours and payable now.")


def test_edge_42_a_ban_is_told_to_whom_it_hit_and_to_nobody_else() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    sweep(world, 31)
    (entry,) = world.ledger.entries_of(ORDER)[1:]
    assert (entry.reason, entry.voided) == (EntryReason.VOIDED, (BO,))
    assert told(world, BO).endswith("; all of it went back because you were banned before it was payable.")
    assert entry_sentence(entry, frozenset((BO,)), EN) == (
        "You were banned from the program; 4.00 USD went back."
    )
    assert (
        entry_sentence(entry, frozenset((CY,)), EN) == "The waiting time is over; 13.33 USD is payable now."
    )
    assert all("ban" not in told(world, name) for name in (CY, ANA))


def test_edges_8_50_what_settlement_does_to_an_account_is_told_as_what_it_is() -> None:
    bo, cy = (Head(key=AccountKey(PROGRAM_ID, name, "USD")) for name in (BO, CY))
    giving, taking = hand_over(bo, cy, 500, T0)
    person = frozenset((BO, CY))
    assert [entry_sentence(step.entry, person, EN) for step in (giving, taking)] == [
        "Your accounts became one; 5.00 USD moved to your other account.",
        "Your accounts became one; 5.00 USD came from your other account.",
    ]
    steps = (write_off(bo, 500, T0), void(bo, 500, T0))
    assert [entry_sentence(step.entry, person, EN) for step in steps] == [
        "What you still owed was given up; it was 5.00 USD.",
        "You were banned from the program; 5.00 USD went back.",
    ]


# --- the live proof ------------------------------------------------------------------------------


def test_edge_50_of_two_accounts_that_become_one_just_now_half_may_be_read() -> None:
    """Their entries are written at once and read one after the other: no fault until they rest."""
    bo, cy = (AccountKey(PROGRAM_ID, name, "USD") for name in (BO, CY))
    giving, taking = hand_over(Head(key=bo), Head(key=cy), 500, T0)
    half = Books(
        accounts={bo: [giving.entry]},
        heads={bo: giving.head},
        pages={page.key: page for page in pages_of(giving.entry)},
        moving_since=T0 - minutes(1),
    )
    assert verify(half) == ()
    assert [fault.check for fault in verify(replace(half, moving_since=T0))] == ["transfer"]
    both = replace(half, accounts={**half.accounts, cy: [taking.entry]}, moving_since=T0)
    assert "transfer" not in [fault.check for fault in verify(both)]


def test_edge_42_the_proof_knows_who_was_barred() -> None:
    world = ordered()
    turn(world, BO, BANNED, 10)
    assert world.live_proof(T0 + days(20)).faults == ()
    (fault,) = world.live_proof(T0 + days(31)).faults
    assert "entry 2 was never posted: voided, " in fault.what
    assert f"4.00 USD to program/{PROGRAM_ID}/commission" in fault.what
    sweep(world, 31)
    world.append(make.fact(FactKind.EDITED, days(32)))
    assert world.live_proof(T0 + days(32) + minutes(90)).faults == ()
