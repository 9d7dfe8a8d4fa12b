"""Bounties end as an obvious recount says, in any order of arrival, and the proof finds a broken one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.bounties import BountyPeriod
from grapevine.domain.entries import Entry, EntryKey
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import Fact, Outcome
from grapevine.domain.money import Money
from grapevine.domain.pages import Page
from grapevine.domain.people import PromoterStatus
from grapevine.domain.tiers import TierMeasure
from grapevine.domain.verification import Books
from grapevine.ports import Beside
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.find_wrong_bounties import find_wrong_bounties
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.redrive_orders import RedrivePorts, redrive_order, redrive_orders
from grapevine.usecases.verify_program import OrderProof
from tests import builders as make
from tests.builders import BO, CY, days, minutes
from tests.strategies import PATIENT
from tests.usecases.hunting import HELD_UNTIL, WEEK, Hunting, bonus, bounty
from tests.usecases.selling import Selling, key, local

AFTER = HELD_UNTIL + days(1)


def two_sold(**changes: object) -> Hunting:
    shop = Hunting(bounty(**changes))
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    return shop


def faults(shop: Selling, now: datetime) -> list[str]:
    return [str(fault) for fault in shop.world.live_proof(now).faults]


# --- the proof ------------------------------------------------------------------------------------


def test_a_bounty_that_stands_as_its_evidence_says_is_proven() -> None:
    shop = two_sold()
    proof = shop.world.live_proof(local(11, 12))
    assert (proof.faults, proof.bonuses, proof.entries) == ((), 1, 3)
    shop.back("two", local(11, 13), 5_000)
    assert faults(shop, local(11, 14)) == []
    shop.sweep(HELD_UNTIL)
    assert faults(shop, AFTER) == []


def test_edge_63_a_bounty_that_nobody_posted_is_named_and_a_redrive_posts_it() -> None:
    """The stream's record was lost for good: the pages and the bounty are missing, and both are named."""
    shop = Selling(make.plan(1000, tiers=()))
    shop.world.catalog.add_bounty(make.PROGRAM_ID, bounty(), 1)
    shop.sell("one", local(11, 10), 10_000)
    shop.paid("two", local(11, 11), 5_000)
    shop.world.post(local(11, 11), key("two"))
    assert faults(shop, local(11, 11, 12.5)) == []  # It may be on its way.
    found = faults(shop, local(11, 12))
    (said,) = [fault for fault in found if fault.startswith("bounty: ")]
    assert said.startswith(f"bounty: {bonus()}: entry 1 was never posted: bonus, 50.00 USD to program/")
    assert said.endswith(f"/promoter/{CY}/held, of 2 orders with 15000 net")
    ports = RedrivePorts(shop.world.failures, shop.world.orders, shop.world.pages)
    redrive_order(key("two"), ports, local(11, 12))
    redrive_order(bonus(), ports, local(11, 12))
    assert shop.world.balance(CY).held_minor == 1_500 + 5_000
    assert faults(shop, local(11, 14)) == []


def test_a_refund_whose_bounty_nobody_posted_is_named() -> None:
    shop = two_sold()
    shop.give_back("two", local(11, 12), 5_000)
    shop.world.post(local(11, 12), key("two"))
    shop.world.fold()
    (fault,) = faults(shop, local(11, 13))
    assert fault.endswith(
        f"undone, 50.00 USD to program/{make.PROGRAM_ID}/commission, of 1 orders with 10000 net"
    )


def test_a_bounty_that_was_due_long_ago_is_named() -> None:
    shop = two_sold()
    assert not any(fault.startswith("bounty") for fault in faults(shop, HELD_UNTIL + minutes(119)))
    (fault,) = [fault for fault in faults(shop, HELD_UNTIL + minutes(120)) if fault.startswith("bounty")]
    assert f"{bonus()}: entry 2 was never posted: released" in fault


def forged(shop: Hunting, minor: int, **changes: object) -> None:
    """Append what nothing justifies, well chained and folded."""
    chain = shop.chain()
    source, place = commission_account(make.PROGRAM_ID), promoter_account(make.PROGRAM_ID, CY, Leaf.HELD)
    values: dict[str, object] = {
        "sequence": len(chain) + 1,
        "postings": (Posting(source, place, Money(minor, "USD")),),
        "recorded_at": local(11, 11, 13),
        "previous_hash": chain[-1].hash,
        "text": "",
    }
    shop.world.ledger.append(replace(chain[-1], **{**values, **changes}))  # type: ignore[arg-type]
    shop.world.fold()


def test_an_amount_that_is_not_the_bountys_is_named() -> None:
    shop = two_sold()
    forged(shop, 1)
    (fault,) = faults(shop, local(11, 12))
    assert f"bounty: {bonus()}: entry 3 was never posted: undone, 0.01 USD" in fault


def test_a_bounty_that_somebody_posted_while_the_proof_read_is_left_for_the_next_one() -> None:
    """The refund was not posted when the ledger was read; by the time of a closer look all is well again."""
    shop = two_sold()
    shop.give_back("two", local(11, 12), 5_000)
    shop.world.post(local(11, 12), key("two"))
    shop.world.fold()
    books = Books(
        orders={key(name): shop.entries(name) for name in ("one", "two")}, bonuses={bonus(): shop.chain()}
    )
    proof = OrderProof(facts=shop.world.facts, orders=shop.world.orders, now=local(11, 13))
    found = partial(find_wrong_bounties, make.PROGRAM_ID, books, shop.world.orders, proof.span)
    assert len(list(found())) == 1
    shop.look(local(11, 13))
    assert list(found()) == []
    shop.sell("three", local(11, 13), 5_000)
    assert shop.stands() == {Leaf.HELD: 5_000}
    assert list(found()) == []


def test_what_was_released_before_its_hold_ended_is_named() -> None:
    shop = two_sold()
    held, payable = (promoter_account(make.PROGRAM_ID, CY, leaf) for leaf in (Leaf.HELD, Leaf.PAYABLE))
    moved = (Posting(held, payable, Money(5_000, "USD")),)
    forged(shop, 1, postings=moved, released=True, due_at=None)
    assert faults(shop, local(11, 12)) == [
        f"bounty: {bonus()}: {bonus()}/2 released it before its hold ended"
    ]


def test_a_bonus_that_is_not_chained_is_named() -> None:
    shop = two_sold()
    forged(shop, 1, previous_hash="0" * 64)
    assert any(fault.startswith(f"hash chain: {bonus()}/2") for fault in faults(shop, local(11, 12)))


def test_a_bounty_that_the_program_does_not_have_is_named() -> None:
    shop = two_sold()
    forged(shop, 1)
    gone = replace(shop.chain()[0], key=bonus("bt_gone:2026-W46"), text="")
    shop.world.ledger.append(gone)
    shop.world.fold()
    named = [fault for fault in faults(shop, local(11, 12)) if "bt_gone" in fault]
    assert named == [f"bounty: {gone.key}: cannot be looked at: no bounty '{make.PROGRAM_ID}/bt_gone'"]


def test_edge_64_evidence_of_an_order_that_earns_nothing_is_proven_too() -> None:
    shop = Hunting(plan=make.plan(0, tiers=()))
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    shop.give_back("two", local(11, 12), 5_000)
    assert faults(shop, local(11, 14)) == [
        f"facts: {key('two')}: entry 2 was never posted: recorded, no amounts"
    ]


def test_a_refund_that_came_in_time_and_was_looked_at_after_the_hold_is_no_fault() -> None:
    """Whoever posted it found nothing that it could still change."""
    shop = Hunting(plan=make.plan(0, tiers=()))
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    assert shop.back("two", local(11, 12), 1_000).due_at is None
    shop.sweep(HELD_UNTIL + days(1))
    shop.give_back("two", HELD_UNTIL - minutes(1), 4_000)
    assert shop.world.post(HELD_UNTIL + days(1), key("two")) is None
    assert faults(shop, HELD_UNTIL + days(2)) == []


def test_who_was_banned_is_no_fault() -> None:
    shop = two_sold()
    banned = ChangeStatus(
        program_id=make.PROGRAM_ID, promoter_id=CY, status=PromoterStatus.BANNED, reason="cheated"
    )
    change_status(banned, shop.world.catalog, local(11, 12))
    shop.world.void(CY, local(11, 12))
    assert faults(shop, local(11, 13)) == []


# --- two writers ----------------------------------------------------------------------------------


class Between(MemoryLedger):
    """A ledger in which something happens between a writer's reading and its writing, once."""

    def __init__(self, shop: Hunting) -> None:
        super().__init__(shop.world.catalog)
        self.shop = shop
        self.armed = False

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        if self.armed:
            self.armed = False
            self.shop.back("two", local(11, 13), 5_000)
        super().append(entry, beside)


def raced() -> Hunting:
    shop = Hunting()
    shop.world.ledger = ledger = Between(shop)
    shop.sell("one", local(11, 10), 10_000)
    shop.paid("two", local(11, 11), 5_000)
    shop.world.post(local(11, 11), key("two"))
    shop.world.fold()
    ledger.armed = True
    return shop


def test_edge_63_who_wrote_looks_once_more_whether_the_evidence_is_still_there() -> None:
    """A refund is folded and looked at while a writer is about to pay: there is nothing to undo yet."""
    shop = raced()
    shop.look(local(11, 13))
    assert shop.stands() == {}


class Stubborn(MemoryLedger):
    """A ledger in which another writer is always first under one key, until it has been often enough."""

    def __init__(self, shop: Hunting, times: int) -> None:
        super().__init__(shop.world.catalog)
        self.times = times

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        found = super().entries_of(key)
        if key == bonus() and self.times:
            self.times -= 1
            return found[:0]
        return found


def test_of_two_writers_one_wins_and_the_other_finds_it_there() -> None:
    shop = Hunting()
    shop.world.ledger = ledger = Stubborn(shop, 0)
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    ledger.times = 3
    assert post_bounty(bonus(), shop.world.orders, local(11, 12)) is None
    assert len(shop.chain()) == 1


# --- the queue ------------------------------------------------------------------------------------


def test_a_bounty_waits_in_the_queue_like_an_order_and_is_redriven() -> None:
    shop = Selling(make.plan(1000, tiers=()))
    shop.world.catalog.add_bounty(make.PROGRAM_ID, bounty(), 1)
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    shop.world.failures.send(bonus(), "was away")
    ports = RedrivePorts(shop.world.failures, shop.world.orders, shop.world.pages)
    assert redrive_orders(ports, local(11, 12)).done == 1
    assert shop.world.balance(CY).held_minor == 1_500 + 5_000


# --- an obvious recount ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Sold:
    """An order of a promoter: when it was paid, for how much, and what was refunded or judged when."""

    name: str
    promoter: str
    paid_at: datetime
    base_minor: int
    refunds: tuple[tuple[timedelta, int], ...] = ()
    verdicts: tuple[tuple[timedelta, Outcome], ...] = ()


HOURS = st.integers(0, 24 * 20).map(lambda hours: timedelta(hours=hours))
JUDGED = st.tuples(HOURS, st.sampled_from((Outcome.BLOCK, Outcome.ALLOW, Outcome.REVIEW)))


@st.composite
def sold(draw: st.DrawFn) -> tuple[Sold, ...]:
    def one(number: int) -> Sold:
        base_minor = draw(st.integers(1, 5)) * 1_000
        return Sold(
            name=f"o{number}",
            promoter=draw(st.sampled_from((CY, BO))),
            paid_at=local(11, 6) + draw(st.integers(0, 14 * 24)) * timedelta(hours=1),
            base_minor=base_minor,
            refunds=tuple(
                draw(st.lists(st.tuples(HOURS, st.integers(1, base_minor)), max_size=2, unique_by=_first))
            ),
            verdicts=tuple(draw(st.lists(JUDGED, max_size=2, unique_by=_first))),
        )

    return tuple(one(number) for number in range(draw(st.integers(1, 7))))


def _first(pair: tuple[timedelta, object]) -> timedelta:
    return pair[0]


def recount(orders: Sequence[Sold], measure: TierMeasure, target: int, promoter: str) -> int:
    """Return what a promoter's bounty of the week should be in the end, counted from the orders alone."""
    net_minor = number = 0
    for order in orders:
        judged = max(order.verdicts, key=_first)[1] if order.verdicts else None
        left = max(0, order.base_minor - sum(minor for _, minor in order.refunds))
        in_week = local(11, 9, 0) <= order.paid_at < local(11, 16, 0)
        if in_week and order.promoter == promoter and judged is not Outcome.BLOCK:
            net_minor += left
            number += left > 0
    return 5_000 if (number if measure is TierMeasure.ORDERS else net_minor) >= target else 0


def told(shop: Hunting, orders: Sequence[Sold]) -> list[Fact]:
    """Return every fact of the orders; the clicks are recorded."""
    facts: list[Fact] = []
    for order in orders:
        facts.append(shop.paid(order.name, order.paid_at, order.base_minor, promoter=order.promoter))
        facts += [shop.give_back(order.name, order.paid_at + after, minor) for after, minor in order.refunds]
        for after, outcome in order.verdicts:
            found = make.verdict(outcome, order.paid_at - make.T0 + after)
            facts.append(replace(found, order=key(order.name), recorded_at=found.version))
    shop.world.facts = type(shop.world.facts)()
    return facts


@given(
    orders=sold(),
    measure=st.sampled_from(TierMeasure),
    size=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
@settings(PATIENT, max_examples=150)
def test_edge_63_any_order_of_arrival_ends_as_an_obvious_recount(
    orders: tuple[Sold, ...], measure: TierMeasure, size: int, seed: int
) -> None:
    """Orders, refunds and verdicts arrive shuffled and twice, entries are folded late and again."""
    target = size if measure is TierMeasure.ORDERS else size * 3_000
    shop, random = Hunting(bounty(measure=measure, target=target)), Random(seed)
    facts = told(shop, orders)
    for number, fact in enumerate(random.sample(facts * 2, len(facts) * 2)):
        now = local(12, 14) + minutes(number)
        shop.world.append(replace(fact, recorded_at=now))
        try_posting(shop, fact, now)
        entries = tuple(shop.world.ledger.appended)
        some = random.sample(entries, random.randint(0, len(entries)))
        fold(shop, some)
        for touched in bounties_touched(some):
            post_bounty(touched, shop.world.orders, now)
    shop.world.fold_and_post(HELD_UNTIL - minutes(1))
    ends = {name: recount(orders, measure, target, name) for name in (CY, BO)}
    assert {name: sum(shop.stands(WEEK, name).values()) for name in ends} == ends
    shop.sweep(HELD_UNTIL)
    shop.sweep(HELD_UNTIL + days(31))
    assert {name: shop.stands(WEEK, name).get(Leaf.PAYABLE, 0) for name in ends} == ends
    assert faults(shop, HELD_UNTIL + days(40)) == []


def try_posting(shop: Hunting, fact: Fact, now: datetime) -> None:
    """Post an order as far as it is known by now."""
    try:
        shop.world.post(now, fact.order)
    except OrderUnprocessableError:
        return  # A refund came before its order; the order's own fact comes yet.


def fold(shop: Hunting, entries: Sequence[Entry]) -> None:
    fold_entries(FoldEntries(entries), shop.world.pages)


@pytest.mark.parametrize("period", BountyPeriod)
def test_pages_of_evidence_are_proven_like_all_others(period: BountyPeriod) -> None:
    shop = two_sold(period=period)
    stored = shop.world.pages.stored
    page_key = next(place for place in stored if "/bounty/" in place.subject)
    stored[page_key] = Page(page_key, {"net": 1}, stored[page_key].marks)
    assert any(fault.startswith(f"balance: {page_key.subject}") for fault in faults(shop, local(11, 12)))
