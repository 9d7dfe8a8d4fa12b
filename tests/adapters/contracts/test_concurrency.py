"""What must hold when many do the same at once; never run on moto, which loses updates under threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import TypeVar

import pytest

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.entries import Entry
from grapevine.domain.errors import (
    AlreadyExistsError,
    ConcurrencyError,
    EntryExistsError,
    GrantMovedError,
    GrapevineError,
    HeadMovedError,
    InvalidInputError,
    NetworkMovedError,
    UnavailableError,
)
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page, PageKey, balance_subject
from grapevine.domain.payout_requests import PayoutRefusedError, is_asked
from grapevine.domain.payout_terms import OnDemand, PayoutTerms
from grapevine.domain.payouts import Movement, Payout
from grapevine.domain.people import Promoter
from grapevine.domain.plans import BindingPolicy
from grapevine.domain.settlements import AccountOutcome, Settled, Settlement, SettlementPage
from grapevine.usecases.change_promoter import ChangeSponsor, change_sponsor
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.request_payout import RequestPayout, RequestPorts, request_payout
from grapevine.usecases.settle_account import Holder, settle_account
from tests import builders as make
from tests.adapters.contracts.chains import after, first
from tests.adapters.contracts.shops import opened_shop
from tests.adapters.contracts.stores import Names, Stores
from tests.adapters.contracts.test_bounties import bounty_key, weekly
from tests.builders import T0, minutes
from tests.paying import NoRails, complete, give_back, reserve

pytestmark = pytest.mark.concurrent

THREADS = 8
ROUNDS = 5

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | GrapevineError]:
    """What each call returns or raises when all start together; other errors fail the test."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | GrapevineError:
        ready.wait()
        try:
            return call()
        except GrapevineError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def outcomes(results: Sequence[object]) -> Counter[type[object]]:
    return Counter(type(result) for result in results)


def test_one_of_eight_entries_takes_a_number(stores: Stores, names: Names) -> None:
    for order in map(names.order, "abcde"):
        entries = [replace(first(names, order), covers=number) for number in range(THREADS)]
        results = at_once([partial(stores.ledger.append, entry) for entry in entries])
        assert outcomes(results) == {type(None): 1, EntryExistsError: THREADS - 1}
        assert stores.ledger.entries_of(order) == (entries[results.index(None)],)


def test_eight_who_take_and_give_back_never_pass_the_limit_and_lose_nothing(
    stores: Stores, names: Names
) -> None:
    limit, cap = 100, GrantKey(names.program, "cap.daily", "pr_ana", "2026-11-11")

    def use(number: int) -> int:
        """Take as long as there is something, give some of it back; return what is left of it."""
        random, has, entry = Random(number), 0, first(names, names.order(str(number)))
        while entry.sequence <= ROUNDS:
            wanted = random.randrange(60)
            change = min(wanted - has, limit - stores.ledger.taken([cap])[cap])
            try:
                stores.ledger.append(entry, (GrantChange(cap, change, limit),) if change else ())
            except GrantMovedError:
                continue
            has, entry = has + change, after(entry)
        return has

    results = at_once([partial(use, number) for number in range(THREADS)])
    assert sum(has for has in results if isinstance(has, int)) == stores.ledger.taken([cap])[cap] <= limit
    assert outcomes(results) == {int: THREADS}


def test_edge_63_eight_who_post_a_bounty_at_once_leave_one_entry(stores: Stores, names: Names) -> None:
    shop, key = opened_shop(stores, names), bounty_key(names)
    stores.catalog.add_bounty(names.program, weekly(names, target=1), 1)
    (paid,) = shop.paid_order(names.order())[1:]
    stores.facts.append(paid)
    entry = post_order(PostOrder(names.order()), stores.orders, T0 + minutes(2))
    assert entry
    fold_entries(FoldEntries((entry,)), stores.pages)
    results = at_once([partial(post_bounty, key, stores.orders, T0 + minutes(3))] * THREADS)
    assert len([one for one in results if isinstance(one, Entry)]) == 1
    assert len(stores.ledger.entries_of(key)) == 1


def test_eight_capped_orders_at_once_have_all_of_the_cap_and_no_more(stores: Stores, names: Names) -> None:
    cap = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=2_500)
    orders = [names.order(str(number)) for number in range(THREADS)]
    shop = opened_shop(stores, names, caps=(cap,))
    for order in orders:
        for fact in shop.paid_order(order):
            stores.facts.append(fact)
    calls = [partial(post_order, PostOrder(order), stores.orders, T0 + minutes(2)) for order in orders]
    results = at_once(calls)
    assert set(outcomes(results)) <= {Entry, GrantMovedError}
    for call, result in zip(calls, results, strict=True):
        # Who lost too often is redriven; who did not finds nothing left to do.
        assert (call() is None) is isinstance(result, Entry)
    key = GrantKey(names.program, "cap.daily", "pr_cy", "2026-11-11")
    assert stores.ledger.taken([key]) == {key: 2_500}


def test_a_fact_is_new_to_one_of_eight(stores: Stores, names: Names) -> None:
    for order in map(names.order, "abcde"):
        fact = make.fact(order=order)
        assert Counter(at_once([partial(stores.facts.append, fact)] * THREADS)) == {
            True: 1,
            False: THREADS - 1,
        }


def test_one_of_eight_adds_a_link(stores: Stores, names: Names) -> None:
    links = [make.link(code=f"code{names.number}", promoter_id=f"pr_{n}") for n in range(THREADS)]
    results = at_once([partial(stores.catalog.add_link, link) for link in links])
    assert outcomes(results) == {type(None): 1, AlreadyExistsError: THREADS - 1}
    assert stores.catalog.link(links[0].code) == links[results.index(None)]


def test_eight_settlements_cannot_take_from_one_head(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    steps = [reserve(head, 100 + number, f"{names.program}.{number}", T0) for number in range(THREADS)]
    results = at_once([partial(stores.treasury.move, step, head) for step in steps])
    assert outcomes(results) == {type(None): 1, HeadMovedError: THREADS - 1}
    _assert_only(stores, names, steps[results.index(None)])


def test_one_settlement_takes_once_however_many_try(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    step = reserve(head, 100, names.program, T0)
    results = at_once([partial(stores.treasury.move, step, head)] * THREADS)
    assert results.count(None) == 1
    assert set(outcomes(results)) <= {type(None), AlreadyExistsError, HeadMovedError}
    _assert_only(stores, names, step)


def _assert_only(stores: Stores, names: Names, step: Movement) -> None:
    assert stores.treasury.account(names.account())[1] == step.head
    assert stores.ledger.entries_of(names.account()) == (step.entry,)
    assert list(stores.treasury.all_payouts(names.program)) == [step.payout]


def payable_shop(stores: Stores, names: Names) -> RequestPorts:
    """A program that pays on demand, and 10.00 payable to Ana."""
    program = replace(
        make.program(id=names.program), payouts=PayoutTerms(on_demand=OnDemand(minimum_minor=100))
    )
    stores.catalog.add_program(program, make.plan(1000))
    stores.catalog.add_promoter(make.promoter("pr_ana", program_id=names.program))
    key = PageKey(balance_subject(names.account()), "2026-11-11", 0)
    stores.pages.fold([Page(key, {"payable": 1000}, frozenset({f"{names.order()}/1"}))])
    return RequestPorts(stores.catalog, stores.treasury, stores.payees, NoRails())


def asked(names: Names, amount_minor: int, request_id: str) -> RequestPayout:
    return RequestPayout(
        program_id=names.program, promoter_id="pr_ana", amount_minor=amount_minor, request_id=request_id
    )


def test_edge_84_of_eight_requests_at_once_one_is_paid_and_seven_are_refused(
    stores: Stores, names: Names
) -> None:
    ports = payable_shop(stores, names)
    calls = [partial(request_payout, asked(names, 600, str(n)), ports, T0) for n in range(THREADS)]
    results = at_once(calls)
    assert outcomes(results) == {Payout: 1, PayoutRefusedError: THREADS - 1}
    (made,) = [one for one in results if isinstance(one, Payout)]
    assert list(stores.treasury.all_payouts(names.program)) == [made]
    assert stores.treasury.account(names.account())[1].taken_minor == 600


def test_edge_84_one_request_that_comes_eight_times_at_once_is_one_payout(
    stores: Stores, names: Names
) -> None:
    ports = payable_shop(stores, names)
    results = at_once([partial(request_payout, asked(names, 300, "same"), ports, T0)] * THREADS)
    assert outcomes(results) == {Payout: THREADS}
    assert len({one.id for one in results if isinstance(one, Payout)}) == 1
    assert len(stores.ledger.entries_of(names.account())) == 1


def test_edge_84_requests_in_the_instant_of_a_settlement_pay_once_between_them(
    stores: Stores, names: Names
) -> None:
    ports = payable_shop(stores, names)
    terms = stores.catalog.terms(names.program)
    holder = Holder("pr_ana", make.promoter("pr_ana", program_id=names.program), terms)
    asking: list[Callable[[], object]] = [
        partial(request_payout, asked(names, 400, str(n)), ports, T0) for n in range(THREADS // 2)
    ]
    settling: list[Callable[[], object]] = [
        partial(settle_account, holder, f"{names.program}.2026-12-10", stores.treasury, T0)
    ]
    results = at_once([*asking, *settling * (THREADS // 2)])
    payouts = list(stores.treasury.all_payouts(names.program))
    assert sum(payout.amount_minor for payout in payouts) <= 1000
    asked_for = [one for one in results if isinstance(one, Payout)]
    assert {one.id for one in asked_for} == {one.id for one in payouts if is_asked(one.settlement_id)}
    assert len([one for one in payouts if not is_asked(one.settlement_id)]) <= 1
    head = stores.treasury.account(names.account())[1]
    assert head.taken_minor == head.reserved_minor == sum(one.amount_minor for one in payouts)
    assert len(stores.ledger.entries_of(names.account())) == len(payouts) == head.sequence


def test_a_payout_is_finished_one_way(stores: Stores, names: Names) -> None:
    head = Head(key=names.account())
    step = reserve(head, 100, names.program, T0)
    stores.treasury.move(step, head)
    ways = [complete(step.head, step.payout, "", T0), give_back(step.head, step.payout, "", T0)]
    results = at_once([partial(stores.treasury.move, way, step.head) for way in ways * 4])
    assert outcomes(results) == {type(None): 1, HeadMovedError: THREADS - 1}
    won = (ways * 4)[results.index(None)]
    assert stores.ledger.entries_of(names.account()) == (step.entry, won.entry)
    assert stores.treasury.payout(names.program, step.payout.id) == won.payout


def test_a_mark_is_counted_by_one_of_eight(stores: Stores, names: Names) -> None:
    for slot in range(ROUNDS):
        page = Page(
            PageKey(str(names.account()), "2026-11-11", slot), {"held": 7}, frozenset({f"{names.order()}/1"})
        )
        assert Counter(at_once([partial(stores.pages.fold, [page])] * THREADS)) == {
            1: 1,
            0: THREADS - 1,
        }
    assert [page.amounts for page in stores.pages.pages(str(names.account()))] == [{"held": 7}] * ROUNDS


def test_sums_are_exact_when_batches_overlap(stores: Stores, names: Names) -> None:
    key = PageKey(str(names.account()), "2026-11-11", 0)
    additions = [
        Page(key, {"held": 3**mark, "commission": -(3**mark)}, frozenset({f"{names.order(str(mark))}/1"}))
        for mark in range(24)
    ]
    batches = [additions[start : start + 10] for start in range(0, 16, 2)]
    results = at_once([partial(stores.pages.fold, batch) for batch in batches])
    assert sum(result for result in results if isinstance(result, int)) == len(additions)
    (page,) = stores.pages.pages(key.subject)
    total = sum(3**mark for mark in range(24))
    assert page.amounts == {"held": total, "commission": -total}


def test_edge_77_a_run_is_started_by_one_of_eight_and_loses_no_page(stores: Stores, names: Names) -> None:
    run = Settlement(id=names.program, program_id=names.program, started_at=T0)
    assert Counter(at_once([partial(stores.settlements.start, run)] * THREADS)) == {
        True: 1,
        False: THREADS - 1,
    }
    pages = list(chain_of(run, THREADS))
    assert [stores.settlements.add_page(page) for page in pages] == [True] * THREADS
    stores.settlements.mark_listed(run.id, THREADS, THREADS)
    finished = at_once([partial(stores.settlements.finish_page, paid(page)) for page in pages])
    assert outcomes(finished) == {bool: THREADS}
    stored = stores.settlements.settlement(run.id)
    assert stored is not None
    assert stored.is_settled
    assert (stored.counts, stored.paid_minor) == ({Settled.PAID: THREADS}, 100 * THREADS)
    assert Counter(at_once([partial(stores.settlements.close, run, T0)] * THREADS))[True] == 1


def test_edge_77_a_page_is_counted_by_one_of_eight(stores: Stores, names: Names) -> None:
    run = Settlement(id=names.program, program_id=names.program, started_at=T0)
    stores.settlements.start(run)
    for page in chain_of(run, ROUNDS):
        assert Counter(at_once([partial(stores.settlements.add_page, page)] * THREADS))[True] == 1
        results = at_once([partial(stores.settlements.finish_page, paid(page))] * THREADS)
        assert results.count(True) == 1
        assert set(outcomes(results)) <= {bool, UnavailableError}
    stored = stores.settlements.settlement(run.id)
    assert stored is not None
    assert (stored.pages_done, stored.counts) == (ROUNDS, {Settled.PAID: ROUNDS})


def chain_of(run: Settlement, length: int) -> Iterator[SettlementPage]:
    page = run.page_of(("pr_0",))
    for number in range(1, length + 1):
        yield page
        page = page.followed_by((f"pr_{number}",))


def paid(page: SettlementPage) -> SettlementPage:
    outcome = AccountOutcome(promoter_id=page.promoter_ids[0], settled=Settled.PAID, amount_minor=100)
    return page.done((outcome,))


def test_eight_who_post_one_order_post_once(stores: Stores, names: Names) -> None:
    shop = opened_shop(stores, names)
    for order in map(names.order, "abcde"):
        for fact in shop.paid_order(order):
            stores.facts.append(fact)
        results = at_once([partial(post_order, PostOrder(order), stores.orders, T0 + minutes(2))] * THREADS)
        posted = [entry for entry in results if entry is not None]
        assert not [result for result in results if isinstance(result, ConcurrencyError)]
        assert tuple(posted) == stores.ledger.entries_of(order)
        assert len(posted) == 1


def test_eight_who_post_one_order_tell_its_customer_once(stores: Stores, names: Names) -> None:
    program = make.program(id=names.program)
    stores.catalog.add_program(program, make.plan(1000, binding=BindingPolicy.FIRST_EVER))
    body = make.snapshot(click_id=None, customer_key="a" * 24)
    stores.facts.append(make.fact(order=names.order(), program_id=names.program, snapshot=body))
    at_once([lambda: post_order(PostOrder(names.order()), stores.orders, T0 + minutes(1))] * THREADS)
    (told,) = stores.catalog.customer(names.program, "a" * 24).orders
    (entry,) = stores.ledger.entries_of(names.order())
    assert (told.order, told.sequence, told.recorded_at) == (entry.key, 1, entry.recorded_at)


def test_one_of_eight_publishes_a_version(stores: Stores, names: Names) -> None:
    stores.catalog.add_program(make.program(id=names.program), make.plan(1000))
    plans = [make.plan(100 + n, version=2, effective_at=T0 + minutes(n)) for n in range(THREADS)]
    results = at_once([partial(stores.catalog.add_plan, names.program, plan) for plan in plans])
    assert outcomes(results)[type(None)] == 1
    assert set(outcomes(results)) <= {type(None), AlreadyExistsError, UnavailableError}
    assert stores.catalog.terms(names.program).plans[1:] == (plans[results.index(None)],)


def test_one_of_eight_changes_a_network_of_one_version(stores: Stores, names: Names) -> None:
    ana = make.promoter("pr_ana", program_id=names.program)
    stores.catalog.add_promoter(ana)
    for version in range(ROUNDS):
        changed = [ana.with_sponsor(f"pr_{number}", T0) for number in range(THREADS)]
        results = at_once([partial(stores.catalog.change_promoter, one, version) for one in changed])
        assert outcomes(results) == {type(None): 1, NetworkMovedError: THREADS - 1}
        stored = stores.catalog.promoters(names.program, ("pr_ana",))
        assert stored == {"pr_ana": changed[results.index(None)]}
    assert stores.catalog.network_version(names.program) == ROUNDS


def test_edge_46_eight_who_change_sponsors_at_random_close_no_circle(stores: Stores, names: Names) -> None:
    ids = [f"pr_{number}" for number in range(6)]
    for promoter_id in ids:
        stores.catalog.add_promoter(make.promoter(promoter_id, program_id=names.program))
    random, changes = Random(46), 0
    for number in range(ROUNDS):
        # Clocks of machines differ: whoever is first to store may be late by its own clock.
        calls = [
            partial(
                change_sponsor,
                ChangeSponsor(program_id=names.program, promoter_id=promoter_id, sponsor_id=sponsor_id),
                stores.catalog,
                T0 + minutes(number) + timedelta(milliseconds=random.randrange(3)),
            )
            for promoter_id, sponsor_id in (random.sample(ids, 2) for _ in range(THREADS))
        ]
        results = at_once(calls)
        assert set(outcomes(results)) <= {Promoter, InvalidInputError, NetworkMovedError}
        changes += outcomes(results)[Promoter]
    assert changes >= ROUNDS
    people = stores.catalog.promoters(names.program, ids)
    instants = sorted({change.effective_at for one in people.values() for change in one.sponsor_changes})
    assert [instant for instant in instants if circles(people, instant)] == []


def circles(people: Mapping[str, Promoter], instant: datetime) -> list[list[str]]:
    """Every way up that comes back to where it began."""
    found = []
    for start in people:
        way, current = [start], people[start].sponsor_at(instant)
        while current is not None and current not in way:
            way.append(current)
            current = people[current].sponsor_at(instant)
        if current is not None:
            found.append([*way, current])
    return found


def test_the_look_for_circles_finds_one() -> None:
    people = {"a": make.promoter("a", "b"), "b": make.promoter("b").with_sponsor("a", T0)}
    assert circles(people, T0 - minutes(1)) == []
    assert circles(people, T0) == [["a", "b", "a"], ["b", "a", "b"]]
