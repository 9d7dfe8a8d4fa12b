"""The proof holds on honest books, and names the thing when anybody touched one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from grapevine.domain.accounts import Leaf, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryKey, EntryReason
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.heads import Head, hand_over, head_of
from grapevine.domain.money import Money, Rounding
from grapevine.domain.pages import Page, PageKey
from grapevine.domain.payout_terms import OnDemand, Withholding
from grapevine.domain.payouts import Leg, LegOutcome, PayoutState, conclude, payout_id, reserve
from grapevine.domain.verification import Fault
from grapevine.domain.withholding import NotPaid, reservation_for
from grapevine.usecases.import_results import ImportResults, import_results
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world

DAY = datetime(2027, 1, 10, 4, tzinfo=UTC)
RUN = f"{PROGRAM_ID}.2027-01-10"
ACCOUNT = AccountKey(PROGRAM_ID, CY, "USD")
PAYOUT = payout_id(RUN, ACCOUNT)


def honest() -> World:
    """Return books with two orders, a refund, a release, a payout made and one that failed."""
    world = chain_world()
    other = OrderKey(make.STOREFRONT_ID, "1002")
    for order in (ORDER, other):
        cart = make.snapshot(lines=(make.line("a", 50_000), make.line("b", 3_333)))
        world.append(make.fact(FactKind.PAID, minutes(1), order=order, snapshot=cart))
        world.append(make.fact(FactKind.VERDICT, order=order, verdict=make.verdict(Outcome.ALLOW).verdict))
        world.post(T0 + minutes(2), order)
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    world.fold()
    for order in (ORDER, other):
        world.post(T0 + days(31), order)
    world.fold()
    world.settle(DAY)
    failed = payout_id(RUN, replace(ACCOUNT, promoter_id=BO))
    body = f"payout_id,status,detail\n{PAYOUT},completed,\n{failed},failed,\n"
    import_results(ImportResults(PROGRAM_ID, body.encode()), world.results, DAY + days(1))
    return world


def test_honest_books_are_proven() -> None:
    proof = honest().proof()
    assert proof.faults == ()
    assert (proof.orders, proof.accounts, proof.payouts, proof.entries) == (2, 3, 3, 5 + 2 + 2 + 1)
    assert proof.pages > 4
    assert sum(proof.totals.values()) == 0
    assert proof.totals["commission", "USD"] == -sum(
        minor for (leaf, _), minor in proof.totals.items() if leaf != "commission"
    )


def test_empty_books_are_proven() -> None:
    assert chain_world().proof().faults == ()


def test_another_programs_books_are_not_looked_at() -> None:
    world = honest()
    entry = world.ledger.entries_of(ORDER)[0]
    key = OrderKey(make.STOREFRONT_ID, "9")
    world.ledger.append(replace(entry, key=key, program_id="pg_other", previous_hash="tampered"))
    assert world.proof().faults == ()


@dataclass(frozen=True)
class Tampering:
    """What somebody does to the books, and the check and thing that the proof must name."""

    name: str
    do: Callable[[World], None]
    check: str
    subject: str


def entry_at(world: World, key: EntryKey, number: int) -> Entry:
    return world.ledger.entries_of(key)[number - 1]


def rewrite(key: EntryKey, number: int, **changes: object) -> Callable[[World], None]:
    """Return a change to a stored entry, as somebody with the table's keys could make it."""

    def do(world: World) -> None:
        changed: Any = replace(entry_at(world, key, number), **changes)  # type: ignore[arg-type]
        world.ledger._chains[key][number] = changed

    return do


def repost(key: EntryKey, number: int, minor: int) -> Callable[[World], None]:
    """Return a change to the first posting's amount."""

    def do(world: World) -> None:
        first, *rest = entry_at(world, key, number).postings
        rewrite(key, number, postings=(replace(first, amount=Money(minor, "USD")), *rest))(world)

    return do


def remove(key: EntryKey, number: int) -> Callable[[World], None]:
    def do(world: World) -> None:
        del world.ledger._chains[key][number]

    return do


def redirect(world: World) -> None:
    """Let the last entry's money go to somebody else."""
    *rest, last = entry_at(world, ORDER, 3).postings
    rewrite(
        ORDER,
        3,
        postings=(*rest, replace(last, destination=promoter_account(PROGRAM_ID, "pr_eve", Leaf.PAYABLE))),
    )(world)


def page_of(world: World, promoter_id: str) -> PageKey:
    return next(key for key in world.pages.stored if f"/{promoter_id}/" in key.subject)


def repage(**changes: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        key = page_of(world, CY)
        world.pages.stored[key] = replace(world.pages.stored[key], **changes)  # type: ignore[arg-type]

    return do


def remark(change: Callable[[frozenset[str]], frozenset[str]]) -> Callable[[World], None]:
    def do(world: World) -> None:
        key = page_of(world, CY)
        page = world.pages.stored[key]
        world.pages.stored[key] = replace(page, marks=change(page.marks))

    return do


def add_page(world: World) -> None:
    key = PageKey(f"{PROGRAM_ID}/pr_eve/USD", "2026-11-11", 0)
    world.pages.stored[key] = Page(key, {"payable": 5}, frozenset({"sf_test/1/1"}))


def drop_page(world: World) -> None:
    del world.pages.stored[page_of(world, CY)]


def rehead(**changes: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        world.treasury.heads[ACCOUNT] = replace(world.treasury.heads[ACCOUNT], **changes)  # type: ignore[arg-type]

    return do


def drop_head(world: World) -> None:
    del world.treasury.heads[ACCOUNT]


def repay(**changes: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        world.treasury.stored[PAYOUT] = replace(world.treasury.stored[PAYOUT], **changes)  # type: ignore[arg-type]

    return do


def restate(state: PayoutState) -> Callable[[World], None]:
    def do(world: World) -> None:
        stored = world.treasury.stored[PAYOUT]
        world.treasury.stored[PAYOUT] = replace(stored, legs=(replace(stored.legs[0], state=state),))

    return do


def invent_payout(world: World) -> None:
    world.treasury.stored["po_eve"] = replace(world.treasury.stored[PAYOUT], id="po_eve")


def drop_payout(world: World) -> None:
    del world.treasury.stored[PAYOUT]


TAMPERINGS = (
    Tampering("one posting", repost(ORDER, 1, 5_334), "hash chain", f"{ORDER}/2"),
    Tampering("one posting, its balance", repost(ORDER, 1, 5_334), "balance", f"{PROGRAM_ID}/{ANA}/USD"),
    Tampering("the last entry's posting", repost(ORDER, 3, 1), "balance", f"{PROGRAM_ID}/{ANA}/USD"),
    Tampering("a posting's destination", redirect, "balance", f"{PROGRAM_ID}/pr_eve/USD"),
    Tampering("a payout's posting", repost(ACCOUNT, 1, 1), "hash chain", f"{ACCOUNT}/2"),
    Tampering("the last payout entry's posting", repost(ACCOUNT, 2, 1), "head", str(ACCOUNT)),
    Tampering("one hash", rewrite(ORDER, 2, previous_hash="0" * 64), "hash chain", f"{ORDER}/2"),
    Tampering(
        "the first entry's hash", rewrite(ORDER, 1, previous_hash="0" * 64), "hash chain", f"{ORDER}/1"
    ),
    Tampering("an account's hash", rewrite(ACCOUNT, 2, previous_hash=""), "hash chain", f"{ACCOUNT}/2"),
    Tampering(
        "an earlier entry's reason", rewrite(ORDER, 1, reason=EntryReason.EDITED), "hash chain", f"{ORDER}/2"
    ),
    Tampering("an earlier entry's decision", rewrite(ORDER, 1, decision=None), "hash chain", f"{ORDER}/2"),
    Tampering(
        "an earlier entry's time", rewrite(ORDER, 1, recorded_at=T0 + days(1)), "hash chain", f"{ORDER}/2"
    ),
    Tampering("a last entry's day", rewrite(ORDER, 3, recorded_at=T0), "balance", f"{PROGRAM_ID}/{CY}/USD"),
    Tampering(
        "an account entry's reason", rewrite(ACCOUNT, 2, reason=EntryReason.ACCRUED), "head", str(ACCOUNT)
    ),
    Tampering("an account entry's payout", rewrite(ACCOUNT, 2, payout_id=None), "payout", PAYOUT),
    Tampering("one sequence", rewrite(ORDER, 2, sequence=7), "sequence", str(ORDER)),
    Tampering("an entry taken out", remove(ORDER, 2), "sequence", str(ORDER)),
    Tampering("the last entry taken out", remove(ORDER, 3), "balance", f"{PROGRAM_ID}/{CY}/USD"),
    Tampering("an account's last entry taken out", remove(ACCOUNT, 2), "head", str(ACCOUNT)),
    Tampering("one page", repage(amounts={"held": 1}), "balance", f"{PROGRAM_ID}/{CY}/USD"),
    Tampering("a page's mark taken out", remark(lambda marks: frozenset(sorted(marks)[1:])), "balance", CY),
    Tampering("a page's mark put in", remark(lambda marks: marks | {"sf_test/9/1"}), "balance", CY),
    Tampering("a page put in", add_page, "balance", f"{PROGRAM_ID}/pr_eve/USD"),
    Tampering("a page taken out", drop_page, "balance", f"{PROGRAM_ID}/{CY}/USD"),
    *(
        Tampering(f"a head's {name}", rehead(**{name: value}), "head", str(ACCOUNT))
        for name, value in (
            ("sequence", 9),
            ("taken_minor", 0),
            ("reserved_minor", 1),
            ("paid_minor", 0),
            ("last_hash", "0" * 64),
        )
    ),
    Tampering("a head taken out", drop_head, "head", str(ACCOUNT)),
    Tampering("a payout's amount", repay(amount_minor=1), "payout", PAYOUT),
    Tampering("a payout's state", restate(PayoutState.FAILED), "payout", PAYOUT),
    Tampering("a payout asked for again", restate(PayoutState.REQUESTED), "payout", PAYOUT),
    Tampering("a payout's promoter", repay(key=replace(ACCOUNT, promoter_id=ANA)), "payout", PAYOUT),
    Tampering("a payout moved to another run", repay(settlement_id="pg_test.2027-02-10"), "payout", PAYOUT),
    Tampering("a payout put in", invent_payout, "payout", "po_eve"),
    Tampering("a payout taken out", drop_payout, "payout", PAYOUT),
)


# --- fee and tax of payouts ----------------------------------------------------------------------

ASKED = f"{PROGRAM_ID}.d1.{CY}"
WITH_TAX = payout_id(ASKED, ACCOUNT)
SCHEDULED = payout_id(RUN, replace(ACCOUNT, promoter_id=BO))


def taxed() -> World:
    """Return books of a program with fee and tax: a payout that came back in part, and a whole one."""
    rule = Withholding(rate_bps=1333)
    world = chain_world(withholding=rule, on_demand=OnDemand(fee_minor=30, fee_bps=100))
    cart = make.snapshot(lines=(make.line("a", 50_000), make.line("b", 3_333)))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=cart))
    world.append(make.fact(FactKind.VERDICT, verdict=make.verdict(Outcome.ALLOW).verdict))
    world.post(T0 + minutes(2))
    world.post(T0 + days(31))
    world.fold()
    _, head = world.treasury.account(ACCOUNT)
    program = world.catalog.terms(PROGRAM_ID).program
    wanted = reservation_for(program, head, 5_000, DAY - days(1), on_demand=True)
    assert not isinstance(wanted, NotPaid)
    legs = (
        Leg(number=1, amount_minor=1_001, due_at=DAY),
        Leg(number=2, amount_minor=wanted.amount_minor - 1_001, due_at=DAY),
    )
    reserved = reserve(head, replace(wanted, legs=legs), ASKED, DAY - days(1))
    world.treasury.move(reserved, head)
    failed = LegOutcome(number=2, state=PayoutState.FAILED, detail="closed")
    back = conclude(reserved.head, reserved.payout, failed, program.rounding, DAY - days(1))
    world.treasury.move(back, reserved.head)
    world.settle(DAY)
    world.fold()
    return world


def test_books_with_fees_and_taxes_are_proven() -> None:
    world = taxed()
    proof = world.proof()
    assert proof.faults == ()
    kept = world.treasury.stored[WITH_TAX], world.treasury.stored[SCHEDULED]
    assert [(p.fee_minor, p.tax_minor) for p in kept] == [(80, 666), (0, 213)]
    again = world.treasury.stored[payout_id(RUN, ACCOUNT)]
    standing_tax = kept[0].taken_beside(Rounding.HALF_EVEN)[1]
    assert proof.totals["tax", "USD"] == standing_tax + again.tax_minor + kept[1].tax_minor
    assert proof.totals["fees", "USD"] == 80


def retax(name: str, **changes: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        world.treasury.stored[name] = replace(world.treasury.stored[name], **changes)  # type: ignore[arg-type]

    return do


def to_fees(world: World) -> None:
    """Let what was kept back as tax be a fee, in the last entry of an account, and in its head."""
    key = replace(ACCOUNT, promoter_id=BO)
    *rest, last = entry_at(world, key, 1).postings
    fees = last.destination._replace(leaf=Leaf.FEES)
    rewrite(key, 1, postings=(*rest, replace(last, destination=fees)))(world)
    world.treasury.heads[key] = head_of(key, world.ledger.entries_of(key))


def another_period(world: World) -> None:
    key = replace(ACCOUNT, promoter_id=BO)
    rewrite(key, 1, tax_period="2099")(world)
    world.treasury.heads[key] = head_of(key, world.ledger.entries_of(key))


def retaxed_head(world: World) -> None:
    world.treasury.heads[ACCOUNT] = replace(world.treasury.heads[ACCOUNT], tax_minor=0)


FEES_AND_TAXES = (
    Tampering("a payout's fee", retax(SCHEDULED, fee_minor=1), "payout", SCHEDULED),
    Tampering("a payout's tax", retax(SCHEDULED, tax_minor=212), "payout", SCHEDULED),
    Tampering("the fee of one that came back in part", retax(WITH_TAX, fee_minor=79), "payout", WITH_TAX),
    Tampering("the tax of one that came back in part", retax(WITH_TAX, tax_minor=667), "payout", WITH_TAX),
    Tampering("a payout's period", retax(SCHEDULED, tax_period="2026"), "payout", SCHEDULED),
    Tampering("a payout without its period", retax(WITH_TAX, tax_period=""), "payout", WITH_TAX),
    Tampering("an entry's period", another_period, "payout", SCHEDULED),
    Tampering("tax that is called a fee", to_fees, "payout", SCHEDULED),
    Tampering("the tax that a head counts", retaxed_head, "head", str(ACCOUNT)),
)


@pytest.mark.parametrize("tampering", FEES_AND_TAXES, ids=lambda tampering: tampering.name)
def test_every_tampering_with_fee_or_tax_is_found_and_named(tampering: Tampering) -> None:
    world = taxed()
    tampering.do(world)
    faults = world.proof().faults
    assert any(is_named(fault, tampering) for fault in faults), [str(fault) for fault in faults]


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name)
def test_every_tampering_is_found_and_named(tampering: Tampering) -> None:
    world = honest()
    tampering.do(world)
    faults = world.proof().faults
    assert any(is_named(fault, tampering) for fault in faults), [str(fault) for fault in faults]


def is_named(fault: Fault, tampering: Tampering) -> bool:
    return fault.check == tampering.check and tampering.subject in fault.subject


def test_what_is_not_folded_yet_is_a_fault() -> None:
    world = chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    assert {fault.check for fault in world.proof().faults} == {"balance"}
    world.fold()
    assert world.proof().faults == ()


def test_edge_50_what_leaves_one_account_and_comes_to_no_other_is_found() -> None:
    world = honest()
    step, _ = hand_over(world.treasury.heads[ACCOUNT], Head(key=replace(ACCOUNT, promoter_id=ANA)), 1, DAY)
    world.treasury.step((step,), (world.treasury.heads[ACCOUNT],))
    world.fold()
    assert [(fault.check, fault.subject) for fault in world.proof().faults] == [("transfer", "USD")]


def test_paying_twice_is_found() -> None:
    """Two payouts of one run to one account can only be two ids, and only one id is right."""
    world = honest()
    head = world.treasury.heads[ACCOUNT]
    first = world.treasury.stored[PAYOUT]
    twin = replace(first, id="po_twin", legs=(replace(first.legs[0], state=PayoutState.REQUESTED),))
    entry = replace(
        entry_at(world, ACCOUNT, 1),
        sequence=head.sequence + 1,
        payout_id=twin.id,
        previous_hash=head.last_hash,
    )
    world.ledger.append(entry)
    world.treasury.stored[twin.id] = twin
    amount = first.amount_minor
    world.treasury.heads[ACCOUNT] = replace(
        head,
        sequence=entry.sequence,
        taken_minor=head.taken_minor + amount,
        reserved_minor=head.reserved_minor + amount,
        last_hash=entry.hash,
        last_payout_id=twin.id,
    )
    assert [(fault.check, fault.subject) for fault in world.proof().faults] == [("payout", "po_twin")]
