"""Balances and lists of entries: what stands, where, and the newest first."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.usecases.read_balance import Balance, list_entries
from tests import builders as make
from tests.builders import ANA, CY, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world

KEY = AccountKey(PROGRAM_ID, CY, "USD")


def order(world: World, number: int, day: int = 0, outcome: Outcome = Outcome.ALLOW) -> OrderKey:
    key = OrderKey(make.STOREFRONT_ID, str(number))
    world.append(make.fact(FactKind.PAID, minutes(1), order=key))
    world.append(make.fact(FactKind.VERDICT, order=key, verdict=make.verdict(outcome).verdict))
    world.post(T0 + days(day) + minutes(2), key)
    return key


def listed(world: World, limit: int = 100, key: AccountKey = KEY) -> tuple[Entry, ...]:
    return list_entries(key, world.pages, world.ledger, limit)


def test_nothing_yet_is_nothing_everywhere() -> None:
    found = chain_world().balance(CY)
    assert found == Balance(
        currency="USD", held_minor=0, payable_minor=0, blocked_minor=0, reserved_minor=0, paid_minor=0
    )
    assert found.earned_minor == 0


def test_money_is_where_it_is() -> None:
    world = chain_world()
    order(world, 1)
    order(world, 2, outcome=Outcome.BLOCK)
    world.post(T0 + days(31), OrderKey(make.STOREFRONT_ID, "1"))
    order(world, 3, day=1, outcome=Outcome.REVIEW)
    world.fold()
    found = world.balance(CY)
    assert (found.held_minor, found.payable_minor, found.blocked_minor) == (1333, 1333, 1333)
    world.settle(datetime(2027, 1, 10, 4, tzinfo=UTC))
    found = world.balance(CY)
    assert (found.payable_minor, found.reserved_minor, found.paid_minor) == (0, 1333, 0)
    assert found.earned_minor == 3 * 1333


def test_another_currency_is_another_balance() -> None:
    world = chain_world()
    order(world, 1)
    world.fold()
    assert world.balance(CY, "EUR").earned_minor == 0


def test_entries_come_newest_first_with_those_of_payouts_among_them() -> None:
    world = chain_world()
    key = order(world, 1)
    world.post(T0 + days(31), key)
    world.fold()
    world.settle(datetime(2027, 1, 10, 4, tzinfo=UTC))
    found = listed(world)
    assert [entry.reason.value for entry in found] == ["reserved", "released", "accrued"]
    assert [entry.reason.value for entry in listed(world, key=AccountKey(PROGRAM_ID, ANA, "USD"))] == [
        "released",
        "accrued",
    ]


def test_entries_of_others_are_not_listed() -> None:
    world = chain_world()
    order(world, 1)
    world.fold()
    assert listed(world, key=AccountKey(PROGRAM_ID, "pr_eve", "USD")) == ()
    assert listed(world, key=AccountKey("pg_other", CY, "USD")) == ()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 14))
@settings(max_examples=30)
def test_what_is_listed_is_truly_the_newest(on_days: list[int], limit: int) -> None:
    world = chain_world()
    for number, day in enumerate(on_days, start=1):
        order(world, number, day)
    world.fold()
    found = listed(world, limit)
    everything = sorted(world.ledger.appended, key=lambda e: (e.recorded_at, e.id), reverse=True)
    assert list(found) == everything[:limit]
